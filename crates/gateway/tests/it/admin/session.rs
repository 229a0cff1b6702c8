//! Signing in with a password, and what a browser's session may do.

use bytes::Bytes;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Api, refusal, started};
use crate::support::TestGateway;
use crate::support::client::{Answer, Client};

const PASSWORD: &str = "correct horse battery";

/// A browser that somebody signed in with.
struct Browser {
    client: Client,
    origin: String,
    cookie: String,
    csrf: String,
}

impl Browser {
    async fn open(gateway: &TestGateway, password: &str) -> Self {
        let answer = sign_in(gateway, "ada@example.com", password).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        let cookie = answer.header("set-cookie").unwrap();
        let (pair, attributes) = cookie.split_once("; ").unwrap();
        assert_eq!(attributes, "Path=/; Max-Age=604800; HttpOnly; SameSite=Lax");
        Self {
            client: Client::new(&gateway.url),
            origin: gateway.gateway.public_url().to_owned(),
            cookie: pair.to_owned(),
            csrf: answer.json()["csrf"].as_str().unwrap().to_owned(),
        }
    }

    async fn with(&self, method: Method, path: &str, more: &[(&str, &str)], body: &str) -> Answer {
        // `x-tollhouse-key` only keeps the test's client from adding a key of its own.
        let mut headers = vec![
            ("cookie", self.cookie.as_str()),
            ("x-tollhouse-key", "none"),
        ];
        headers.extend(more);
        if !body.is_empty() {
            headers.push(("content-type", "application/json"));
        }
        let body = Bytes::copy_from_slice(body.as_bytes());
        let request = self.client.request(method, path, &headers, body);
        self.client.whole(request).await
    }

    /// As our own pages do.
    async fn send(&self, method: Method, path: &str, body: &str) -> Answer {
        let ours = [
            ("origin", self.origin.as_str()),
            ("x-csrf-token", self.csrf.as_str()),
        ];
        self.with(method, path, &ours, body).await
    }

    async fn me(&self) -> StatusCode {
        self.with(Method::GET, "/api/v1/me", &[], "").await.status
    }
}

async fn sign_in(gateway: &TestGateway, email: &str, password: &str) -> Answer {
    let client = Client::new(&gateway.url);
    let body = json!({ "email": email, "password": password }).to_string();
    let headers = [
        ("content-type", "application/json"),
        ("x-tollhouse-key", "none"),
    ];
    let request = client.request(Method::POST, "/api/v1/session", &headers, body);
    client.whole(request).await
}

