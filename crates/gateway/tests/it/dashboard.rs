//! The dashboard over a real socket, with what was built or without.

use bytes::Bytes;
use http::{Method, StatusCode};

use crate::support::TestGateway;
use crate::support::client::Client;
use crate::support::raw::{self, Raw};
use crate::support::upstream::ScriptedUpstream;

#[tokio::test]
async fn browsers_get_a_page_wherever_they_come_in() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start(&upstream.url).await;
    let client = Client::new(&gateway.url);
    let answer = client.get("/dashboard", &[]).await;
    assert_eq!(answer.status, StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(answer.header("location"), Some("/dashboard/"));
    for path in [
        "/dashboard/",
        "/dashboard/calls?org=x",
        "/dashboard/calls/call_1",
    ] {
        let answer = client.get(path, &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(
            answer.header("content-type"),
            Some("text/html; charset=utf-8")
        );
        assert!(answer.text().starts_with("<!doctype html>"), "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-cache"));
        assert!(answer.header("content-security-policy").is_some());
        // Nobody signed in: there is nothing in it that is anyone's.
        assert_eq!(answer.header("set-cookie"), None);
    }
    let head = client
        .whole(client.request(Method::HEAD, "/dashboard/", &[], Bytes::new()))
        .await;
    assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
    let answer = client.post("/dashboard/calls", &[], "").await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.header("allow"), Some("GET,HEAD"));
    let answer = client.get("/dashboard/assets/gone.js", &[]).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    gateway.stop().await;
}

#[tokio::test]
async fn no_path_leads_out_of_it() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start(&upstream.url).await;
    for path in [
        "/dashboard/../../Cargo.toml",
        "/dashboard/..%2f..%2fCargo.toml",
        "/dashboard/%2e%2e/%2e%2e/etc/passwd",
        "/dashboard//etc/passwd",
        "/dashboard/../api/v1/keys",
    ] {
        let mut raw = Raw::connect(&gateway.url).await;
        let request = format!("GET {path} HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n");
        let answer = raw.send(request).await.rest().await;
        assert_eq!(raw::status(&answer), 200, "{path}");
        assert!(answer.contains("<!doctype html>"), "{path}: {answer}");
    }
    gateway.stop().await;
}
