//! Signing in with a password, and what a browser's session may do.

use bytes::Bytes;
use http::{Method, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{Api, refusal, started};
use crate::support::client::{Answer, Client};
use crate::support::{ADMIN, KEY, SOON, TestGateway, configuration};

pub(super) const PASSWORD: &str = "correct horse battery";

/// A browser that somebody signed in with.
pub(super) struct Browser {
    client: Client,
    pub(super) origin: String,
    pub(super) cookie: String,
    pub(super) csrf: String,
}

impl Browser {
    pub(super) async fn open(gateway: &TestGateway, password: &str) -> Self {
        let body = json!({ "email": "ada@example.com", "password": password });
        Self::open_with(gateway, &body).await
    }

    /// The same with what is shown to be let in.
    pub(super) async fn open_with(gateway: &TestGateway, body: &Value) -> Self {
        let answer = show(gateway, body).await;
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

    pub(super) async fn with(
        &self,
        method: Method,
        path: &str,
        more: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        // `x-tollhouse-key` only keeps the test's client from adding a key of its own.
        let mut headers = vec![
            ("cookie", self.cookie.as_str()),
            ("x-tollhouse-key", "none"),
        ];
        headers.extend(more);
        if !body.is_empty() && !more.iter().any(|(name, _)| *name == "content-type") {
            headers.push(("content-type", "application/json"));
        }
        let body = Bytes::copy_from_slice(body.as_bytes());
        let request = self.client.request(method, path, &headers, body);
        self.client.whole(request).await
    }

    /// As our own pages do.
    pub(super) async fn send(&self, method: Method, path: &str, body: &str) -> Answer {
        let ours = [
            ("origin", self.origin.as_str()),
            ("x-csrf-token", self.csrf.as_str()),
        ];
        self.with(method, path, &ours, body).await
    }

    /// The live view, as the browser has it.
    async fn watch(&self) -> Incoming {
        let headers = [
            ("cookie", self.cookie.as_str()),
            ("x-tollhouse-key", "none"),
        ];
        let live = self
            .client
            .request(Method::GET, "/api/v1/live", &headers, "");
        let response = self.client.send(live).await;
        assert_eq!(response.status(), StatusCode::OK);
        response.into_body()
    }

    pub(super) async fn me(&self) -> StatusCode {
        self.with(Method::GET, "/api/v1/me", &[], "").await.status
    }
}

async fn sign_in(gateway: &TestGateway, email: &str, password: &str) -> Answer {
    show(gateway, &json!({ "email": email, "password": password })).await
}

async fn show(gateway: &TestGateway, body: &Value) -> Answer {
    let client = Client::new(&gateway.url);
    let headers = [
        ("content-type", "application/json"),
        ("x-tollhouse-key", "none"),
    ];
    let request = client.request(Method::POST, "/api/v1/session", &headers, body.to_string());
    client.whole(request).await
}

/// Somebody with a password; returns their id.
pub(super) async fn ada(api: &Api) -> String {
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
    assert_eq!(
        (&me["acts_as"], &me["admin"]),
        (&json!("user"), &json!(false))
    );
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
    let operator = show(&gateway, &json!({ "token": ADMIN })).await;
    let why = "who guesses passwords shuts no other door";
    assert_eq!(operator.status, StatusCode::OK, "{why}");
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
    let me = json!({ "acts_as": "operator", "admin": true, "scope": "admin" });
    assert_eq!(api.get("/api/v1/me").await, me);

    let service = r#"{"name":"builder","kind":"service"}"#;
    let service = api.post("/api/v1/users", service).await.json();
    let path = format!("/api/v1/users/{}/password", service["id"].as_str().unwrap());
    assert_eq!(api.put(&path, &body).await.status, StatusCode::CONFLICT);
    gateway.stop().await;
}

#[tokio::test]
async fn the_administrators_token_opens_a_session_that_ends_with_it() {
    let (upstream, gateway, api) = started().await;
    let operator = json!({ "token": ADMIN });
    let browser = Browser::open_with(&gateway, &operator).await;
    let me = browser.with(Method::GET, "/api/v1/me", &[], "").await;
    let expected =
        json!({ "acts_as": "operator", "admin": true, "scope": "admin", "csrf": browser.csrf });
    assert_eq!(me.json(), expected);
    let org = r#"{"name":"acme"}"#;
    let without = browser.with(Method::POST, "/api/v1/orgs", &[], org).await;
    assert_eq!(without.status, StatusCode::FORBIDDEN);
    let made = browser.send(Method::POST, "/api/v1/orgs", org).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let tokens = browser
        .with(Method::GET, "/api/v1/me/tokens", &[], "")
        .await;
    assert_eq!(tokens.status, StatusCode::FORBIDDEN);

    let left = Browser::open_with(&gateway, &operator).await;
    let out = left.send(Method::DELETE, "/api/v1/session", "").await;
    assert_eq!(out.status, StatusCode::NO_CONTENT);
    assert_eq!(left.me().await, StatusCode::UNAUTHORIZED);
    let trail = api.get("/api/v1/audit?limit=10").await;
    let entries = trail["data"].as_array().unwrap().iter();
    let of_operator: Vec<_> = entries
        .filter(|entry| entry["subject"]["kind"] == "session")
        .map(|entry| {
            (
                entry["action"].as_str().unwrap(),
                entry["actor"]["kind"].as_str().unwrap(),
            )
        })
        .collect();
    let (open, close) = (("session.open", "operator"), ("session.close", "operator"));
    assert_eq!(of_operator, [close, open, open]);

    // The same installation under another token.
    let cookie = browser.cookie.clone();
    let data_dir = gateway.stop().await;
    let text = configuration(&upstream.url, data_dir.path(), "");
    let text = text.replace("env:ADMIN", "env:KEY_other");
    let gateway = TestGateway::from_text(&text, data_dir).await;
    let client = Client::new(&gateway.url);
    let headers = [("cookie", cookie.as_str()), ("x-tollhouse-key", "none")];
    let request = client.request(Method::GET, "/api/v1/me", &headers, "");
    assert_eq!(client.whole(request).await.status, StatusCode::UNAUTHORIZED);
    let data_dir = gateway.stop().await;
    let text = text.replace("env:KEY_other", "env:ADMIN");
    let gateway = TestGateway::from_text(&text, data_dir).await;
    let client = Client::new(&gateway.url);
    let request = client.request(Method::GET, "/api/v1/me", &headers, "");
    assert_eq!(client.whole(request).await.status, StatusCode::OK);
    gateway.stop().await;
}

#[tokio::test]
async fn wrong_tokens_open_nothing_and_are_counted() {
    let (_upstream, gateway, api) = started().await;
    let cases = [
        (json!({}), 400, Some("email")),
        (json!({ "email": "a@b" }), 400, Some("password")),
        (json!({ "password": "x" }), 400, Some("email")),
        (
            json!({ "token": ADMIN, "email": "a@b" }),
            400,
            Some("token"),
        ),
        (
            json!({ "token": ADMIN, "password": "x" }),
            400,
            Some("token"),
        ),
        (json!({ "token": ADMIN, "more": 1 }), 400, Some("more")),
        (json!({ "token": "" }), 401, None),
        (json!({ "token": &ADMIN[1..] }), 401, None),
        (json!({ "token": KEY }), 401, None),
    ];
    for (body, status, field) in cases {
        let answer = show(&gateway, &body).await;
        assert_eq!(answer.status.as_u16(), status, "{body}");
        assert_eq!(refusal(&answer).2.as_deref(), field, "{body}");
        assert_eq!(answer.header("set-cookie"), None);
    }
    let trail = api.get("/api/v1/audit?limit=10").await.to_string();
    assert_eq!(trail.matches("session.refuse").count(), 3);
    let mut last = StatusCode::OK;
    for _ in 0..20 {
        last = show(&gateway, &json!({ "token": "wrong" })).await.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    let ada = sign_in(&gateway, "ada@example.com", PASSWORD).await;
    let why = "who guesses the token shuts no other door";
    assert_eq!(ada.status, StatusCode::UNAUTHORIZED, "{why}");
    gateway.stop().await;
}

#[tokio::test]
async fn strangers_are_told_how_to_sign_in() {
    let (_upstream, gateway, _) = started().await;
    let answer = Client::new(&gateway.url)
        .get("/api/v1/session/ways", &[])
        .await;
    let ways = json!({ "password": true, "sso": false, "token": true });
    assert_eq!(answer.json(), ways);
    gateway.stop().await;
}

/// What a live view is told first where nobody calls.
const NOTHING_RUNS: &str = "event: running\ndata: {\"calls\":[],\"more\":0}\n\n";

/// Reads a live view to its end: nothing runs, and nothing is called.
async fn ended(view: &mut Incoming) {
    while let Some(frame) = timeout(SOON, view.frame()).await.expect("an end") {
        let told = frame.unwrap().into_data().unwrap();
        assert_eq!(told, NOTHING_RUNS);
    }
}

#[tokio::test]
async fn a_live_view_ends_with_its_session() {
    let (_upstream, gateway, api) = started().await;
    let id = ada(&api).await;
    let path = format!("/api/v1/users/{id}/password");
    let body = json!({ "new": PASSWORD }).to_string();
    for by_password in [false, true] {
        let browser = Browser::open(&gateway, PASSWORD).await;
        let stays = Browser::open(&gateway, PASSWORD).await;
        let (mut theirs, mut other) = (browser.watch().await, stays.watch().await);
        if by_password {
            assert_eq!(api.put(&path, &body).await.status, StatusCode::NO_CONTENT);
        } else {
            let out = browser.send(Method::DELETE, "/api/v1/session", "").await;
            assert_eq!(out.status, StatusCode::NO_CONTENT);
        }
        ended(&mut theirs).await;
        if by_password {
            ended(&mut other).await;
        } else {
            assert_eq!(stays.me().await, StatusCode::OK);
        }
    }
    gateway.stop().await;
}
