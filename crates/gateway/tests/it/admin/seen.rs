//! What organizations read of what concerns them.

use http::StatusCode;

use super::credentials::people::{made, somebody};
use super::started;

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
