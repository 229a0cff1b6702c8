//! `count_tokens` for models behind another protocol.

use tollhouse_domain::call::{Mode, Outcome};
use tollhouse_wire::Protocol;

use super::only;
use crate::support::client::Client;
use crate::support::upstream::ScriptedUpstream;

const PATH: &str = "/v1/messages/count_tokens";
const BODY: &str = r#"{"model":"m","system":"be brief","messages":[{"role":"user","content":"hello there, how are you?"}]}"#;

#[tokio::test]
async fn the_targets_own_counter_is_asked_where_there_is_one() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = only(&upstream.url, Protocol::Responses, "").await;
    upstream.json(
        200,
        r#"{"object":"response.input_tokens","input_tokens":42}"#,
    );
    let answer = Client::new(&gateway.url).post(PATH, &[], BODY).await;
    assert_eq!(answer.text(), r#"{"input_tokens":42}"#);
    assert_eq!(answer.header("x-tollhouse-loss"), None);
    let seen = upstream.last();
    assert_eq!(seen.line(), "POST /v1/responses/input_tokens HTTP/1.1");
    let sent: serde_json::Value = serde_json::from_slice(&seen.body).unwrap();
    assert_eq!(sent["instructions"], "be brief");
    assert!(sent.get("stream").is_none() && sent.get("max_output_tokens").is_none());
    let calls = gateway.calls_when(1).await;
    assert_eq!(
        (calls[0].mode, calls[0].outcome),
        (Mode::Translated, Outcome::Success)
    );
    assert_eq!(calls[0].attempts, 1);
    gateway.stop().await;
}

#[tokio::test]
async fn where_there_is_none_or_it_fails_an_estimate_says_that_it_is_one() {
    for (protocol, asked) in [(Protocol::Chat, 0), (Protocol::Responses, 1)] {
        let upstream = ScriptedUpstream::start().await;
        let gateway = only(&upstream.url, protocol, "").await;
        upstream.json(404, "{}");
        let answer = Client::new(&gateway.url).post(PATH, &[], BODY).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let tokens = answer.json()["input_tokens"].as_u64().unwrap();
        assert!((5..60).contains(&tokens), "{tokens}");
        assert_eq!(answer.header("x-tollhouse-loss"), Some("token_count"));
        assert_eq!(upstream.seen().len(), asked);
        let calls = gateway.calls_when(1).await;
        assert_eq!(
            (calls[0].outcome, calls[0].status),
            (Outcome::Success, Some(200))
        );
        assert_eq!(calls[0].losses, ["token_count"]);
        assert_eq!(calls[0].usage.total_input(), None, "nothing was consumed");
        gateway.stop().await;
    }
}

#[tokio::test]
async fn a_count_that_cannot_be_made_is_refused_by_name() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = only(&upstream.url, Protocol::Chat, "").await;
    let body = r#"{"model":"m","messages":[{"role":"wizard","content":"x"}]}"#;
    let answer = Client::new(&gateway.url).post(PATH, &[], body).await;
    assert_eq!(answer.status, 400);
    assert!(
        answer.text().contains("`messages[0].role`"),
        "{}",
        answer.text()
    );
    gateway.stop().await;
}
