//! An upstream that breaks off: the client is told in its protocol where there is a place for it, and
//! never takes the break for an end.

use tollhouse_domain::call::{Call, Outcome};

use crate::support::TestGateway;
use crate::support::client::{Answer, Client};
use crate::support::dialect::{DIALECTS, Dialect};
use crate::support::upstream::{ScriptedUpstream, Step, chunk, last_chunk, stream};

/// Sends a streaming request that is answered by `steps`, and returns what came, whether it broke off,
/// and the row.
async fn streamed(dialect: &Dialect, steps: Vec<Step>) -> (Answer, bool, Call) {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start(&upstream.url).await;
    upstream.script(steps);
    let client = Client::new(&gateway.url);
    let body = dialect.request("m", true);
    let request = client.request(http::Method::POST, dialect.path, &[], body);
    let (answer, cut) = client.seen(request).await;
    let mut calls = gateway.calls_when(1).await;
    assert_eq!(calls.len(), 1);
    gateway.stop().await;
    (answer, cut, calls.remove(0))
}

/// The events that came after `expected`, which came first.
fn after<'a>(answer: &'a Answer, expected: &str) -> &'a str {
    let text = std::str::from_utf8(&answer.body).unwrap();
    text.strip_prefix(expected)
        .unwrap_or_else(|| panic!("{text:?} does not begin as sent"))
}

/// The data of one event, and nothing else.
fn event(text: &str) -> serde_json::Value {
    let lines: Vec<_> = text.lines().filter(|line| !line.is_empty()).collect();
    let data: Vec<_> = lines
        .iter()
        .filter_map(|line| line.strip_prefix("data: "))
        .collect();
    assert_eq!(data.len(), 1, "one event: {text:?}");
    serde_json::from_str(data[0]).unwrap()
}

fn assert_error_event(dialect: &Dialect, text: &str, call: &Call) {
    let data = event(text);
    match dialect.path {
        "/v1/messages" => {
            assert!(text.starts_with("event: error\n"));
            assert_eq!(
                (&data["type"], &data["error"]["type"]),
                (&"error".into(), &"api_error".into())
            );
            assert_eq!(data["request_id"], call.id.to_string());
        }
        "/v1/responses" => {
            assert!(text.starts_with("event: response.failed\n"));
            assert_eq!(data["type"], "response.failed");
            assert_eq!(data["sequence_number"], 2, "the stream's numbers go on");
            assert_eq!(data["response"]["id"], "resp_1");
            assert_eq!(data["response"]["error"]["code"], "upstream_broken");
        }
        _ => assert_eq!(data["error"]["code"], "upstream_broken"),
    }
    assert!(!text.contains(dialect.terminal));
}

#[tokio::test]
async fn a_cut_between_events_is_an_error_event_and_a_broken_connection() {
    for dialect in &DIALECTS {
        let sent = &dialect.events[..2];
        let (answer, cut, call) =
            streamed(dialect, vec![Step::Write(stream(sent)), Step::Close]).await;
        assert!(cut, "no clean end");
        assert_error_event(dialect, after(&answer, &sent.concat()), &call);
        assert_eq!(
            (call.outcome, call.status),
            (Outcome::StreamError, Some(200))
        );
        assert_eq!(call.error.as_deref(), Some("upstream_broken"));
        // Sixteen bytes of text were seen, and what the upstream had said of its usage was less.
        assert_eq!((call.usage.output, call.estimated), (Some(4), true));
    }
}

#[tokio::test]
async fn a_cut_inside_an_event_is_only_a_broken_connection() {
    for dialect in &DIALECTS {
        let half = &dialect.events[1][..dialect.events[1].len() - 9];
        let (answer, cut, call) = streamed(
            dialect,
            vec![Step::Write(stream(&[dialect.events[0], half])), Step::Close],
        )
        .await;
        assert!(cut);
        assert_eq!(
            answer.text(),
            format!("{}{half}", dialect.events[0]),
            "nothing glued to it"
        );
        assert_eq!(call.outcome, Outcome::StreamError);
    }
}

