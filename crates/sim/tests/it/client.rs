//! A small client that reports exactly what it saw.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{HeaderMap, Method, Request, StatusCode};
use hyper_util::{
    client::legacy::{Client, Error},
    rt::TokioExecutor,
};
use serde_json::Value;
use tollhouse_sim::{Sim, SimConfig};

/// An answer, and whether it was cut off.
pub(crate) struct Seen {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) cut: bool,
}

impl Seen {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    /// The stream's events: the `event:` line, if any, and the data.
    pub(crate) fn events(&self) -> Vec<(Option<String>, Value)> {
        let text = std::str::from_utf8(&self.body).unwrap();
        text.split_terminator("\n\n")
            .filter(|event| *event != "data: [DONE]")
            .map(|event| match event.split_once('\n') {
                None => (None, parse(event.strip_prefix("data: ").unwrap())),
                Some((name, data)) => (
                    Some(name.strip_prefix("event: ").unwrap().to_owned()),
                    parse(data.strip_prefix("data: ").unwrap()),
                ),
            })
            .collect()
    }

    pub(crate) fn ends_with_done(&self) -> bool {
        self.body.ends_with(b"data: [DONE]\n\n")
    }
}

fn parse(data: &str) -> Value {
    serde_json::from_str(data).unwrap()
}

pub(crate) async fn start() -> Sim {
    Sim::start(SimConfig::default()).await.unwrap()
}

pub(crate) async fn send(
    sim: &Sim,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Result<Seen, Error> {
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let mut request = Request::builder()
        .method(method)
        .uri(format!("{}{path}", sim.base_url()));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = client
        .request(request.body(Full::new(body.into())).unwrap())
        .await?;
    let (head, mut rest) = response.into_parts();
    let (mut body, mut cut) = (Vec::new(), false);
    while let Some(frame) = rest.frame().await {
        match frame {
            Ok(frame) => body.extend_from_slice(&frame.into_data().unwrap_or_default()),
            Err(_) => cut = true,
        }
    }
    Ok(Seen {
        status: head.status,
        headers: head.headers,
        body,
        cut,
    })
}

/// Posts JSON with the Messages version header, which the other protocols ignore.
pub(crate) async fn post(sim: &Sim, path: &str, script: &str, body: &Value) -> Seen {
    let mut headers = vec![("anthropic-version", "2023-06-01")];
    if !script.is_empty() {
        headers.push(("x-sim", script));
    }
    send(sim, Method::POST, path, &headers, body.to_string())
        .await
        .unwrap()
}

pub(crate) async fn get(sim: &Sim, path: &str) -> Seen {
    let headers = [("anthropic-version", "2023-06-01")];
    send(sim, Method::GET, path, &headers, "").await.unwrap()
}

/// A small request in each protocol.
pub(crate) fn requests(model: &str, stream: bool) -> [(&'static str, Value); 3] {
    let messages = serde_json::json!([{"role": "user", "content": "hello wide world"}]);
    [
        (
            "/v1/messages",
            serde_json::json!({"model": model, "max_tokens": 99, "messages": messages, "stream": stream}),
        ),
        (
            "/v1/chat/completions",
            serde_json::json!({"model": model, "messages": messages, "stream": stream}),
        ),
        (
            "/v1/responses",
            serde_json::json!({"model": model, "input": messages, "stream": stream}),
        ),
    ]
}
