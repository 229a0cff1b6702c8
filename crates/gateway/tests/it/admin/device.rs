//! Letting a device in by a code.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::session::{Browser, PASSWORD, ada};
use super::{Api, refusal, started};
use crate::support::TestGateway;
use crate::support::client::{Answer, Client};

const FORM: &str = "application/x-www-form-urlencoded";

async fn post(gateway: &TestGateway, path: &str, body: &Value) -> Answer {
    let client = Client::new(&gateway.url);
    let headers = [
        ("content-type", "application/json"),
        ("x-tollhouse-key", "none"),
    ];
    let request = client.request(Method::POST, path, &headers, body.to_string());
    client.whole(request).await
}

/// A device's two codes: the one it keeps and the one it shows.
async fn ask(gateway: &TestGateway, name: &str) -> (String, String) {
    let body = json!({ "name": name });
    let answer = post(gateway, "/api/v1/device/code", &body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let codes = answer.json();
    let text = |name: &str| codes[name].as_str().unwrap().to_owned();
    (text("device_code"), text("user_code"))
}

async fn poll(gateway: &TestGateway, code: &str) -> Answer {
    let body = json!({ "device_code": code });
    post(gateway, "/api/v1/device/token", &body).await
}

/// What the device is told that has no token.
async fn told(gateway: &TestGateway, code: &str) -> String {
    let answer = poll(gateway, code).await;
    let (status, word, field) = refusal(&answer);
    assert_eq!((status, field), (400, None));
    word
}

/// Says something about a code, as the page's form does.
async fn say(browser: &Browser, code: &str, said: &str) -> StatusCode {
    let body = format!("code={code}&csrf={}&{said}", browser.csrf);
    let headers = [("content-type", FORM), ("origin", browser.origin.as_str())];
    let answer = browser.with(Method::POST, "/device", &headers, &body).await;
    answer.status
}

#[tokio::test]
async fn a_device_gets_a_token_of_whoever_lets_it_in() {
    let (_upstream, gateway, api) = started().await;
    let id = ada(&api).await;
    let browser = Browser::open(&gateway, PASSWORD).await;
    let answer = post(
        &gateway,
        "/api/v1/device/code",
        &json!({ "name": "laptop" }),
    )
    .await;
    let codes = answer.json();
    let uri = format!("{}/device", browser.origin);
    assert_eq!(codes["verification_uri"], uri.as_str());
    let (kept, typed) = (&codes["device_code"], &codes["user_code"]);
    let (kept, typed) = (kept.as_str().unwrap(), typed.as_str().unwrap());
    let complete = format!("{uri}?code={typed}");
    assert_eq!(codes["verification_uri_complete"], complete.as_str());
    assert_eq!(
        (&codes["expires_in"], &codes["interval"]),
        (&json!(600), &json!(5))
    );

    let page = browser
        .with(Method::GET, &format!("/device?code={typed}"), &[], "")
        .await;
    assert_eq!(page.status, StatusCode::OK);
    for shown in ["laptop", "127.0.0.1", "a moment ago", typed] {
        assert!(page.text().contains(shown), "{shown}: {}", page.text());
    }
    // As people type it.
    let typed = typed.to_lowercase().replace('-', "+");
    assert_eq!(
        say(&browser, &typed, "answer=approve&scope=read").await,
        StatusCode::OK
    );
    let given = poll(&gateway, kept).await;
    assert_eq!(given.status, StatusCode::OK, "{}", given.text());
    let given = given.json();
    assert_eq!(given["token_type"], "Bearer");
    assert_eq!(given["scope"], "read");
    assert_eq!(given["expires_in"], 90 * 24 * 3600);

    let theirs = Api::with(&gateway, given["access_token"].as_str().unwrap());
    let me = theirs.get("/api/v1/me").await;
    assert_eq!(
        (&me["user"]["id"], &me["scope"]),
        (&json!(id), &json!("read"))
    );
    let tokens = theirs.get("/api/v1/me/tokens").await;
    assert_eq!(tokens["data"][0]["id"], given["id"]);
    assert_eq!(tokens["data"][0]["name"], "laptop");

    // Given once.
    assert_eq!(told(&gateway, kept).await, "invalid_grant");
    let trail = api.get("/api/v1/audit?limit=20").await;
    let entries = trail["data"].as_array().unwrap();
    let of = |action: &str| {
        entries
            .iter()
            .find(|entry| entry["action"] == action)
            .unwrap()
    };
    assert_eq!(of("device.approve")["actor"]["id"], id.as_str());
    assert_eq!(of("device.approve")["subject"]["name"], "laptop");
    let given = entries
        .iter()
        .find(|entry| entry["detail"]["device"].is_string());
    assert_eq!(
        given.unwrap()["detail"]["device"],
        of("device.approve")["subject"]["id"]
    );
    let text = trail.to_string();
    assert!(
        !text.contains(kept) && !text.to_lowercase().contains(&typed),
        "{text}"
    );
    gateway.stop().await;
}

#[tokio::test]
async fn a_device_that_may_only_look_may_leave() {
    let (_upstream, gateway, api) = started().await;
    ada(&api).await;
    let browser = Browser::open(&gateway, PASSWORD).await;
    let (kept, typed) = ask(&gateway, "laptop").await;
    assert_eq!(
        say(&browser, &typed, "answer=approve&scope=read").await,
        StatusCode::OK
    );
    let given = poll(&gateway, &kept).await.json();
    let theirs = Api::with(&gateway, given["access_token"].as_str().unwrap());
    let made = browser
        .send(Method::POST, "/api/v1/me/tokens", r#"{"name":"other"}"#)
        .await;
    assert_eq!(made.status, StatusCode::CREATED);
    let path = |id: &Value| format!("/api/v1/me/tokens/{}", id.as_str().unwrap());
    let other = theirs.delete(&path(&made.json()["id"])).await;
    assert_eq!(other.status, StatusCode::FORBIDDEN);
    let own = theirs.delete(&path(&given["id"])).await;
    assert_eq!(own.status, StatusCode::NO_CONTENT);
    let gone = theirs.send(Method::GET, "/api/v1/me", "").await;
    assert_eq!(gone.status, StatusCode::UNAUTHORIZED);
    gateway.stop().await;
}

#[tokio::test]
async fn a_device_waits_is_slowed_down_and_turned_away() {
    let (_upstream, gateway, api) = started().await;
    ada(&api).await;
    let browser = Browser::open(&gateway, PASSWORD).await;
    let (kept, typed) = ask(&gateway, "laptop").await;
    assert_eq!(told(&gateway, &kept).await, "authorization_pending");
    assert_eq!(told(&gateway, &kept).await, "slow_down");
    assert_eq!(say(&browser, &typed, "answer=deny").await, StatusCode::OK);
    assert_eq!(told(&gateway, &kept).await, "access_denied");
    let late = say(&browser, &typed, "answer=approve&scope=write").await;
    assert_eq!(late, StatusCode::NOT_FOUND);
    assert_eq!(told(&gateway, &kept).await, "access_denied");
    // Neither of one device's codes does for the other.
    assert_eq!(told(&gateway, &typed).await, "invalid_grant");
    assert_eq!(told(&gateway, "").await, "invalid_grant");
    let tokens = browser
        .with(Method::GET, "/api/v1/me/tokens", &[], "")
        .await;
    assert_eq!(tokens.json()["data"], json!([]));
    gateway.stop().await;
}

#[tokio::test]
async fn codes_cannot_be_guessed() {
    let (_upstream, gateway, api) = started().await;
    ada(&api).await;
    let browser = Browser::open(&gateway, PASSWORD).await;
    let mut statuses = Vec::new();
    for at in 0..21 {
        let guess = format!("BCDF-GH{}", &"JKLMNPQRSTVWXZBCDFGHJK"[at..=at + 1]);
        let path = format!("/device?code={guess}");
        let page = browser.with(Method::GET, &path, &[], "").await;
        statuses.push(page.status.as_u16());
    }
    assert_eq!(statuses[..20], [404; 20]);
    assert_eq!(statuses[20], 429);
    // Who guesses codes shuts no other door.
    Browser::open(&gateway, PASSWORD).await;
    let mut asked = Vec::new();
    for _ in 0..21 {
        let answer = post(&gateway, "/api/v1/device/code", &json!({})).await;
        asked.push(answer.status.as_u16());
    }
    assert_eq!(asked[..20], [200; 20]);
    assert_eq!(asked[20], 429);
    gateway.stop().await;
}

#[tokio::test]
async fn nobody_switched_off_lets_a_device_in() {
    let (_upstream, gateway, api) = started().await;
    let id = ada(&api).await;
    let browser = Browser::open(&gateway, PASSWORD).await;
    let (kept, typed) = ask(&gateway, "laptop").await;
    assert_eq!(
        say(&browser, &typed, "answer=approve&scope=write").await,
        StatusCode::OK
    );
    let path = format!("/api/v1/users/{id}");
    assert_eq!(api.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(told(&gateway, &kept).await, "invalid_grant");
    let back = api.patch(&path, r#"{"disabled":false}"#).await;
    assert_eq!(back.status, StatusCode::OK);
    assert_eq!(told(&gateway, &kept).await, "invalid_grant");
    gateway.stop().await;
}

#[tokio::test]
async fn a_token_is_of_whoever_said_yes_and_of_nobody_else() {
    let (_upstream, gateway, api) = started().await;
    let id = ada(&api).await;
    for org in ["here", "elsewhere"] {
        api.post("/api/v1/orgs", &json!({ "name": org }).to_string())
            .await;
    }
    let member = format!("/api/v1/orgs/elsewhere/members/{id}");
    let member = api.put(&member, r#"{"role":"owner"}"#).await;
    assert_eq!(member.status, StatusCode::OK, "{}", member.text());
    let browser = Browser::open(&gateway, PASSWORD).await;
    let (kept, typed) = ask(&gateway, "somebody else's laptop").await;
    assert_eq!(
        say(&browser, &typed, "answer=approve&scope=admin").await,
        StatusCode::OK
    );
    let given = poll(&gateway, &kept).await.json();
    let theirs = Api::with(&gateway, given["access_token"].as_str().unwrap());
    let orgs = theirs.get("/api/v1/orgs").await;
    let names: Vec<_> = orgs["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|org| &org["name"])
        .collect();
    assert_eq!(names, ["elsewhere"]);
    let here = theirs.send(Method::GET, "/api/v1/orgs/here", "").await;
    assert_eq!(here.status, StatusCode::NOT_FOUND);

    // The administrator's session is nobody's.
    let operator = json!({ "token": crate::support::ADMIN });
    let operator = Browser::open_with(&gateway, &operator).await;
    let (kept, typed) = ask(&gateway, "laptop").await;
    let answer = say(&operator, &typed, "answer=approve&scope=admin").await;
    assert_eq!(answer, StatusCode::FORBIDDEN);
    assert_eq!(told(&gateway, &kept).await, "authorization_pending");
    gateway.stop().await;
}

#[tokio::test]
async fn what_a_device_says_is_read_strictly() {
    let (_upstream, gateway, _) = started().await;
    let long = "x".repeat(101);
    let cases = [
        ("/api/v1/device/code", json!({ "name": "" }), "name"),
        ("/api/v1/device/code", json!({ "name": long }), "name"),
        ("/api/v1/device/code", json!({ "name": "a\nb" }), "name"),
        (
            "/api/v1/device/code",
            json!({ "client_id": "x" }),
            "client_id",
        ),
        ("/api/v1/device/token", json!({}), "device_code"),
        (
            "/api/v1/device/token",
            json!({ "device_code": 1 }),
            "device_code",
        ),
    ];
    for (path, body, field) in cases {
        let answer = post(&gateway, path, &body).await;
        let expected = (400, "invalid_request".to_owned(), Some(field.to_owned()));
        assert_eq!(refusal(&answer), expected, "{path} {body}");
    }
    gateway.stop().await;
}
