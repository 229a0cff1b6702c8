//! GitHub Copilot.

use std::time::Duration;

use hyper::Method;
use serde_json::{Value, json};
use tollhouse_sim::{Outage, Sim, TokenAnswer, Vendor};

use crate::{
    accounts::control,
    client::{Seen, send, start},
};

const EDITOR: (&str, &str) = ("editor-version", "tollhouse/0.1");

fn login(sim: &Sim, account: &str) -> String {
    sim.authority()
        .sign_in(Vendor::GitHub, account, "app")
        .access_token
}

async fn get(sim: &Sim, path: &str, headers: &[(&str, &str)]) -> Seen {
    send(sim, Method::GET, path, headers, "").await.unwrap()
}

async fn exchange(sim: &Sim, authorization: &str) -> Seen {
    let headers = [("authorization", authorization)];
    get(sim, "/copilot_internal/v2/token", &headers).await
}

async fn short(sim: &Sim, account: &str) -> String {
    let token = login(sim, account);
    let seen = exchange(sim, &format!("token {token}")).await.json();
    seen["token"].as_str().unwrap().to_owned()
}

async fn call(sim: &Sim, path: &str, token: &str, more: &[(&str, &str)], body: &Value) -> Seen {
    let bearer = format!("Bearer {token}");
    let mut headers = vec![
        ("authorization", &*bearer),
        ("anthropic-version", "2023-06-01"),
    ];
    headers.extend(more);
    send(sim, Method::POST, path, &headers, body.to_string())
        .await
        .unwrap()
}

fn said(content: &Value) -> Value {
    json!({"model": "sim-echo", "messages": [{"role": "user", "content": content}]})
}

#[tokio::test]
async fn exchanges_a_login_for_a_short_token() {
    let sim = start().await;
    let authority = sim.authority();
    let token = login(&sim, "alice");
    let seen = exchange(&sim, &format!("token {token}")).await;
    assert_eq!(seen.status, 200);
    let seen = seen.json();
    let now = authority.now();
    assert_eq!(seen["expires_at"], json!(now + 1800));
    assert_eq!(seen["refresh_in"], 1500);
    assert_eq!(seen["endpoints"]["api"], sim.base_url());
    assert!(seen["token"].as_str().unwrap().starts_with("tid="));
    authority.set_short_lifetime(Duration::from_secs(77));
    let shorter = exchange(&sim, &format!("token {token}")).await.json();
    assert_eq!(shorter["expires_at"], json!(now + 77));
    assert_eq!(authority.counters("alice").exchanges, 2);
    for wrong in [&*format!("Bearer {token}"), "token gho_other", "token ", ""] {
        assert_eq!(exchange(&sim, wrong).await.status, 401, "{wrong}");
    }
    authority.set_plan("alice", "none");
    assert_eq!(exchange(&sim, &format!("token {token}")).await.status, 403);
    authority.revoke("alice");
    assert_eq!(exchange(&sim, &format!("token {token}")).await.status, 401);
}

#[tokio::test]
async fn the_exchange_misbehaves_as_it_is_told() {
    let sim = start().await;
    let token = format!("token {}", login(&sim, "alice"));
    let busy = TokenAnswer {
        status: Some(502),
        ..TokenAnswer::default()
    };
    sim.authority().next_token_answer(Vendor::Copilot, busy);
    assert_eq!(exchange(&sim, &token).await.status, 502);
    assert_eq!(sim.authority().counters("alice").exchanges, 0);
    sim.authority().set_outage(Vendor::Copilot, Outage::Down);
    assert_eq!(exchange(&sim, &token).await.status, 503);
    sim.authority().set_outage(Vendor::Copilot, Outage::Off);
    assert_eq!(exchange(&sim, &token).await.status, 200);
}

#[tokio::test]
async fn tells_what_is_left() {
    let sim = start().await;
    let token = format!("token {}", login(&sim, "alice"));
    let headers = [("authorization", &*token)];
    let path = "/copilot_internal/user";
    let seen = get(&sim, path, &headers).await.json();
    let premium = &seen["quota_snapshots"]["premium_interactions"];
    assert_eq!(premium["remaining"], 225);
    assert_eq!(premium["percent_remaining"], 75.0);
    assert_eq!(seen["login"], "alice");
    assert_eq!(seen["copilot_plan"], "plus");
    assert_eq!(seen["quota_snapshots"]["chat"]["unlimited"], true);
}

