//! Which target is called, when some speak the caller's protocol and some do not.

use tempfile::TempDir;

use super::said::{CHAT, MESSAGES, Said};
use crate::support::TestGateway;
use crate::support::client::Client;
use crate::support::dialect;
use crate::support::upstream::ScriptedUpstream;

/// A Chat provider first, a Messages provider second.
async fn chain(chat: &str, messages: &str) -> TestGateway {
    let data_dir = TempDir::new().unwrap();
    let text = format!(
        r#"
[server]
listen = "127.0.0.1:0"
data_dir = "{}"
[[provider]]
name = "talk"
endpoints = {{ chat = "{chat}/v1" }}
auth = "none"
[[provider]]
name = "letters"
endpoints = {{ messages = "{messages}" }}
auth = "none"
[[key]]
name = "test"
secret = "env:KEY"
[[route]]
model = "*"
targets = [ {{ provider = "talk", model = "t" }}, {{ provider = "letters", model = "l" }} ]
"#,
        data_dir.path().display()
    );
    TestGateway::from_text(&text, data_dir).await
}

fn pass(said: &Said, upstream: &ScriptedUpstream) {
    said.script(upstream, false);
}

#[tokio::test]
async fn the_callers_own_protocol_is_preferred() {
    let (chat, messages) = (
        ScriptedUpstream::start().await,
        ScriptedUpstream::start().await,
    );
    let gateway = chain(&chat.url, &messages.url).await;
    pass(&MESSAGES, &messages);
    let body = dialect::MESSAGES.request("m", false);
    let answer = Client::new(&gateway.url)
        .post("/v1/messages", &[], body)
        .await;
    assert_eq!(answer.text(), MESSAGES.answer, "byte for byte");
    assert_eq!(answer.header("x-tollhouse-mode"), Some("passthrough"));
    assert_eq!(answer.header("x-tollhouse-protocol"), None);
    assert!(chat.seen().is_empty());
    gateway.stop().await;
}

#[tokio::test]
async fn another_protocol_is_the_fallback() {
    let (chat, messages) = (
        ScriptedUpstream::start().await,
        ScriptedUpstream::start().await,
    );
    let gateway = chain(&chat.url, &messages.url).await;
    messages.json(529, "{}");
    pass(&CHAT, &chat);
    let body = dialect::MESSAGES.request("m", false);
    let answer = Client::new(&gateway.url)
        .post("/v1/messages", &[], body)
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("x-tollhouse-mode"), Some("translated"));
    assert_eq!(answer.header("x-tollhouse-fallback"), Some("server_error"));
    assert_eq!(answer.header("x-tollhouse-model"), Some("t"));
    let sent: serde_json::Value = serde_json::from_slice(&chat.last().body).unwrap();
    assert_eq!(sent["model"], "t");
    let calls = gateway.calls_when(1).await;
    assert_eq!((calls.len(), calls[0].attempts), (1, 2));
    gateway.stop().await;
}

#[tokio::test]
async fn a_fallback_that_cannot_be_told_leaves_the_first_answer() {
    let (chat, messages) = (
        ScriptedUpstream::start().await,
        ScriptedUpstream::start().await,
    );
    let gateway = chain(&chat.url, &messages.url).await;
    let error = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
    messages.json(529, error);
    let body = r#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"x"}],"container":"c"}"#;
    let answer = Client::new(&gateway.url)
        .post("/v1/messages", &[], body)
        .await;
    assert_eq!(
        (answer.status.as_u16(), answer.text().as_str()),
        (529, error)
    );
    assert_eq!(answer.header("x-tollhouse-fallback"), None);
    assert!(chat.seen().is_empty());
    let calls = gateway.calls_when(1).await;
    assert_eq!(
        (calls[0].attempts, calls[0].mode.as_str()),
        (1, "passthrough")
    );
    gateway.stop().await;
}

#[tokio::test]
async fn what_only_its_own_protocol_knows_is_not_sent_elsewhere() {
    let (chat, messages) = (
        ScriptedUpstream::start().await,
        ScriptedUpstream::start().await,
    );
    let gateway = chain(&chat.url, &messages.url).await;
    let client = Client::new(&gateway.url);
    let body = r#"{"model":"m","input":"x"}"#;
    let answer = client.post("/v1/responses/compact", &[], body).await;
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert!(chat.seen().is_empty() && messages.seen().is_empty());
    gateway.stop().await;
}

#[tokio::test]
async fn a_conversation_that_comes_home_leaves_the_other_vendors_thoughts_behind() {
    let (chat, messages) = (
        ScriptedUpstream::start().await,
        ScriptedUpstream::start().await,
    );
    let gateway = chain(&chat.url, &messages.url).await;
    pass(&MESSAGES, &messages);
    let turn = |blocks: &str| {
        format!(
            r#"{{ "max_tokens":9,"messages":[{{"role":"user","content":"x"}},{{"role":"assistant","content":[{blocks}{{"type":"text","text":"\u0062"}}]}}],"model":"m" }}"#
        )
    };
    let ours = r#"{"type":"thinking","thinking":"","signature":"th1.c.talk.rs_1.cipher"},"#;
    let client = Client::new(&gateway.url);
    let answer = client.post("/v1/messages", &[], turn(ours)).await;
    assert_eq!(answer.text(), MESSAGES.answer);
    assert_eq!(answer.header("x-tollhouse-mode"), Some("passthrough"));
    assert_eq!(answer.header("x-tollhouse-loss"), Some("reasoning_history"));
    let expected = turn("").replace("\"model\":\"m\"", "\"model\":\"l\"");
    assert_eq!(
        messages.last().body,
        expected.as_bytes(),
        "all else as it was"
    );
    gateway.stop().await;
}
