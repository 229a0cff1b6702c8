//! The client's own provider credential: passed on unchanged where the key allows it, and nowhere else.

mod elsewhere;
mod stale;

use tollhouse_domain::call::Call;
use tollhouse_domain::credential::{CredentialKind, CredentialSource};

use crate::support::client::Client;
use crate::support::dialect::MESSAGES;
use crate::support::upstream::{ScriptedUpstream, Step, json};
use crate::support::{KEY, TestGateway, UPSTREAM_KEY, configuration};

const OWN: &str = "clients-own-credential-canary";
const OTHER: &str = "another-clients-credential-canary";

async fn gateway(upstream: &str, allowed: bool) -> TestGateway {
    let data_dir = tempfile::TempDir::new().unwrap();
    let allow = format!("secret = \"env:KEY\"\ncredentials = {{ client = {allowed} }}");
    let text = configuration(upstream, data_dir.path(), "").replace("secret = \"env:KEY\"", &allow);
    TestGateway::from_text(&text, data_dir).await
}

/// It was told to sign in here, which such a key would not draw on.
#[tokio::test]
async fn a_client_that_is_not_signed_in_is_told_to_be() {
    let upstream = ScriptedUpstream::start().await;
    let data_dir = tempfile::TempDir::new().unwrap();
    let allow = "secret = \"env:KEY\"\ncredentials = { client = true, platform = false }";
    let text =
        configuration(&upstream.url, data_dir.path(), "").replace("secret = \"env:KEY\"", allow);
    let gateway = TestGateway::from_text(&text, data_dir).await;
    let client = Client::new(&gateway.url);
    let headers = [("x-tollhouse-key", KEY)];
    let body = r#"{"model":"m"}"#;
    let answer = client.post("/v1/messages", &headers, body).await;
    assert_eq!(answer.status, 424);
    let told = answer.text();
    assert!(told.contains("sign in with the client"), "{told}");
    assert!(upstream.seen().is_empty());
    gateway.stop().await;
}

async fn row(gateway: &TestGateway) -> Call {
    gateway.calls().await.remove(0)
}

#[tokio::test]
async fn it_passes_unchanged_in_the_header_it_came_in() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = gateway(&upstream.url, true).await;
    let client = Client::new(&gateway.url);
    let bearer = format!("Bearer {OWN}");
    let (login, key) = (CredentialKind::OauthAccount, CredentialKind::ApiKey);
    for (header, value, absent, kind) in [
        ("authorization", bearer.as_str(), "x-api-key", login),
        ("x-api-key", OWN, "authorization", key),
    ] {
        for path in [
            "/v1/messages",
            "/v1/chat/completions",
            "/proxy/lab/v1/messages",
        ] {
            let limits = [("anthropic-ratelimit-unified-status", "allowed")];
            upstream.script(vec![Step::Write(json(200, &limits, "{}"))]);
            let headers = [
                ("x-tollhouse-key", KEY),
                (header, value),
                ("openai-project", "p"),
            ];
            let answer = client.post(path, &headers, r#"{"model":"m"}"#).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            assert_eq!(answer.header("x-tollhouse-credential"), Some("client"));
            let limit = answer.header("anthropic-ratelimit-unified-status");
            assert_eq!(
                limit,
                Some("allowed"),
                "it is about the client's own account"
            );
            let seen = upstream.last();
            assert_eq!(seen.header(header), [value], "exactly one, and unchanged");
            assert!(seen.header(absent).is_empty());
            assert_eq!(seen.header("openai-project"), ["p"]);
            assert!(!seen.head.contains(KEY) && !seen.head.contains(UPSTREAM_KEY));
            let call = row(&gateway).await;
            assert_eq!(call.credential_source, Some(CredentialSource::Client));
            assert_eq!(call.credential_id, None);
            assert_eq!(call.credential_kind, Some(kind));
            assert!(call.credential_fingerprint.is_some());
            assert!(!serde_json::to_string(&call).unwrap().contains(OWN));
        }
    }
    gateway.stop().await;
}

