//! Which headers and credentials cross.

use crate::support::client::Client;
use crate::support::upstream::ScriptedUpstream;
use crate::support::{KEY, TestGateway, UPSTREAM_KEY};

const BODY: &str = r#"{"model":"m","messages":[]}"#;

#[tokio::test]
async fn exactly_one_credential_goes_up_and_it_is_not_the_clients() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start(&upstream.url).await;
    let client = Client::new(&gateway.url);
    let bearer = format!("Bearer {KEY}");
    for headers in [
        vec![("x-api-key", KEY)],
        vec![("authorization", bearer.as_str())],
        vec![("x-api-key", KEY), ("authorization", bearer.as_str())],
        vec![("x-tollhouse-key", KEY), ("authorization", bearer.as_str())],
        vec![
            ("x-api-key", "sk-someone-elses"),
            ("authorization", bearer.as_str()),
        ],
    ] {
        upstream.json(200, "{}").json(200, "{}");
        assert_eq!(
            client.post("/v1/messages", &headers, BODY).await.status,
            200
        );
        assert_eq!(
            client
                .post("/v1/chat/completions", &headers, BODY)
                .await
                .status,
            200
        );
        let seen = upstream.seen();
        let (messages, chat) = (&seen[seen.len() - 2], &seen[seen.len() - 1]);
        assert_eq!(messages.header("x-api-key"), [UPSTREAM_KEY]);
        assert!(messages.header("authorization").is_empty());
        assert_eq!(
            chat.header("authorization"),
            [format!("Bearer {UPSTREAM_KEY}")]
        );
        assert!(chat.header("x-api-key").is_empty());
        assert!(!messages.head.contains(KEY) && !chat.head.contains(KEY));
        assert!(!messages.head.contains("sk-someone-elses"));
        assert!(!chat.head.contains("sk-someone-elses"));
    }
    gateway.stop().await;
}

#[tokio::test]
async fn two_different_keys_are_refused() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start(&upstream.url).await;
    let other = [
        ("x-api-key", KEY),
        ("authorization", "Bearer th-another-key"),
    ];
    let answer = Client::new(&gateway.url)
        .post("/v1/messages", &other, BODY)
        .await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.json()["error"]["type"], "authentication_error");
    assert_eq!(answer.header("x-should-retry"), Some("false"));
    assert!(upstream.seen().is_empty());
    gateway.stop().await;
}
