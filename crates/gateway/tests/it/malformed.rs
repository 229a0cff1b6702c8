//! What no client should send: each answered in its protocol where there is still one to answer in.

use crate::support::client::Client;
use crate::support::dialect::{DIALECTS, MESSAGES};
use crate::support::raw::{Raw, body, status};
use crate::support::upstream::ScriptedUpstream;
use crate::support::{KEY, TestGateway};

#[tokio::test]
async fn bodies() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start(&upstream.url).await;
    let client = Client::new(&gateway.url);
    let table: [(&[u8], &str); 17] = [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"[]", "object"),
        (b"\"model\"", "object"),
        (b"null", "object"),
        (b"model=m", "object"),
        (b"{\"model\":\"m\"", "malformed"),
        (b"{\"model\":\"m\"}}", "malformed"),
        (b"{\"model\":\"m\",}", "malformed"),
        (b"{\"model\":\"m\"} {}", "malformed"),
        (b"{'model':'m'}", "malformed"),
        (b"{\"model\":\"m\",\"x\":\"\xff\"}", "UTF-8"),
        (
            b"{\"model\":\"m\",\"model\":\"n\"}",
            "`model` is given twice",
        ),
        (
            b"{\"model\":\"m\",\"\\u006dodel\":\"n\"}",
            "`model` is given twice",
        ),
        (
            b"{\"model\":\"m\",\"stream\":true,\"stream\":false}",
            "`stream` is given twice",
        ),
        (b"{\"model\":\"m\",\"stream\":\"yes\"}", "`stream`"),
        (b"{\"messages\":[]}", "`model` is missing"),
    ];
    for dialect in &DIALECTS {
        for (sent, said) in table {
            let answer = client.post(dialect.path, &[], sent).await;
            let text = answer.text();
            assert_eq!(
                answer.status,
                400,
                "{:?}: {text}",
                String::from_utf8_lossy(sent)
            );
            let kind = dialect.error_name(&answer.json()).to_owned();
            assert!(kind.starts_with("invalid_request"), "{kind}");
            assert!(
                text.contains(said),
                "{:?}: {text}",
                String::from_utf8_lossy(sent)
            );
        }
    }
    assert!(upstream.seen().is_empty());
    gateway.stop().await;
}

#[tokio::test]
async fn a_duplicate_of_another_field_passes() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start(&upstream.url).await;
    upstream.json(200, "{}");
    let sent =
        r#"{"max_tokens":1,"model":"m","max_tokens":2,"metadata":{"model":"x","model":"y"}}"#;
    let answer = Client::new(&gateway.url)
        .post("/v1/messages", &[], sent)
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(upstream.last().body, sent.as_bytes());
    gateway.stop().await;
}

#[tokio::test]
async fn chunked_bodies_that_break_off_or_make_no_sense() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start(&upstream.url).await;
    let head = format!(
        "POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-api-key: {KEY}\r\ntransfer-encoding: chunked\r\n\r\n"
    );
    for chunks in [
        "d\r\n{\"model\":\"m\"}\r\n",
        "d\r\n{\"mod",
        "zz\r\n{}\r\n0\r\n\r\n",
    ] {
        let mut client = Raw::connect(&gateway.url).await;
        client.send(&head).await.send(chunks).await.finish().await;
        let answer = client.rest().await;
        assert_eq!(status(&answer), 400, "{chunks:?}: {answer:?}");
        assert_eq!(body(&answer)["error"]["type"], "invalid_request_error");
    }
    assert!(upstream.seen().is_empty());
    assert!(gateway.calls().await.is_empty());
    gateway.stop().await;
}

#[tokio::test]
async fn ten_thousand_headers() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start(&upstream.url).await;
    let mut client = Raw::connect(&gateway.url).await;
    let many = "x-a: b\r\n".repeat(10_000);
    let request = format!(
        "POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-api-key: {KEY}\r\n{many}content-length: 0\r\n\r\n"
    );
    let answer = client.send(request).await.rest().await;
    // There is no request yet to answer in a protocol: the server says so itself, without a body.
    assert_eq!(status(&answer), 431, "{answer:?}");
    assert!(answer.ends_with("\r\n\r\n"));
    // As many as a client with every header it knows may send do pass.
    upstream.json(200, MESSAGES.answer);
    let names: Vec<_> = (0..60).map(|n| format!("x-header-{n}")).collect();
    let headers: Vec<_> = names.iter().map(|name| (name.as_str(), "v")).collect();
    let client = Client::new(&gateway.url);
    assert_eq!(
        client
            .post("/v1/messages", &headers, r#"{"model":"m"}"#)
            .await
            .status,
        200
    );
    gateway.stop().await;
}

