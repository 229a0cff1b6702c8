//! Several credentials of one owner: a conversation stays with one, and what fails is charged to the one
//! that failed.

use std::collections::BTreeSet;

use http::StatusCode;
use serde_json::Value;

use super::people::{call, drawn, enable, made, path, put, secret, shared};
use crate::admin::{ANSWER, Api, started};
use crate::support::upstream::{ScriptedUpstream, Step, json};
use crate::support::{SOON, TestGateway};

const NAMES: [&str; 3] = ["a", "b", "c"];

/// A key, and three credentials of the platform's that it may draw on.
async fn three() -> (ScriptedUpstream, TestGateway, Api, String) {
    let (upstream, gateway, api) = started().await;
    shared(&api, &upstream).await;
    for name in NAMES {
        put(&api, "platform", name, &format!("sk-{name}")).await;
    }
    let (_, key) = api.key(r#"{"name":"k"}"#).await;
    (upstream, gateway, api, key)
}

/// What is said of the credential with this secret.
async fn shown(api: &Api, secret: &str) -> Value {
    let name = secret.strip_prefix("sk-").unwrap();
    api.get(&path("platform", name)).await
}

fn limit(retry_after: &str) -> Vec<Step> {
    let headers = [("retry-after", retry_after)];
    vec![Step::Write(json(429, &headers, r#"{"error":{}}"#))]
}

#[tokio::test]
async fn a_conversation_stays_with_one_and_conversations_spread() {
    let (upstream, gateway, api, key) = three().await;
    let mut used = BTreeSet::new();
    for talk in 0..12 {
        let talk = format!("talk{talk}");
        let first = drawn(&api, &upstream, &key, &talk).await;
        for _ in 0..3 {
            assert_eq!(drawn(&api, &upstream, &key, &talk).await, first, "{talk}");
        }
        used.insert(first);
    }
    assert!(used.len() > 1, "{used:?}");
    gateway.stop().await;
}

#[tokio::test]
async fn a_limit_moves_the_conversations_of_the_one_that_met_it_and_no_others() {
    let (upstream, gateway, api, key) = three().await;
    let talks: Vec<_> = (0..12).map(|n| format!("talk{n}")).collect();
    let mut before = Vec::new();
    for talk in &talks {
        before.push(drawn(&api, &upstream, &key, talk).await);
    }
    let limited = before[0].clone();
    upstream.script(limit("60")).json(200, ANSWER);
    let answer = call(&api, &key, &talks[0]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.header("x-tollhouse-fallback"), Some("rate_limited"));
    let moved = secret(&upstream.last());
    assert_ne!(moved, limited, "another one, once, in the same call");
    let resting = shown(&api, &limited).await;
    assert_eq!(resting["state"], "cooling");
    assert!(resting["until"].is_string(), "{resting}");
    assert_eq!(shown(&api, &moved).await["state"], "ready");
    for (talk, before) in talks.iter().zip(&before) {
        let now = drawn(&api, &upstream, &key, talk).await;
        if *before == limited {
            assert_ne!(now, limited, "{talk}");
        } else {
            assert_eq!(now, *before, "{talk} had no part in it");
        }
    }
    // The row says which one the answer came from.
    let row = gateway.calls().await.remove(0);
    assert!(row.credential_id.is_some());
    gateway.stop().await;
}

#[tokio::test]
async fn when_all_rest_the_caller_is_told_when_the_first_returns() {
    let (upstream, gateway, api, key) = three().await;
    for pause in ["300", "40"] {
        upstream.script(limit(pause)).script(limit("100"));
        let passed = call(&api, &key, "talk").await;
        assert_eq!(passed.status, StatusCode::TOO_MANY_REQUESTS);
        if pause == "300" {
            assert_eq!(upstream.seen().len(), 2, "at most one retry");
        }
    }
    let before = upstream.seen().len();
    let refused = call(&api, &key, "talk").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    let error = &refused.json()["error"];
    assert_eq!(error["code"], "rate_limit_exceeded", "{error}");
    let pause: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((30..=40).contains(&pause), "{pause}");
    assert_eq!(upstream.seen().len(), before, "nothing was sent");
    gateway.stop().await;
}

#[tokio::test]
async fn a_refused_one_is_passed_over_until_it_is_set_anew() {
    let (upstream, gateway, api, key) = three().await;
    let first = drawn(&api, &upstream, &key, "talk").await;
    upstream.json(401, r#"{"error":{}}"#).json(200, ANSWER);
    let answer = call(&api, &key, "talk").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.header("x-tollhouse-fallback"), Some("unauthorized"));
    let stale = shown(&api, &first).await;
    assert_eq!(stale["state"], "stale");
    assert_eq!(stale["last_refusal"]["status"], 401);
    assert_eq!(stale["last_refusal"]["at"], stale["stale_since"]);
    let noted = async {
        let change = "/api/v1/audit?action=credential.change";
        while !api.get(change).await.to_string().contains("refused") {}
    };
    tokio::time::timeout(SOON, noted)
        .await
        .expect("an entry in the trail");
    for n in 0..12 {
        let talk = format!("talk{n}");
        assert_ne!(drawn(&api, &upstream, &key, &talk).await, first);
    }
    let name = first.strip_prefix("sk-").unwrap();
    let fresh = put(&api, "platform", name, "sk-anew").await;
    assert_eq!(fresh["id"], stale["id"]);
    assert_eq!(fresh["state"], "ready");
    assert!(fresh.get("stale_since").is_none(), "{fresh}");
    assert!(fresh.get("last_refusal").is_none(), "{fresh}");
    gateway.stop().await;
}

#[tokio::test]
async fn when_all_are_refused_the_caller_is_told_and_nobody_elses_takes_their_place() {
    let (upstream, gateway, api) = started().await;
    shared(&api, &upstream).await;
    made(&api, "/api/v1/orgs", r#"{"name":"acme"}"#).await;
    put(&api, "platform", "default", "sk-of-platform").await;
    for name in ["a", "b"] {
        put(&api, "orgs/acme", name, &format!("sk-{name}")).await;
    }
    let body = r#"{"name":"k","org":"acme","credentials":{"platform":true}}"#;
    let (_, key) = api.key(body).await;
    let refused = r#"{"error":"theirs"}"#;
    upstream.json(401, refused).json(401, refused);
    let passed = call(&api, &key, "talk").await;
    assert_eq!(passed.status, StatusCode::UNAUTHORIZED, "{}", passed.text());
    let told = call(&api, &key, "talk").await;
    assert_eq!(told.status, StatusCode::FAILED_DEPENDENCY);
    assert!(told.text().contains("refuses"), "{}", told.text());
    assert_eq!(upstream.seen().len(), 2, "nothing more was sent");
    gateway.stop().await;
}

/// The state of the organization's only credential.
async fn state(api: &Api, id: &str) -> Value {
    api.get(&format!("/api/v1/credentials/{id}")).await["state"].clone()
}

#[tokio::test]
async fn the_only_one_that_is_refused_says_so_and_can_be_brought_back() {
    let (upstream, gateway, api) = started().await;
    shared(&api, &upstream).await;
    made(&api, "/api/v1/orgs", r#"{"name":"acme"}"#).await;
    put(&api, "platform", "default", "sk-of-platform").await;
    let stored = put(&api, "orgs/acme", "default", "sk-of-acme").await;
    let id = stored["id"].as_str().unwrap();
    let body = r#"{"name":"k","org":"acme","credentials":{"platform":true}}"#;
    let (_, key) = api.key(body).await;
    let refuse = async || {
        for _ in 0..2 {
            upstream.json(401, r#"{"error":"theirs"}"#);
            let passed = call(&api, &key, "talk").await;
            assert_eq!(passed.status, StatusCode::UNAUTHORIZED, "{}", passed.text());
            assert_eq!(secret(&upstream.last()), "sk-of-acme", "nobody else's");
        }
        assert_eq!(state(&api, id).await, "stale");
    };
    refuse().await;
    upstream.json(200, r#"{"data":[]}"#);
    let path = format!("/api/v1/credentials/{id}/test");
    let tried = api.post(&path, "").await;
    assert_eq!(tried.json()["ok"], true, "{}", tried.text());
    assert_eq!(state(&api, id).await, "ready");
    refuse().await;
    enable(&api, id, true).await;
    assert_eq!(state(&api, id).await, "ready");
    refuse().await;
    put(&api, "orgs/acme", "default", "sk-of-acme").await;
    assert_eq!(state(&api, id).await, "ready");
    refuse().await;
    assert_eq!(drawn(&api, &upstream, &key, "talk").await, "sk-of-acme");
    // An answer says that it is taken; the store hears of it in a moment.
    let taken = async { while state(&api, id).await != "ready" {} };
    tokio::time::timeout(SOON, taken).await.expect("ready");
    gateway.stop().await;
}

#[tokio::test]
async fn the_only_one_that_is_limited_is_answered_for_by_its_provider() {
    let (upstream, gateway, api) = started().await;
    shared(&api, &upstream).await;
    put(&api, "platform", "default", "sk-of-platform").await;
    let (_, key) = api.key(r#"{"name":"k"}"#).await;
    for _ in 0..2 {
        upstream.script(limit("17"));
        let passed = call(&api, &key, "talk").await;
        assert_eq!(passed.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(passed.header("retry-after"), Some("17"));
    }
    assert_eq!(
        upstream.seen().len(),
        2,
        "the client was told by the provider"
    );
    assert_eq!(drawn(&api, &upstream, &key, "talk").await, "sk-of-platform");
    gateway.stop().await;
}

#[tokio::test]
async fn a_path_of_the_clients_choice_puts_no_credential_out_of_use() {
    let (upstream, gateway, api, key) = three().await;
    let error = r#"{"error":"not with this kind of key"}"#;
    let headers = [("x-tollhouse-key", key.as_str())];
    for _ in 0..3 {
        upstream.json(401, error).json(401, error);
        let path = "/proxy/shared/v1/costs";
        let passed = api.client.get(path, &headers).await;
        assert_eq!(passed.status, StatusCode::UNAUTHORIZED);
    }
    for name in NAMES {
        assert_eq!(shown(&api, &format!("sk-{name}")).await["state"], "ready");
    }
    drawn(&api, &upstream, &key, "talk").await;
    gateway.stop().await;
}

#[tokio::test]
async fn a_limit_below_proxy_counts_where_a_route_of_its_own_leads_too() {
    let (upstream, gateway, api, key) = three().await;
    let headers = [
        ("x-tollhouse-key", key.as_str()),
        ("content-type", "application/json"),
    ];
    let states = async || {
        let mut states = Vec::new();
        for name in NAMES {
            let shown = shown(&api, &format!("sk-{name}")).await;
            states.push(shown["state"].as_str().unwrap().to_owned());
        }
        states.sort();
        states
    };
    let body = r#"{"model":"shared-model","messages":[]}"#;
    for path in [
        "/v1/costs",
        "/elsewhere/v1/chat/completions",
        "/v1/embeddings/x",
    ] {
        upstream.script(limit("60")).script(limit("60"));
        let path = format!("/proxy/shared{path}");
        let answer = api.client.post(&path, &headers, body).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{path}");
        assert_eq!(states().await, ["ready"; 3], "{path}");
    }
    upstream.script(limit("60")).json(200, ANSWER);
    let path = "/proxy/shared/v1/chat/completions";
    let answer = api.client.post(path, &headers, body).await;
    assert_eq!(answer.status, StatusCode::OK, "another one of the pool");
    assert_eq!(states().await, ["cooling", "ready", "ready"]);
    gateway.stop().await;
}
