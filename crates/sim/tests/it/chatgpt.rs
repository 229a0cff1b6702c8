//! The backend of `ChatGPT` subscriptions.

use hyper::Method;
use serde_json::{Value, json};
use tollhouse_sim::{Sim, Window};

use crate::{
    accounts::{body, call, call_at, login},
    client::{Seen, send, start},
};

async fn get(sim: &Sim, path: &str, token: &str) -> Seen {
    let bearer = format!("Bearer {token}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("chatgpt-account-id", "acct-alice"),
    ];
    send(sim, Method::GET, path, &headers, "").await.unwrap()
}

fn names(seen: &Seen) -> Vec<String> {
    let events = seen.events().into_iter();
    events.map(|(name, _)| name.unwrap()).collect()
}

#[tokio::test]
async fn answers_a_call_that_keeps_its_rules() {
    let sim = start().await;
    let token = login(&sim, "alice").access_token;
    let seen = call(&sim, &token, "acct-alice", &body("hello there")).await;
    assert_eq!(seen.status, 200);
    let names = names(&seen);
    assert_eq!(
        names[..3],
        [
            "response.created",
            "response.in_progress",
            "codex.rate_limits"
        ]
    );
    let events = seen.events();
    let (_, limits) = &events[2];
    assert_eq!(limits["rate_limits"]["primary"]["used_percent"], 12.5);
    assert_eq!(limits["rate_limits"]["secondary"]["window_minutes"], 10_080);
    let (last, response) = events.last().unwrap();
    assert_eq!(last.as_deref(), Some("response.completed"));
    assert_eq!(
        response["response"]["output"][0]["content"][0]["text"],
        "hello there"
    );
    for (header, value) in [
        ("x-codex-primary-used-percent", "12.5"),
        ("x-codex-primary-window-minutes", "300"),
        ("x-codex-primary-reset-after-seconds", "3600"),
        ("x-codex-secondary-used-percent", "3"),
        ("x-codex-secondary-window-minutes", "10080"),
        ("x-codex-secondary-reset-after-seconds", "86400"),
    ] {
        assert_eq!(seen.header(header), value, "{header}");
    }
    sim.authority().set_empty_output(true);
    let seen = call(&sim, &token, "acct-alice", &body("hello there")).await;
    let events = seen.events();
    assert_eq!(events.last().unwrap().1["response"]["output"], json!([]));
    let done = events
        .iter()
        .find(|(name, _)| name.as_deref() == Some("response.output_item.done"));
    assert_eq!(done.unwrap().1["item"]["content"][0]["text"], "hello there");
}

#[tokio::test]
async fn refuses_what_it_does_not_take() {
    let sim = start().await;
    let token = login(&sim, "alice").access_token;
    let unsupported = [
        "max_output_tokens",
        "temperature",
        "top_p",
        "metadata",
        "previous_response_id",
        "stream_options",
        "prompt_cache_retention",
        "safety_identifier",
        "background",
        "conversation",
        "max_tool_calls",
        "top_logprobs",
        "truncation",
        "user",
    ];
    let mut cases: Vec<(&str, Option<Value>, String)> = vec![
        ("store", None, "Store must be set to false".into()),
        (
            "store",
            Some(json!(true)),
            "Store must be set to false".into(),
        ),
        ("stream", None, "Stream must be set to true".into()),
        (
            "stream",
            Some(json!(false)),
            "Stream must be set to true".into(),
        ),
        ("instructions", None, "Instructions are required".into()),
        (
            "instructions",
            Some(json!(null)),
            "Instructions are not valid".into(),
        ),
        ("input", Some(json!("text")), "Input must be a list".into()),
        ("input", None, "Input must be a list".into()),
        ("model", None, "Model is required".into()),
    ];
    cases.extend(unsupported.map(|name| {
        let message = format!("Unsupported parameter: {name}");
        (name, Some(json!(null)), message)
    }));
    for (name, value, message) in cases {
        let mut body = body("hi");
        let fields = body.as_object_mut().unwrap();
        match value {
            Some(value) => fields.insert(name.to_owned(), value),
            None => fields.remove(name),
        };
        let seen = call(&sim, &token, "acct-alice", &body).await;
        assert_eq!(
            (seen.status.as_u16(), seen.json()),
            (400, json!({"detail": message}))
        );
    }
    let seen = call(&sim, &token, "acct-alice", &json!([])).await;
    assert_eq!(seen.status, 400);
}

#[tokio::test]
async fn begins_and_fails_where_a_model_has_no_room() {
    let sim = start().await;
    let token = login(&sim, "alice").access_token;
    sim.authority().set_full("sim-echo", true);
    let seen = call(&sim, &token, "acct-alice", &body("hi")).await;
    assert_eq!(seen.status, 200);
    let events = seen.events();
    let (name, last) = events.last().unwrap();
    assert_eq!(name.as_deref(), Some("response.failed"));
    assert_eq!(last["response"]["error"]["code"], "server_is_overloaded");
    sim.authority().set_full("sim-echo", false);
    let seen = call(&sim, &token, "acct-alice", &body("hi")).await;
    assert_eq!(names(&seen).last().unwrap(), "response.completed");
}

#[tokio::test]
async fn compacts_lists_models_and_tells_usage() {
    let sim = start().await;
    let token = login(&sim, "alice").access_token;
    let path = "/backend-api/codex/responses/compact";
    let small = json!({"model": "sim-echo", "instructions": "", "input": [{"role": "user", "content": "hi"}]});
    let seen = call_at(&sim, path, &token, "acct-alice", &small)
        .await
        .json();
    assert_eq!(seen["output"][1]["type"], "compaction");
    let models = get(
        &sim,
        "/backend-api/codex/models?client_version=0.99.0",
        &token,
    )
    .await;
    assert_eq!(models.json()["models"][0]["slug"], "sim-echo");
    assert_eq!(
        get(&sim, "/backend-api/codex/models", &token).await.status,
        400
    );
    let window = |used_percent| Window {
        used_percent,
        window_minutes: 5,
        reset_after_seconds: 9,
    };
    sim.authority()
        .set_windows("alice", window(100.0), window(1.5));
    let usage = get(&sim, "/backend-api/wham/usage", &token).await.json();
    assert_eq!(usage["rate_limit"]["primary_window"]["used_percent"], 100.0);
    assert_eq!(
        usage["rate_limit"]["secondary_window"]["limit_window_seconds"],
        300
    );
    // There is nothing else, not even chat.
    let chat = call_at(
        &sim,
        "/backend-api/codex/chat/completions",
        &token,
        "acct-alice",
        &small,
    );
    assert!(chat.await.header("content-type").starts_with("text/html"));
}
