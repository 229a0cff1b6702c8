//! Same protocol in and out: bytes cross unchanged, as they come.

use std::sync::Arc;

use http::Method;
use http_body_util::BodyExt;
use tokio::sync::Notify;
use tollhouse_domain::call::Outcome;

use crate::support::TestGateway;
use crate::support::client::Client;
use crate::support::upstream::{ScriptedUpstream, Step, chunk, json, last_chunk, stream_head};

/// Odd on purpose: key order, duplicates, blanks, big and padded numbers, escapes, unknown fields.
const REQUEST: &str = "{ \"max_tokens\":1.0e2,\"x\":12345678901234567890123, \"model\" : \"claude-x\" ,\"x\":\"\\u00e9\u{e9}\",\n\t\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"unheard_of\":{\"a\":[]}  }\r\n";
const ANSWER: &str = "{\"id\":\"msg_1\",\"type\":\"message\",\"model\":\"claude-x-1\", \"content\":[],\"stop_reason\":\"end_turn\",\"usage\":{\"input_tokens\":10,\"cache_read_input_tokens\":5,\"output_tokens\":7},\"zz\":1.50 }";

#[tokio::test]
async fn a_whole_answer_crosses_byte_for_byte_and_is_recorded() {
    let upstream = ScriptedUpstream::start().await;
    upstream.script(vec![Step::Write(json(
        200,
        &[("request-id", "req_9")],
        ANSWER,
    ))]);
    let gateway = TestGateway::start(&upstream.url).await;
    let client = Client::new(&gateway.url);
    let answer = client.post("/v1/messages?beta=true", &[], REQUEST).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.text(), ANSWER);
    assert_eq!(answer.header("request-id"), Some("req_9"));
    assert_eq!(answer.header("x-tollhouse-mode"), Some("passthrough"));
    assert_eq!(answer.header("x-tollhouse-provider"), Some("lab"));
    assert_eq!(answer.header("x-tollhouse-model"), Some("claude-x"));
    assert_eq!(answer.header("x-tollhouse-credential"), Some("platform"));
    let seen = upstream.seen();
    assert_eq!(seen[0].line(), "POST /v1/messages?beta=true HTTP/1.1");
    assert_eq!(seen[0].body, REQUEST.as_bytes());
    let calls = gateway.calls().await;
    assert_eq!(calls.len(), 1);
    let call = &calls[0];
    assert_eq!(
        answer.header("x-tollhouse-call"),
        Some(call.id.to_string().as_str())
    );
    assert_eq!(call.outcome, Outcome::Success);
    assert_eq!(call.usage.input, Some(10));
    assert_eq!(call.usage.cache_read, Some(5));
    assert_eq!(call.usage.output, Some(7));
    assert_eq!(call.model_served.as_deref(), Some("claude-x-1"));
    assert_eq!(call.upstream_request_id.as_deref(), Some("req_9"));
    assert_eq!(call.stop_reason.as_deref(), Some("end_turn"));
    assert_eq!(call.bytes_in, REQUEST.len() as u64);
    assert_eq!(call.bytes_out, ANSWER.len() as u64);
    assert_eq!(call.cost_usd, None, "no price is known for this provider");
    gateway.stop().await;
}

#[tokio::test]
async fn the_first_byte_leaves_before_the_second_arrives() {
    let upstream = ScriptedUpstream::start().await;
    let gate = Arc::new(Notify::new());
    let first = b"event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":\"m\",\"usage\":{\"input_tokens\":3,\"output_tokens\":1}}}\n\n";
    let rest = b"event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":9}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
    upstream.script(vec![
        Step::Write(stream_head()),
        Step::Write(chunk(first)),
        Step::Gate(Arc::clone(&gate)),
        Step::Write(chunk(rest)),
        Step::Write(last_chunk()),
    ]);
    let gateway = TestGateway::start(&upstream.url).await;
    let client = Client::new(&gateway.url);
    let body = r#"{"model":"m","stream":true,"messages":[]}"#;
    let request = client.request(Method::POST, "/v1/messages", &[], body);
    let mut answer = client.send(request).await.into_body();
    let frame = answer.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(
        frame.as_ref(),
        first,
        "the rest waits behind a gate that is still shut"
    );
    gate.notify_one();
    let left = answer.collect().await.unwrap().to_bytes();
    assert_eq!(left.as_ref(), rest);
    let calls = gateway.calls().await;
    assert_eq!(calls[0].outcome, Outcome::Success);
    assert_eq!(
        (calls[0].usage.input, calls[0].usage.output),
        (Some(3), Some(9))
    );
    assert!(calls[0].stream);
    gateway.stop().await;
}

#[tokio::test]
async fn a_renamed_model_changes_nothing_else() {
    let upstream = ScriptedUpstream::start().await;
    upstream.json(200, ANSWER);
    let data_dir = tempfile::TempDir::new().unwrap();
    let text = crate::support::configuration(&upstream.url, data_dir.path(), "").replace(
        "{ provider = \"lab\" }",
        "{ provider = \"lab\", model = \"qwen \\\"3\\\"\" }",
    );
    let gateway = TestGateway::from_text(&text, data_dir).await;
    let answer = Client::new(&gateway.url)
        .post("/v1/messages", &[], REQUEST)
        .await;
    assert_eq!(answer.status, 200);
    let expected = REQUEST.replace("\"claude-x\"", "\"qwen \\\"3\\\"\"");
    assert_eq!(upstream.seen()[0].body, expected.as_bytes());
    gateway.stop().await;
}
