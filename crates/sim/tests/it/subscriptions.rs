//! Accounts at their backends: whose calls are let in, and which are turned down.

use std::time::Duration;

use serde_json::json;
use tollhouse_sim::{Limit, Vendor};

use crate::{
    accounts::{body, call, login},
    client::start,
};

#[tokio::test]
async fn knows_whose_token_a_call_came_with() {
    let sim = start().await;
    let authority = sim.authority();
    let alice = login(&sim, "alice").access_token;
    let bob = login(&sim, "bob").access_token;
    let github = authority.sign_in(Vendor::GitHub, "alice", "c").access_token;
    for (token, id, status) in [
        (&*alice, "acct-alice", 200),
        (&bob, "acct-bob", 200),
        (&bob, "acct-alice", 403),
        (&alice, "", 403),
        ("nonsense", "acct-alice", 401),
        (&github, "acct-alice", 401),
    ] {
        let seen = call(&sim, token, id, &body("hi")).await;
        assert_eq!(seen.status, status, "{id}");
    }
    let seen: Vec<_> = authority
        .calls()
        .into_iter()
        .map(|call| (call.account, call.bearer, call.status.as_u16()))
        .collect();
    let some = |name: &str| Some(name.to_owned());
    assert_eq!(
        seen,
        [
            (some("alice"), alice.clone(), 200),
            (some("bob"), bob.clone(), 200),
            (some("bob"), bob.clone(), 403),
            (some("alice"), alice.clone(), 403),
            (None, "nonsense".to_owned(), 401),
            (None, github, 401),
        ]
    );
    let shown = format!("{:?}", authority.calls());
    assert!(shown.contains("alice") && !shown.contains(&alice));
    authority.expire_access("alice");
    let seen = call(&sim, &alice, "acct-alice", &body("hi")).await;
    assert_eq!(
        (seen.status.as_u16(), &seen.json()["error"]["code"]),
        (401, &json!("token_expired"))
    );
    assert_eq!(call(&sim, &bob, "acct-bob", &body("hi")).await.status, 200);
    let counters = authority.counters("alice");
    assert_eq!((counters.calls, counters.refused_calls), (2, 1));
    assert_eq!(authority.totals().calls, 5);
    authority.forget_calls();
    assert!(authority.calls().is_empty());
}

#[tokio::test]
async fn ends_access_tokens_by_its_own_clock() {
    let sim = start().await;
    let authority = sim.authority();
    authority.set_now(2_000_000_000);
    authority.set_lifetime(Duration::from_mins(1));
    let token = login(&sim, "alice").access_token;
    for (advance, status) in [(0, 200), (59, 200), (1, 401)] {
        authority.advance(Duration::from_secs(advance));
        let seen = call(&sim, &token, "acct-alice", &body("hi")).await;
        assert_eq!(seen.status, status, "{advance}");
    }
}

#[tokio::test]
async fn turns_an_account_down_whose_plan_is_used_up() {
    let sim = start().await;
    let authority = sim.authority();
    let token = login(&sim, "alice").access_token;
    for (at, after) in [(Some(2_000_000_000), None), (None, Some(60))] {
        let limit = Limit::Plan {
            resets_at: at,
            resets_in_seconds: after,
        };
        authority.set_limit("alice", Some(limit));
        let seen = call(&sim, &token, "acct-alice", &body("hi")).await;
        let error = seen.json()["error"].clone();
        assert_eq!(
            (seen.status.as_u16(), &error["type"]),
            (429, &json!("usage_limit_reached"))
        );
        assert_eq!(error["resets_at"], json!(at));
        assert_eq!(error["resets_in_seconds"], json!(after));
    }
    authority.set_limit(
        "alice",
        Some(Limit::Rate {
            retry_after: Some(7),
        }),
    );
    let seen = call(&sim, &token, "acct-alice", &body("hi")).await;
    assert_eq!(
        (seen.status.as_u16(), seen.header("retry-after")),
        (429, "7")
    );
    authority.set_limit("alice", None);
    assert_eq!(
        call(&sim, &token, "acct-alice", &body("hi")).await.status,
        200
    );
}

#[tokio::test]
async fn scripts_apply_to_calls_that_are_let_in() {
    let sim = start().await;
    let token = login(&sim, "alice").access_token;
    sim.script_next("status=500".parse().unwrap());
    sim.script_next("status=429;error=usage_limit_reached".parse().unwrap());
    let mut seen = Vec::new();
    for token in ["nonsense", &token, &token, &token] {
        let answer = call(&sim, token, "acct-alice", &body("hi")).await;
        seen.push(answer.status.as_u16());
        match answer.status.as_u16() {
            500 => assert!(answer.json()["detail"].is_string()),
            429 => assert_eq!(answer.json()["error"]["code"], "usage_limit_reached"),
            _ => {}
        }
    }
    assert_eq!(seen, [401, 500, 429, 200]);
}
