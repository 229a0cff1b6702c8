//! The control plane as scripts see it.

mod access;
pub(crate) mod accounts;
mod audit;
mod bootstrap;
mod caps;
mod catalog;
mod credentials;
mod crossing;
mod device;
mod dry_run;
mod escalation;
mod export;
mod input;
mod keys;
mod live;
mod pages;
mod races;
mod record;
mod seen;
mod session;
mod sso;
mod walk;

use bytes::Bytes;
use http::{Method, StatusCode};
use serde_json::Value;

use crate::support::client::{Answer, Client};
use crate::support::upstream::ScriptedUpstream;
use crate::support::{ADMIN, TestGateway};

/// A whole chat completion that says what it used.
const ANSWER: &str = r#"{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"lab-model",
    "choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],
    "usage":{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100}}"#;

/// The control plane's client.
struct Api {
    client: Client,
    authorization: String,
}

impl Api {
    fn new(gateway: &TestGateway) -> Self {
        let authorization = format!("Bearer {ADMIN}");
        Self {
            client: Client::new(&gateway.url),
            authorization,
        }
    }

    /// The same for somebody with another token.
    fn with(gateway: &TestGateway, token: &str) -> Self {
        let authorization = format!("Bearer {token}");
        Self {
            client: Client::new(&gateway.url),
            authorization,
        }
    }

    async fn send(&self, method: Method, path: &str, body: &str) -> Answer {
        let mut headers = vec![("authorization", self.authorization.as_str())];
        if !body.is_empty() {
            headers.push(("content-type", "application/json"));
        }
        let body = Bytes::copy_from_slice(body.as_bytes());
        self.client
            .whole(self.client.request(method, path, &headers, body))
            .await
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.send(Method::GET, path, "").await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
        answer.json()
    }

    async fn post(&self, path: &str, body: &str) -> Answer {
        self.send(Method::POST, path, body).await
    }

    async fn put(&self, path: &str, body: &str) -> Answer {
        self.send(Method::PUT, path, body).await
    }

    async fn patch(&self, path: &str, body: &str) -> Answer {
        self.send(Method::PATCH, path, body).await
    }

    async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, "").await
    }

    /// Every row of a list, part by part.
    async fn all(&self, path: &str, limit: u32) -> Vec<Value> {
        let (mut rows, mut cursor) = (Vec::new(), String::new());
        loop {
            let part = self.get(&format!("{path}?limit={limit}{cursor}")).await;
            let data = part["data"].as_array().unwrap();
            assert!(data.len() <= usize::try_from(limit).unwrap());
            rows.extend(data.iter().cloned());
            match part["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return rows,
            }
        }
    }

    /// A new key: its id and its secret.
    async fn key(&self, body: &str) -> (String, String) {
        let answer = self.post("/api/v1/keys", body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
        let key = answer.json();
        let text = |name: &str| key[name].as_str().unwrap().to_owned();
        (text("id"), text("secret"))
    }

    /// One call with a key; returns its status.
    async fn call(&self, upstream: &ScriptedUpstream, secret: &str, model: &str) -> StatusCode {
        upstream.json(200, ANSWER);
        let body = format!(r#"{{"model":"{model}","messages":[]}}"#);
        let headers = [("x-api-key", secret), ("content-type", "application/json")];
        self.client
            .post("/v1/chat/completions", &headers, body)
            .await
            .status
    }
}

/// What a refusal is about: its status, code and field.
fn refusal(answer: &Answer) -> (u16, String, Option<String>) {
    let error = &answer.json()["error"];
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|text| text.ends_with('.')),
        "{error}"
    );
    let text = |name: &str| error[name].as_str().map(str::to_owned);
    (answer.status.as_u16(), text("code").unwrap(), text("field"))
}

async fn started() -> (ScriptedUpstream, TestGateway, Api) {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start(&upstream.url).await;
    let api = Api::new(&gateway);
    (upstream, gateway, api)
}

#[tokio::test]
async fn the_document_of_the_api_is_as_reviewed() {
    let (_upstream, gateway, _) = started().await;
    let answer = Client::new(&gateway.url)
        .get("/api/openapi.json", &[])
        .await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    insta::assert_snapshot!("openapi", answer.text());
    gateway.stop().await;
}
