//! Asking the record.

use http::StatusCode;

use super::{Api, started};
use crate::support::KEY;
use crate::support::upstream::ScriptedUpstream;

/// A call in a session of its own name.
async fn call_in(api: &Api, upstream: &ScriptedUpstream, secret: &str, session: &str) {
    upstream.json(200, super::ANSWER);
    let headers = [
        ("x-api-key", secret),
        ("content-type", "application/json"),
        ("x-tollhouse-session", session),
    ];
    let body = r#"{"model":"m","messages":[]}"#;
    let answer = api
        .client
        .post("/v1/chat/completions", &headers, body)
        .await;
    assert_eq!(answer.status, StatusCode::OK);
}

fn ids(rows: &[serde_json::Value]) -> Vec<&str> {
    rows.iter().map(|row| row["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_call_is_on_the_record_as_soon_as_its_client_saw_the_end() {
    let (upstream, gateway, api) = started().await;
    for n in 1..=5 {
        assert_eq!(api.call(&upstream, KEY, "m").await, StatusCode::OK);
        let calls = api.get("/api/v1/calls?limit=1000").await;
        assert_eq!(calls["data"].as_array().unwrap().len(), n);
    }
    let all = api.all("/api/v1/calls", 2).await;
    assert_eq!(ids(&all).len(), 5);
    assert!(ids(&all).is_sorted_by(|a, b| a > b), "newest first");
    let one = api.get(&format!("/api/v1/calls/{}", ids(&all)[0])).await;
    assert_eq!(one, all[0]);
    assert_eq!(
        one["usage"],
        serde_json::json!({"input": 1000, "output": 100})
    );
    assert_eq!(
        (&one["outcome"], &one["provider"]),
        (&"success".into(), &"lab".into())
    );
    gateway.stop().await;
}

#[tokio::test]
async fn calls_are_found_by_what_they_were() {
    let (upstream, gateway, api) = started().await;
    let (key, secret) = api.key(r#"{"name":"a","agent":"bot"}"#).await;
    assert_eq!(api.call(&upstream, KEY, "one").await, StatusCode::OK);
    assert_eq!(api.call(&upstream, &secret, "two").await, StatusCode::OK);
    upstream.json(400, "{}");
    let headers = [("content-type", "application/json")];
    api.client
        .post("/v1/messages", &headers, r#"{"model":"three"}"#)
        .await;
    let by_key = format!("key={key}");
    let cases = [
        (by_key.as_str(), 1),
        ("agent=bot", 1),
        ("model=one", 1),
        ("model=lab-model", 2),
        ("outcome=success", 2),
        ("outcome=upstream_error", 1),
        ("status=400", 1),
        ("endpoint=messages", 1),
        ("protocol=chat", 2),
        ("provider=lab", 3),
        ("provider=other", 0),
        ("from=2020-01-01", 3),
        ("to=2020-01-01T00:00:00Z", 0),
        ("outcome=success&agent=bot", 1),
    ];
    for (filter, expected) in cases {
        let found = api.get(&format!("/api/v1/calls?{filter}")).await;
        assert_eq!(
            found["data"].as_array().unwrap().len(),
            expected,
            "{filter}"
        );
    }
    gateway.stop().await;
}

#[tokio::test]
async fn sessions_gather_their_calls() {
    let (upstream, gateway, api) = started().await;
    for session in ["a", "b", "a", "c", "a"] {
        call_in(&api, &upstream, KEY, session).await;
    }
    let sessions = api.all("/api/v1/sessions", 1).await;
    let names: Vec<_> = sessions
        .iter()
        .map(|row| row["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["a", "c", "b"], "latest activity first");
    assert_eq!(sessions[0]["calls"], 3);
    assert_eq!(sessions[0]["usage"]["input"], 3000);
    let path = format!("/api/v1/sessions/{}", ids(&sessions)[0]);
    let shown = api.get(&format!("{path}?limit=2")).await;
    assert_eq!(shown["session"], sessions[0]);
    let first = shown["calls"]["data"].as_array().unwrap().clone();
    let next = shown["calls"]["next"].as_str().unwrap();
    let rest = api.get(&format!("{path}?limit=2&cursor={next}")).await;
    let rest = rest["calls"]["data"].as_array().unwrap().clone();
    let listed = api
        .get(&format!("/api/v1/calls?session={}", ids(&sessions)[0]))
        .await;
    assert_eq!(
        listed["data"].as_array().unwrap().clone(),
        [first, rest].concat()
    );
    gateway.stop().await;
}

#[tokio::test]
async fn usage_adds_up() {
    let (upstream, gateway, api) = started().await;
    let (key, secret) = api.key(r#"{"name":"a"}"#).await;
    for model in ["x", "x", "y"] {
        assert_eq!(api.call(&upstream, &secret, model).await, StatusCode::OK);
    }
    assert_eq!(api.call(&upstream, KEY, "x").await, StatusCode::OK);
    let usage = api.get("/api/v1/usage").await;
    let groups = usage["data"].as_array().unwrap();
    let rows: Vec<_> = groups
        .iter()
        .map(|row| (row["group"].as_str().unwrap(), row["calls"].as_u64()))
        .collect();
    assert_eq!(rows, [("x", Some(3)), ("y", Some(1))]);
    assert_eq!(usage["totals"]["calls"], 4);
    assert_eq!(usage["totals"]["usage"]["output"], 400);
    let by_key = api
        .get(&format!("/api/v1/usage?group_by=key&key={key}"))
        .await;
    assert_eq!(by_key["data"][0]["group"], key.as_str());
    assert_eq!(by_key["totals"]["calls"], 3);
    let days = api.get("/api/v1/usage?group_by=day&from=2020-01-01").await;
    assert_eq!(days["data"].as_array().unwrap().len(), 1);
    gateway.stop().await;
}
