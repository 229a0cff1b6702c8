//! One table: every route, every kind of limit.

use std::sync::Arc;

use http::Method;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tollhouse_domain::call::Outcome;
use tollhouse_domain::limits::{BudgetWindow, Limits};

use super::{Lab, request};
use crate::support::upstream::{Step, json};

/// A route that costs something, with a body that asks for `model`.
struct Route {
    path: &'static str,
    body: fn(&str) -> String,
    /// What a key with a budget is told when it cannot be metered.
    unmetered: bool,
}

const ROUTES: [Route; 10] = [
    metered("/v1/messages"),
    metered("/v1/chat/completions"),
    metered("/v1/embeddings"),
    metered("/v1/responses"),
    metered("/v1/responses/compact"),
    metered("/proxy/lab/v1/messages"),
    metered("/proxy/lab/v1/chat/completions"),
    metered("/proxy/lab/v1/embeddings"),
    Route {
        path: "/v1/messages/batches",
        body: |model| {
            format!(r#"{{"requests":[{{"custom_id":"a","params":{{"model":"{model}"}}}}]}}"#)
        },
        unmetered: true,
    },
    Route {
        path: "/proxy/lab/v1/unheard_of",
        body,
        unmetered: true,
    },
];

const fn metered(path: &'static str) -> Route {
    Route {
        path,
        body,
        unmetered: false,
    }
}

fn body(model: &str) -> String {
    format!(
        r#"{{"model":"{model}","max_tokens":9,"max_output_tokens":9,"messages":[{{"role":"user","content":"hi"}}],"input":"hi"}}"#
    )
}

/// The kinds of limits that a key can run into, before its first call.
fn exhausted() -> [(&'static str, Limits); 3] {
    let none = Limits::default();
    [
        (
            "rpm",
            Limits {
                rpm: Some(0),
                ..none
            },
        ),
        (
            "tpm",
            Limits {
                tpm: Some(0),
                ..none
            },
        ),
        (
            "concurrency",
            Limits {
                concurrency: Some(0),
                ..none
            },
        ),
    ]
}

#[tokio::test]
async fn every_route_is_held_to_every_limit() {
    let lab = Lab::start().await;
    let mut rows = 0;
    for (name, limits) in exhausted() {
        let key = lab.limited(limits).await;
        for route in &ROUTES {
            let answer = lab.post(&key, route.path, &(route.body)("m")).await;
            let what = format!("{name} {}: {}", route.path, answer.text());
            assert_eq!(answer.status, 429, "{what}");
            let retry: u64 = answer.header("retry-after").unwrap().parse().unwrap();
            assert!((1..=61).contains(&retry), "{what}");
            assert_eq!(answer.header("x-should-retry"), None, "{what}");
            let text = answer.text();
            assert!(
                text.contains("rate_limit_error") || text.contains("rate_limit_exceeded"),
                "{what}"
            );
            rows += 1;
        }
    }
    let key = lab.budgeted("0", BudgetWindow::Day).await;
    for route in &ROUTES {
        let answer = lab.post(&key, route.path, &(route.body)("m")).await;
        let what = format!("budget {}: {}", route.path, answer.text());
        rows += 1;
        if route.unmetered {
            assert_eq!(answer.status, 403, "{what}");
            assert!(answer.text().contains("cannot be metered"), "{what}");
            continue;
        }
        // What has no output costs nothing here, and what is free may always go on.
        if route.path.ends_with("embeddings") {
            assert_eq!(answer.status, 500, "{what}");
            continue;
        }
        assert_eq!(answer.status, 429, "{what}");
        assert_eq!(answer.header("x-should-retry"), Some("false"), "{what}");
        let retry: u64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!(retry <= 86_400, "{what}");
        let text = answer.text();
        assert!(
            text.contains("billing_error") || text.contains("insufficient_quota"),
            "{what}"
        );
    }
    for route in &ROUTES {
        let answer = lab.post(&key, route.path, &(route.body)("unpriced")).await;
        let what = format!("price {}: {}", route.path, answer.text());
        rows += 1;
        assert_eq!(answer.status, 403, "{what}");
        if !route.unmetered {
            assert!(answer.text().contains("tollhouse prices import"), "{what}");
        }
    }
    let embeddings = 2;
    assert_eq!(
        lab.upstream.seen().len(),
        embeddings,
        "nothing else got out"
    );
    let calls = lab.gateway.calls_when(rows).await;
    assert_eq!(calls.len(), rows, "every refusal left its row");
    assert!(calls.iter().all(|call| call.cost_usd.is_none()));
    lab.gateway.stop().await;
}

#[tokio::test]
async fn what_counts_tokens_or_asks_after_things_is_free() {
    let lab = Lab::start().await;
    let mut keys = Vec::new();
    for (_, limits) in exhausted() {
        keys.push(lab.limited(limits).await);
    }
    keys.push(lab.budgeted("0", BudgetWindow::Total).await);
    let mut expected = 0;
    for key in &keys {
        for path in [
            "/v1/messages/count_tokens",
            "/v1/responses/input_tokens",
            "/proxy/lab/v1/messages/count_tokens",
        ] {
            lab.upstream.json(200, r#"{"input_tokens":3}"#);
            let answer = lab.post(key, path, &body("unpriced")).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.text());
            expected += 1;
        }
        lab.upstream.json(200, "{}");
        let headers = [("x-api-key", key.as_str())];
        let answer = lab.client.get("/proxy/lab/v1/files", &headers).await;
        assert_eq!(answer.status, 200);
        expected += 1;
    }
    assert_eq!(lab.upstream.seen().len(), expected);
    lab.gateway.stop().await;
}

#[tokio::test]
async fn asking_after_what_there_is_not_is_a_call_like_any_other() {
    let lab = Lab::start().await;
    for path in [
        "/v1/responses/resp_none",
        "/v1/messages/batches/msgbatch_none",
    ] {
        let two = Limits {
            rpm: Some(2),
            ..Limits::default()
        };
        let key = lab.limited(two).await;
        let headers = [("x-api-key", key.as_str())];
        for expected in [404, 404, 429] {
            let answer = lab.client.get(path, &headers).await;
            assert_eq!(answer.status, expected, "{path}: {}", answer.text());
        }
    }
    assert!(lab.upstream.seen().is_empty());
    let calls = lab.gateway.calls_when(6).await;
    assert_eq!(calls.len(), 6, "each left its row");
    assert!(calls.iter().all(|call| call.outcome == Outcome::Refused));
    lab.gateway.stop().await;
}

#[tokio::test]
async fn the_whole_gateway_can_be_limited_and_keys_by_default() {
    let tables = "[limits]\nconcurrency = 1\n[limits.key]\nrpm = 2\n";
    let lab = Lab::start_with(tables).await;
    let (first, second) = (lab.key(|_| {}).await, lab.key(|_| {}).await);
    let gate = Arc::new(Notify::new());
    let done = json(200, &[], r#"{"input_tokens":3}"#);
    lab.upstream
        .script(vec![Step::Gate(Arc::clone(&gate)), Step::Write(done)]);
    // Counting is free to a key, and still a call of the gateway's.
    let mut counting = JoinSet::new();
    let client = lab.client.clone();
    counting.spawn(async move {
        let headers = [("x-api-key", first.as_str())];
        let path = "/v1/messages/count_tokens";
        client.post(path, &headers, body("m")).await
    });
    lab.upstream.wait_seen(1).await;
    let busy = lab.post(&second, "/v1/messages", &request("m", 1)).await;
    assert_eq!(busy.status, 429);
    assert!(busy.text().contains("of the gateway"), "{}", busy.text());
    gate.notify_one();
    assert_eq!(counting.join_all().await[0].status, 200);
    lab.gateway.calls_when(2).await;
    for n in 0..3 {
        lab.upstream.json(200, &super::answer(1));
        let answer = lab.post(&second, "/v1/messages", &request("m", 1)).await;
        let expected = if n < 2 { 200 } else { 429 };
        assert_eq!(answer.status, expected, "{n}: {}", answer.text());
    }
    lab.gateway.stop().await;
}

#[tokio::test]
async fn a_background_response_is_refused_under_a_budget() {
    let lab = Lab::start().await;
    let key = lab.budgeted("100", BudgetWindow::Month).await;
    let body = r#"{"model":"m","input":"hi","background":true,"max_output_tokens":1}"#;
    let answer = lab.post(&key, "/v1/responses", body).await;
    assert_eq!(answer.status, 403);
    assert!(answer.text().contains("background"), "{}", answer.text());
    let headers = [("x-api-key", key.as_str())];
    let method = Method::PUT;
    let put = lab
        .client
        .request(method, "/proxy/lab/v1/files", &headers, "x");
    assert_eq!(lab.client.whole(put).await.status, 403);
    lab.gateway.stop().await;
}
