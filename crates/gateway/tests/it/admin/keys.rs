//! The life of a key.

use http::StatusCode;

use super::{refusal, started};
use crate::support::KEY;

#[tokio::test]
async fn a_key_works_until_it_is_revoked_and_not_a_call_longer() {
    let (upstream, gateway, api) = started().await;
    let (id, secret) = api
        .key(r#"{"name":"ci","agent":"builder","expires_in":"2h"}"#)
        .await;
    assert!(secret.starts_with("th-") && secret.len() >= 40);
    assert_eq!(api.call(&upstream, &secret, "m").await, StatusCode::OK);
    let path = format!("/api/v1/keys/{id}");
    let shown = api.get(&path).await;
    assert_eq!(shown["state"], "active");
    assert!(secret.starts_with(shown["prefix"].as_str().unwrap()));
    assert_eq!(shown["credentials"]["platform"], true);
    assert_eq!(shown["credentials"]["client"], false);
    for _ in 0..2 {
        assert_eq!(api.delete(&path).await.status, StatusCode::NO_CONTENT);
        assert_eq!(
            api.call(&upstream, &secret, "m").await,
            StatusCode::UNAUTHORIZED
        );
    }
    let shown = api.get(&path).await;
    assert_eq!(shown["state"], "revoked");
    assert!(shown["revoked_at"].is_string());
    assert_eq!(
        refusal(&api.patch(&path, r#"{"name":"x"}"#).await).1,
        "conflict"
    );
    gateway.stop().await;
}

#[tokio::test]
async fn the_secret_is_shown_once() {
    let (_upstream, gateway, api) = started().await;
    let (id, secret) = api.key(r#"{"name":"ci"}"#).await;
    let rest = &secret[9..];
    for path in [format!("/api/v1/keys/{id}"), "/api/v1/keys".to_owned()] {
        let text = api.get(&path).await.to_string();
        assert!(
            text.contains(&secret[..9]) && !text.contains(rest),
            "{path}"
        );
    }
    let patched = api
        .patch(&format!("/api/v1/keys/{id}"), r#"{"name":"x"}"#)
        .await;
    assert!(!patched.text().contains(rest));
    gateway.stop().await;
}

#[tokio::test]
async fn a_change_takes_effect_at_once() {
    let (upstream, gateway, api) = started().await;
    let (id, secret) = api.key(r#"{"name":"ci","models":["gpt-*"]}"#).await;
    let path = format!("/api/v1/keys/{id}");
    assert_eq!(
        api.call(&upstream, &secret, "claude-x").await,
        StatusCode::FORBIDDEN
    );
    let answer = api
        .patch(&path, r#"{"models":["claude-*"],"agent":"a"}"#)
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.json()["models"][0], "claude-*");
    assert_eq!(
        api.call(&upstream, &secret, "claude-x").await,
        StatusCode::OK
    );
    assert_eq!(
        api.call(&upstream, &secret, "gpt-x").await,
        StatusCode::FORBIDDEN
    );
    let answer = api
        .patch(&path, r#"{"credentials":{"platform":false}}"#)
        .await;
    assert_eq!(answer.json()["credentials"]["user"], true);
    assert_eq!(
        api.call(&upstream, &secret, "claude-x").await,
        StatusCode::FAILED_DEPENDENCY
    );
    gateway.stop().await;
}

#[tokio::test]
async fn the_files_keys_can_be_revoked_but_not_changed() {
    let (upstream, gateway, api) = started().await;
    let list = api.get("/api/v1/keys").await;
    let key = &list["data"][0];
    assert_eq!(
        (&key["name"], &key["managed"]),
        (&"test".into(), &true.into())
    );
    let path = format!("/api/v1/keys/{}", key["id"].as_str().unwrap());
    let answer = api.patch(&path, r#"{"name":"other"}"#).await;
    assert_eq!(refusal(&answer).1, "conflict");
    assert!(
        answer.text().contains("configuration file"),
        "{}",
        answer.text()
    );
    assert_eq!(api.call(&upstream, KEY, "m").await, StatusCode::OK);
    assert_eq!(api.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(
        api.call(&upstream, KEY, "m").await,
        StatusCode::UNAUTHORIZED
    );
    gateway.stop().await;
}

#[tokio::test]
async fn lists_come_in_parts_without_gap_or_overlap() {
    let (_upstream, gateway, api) = started().await;
    let mut made = Vec::new();
    for n in 0..6 {
        made.push(api.key(&format!(r#"{{"name":"k{n}"}}"#)).await.0);
    }
    for limit in [1, 2, 3, 7, 1000] {
        let rows = api.all("/api/v1/keys", limit).await;
        let ids: Vec<_> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
        let mut newest_first = made.clone();
        newest_first.reverse();
        assert_eq!(ids[..6], newest_first, "limit {limit}");
        assert_eq!(ids.len(), 7, "the file's key comes last");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn strictness_and_quirks_hold_from_the_next_call_on() {
    let (upstream, gateway, api) = started().await;
    let provider = format!(
        r#"{{"endpoints":{{"chat":"{}/v1"}},"auth":"none","quirks":["max_tokens"]}}"#,
        upstream.url
    );
    let made = api.put("/api/v1/providers/talk", &provider).await;
    assert!(made.status.is_success(), "{}", made.text());
    assert_eq!(made.json()["quirks"][0], "max_tokens");
    let route = r#"{"data":[{"model":"talk","targets":[{"provider":"talk"}]}]}"#;
    let made = api.put("/api/v1/routes", route).await;
    assert!(made.status.is_success(), "{}", made.text());
    let (id, secret) = api.key(r#"{"name":"a","strict":true}"#).await;
    let path = format!("/api/v1/keys/{id}");
    assert_eq!(api.get(&path).await["strict"], true);

    let body =
        r#"{"model":"talk","max_tokens":9,"top_k":1,"messages":[{"role":"user","content":"x"}]}"#;
    let call = async || {
        let headers = [("x-api-key", secret.as_str())];
        api.client.post("/v1/messages", &headers, body).await
    };
    let refused = call().await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.text().contains("top_k"), "{}", refused.text());
    let changed = api.patch(&path, r#"{"strict":false}"#).await;
    assert_eq!(changed.json()["strict"], false);
    upstream.json(200, super::ANSWER);
    let served = call().await;
    assert_eq!(served.status, StatusCode::OK, "{}", served.text());
    let sent: serde_json::Value = serde_json::from_slice(&upstream.last().body).unwrap();
    assert_eq!(sent["max_tokens"], 9);
    assert!(sent.get("max_completion_tokens").is_none());
    gateway.stop().await;
}
