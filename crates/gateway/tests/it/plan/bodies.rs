//! What the backend is sent.

use http::Method;

use super::{EVENTS, ITEM, MODEL, broken, gateway, stream};
use crate::support::client::Client;
use crate::support::upstream::ScriptedUpstream;

fn codex() -> String {
    let path = "../../fixtures/responses/codex-first.json";
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let body = std::fs::read_to_string(path).unwrap();
    // Recorded without a plan, where they may be left out.
    body.replacen('{', "{\"instructions\":\"\",", 1)
}

#[tokio::test]
async fn a_real_codex_passes_byte_for_byte_in_both_directions() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = gateway(&upstream, "").await;
    let client = Client::new(&gateway.url);
    let body = codex();
    let headers = [
        ("session-id", "thread-1"),
        ("originator", "codex_exec"),
        ("x-codex-window-id", "thread-1:0"),
        ("chatgpt-account-id", "somebody"),
    ];
    stream(&upstream, &[("x-codex-turn-state", "sticky")], &EVENTS);
    let answer = client.post("/v1/responses", &headers, body.clone()).await;
    // All but what the account says of itself, which is not the caller's; see `windows.rs`.
    assert_eq!(answer.text(), EVENTS.concat().replace(EVENTS[1], ""));
    assert_eq!(answer.header("x-tollhouse-mode"), Some("passthrough"));
    assert_eq!(answer.header("x-tollhouse-loss"), None);
    assert_eq!(answer.header("x-codex-turn-state"), Some("sticky"));
    let seen = upstream.last();
    assert_eq!(seen.body, body.as_bytes());
    assert_eq!(seen.header("session-id"), ["thread-1"]);
    assert_eq!(seen.header("x-codex-window-id"), ["thread-1:0"]);
    assert!(seen.header("chatgpt-account-id").is_empty());
    gateway.stop().await;
}

#[tokio::test]
async fn a_compressed_body_that_breaks_no_rule_stays_compressed() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = gateway(&upstream, "").await;
    let client = Client::new(&gateway.url);
    for (body, kept) in [
        (codex(), true),
        (
            codex().replacen("\"store\": false", "\"store\": true", 1),
            false,
        ),
    ] {
        let packed = zstd::encode_all(body.as_bytes(), 1).unwrap();
        stream(&upstream, &[], &EVENTS);
        let headers = [("content-encoding", "zstd")];
        let answer = client.post("/v1/responses", &headers, packed.clone()).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let seen = upstream.last();
        if kept {
            assert_eq!(seen.body, packed);
            assert_eq!(seen.header("content-encoding"), ["zstd"]);
        } else {
            assert_eq!(broken(&seen.body), [""; 0]);
            assert!(seen.header("content-encoding").is_empty());
            assert_eq!(answer.header("x-tollhouse-loss"), Some("store"));
        }
    }
    gateway.stop().await;
}

#[tokio::test]
async fn what_is_asked_whole_is_put_together_in_the_bytes_it_came_in() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = gateway(&upstream, "").await;
    let client = Client::new(&gateway.url);
    stream(&upstream, &[("openai-model", "m")], &EVENTS);
    let body = format!(
        r#"{{"model":"{MODEL}","input":"x","temperature":0.2,"max_output_tokens":9,"user":"u"}}"#
    );
    let answer = client.post("/v1/responses", &[], body).await;
    let expected = format!(
        r#"{{"id":"resp_1","object":"response","model":"gpt-5.5","status":"completed","output":[{ITEM}],"x_new":1e0,"usage":{{"input_tokens":3,"output_tokens":9}}}}"#
    );
    assert_eq!(answer.text(), expected);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("openai-model"), Some("m"));
    let losses = answer.header("x-tollhouse-loss");
    assert_eq!(losses, Some("max_output_tokens,sampling,user"));
    assert_eq!(broken(&upstream.last().body), [""; 0]);
    gateway.stop().await;
}

#[tokio::test]
async fn what_cannot_be_kept_and_what_a_strict_key_loses_is_refused_before_anything_is_sent() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = gateway(&upstream, "strict = true").await;
    let client = Client::new(&gateway.url);
    for (member, said) in [
        (r#""previous_response_id":"resp_1""#, "previous_response_id"),
        (r#""background":true"#, "background"),
        (r#""temperature":0.5"#, "sampling"),
        (r#""metadata":{"a":"b"}"#, "metadata"),
    ] {
        let body = format!(r#"{{"model":"{MODEL}","input":[],{member}}}"#);
        let answer = client.post("/v1/responses", &[], body).await;
        assert_eq!(answer.status, 400, "{member}");
        let error = &answer.json()["error"];
        assert_eq!(error["type"], "invalid_request_error");
        assert!(error["message"].as_str().unwrap().contains(said), "{error}");
    }
    let body = format!(
        r#"{{"model":"{MODEL}","max_tokens":9,"messages":[{{"role":"user","content":"x"}}]}}"#
    );
    let answer = client.post("/v1/messages", &[], body).await;
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("max_output_tokens"));
    assert!(upstream.seen().is_empty());
    // Nothing is lost of what breaks no rule.
    stream(&upstream, &[], &EVENTS);
    let answer = client.post("/v1/responses", &[], codex()).await;
    assert_eq!(answer.status, 200);
    gateway.stop().await;
}

#[tokio::test]
async fn a_compaction_keeps_to_the_rules_and_is_no_stream() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = gateway(&upstream, "").await;
    let client = Client::new(&gateway.url);
    upstream.json(200, r#"{"object":"response.compaction","output":[]}"#);
    let body = format!(r#"{{"model":"{MODEL}","input":"x","metadata":{{"a":"b"}}}}"#);
    let answer = client.post("/v1/responses/compact", &[], body).await;
    assert_eq!(
        answer.text(),
        r#"{"object":"response.compaction","output":[]}"#
    );
    assert_eq!(answer.header("x-tollhouse-loss"), Some("metadata"));
    let seen = upstream.last();
    assert_eq!(
        seen.line(),
        "POST /backend-api/codex/responses/compact HTTP/1.1"
    );
    let body: serde_json::Value = serde_json::from_slice(&seen.body).unwrap();
    assert!(body["input"].is_array() && body["instructions"] == "");
    assert!(body.get("stream").is_none() && body.get("store").is_none());
    gateway.stop().await;
}

#[tokio::test]
async fn what_breaks_off_is_no_answer() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = gateway(&upstream, "").await;
    let client = Client::new(&gateway.url);
    stream(&upstream, &[], &EVENTS[..5]);
    let body = format!(r#"{{"model":"{MODEL}","input":"x"}}"#);
    let asked = client.request(Method::POST, "/v1/responses", &[], body);
    let answer = client.whole(asked).await;
    assert_eq!(answer.status, 502, "{}", answer.text());
    gateway.stop().await;
}
