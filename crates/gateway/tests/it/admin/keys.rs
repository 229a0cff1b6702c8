//! The life of a key.

mod whose;

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

#[tokio::test]
async fn a_rotated_key_has_two_secrets_for_a_while_and_never_three() {
    let (upstream, gateway, api) = started().await;
    let (id, first) = api.key(r#"{"name":"ci","models":["m"]}"#).await;
    let path = format!("/api/v1/keys/{id}");
    let rotate = async |body: &str| {
        let answer = api.post(&format!("{path}/rotate"), body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        answer.json()["secret"].as_str().unwrap().to_owned()
    };
    let works = async |secret: &str| api.call(&upstream, secret, "m").await == StatusCode::OK;
    let second = rotate(r#"{"grace":"1h"}"#).await;
    assert!(works(&first).await && works(&second).await);
    let shown = api.get(&path).await;
    assert!(shown["grace_until"].is_string());
    assert!(second.starts_with(shown["prefix"].as_str().unwrap()));
    let third = rotate("{}").await;
    assert!(!works(&first).await && works(&second).await && works(&third).await);
    let fourth = rotate(r#"{"grace":null}"#).await;
    assert!(!works(&second).await && !works(&third).await && works(&fourth).await);
    assert!(api.get(&path).await.get("grace_until").is_none());
    let rows = gateway.calls().await;
    let key = rows[0].key.to_string();
    assert!(rows.iter().all(|row| row.key.to_string() == key), "one key");
    for (body, field) in [
        (r#"{"grace":"31d"}"#, "grace"),
        (r#"{"grace":"x"}"#, "grace"),
    ] {
        let refused = api.post(&format!("{path}/rotate"), body).await;
        assert_eq!(refusal(&refused).2.as_deref(), Some(field), "{body}");
    }
    assert_eq!(api.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert!(!works(&fourth).await);
    let refused = api.post(&format!("{path}/rotate"), "{}").await;
    assert_eq!(refusal(&refused).1, "conflict");
    let list = api.get("/api/v1/keys").await;
    let managed = list["data"].as_array().unwrap().last().unwrap()["id"].clone();
    let path = format!("/api/v1/keys/{}/rotate", managed.as_str().unwrap());
    assert_eq!(refusal(&api.post(&path, "{}").await).1, "conflict");
    gateway.stop().await;
}

#[tokio::test]
async fn a_scoped_key_is_renewed_up_to_its_longest_life() {
    let (_upstream, gateway, api) = started().await;
    let (id, secret) = api
        .key(r#"{"name":"run","kind":"scoped","expires_in":"10m"}"#)
        .await;
    let path = format!("/api/v1/keys/{id}");
    let before = api.get(&path).await["expires_at"]
        .as_str()
        .unwrap()
        .to_owned();
    let renew = async |body: &str| api.post(&format!("{path}/renew"), body).await;
    let renewed = renew("{}").await;
    assert_eq!(renewed.status, StatusCode::OK, "{}", renewed.text());
    assert!(*renewed.json()["expires_at"].as_str().unwrap() > *before);
    assert!(!renewed.text().contains(&secret));
    let longest = renew(r#"{"expires_in":"30d"}"#).await.json();
    let (made, end) = (
        longest["created_at"].as_str(),
        longest["expires_at"].as_str(),
    );
    let read =
        |text: Option<&str>| tollhouse_domain::time::Timestamp::parse(text.unwrap()).unwrap();
    assert_eq!(
        read(end).since(read(made)),
        tollhouse_domain::key::LONGEST_SCOPED
    );
    // A virtual key opens nothing of the control plane, not even its own renewal.
    let own = super::Api::with(&gateway, &secret);
    for path in [
        path.clone(),
        format!("{path}/renew"),
        "/api/v1/keys".to_owned(),
    ] {
        assert_eq!(own.post(&path, "{}").await.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(api.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(refusal(&renew("{}").await).1, "conflict");
    let (standard, _) = api.key(r#"{"name":"ci"}"#).await;
    let refused = api
        .post(&format!("/api/v1/keys/{standard}/renew"), "{}")
        .await;
    assert_eq!(refusal(&refused).1, "conflict");
    gateway.stop().await;
}

#[tokio::test]
async fn everything_that_is_said_of_a_key_is_shown_and_can_be_taken_back() {
    let (_upstream, gateway, api) = started().await;
    let body = r#"{"name":"ci","agent":"a","models":["m"],"providers":["lab"],"routes":["*"],
        "expires_in":"2h","limits":{"rpm":5,"tpm":1000,"concurrency":2},
        "budget":[{"usd":"2.5","window":"day"},{"usd":1,"window":"session"}],
        "credentials":{"client":true,"user":false,"org":false,"platform":false},
        "strict":true,"capture":"off"}"#;
    let (id, _) = api.key(body).await;
    let path = format!("/api/v1/keys/{id}");
    let shown = api.get(&path).await;
    assert_eq!(
        shown["limits"],
        serde_json::json!({"rpm":5,"tpm":1000,"concurrency":2})
    );
    assert_eq!(
        shown["budget"],
        serde_json::json!([{"usd":"2.5","window":"day"},{"usd":"1","window":"session"}])
    );
    assert_eq!(
        (&shown["routes"][0], &shown["capture"]),
        (&"*".into(), &"off".into())
    );
    let clear = r#"{"agent":null,"models":null,"providers":null,"routes":null,"expires_in":null,
        "limits":null,"budget":null,"owner":null,"org":null,"capture":null}"#;
    let changed = api.patch(&path, clear).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text());
    let changed = changed.json();
    for field in ["agent", "models", "providers", "routes", "expires_at"] {
        assert!(changed.get(field).is_none(), "{field}: {changed}");
    }
    assert_eq!(changed["limits"], serde_json::json!({}));
    assert_eq!(changed["budget"], serde_json::json!([]));
    assert_eq!(api.get(&path).await, changed, "and it is stored");
    for (body, field) in [
        (r#"{"name":"a","owner":"me"}"#, None),
        (r#"{"name":"a","owner":"user_1"}"#, Some("owner")),
        (r#"{"name":"a","org":"nowhere"}"#, None),
    ] {
        let refused = api.post("/api/v1/keys", body).await;
        assert_eq!(refusal(&refused).2.as_deref(), field, "{body}");
    }
    gateway.stop().await;
}
