//! Onboarding: what a client is handed, and what it cannot be made to hand out.

use http::{Method, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use tollhouse_domain::onboarding::recipes;

use super::{ANSWER, Api, refusal};
use crate::support::upstream::ScriptedUpstream;
use crate::support::{TestGateway, configuration};

const PUBLIC: &str = "https://gateway.example/tollhouse";
const PATH: &str = "/api/v1/agents/builder/bootstrap";

/// A gateway with an address of its own to tell, that lends the platform's credentials, or not.
async fn lending(platform: bool) -> (ScriptedUpstream, TestGateway, Api) {
    let upstream = ScriptedUpstream::start().await;
    let data_dir = TempDir::new().unwrap();
    let extra = format!("public_url = \"{PUBLIC}\"\n[bootstrap]\nplatform = {platform}\n");
    let text = configuration(&upstream.url, data_dir.path(), &extra);
    let gateway = TestGateway::from_text(&text, data_dir).await;
    let api = Api::new(&gateway);
    (upstream, gateway, api)
}

async fn made(api: &Api, body: &str) -> Value {
    let answer = api.post(PATH, body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    answer.json()
}

#[tokio::test]
async fn every_client_is_handed_one_working_token_and_the_configured_address() {
    let (upstream, gateway, api) = lending(true).await;
    for recipe in recipes().unwrap() {
        let body = format!(
            r#"{{"client":"{}","model":"lab-model","platform":true}}"#,
            recipe.name
        );
        let answer = made(&api, &body).await;
        let token = answer["token"].as_str().unwrap();
        assert_eq!(
            api.call(&upstream, token, "lab-model").await,
            StatusCode::OK
        );
        let env = answer["env"].as_object().unwrap();
        let holds = |value: &&Value| value.as_str().is_some_and(|text| text.contains(token));
        assert_eq!(env.values().filter(holds).count(), 1, "{}", recipe.name);
        let files = answer["files"].to_string() + &answer["unset"].to_string();
        assert!(!files.contains(token), "{}", recipe.name);
        assert_eq!(answer["base_url"], recipe.base_url(PUBLIC));
        assert!(answer.to_string().contains(PUBLIC), "{}", recipe.name);
        assert!(!answer.to_string().contains("127.0.0.1"), "{}", recipe.name);
        assert_eq!(
            (
                &answer["provider"],
                &answer["model"],
                &answer["credential_source"]
            ),
            (&"lab".into(), &"lab-model".into(), &"platform".into())
        );
        let key = api
            .get(&format!("/api/v1/keys/{}", answer["id"].as_str().unwrap()))
            .await;
        assert_eq!(
            (&key["kind"], &key["agent"]),
            (&"scoped".into(), &"builder".into())
        );
        assert_eq!(key["credential_source"], "platform");
        assert_eq!(key["expires_at"], answer["expires_at"]);
        assert_eq!(
            key["credentials"],
            serde_json::json!({"client":false,"user":false,"org":false,"platform":true})
        );
        let row = &gateway.calls().await[0];
        assert_eq!(row.key.to_string(), answer["id"].as_str().unwrap());
        assert_eq!(row.credential_source.unwrap().as_str(), "platform");
        assert_eq!(row.agent.as_deref(), Some("builder"));
    }
    gateway.stop().await;
}

#[tokio::test]
async fn the_platform_is_lent_only_where_both_sides_say_so() {
    for (configured, asked, expected) in [
        (true, "true", StatusCode::CREATED),
        (true, "false", StatusCode::NOT_FOUND),
        (false, "true", StatusCode::NOT_FOUND),
        (false, "false", StatusCode::NOT_FOUND),
    ] {
        let (_upstream, gateway, api) = lending(configured).await;
        let body = format!(r#"{{"client":"codex","model":"m","platform":{asked}}}"#);
        let answer = api.post(PATH, &body).await;
        assert_eq!(
            answer.status,
            expected,
            "{configured} {asked}: {}",
            answer.text()
        );
        let keys = api.get("/api/v1/keys").await["data"]
            .as_array()
            .unwrap()
            .len();
        let made = usize::from(expected == StatusCode::CREATED);
        assert_eq!(keys, 1 + made, "a refusal makes no key");
        gateway.stop().await;
    }
}

#[tokio::test]
async fn no_header_of_the_request_moves_the_address() {
    let (_upstream, gateway, api) = lending(true).await;
    let body = r#"{"client":"claude-code","model":"m","platform":true}"#;
    for (name, value) in [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "gopher"),
        ("x-forwarded-prefix", "/evil.example"),
        ("forwarded", "host=evil.example;proto=http"),
        ("x-original-host", "evil.example"),
        ("origin", "https://evil.example"),
        ("referer", "https://evil.example/"),
    ] {
        let headers = [
            ("authorization", api.authorization.as_str()),
            ("content-type", "application/json"),
            (name, value),
        ];
        let request = api.client.request(Method::POST, PATH, &headers, body);
        let answer = api.client.whole(request).await;
        assert_eq!(
            answer.status,
            StatusCode::CREATED,
            "{name}: {}",
            answer.text()
        );
        assert!(!answer.text().contains("evil") && !answer.text().contains("gopher"));
        assert_eq!(answer.json()["base_url"], PUBLIC, "{name}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn what_cannot_be_told_is_refused_by_name_and_leaves_no_key() {
    let (_upstream, gateway, api) = lending(true).await;
    for (path, body, field) in [
        (PATH, r#"{"client":"nobody","platform":true}"#, "client"),
        (PATH, r#"{"platform":true}"#, "client"),
        (
            PATH,
            r#"{"client":"codex","model":"a\nb","platform":true}"#,
            "model",
        ),
        (
            PATH,
            r#"{"client":"codex","model":"a\rb","platform":true}"#,
            "model",
        ),
        (
            PATH,
            r#"{"client":"codex","model":"a\u0000b","platform":true}"#,
            "model",
        ),
        (
            PATH,
            r#"{"client":"codex","model":"","platform":true}"#,
            "model",
        ),
        (PATH, r#"{"client":"codex","url":"http://evil"}"#, "url"),
        (
            PATH,
            r#"{"client":"codex","base_url":"http://evil"}"#,
            "base_url",
        ),
        (
            "/api/v1/agents/a%0Ab/bootstrap",
            r#"{"client":"codex","model":"m","platform":true}"#,
            "agent",
        ),
        (
            "/api/v1/agents/%20/bootstrap",
            r#"{"client":"codex","model":"m","platform":true}"#,
            "agent",
        ),
    ] {
        let answer = api.post(path, body).await;
        assert_eq!(
            answer.status,
            StatusCode::BAD_REQUEST,
            "{body}: {}",
            answer.text()
        );
        assert_eq!(refusal(&answer).2.as_deref(), Some(field), "{body}");
    }
    let keys = api.get("/api/v1/keys").await["data"]
        .as_array()
        .unwrap()
        .len();
    assert_eq!(keys, 1);
    gateway.stop().await;
}

#[tokio::test]
async fn the_token_is_nowhere_but_in_its_answer() {
    let (upstream, gateway, api) = lending(true).await;
    let body = r#"{"client":"opencode","model":"m","platform":true}"#;
    let answer = made(&api, body).await;
    let token = answer["token"].as_str().unwrap();
    let rest = &token[9..];
    upstream.json(200, ANSWER);
    assert_eq!(api.call(&upstream, token, "m").await, StatusCode::OK);
    for path in ["/api/v1/keys", "/api/v1/audit", "/api/v1/calls", "/metrics"] {
        let shown = api.send(Method::GET, path, "").await;
        assert_eq!(shown.status, StatusCode::OK, "{path}");
        assert!(!shown.text().contains(rest), "{path}");
    }
    let told = upstream.last();
    assert!(!String::from_utf8_lossy(&told.body).contains(rest));
    // And it opens nothing of the control plane.
    let own = Api::with(&gateway, token);
    let refused = own.post(PATH, body).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    gateway.stop().await;
}
