//! In which words clients are told that all accounts rest.

use tollhouse_gateway::clock;

use super::{call, gateway};
use crate::support::client::Client;
use crate::support::dialect::{MESSAGES, RESPONSES};
use crate::support::upstream::ScriptedUpstream;

const USED_UP: &str =
    r#"{"error":{"type":"usage_limit_reached","message":"Used up","resets_in_seconds":7200}}"#;

/// Codex waits out any other 429 for as long as `retry-after` says, hours of it, without a word.
#[tokio::test]
async fn a_long_rest_is_told_in_the_form_on_which_codex_stops() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = gateway(&upstream.url, 1, "").await;
    let client = Client::new(&gateway.url);
    upstream.json(429, USED_UP);
    call(&client, &RESPONSES, "talk").await;
    let before = clock::now().as_secs();
    let answer = call(&client, &RESPONSES, "talk").await;
    let body = answer.text();
    let told: serde_json::Value = serde_json::from_str(&body).unwrap();
    let error = &told["error"];
    assert_eq!(error["type"], "usage_limit_reached", "{body}");
    assert_eq!(error["code"], "rate_limit_exceeded", "{body}");
    let resets_at = error["resets_at"].as_i64().unwrap();
    assert!((7190..=7200).contains(&(resets_at - before)), "{body}");
    // Others are told when in words.
    let answer = call(&client, &MESSAGES, "talk").await.text();
    assert!(answer.contains(r#""type":"rate_limit_error""#), "{answer}");
    assert!(answer.contains(" until 20"), "{answer}");
    assert_eq!(upstream.seen().len(), 1);
    gateway.stop().await;
}

#[tokio::test]
async fn a_short_rest_is_waited_out() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = gateway(&upstream.url, 1, "").await;
    let client = Client::new(&gateway.url);
    upstream.json(429, r#"{"error":{"message":"slower"}}"#);
    call(&client, &RESPONSES, "talk").await;
    let body = call(&client, &RESPONSES, "talk").await.text();
    assert!(body.contains(r#""type":"rate_limit_error""#), "{body}");
    assert!(!body.contains("resets_at"), "{body}");
    gateway.stop().await;
}
