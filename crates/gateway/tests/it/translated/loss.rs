//! What is lost on the way is reported, and a strict key does not put up with it.

use tempfile::TempDir;
use tollhouse_domain::call::Outcome;
use tollhouse_wire::Protocol;

use super::said::CHAT;
use super::{only, text};
use crate::support::TestGateway;
use crate::support::client::Client;
use crate::support::upstream::ScriptedUpstream;

const LOSSY: &str = r#"{"model":"m","max_tokens":9,"top_k":5,"messages":[{"role":"user","content":"x"}],"service_tier":"auto"}"#;
const LOSSLESS: &str = r#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"x"}]}"#;

#[tokio::test]
async fn losses_are_on_the_answer_on_the_row_and_counted() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = only(&upstream.url, Protocol::Chat, "").await;
    let client = Client::new(&gateway.url);
    CHAT.script(&upstream, false);
    let answer = client.post("/v1/messages", &[], LOSSY).await;
    assert_eq!(
        answer.header("x-tollhouse-loss"),
        Some("service_tier,top_k")
    );
    CHAT.script(&upstream, false);
    let clean = client.post("/v1/messages", &[], LOSSLESS).await;
    assert_eq!(clean.header("x-tollhouse-loss"), None);
    let calls = gateway.calls_when(2).await;
    assert!(calls[0].losses.is_empty());
    assert_eq!(calls[1].losses, ["service_tier", "top_k"]);
    let request = client.request(http::Method::GET, "/metrics", &[], "");
    let metrics = client.whole(request).await.text();
    assert!(
        metrics.contains(r#"tollhouse_losses_total{provider="lab",loss="top_k"} 1"#),
        "{metrics}"
    );
    gateway.stop().await;
}

#[tokio::test]
async fn a_strict_key_refuses_any() {
    let upstream = ScriptedUpstream::start().await;
    let data_dir = TempDir::new().unwrap();
    let text = text(&upstream.url, Protocol::Chat, "", &data_dir).replace(
        "secret = \"env:KEY\"",
        "secret = \"env:KEY\"\nstrict = true",
    );
    let gateway = TestGateway::from_text(&text, data_dir).await;
    let client = Client::new(&gateway.url);
    let refused = client.post("/v1/messages", &[], LOSSY).await;
    assert_eq!(refused.status, 400);
    assert!(
        refused.text().contains("service_tier,top_k"),
        "{}",
        refused.text()
    );
    assert!(upstream.seen().is_empty());
    let count = r#"{"model":"m","messages":[{"role":"user","content":"x"}]}"#;
    let refused = client.post("/v1/messages/count_tokens", &[], count).await;
    assert_eq!(refused.status, 400, "an estimate is a loss too");
    CHAT.script(&upstream, false);
    let served = client.post("/v1/messages", &[], LOSSLESS).await;
    assert_eq!(served.status, 200, "{}", served.text());
    let calls = gateway.calls_when(3).await;
    assert_eq!(calls[2].outcome, Outcome::Refused);
    gateway.stop().await;
}
