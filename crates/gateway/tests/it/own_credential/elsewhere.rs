//! Where a client's own credential does not go.

use super::{OTHER, OWN, gateway};
use crate::support::client::Client;
use crate::support::upstream::{ScriptedUpstream, Step, json};
use crate::support::{KEY, TestGateway, configuration};

const ANTHROPICS: &str = "sk-ant-oat01-clients-own-canary";

/// Everything that a model of these leads to, each at an upstream of its own.
const PROVIDERS: &str = r#"
[[provider]]
name = "anthropic"
endpoints = { messages = "AT" }
api_key = "env:UPSTREAM"
[[provider]]
name = "openai"
endpoints = { responses = "AT/v1", chat = "AT/v1" }
api_key = "env:UPSTREAM"
[[provider]]
name = "local"
endpoints = { chat = "AT/v1" }
auth = "none"
[[route]]
model = "claude"
targets = [ { provider = "anthropic" } ]
[[route]]
model = "gpt"
targets = [ { provider = "openai" } ]
[[route]]
model = "llama"
targets = [ { provider = "local" } ]
[[route]]
model = "chain"
targets = [ { provider = "openai" }, { provider = "anthropic" } ]
"#;

#[tokio::test]
async fn a_vendors_credential_is_not_shown_to_another_vendor() {
    let upstream = ScriptedUpstream::start().await;
    let data_dir = tempfile::TempDir::new().unwrap();
    let text = configuration(&upstream.url, data_dir.path(), "").replace(
        "secret = \"env:KEY\"",
        "secret = \"env:KEY\"\ncredentials = { client = true, platform = true }",
    ) + &PROVIDERS.replace("AT", &upstream.url);
    let gateway = TestGateway::from_text(&text, data_dir).await;
    let client = Client::new(&gateway.url);
    let bearer = format!("Bearer {ANTHROPICS}");
    let headers = [
        ("x-tollhouse-key", KEY),
        ("authorization", bearer.as_str()),
        ("anthropic-beta", "oauth-2025-04-20"),
    ];
    // Its own: as a bearer token, and with its beta.
    let limits = [("anthropic-ratelimit-unified-status", "allowed")];
    upstream.script(vec![Step::Write(json(200, &limits, "{}"))]);
    let answer = client
        .post("/v1/messages", &headers, r#"{"model":"claude"}"#)
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(
        answer
            .header("anthropic-ratelimit-unified-status")
            .is_some()
    );
    let seen = upstream.last();
    assert_eq!(seen.header("authorization"), [bearer.as_str()]);
    assert!(seen.header("x-api-key").is_empty());
    assert_eq!(seen.header("anthropic-beta"), ["oauth-2025-04-20"]);
    // Any other's: refused, translated, counted, proxied or first of a chain; nobody else's takes its place.
    for (path, model) in [
        ("/v1/messages", "gpt"),
        ("/v1/messages/count_tokens", "gpt"),
        ("/v1/responses", "gpt"),
        ("/v1/responses", "chain"),
        ("/v1/messages", "anything"),
        ("/proxy/openai/v1/responses", "gpt"),
        ("/proxy/lab/v1/messages", "m"),
    ] {
        let body = format!(
            r#"{{"model":"{model}","max_tokens":5,"messages":[{{"role":"user","content":"x"}}],"input":"x"}}"#
        );
        let answer = client.post(path, &headers, body).await;
        assert_eq!(answer.status, 400, "{path} {model}: {}", answer.text());
        assert!(
            answer.text().contains("another vendor"),
            "{}",
            answer.text()
        );
        assert!(!answer.text().contains(ANTHROPICS));
    }
    assert_eq!(upstream.seen().len(), 1);
    // What takes no credential gets none.
    upstream.json(200, "{}");
    let body = r#"{"model":"llama","messages":[]}"#;
    let answer = client.post("/v1/chat/completions", &headers, body).await;
    assert_eq!(
        (
            answer.status.as_u16(),
            answer.header("x-tollhouse-credential")
        ),
        (200, None)
    );
    assert!(!upstream.last().head.contains(ANTHROPICS));
    gateway.stop().await;
}

#[tokio::test]
async fn two_that_differ_are_refused_and_named() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = gateway(&upstream.url, true).await;
    let client = Client::new(&gateway.url);
    let other = format!("Bearer {OTHER}");
    let headers = [
        ("x-tollhouse-key", KEY),
        ("x-api-key", OWN),
        ("authorization", other.as_str()),
    ];
    for path in ["/v1/messages", "/v1/responses", "/proxy/lab/v1/messages"] {
        let answer = client.post(path, &headers, r#"{"model":"m"}"#).await;
        assert_eq!(answer.status, 400);
        let told = answer.text();
        assert!(told.contains("`x-api-key` and `authorization`"), "{told}");
        assert!(!told.contains(OWN) && !told.contains(OTHER));
    }
    // Clients with a key helper send the same one in both.
    let same = format!("Bearer {OWN}");
    for (path, header, value, absent) in [
        ("/v1/messages", "x-api-key", OWN, "authorization"),
        (
            "/v1/chat/completions",
            "authorization",
            same.as_str(),
            "x-api-key",
        ),
    ] {
        upstream.json(200, "{}");
        let headers = [
            ("x-tollhouse-key", KEY),
            ("x-api-key", OWN),
            ("authorization", same.as_str()),
        ];
        assert_eq!(
            client.post(path, &headers, r#"{"model":"m"}"#).await.status,
            200
        );
        let seen = upstream.last();
        assert_eq!(seen.header(header), [value]);
        assert!(seen.header(absent).is_empty());
    }
    gateway.stop().await;
}

#[tokio::test]
async fn an_upgrade_is_answered_without_looking_at_it() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = gateway(&upstream.url, true).await;
    let client = Client::new(&gateway.url);
    let own = format!("Bearer {OWN}");
    let headers = [
        ("x-tollhouse-key", KEY),
        ("authorization", own.as_str()),
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
    ];
    let answer = client.get("/v1/responses", &headers).await;
    assert_eq!(answer.status, 426);
    assert!(upstream.seen().is_empty());
    gateway.stop().await;
}

#[tokio::test]
async fn what_limits_it_limits_nobody_else() {
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
            "secret = \"env:KEY\"\ncredentials = { client = true, platform = true }",
        )
        + &other;
    let gateway = TestGateway::from_text(&text, data_dir).await;
    let client = Client::new(&gateway.url);
    let own = format!("Bearer {OWN}");
    let headers = [("x-tollhouse-key", KEY), ("authorization", own.as_str())];
    let limit = [("retry-after", "300")];
    first.script(vec![Step::Write(json(429, &limit, "{}"))]);
    let limited = client
        .post("/v1/messages", &headers, r#"{"model":"m"}"#)
        .await;
    assert_eq!(limited.status, 429);
    first.json(200, "{}");
    let others = client.post("/v1/messages", &[], r#"{"model":"m"}"#).await;
    assert_eq!(others.header("x-tollhouse-provider"), Some("lab"));
    assert!(second.seen().is_empty());
    gateway.stop().await;
}
