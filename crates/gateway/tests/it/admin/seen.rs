//! What members see of one another, and what organizations read of what concerns them.

use http::StatusCode;
use serde_json::Value;

use super::credentials::people::{made, somebody};
use super::started;

#[tokio::test]
async fn addresses_and_administrators_are_not_shown_to_every_member() {
    let (_upstream, gateway, root) = started().await;
    made(&root, "/api/v1/orgs", r#"{"name":"acme"}"#).await;
    let ann = somebody(&gateway, &root, "ann", &[("acme", "viewer")]).await;
    let bob = somebody(&gateway, &root, "bob", &[("acme", "member")]).await;
    let eve = somebody(&gateway, &root, "eve", &[("acme", "admin")]).await;
    let path = format!("/api/v1/users/{}", bob.id);
    let own = format!("/api/v1/users/{}", ann.id);
    let address = |of: &str| Value::from(format!("{of}@example.org"));
    let cases = [
        (
            "a member's, to a viewer",
            &ann.api,
            &path,
            Value::Null,
            Value::Null,
        ),
        (
            "one's own",
            &ann.api,
            &own,
            address("ann"),
            Value::from(false),
        ),
        (
            "a member's, to an administrator of both",
            &eve.api,
            &path,
            address("bob"),
            Value::Null,
        ),
        (
            "to the installation's",
            &root,
            &path,
            address("bob"),
            Value::from(false),
        ),
    ];
    for (what, api, path, email, admin) in cases {
        let listed = api.all("/api/v1/users", 50).await;
        let id = path.rsplit('/').next().unwrap();
        let listed = listed.into_iter().find(|user| user["id"] == id).unwrap();
        for shown in [api.get(path).await, listed] {
            assert_eq!(
                (&shown["email"], &shown["admin"]),
                (&email, &admin),
                "{what}"
            );
        }
    }
    gateway.stop().await;
}

#[tokio::test]
async fn every_organization_reads_its_side_of_what_concerns_several() {
    let (_upstream, gateway, root) = started().await;
    for org in ["acme", "umbrella"] {
        made(&root, "/api/v1/orgs", &format!(r#"{{"name":"{org}"}}"#)).await;
    }
    let ann = somebody(&gateway, &root, "ann", &[("acme", "admin")]).await;
    let bob = somebody(&gateway, &root, "bob", &[("umbrella", "admin")]).await;
    let key = made(&root, "/api/v1/keys", r#"{"name":"k","org":"acme"}"#).await;
    let key = key["id"].as_str().unwrap();
    let service = r#"{"name":"builder","kind":"service","org":"acme"}"#;
    let service = made(&root, "/api/v1/users", service).await;
    let service = service["id"].as_str().unwrap();
    let place = format!("/api/v1/orgs/umbrella/members/{service}");
    assert_eq!(
        root.put(&place, r#"{"role":"member"}"#).await.status,
        StatusCode::OK
    );
    let moved = root
        .patch(&format!("/api/v1/keys/{key}"), r#"{"org":"umbrella"}"#)
        .await;
    assert_eq!(moved.status, StatusCode::OK, "{}", moved.text());
    let path = format!("/api/v1/users/{service}");
    made(&root, &format!("{path}/tokens"), r#"{"name":"t"}"#).await;
    let limited = root
        .put(&format!("{path}/limits"), r#"{"limits":{"rpm":5}}"#)
        .await;
    assert_eq!(limited.status, StatusCode::OK);
    assert_eq!(root.delete(&path).await.status, StatusCode::NO_CONTENT);
    for (org, who) in [("acme", &ann), ("umbrella", &bob)] {
        let trail = who
            .api
            .get(&format!("/api/v1/audit?org={org}&limit=50"))
            .await;
        let entries = trail["data"].as_array().unwrap();
        for (action, subject) in [
            ("key.change", key),
            ("token.create", ""),
            ("limits.change", service),
            ("user.disable", service),
        ] {
            let told = entries.iter().filter(|entry| {
                let about = subject.is_empty() || entry["subject"]["id"] == subject;
                entry["action"] == action && about
            });
            assert_eq!(told.count(), 1, "{org}: {action}: {trail}");
        }
        let moved = entries.iter().find(|entry| entry["action"] == "key.change");
        assert_eq!(moved.unwrap()["detail"]["moved"], true);
    }
    gateway.stop().await;
}
