//! However a call ends, what it held comes back.

use std::sync::Arc;

use http_body_util::BodyExt;
use tokio::sync::Notify;
use tollhouse_domain::limits::{Budget, BudgetWindow, Limits};

use super::{Lab, MESSAGES, answer, request};
use crate::support::dialect;
use crate::support::raw::Raw;
use crate::support::upstream::{Step, chunk, last_chunk, stream, stream_head};

/// A key through which one call goes at a time, with money for one at a time.
async fn narrow(lab: &Lab) -> String {
    lab.key(|key| {
        key.limits = Limits {
            concurrency: Some(1),
            ..Limits::default()
        };
        let usd = "2".parse().unwrap();
        let window = BudgetWindow::Total;
        key.budgets = vec![Budget { usd, window }];
    })
    .await
}

/// A call that needs a thousand tokens, and uses one: there is room and money again.
async fn goes_through(lab: &Lab, key: &str, after: &str) {
    lab.upstream.json(200, &answer(1));
    let told = lab.post(key, MESSAGES, &request("m", 1000)).await;
    assert_eq!(told.status, 200, "after {after}: {}", told.text());
}

#[tokio::test]
async fn everything_that_was_held_comes_back() {
    let lab = Lab::start().await;
    let key = narrow(&lab).await;
    let streaming = r#"{"model":"m","max_tokens":1000,"stream":true,"messages":[]}"#;
    let mut rows = 0;
    let events = dialect::MESSAGES.events;
    let endings: Vec<(&str, &str, Vec<Step>)> = vec![
        ("a whole answer", "", vec![Step::Write(whole(200))]),
        ("an error", "", vec![Step::Write(whole(400))]),
        ("a rate limit", "", vec![Step::Write(whole(429))]),
        ("a server error", "", vec![Step::Write(whole(500))]),
        ("no answer", "", vec![Step::Close]),
        ("a stream", "stream", vec![Step::Write(whole_stream())]),
        (
            "an error in a stream",
            "stream",
            vec![
                Step::Write(stream(&[events[0], dialect::MESSAGES.in_band_error])),
                Step::Write(last_chunk()),
            ],
        ),
        (
            "a cut stream",
            "stream",
            vec![Step::Write(stream(&events[..2])), Step::Close],
        ),
    ];
    for (name, kind, steps) in endings {
        lab.upstream.script(steps);
        let body = if kind == "stream" {
            streaming.to_owned()
        } else {
            request("m", 1000)
        };
        let headers = [("x-api-key", key.as_str())];
        let sent = lab
            .client
            .request(http::Method::POST, MESSAGES, &headers, body);
        let answer = lab.client.send(sent).await;
        // Its end may be a broken connection.
        let _ = answer.into_body().collect().await;
        rows += 1;
        lab.gateway.calls_when(rows).await;
        goes_through(&lab, &key, name).await;
        rows += 1;
        lab.gateway.calls_when(rows).await;
    }
    let refused = lab.post(&key, MESSAGES, r#"{"messages":[]}"#).await;
    assert_eq!(refused.status, 400);
    goes_through(&lab, &key, "a refusal").await;
    lab.gateway.stop().await;
}

fn whole(status: u16) -> Vec<u8> {
    crate::support::upstream::json(status, &[], &answer(1))
}

fn whole_stream() -> Vec<u8> {
    let mut bytes = stream(dialect::MESSAGES.events);
    bytes.extend(last_chunk());
    bytes
}

#[tokio::test]
async fn a_client_that_leaves_lets_go() {
    let lab = Lab::start().await;
    let key = narrow(&lab).await;
    let body = r#"{"model":"m","max_tokens":1000,"stream":true,"messages":[]}"#;
    for (n, begun) in [false, true].into_iter().enumerate() {
        let gone = Arc::new(Notify::new());
        let mut steps = Vec::new();
        if begun {
            steps.push(Step::Write(stream_head()));
            steps.push(Step::Write(chunk(dialect::MESSAGES.events[0].as_bytes())));
        }
        steps.push(Step::AwaitClose(Arc::clone(&gone)));
        lab.upstream.script(steps);
        let mut client = Raw::connect(&lab.gateway.url).await;
        let head = format!(
            "POST {MESSAGES} HTTP/1.1\r\nhost: x\r\nx-api-key: {key}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        client.send(head).await;
        lab.upstream.wait_seen(2 * n + 1).await;
        let busy = lab.post(&key, MESSAGES, &request("m", 1)).await;
        assert_eq!(busy.status, 429, "{}", busy.text());
        assert!(busy.text().contains("at a time"), "{}", busy.text());
        drop(client);
        gone.notified().await;
        lab.gateway.calls_when(3 * n + 2).await;
        goes_through(&lab, &key, "a client that left").await;
        lab.gateway.calls_when(3 * n + 3).await;
    }
    lab.gateway.stop().await;
}

#[tokio::test]
async fn a_call_that_nobody_took_was_not_made() {
    let chatty = "[[provider]]\nname = \"chatty\"\n\
        endpoints = { chat = \"http://127.0.0.1:9/v1\" }\nauth = \"none\"\n\
        [[route]]\nmodel = \"t\"\ntargets = [ { provider = \"chatty\" } ]\n";
    let lab = Lab::start_with(chatty).await;
    let key = lab
        .key(|key| {
            key.limits.rpm = Some(1);
            key.strict = true;
        })
        .await;
    // It is held, and then cannot be carried: the target's protocol has no place for all of it.
    let lossy =
        r#"{"model":"t","max_tokens":9,"top_k":1,"messages":[{"role":"user","content":"x"}]}"#;
    for _ in 0..3 {
        let refused = lab.post(&key, MESSAGES, lossy).await;
        assert_eq!(refused.status, 400, "{}", refused.text());
    }
    goes_through(&lab, &key, "calls that were refused").await;
    let over = lab.post(&key, MESSAGES, &request("m", 1)).await;
    assert_eq!(over.status, 429);
    let retry: u64 = over.header("retry-after").unwrap().parse().unwrap();
    assert!((55..=61).contains(&retry), "{retry}");
    lab.gateway.stop().await;
}
