//! How many keys and credentials there may be.

use http::StatusCode;
use tempfile::TempDir;

use super::Api;
use super::credentials::people::{made, shared, somebody};
use crate::support::upstream::ScriptedUpstream;
use crate::support::{TestGateway, configuration};

const FEW: &str = "[limits]
keys_per_owner = 2
keys_per_org = 3
credentials_per_provider = 1
";

async fn started() -> (ScriptedUpstream, TestGateway, Api) {
    let upstream = ScriptedUpstream::start().await;
    let data_dir = TempDir::new().unwrap();
    let text = configuration(&upstream.url, data_dir.path(), "") + FEW;
    let gateway = TestGateway::from_text(&text, data_dir).await;
    let root = Api::new(&gateway);
    made(&root, "/api/v1/orgs", r#"{"name":"acme"}"#).await;
    shared(&root, &upstream).await;
    (upstream, gateway, root)
}

#[tokio::test]
async fn keys_of_an_owner_and_of_an_organization_are_bounded() {
    let (_upstream, gateway, root) = started().await;
    let ann = somebody(&gateway, &root, "ann", &[("acme", "member")]).await;
    let bob = somebody(&gateway, &root, "bob", &[("acme", "member")]).await;
    let key = r#"{"name":"k","org":"acme"}"#;
    let first = made(&ann.api, "/api/v1/keys", key).await;
    // At once, and there is room for one.
    let (one, two) = tokio::join!(
        ann.api.post("/api/v1/keys", key),
        ann.api.post("/api/v1/keys", key)
    );
    let mut statuses = [one.status, two.status];
    statuses.sort();
    assert_eq!(statuses, [StatusCode::CREATED, StatusCode::CONFLICT]);
    let refused = ann.api.post("/api/v1/keys", key).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(
        refused.text().contains("2 is the most"),
        "{}",
        refused.text()
    );

    // Nor by giving a key away, nor by bootstrap.
    let nobodys = made(&root, "/api/v1/keys", r#"{"name":"k"}"#).await;
    let path = format!("/api/v1/keys/{}", nobodys["id"].as_str().unwrap());
    let given = format!(r#"{{"owner":"{}"}}"#, ann.id);
    let given = root.patch(&path, &given).await;
    assert_eq!(given.status, StatusCode::CONFLICT, "{}", given.text());
    let put = ann.api.put(
        "/api/v1/me/credentials/shared",
        r#"{"api_key":"sk-of-ann"}"#,
    );
    assert_eq!(put.await.status, StatusCode::OK);
    let bootstrap = r#"{"client":"codex","model":"shared-m"}"#;
    let refused = ann.api.post("/api/v1/agents/a/bootstrap", bootstrap).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text());

    made(&bob.api, "/api/v1/keys", key).await;
    let refused = bob.api.post("/api/v1/keys", key).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(
        refused.text().contains("3 is the most"),
        "{}",
        refused.text()
    );
    // One that is revoked counts no more.
    let path = format!("/api/v1/keys/{}", first["id"].as_str().unwrap());
    assert_eq!(ann.api.delete(&path).await.status, StatusCode::NO_CONTENT);
    made(&bob.api, "/api/v1/keys", key).await;
    gateway.stop().await;
}

#[tokio::test]
async fn credentials_of_an_owner_for_a_provider_are_bounded() {
    let (_upstream, gateway, root) = started().await;
    let path = "/api/v1/orgs/acme/credentials/shared";
    let body = r#"{"api_key":"sk-of-acme"}"#;
    assert_eq!(root.put(path, body).await.status, StatusCode::OK);
    let again = root.put(path, r#"{"api_key":"sk-another"}"#).await;
    assert_eq!(again.status, StatusCode::OK, "the same one, set anew");
    let other = root.put(&format!("{path}?name=other"), body).await;
    assert_eq!(other.status, StatusCode::CONFLICT);
    assert!(other.text().contains("1 is the most"), "{}", other.text());
    let elsewhere = root.put("/api/v1/platform/credentials/shared", body).await;
    assert_eq!(elsewhere.status, StatusCode::OK, "another owner");
    gateway.stop().await;
}