#[tokio::test]
async fn answers_on_each_of_its_paths() {
    let sim = start().await;
    let token = short(&sim, "alice").await;
    let mut messages = said(&json!("hi"));
    messages["max_tokens"] = json!(9);
    for (path, body, answer) in [
        (
            "/chat/completions",
            said(&json!("hi")),
            "/choices/0/message/content",
        ),
        (
            "/responses",
            json!({"model": "sim-echo", "input": "hi"}),
            "/output/0/content/0/text",
        ),
        ("/v1/messages", messages, "/content/0/text"),
    ] {
        let seen = call(&sim, path, &token, &[EDITOR], &body).await;
        assert_eq!(seen.status, 200, "{path}");
        assert_eq!(seen.json().pointer(answer), Some(&json!("hi")), "{path}");
        let seen = call(&sim, path, &token, &[], &body).await;
        assert_eq!(seen.status, 400, "{path}");
        assert!(seen.body.starts_with(b"bad request: missing Editor"));
        for wrong in ["tid=other", "gho_other"] {
            let seen = call(&sim, path, wrong, &[EDITOR], &body).await;
            assert_eq!(seen.status, 401, "{path}");
        }
    }
    sim.authority().set_editor_required(false);
    let seen = call(&sim, "/chat/completions", &token, &[], &said(&json!("hi"))).await;
    assert_eq!(seen.status, 200);
    // There is no chat below `/v1`: that is the plain provider's, where nobody is known.
    sim.authority().forget_calls();
    call(
        &sim,
        "/v1/chat/completions",
        &token,
        &[EDITOR],
        &said(&json!("hi")),
    )
    .await;
    assert!(sim.authority().calls().is_empty());
}

#[tokio::test]
async fn a_short_token_ends_by_itself_and_with_its_login() {
    type End = fn(&tollhouse_sim::Authority);
    let ends: [(End, &str); 3] = [
        (
            |it| it.advance(Duration::from_mins(30)),
            "unauthorized: token expired\n",
        ),
        (
            |it| it.expire_access("alice"),
            "unauthorized: token expired\n",
        ),
        (|it| it.revoke("alice"), "unauthorized: token revoked\n"),
    ];
    for (end, message) in ends {
        let sim = start().await;
        let token = short(&sim, "alice").await;
        let body = said(&json!("hi"));
        let seen = call(&sim, "/chat/completions", &token, &[EDITOR], &body).await;
        assert_eq!(seen.status, 200);
        end(sim.authority());
        let seen = call(&sim, "/chat/completions", &token, &[EDITOR], &body).await;
        assert_eq!(
            (seen.status.as_u16(), &*seen.body),
            (401, message.as_bytes())
        );
    }
}

#[tokio::test]
async fn keeps_what_a_call_says_of_itself() {
    let sim = start().await;
    let token = short(&sim, "alice").await;
    let picture =
        json!([{"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}]);
    let told = [
        EDITOR,
        ("x-initiator", "agent"),
        ("copilot-vision-request", "true"),
    ];
    sim.authority().forget_calls();
    let path = "/chat/completions";
    let seen = call(&sim, path, &token, &told[..2], &said(&picture)).await;
    assert_eq!(seen.status, 400);
    let seen = call(&sim, path, &token, &told, &said(&picture)).await;
    assert_eq!(seen.status, 200);
    let mut tool = said(&json!("hi"));
    tool["tools"] = json!([{"type": "function", "function": {"name": "look", "parameters":
        {"type": "object", "properties": {"type": {"type": "image"}}}}}]);
    let seen = call(&sim, path, &token, &told[..1], &tool).await;
    assert_eq!(seen.status, 200);
    let calls = sim.authority().calls();
    let calls: Vec<_> = calls
        .iter()
        .map(|call| (call.account.as_deref(), call.initiator(), call.vision()))
        .collect();
    let alice = Some("alice");
    assert_eq!(
        calls,
        [
            (alice, Some("agent"), false),
            (alice, Some("agent"), true),
            (alice, None, false)
        ]
    );
}

#[tokio::test]
async fn lists_models_with_their_endpoints() {
    let sim = start().await;
    let bearer = format!("Bearer {}", short(&sim, "alice").await);
    let headers = [("authorization", &*bearer), EDITOR];
    let seen = get(&sim, "/models", &headers).await.json();
    assert_eq!(seen["data"][0]["id"], "sim-echo");
    assert_eq!(seen["data"][0]["supported_endpoints"][1], "/responses");
    let seen = get(&sim, "/models", &[EDITOR]).await;
    assert_eq!(seen.status, 401);
}

#[tokio::test]
async fn is_controlled_over_http() {
    let sim = start().await;
    let token = login(&sim, "alice");
    control(&sim, "short-lifetime", &json!({"seconds": 500})).await;
    control(&sim, "editor-required", &json!({"on": false})).await;
    let short = exchange(&sim, &format!("token {token}")).await.json();
    assert_eq!(short["refresh_in"], 200);
    let bearer = format!("Bearer {}", short["token"].as_str().unwrap());
    let headers = [("authorization", &*bearer)];
    let seen = get(&sim, "/models", &headers).await;
    assert_eq!(seen.status, 200);
}
