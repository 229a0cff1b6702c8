//! Bridges: whose keys they serve, how they are, and what callers are told.

mod owned;
mod paid;
mod proven;
mod shown;

use http::StatusCode;
use serde_json::Value;
use tempfile::TempDir;
use tollhouse_domain::bridge::proof;
use tollhouse_domain::call::Outcome;
use tollhouse_domain::credential::{CredentialKind, CredentialSource};
use tollhouse_domain::money::Money;
use tollhouse_vault::Secret;

use crate::support::client::Client;
use crate::support::dialect::CHAT;
use crate::support::upstream::{ScriptedUpstream, json};
use crate::support::{ADMIN, KEY, SOON, TestGateway, upstream_key, virtual_key};

const READY: &str = r#"{"status":"ready","provider":"claude","configured":true}"#;
const LOGGED_OUT: &str = r#"{"status":"auth_required","provider":"claude","configured":false}"#;
const ASK: &str = r#"{"model":"claude-bridge/opus","messages":[{"role":"user","content":"hi"}]}"#;
const COMPLETIONS: &str = "/v1/chat/completions";

fn configuration(bridge: &str, data_dir: &TempDir, more: &str) -> String {
    let data_dir = data_dir.path().display();
    format!(
        r#"
[server]
listen = "127.0.0.1:0"
data_dir = "{data_dir}"
[admin]
token = "env:ADMIN"
[[key]]
name = "test"
secret = "env:KEY"
credentials = {{ client = true }}
[[bridge]]
name = "claude"
url = "{bridge}"
secret = "env:UPSTREAM_the_bridge_0123456789"
{more}
"#
    )
}

async fn start(bridge: &str, more: &str) -> TestGateway {
    let data_dir = TempDir::new().unwrap();
    let text = configuration(bridge, &data_dir, more);
    TestGateway::from_text(&text, data_dir).await
}

/// What the bridge and the gateway share.
fn shared() -> String {
    upstream_key("the_bridge_0123456789")
}

/// The header that proves that `secret` is known at `url`.
fn proof_of(secret: &str, url: &str, nonce: &str) -> String {
    let address = url.strip_prefix("http://").unwrap().parse().unwrap();
    let said = proof::said(nonce, address);
    let proof = tollhouse_vault::proof(&Secret::new(secret.to_owned()), &said);
    format!("{}: {proof}\r\n", proof::PROOF)
}

/// A bridge that knows the secret and answers this about itself.
async fn knowing(health: Vec<u8>) -> ScriptedUpstream {
    let upstream = ScriptedUpstream::start().await;
    let url = upstream.url.clone();
    upstream.proves(move |nonce| proof_of(&shared(), &url, nonce));
    upstream.always("/health", health);
    upstream
}

async fn upstream(health: &str) -> ScriptedUpstream {
    knowing(json(200, &[], health)).await
}

/// What was asked of the bridge besides how it is.
fn calls(upstream: &ScriptedUpstream) -> usize {
    let seen = upstream.seen();
    seen.iter()
        .filter(|seen| !seen.line().contains("/health"))
        .count()
}

async fn admin(client: &Client, method: http::Method, path: &str, body: &str) -> Value {
    let authorization = format!("Bearer {ADMIN}");
    let headers = [
        ("authorization", authorization.as_str()),
        ("content-type", "application/json"),
    ];
    let request = client.request(method, path, &headers, body.to_owned());
    let answer = client.whole(request).await;
    assert!(answer.status.is_success(), "{path}: {}", answer.text());
    answer.json()
}

/// The bridge as it is shown, once that is as `right` wants it.
async fn shown(client: &Client, right: impl Fn(&Value) -> bool) -> Value {
    let waiting = async {
        loop {
            let page = admin(client, http::Method::GET, "/api/v1/providers", "").await;
            let row = page["data"][0].clone();
            if right(&row) {
                return row;
            }
        }
    };
    tokio::time::timeout(SOON, waiting)
        .await
        .expect("it was never shown so")
}