#[tokio::test]
async fn paths_that_climb() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start(&upstream.url).await;
    for path in [
        "/proxy/lab/../x",
        "/proxy/lab/v1/./x",
        "/proxy/lab/a/..",
        "/proxy/lab/%2e%2e/x",
        "/proxy/lab/.%2E/x",
        "/proxy/lab/%252e%252e/x",
        "/proxy/lab/%25252e%25252e/x",
        "/proxy/lab/a%2f..%2fb",
        "/proxy/lab/a%252f%252e%252e%252fb",
        "/proxy/lab/..%5cx",
        "/proxy/lab/..\\x",
        "/proxy/../x",
        "/proxy/%2e%2e/x",
        "/v1/../v1/messages",
        "/v1/%2e%2e/api/v1/keys",
        "/v1/responses/../models",
        "/v1/responses/%2e%2e",
        "/v1/messages/batches/..%2f..%2fmodels",
        "/v1/messages/batches/%252e%252e/results",
    ] {
        let mut client = Raw::connect(&gateway.url).await;
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: x\r\nx-api-key: {KEY}\r\nconnection: close\r\n\r\n"
        );
        let answer = client.send(request).await.rest().await;
        let expected: &[u16] = if path.starts_with("/proxy/") {
            &[400]
        } else {
            &[400, 404]
        };
        assert!(expected.contains(&status(&answer)), "{path}: {answer:?}");
    }
    assert!(upstream.seen().is_empty());
    // Dots that are no segment of their own are harmless.
    for path in [
        "/proxy/lab/v1/a..b",
        "/proxy/lab/.well-known/x",
        "/proxy/lab/v1/%2Fx%20y",
    ] {
        upstream.json(200, "{}");
        assert_eq!(
            Client::new(&gateway.url).get(path, &[]).await.status,
            200,
            "{path}"
        );
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_web_socket_is_refused_at_once() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start(&upstream.url).await;
    let mut client = Raw::connect(&gateway.url).await;
    let request = "GET /v1/responses HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\n\
        upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n\
        sec-websocket-extensions: permessage-deflate\r\nopenai-beta: responses_websockets=2026-02-06\r\n\r\n";
    let answer = client.send(request).await.until("}}").await;
    assert_eq!(status(&answer), 426, "{answer}");
    assert_eq!(body(&answer)["error"]["code"], "invalid_request");
    let plain = Client::new(&gateway.url).get("/v1/responses", &[]).await;
    assert_eq!(plain.status, 404);
    assert!(upstream.seen().is_empty());
    gateway.stop().await;
}

#[tokio::test]
async fn unknown_paths_and_methods() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start(&upstream.url).await;
    let client = Client::new(&gateway.url);
    for (method, path) in [
        ("GET", "/v1/messages"),
        ("PUT", "/v1/chat/completions"),
        ("DELETE", "/v1/models"),
        ("PATCH", "/v1/responses"),
        ("POST", "/v1/models"),
        ("POST", "/v1/messages/"),
        ("POST", "/v1/messages/count_tokens/x"),
        ("POST", "/v1/unheard_of"),
        ("POST", "/v2/messages"),
        ("POST", "/messages"),
        ("GET", "/favicon.ico"),
        ("GET", "/proxy"),
        ("GET", "/proxy/nobody/v1/x"),
    ] {
        let method = http::Method::from_bytes(method.as_bytes()).unwrap();
        let request = client.request(method.clone(), path, &[], "");
        let answer = client.whole(request).await;
        assert_eq!(answer.status, 404, "{method} {path}");
        assert_eq!(
            answer.json()["error"]["code"],
            "not_found",
            "{method} {path}"
        );
        assert!(
            answer.header("x-tollhouse-call").is_some(),
            "{method} {path}"
        );
        let version = [("anthropic-version", "2023-06-01")];
        let answer = client
            .whole(client.request(method, path, &version, ""))
            .await;
        assert_eq!(answer.json()["error"]["type"], "not_found_error", "{path}");
    }
    assert!(upstream.seen().is_empty());
    gateway.stop().await;
}
