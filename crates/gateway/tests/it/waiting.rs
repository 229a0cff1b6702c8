//! A provider's credential that is named and not there (yet): no reason not to start.

use bytes::Bytes;
use http::Method;
use tempfile::TempDir;

use crate::support::client::{Answer, Client};
use crate::support::upstream::ScriptedUpstream;
use crate::support::{ADMIN, KEY, TestGateway, UPSTREAM_KEY, configuration};

/// The same gateway, whose credential is in `reference`.
async fn gateway(upstream: &str, reference: &str, data_dir: TempDir) -> TestGateway {
    let text = configuration(upstream, data_dir.path(), "");
    let text = text.replace("env:UPSTREAM", reference);
    TestGateway::from_text(&text, data_dir).await
}

async fn call(gateway: &TestGateway) -> Answer {
    let client = Client::new(&gateway.url);
    let headers = [("x-tollhouse-key", KEY)];
    client
        .post("/v1/messages", &headers, r#"{"model":"m"}"#)
        .await
}

async fn set(gateway: &TestGateway, secret: &str) -> Answer {
    let client = Client::new(&gateway.url);
    let admin = format!("Bearer {ADMIN}");
    let headers = [
        ("authorization", admin.as_str()),
        ("content-type", "application/json"),
    ];
    let body = Bytes::from(format!(r#"{{"api_key":"{secret}"}}"#));
    let path = "/api/v1/platform/credentials/lab";
    let request = client.request(Method::PUT, path, &headers, body);
    client.whole(request).await
}

/// Whether a call is answered, and if so with which credential.
async fn used(gateway: &TestGateway, upstream: &ScriptedUpstream) -> String {
    upstream.json(200, "{}");
    let answer = call(gateway).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    upstream.last().header("x-api-key").concat()
}

#[tokio::test]
async fn calls_are_refused_until_somebody_sets_one() {
    let upstream = ScriptedUpstream::start().await;
    let directory = TempDir::new().unwrap();
    let nowhere = format!("file:{}/absent", directory.path().display());
    for reference in ["env:NOWHERE", &nowhere] {
        let data_dir = TempDir::new().unwrap();
        let first = gateway(&upstream.url, reference, data_dir).await;
        let client = Client::new(&first.url);
        assert_eq!(client.get("/readyz", &[]).await.status, 200);
        let refused = call(&first).await;
        assert_eq!(refused.status, 424, "{}", refused.text());
        // What is missing is the operator's business.
        assert!(!refused.text().contains("NOWHERE") && !refused.text().contains("absent"));
        let put = set(&first, "set-by-hand").await;
        assert_eq!(put.status, 200, "{}", put.text());
        assert_eq!(used(&first, &upstream).await, "set-by-hand");

        // It outlives a start that still finds nothing, and gives way to one that does.
        let second = gateway(&upstream.url, reference, first.stop().await).await;
        assert_eq!(used(&second, &upstream).await, "set-by-hand");
        let third = gateway(&upstream.url, "env:UPSTREAM", second.stop().await).await;
        assert_eq!(used(&third, &upstream).await, UPSTREAM_KEY);

        // What was taken out of the environment is not used from memory.
        let fourth = gateway(&upstream.url, reference, third.stop().await).await;
        assert_eq!(call(&fourth).await.status, 424);
        fourth.stop().await;
    }
}
