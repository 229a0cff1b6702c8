//! GitHub Copilot: where calls go, with what, and when they do not go at all.

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinSet;
use tollhouse_sim::Sim;

use crate::support::accounts::{authority, put_github};
use crate::support::client::{Answer, Client};
use crate::support::dialect::{CHAT, Dialect, MESSAGES, RESPONSES};
use crate::support::{ADMIN, SOON, TestGateway, parse};

const IDENTITY: &str =
    r#"headers = { editor-version = "acme/1.2", copilot-integration-id = "acme-gateway" }"#;

/// The configuration of an operator who has set Copilot up, but for `headers`.
fn configuration(sim: &Sim, data_dir: &TempDir, headers: &str) -> String {
    let (base, path) = (sim.base_url(), data_dir.path().display());
    format!(
        r#"
[server]
listen = "127.0.0.1:0"
data_dir = "{path}"
[admin]
token = "env:ADMIN"
[vault]
master_key = "env:MASTER"
[accounts.authority.github]
base = "{base}"
api = "{base}"
client_id = "Iv1.acme"
[[provider]]
name = "github-copilot"
endpoints = {{ chat = "{base}/x", responses = "{base}/x", messages = "{base}/x" }}
{headers}
[[key]]
name = "test"
secret = "env:KEY"
[[route]]
model = "*"
targets = [ {{ provider = "github-copilot" }} ]
"#
    )
}

/// A gateway of such an operator, with one login.
async fn gateway(sim: &Sim, headers: &str) -> TestGateway {
    gateway_with(sim, headers, Duration::ZERO).await
}

/// The same whose short token has so long to live.
async fn gateway_with(sim: &Sim, headers: &str, left: Duration) -> TestGateway {
    sim.authority().set_editor_required(true);
    let data_dir = TempDir::new().unwrap();
    let text = configuration(sim, &data_dir, headers);
    // Whoever starts first makes the vault.
    let data_dir = TestGateway::from_text(&text, data_dir).await.stop().await;
    put_github(&parse(&text), sim, "ada", left).await;
    TestGateway::from_text(&text, data_dir).await
}

/// The exchanges of logins for short tokens.
fn exchanges(sim: &Sim) -> Vec<tollhouse_sim::Recorded> {
    let mut requests = sim.requests();
    requests.retain(|request| request.uri.path() == "/copilot_internal/v2/token");
    requests
}

async fn call(client: &Client, dialect: &Dialect, model: &str, stream: bool) -> Answer {
    let body = dialect.request(model, stream);
    // Of which only one protocol takes notice.
    let version = [("anthropic-version", "2023-06-01")];
    let request = client.request(Method::POST, dialect.path, &version, body);
    client.whole(request).await
}

/// The path and headers of the calls that were made so far, the exchanges left out.
fn made(sim: &Sim) -> Vec<tollhouse_sim::Recorded> {
    let mut requests = sim.requests();
    requests.retain(|request| request.method == Method::POST);
    requests
}

#[tokio::test]
async fn a_model_is_called_as_it_is_served_by_the_holders_short_token_where_that_says() {
    let sim = authority().await;
    let gateway = gateway(&sim, IDENTITY).await;
    let client = Client::new(&gateway.url);
    for (dialect, model, path) in [
        (&MESSAGES, "claude-sonnet-4.5", "/v1/messages"),
        (&CHAT, "claude-sonnet-4.5", "/chat/completions"),
        (&RESPONSES, "claude-sonnet-4.5", "/v1/messages"),
        (&MESSAGES, "gpt-5-codex", "/responses"),
        (&CHAT, "gpt-5-codex", "/responses"),
        (&RESPONSES, "gpt-5-codex", "/responses"),
        (&MESSAGES, "gemini-2.5-pro", "/chat/completions"),
        (&CHAT, "gemini-2.5-pro", "/chat/completions"),
        (&RESPONSES, "gpt-4o", "/chat/completions"),
    ] {
        for stream in [false, true] {
            let answer = call(&client, dialect, model, stream).await;
            let what = format!("{} for {model}: {}", dialect.path, answer.text());
            assert_eq!(answer.status, StatusCode::OK, "{what}");
            let requests = made(&sim);
            let last = requests.last().unwrap();
            // The endpoint that is configured has `/x` before it: this is the exchange's word.
            assert_eq!(last.uri.path(), path, "{what}");
            let token = last.header("authorization").unwrap();
            assert!(token.starts_with("Bearer tid="), "{what}");
            assert_eq!(last.header("editor-version"), Some("acme/1.2"));
            assert_eq!(last.header("copilot-integration-id"), Some("acme-gateway"));
            assert_eq!(last.header("x-initiator"), Some("user"), "{what}");
            assert_eq!(last.header("copilot-vision-request"), None, "{what}");
            assert!(last.header("x-request-id").is_some(), "{what}");
            assert_eq!(last.header("x-api-key"), None);
        }
    }
    let calls = gateway.calls_when(18).await;
    assert!(calls.iter().all(|call| call.credential_id.is_some()));
    gateway.stop().await;
}

