//! Asking the record.

use http::{Method, StatusCode};
use serde_json::Value;

use super::{Api, refusal, started};
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

fn ids(rows: &[Value]) -> Vec<&str> {
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
    upstream.json(
        400,
        r#"{"type":"error","error":{"type":"odd_error","message":"no"}}"#,
    );
    let headers = [("content-type", "application/json")];
    api.client
        .post("/v1/messages", &headers, r#"{"model":"three"}"#)
        .await;
    let by_key = format!("key={key}");
    let calls = api.get("/api/v1/calls").await;
    let credential = calls["data"][0]["credential_id"].as_str().unwrap();
    let with = format!("credential={credential}");
    let with_another = format!("credential={}0", &credential[..credential.len() - 1]);
    let cases = [
        (with.as_str(), 3),
        (with_another.as_str(), 0),
        ("error=odd_error", 1),
        ("error=another", 0),
        ("fallback=true", 0),
        ("outcome=unsuccessful", 1),
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
        let usage = api
            .get(&format!("/api/v1/usage?group_by=key&{filter}"))
            .await;
        assert_eq!(usage["totals"]["calls"], expected, "{filter}");
    }
    for (wrong, field) in [
        ("credential=mine", "credential"),
        ("outcome=failed", "outcome"),
        ("fallback=false", "fallback"),
    ] {
        let path = format!("/api/v1/calls?{wrong}");
        let (status, _, named) = refusal(&api.send(Method::GET, &path, "").await);
        assert_eq!((status, named.as_deref()), (400, Some(field)));
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
    // As calls are: by id, which says no more than the millisecond.
    let calls = api.all("/api/v1/calls", 10).await;
    let mut newest: Vec<&str> = Vec::new();
    for call in &calls {
        let name = call["session_name"].as_str().unwrap();
        if !newest.contains(&name) {
            newest.push(name);
        }
    }
    assert_eq!(newest.len(), 3);
    assert_eq!(names, newest, "the newest call first");
    let longest = names.iter().position(|name| *name == "a").unwrap();
    let sessions = [&sessions[longest..], &sessions[..longest]].concat();
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

#[tokio::test]
async fn usage_is_by_two_things_over_time_and_beside_the_time_before() {
    let (upstream, gateway, api) = started().await;
    let (key, secret) = api.key(r#"{"name":"a"}"#).await;
    for model in ["x", "x", "y"] {
        assert_eq!(api.call(&upstream, &secret, model).await, StatusCode::OK);
    }
    assert_eq!(api.call(&upstream, KEY, "x").await, StatusCode::OK);
    let path = "/api/v1/usage?group_by=model,key&interval=day&latency=true&compare=previous";
    let usage = api.get(&format!("{path}&from=2020-01-01")).await;
    let first = &usage["data"][0];
    assert_eq!(first["groups"], serde_json::json!(["x", key]));
    assert_eq!((&first["group"], &first["calls"]), (&"x".into(), &2.into()));
    assert_eq!(usage["data"].as_array().unwrap().len(), 3);
    assert_eq!(usage["totals"]["calls"], 4);
    assert_eq!(usage["totals"]["attempts"], 4);
    // The test may run over midnight.
    let calls = |points: &Value| -> u64 {
        let points = points.as_array().unwrap();
        points
            .iter()
            .map(|point| point["calls"].as_u64().unwrap())
            .sum()
    };
    assert_eq!(calls(&usage["series"]), 4);
    assert_eq!(calls(&first["series"]), 2);
    assert!(
        first["series"][0]["at"]
            .as_str()
            .unwrap()
            .ends_with("T00:00:00.000000Z")
    );
    let duration = &usage["totals"]["latency"]["duration"];
    assert_eq!(duration["calls"], 4);
    assert!(duration["p50_ms"].as_f64() <= duration["p99_ms"].as_f64());
    assert_eq!(usage["previous"]["totals"]["calls"], 0);
    assert_eq!(usage["previous"]["to"], "2020-01-01T00:00:00.000000Z");
    assert_eq!(first["previous"]["calls"], 0);
    // What was now a moment ago.
    let all = api.get("/api/v1/calls").await;
    let times = all["data"].as_array().unwrap().iter();
    let last = times
        .map(|call| call["at"].as_str().unwrap())
        .max()
        .unwrap();
    let later =
        format!("/api/v1/usage?group_by=provider&compare=previous&from={last}&to=2100-01-01");
    let later = api.get(&later).await;
    assert_eq!(later["totals"]["calls"], 1);
    assert_eq!(later["previous"]["totals"]["calls"], 3);
    assert_eq!(later["data"][0]["previous"]["calls"], 3);
    gateway.stop().await;
}

#[tokio::test]
async fn calls_are_found_by_id_cost_and_source() {
    let (upstream, gateway, api) = started().await;
    for model in ["x", "y"] {
        assert_eq!(api.call(&upstream, KEY, model).await, StatusCode::OK);
    }
    let all = api.get("/api/v1/calls").await;
    let one = all["data"][1]["id"].as_str().unwrap();
    let source = all["data"][1]["credential_source"].as_str().unwrap();
    let found = async |query: &str| {
        let page = api.get(&format!("/api/v1/calls?{query}")).await;
        page["data"].as_array().unwrap().len()
    };
    assert_eq!(found(&format!("id={one}")).await, 1);
    assert_eq!(found(&format!("id={}", &one[5..12])).await, 2);
    assert_eq!(found(&format!("source={source}")).await, 2);
    assert_eq!(found("source=user").await, 0);
    assert_eq!(found("min_cost_usd=1000").await, 0);
    assert_eq!(found("tag=repo=none").await, 0);
    gateway.stop().await;
}
