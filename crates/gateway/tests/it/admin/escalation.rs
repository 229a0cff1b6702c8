//! Ways up that are none: whoever administers one organization gets no further than that.

use http::StatusCode;
use http_body_util::BodyExt;
use tempfile::TempDir;

use super::credentials::people::{Somebody, made, somebody};
use super::{Api, refusal};
use crate::support::upstream::ScriptedUpstream;
use crate::support::{KEY, SOON, TestGateway, configuration};

/// `anna` administers `acme`, and whoever administers the installation.
async fn acme(more: &str) -> (ScriptedUpstream, TestGateway, Api, Somebody) {
    let upstream = ScriptedUpstream::start().await;
    let data_dir = TempDir::new().unwrap();
    let text = configuration(&upstream.url, data_dir.path(), "") + more;
    let gateway = TestGateway::from_text(&text, data_dir).await;
    let root = Api::new(&gateway);
    made(&root, "/api/v1/orgs", r#"{"name":"acme"}"#).await;
    let anna = somebody(&gateway, &root, "anna", &[("acme", "admin")]).await;
    (upstream, gateway, root, anna)
}

async fn denied(api: &Api, method: http::Method, path: &str, body: &str) {
    let answer = api.send(method.clone(), path, body).await;
    let code = refusal(&answer).1;
    assert_eq!(code, "forbidden", "{method} {path}: {}", answer.text());
}

#[tokio::test]
async fn nobody_is_drawn_into_an_organization_by_strangers() {
    let (_upstream, gateway, root, anna) = acme("").await;
    let bob = somebody(&gateway, &root, "bob", &[]).await;
    let service = made(&root, "/api/v1/users", r#"{"name":"s","kind":"service"}"#).await;
    let member = r#"{"role":"member"}"#;
    for id in [&bob.id, service["id"].as_str().unwrap()] {
        let path = format!("/api/v1/orgs/acme/members/{id}");
        denied(&anna.api, http::Method::PUT, &path, member).await;
        assert_eq!(root.put(&path, member).await.status, StatusCode::OK);
        // Once in, what they are there is the organization's affair.
        let viewer = anna.api.put(&path, r#"{"role":"viewer"}"#).await;
        assert_eq!(viewer.status, StatusCode::OK, "{}", viewer.text());
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_persons_own_credentials_are_drawn_on_by_nobody_else() {
    let (_upstream, gateway, root, anna) = acme("").await;
    let bob = somebody(&gateway, &root, "bob", &[("acme", "member")]).await;
    let key = |more: &str| {
        let bob = &bob.id;
        format!(r#"{{"name":"k","org":"acme","owner":"{bob}"{more}}}"#)
    };
    denied(&anna.api, http::Method::POST, "/api/v1/keys", &key("")).await;
    let without = key(r#","credentials":{"user":false}"#);
    let without = made(&anna.api, "/api/v1/keys", &without).await;
    let path = format!("/api/v1/keys/{}", without["id"].as_str().unwrap());
    let with = r#"{"credentials":{"user":true}}"#;
    denied(&anna.api, http::Method::PATCH, &path, with).await;
    // Nor by a new secret of one that bob made.
    let own = r#"{"name":"own","org":"acme"}"#;
    let own = made(&bob.api, "/api/v1/keys", own).await;
    let rotate = format!("/api/v1/keys/{}/rotate", own["id"].as_str().unwrap());
    denied(&anna.api, http::Method::POST, &rotate, "{}").await;
    assert_eq!(bob.api.post(&rotate, "{}").await.status, StatusCode::OK);
    gateway.stop().await;
}

#[tokio::test]
async fn a_service_lends_its_role_to_nobody_below_it() {
    let (_upstream, gateway, root, anna) = acme("").await;
    let service = r#"{"name":"s","kind":"service","org":"acme","role":"owner"}"#;
    let service = made(&root, "/api/v1/users", service).await;
    let path = format!("/api/v1/users/{}", service["id"].as_str().unwrap());
    let token = r#"{"name":"t","scope":"admin"}"#;
    denied(
        &anna.api,
        http::Method::POST,
        &format!("{path}/tokens"),
        token,
    )
    .await;
    denied(&anna.api, http::Method::DELETE, &path, "").await;
    gateway.stop().await;
}

#[tokio::test]
async fn whoever_borrows_the_platforms_money_does_not_set_how_much() {
    let lent = "[bootstrap]\nplatform = true\n";
    let (_upstream, gateway, root, anna) = acme(lent).await;
    let path = "/api/v1/orgs/acme/limits";
    let budget = r#"{"budget":{"usd":"1000000","window":"total"}}"#;
    denied(&anna.api, http::Method::PUT, path, budget).await;
    assert_eq!(root.put(path, budget).await.status, StatusCode::OK);
    gateway.stop().await;
}

#[tokio::test]
async fn a_change_touches_what_it_names_and_nothing_else() {
    let (_upstream, gateway, root, anna) = acme("").await;
    let path = format!("/api/v1/users/{}", anna.id);
    let renamed = anna.api.patch(&path, r#"{"name":"Anna"}"#).await;
    assert_eq!(renamed.status, StatusCode::OK, "{}", renamed.text());
    let off = root.patch(&path, r#"{"disabled":true}"#).await;
    assert!(off.json()["disabled_at"].is_string());
    let limits = format!("{path}/limits");
    root.put(&limits, r#"{"limits":{"rpm":5}}"#).await;
    let shown = root.get(&path).await;
    assert_eq!(shown["name"], "Anna");
    assert!(shown["disabled_at"].is_string());
    gateway.stop().await;
}

#[tokio::test]
async fn an_organization_keeps_an_owner_who_is_there() {
    let (_upstream, gateway, root, _anna) = acme("").await;
    let mut owners = Vec::new();
    for name in ["one", "two"] {
        owners.push(somebody(&gateway, &root, name, &[("acme", "owner")]).await);
    }
    let off = root
        .delete(&format!("/api/v1/users/{}", owners[0].id))
        .await;
    assert_eq!(off.status, StatusCode::NO_CONTENT);
    let path = format!("/api/v1/orgs/acme/members/{}", owners[1].id);
    assert_eq!(refusal(&root.delete(&path).await).1, "conflict");
    gateway.stop().await;
}

#[tokio::test]
async fn what_an_account_keeps_is_nobodys_to_look_through() {
    let (upstream, gateway, root, anna) = acme("").await;
    let of_acme = made(&anna.api, "/api/v1/keys", r#"{"name":"k","org":"acme"}"#).await;
    let path = format!("/api/v1/keys/{}", of_acme["id"].as_str().unwrap());
    let lent = r#"{"credentials":{"platform":true}}"#;
    assert_eq!(root.patch(&path, lent).await.status, StatusCode::OK);
    let headers = [("x-tollhouse-key", of_acme["secret"].as_str().unwrap())];
    for path in [
        "/proxy/lab/v1/files",
        "/proxy/lab/files/file-1/content",
        "/proxy/lab/v1//files",
        "/proxy/lab/v1/%66iles",
        "/proxy/lab/v1/vector_stores/vs_1",
        "/proxy/lab/v1/chat/completions/chatcmpl-1",
        "/proxy/lab/v1//messages/batches",
    ] {
        let answer = root.client.get(path, &headers).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
    }
    upstream.json(200, "{}");
    let models = root.client.get("/proxy/lab/v1/models", &headers).await;
    assert_eq!(models.status, StatusCode::OK);
    gateway.stop().await;
}

#[tokio::test]
async fn a_token_makes_none_that_outlives_it() {
    let (_upstream, gateway, root, anna) = acme("").await;
    let path = format!("/api/v1/users/{}/tokens", anna.id);
    let short = made(
        &root,
        &path,
        r#"{"name":"short","scope":"admin","expires_in":"1h"}"#,
    )
    .await;
    let with_short = Api::with(&gateway, short["secret"].as_str().unwrap());
    for body in [
        r#"{"name":"child"}"#,
        r#"{"name":"child","expires_in":"90d"}"#,
    ] {
        let child = made(&with_short, &path, body).await;
        assert_eq!(child["expires_at"], short["expires_at"], "{body}");
    }
    let shorter = made(&with_short, &path, r#"{"name":"child","expires_in":"5m"}"#).await;
    assert!(shorter["expires_at"].as_str() < short["expires_at"].as_str());
    gateway.stop().await;
}

#[tokio::test]
async fn a_revoked_token_watches_no_more() {
    let (upstream, gateway, root, anna) = acme("").await;
    let path = format!("/api/v1/users/{}/tokens", anna.id);
    let token = made(&root, &path, r#"{"name":"t","scope":"read"}"#).await;
    let bearer = format!("Bearer {}", token["secret"].as_str().unwrap());
    let headers = [("authorization", bearer.as_str())];
    let request = root
        .client
        .request(http::Method::GET, "/api/v1/live", &headers, "");
    let watching = root.client.send(request).await;
    assert_eq!(watching.status(), StatusCode::OK);
    let one = format!("{path}/{}", token["id"].as_str().unwrap());
    assert_eq!(root.delete(&one).await.status, StatusCode::NO_CONTENT);
    assert_eq!(root.call(&upstream, KEY, "m").await, StatusCode::OK);
    let rest = tokio::time::timeout(SOON, watching.into_body().collect());
    let rest = rest.await.unwrap().unwrap().to_bytes();
    assert!(!String::from_utf8_lossy(&rest).contains("event: call"));
    gateway.stop().await;
}