#[tokio::test]
async fn what_a_call_is_by_nature_is_said_whatever_its_client_says() {
    let sim = authority().await;
    let gateway = gateway(&sim, IDENTITY).await;
    let client = Client::new(&gateway.url);
    let lies = [
        ("x-initiator", "agent"),
        ("copilot-vision-request", "true"),
        ("editor-version", "vscode/1.99"),
        ("copilot-integration-id", "vscode-chat"),
    ];
    let picture = r#"{"model":"MODEL","messages":[{"role":"user","content":[{"type":"text","text":"see"},{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}]}]}"#;
    let result = r#"{"model":"MODEL","messages":[{"role":"user","content":"hi"},{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c","content":"done"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}]}"#;
    for model in ["gpt-4o", "gpt-5-codex"] {
        for (body, initiator, vision) in [(picture, "user", Some("true")), (result, "agent", None)]
        {
            let body = body.replace("MODEL", model);
            let request = client.request(Method::POST, CHAT.path, &lies, body);
            let answer = client.whole(request).await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
            let requests = made(&sim);
            let last = requests.last().unwrap();
            assert_eq!(last.header("x-initiator"), Some(initiator), "{model}");
            assert_eq!(last.header("copilot-vision-request"), vision, "{model}");
            assert_eq!(last.header("editor-version"), Some("acme/1.2"));
            let of = last.header("copilot-integration-id");
            assert_eq!(of, Some("acme-gateway"));
        }
    }
    gateway.stop().await;
}

/// What is compressed is read as well, wherever it is sent.
#[tokio::test]
async fn a_compressed_call_says_what_it_is_by_nature_too() {
    let sim = authority().await;
    let gateway = gateway(&sim, IDENTITY).await;
    let client = Client::new(&gateway.url);
    let body = r#"{"model":"gpt-4o","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}]},{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c","content":"done"}]}"#;
    let packed = zstd::encode_all(body.as_bytes(), 3).unwrap();
    for path in [CHAT.path, "/proxy/github-copilot/chat/completions"] {
        let headers = [("content-encoding", "zstd")];
        client.post(path, &headers, packed.clone()).await;
        let requests = made(&sim);
        let last = requests.last().unwrap();
        assert_eq!(last.body, packed, "{path}");
        assert_eq!(last.header("x-initiator"), Some("agent"), "{path}");
        assert_eq!(
            last.header("copilot-vision-request"),
            Some("true"),
            "{path}"
        );
    }
    assert_eq!(made(&sim).len(), 2);
    gateway.stop().await;
}

#[tokio::test]
async fn a_login_is_exchanged_once_for_all_who_wait_and_is_lost_when_taken_back() {
    let sim = authority().await;
    let gateway = gateway(&sim, IDENTITY).await;
    let client = Client::new(&gateway.url);
    let mut calls = JoinSet::new();
    for _ in 0..50 {
        let client = client.clone();
        calls.spawn(async move { call(&client, &CHAT, "gpt-4o", false).await.status });
    }
    while let Some(status) = calls.join_next().await {
        assert_eq!(status.unwrap(), StatusCode::OK);
    }
    let [exchange] = &exchanges(&sim)[..] else {
        panic!("more than one")
    };
    // Who calls is said there too, and by whom we are is not left out.
    assert_eq!(exchange.header("editor-version"), Some("acme/1.2"));
    assert_eq!(
        exchange.header("copilot-integration-id"),
        Some("acme-gateway")
    );
    let agent = exchange.header("user-agent").unwrap();
    assert!(agent.starts_with("tollhouse/"), "{agent}");
    sim.authority().revoke("ada");
    let answer = call(&client, &CHAT, "gpt-4o", false).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", answer.text());
    let answer = call(&client, &CHAT, "gpt-4o", false).await;
    assert_eq!(
        answer.status,
        StatusCode::FAILED_DEPENDENCY,
        "{}",
        answer.text()
    );
    let told = answer.text();
    let command = "sign in again with `tollhouse account login github-copilot --name ";
    assert!(told.contains(command), "{told}");
    assert!(exchanges(&sim).len() <= 2);
    gateway.stop().await;
}

#[tokio::test]
async fn without_a_word_of_the_operators_on_who_calls_nothing_is_called() {
    let sim = authority().await;
    let half = r#"headers = { editor-version = "acme/1.2" }"#;
    let gateway = gateway(&sim, half).await;
    let client = Client::new(&gateway.url);
    let answer = call(&client, &CHAT, "gpt-4o", false).await;
    assert_eq!(answer.status, StatusCode::FAILED_DEPENDENCY);
    assert!(
        answer.text().contains("copilot-integration-id"),
        "{}",
        answer.text()
    );
    assert!(
        !answer.text().contains("editor-version"),
        "{}",
        answer.text()
    );
    assert!(made(&sim).is_empty());
    gateway.stop().await;
}

