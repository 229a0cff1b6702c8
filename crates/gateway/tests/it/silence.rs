//! An upstream that says nothing for too long.

use std::sync::Arc;

use tokio::sync::Notify;
use tollhouse_domain::call::Outcome;

use crate::support::client::Client;
use crate::support::dialect::DIALECTS;
use crate::support::upstream::{ScriptedUpstream, Step, chunk, stream};
use crate::support::{SOON, TestGateway};

const BRIEF: &str = "[upstream]\nidle_seconds = 1";

#[tokio::test]
async fn before_the_answer_it_is_a_504_in_the_envelope() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start_with(&upstream.url, BRIEF).await;
    let gone = Arc::new(Notify::new());
    let client = Client::new(&gateway.url);
    let calls = DIALECTS.iter().map(|dialect| {
        upstream.script(vec![Step::AwaitClose(Arc::clone(&gone))]);
        client.post(dialect.path, &[], dialect.request("m", true))
    });
    let answers = futures_util::future::join_all(calls).await;
    for (dialect, answer) in DIALECTS.iter().zip(answers) {
        assert_eq!(answer.status, 504);
        let named = if dialect.path == "/v1/messages" {
            "timeout_error"
        } else {
            "upstream_timeout"
        };
        assert_eq!(dialect.error_name(&answer.json()), named);
    }
    tokio::time::timeout(SOON, gone.notified())
        .await
        .expect("the upstream is let go");
    let rows = gateway.calls().await;
    assert_eq!(rows.len(), 3);
    for row in rows {
        assert_eq!(
            (row.outcome, row.status),
            (Outcome::UpstreamError, Some(504))
        );
        assert_eq!(row.error.as_deref(), Some("upstream_timeout"));
    }
    gateway.stop().await;
}

#[tokio::test]
async fn in_a_stream_it_is_an_error_event_and_a_broken_connection() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start_with(&upstream.url, BRIEF).await;
    let gone = Arc::new(Notify::new());
    for dialect in &DIALECTS {
        let begun = stream(&dialect.events[..2]);
        upstream.script(vec![
            Step::Write(begun),
            Step::AwaitClose(Arc::clone(&gone)),
        ]);
        let client = Client::new(&gateway.url);
        let body = dialect.request("m", true);
        let request = client.request(http::Method::POST, dialect.path, &[], body);
        let (answer, cut) = client.seen(request).await;
        assert!(cut, "no clean end");
        let text = answer.text();
        let error = text.strip_prefix(&dialect.events[..2].concat()).unwrap();
        let named = if dialect.path == "/v1/messages" {
            "timeout_error"
        } else {
            "upstream_timeout"
        };
        assert!(error.contains(named), "{error}");
        tokio::time::timeout(SOON, gone.notified())
            .await
            .expect("the upstream is let go");
    }
    let rows = gateway.calls_when(3).await;
    assert_eq!(rows.len(), 3);
    for row in rows {
        assert_eq!((row.outcome, row.status), (Outcome::StreamError, Some(200)));
        assert_eq!(row.error.as_deref(), Some("upstream_timeout"));
        assert!(row.estimated);
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_slow_stream_that_keeps_coming_is_not_silent() {
    // Four gaps of most of the limit each: longer than the limit together.
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start_with(&upstream.url, BRIEF).await;
    let dialect = &DIALECTS[0];
    let gates: Vec<_> = dialect
        .events
        .iter()
        .map(|_| Arc::new(Notify::new()))
        .collect();
    let none: [&str; 0] = [];
    let mut steps = vec![Step::Write(stream(&none))];
    for (event, gate) in dialect.events.iter().zip(&gates) {
        steps.push(Step::Gate(Arc::clone(gate)));
        steps.push(Step::Write(chunk(event.as_bytes())));
    }
    steps.push(Step::Write(b"0\r\n\r\n".to_vec()));
    upstream.script(steps);
    let client = Client::new(&gateway.url);
    let request = client.request(
        http::Method::POST,
        dialect.path,
        &[],
        dialect.request("m", true),
    );
    let reading = client.seen(request);
    let mut gap = tokio::time::interval(std::time::Duration::from_millis(600));
    let opening = async {
        gap.tick().await;
        for gate in &gates {
            gap.tick().await;
            gate.notify_one();
        }
    };
    let ((answer, cut), ()) = tokio::join!(reading, opening);
    assert_eq!((answer.text(), cut), (dialect.stream(), false));
    gateway.stop().await;
}

#[tokio::test]
async fn an_upstream_that_does_not_close_after_the_last_event_is_let_go() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start_with(&upstream.url, BRIEF).await;
    let gone = Arc::new(Notify::new());
    for dialect in &DIALECTS {
        let all = stream(dialect.events);
        upstream.script(vec![Step::Write(all), Step::AwaitClose(Arc::clone(&gone))]);
        let client = Client::new(&gateway.url);
        let body = dialect.request("m", true);
        let request = client.request(http::Method::POST, dialect.path, &[], body);
        let (answer, cut) = tokio::time::timeout(SOON, client.seen(request))
            .await
            .expect("an end");
        assert_eq!(
            (answer.text(), cut),
            (dialect.stream(), false),
            "it was complete"
        );
        tokio::time::timeout(SOON, gone.notified())
            .await
            .expect("the upstream is let go");
    }
    let rows = gateway.calls().await;
    assert!(rows.len() == 3 && rows.iter().all(|row| row.outcome == Outcome::Success));
    gateway.stop().await;
}
