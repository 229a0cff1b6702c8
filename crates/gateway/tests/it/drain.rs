//! Stopping: what is open ends in peace, nothing new begins, and nothing is lost.

use std::sync::Arc;

use http_body_util::BodyExt;
use tokio::sync::Notify;
use tollhouse_domain::call::Outcome;

use crate::support::client::Client;
use crate::support::dialect::{DIALECTS, MESSAGES};
use crate::support::raw::{Raw, body, status};
use crate::support::upstream::{ScriptedUpstream, Step, chunk, last_chunk, stream};
use crate::support::{KEY, TestGateway, configuration};

async fn reopened(upstream: &ScriptedUpstream, data_dir: tempfile::TempDir) -> TestGateway {
    let text = configuration(&upstream.url, data_dir.path(), "");
    TestGateway::from_text(&text, data_dir).await
}

/// A stream that has begun and waits at `gate`.
fn begun(gate: &Arc<Notify>) -> Vec<Step> {
    let (first, rest) = (&MESSAGES.events[..1], MESSAGES.events[1..].concat());
    let end = [chunk(rest.as_bytes()), last_chunk()].concat();
    vec![
        Step::Write(stream(first)),
        Step::Gate(Arc::clone(gate)),
        Step::Write(end),
    ]
}

#[tokio::test]
async fn an_open_stream_runs_to_its_end_while_new_calls_are_refused() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start(&upstream.url).await;
    let gate = Arc::new(Notify::new());
    upstream.script(begun(&gate));
    let client = Client::new(&gateway.url);
    let request = client.request(
        http::Method::POST,
        MESSAGES.path,
        &[],
        MESSAGES.request("m", true),
    );
    let mut answer = client.send(request).await.into_body();
    let first = answer.frame().await.unwrap().unwrap().into_data().unwrap();
    // Requests whose first half arrived before the stop, and whose second half comes after it.
    let mut halves = Vec::new();
    for dialect in &DIALECTS {
        let mut half = Raw::connect(&gateway.url).await;
        half.send(format!("POST {} HTTP/1.1\r\nhost: x\r\n", dialect.path))
            .await;
        halves.push(half);
    }
    // By the end of a whole exchange the halves have been read.
    Client::new(&gateway.url).get("/healthz", &[]).await;
    gateway.drain();
    let refused = Client::new(&gateway.url);
    let probe = refused.request(http::Method::GET, "/healthz", &[], "");
    while refused.try_send(probe.clone()).await.is_ok() {}
    for (dialect, half) in DIALECTS.iter().zip(&mut halves) {
        let rest = format!("x-api-key: {KEY}\r\ncontent-length: 13\r\n\r\n{{\"model\":\"m\"}}");
        let answer = half.send(rest).await.rest().await;
        let expected = if dialect.path == "/v1/messages" {
            529
        } else {
            503
        };
        assert_eq!(status(&answer), expected, "{answer:?}");
        assert!(dialect.error_name(&body(&answer)).starts_with("overloaded"));
    }
    gate.notify_one();
    let rest = answer.collect().await.unwrap().to_bytes();
    assert_eq!([first, rest].concat(), MESSAGES.stream().as_bytes());
    let data_dir = gateway.stop().await;
    assert_eq!(upstream.seen().len(), 1);
    let again = reopened(&upstream, data_dir).await;
    let calls = again.calls().await;
    assert_eq!(calls.len(), 1);
    assert_eq!(
        (calls[0].outcome, calls[0].usage.output),
        (Outcome::Success, Some(9))
    );
    again.stop().await;
}

#[tokio::test]
async fn what_does_not_end_in_time_is_cut_off_and_recorded_as_interrupted() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start_with(&upstream.url, "drain_seconds = 0").await;
    let (gate, gone) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    upstream
        .script(begun(&gate))
        .script(vec![Step::AwaitClose(Arc::clone(&gone))]);
    let client = Client::new(&gateway.url);
    let post = || {
        let body = MESSAGES.request("m", true);
        client.send(client.request(http::Method::POST, MESSAGES.path, &[], body))
    };
    let mut streaming = post().await.into_body();
    streaming.frame().await.unwrap().unwrap();
    let body = MESSAGES.request("m", true);
    let mut waiting = Raw::connect(&gateway.url).await;
    let head = format!("POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-api-key: {KEY}\r\n");
    waiting
        .send(format!(
            "{head}content-length: {}\r\n\r\n{body}",
            body.len()
        ))
        .await;
    upstream.wait_seen(2).await;
    let data_dir = gateway.stop().await;
    assert!(streaming.collect().await.is_err(), "no clean end");
    assert_eq!(waiting.rest().await, "");
    gone.notified().await;
    let again = reopened(&upstream, data_dir).await;
    let calls = again.calls().await;
    assert_eq!(calls.len(), 2, "one row each");
    assert!(
        calls
            .iter()
            .all(|call| call.outcome == Outcome::Interrupted)
    );
    let streamed = calls.iter().find(|call| call.status == Some(200)).unwrap();
    assert_eq!(
        (streamed.usage.input, streamed.bytes_out > 0),
        (Some(3), true)
    );
    again.stop().await;
}

#[tokio::test]
async fn a_second_request_to_stop_waits_for_nobody() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start_with(&upstream.url, "drain_seconds = 3600").await;
    let gate = Arc::new(Notify::new());
    upstream.script(begun(&gate));
    let client = Client::new(&gateway.url);
    let body = MESSAGES.request("m", true);
    let request = client.request(http::Method::POST, MESSAGES.path, &[], body);
    let mut answer = client.send(request).await.into_body();
    answer.frame().await.unwrap().unwrap();
    gateway.drain();
    gateway.cut();
    let data_dir = gateway.stop().await;
    assert!(answer.collect().await.is_err());
    let again = reopened(&upstream, data_dir).await;
    assert_eq!(again.calls().await[0].outcome, Outcome::Interrupted);
    again.stop().await;
}

#[tokio::test]
async fn idle_connections_do_not_hold_up_a_stop() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start_with(&upstream.url, "drain_seconds = 3600").await;
    let (client, second) = (Client::new(&gateway.url), Client::http2(&gateway.url));
    for client in [&client, &second] {
        upstream.json(200, MESSAGES.answer);
        let body = MESSAGES.request("m", false);
        assert_eq!(client.post(MESSAGES.path, &[], body).await.status, 200);
    }
    let silent = Raw::connect(&gateway.url).await;
    Client::new(&gateway.url).get("/healthz", &[]).await;
    let data_dir = gateway.stop().await;
    drop((client, second, silent));
    let again = reopened(&upstream, data_dir).await;
    assert_eq!(again.calls().await.len(), 2);
    again.stop().await;
}
