//! Changes to organizations, people and keys, one after the other, and what the trail says of each.

use http::Method;
use serde_json::Value;
use tollhouse_domain::audit::Entry;

use super::verified;
use crate::admin::{Api, started};

/// Makes one change: what was answered, and the entry it left.
async fn change(api: &Api, method: Method, path: &str, body: &str) -> (Value, Entry) {
    let before = api.head().await.seq;
    let answer = api.send(method, &format!("/api/v1/{path}"), body).await;
    assert!(answer.status.is_success(), "{path}: {}", answer.text());
    let trail = api.trail().await;
    verified(&trail);
    let last = trail.last().unwrap().clone();
    assert_eq!(last.seq, before + 1, "{path} left other than one entry");
    assert_eq!(last.actor.kind.as_str(), "operator");
    let said = answer.text();
    let said = serde_json::from_str(&said).unwrap_or(Value::Null);
    (said, last)
}

/// What is done to a user of the organization `acme`, and the action that each leaves.
#[rustfmt::skip]
fn steps(user: &str, token: &str, key: &str) -> Vec<(Method, String, &'static str, &'static str)> {
    let (put, patch, post) = (Method::PUT, Method::PATCH, Method::POST);
    let member = format!("orgs/acme/members/{user}");
    let limits = r#"{"limits":{"rpm":5}}"#;
    vec![
        (put.clone(), member.clone(), r#"{"role":"member"}"#, "member.put"),
        (put.clone(), member.clone(), r#"{"role":"admin"}"#, "member.put"),
        (put.clone(), "orgs/acme/limits".to_owned(), limits, "limits.change"),
        (put, format!("users/{user}/limits"), limits, "limits.change"),
        (post, format!("keys/{key}/rotate"), "{}", "key.rotate"),
        (Method::DELETE, member, "", "member.remove"),
        (Method::DELETE, format!("users/{user}/tokens/{token}"), "", "token.revoke"),
        (patch.clone(), format!("users/{user}"), r#"{"name":"Ada L."}"#, "user.change"),
        (Method::DELETE, format!("users/{user}"), "", "user.disable"),
        (patch, "orgs/acme".to_owned(), r#"{"name":"acme2"}"#, "org.change"),
        (Method::DELETE, "orgs/acme2".to_owned(), "", "org.disable"),
    ]
}

#[tokio::test]
async fn changes_to_people_and_what_they_own_are_told() {
    let (_upstream, gateway, api) = started().await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (org, entry) = change(&api, Method::POST, "orgs", r#"{"name":"acme"}"#).await;
    assert_eq!(entry.action.as_str(), "org.create");
    let org = text(&org["id"]);
    let body = r#"{"name":"Ada","email":"ada@example.com"}"#;
    let (user, entry) = change(&api, Method::POST, "users", body).await;
    assert_eq!(entry.action.as_str(), "user.create");
    let user = text(&user["id"]);
    let (token, entry) = change(
        &api,
        Method::POST,
        &format!("users/{user}/tokens"),
        r#"{"name":"laptop"}"#,
    )
    .await;
    assert_eq!(entry.action.as_str(), "token.create");
    let (token, secret) = (text(&token["id"]), text(&token["secret"]));
    let (key, entry) = change(&api, Method::POST, "keys", r#"{"name":"k"}"#).await;
    assert_eq!(entry.action.as_str(), "key.create");
    let key = text(&key["id"]);

    for (method, path, body, action) in steps(&user, &token, &key) {
        let (_, entry) = change(&api, method, &path, body).await;
        assert_eq!(entry.action.as_str(), action, "{path}");
        // Whoever administers the organization finds there what concerns it.
        if path.starts_with("orgs/") {
            assert_eq!(
                entry.org.map(|org| org.to_string()),
                Some(org.clone()),
                "{path}"
            );
        }
    }
    let trail = serde_json::to_string(&api.trail().await).unwrap();
    assert!(!trail.contains(&secret), "a token in the trail");
    gateway.stop().await;
}
