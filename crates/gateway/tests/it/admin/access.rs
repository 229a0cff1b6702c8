//! Who gets in, and what strangers are told.

use bytes::Bytes;
use http::{Method, StatusCode};

use super::{Api, refusal, started};
use crate::support::client::Client;
use crate::support::{ADMIN, KEY};

/// Every method and path that the document names, with something in place of parameters.
pub(super) async fn documented(client: &Client) -> Vec<(Method, String)> {
    let document = client.get("/api/openapi.json", &[]).await.json();
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let method = method.to_uppercase().parse().unwrap();
            found.push((method, path.replace(['{', '}'], "")));
        }
    }
    found
}

/// What strangers may ask for below `/api`.
const OPEN: [(&str, &str); 4] = [
    ("POST", "/api/v1/session"),
    ("GET", "/api/v1/session/ways"),
    ("POST", "/api/v1/device/code"),
    ("POST", "/api/v1/device/token"),
];

#[tokio::test]
async fn every_documented_route_is_closed_unless_it_is_a_probe() {
    let (_upstream, gateway, api) = started().await;
    let client = &api.client;
    let longer = format!("Bearer {ADMIN}x");
    let virtual_key = format!("Bearer {KEY}");
    let basic = format!("Basic {ADMIN}");
    let strangers: [&[(&str, &str)]; 7] = [
        &[],
        &[("authorization", &longer)],
        &[("authorization", &virtual_key)],
        &[("authorization", &basic)],
        &[("authorization", "Bearer ")],
        &[("x-api-key", ADMIN)],
        &[("x-tollhouse-key", ADMIN), ("cookie", "token=1")],
    ];
    let routes = documented(client).await;
    assert!(routes.len() > 25, "{routes:?}");
    for (method, path) in routes {
        for headers in strangers {
            let request = client.request(method.clone(), &path, headers, Bytes::new());
            let answer = client.whole(request).await;
            if OPEN.contains(&(method.as_str(), path.as_str())) {
                // Strangers come here to stop being strangers.
                let expected = if method == Method::GET { 200 } else { 400 };
                assert_eq!(answer.status, expected, "{path}");
            } else if path.starts_with("/api/") {
                let (status, code, field) = refusal(&answer);
                assert_eq!(
                    (status, code.as_str(), field),
                    (401, "unauthorized", None),
                    "{path}"
                );
                assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
            } else {
                assert_eq!(answer.status, StatusCode::OK, "{path}");
            }
        }
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_stranger_cannot_tell_what_there_is() {
    let (_upstream, gateway, api) = started().await;
    let stranger = Api::with(&gateway, "nobody");
    let odd = [
        "/api/v1/keys",
        "/api/v1/nothing",
        "/api/v2/keys",
        "/api/",
        "/api",
        "/api/v1/keys/x/y",
    ];
    for path in odd {
        for method in [Method::GET, Method::TRACE, Method::PUT] {
            let answer = stranger.send(method.clone(), path, "{").await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path}");
        }
    }
    let unknown = api.send(Method::GET, "/api/v1/nothing", "").await;
    assert_eq!(refusal(&unknown).1, "not_found");
    let method = api.send(Method::PUT, "/api/v1/keys", "{}").await;
    assert_eq!(refusal(&method), (405, "method_not_allowed".into(), None));
    let method = Client::new(&gateway.url)
        .post("/api/openapi.json", &[], "{}")
        .await;
    assert_eq!(method.status, StatusCode::METHOD_NOT_ALLOWED);
    gateway.stop().await;
}

#[tokio::test]
async fn the_host_header_opens_nothing() {
    let (_upstream, gateway, api) = started().await;
    let client = &api.client;
    for host in [
        "localhost",
        "gateway.internal",
        "/healthz",
        "x/api/openapi.json?",
    ] {
        let request = client.request(Method::GET, "/api/v1/keys", &[("host", host)], Bytes::new());
        let answer = client.whole(request).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{host}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn answers_are_not_kept_and_not_guessed_at() {
    let (_upstream, gateway, api) = started().await;
    for path in [
        "/api/v1/keys",
        "/api/v1/nothing",
        "/metrics",
        "/nothing",
        "/api/openapi.json",
    ] {
        let answer = api.send(Method::GET, path, "").await;
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        assert_eq!(
            answer.header("x-content-type-options"),
            Some("nosniff"),
            "{path}"
        );
    }
    gateway.stop().await;
}

#[tokio::test]
async fn unknown_paths_elsewhere_are_refused_as_clients_read_it() {
    let (_upstream, gateway, api) = started().await;
    let client = &api.client;
    for path in ["/v1/nothing", "/nothing", "/v1/messages", "/apis"] {
        let answer = client.get(path, &[]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        assert_eq!(answer.json()["error"]["code"], "not_found", "{path}");
        assert!(
            answer
                .header("x-tollhouse-call")
                .unwrap()
                .starts_with("call_")
        );
        let answer = client
            .get(path, &[("anthropic-version", "2023-06-01")])
            .await;
        assert_eq!(answer.json()["error"]["type"], "not_found_error", "{path}");
        assert_eq!(answer.json()["type"], "error");
        assert_eq!(
            answer.header("x-tollhouse-call"),
            answer.header("request-id")
        );
    }
    gateway.stop().await;
}

#[tokio::test]
async fn probes_answer_anyone() {
    let (_upstream, gateway, api) = started().await;
    let client = &api.client;
    assert_eq!(client.get("/healthz", &[]).await.text(), "ok");
    assert_eq!(client.get("/readyz", &[]).await.text(), "ok");
    assert!(client.get("/", &[]).await.text().contains("Tollhouse"));
    let head = client
        .whole(client.request(Method::HEAD, "/", &[], Bytes::new()))
        .await;
    assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
    let browser = [("accept", "text/html,application/xhtml+xml,*/*;q=0.8")];
    let answer = client.get("/", &browser).await;
    assert_eq!(answer.status, StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(answer.header("location"), Some("/dashboard/"));
    assert_eq!(answer.header("vary"), Some("accept"));
    // Clients that look whether anyone is there see the same, whatever they accept.
    let head = client
        .whole(client.request(Method::HEAD, "/", &browser, Bytes::new()))
        .await;
    assert_eq!(head.status, StatusCode::OK);
    let metrics = client.get("/metrics", &[]).await;
    let format = metrics.header("content-type").unwrap();
    assert!(
        format.starts_with("application/openmetrics-text"),
        "{format}"
    );
    assert!(
        metrics.text().contains("tollhouse_connections 1\n"),
        "{}",
        metrics.text()
    );
    assert!(metrics.text().ends_with("# EOF\n"));
    gateway.stop().await;
}
