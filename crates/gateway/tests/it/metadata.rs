//! What an operator's analytics gateway is told, on every route.

use http::Method;
use tempfile::TempDir;

use crate::support::client::Client;
use crate::support::upstream::ScriptedUpstream;
use crate::support::{KEY, TestGateway, configuration};

const MODEL: &str = r#"{"model":"m","messages":[],"input":"x","stream":false}"#;
const BATCH: &str = r#"{"requests":[{"custom_id":"a","params":{"model":"m"}}]}"#;
const METADATA: &str = r#"
[provider.metadata]
header = "cf-aig-metadata"
template = { key = "key", agent = "agent", model = "model", stream = "stream", tags = "tags", what = "endpoint" }
auth_header = "cf-aig-authorization"
auth = "env:UPSTREAM_analytics"
"#;

#[tokio::test]
async fn every_route_tells_the_operators_gateway_who_calls() {
    let upstream = ScriptedUpstream::start().await;
    let data_dir = TempDir::new().unwrap();
    let text = configuration(&upstream.url, data_dir.path(), "");
    let text = text.replace("[[key]]", &format!("{METADATA}\n[[key]]"));
    let gateway = TestGateway::from_text(&text, data_dir).await;
    let client = Client::new(&gateway.url);
    let headers = [
        ("x-api-key", KEY),
        ("x-tollhouse-agent", "builder"),
        ("x-tollhouse-tags", "repo=a\"b,branch=main"),
        ("cf-aig-metadata", "{\"key\":\"forged\"}"),
        ("cf-aig-authorization", "forged"),
        ("anthropic-version", "2023-06-01"),
    ];
    let secret = crate::support::upstream_key("analytics");
    for (path, body, names_model) in [
        ("/v1/messages", MODEL, true),
        ("/v1/messages/count_tokens", MODEL, true),
        ("/v1/messages/batches", BATCH, false),
        ("/v1/chat/completions", MODEL, true),
        ("/v1/embeddings", MODEL, true),
        ("/v1/responses", MODEL, true),
        ("/v1/responses/compact", MODEL, true),
        ("/v1/responses/input_tokens", MODEL, true),
        ("/proxy/lab/v1/messages", MODEL, true),
        ("/proxy/lab/v1/messages/count_tokens", MODEL, true),
        ("/proxy/lab/v1/unheard_of", MODEL, true),
    ] {
        upstream.json(200, r#"{"id":"msgbatch_1","input_tokens":1}"#);
        let request = client.request(Method::POST, path, &headers, body);
        let answer = client.whole(request).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        let seen = upstream.last();
        let texts = seen.header("cf-aig-metadata");
        let [text] = texts[..] else {
            panic!("{path}: {texts:?}")
        };
        let told: serde_json::Value = serde_json::from_str(text).unwrap();
        assert!(
            told["key"].as_str().unwrap().starts_with("key_"),
            "{path}: {told}"
        );
        assert_eq!(told["agent"], "builder", "{path}: {told}");
        assert_eq!(told["tags"]["repo"], "a\"b", "{path}: {told}");
        assert_eq!(told["stream"], false, "{path}: {told}");
        assert_eq!(told.get("model").is_some(), names_model, "{path}: {told}");
        assert_eq!(
            seen.header("cf-aig-authorization"),
            [secret.as_str()],
            "{path}"
        );
        assert!(!answer.text().contains(&secret), "{path}");
    }
    let batch = client.get("/v1/messages/batches/msgbatch_1", &headers);
    upstream.json(200, r#"{"id":"msgbatch_1"}"#);
    assert_eq!(batch.await.status, 200);
    assert_eq!(
        upstream.last().header("cf-aig-authorization"),
        [secret.as_str()]
    );
    let rows = serde_json::to_string(&gateway.calls().await).unwrap();
    assert!(!rows.contains(&secret));
    gateway.stop().await;
}

#[tokio::test]
async fn a_server_that_is_sent_the_operators_credential_is_the_platforms() {
    let upstream = ScriptedUpstream::start().await;
    let data_dir = TempDir::new().unwrap();
    let text = configuration(&upstream.url, data_dir.path(), "")
        + &format!(
            r#"
[[key]]
name = "own"
secret = "env:KEY_own"
credentials = {{ client = true, platform = false }}
[[provider]]
name = "local"
endpoints = {{ chat = "{}/v1" }}
auth = "none"
{METADATA}
[[route]]
model = "local-*"
targets = [ {{ provider = "local" }} ]
"#,
            upstream.url
        );
    let gateway = TestGateway::from_text(&text, data_dir).await;
    let client = Client::new(&gateway.url);
    let own = crate::support::virtual_key("own");
    let with_clients = [
        ("x-tollhouse-key", own.as_str()),
        ("authorization", "Bearer sk-of-the-client"),
    ];
    let body = r#"{"model":"local-m","messages":[]}"#;
    for headers in [&with_clients[..1], &with_clients[..]] {
        for path in ["/v1/chat/completions", "/proxy/local/v1/chat/completions"] {
            let denied = client.post(path, headers, body).await;
            assert_eq!(denied.status, 403, "{path}: {}", denied.text());
            assert!(denied.text().contains("local"), "{}", denied.text());
        }
    }
    assert!(upstream.seen().is_empty());
    upstream.json(200, "{}");
    let lent = [("x-api-key", KEY)];
    let answer = client.post("/v1/chat/completions", &lent, body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("x-tollhouse-credential"), Some("platform"));
    gateway.stop().await;
}
