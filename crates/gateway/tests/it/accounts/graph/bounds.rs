//! Answers that break off, that never come or that cannot be read, and clients that leave.

use std::time::Duration;

use http_body_util::BodyExt;
use tokio::task::JoinSet;

use super::*;
use crate::support::SOON;

const BRIEF: &str = "[upstream]\nidle_seconds = 1";

/// Waits until the Graph was left alone so many times.
async fn left(sim: &Sim, count: u64) {
    let aborted = sim.wait_for(|stats| stats.aborted >= count);
    tokio::time::timeout(SOON, aborted)
        .await
        .expect("the Graph is let go");
}

#[tokio::test]
async fn a_client_that_leaves_takes_either_request_with_it() {
    let sim = authority().await;
    let gateway = gateway(&sim).await;
    let mut count = 0;
    for dialect in &DIALECTS {
        for first in [true, false] {
            if first {
                sim.script_next("silence".parse().unwrap());
            } else {
                second(&sim, "silence");
            }
            let before = sent(&sim).len();
            let client = Client::new(&gateway.url);
            let mut calling = JoinSet::new();
            calling.spawn({
                let client = client.clone();
                async move { call(&client, dialect, true).await.status }
            });
            let made = if first { 1 } else { 2 };
            let waiting = async {
                while sent(&sim).len() < before + made {
                    tokio::task::yield_now().await;
                }
            };
            tokio::time::timeout(SOON, waiting)
                .await
                .expect("the request");
            calling.shutdown().await;
            drop(client);
            count += 1;
            left(&sim, count).await;
        }
    }
    for row in gateway.calls_when(6).await {
        assert!(is_unknown(&row), "{row:?}");
        assert_eq!((row.outcome, row.status), (Outcome::ClientDisconnect, None));
        assert_eq!(row.attempts, 1);
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_client_that_leaves_in_a_stream_is_charged_for_nothing_unknown() {
    let sim = authority().await;
    let gateway = gateway(&sim).await;
    for (n, dialect) in (1..).zip(&DIALECTS) {
        second(&sim, "events=400;gap_ms=100");
        let client = Client::new(&gateway.url);
        let request = client.request(
            Method::POST,
            dialect.path,
            &[],
            dialect.request("m365", true),
        );
        let mut answer = client.send(request).await.into_body();
        answer.frame().await.unwrap().unwrap();
        drop((answer, client));
        left(&sim, n).await;
        let calls = gateway.calls_when(usize::try_from(n).unwrap()).await;
        assert!(is_unknown(&calls[0]), "{:?}", calls[0]);
        let ended = (calls[0].outcome, calls[0].status);
        assert_eq!(ended, (Outcome::ClientDisconnect, Some(200)));
    }
    gateway.stop().await;
}

#[tokio::test]
async fn neither_request_is_waited_for_for_ever() {
    let sim = authority().await;
    let gateway = gateway_with(&sim, BRIEF).await;
    let client = Client::new(&gateway.url);
    for first in [true, false] {
        if first {
            sim.script_next("silence".parse().unwrap());
        } else {
            second(&sim, "silence");
        }
        let answer = call(&client, &DIALECTS[0], true).await;
        assert_eq!(
            answer.status,
            StatusCode::GATEWAY_TIMEOUT,
            "{}",
            answer.text()
        );
    }
    // An answer that begins a conversation, and whose end does not come.
    sim.script_next("gap_ms=60000;chunk=8".parse().unwrap());
    let answer = tokio::time::timeout(Duration::from_secs(20), call(&client, &DIALECTS[0], true));
    assert_eq!(answer.await.unwrap().status, StatusCode::GATEWAY_TIMEOUT);
    for row in gateway.calls_when(3).await {
        assert_eq!(row.error.as_deref(), Some("upstream_timeout"));
        assert!(is_unknown(&row), "{row:?}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn what_cannot_be_read_is_a_bad_gateway() {
    let sim = authority().await;
    let gateway = gateway(&sim).await;
    let client = Client::new(&gateway.url);
    for first in [true, false] {
        for stream in [true, false] {
            if first {
                sim.script_next("garbage".parse().unwrap());
            } else {
                second(&sim, "garbage");
            }
            let answer = call(&client, &DIALECTS[1], stream).await;
            assert_eq!(answer.status, StatusCode::BAD_GATEWAY, "{}", answer.text());
            let message = answer.json()["error"]["message"]
                .as_str()
                .unwrap()
                .to_owned();
            assert!(message.contains("could not be understood"), "{message}");
        }
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_stream_that_is_cut_or_fails_says_so() {
    let sim = authority().await;
    let gateway = gateway(&sim).await;
    let client = Client::new(&gateway.url);
    for (script, word) in [
        ("truncate_after=2", "before it was complete"),
        ("reset_after=2", "broke off"),
        ("inband_error=2", "in the stream"),
    ] {
        for dialect in &DIALECTS {
            second(&sim, script);
            let body = dialect.request("m365", true);
            let request = client.request(Method::POST, dialect.path, &[], body);
            let (answer, _) = client.seen(request).await;
            let what = format!("{script} {}: {}", dialect.path, answer.text());
            assert_eq!(answer.status, StatusCode::OK, "{what}");
            assert!(answer.text().contains(word), "{what}");
            assert!(!answer.text().contains(dialect.terminal), "{what}");
        }
    }
    for row in gateway.calls_when(9).await {
        assert_eq!(row.outcome, Outcome::StreamError, "{row:?}");
        assert!(is_unknown(&row), "{row:?}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn answers_come_however_they_are_cut() {
    let sim = authority().await;
    let gateway = gateway(&sim).await;
    let client = Client::new(&gateway.url);
    for chunk in ["chunk=1", "chunk=random:7", "events=40"] {
        for dialect in &DIALECTS {
            for stream in [false, true] {
                second(&sim, chunk);
                let answer = call(&client, dialect, stream).await;
                assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
                assert_eq!(answer.text().contains(dialect.terminal), stream);
            }
        }
    }
    gateway.stop().await;
}
