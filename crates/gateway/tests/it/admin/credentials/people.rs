//! People with tokens of their own, a provider that has no credential yet, and calls that say which
//! credential reached it.

use http::{Method, StatusCode};
use serde_json::Value;

use crate::admin::{ANSWER, Api};
use crate::support::TestGateway;
use crate::support::client::Answer;
use crate::support::upstream::ScriptedUpstream;

/// Somebody with a token of their own.
pub(in crate::admin) struct Somebody {
    pub(in crate::admin) id: String,
    pub(in crate::admin) api: Api,
}

/// Makes something; what is said of it.
pub(in crate::admin) async fn made(api: &Api, path: &str, body: &str) -> Value {
    let answer = api.post(path, body).await;
    assert_eq!(
        answer.status,
        StatusCode::CREATED,
        "{path}: {}",
        answer.text()
    );
    answer.json()
}

/// A user with a role in organizations.
pub(in crate::admin) async fn somebody(
    gateway: &TestGateway,
    root: &Api,
    name: &str,
    places: &[(&str, &str)],
) -> Somebody {
    let body = format!(r#"{{"name":"{name}","email":"{name}@example.org"}}"#);
    let user = made(root, "/api/v1/users", &body).await;
    let id = user["id"].as_str().unwrap().to_owned();
    for (org, role) in places {
        let path = format!("/api/v1/orgs/{org}/members/{id}");
        let set = root.put(&path, &format!(r#"{{"role":"{role}"}}"#)).await;
        assert!(set.status.is_success(), "{}", set.text());
    }
    let path = format!("/api/v1/users/{id}/tokens");
    let token = made(root, &path, r#"{"name":"t","scope":"admin"}"#).await;
    let api = Api::with(gateway, token["secret"].as_str().unwrap());
    Somebody { id, api }
}

/// The provider `shared` at the upstream, which everything is routed to and nobody has a credential for.
pub(in crate::admin) async fn shared(root: &Api, upstream: &ScriptedUpstream) {
    let body = format!(r#"{{"endpoints":{{"chat":"{}/v1"}}}}"#, upstream.url);
    let put = root.put("/api/v1/providers/shared", &body).await;
    assert_eq!(put.status, StatusCode::OK, "{}", put.text());
    let routes = r#"{"data":[{"model":"shared-*","targets":[{"provider":"shared"}]}]}"#;
    let put = root.put("/api/v1/routes", routes).await;
    assert_eq!(put.status, StatusCode::OK, "{}", put.text());
}

/// Where an owner keeps a credential for `shared`; `place` is `me`, `platform` or `orgs/NAME`.
pub(super) fn path(place: &str, name: &str) -> String {
    format!("/api/v1/{place}/credentials/shared?name={name}")
}

/// Sets a credential; what is said of it.
pub(super) async fn put(api: &Api, place: &str, name: &str, secret: &str) -> Value {
    let body = format!(r#"{{"api_key":"{secret}"}}"#);
    let answer = api.put(&path(place, name), &body).await;
    assert_eq!(answer.status, StatusCode::OK, "{place}: {}", answer.text());
    assert!(!answer.text().contains(secret));
    answer.json()
}

/// Switches a credential on or off.
pub(super) async fn enable(api: &Api, id: &str, enabled: bool) {
    let body = format!(r#"{{"enabled":{enabled}}}"#);
    let answer = api.patch(&format!("/api/v1/credentials/{id}"), &body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
}

/// A call in a conversation.
pub(super) async fn call(api: &Api, key: &str, session: &str) -> Answer {
    let headers = [
        ("x-tollhouse-key", key),
        ("x-tollhouse-session", session),
        ("content-type", "application/json"),
    ];
    let path = "/v1/chat/completions";
    let body = r#"{"model":"shared-model","messages":[]}"#;
    let request = api.client.request(Method::POST, path, &headers, body);
    api.client.whole(request).await
}

/// The same, which the upstream answers well; the secret that it was made with.
pub(super) async fn drawn(
    api: &Api,
    upstream: &ScriptedUpstream,
    key: &str,
    session: &str,
) -> String {
    upstream.json(200, ANSWER);
    let answer = call(api, key, session).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    secret(&upstream.last())
}

/// The one credential that a request came with.
pub(super) fn secret(seen: &crate::support::upstream::Seen) -> String {
    let values = seen.header("authorization");
    assert_eq!(values.len(), 1, "exactly one credential");
    for other in ["x-api-key", "x-tollhouse-key", "cookie"] {
        assert!(seen.header(other).is_empty(), "{other}");
    }
    values[0].strip_prefix("Bearer ").unwrap().to_owned()
}