#[tokio::test]
async fn it_is_refused_where_the_key_does_not_allow_it() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = gateway(&upstream.url, false).await;
    let client = Client::new(&gateway.url);
    let bearer = format!("Bearer {OWN}");
    for own in [("authorization", bearer.as_str()), ("x-api-key", OWN)] {
        for path in [
            "/v1/messages",
            "/v1/messages/count_tokens",
            "/v1/messages/batches",
            "/v1/chat/completions",
            "/v1/responses",
            "/proxy/lab/v1/messages",
        ] {
            let headers = [("x-tollhouse-key", KEY), own];
            let answer = client.post(path, &headers, r#"{"model":"m"}"#).await;
            assert_eq!(answer.status, 403, "{path}: {}", answer.text());
            let told = answer.text();
            assert!(told.contains("credential of your own") && !told.contains(OWN));
        }
    }
    assert!(upstream.seen().is_empty(), "nor does another one serve it");
    gateway.stop().await;
}

#[tokio::test]
async fn it_serves_only_the_request_it_came_with_and_opens_a_session_of_its_own() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = gateway(&upstream.url, true).await;
    let client = Client::new(&gateway.url);
    let (own, other) = (format!("Bearer {OWN}"), format!("Bearer {OTHER}"));
    let named = ("x-tollhouse-session", "one name");
    let mut rows = Vec::new();
    for credential in [Some(own.as_str()), Some(other.as_str()), None] {
        upstream.json(200, MESSAGES.answer);
        let mut headers = vec![("x-tollhouse-key", KEY), named];
        headers.extend(credential.map(|value| ("authorization", value)));
        assert_eq!(
            client
                .post("/v1/messages", &headers, r#"{"model":"m"}"#)
                .await
                .status,
            200
        );
        let seen = upstream.last();
        match credential {
            Some(value) => assert_eq!(seen.header("authorization"), [value]),
            None => assert_eq!(seen.header("x-api-key"), [UPSTREAM_KEY]),
        }
        rows.push(row(&gateway).await);
    }
    assert_ne!(
        rows[0].credential_fingerprint,
        rows[1].credential_fingerprint
    );
    let sessions: std::collections::HashSet<_> = rows.iter().map(|row| row.session).collect();
    assert_eq!(
        sessions.len(),
        3,
        "one name, three credentials, three sessions"
    );
    gateway.stop().await;
}

#[tokio::test]
async fn it_never_goes_to_another_provider() {
    let (first, second) = (
        ScriptedUpstream::start().await,
        ScriptedUpstream::start().await,
    );
    let data_dir = tempfile::TempDir::new().unwrap();
    let other = format!(
        "[[provider]]\nname = \"other\"\nendpoints = {{ messages = \"{}\" }}\napi_key = \"env:UPSTREAM_other\"\n",
        second.url
    );
    let text = configuration(&first.url, data_dir.path(), "")
        .replace(
            "{ provider = \"lab\" }",
            "{ provider = \"lab\" }, { provider = \"other\" }",
        )
        .replace(
            "secret = \"env:KEY\"",
            "secret = \"env:KEY\"\ncredentials = { client = true }",
        )
        + &other;
    let gateway = TestGateway::from_text(&text, data_dir).await;
    let client = Client::new(&gateway.url);
    let own = format!("Bearer {OWN}");
    let headers = [("x-tollhouse-key", KEY), ("authorization", own.as_str())];
    for _ in 0..2 {
        // Twice: the first failure makes `lab` cool, which must not put `other` before it.
        first.json(500, "{\"from\":\"lab\"}");
        let answer = client
            .post("/v1/messages", &headers, r#"{"model":"m"}"#)
            .await;
        assert_eq!(
            (answer.status.as_u16(), answer.text()),
            (500, "{\"from\":\"lab\"}".into())
        );
    }
    assert!(second.seen().is_empty());
    // Without it, the same key and route do fall back.
    first.json(500, "{}");
    second.json(200, MESSAGES.answer);
    let answer = client.post("/v1/messages", &[], r#"{"model":"m"}"#).await;
    assert_eq!(answer.header("x-tollhouse-provider"), Some("other"));
    gateway.stop().await;
}
