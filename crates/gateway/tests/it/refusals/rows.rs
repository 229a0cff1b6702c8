//! A call that was admitted and then refused has a row.

use tollhouse_domain::call::Outcome;

use crate::support::client::Client;
use crate::support::upstream::ScriptedUpstream;
use crate::support::{TestGateway, virtual_key};

/// Four ways to have no target, behind three keys.
fn text(url: &str, data_dir: &std::path::Path) -> String {
    format!(
        r#"
[server]
listen = "127.0.0.1:0"
data_dir = "{}"
[[provider]]
name = "lab"
endpoints = {{ messages = "{url}" }}
api_key = "env:UPSTREAM"
[[provider]]
name = "keyless"
endpoints = {{ messages = "{url}" }}
[[key]]
name = "limited"
secret = "env:KEY_limited"
models = ["m", "elsewhere", "nowhere", "unpaid"]
providers = ["lab", "keyless"]
[[key]]
name = "models"
secret = "env:KEY_models"
models = ["other"]
[[key]]
name = "providers"
secret = "env:KEY_providers"
providers = ["keyless"]
[[route]]
model = "m"
targets = [ {{ provider = "lab" }} ]
[[route]]
model = "unpaid"
targets = [ {{ provider = "keyless" }} ]
"#,
        data_dir.display()
    )
}

#[tokio::test]
async fn refused_after_admission() {
    let upstream = ScriptedUpstream::start().await;
    let data_dir = tempfile::TempDir::new().unwrap();
    let text = text(&upstream.url, data_dir.path());
    let gateway = TestGateway::from_text(&text, data_dir).await;
    let client = Client::new(&gateway.url);
    let cases = [
        ("models", "/v1/messages", "m", 403, "permission_denied"),
        ("providers", "/v1/messages", "m", 403, "permission_denied"),
        ("limited", "/v1/messages", "nowhere", 404, "model_not_found"),
        (
            "limited",
            "/v1/messages",
            "unpaid",
            424,
            "credential_missing",
        ),
        (
            "limited",
            "/v1/chat/completions",
            "m",
            400,
            "invalid_request",
        ),
    ];
    for (rows, (key, path, model, status, label)) in cases.into_iter().enumerate() {
        let key = virtual_key(key);
        let body = format!(r#"{{"model":"{model}"}}"#);
        let answer = client
            .post(path, &[("x-api-key", key.as_str())], body)
            .await;
        assert_eq!(answer.status, status, "{label}: {}", answer.text());
        let mut calls = gateway.calls().await;
        assert_eq!(calls.len(), rows + 1, "exactly one row for a call");
        let call = calls.remove(0);
        assert_eq!(
            (call.outcome, call.status),
            (Outcome::Refused, Some(status))
        );
        assert_eq!(call.error.as_deref(), Some(label));
        assert_eq!(call.model_requested.as_deref(), Some(model));
        assert_eq!((call.attempts, call.provider), (0, None));
        assert_eq!(
            answer.header("x-tollhouse-call"),
            Some(call.id.to_string().as_str())
        );
    }
    assert!(upstream.seen().is_empty());
    gateway.stop().await;
}
