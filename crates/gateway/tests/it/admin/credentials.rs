//! Credentials: used, and never seen again.

pub(super) mod people;
mod pool;
mod whose;

use http::{Method, StatusCode};

use super::{Api, refusal, started};
use crate::support::UPSTREAM_KEY;
use crate::support::upstream::ScriptedUpstream;

const CANARY: &str = "sk-canary-7f3a9b2c-never-to-be-seen";

/// A second provider at the same upstream, with a route of its own.
async fn with_mine(api: &Api, upstream: &ScriptedUpstream) {
    let body = format!(r#"{{"endpoints":{{"chat":"{}/v1"}}}}"#, upstream.url);
    let answer = api.put("/api/v1/providers/mine", &body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.json()["state"], "auth_required");
    let route = r#"{"data":[{"model":"my-*","targets":[{"provider":"mine"}]}]}"#;
    assert_eq!(
        api.put("/api/v1/routes", route).await.status,
        StatusCode::OK
    );
}

fn body(secret: &str) -> String {
    format!(r#"{{"api_key":"{secret}"}}"#)
}

const MINE: &str = "/api/v1/platform/credentials/mine";

#[tokio::test]
async fn a_credential_is_written_used_and_removed() {
    let (upstream, gateway, api) = started().await;
    with_mine(&api, &upstream).await;
    let (_, key) = api.key(r#"{"name":"a"}"#).await;
    assert_eq!(api.get(MINE).await["state"], "missing");
    assert_eq!(
        api.call(&upstream, &key, "my-model").await,
        StatusCode::FAILED_DEPENDENCY
    );

    let put = api.put(MINE, &body(&format!("  {CANARY}\\n"))).await;
    assert_eq!(put.status, StatusCode::OK, "{}", put.text());
    let first = put.json();
    assert_eq!(
        (&first["configured"], &first["state"]),
        (&true.into(), &"ready".into())
    );
    let again = api.put(MINE, &body(CANARY)).await.json();
    assert_eq!(first, again, "the same secret again changes nothing");

    assert_eq!(api.call(&upstream, &key, "my-model").await, StatusCode::OK);
    assert_eq!(
        upstream.last().header("authorization"),
        [format!("Bearer {CANARY}")]
    );

    let other = api.put(MINE, &body("sk-other")).await.json();
    assert_eq!(first["id"], other["id"]);
    assert_ne!(first["fingerprint"], other["fingerprint"]);

    let in_use = api.delete("/api/v1/providers/mine").await;
    assert_eq!(refusal(&in_use).1, "conflict");
    for _ in 0..2 {
        assert_eq!(api.delete(MINE).await.status, StatusCode::NO_CONTENT);
    }
    assert_eq!(api.get(MINE).await["configured"], false);
    assert_eq!(
        api.put("/api/v1/routes", r#"{"data":[]}"#).await.status,
        StatusCode::OK
    );
    assert_eq!(
        api.delete("/api/v1/providers/mine").await.status,
        StatusCode::NO_CONTENT
    );
    gateway.stop().await;
}

#[tokio::test]
async fn a_secret_is_in_no_answer_whatsoever() {
    let (upstream, gateway, api) = started().await;
    with_mine(&api, &upstream).await;
    let (_, key) = api.key(r#"{"name":"a"}"#).await;
    let mut answers = vec![api.put(MINE, &body(CANARY)).await];
    api.call(&upstream, &key, "my-model").await;
    let wrong = [
        format!("\"{CANARY}\""),
        format!(r#"{{"api_key":["{CANARY}"]}}"#),
        format!(r#"{{"api_key":"{CANARY}\nx"}}"#),
        format!(r#"{{"api_key":"{CANARY}"#),
        format!(r#"{{"api_key":"{CANARY}","api_key":"{CANARY}"}}"#),
        format!(r#"{{"api_key":"{CANARY}é"}}"#),
        format!(r#"{{"api_key":"{CANARY}{}"}}"#, "x".repeat(4096)),
    ];
    for body in &wrong {
        let answer = api.put(MINE, body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
        answers.push(answer);
    }
    for at in ["name", "kind", "models", "expires_in", "credentials"] {
        let body = format!(r#"{{"name":"a","{at}":"{CANARY}"}}"#);
        if at != "name" {
            answers.push(api.post("/api/v1/keys", &body).await);
        }
    }
    let document = api.get("/api/openapi.json").await;
    for (path, item) in document["paths"].as_object().unwrap() {
        let open_ended = path == "/api/v1/live";
        if item.get("get").is_some() && !open_ended {
            let path = path.replace("{provider}", "mine");
            answers.push(api.send(Method::GET, &path, "").await);
        }
    }
    for answer in answers {
        let text = answer.text();
        let headers = format!("{:?}", answer.headers);
        for secret in [CANARY, UPSTREAM_KEY] {
            assert!(
                !text.contains(secret) && !headers.contains(secret),
                "{text}"
            );
        }
    }
    gateway.stop().await;
}

#[tokio::test]
async fn what_cannot_be_a_credential_is_refused() {
    let (_upstream, gateway, api) = started().await;
    let anthropic = "/api/v1/platform/credentials/anthropic";
    assert_eq!(
        refusal(&api.put(anthropic, &body("x")).await).1,
        "not_found"
    );
    assert_eq!(
        api.put("/api/v1/providers/anthropic", "{}").await.status,
        StatusCode::OK
    );
    let answer = api.put(anthropic, &body("sk-proj-of-somebody-else")).await;
    let api_key = Some("api_key".to_owned());
    assert_eq!(
        refusal(&answer),
        (400, "invalid_request".into(), api_key.clone())
    );
    assert!(answer.text().contains("sk-ant-"), "{}", answer.text());
    for wrong in [
        "{}",
        r#"{"api_key":""}"#,
        r#"{"api_key":"   "}"#,
        r#"{"api_key":"sk-ant-é"}"#,
    ] {
        let answer = api.put(anthropic, wrong).await;
        assert_eq!(
            refusal(&answer),
            (400, "invalid_request".into(), api_key.clone()),
            "{wrong}"
        );
    }
    let answer = api
        .put(&format!("{anthropic}?name=No%20Way"), &body("sk-ant-x"))
        .await;
    assert_eq!(refusal(&answer).2.as_deref(), Some("name"));
    gateway.stop().await;
}

#[tokio::test]
async fn the_files_credential_is_left_alone() {
    let (_upstream, gateway, api) = started().await;
    let lab = "/api/v1/platform/credentials/lab";
    let shown = api.get(lab).await;
    assert_eq!(
        (&shown["managed"], &shown["state"]),
        (&true.into(), &"ready".into())
    );
    assert_eq!(refusal(&api.put(lab, &body("x")).await).1, "conflict");
    assert_eq!(refusal(&api.delete(lab).await).1, "conflict");
    let second = api.put(&format!("{lab}?name=second"), &body("x")).await;
    assert_eq!(second.json()["state"], "ready");
    let rows = api.all("/api/v1/platform/credentials", 1).await;
    let names: Vec<_> = rows
        .iter()
        .map(|row| row["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["default", "second"]);
    gateway.stop().await;
}

#[tokio::test]
async fn a_credential_can_be_tried_out_now_and_then() {
    let (upstream, gateway, api) = started().await;
    let id = api.get("/api/v1/platform/credentials/lab").await["id"].clone();
    let path = format!("/api/v1/credentials/{}/test", id.as_str().unwrap());
    upstream.json(200, r#"{"data":[]}"#);
    let tried = api.post(&path, "").await;
    assert_eq!(
        (tried.status, &tried.json()["ok"]),
        (StatusCode::OK, &true.into())
    );
    let seen = upstream.last();
    assert_eq!(seen.line(), "GET /v1/models HTTP/1.1");
    assert_eq!(seen.header("x-api-key"), [UPSTREAM_KEY]);
    assert_eq!(seen.header("anthropic-version").len(), 1);
    let soon = api.post(&path, "").await;
    assert_eq!(refusal(&soon).1, "rate_limited");
    let pause: u64 = soon.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=5).contains(&pause));
    assert_eq!(upstream.seen().len(), 1);
    gateway.stop().await;
}

#[tokio::test]
async fn a_refused_or_unreachable_credential_says_so_without_naming_anyone() {
    let (upstream, gateway, api) = started().await;
    with_mine(&api, &upstream).await;
    let answer = api.put(MINE, &body(CANARY)).await.json();
    let path = format!(
        "/api/v1/credentials/{}/test",
        answer["id"].as_str().unwrap()
    );
    upstream.json(401, r#"{"error":"no"}"#);
    let tried = api.post(&path, "").await.json();
    assert_eq!(
        (&tried["ok"], &tried["status"]),
        (&false.into(), &401.into())
    );
    let seen = upstream.last();
    assert_eq!(seen.line(), "GET /v1/models HTTP/1.1");
    assert_eq!(seen.header("authorization"), [format!("Bearer {CANARY}")]);
    unreachable(&api).await;
    gateway.stop().await;
}

async fn unreachable(api: &Api) {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = closed.local_addr().unwrap().to_string();
    drop(closed);
    let provider = format!(r#"{{"endpoints":{{"responses":"http://{address}/v1"}}}}"#);
    assert_eq!(
        api.put("/api/v1/providers/gone", &provider).await.status,
        StatusCode::OK
    );
    let put = api
        .put("/api/v1/platform/credentials/gone", &body(CANARY))
        .await
        .json();
    let path = format!("/api/v1/credentials/{}/test", put["id"].as_str().unwrap());
    let tried = api.post(&path, "").await;
    assert_eq!(tried.json()["ok"], false);
    assert!(tried.json().get("status").is_none());
    assert!(!tried.text().contains(&address));
}