/// There was no way to say who calls but the configuration file.
#[tokio::test]
async fn an_operator_adds_it_by_the_control_plane_too() {
    let sim = authority().await;
    sim.authority().set_editor_required(true);
    let data_dir = TempDir::new().unwrap();
    let text = configuration(&sim, &data_dir, "");
    let (from, to) = (
        text.find("[[provider]]").unwrap(),
        text.find("[[key]]").unwrap(),
    );
    let text = text[..from].to_owned() + &text[to..text.find("[[route]]").unwrap()];
    let gateway = TestGateway::from_text(&text, data_dir).await;
    let client = Client::new(&gateway.url);
    let put = async |path: &str, body: Value| {
        let bearer = format!("Bearer {ADMIN}");
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
        ];
        let request = client.request(Method::PUT, path, &headers, body.to_string());
        let answer = client.whole(request).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        answer.json()
    };
    let base = sim.base_url();
    let endpoints = json!({ "chat": base, "responses": base, "messages": base });
    let path = "/api/v1/providers/github-copilot";
    let wanted = json!(["editor-version", "copilot-integration-id"]);
    let headers = json!({ "editor-version": "acme/1.2", "copilot-integration-id": "acme-gateway" });
    let without = put(path, json!({ "endpoints": endpoints })).await;
    assert_eq!(without["credentials"][0]["identity"], wanted);
    assert_eq!(without["headers"], json!({}));
    let route =
        json!({ "data": [{ "model": "*", "targets": [{ "provider": "github-copilot" }] }] });
    put("/api/v1/routes", route).await;
    let with = put(path, json!({ "endpoints": endpoints, "headers": headers })).await;
    assert_eq!(with["headers"], headers);
    let data_dir = gateway.stop().await;
    put_github(&parse(&text), &sim, "ada", Duration::ZERO).await;
    let gateway = TestGateway::from_text(&text, data_dir).await;
    let answer = call(&Client::new(&gateway.url), &CHAT, "gpt-4o", false).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let requests = made(&sim);
    let last = requests.last().unwrap();
    assert_eq!(last.header("editor-version"), Some("acme/1.2"));
    gateway.stop().await;
}

#[tokio::test]
async fn a_call_says_what_has_to_be_set_up_first() {
    let sim = authority().await;
    for (client_id, named) in [
        ("", "`client_id` in [accounts.authority.github]"),
        (
            "client_id = \"Iv1.acme\"\n",
            "tollhouse account login github-copilot",
        ),
    ] {
        let data_dir = TempDir::new().unwrap();
        let text = configuration(&sim, &data_dir, IDENTITY);
        let text = text.replace("client_id = \"Iv1.acme\"\n", client_id);
        let gateway = TestGateway::from_text(&text, data_dir).await;
        let client = Client::new(&gateway.url);
        for dialect in [&MESSAGES, &CHAT, &RESPONSES] {
            let answer = call(&client, dialect, "gpt-4o", false).await;
            assert_eq!(answer.status, StatusCode::FAILED_DEPENDENCY);
            assert!(answer.text().contains(named), "{}", answer.text());
        }
        gateway.stop().await;
    }
    assert!(sim.requests().is_empty());
}

#[tokio::test]
async fn a_short_token_is_exchanged_anew_before_it_ends_and_without_a_call() {
    let sim = authority().await;
    let gateway = gateway_with(&sim, IDENTITY, Duration::from_mins(1)).await;
    let exchanged = async {
        while exchanges(&sim).is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, exchanged).await.unwrap();
    // What came of it is read a moment later.
    let client = Client::new(&gateway.url);
    let taken = async {
        while call(&client, &CHAT, "gpt-4o", false).await.status != StatusCode::OK {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, taken).await.unwrap();
    assert_eq!(exchanges(&sim).len(), 1);
    gateway.stop().await;
}

#[tokio::test]
async fn what_models_there_are_is_asked_where_calls_go() {
    let sim = authority().await;
    let gateway = gateway(&sim, IDENTITY).await;
    let client = Client::new(&gateway.url);
    let answer = client.get("/proxy/github-copilot/models", &[]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let listed = answer.json();
    assert!(
        listed["data"][0]["supported_endpoints"].is_array(),
        "{listed}"
    );
    let requests = sim.requests();
    let last = requests.last().unwrap();
    assert_eq!(last.uri.path(), "/models");
    assert!(
        last.header("authorization")
            .unwrap()
            .starts_with("Bearer tid=")
    );
    assert_eq!(last.header("editor-version"), Some("acme/1.2"));
    gateway.stop().await;
}