#[tokio::test]
async fn a_bridge_is_shown_as_it_is_and_holds_nothing_up() {
    let ready = json(200, &[], READY);
    let cases = [
        ("ready", ready),
        ("auth_required", json(200, &[], LOGGED_OUT)),
        (
            "starting",
            json(503, &[], r#"{"status":"starting","provider":"claude"}"#),
        ),
        ("unreachable", json(200, &[], "<html>")),
        (
            "unreachable",
            json(200, &[], &format!("{READY}{}", " ".repeat(20_000))),
        ),
        (
            "unreachable",
            json(302, &[("location", "/v1/elsewhere")], READY),
        ),
        // It takes the request and says nothing.
        ("unreachable", Vec::new()),
    ];
    for (expected, answer) in cases {
        let upstream = knowing(answer).await;
        let gateway = start(&upstream.url, "").await;
        let client = Client::new(&gateway.url);
        assert_eq!(client.get("/readyz", &[]).await.status, 200);
        let row = shown(&client, |row| row["state"] != "unknown").await;
        assert_eq!(row["state"], expected, "{row}");
        assert_eq!(row["name"], "claude-bridge");
        assert_eq!(
            row["bridge"]["last_error"].is_object(),
            ["unreachable", "auth_required"].contains(&expected)
        );
        assert!(
            row["bridge"]["checked_at"].is_string() && row["configured"] == true,
            "{row}"
        );
        let seen = upstream.seen();
        assert!(
            seen.iter()
                .all(|seen| seen.line() == "GET /health HTTP/1.1"),
            "followed"
        );
        // Whoever answers there may be anybody.
        assert!(
            !seen
                .iter()
                .any(|seen| seen.head.contains("upstream-secret"))
        );
        gateway.stop().await;
    }
}

#[tokio::test]
async fn a_call_goes_with_the_shared_secret_and_leaves_one_row() {
    let upstream = upstream(READY).await;
    let gateway = start(&upstream.url, "").await;
    let client = Client::new(&gateway.url);
    upstream.json(200, CHAT.answer);
    let answer = client.post(COMPLETIONS, &[], ASK).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let sent = upstream.seen();
    let sent = sent
        .iter()
        .find(|seen| seen.line().starts_with("POST"))
        .unwrap();
    assert_eq!(sent.line(), "POST /v1/chat/completions HTTP/1.1");
    let bearer = format!("Bearer {}", shared());
    assert_eq!(sent.header("authorization"), [bearer.as_str()]);
    assert!(!sent.head.contains(KEY));
    let body: Value = serde_json::from_slice(&sent.body).unwrap();
    assert_eq!(body["model"], "opus", "the bridge's own name for it");
    let rows = gateway.calls().await;
    let [row] = &rows[..] else {
        panic!("{} rows", rows.len())
    };
    assert_eq!(row.provider.as_deref(), Some("claude-bridge"));
    assert_eq!(row.credential_source, Some(CredentialSource::Platform));
    assert_eq!(row.credential_kind, Some(CredentialKind::Bridge));
    assert!(row.credential_id.is_some());
    assert_eq!(row.cost_usd, Some(Money::ZERO), "the login's plan pays");
    assert_eq!(row.outcome, Outcome::Success);
    let listed = client.get("/v1/models", &[]).await;
    assert!(
        listed.text().contains("claude-bridge/opus"),
        "{}",
        listed.text()
    );
    gateway.stop().await;
}

#[tokio::test]
async fn where_nobody_is_logged_in_a_caller_is_told_what_to_do() {
    let upstream = upstream(LOGGED_OUT).await;
    let gateway = start(&upstream.url, "").await;
    let client = Client::new(&gateway.url);
    shown(&client, |row| row["state"] == "auth_required").await;
    let messages = r#"{"model":"claude-bridge/opus","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#;
    for (path, body, code) in [
        (COMPLETIONS, ASK, "/error/code"),
        ("/v1/messages", messages, "/error/type"),
        (
            "/proxy/claude-bridge/v1/chat/completions",
            ASK,
            "/error/code",
        ),
    ] {
        let answer = client.post(path, &[], body).await;
        assert_eq!(
            answer.status,
            StatusCode::FAILED_DEPENDENCY,
            "{path}: {}",
            answer.text()
        );
        assert!(
            answer.text().contains("claude auth login"),
            "{path}: {}",
            answer.text()
        );
        let expected = if path == "/v1/messages" {
            "api_error"
        } else {
            "credential_missing"
        };
        assert_eq!(answer.json().pointer(code).unwrap(), expected, "{path}");
    }
    assert_eq!(calls(&upstream), 0, "a bridge without a login was called");
    // Whoever logs in and tries again is not made to wait for the next look.
    upstream.always("/health", json(200, &[], READY));
    upstream.always(COMPLETIONS, json(200, &[], CHAT.answer));
    let again = async { while client.post(COMPLETIONS, &[], ASK).await.status != 200 {} };
    tokio::time::timeout(SOON, again)
        .await
        .expect("it stayed refused");
    gateway.stop().await;
}

#[tokio::test]
async fn where_nobody_answers_a_caller_is_told_how_to_start_it() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let gateway = start(&url, "").await;
    let client = Client::new(&gateway.url);
    let answer = client.post(COMPLETIONS, &[], ASK).await;
    assert_eq!(answer.status, StatusCode::BAD_GATEWAY, "{}", answer.text());
    assert_eq!(answer.json()["error"]["code"], "upstream_unreachable");
    let row = shown(&client, |row| row["state"] == "unreachable").await;
    let bridge = &row["bridge"];
    assert_eq!(bridge["detail"], "nobody answers");
    let address = url.strip_prefix("http://").unwrap();
    let start = format!("tollhouse bridge claude --listen {address}");
    assert!(
        answer.text().contains(&format!("`{start}`")),
        "{}",
        answer.text()
    );
    assert_eq!(
        (
            &bridge["label"],
            &bridge["address"],
            &bridge["start"],
            &bridge["login"],
            &bridge["proof"]
        ),
        (
            &"Claude Code".into(),
            &address.into(),
            &start.into(),
            &"claude auth login".into(),
            &true.into()
        )
    );
    assert!(
        bridge["since"].is_string() && bridge["last_error"]["at"].is_string(),
        "{row}"
    );
    assert_eq!(bridge["last_error"]["detail"], "nobody answers");
    gateway.stop().await;
}

#[tokio::test]
async fn the_switch_for_accounts_turns_bridges_off() {
    let upstream = upstream(READY).await;
    let gateway = start(&upstream.url, "[accounts]\nenabled = false\n").await;
    let client = Client::new(&gateway.url);
    let answer = client.post(COMPLETIONS, &[], ASK).await;
    assert_eq!(
        answer.status,
        StatusCode::FAILED_DEPENDENCY,
        "{}",
        answer.text()
    );
    assert_eq!(calls(&upstream), 0);
    gateway.stop().await;
}

#[tokio::test]
async fn a_clients_own_credential_is_not_shown_to_a_bridge() {
    let upstream = upstream(READY).await;
    let gateway = start(&upstream.url, "").await;
    let client = Client::new(&gateway.url);
    shown(&client, |row| row["state"] == "ready").await;
    let headers = [
        ("x-tollhouse-key", KEY),
        ("authorization", "Bearer own-credential-canary"),
    ];
    let answer = client.post(COMPLETIONS, &headers, ASK).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text());
    assert!(
        answer.text().contains("bridge to a login"),
        "{}",
        answer.text()
    );
    assert_eq!(calls(&upstream), 0, "nor is it called with its own secret");
    gateway.stop().await;
}
