//! A client that leaves takes its upstream request with it, and its row says so.

use std::sync::Arc;

use http_body_util::BodyExt;
use tokio::sync::Notify;
use tollhouse_domain::call::Outcome;

use crate::support::client::Client;
use crate::support::dialect::{DIALECTS, MESSAGES};
use crate::support::raw::Raw;
use crate::support::upstream::{ScriptedUpstream, Step, stream};
use crate::support::{KEY, SOON, TestGateway};

#[tokio::test]
async fn before_the_answer_began() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start(&upstream.url).await;
    for (n, dialect) in DIALECTS.iter().enumerate() {
        let gone = Arc::new(Notify::new());
        upstream.script(vec![Step::AwaitClose(Arc::clone(&gone))]);
        let body = dialect.request("m", true);
        let mut client = Raw::connect(&gateway.url).await;
        let head = format!(
            "POST {} HTTP/1.1\r\nhost: x\r\nx-api-key: {KEY}\r\ncontent-length: {}\r\n\r\n{body}",
            dialect.path,
            body.len()
        );
        client.send(head).await;
        upstream.wait_seen(n + 1).await;
        drop(client);
        tokio::time::timeout(SOON, gone.notified())
            .await
            .expect("the upstream is let go");
        let calls = gateway.calls_when(n + 1).await;
        assert_eq!(calls.len(), n + 1);
        assert_eq!(
            (calls[0].outcome, calls[0].status),
            (Outcome::ClientDisconnect, None)
        );
        assert_eq!(
            (calls[0].attempts, calls[0].provider.as_deref()),
            (1, Some("lab"))
        );
        assert_eq!(calls[0].cost_usd, None);
    }
    gateway.stop().await;
}

#[tokio::test]
async fn in_the_middle_of_a_stream() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start(&upstream.url).await;
    for (n, dialect) in DIALECTS.iter().enumerate() {
        let gone = Arc::new(Notify::new());
        let (begun, rest) = (
            stream(&dialect.events[..2]),
            Step::AwaitClose(Arc::clone(&gone)),
        );
        upstream.script(vec![Step::Write(begun), rest]);
        let client = Client::new(&gateway.url);
        let body = dialect.request("m", true);
        let request = client.request(http::Method::POST, dialect.path, &[], body);
        let mut answer = client.send(request).await.into_body();
        let mut seen = Vec::new();
        while seen.len() < dialect.events[0].len() + dialect.events[1].len() {
            seen.extend(answer.frame().await.unwrap().unwrap().into_data().unwrap());
        }
        drop((answer, client));
        tokio::time::timeout(SOON, gone.notified())
            .await
            .expect("the upstream is let go");
        let calls = gateway.calls_when(n + 1).await;
        assert_eq!(calls.len(), n + 1);
        let call = &calls[0];
        assert_eq!(
            (call.outcome, call.status),
            (Outcome::ClientDisconnect, Some(200))
        );
        assert_eq!(call.bytes_out, seen.len() as u64);
        assert_eq!(
            (call.usage.output, call.estimated),
            (Some(4), true),
            "four tokens of text"
        );
        assert!(
            call.usage.input.is_some(),
            "metered, or estimated from the request"
        );
        assert_eq!(call.stop_reason, None);
    }
    let metered = &gateway.calls().await[2];
    assert_eq!(
        metered.usage.input,
        Some(3),
        "what was metered is kept as it was"
    );
    gateway.stop().await;
}

#[tokio::test]
async fn after_the_last_event_is_a_success() {
    // The terminal event is out; the upstream just does not end its answer.
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start(&upstream.url).await;
    let gone = Arc::new(Notify::new());
    let all = stream(MESSAGES.events);
    upstream.script(vec![Step::Write(all), Step::AwaitClose(Arc::clone(&gone))]);
    let client = Client::new(&gateway.url);
    let body = MESSAGES.request("m", true);
    let request = client.request(http::Method::POST, MESSAGES.path, &[], body);
    let mut answer = client.send(request).await.into_body();
    let mut seen = Vec::new();
    while seen.len() < MESSAGES.stream().len() {
        seen.extend(answer.frame().await.unwrap().unwrap().into_data().unwrap());
    }
    let recorded = gateway.calls_when(1).await;
    assert_eq!(
        recorded[0].outcome,
        Outcome::Success,
        "recorded before the client saw the end"
    );
    drop((answer, client));
    tokio::time::timeout(SOON, gone.notified())
        .await
        .expect("the upstream is let go");
    assert_eq!(gateway.calls().await.len(), 1);
    gateway.stop().await;
}

#[tokio::test]
async fn while_the_request_is_still_coming_there_is_no_call_yet() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start(&upstream.url).await;
    let mut client = Raw::connect(&gateway.url).await;
    let head = format!("POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-api-key: {KEY}\r\n");
    client
        .send(format!(
            "{head}content-length: 1000\r\n\r\n{{\"model\":\"m\","
        ))
        .await;
    drop(client);
    // A whole call on another connection: by its end the first has long been read.
    upstream.json(200, MESSAGES.answer);
    let answer = Client::new(&gateway.url)
        .post("/v1/messages", &[], r#"{"model":"m"}"#)
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(gateway.calls().await.len(), 1);
    assert_eq!(upstream.seen().len(), 1);
    gateway.stop().await;
}