#[tokio::test]
async fn a_clean_end_before_the_last_event_is_no_end() {
    for dialect in &DIALECTS {
        let sent = &dialect.events[..2];
        let steps = vec![Step::Write([stream(sent), last_chunk()].concat())];
        let (answer, cut, call) = streamed(dialect, steps).await;
        assert!(cut);
        assert_error_event(dialect, after(&answer, &sent.concat()), &call);
        assert_eq!(call.outcome, Outcome::StreamError);
        assert!(call.estimated);
    }
}

#[tokio::test]
async fn a_stream_that_never_said_anything_is_no_answer() {
    for dialect in &DIALECTS {
        let none: [&str; 0] = [];
        let steps = vec![Step::Write([stream(&none), last_chunk()].concat())];
        let (answer, cut, call) = streamed(dialect, steps).await;
        assert!(cut);
        let data = event(&answer.text());
        assert!(
            data["error"].is_object() || data["type"] == "response.failed",
            "{data}"
        );
        assert_eq!(call.outcome, Outcome::StreamError);
    }
}

#[tokio::test]
async fn an_error_of_the_upstream_inside_a_stream_passes_and_is_recorded() {
    for dialect in &DIALECTS {
        let sent = [dialect.events[0], dialect.events[1], dialect.in_band_error];
        let ended = vec![Step::Write([stream(&sent), last_chunk()].concat())];
        let broken = vec![Step::Write(stream(&sent)), Step::Close];
        for (steps, breaks) in [(ended, false), (broken, true)] {
            let (answer, cut, call) = streamed(dialect, steps).await;
            assert_eq!(answer.text(), sent.concat(), "one error is enough");
            // A Responses stream has ended with `response.failed`; how it closes does not matter.
            assert_eq!(
                cut,
                breaks && dialect.path != "/v1/responses",
                "{}",
                dialect.path
            );
            assert_eq!(call.outcome, Outcome::StreamError);
            assert_eq!(call.error.as_deref(), Some(dialect.in_band_code));
        }
    }
}

#[tokio::test]
async fn a_whole_answer_that_breaks_off_is_a_broken_connection() {
    for dialect in &DIALECTS {
        let half = &dialect.answer[..dialect.answer.len() / 2];
        let length = dialect.answer.len();
        let announced = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{half}"
        );
        let head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
        let chunked = [head.to_vec(), chunk(half.as_bytes())].concat();
        for bytes in [announced.into_bytes(), chunked] {
            let upstream = ScriptedUpstream::start().await;
            let gateway = TestGateway::start(&upstream.url).await;
            upstream.script(vec![Step::Write(bytes), Step::Close]);
            let client = Client::new(&gateway.url);
            let body = dialect.request("m", false);
            let request = client.request(http::Method::POST, dialect.path, &[], body);
            let (answer, cut) = client.seen(request).await;
            assert!(cut);
            assert_eq!(answer.text(), half);
            let calls = gateway.calls_when(1).await;
            assert_eq!(calls.len(), 1);
            assert_eq!(calls[0].outcome, Outcome::StreamError);
            assert_eq!(calls[0].error.as_deref(), Some("upstream_broken"));
            gateway.stop().await;
        }
    }
}

#[tokio::test]
async fn no_answer_at_all_is_a_502_and_is_not_asked_for_again() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start(&upstream.url).await;
    for (n, dialect) in DIALECTS.iter().enumerate() {
        upstream.script(vec![Step::Close]);
        let client = Client::new(&gateway.url);
        let answer = client
            .post(dialect.path, &[], dialect.request("m", true))
            .await;
        assert_eq!(answer.status, 502);
        assert_eq!(
            upstream.seen().len(),
            n + 1,
            "the request may have been carried out"
        );
        let call = gateway.calls_when(n + 1).await.remove(0);
        assert_eq!(
            (call.outcome, call.status),
            (Outcome::UpstreamError, Some(502))
        );
    }
    gateway.stop().await;
}