/// Somebody with a password; returns their id.
async fn ada(api: &Api) -> String {
    let body = r#"{"name":"Ada","email":"ada@example.com"}"#;
    let made = api.post("/api/v1/users", body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let body = json!({ "new": PASSWORD }).to_string();
    let path = format!("/api/v1/users/{id}/password");
    let given = api.put(&path, &body);
    assert_eq!(given.await.status, StatusCode::NO_CONTENT);
    id
}

#[tokio::test]
async fn a_password_opens_a_session_and_signing_out_ends_it() {
    let (_upstream, gateway, api) = started().await;
    let id = ada(&api).await;
    let browser = Browser::open(&gateway, PASSWORD).await;
    let me = browser
        .with(Method::GET, "/api/v1/me", &[], "")
        .await
        .json();
    assert_eq!(me["user"]["id"], id.as_str());
    assert_eq!(me["scope"], "admin");
    assert_eq!(me["csrf"], browser.csrf.as_str());

    let other = Browser::open(&gateway, PASSWORD).await;
    let out = browser.send(Method::DELETE, "/api/v1/session", "").await;
    assert_eq!(out.status, StatusCode::NO_CONTENT);
    assert!(out.header("set-cookie").unwrap().contains("Max-Age=0"));
    assert_eq!(browser.me().await, StatusCode::UNAUTHORIZED);
    assert_eq!(other.me().await, StatusCode::OK);

    let actions = api.get("/api/v1/audit?limit=50").await;
    let actions: Vec<&str> = actions["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["action"].as_str().unwrap())
        .collect();
    for action in ["session.close", "session.open", "user.password"] {
        assert!(actions.contains(&action), "{action}: {actions:?}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn one_answer_for_every_reason_and_a_lock_after_six() {
    let (_upstream, gateway, api) = started().await;
    let id = ada(&api).await;
    let nobody = sign_in(&gateway, "eve@example.com", PASSWORD).await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
    assert_eq!(nobody.header("set-cookie"), None);
    for _ in 0..6 {
        let wrong = sign_in(&gateway, "ada@example.com", "wrong, and long enough").await;
        assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
        assert_eq!(wrong.text(), nobody.text());
    }
    let locked = sign_in(&gateway, " Ada@Example.com ", PASSWORD).await;
    assert_eq!(locked.status, StatusCode::UNAUTHORIZED);
    assert_eq!(locked.text(), nobody.text());
    let body = json!({ "new": PASSWORD }).to_string();
    let path = format!("/api/v1/users/{id}/password");
    let unlocked = api.put(&path, &body);
    assert_eq!(unlocked.await.status, StatusCode::NO_CONTENT);
    Browser::open(&gateway, PASSWORD).await;

    let mut statuses = Vec::new();
    for _ in 0..12 {
        let answer = sign_in(&gateway, "eve@example.com", PASSWORD).await;
        statuses.push(answer.status.as_u16());
    }
    assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
    gateway.stop().await;
}

#[tokio::test]
async fn a_cookie_alone_changes_nothing() {
    let (_upstream, gateway, api) = started().await;
    let id = ada(&api).await;
    let browser = Browser::open(&gateway, PASSWORD).await;
    let (path, body) = (format!("/api/v1/users/{id}"), r#"{"name":"Ada L."}"#);
    let (ours, csrf) = (browser.origin.as_str(), browser.csrf.as_str());
    let wrong = "0".repeat(64);
    let cases: [(&[(&str, &str)], u16); 8] = [
        (&[], 403),
        (&[("x-csrf-token", csrf)], 403),
        (&[("origin", ours)], 403),
        (&[("origin", ours), ("x-csrf-token", &wrong)], 403),
        (
            &[("origin", "https://evil.example"), ("x-csrf-token", csrf)],
            403,
        ),
        (
            &[("sec-fetch-site", "cross-site"), ("x-csrf-token", csrf)],
            403,
        ),
        (&[("origin", ours), ("x-csrf-token", csrf)], 200),
        (
            &[("sec-fetch-site", "same-origin"), ("x-csrf-token", csrf)],
            200,
        ),
    ];
    for (headers, expected) in cases {
        let answer = browser.with(Method::PATCH, &path, headers, body).await;
        assert_eq!(answer.status.as_u16(), expected, "{headers:?}");
    }
    // A token counts before a cookie, and a wrong one is not made up for by it.
    let headers = [("authorization", "Bearer wrong")];
    let answer = browser.with(Method::GET, "/api/v1/me", &headers, "").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    gateway.stop().await;
}

#[tokio::test]
async fn a_new_password_and_switching_off_end_sessions() {
    let (_upstream, gateway, api) = started().await;
    let id = ada(&api).await;
    let (mine, other) = (
        Browser::open(&gateway, PASSWORD).await,
        Browser::open(&gateway, PASSWORD).await,
    );
    let change = |current: &str, new: &str| json!({ "current": current, "new": new }).to_string();
    let next = "another horse battery";
    let cases: [(String, u16, Option<&str>); 4] = [
        (change("not my password", next), 400, Some("current")),
        (change(PASSWORD, "short"), 400, Some("new")),
        (change(PASSWORD, &"x".repeat(1025)), 400, Some("new")),
        (change(PASSWORD, next), 204, None),
    ];
    for (body, expected, field) in cases {
        let answer = mine.send(Method::PUT, "/api/v1/me/password", &body).await;
        assert_eq!(answer.status.as_u16(), expected, "{}", answer.text());
        if field.is_some() {
            assert_eq!(refusal(&answer).2.as_deref(), field);
        }
    }
    assert_eq!(mine.me().await, StatusCode::OK);
    assert_eq!(other.me().await, StatusCode::UNAUTHORIZED);
    let old = sign_in(&gateway, "ada@example.com", PASSWORD).await;
    assert_eq!(old.status, StatusCode::UNAUTHORIZED);

    let path = format!("/api/v1/users/{id}");
    assert_eq!(api.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(mine.me().await, StatusCode::UNAUTHORIZED);
    let back = api.patch(&path, r#"{"disabled":false}"#).await;
    assert_eq!(back.status, StatusCode::OK);
    assert_eq!(mine.me().await, StatusCode::UNAUTHORIZED);
    Browser::open(&gateway, next).await;
    gateway.stop().await;
}

#[tokio::test]
async fn passwords_are_for_people_and_given_by_administrators() {
    let (_upstream, gateway, api) = started().await;
    let id = ada(&api).await;
    let token = api
        .post(
            &format!("/api/v1/users/{id}/tokens"),
            r#"{"name":"laptop"}"#,
        )
        .await;
    let token: Value = token.json();
    let theirs = Api::with(&gateway, token["secret"].as_str().unwrap());
    let body = json!({ "new": PASSWORD }).to_string();
    let path = format!("/api/v1/users/{id}/password");
    let answer = theirs.put(&path, &body);
    assert_eq!(answer.await.status, StatusCode::FORBIDDEN);
    let change = json!({ "current": PASSWORD, "new": "another horse battery" }).to_string();
    let answer = theirs.put("/api/v1/me/password", &change).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let scope = &theirs.get("/api/v1/me").await["scope"];
    assert_eq!(*scope, "write");
    assert_eq!(api.get("/api/v1/me").await, json!({ "scope": "admin" }));

    let service = r#"{"name":"builder","kind":"service"}"#;
    let service = api.post("/api/v1/users", service).await.json();
    let path = format!("/api/v1/users/{}/password", service["id"].as_str().unwrap());
    assert_eq!(api.put(&path, &body).await.status, StatusCode::CONFLICT);
    gateway.stop().await;
}
