use std::io::Write as _;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{Method, Request, Version};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tollhouse_sim::{Sim, SimConfig};

use crate::client::{get, post, requests, send, start};

#[tokio::test]
async fn wrong_credentials_are_refused_in_each_dialect() {
    let config = SimConfig {
        api_key: Some("right".into()),
        ..SimConfig::default()
    };
    let sim = Sim::start(config).await.unwrap();
    for (path, body) in requests("sim-echo", false) {
        for (header, status) in [
            (("authorization", "Bearer right"), 200),
            (("x-api-key", "right"), 200),
            (("authorization", "Bearer wrong"), 401),
            (("x-api-key", "wrong"), 401),
            (("cookie", "right"), 401),
        ] {
            let headers = [("anthropic-version", "2023-06-01"), header];
            let seen = send(&sim, Method::POST, path, &headers, body.to_string())
                .await
                .unwrap();
            assert_eq!(seen.status, status, "{path} {header:?}");
            if status == 401 && path == "/v1/messages" {
                assert_eq!(seen.json()["error"]["type"], "authentication_error");
            } else if status == 401 {
                assert_eq!(seen.json()["error"]["code"], "invalid_api_key");
            }
        }
    }
    // Where both are sent, x-api-key decides.
    let (path, body) = requests("sim-echo", false)[1].clone();
    let headers = [("authorization", "Bearer right"), ("x-api-key", "wrong")];
    let seen = send(&sim, Method::POST, path, &headers, body.to_string())
        .await
        .unwrap();
    assert_eq!(seen.status, 401);
}

#[tokio::test]
async fn requests_are_recorded_as_they_came() {
    let sim = Sim::start(SimConfig {
        keep: 2,
        ..SimConfig::default()
    })
    .await
    .unwrap();
    for (path, body) in requests("sim-echo", false) {
        post(&sim, &format!("{path}?beta=true"), "", &body).await;
    }
    let seen = sim.requests();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[1].target(), "/v1/responses?beta=true");
    assert_eq!(seen[1].header("anthropic-version"), Some("2023-06-01"));
    assert_eq!(seen[1].body, requests("sim-echo", false)[2].1.to_string());
    assert!(!format!("{:?}", seen[1]).contains("hello"));
    sim.forget();
    assert!(sim.requests().is_empty());
    assert_eq!(sim.stats().requests, 3);
}

#[tokio::test]
async fn models_come_in_the_callers_shape() {
    let sim = start().await;
    let messages = get(&sim, "/v1/models?limit=2").await.json();
    assert_eq!(
        (&messages["data"][0]["type"], &messages["has_more"]),
        (&json!("model"), &json!(true))
    );
    assert_eq!(get(&sim, "/v1/models/nope").await.json()["type"], "error");
    let chat = send(&sim, Method::GET, "/v1/models", &[], "")
        .await
        .unwrap()
        .json();
    assert_eq!(
        (&chat["object"], &chat["data"][3]["id"]),
        (&json!("list"), &json!("sim-coder"))
    );
    let one = send(&sim, Method::GET, "/v1/models/sim-coder", &[], "")
        .await
        .unwrap()
        .json();
    assert_eq!(one["object"], "model");
    let none = send(&sim, Method::GET, "/v1/nothing", &[], "")
        .await
        .unwrap();
    assert_eq!(
        (none.status.as_u16(), &none.json()["error"]["param"]),
        (404, &json!(null))
    );
}

#[tokio::test]
async fn echo_shows_what_arrived() {
    let sim = start().await;
    let headers = [("x-one", "1"), ("authorization", "Bearer any")];
    let seen = send(&sim, Method::PUT, "/echo/a/b?c=d%20e", &headers, "body")
        .await
        .unwrap()
        .json();
    assert_eq!(seen["method"], "PUT");
    assert_eq!(
        (&seen["path"], &seen["query"]),
        (&json!("/echo/a/b"), &json!("c=d%20e"))
    );
    assert_eq!(
        (&seen["body"], &seen["body_length"]),
        (&json!("body"), &json!(4))
    );
    assert!(
        seen["headers"]
            .as_array()
            .unwrap()
            .contains(&json!(["x-one", "1"]))
    );
}

#[tokio::test]
async fn compressed_requests_are_read() {
    let sim = start().await;
    let (path, body) = requests("sim-echo", false)[1].clone();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(body.to_string().as_bytes()).unwrap();
    let zstd = zstd::encode_all(body.to_string().as_bytes(), 1).unwrap();
    for (name, bytes) in [("gzip", gzip.finish().unwrap()), ("zstd", zstd)] {
        let headers = [("content-encoding", name)];
        let seen = send(&sim, Method::POST, path, &headers, bytes)
            .await
            .unwrap();
        assert_eq!(
            seen.json()["choices"][0]["message"]["content"],
            "hello wide world",
            "{name}"
        );
    }
    let headers = [("content-encoding", "gzip")];
    assert_eq!(
        send(&sim, Method::POST, path, &headers, "no")
            .await
            .unwrap()
            .status,
        400
    );
}

#[tokio::test]
async fn speaks_http_2_with_prior_knowledge() {
    let sim = start().await;
    let client = Client::builder(TokioExecutor::new())
        .http2_only(true)
        .build_http::<Full<Bytes>>();
    let (path, body) = requests("sim-echo", true)[1].clone();
    let call = |script: &'static str| {
        let uri = format!("{}{path}", sim.base_url());
        let request = Request::post(uri).header("x-sim", script);
        client.request(request.body(Full::new(body.to_string().into())).unwrap())
    };
    let response = call("").await.unwrap();
    assert_eq!(response.version(), Version::HTTP_2);
    assert!(
        response
            .into_body()
            .collect()
            .await
            .unwrap()
            .to_bytes()
            .ends_with(b"[DONE]\n\n")
    );
    let mut cut = call("reset_after=2").await.unwrap().into_body();
    let mut frames = 0;
    while let Some(Ok(_)) = cut.frame().await {
        frames += 1;
    }
    assert_eq!(frames, 2);
    assert_eq!(sim.stats().connections, 1);
    // A request that is never answered must not keep the server from stopping.
    tokio::select! {
        _ = call("silence") => panic!("answered"),
        _ = sim.wait_for(|stats| stats.open == 1) => {}
    }
    sim.stop().await;
}

#[tokio::test]
async fn stops_with_answers_in_flight() {
    let sim = start().await;
    let (path, body) = requests("sim-echo", true)[0].clone();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: sim\r\nanthropic-version: 1\r\nx-sim: gap_ms=600000\r\n\
         content-length: {}\r\n\r\n{body}",
        body.to_string().len()
    );
    let mut stream = tokio::net::TcpStream::connect(sim.addr()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    sim.wait_for(|stats| stats.open == 1).await;
    let addr = sim.addr();
    sim.stop().await;
    assert!(tokio::net::TcpStream::connect(addr).await.is_err());
}
