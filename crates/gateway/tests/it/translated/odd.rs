//! Answers that are not as asked: each still ends in something the caller understands, and in a true row.

use std::io::Write;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::sync::Notify;
use tollhouse_domain::call::{Call, Outcome};
use tollhouse_wire::Protocol;

use super::said::SAID;
use super::{only, pairs, request};
use crate::support::SOON;
use crate::support::client::{Answer, Client};
use crate::support::dialect::{Dialect, MESSAGES, RESPONSES};
use crate::support::upstream::{ScriptedUpstream, Step, json, last_chunk, stream};

const STREAM_ONLY: &str = "quirks = [\"stream_only\"]";

/// One call answered by these steps: what came, whether it broke off, and the row.
async fn answered(
    caller: &Dialect,
    upstream_protocol: Protocol,
    extra: &str,
    streamed: bool,
    steps: Vec<Step>,
) -> (Answer, bool, Call) {
    let upstream = ScriptedUpstream::start().await;
    let gateway = only(&upstream.url, upstream_protocol, extra).await;
    upstream.script(steps);
    let client = Client::new(&gateway.url);
    let asked = client.request(
        http::Method::POST,
        caller.path,
        &[],
        request(caller, streamed),
    );
    let seen = tokio::time::timeout(SOON, client.seen(asked)).await;
    let (answer, cut) = seen.expect("an end");
    let mut calls = gateway.calls_when(1).await;
    assert_eq!(calls.len(), 1);
    gateway.stop().await;
    (answer, cut, calls.remove(0))
}

