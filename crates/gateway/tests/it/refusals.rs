//! Every error of ours, in each protocol: status, envelope, headers, and what it must never tell.

mod cases;
mod rows;

use serde_json::Value;
use tollhouse_wire::Protocol;

use self::cases::{Case, cases};
use crate::support::client::{Answer, Client};
use crate::support::dialect::{DIALECTS, Dialect};
use crate::support::upstream::ScriptedUpstream;
use crate::support::{KEY, TestGateway, UPSTREAM_KEY, upstream_key};

async fn gateway(upstream: &str, dead: &str) -> TestGateway {
    let data_dir = tempfile::TempDir::new().unwrap();
    let endpoints = |url: &str| {
        format!(
            "endpoints = {{ messages = \"{url}\", chat = \"{url}/v1\", responses = \"{url}/v1\" }}"
        )
    };
    let (lab, dead) = (endpoints(upstream), endpoints(dead));
    let text = format!(
        r#"
[server]
listen = "127.0.0.1:0"
data_dir = "{}"
max_body = "1MiB"
[[provider]]
name = "lab"
api_key = "env:UPSTREAM"
{lab}
[[provider]]
name = "keyless"
{lab}
[[provider]]
name = "gone"
api_key = "env:UPSTREAM_gone"
{dead}
[[key]]
name = "test"
secret = "env:KEY"
[[key]]
name = "models"
secret = "env:KEY_models"
models = ["other"]
[[key]]
name = "providers"
secret = "env:KEY_providers"
providers = ["keyless"]
[[key]]
name = "penniless"
secret = "env:KEY_penniless"
credentials = {{ platform = false }}
[[route]]
model = "m"
targets = [ {{ provider = "lab" }} ]
[[route]]
model = "unpaid"
targets = [ {{ provider = "keyless" }} ]
[[route]]
model = "dead"
targets = [ {{ provider = "gone" }} ]
"#,
        data_dir.path().display()
    );
    TestGateway::from_text(&text, data_dir).await
}

/// Checks that the envelope holds these fields and no others.
fn assert_envelope(dialect: &Dialect, case: &Case, answer: &Answer) {
    let body = answer.json();
    let keys = |value: &Value| {
        value
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    let error = &body["error"];
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|text| text.len() > 10),
        "{body}"
    );
    if dialect.protocol == Protocol::Messages {
        assert_eq!(keys(&body), ["error", "request_id", "type"]);
        assert_eq!(keys(error), ["message", "type"]);
        assert_eq!(
            (&body["type"], &error["type"]),
            (&"error".into(), &case.messages.into())
        );
        assert_eq!(
            body["request_id"].as_str(),
            answer.header("x-tollhouse-call")
        );
    } else {
        assert_eq!(keys(&body), ["error"]);
        assert_eq!(keys(error), ["code", "message", "param", "type"]);
        assert_eq!(error["code"], case.openai);
        assert_eq!(error["type"], case.openai_type);
    }
}

#[tokio::test]
async fn the_contracts_table_in_every_protocol() {
    let upstream = ScriptedUpstream::start().await;
    let dead = ScriptedUpstream::start().await.url;
    let gateway = gateway(&upstream.url, &dead).await;
    let client = Client::new(&gateway.url);
    for dialect in &DIALECTS {
        for case in cases() {
            let headers: Vec<_> = case.headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
            let body = case.model.map(|model| dialect.request(model, true));
            let body = body.unwrap_or_else(|| case.body.clone());
            let answer = client.post(dialect.path, &headers, body).await;
            let what = format!("{} {}: {}", dialect.path, case.name, answer.text());
            assert_eq!(answer.status, case.status, "{what}");
            assert_envelope(dialect, &case, &answer);
            assert_eq!(
                answer.header("content-type"),
                Some("application/json"),
                "{what}"
            );
            let call = answer.header("x-tollhouse-call").expect("a call id");
            assert!(call.starts_with("call_"), "{what}");
            assert_eq!(answer.header(dialect.request_id()), Some(call), "{what}");
            assert_eq!(answer.header("x-should-retry"), case.should_retry, "{what}");
            assert_eq!(answer.header("retry-after"), None, "{what}");
            let told = format!("{:?} {}", answer.headers, answer.text());
            let ports =
                [&upstream.url, &dead].map(|url| url.rsplit(':').next().unwrap().to_owned());
            let secrets = [
                UPSTREAM_KEY,
                &upstream_key("gone"),
                KEY,
                "th-key-of",
                "sk-ant-api03",
            ];
            for hidden in secrets.into_iter().chain(ports.iter().map(String::as_str)) {
                assert!(!told.contains(hidden), "{what} tells {hidden}");
            }
            assert!(!told.contains("127.0.0.1"), "{what}");
        }
    }
    assert!(upstream.seen().is_empty());
    gateway.stop().await;
}

#[tokio::test]
async fn a_call_that_only_its_own_protocol_knows_is_told_which_one_is_offered() {
    let upstream = ScriptedUpstream::start().await;
    let cases = [
        ("messages", "/v1/embeddings"),
        ("messages", "/v1/responses/compact"),
        ("chat", "/v1/responses/input_tokens"),
        ("responses", "/v1/embeddings"),
    ];
    for (name, path) in cases {
        let data_dir = tempfile::TempDir::new().unwrap();
        let text = crate::support::configuration(&upstream.url, data_dir.path(), "");
        let line = text
            .lines()
            .find(|line| line.starts_with("endpoints"))
            .unwrap();
        let text = text.replace(
            line,
            &format!("endpoints = {{ {name} = \"{}\" }}", upstream.url),
        );
        let gateway = TestGateway::from_text(&text, data_dir).await;
        let client = Client::new(&gateway.url);
        let body = r#"{"model":"m","input":"x"}"#;
        let answer = client.post(path, &[], body).await;
        assert_eq!(answer.status, 400, "{path}");
        let json = answer.json();
        let message = json["error"]["message"].as_str().unwrap();
        assert!(
            message.contains(name) && message.contains("translated"),
            "{message}"
        );
        gateway.stop().await;
    }
    assert!(upstream.seen().is_empty());
}
