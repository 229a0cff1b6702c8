//! Two requests at once, each of which was allowed by what the other is about to change.

use http::StatusCode;
use serde_json::json;

use super::Api;
use super::credentials::people::{Somebody, made, somebody};
use crate::replicas::Database;
use crate::support::TestGateway;
use crate::support::upstream::ScriptedUpstream;

/// How often: a race is not lost every time.
const ROUNDS: usize = 8;

async fn sqlite() -> (ScriptedUpstream, TestGateway) {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start(&upstream.url).await;
    (upstream, gateway)
}

/// `ann` and `bob` with roles in `acme`, and whoever administers the installation.
async fn acme(gateway: &TestGateway, role: &str) -> (Api, Somebody, Somebody) {
    let root = Api::new(gateway);
    made(&root, "/api/v1/orgs", r#"{"name":"acme"}"#).await;
    let ann = somebody(gateway, &root, "ann", &[("acme", role)]).await;
    let bob = somebody(gateway, &root, "bob", &[("acme", role)]).await;
    (root, ann, bob)
}

/// Two administrators each take the other's role away: whoever comes second is none any more.
async fn roles(gateway: TestGateway) {
    let (root, ann, bob) = acme(&gateway, "admin").await;
    let path = |who: &Somebody| format!("/api/v1/orgs/acme/members/{}", who.id);
    let viewer = r#"{"role":"viewer"}"#;
    for round in 0..ROUNDS {
        let (ann_path, bob_path) = (path(&ann), path(&bob));
        let (by_ann, by_bob) = if round % 2 == 0 {
            tokio::join!(
                ann.api.put(&bob_path, viewer),
                bob.api.put(&ann_path, viewer)
            )
        } else {
            tokio::join!(ann.api.delete(&bob_path), bob.api.delete(&ann_path))
        };
        let done = |status: StatusCode| status.is_success();
        let statuses = [by_ann.status, by_bob.status];
        assert!(
            done(statuses[0]) != done(statuses[1]),
            "{round}: {statuses:?}"
        );
        for path in [ann_path, bob_path] {
            let back = root.put(&path, r#"{"role":"admin"}"#).await;
            assert_eq!(back.status, StatusCode::OK, "{}", back.text());
        }
    }
    gateway.stop().await;
}

/// A key's owner widens it while it is lent the platform's money for one model: whichever comes first,
/// no key has both, and what was granted stays granted.
async fn keys(gateway: TestGateway) {
    let (root, ann, _bob) = acme(&gateway, "member").await;
    for round in 0..ROUNDS {
        let key = json!({ "name": "k", "org": "acme", "models": ["dear"] }).to_string();
        let key = made(&ann.api, "/api/v1/keys", &key).await;
        let path = format!("/api/v1/keys/{}", key["id"].as_str().unwrap());
        let grant = r#"{"models":["cheap"],"credentials":{"platform":true}}"#;
        let widen = r#"{"models":null}"#;
        let (granted, widened) =
            tokio::join!(root.patch(&path, grant), ann.api.patch(&path, widen));
        assert_eq!(granted.status, StatusCode::OK, "{}", granted.text());
        let known = [StatusCode::OK, StatusCode::FORBIDDEN];
        assert!(known.contains(&widened.status), "{}", widened.text());
        let after = root.get(&path).await;
        assert_eq!(after["models"], json!(["cheap"]), "{round}");
        assert_eq!(after["credentials"]["platform"], true, "{round}");

        let (one, two) = tokio::join!(
            root.patch(&path, r#"{"strict":true}"#),
            ann.api.patch(&path, r#"{"agent":"builder"}"#)
        );
        assert_eq!([one.status, two.status], [StatusCode::OK; 2]);
        let after = root.get(&path).await;
        assert_eq!(
            (&after["strict"], &after["agent"]),
            (&json!(true), &json!("builder"))
        );
    }
    gateway.stop().await;
}

#[tokio::test]
async fn of_two_who_demote_each_other_one_is_refused() {
    let (_upstream, gateway) = sqlite().await;
    roles(gateway).await;
    if let Some(database) = Database::new("race_of_roles") {
        let upstream = ScriptedUpstream::start().await;
        roles(database.replica(&upstream.url).await).await;
    }
}

#[tokio::test]
async fn changes_of_one_key_at_once_are_judged_one_after_the_other() {
    let (_upstream, gateway) = sqlite().await;
    keys(gateway).await;
    if let Some(database) = Database::new("race_of_keys") {
        let upstream = ScriptedUpstream::start().await;
        keys(database.replica(&upstream.url).await).await;
    }
}