fn raw(head: &str, body: &[u8]) -> Vec<Step> {
    let head = format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n", body.len());
    vec![Step::Write([head.as_bytes(), body].concat())]
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn an_event_stream_without_events_is_no_success() {
    for (caller, said) in pairs() {
        let empty = raw("200 OK\r\ncontent-type: text/event-stream", b"");
        let (answer, cut, call) = answered(caller, said.protocol, "", true, empty).await;
        assert!(cut && answer.text().contains("error"), "{}", answer.text());
        assert_eq!(call.outcome, Outcome::StreamError);
        let nothing = b"HTTP/1.1 204 No Content\r\ncontent-type: text/event-stream\r\n\r\n";
        let nothing = vec![Step::Write(nothing.to_vec())];
        let (answer, _, call) = answered(caller, said.protocol, "", true, nothing).await;
        assert_eq!(
            (answer.status.as_u16(), call.outcome),
            (502, Outcome::UpstreamError)
        );
    }
}

#[tokio::test]
async fn an_error_that_only_the_translation_sees_is_on_the_row() {
    let finish = "data: {\"id\":\"c\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hi\"},\"finish_reason\":\"error\"}]}\n\n";
    let object = "data: {\"object\":\"error\",\"message\":\"boom\",\"type\":\"InternalServerError\",\"code\":500}\n\n";
    for event in [finish, object] {
        for caller in [&MESSAGES, &RESPONSES] {
            let steps = || vec![Step::Write(stream(&[event])), Step::Write(last_chunk())];
            let (answer, _, call) = answered(caller, Protocol::Chat, "", true, steps()).await;
            assert!(
                !answer.text().contains(caller.terminal),
                "{}",
                answer.text()
            );
            assert_eq!(call.outcome, Outcome::StreamError, "{event}");
            assert!(call.error.is_some(), "{event}");
            let (answer, _, call) =
                answered(caller, Protocol::Chat, STREAM_ONLY, false, steps()).await;
            assert!(answer.status.as_u16() >= 400);
            assert_eq!(call.outcome, Outcome::UpstreamError, "{event}");
        }
    }
}

#[tokio::test]
async fn a_client_is_let_go_at_the_end_of_its_answer() {
    for (caller, said) in pairs() {
        let open = vec![
            Step::Write(stream(said.events)),
            Step::Gate(Arc::new(Notify::new())),
        ];
        let (answer, cut, call) = answered(caller, said.protocol, "", true, open).await;
        assert!(!cut && answer.text().contains(caller.terminal));
        assert_eq!(call.outcome, Outcome::Success);
    }
}

#[tokio::test]
async fn compressed_answers_are_read_where_that_is_possible() {
    let error = br#"{"error":{"message":"This model's maximum context length is 128000 tokens. However, your messages resulted in 130001 tokens.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}"#;
    let steps = raw("400 Bad\r\ncontent-encoding: gzip", &gzip(error));
    let (answer, _, _) = answered(&MESSAGES, Protocol::Chat, "", true, steps).await;
    assert_eq!(answer.status, 400);
    assert!(
        answer
            .text()
            .contains("prompt is too long: 130001 tokens > 128000"),
        "{}",
        answer.text()
    );
    let whole = gzip(SAID[1].answer.as_bytes());
    let steps = raw("200 OK\r\ncontent-encoding: gzip", &whole);
    let (answer, _, _) = answered(&MESSAGES, Protocol::Chat, "", false, steps).await;
    assert!(
        answer.text().contains("hello wide world"),
        "{}",
        answer.text()
    );
    let steps = raw("200 OK\r\ncontent-encoding: br", b"????");
    let (answer, _, _) = answered(&MESSAGES, Protocol::Chat, "", false, steps).await;
    assert_eq!(answer.status, 502);
    let events = gzip(SAID[1].events.concat().as_bytes());
    let head = "200 OK\r\ncontent-type: text/event-stream\r\ncontent-encoding: gzip";
    let (answer, _, call) = answered(&MESSAGES, Protocol::Chat, "", true, raw(head, &events)).await;
    assert_eq!(
        (answer.status.as_u16(), call.outcome),
        (502, Outcome::UpstreamError)
    );
}

#[tokio::test]
async fn an_error_inside_an_event_is_read_like_any_other() {
    let event = "data: {\"error\":{\"message\":\"maximum context length is 10\",\"code\":\"context_length_exceeded\"}}\n\n";
    let steps = raw(
        "400 Bad\r\ncontent-type: text/event-stream",
        event.as_bytes(),
    );
    let (answer, _, _) = answered(&MESSAGES, Protocol::Chat, "", true, steps).await;
    assert_eq!(answer.status, 400);
    assert!(
        answer.text().contains("prompt is too long"),
        "{}",
        answer.text()
    );
}

#[tokio::test]
async fn redirects_are_the_providers_fault_and_dates_become_seconds() {
    let steps = raw("302 Found\r\nlocation: http://127.0.0.1:1/", b"");
    let (answer, _, call) = answered(&MESSAGES, Protocol::Chat, "", true, steps).await;
    assert_eq!(
        (answer.status.as_u16(), call.outcome),
        (502, Outcome::UpstreamError)
    );
    assert!(answer.header("location").is_none());
    let headers = [("retry-after", "Wed, 21 Oct 2099 07:28:00 GMT")];
    let limited = r#"{"error":{"message":"x","code":"rate_limit_exceeded"}}"#;
    let steps = vec![Step::Write(json(429, &headers, limited))];
    let (answer, _, _) = answered(&MESSAGES, Protocol::Chat, "", true, steps).await;
    let pause: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!(pause > 1_000_000, "{pause}");
    let steps = vec![Step::Write(json(429, &[("retry-after", "soon")], limited))];
    let (answer, _, _) = answered(&MESSAGES, Protocol::Chat, "", true, steps).await;
    assert_eq!(answer.header("retry-after"), None);
}

#[tokio::test]
async fn what_broke_while_it_was_put_together_still_costs_something() {
    for (caller, said) in pairs() {
        let begun = &said.events[..=said.first_text];
        let steps = vec![Step::Write(stream(begun)), Step::Write(last_chunk())];
        let (_, _, call) = answered(caller, said.protocol, STREAM_ONLY, false, steps).await;
        assert_eq!(call.outcome, Outcome::UpstreamError);
        assert!(
            call.estimated && call.usage.output.is_some(),
            "{:?}",
            call.usage
        );
    }
}
