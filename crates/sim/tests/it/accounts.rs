//! What tests of accounts have in common.

use hyper::Method;
use serde_json::{Value, json};
use tollhouse_sim::{Sim, Tokens, Vendor};

use crate::client::{Seen, send};

pub(crate) const CLIENT: &str = "app_client";
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const JSON: (&str, &str) = ("content-type", "application/json");

pub(crate) async fn form(sim: &Sim, path: &str, fields: &[(&str, &str)]) -> Seen {
    let mut body = form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(fields);
    send(sim, Method::POST, path, &[FORM], body.finish())
        .await
        .unwrap()
}

pub(crate) async fn json(sim: &Sim, path: &str, body: &Value) -> Seen {
    send(sim, Method::POST, path, &[JSON], body.to_string())
        .await
        .unwrap()
}

pub(crate) async fn refresh(sim: &Sim, token: &str) -> Seen {
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", CLIENT),
        ("refresh_token", token),
    ];
    form(sim, "/oauth/token", &fields).await
}

/// A Codex login without a sign-in.
pub(crate) fn login(sim: &Sim, account: &str) -> Tokens {
    sim.authority().sign_in(Vendor::OpenAi, account, CLIENT)
}

/// A body that the `ChatGPT` backend takes.
pub(crate) fn body(text: &str) -> Value {
    json!({
        "model": "sim-echo", "instructions": "", "store": false, "stream": true,
        "input": [{"role": "user", "content": text}],
    })
}

/// A call of the `ChatGPT` backend.
pub(crate) async fn call(sim: &Sim, token: &str, id: &str, body: &Value) -> Seen {
    let path = "/backend-api/codex/responses";
    call_at(sim, path, token, id, body).await
}

pub(crate) async fn call_at(sim: &Sim, path: &str, token: &str, id: &str, body: &Value) -> Seen {
    let bearer = format!("Bearer {token}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("chatgpt-account-id", id),
        JSON,
    ];
    send(sim, Method::POST, path, &headers, body.to_string())
        .await
        .unwrap()
}

/// The status, and the code of a nested error.
pub(crate) fn code_of(seen: &Seen) -> (u16, Value) {
    (seen.status.as_u16(), seen.json()["error"]["code"].clone())
}

/// The status, and a flat error.
pub(crate) fn told(seen: &Seen) -> (u16, Value) {
    (seen.status.as_u16(), seen.json()["error"].clone())
}

/// A control over HTTP.
pub(crate) async fn control(sim: &Sim, name: &str, fields: &Value) -> Seen {
    let path = format!("/sim/authority/{name}");
    let seen = send(sim, Method::POST, &path, &[], fields.to_string());
    seen.await.unwrap()
}
