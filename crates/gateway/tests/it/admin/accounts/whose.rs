//! Whose keys an account serves, and who sees it.

use http::StatusCode;
use serde_json::json;

use super::{LOGIN, World, call, refusal};
use crate::admin::credentials::people::{made, somebody};

const ALLOWED: (&str, &str) = ("[accounts]\n", "[accounts]\nallow_organization = true\n");

/// A key of each kind that there is, by what makes it.
fn keys(ada: &str, bob: &str) -> [(&'static str, String); 7] {
    let all = r#""credentials":{"client":true,"user":true,"org":true,"platform":true}"#;
    [
        ("the operator's", format!(r#"{{"name":"k",{all}}}"#)),
        ("ada's", format!(r#"{{"name":"k","owner":"{ada}",{all}}}"#)),
        ("bob's", format!(r#"{{"name":"k","owner":"{bob}",{all}}}"#)),
        (
            "ada's in acme",
            format!(r#"{{"name":"k","owner":"{ada}","org":"acme",{all}}}"#),
        ),
        (
            "bob's in acme",
            format!(r#"{{"name":"k","owner":"{bob}","org":"acme",{all}}}"#),
        ),
        ("acme's", format!(r#"{{"name":"k","org":"acme",{all}}}"#)),
        ("other's", format!(r#"{{"name":"k","org":"other",{all}}}"#)),
    ]
}

#[tokio::test]
async fn an_account_serves_its_owners_keys_and_nobody_elses() {
    let world = World::edited(ALLOWED.0, ALLOWED.1).await;
    let root = &world.api;
    for org in ["acme", "other"] {
        made(root, "/api/v1/orgs", &format!(r#"{{"name":"{org}"}}"#)).await;
    }
    let ada = somebody(&world.gateway, root, "ada", &[("acme", "admin")]).await;
    let bob = somebody(&world.gateway, root, "bob", &[("acme", "member")]).await;
    let mut secrets = Vec::new();
    for (whose, body) in keys(&ada.id, &bob.id) {
        secrets.push((whose, root.key(&body).await.1));
    }
    let mine = json!({ "provider": "plan" });
    let orgs = json!({ "provider": "plan", "owner": "acme" });
    for (api, body, holder, serves) in [
        (&ada.api, &mine, "ada", vec!["ada's", "ada's in acme"]),
        (root, &mine, "operator", vec!["the operator's"]),
        (
            &ada.api,
            &orgs,
            "acme",
            vec!["ada's in acme", "bob's in acme", "acme's"],
        ),
    ] {
        let begun = super::begin(api, body).await;
        let code = begun["user_code"].as_str().unwrap();
        assert!(world.sim.authority().approve(code, holder));
        world.due(&begun).await;
        let account = super::poll(api, &begun).await["account"].clone();
        for (whose, key) in &secrets {
            let before = world.upstream.seen().len();
            let answer = call(&world, key).await;
            if serves.contains(whose) {
                assert_eq!(
                    answer.status,
                    StatusCode::OK,
                    "{holder}: {whose} {}",
                    answer.text()
                );
                let seen = world.upstream.last();
                assert_eq!(
                    seen.header("chatgpt-account-id"),
                    [format!("acct-{holder}")]
                );
            } else {
                assert_eq!(
                    answer.status,
                    StatusCode::FAILED_DEPENDENCY,
                    "{holder}: {whose}"
                );
                assert_eq!(world.upstream.seen().len(), before, "{holder}: {whose}");
            }
        }
        let path = format!("/api/v1/accounts/{}", account["id"].as_str().unwrap());
        assert_eq!(api.delete(&path).await.status, StatusCode::NO_CONTENT);
        for (whose, key) in &secrets {
            let status = call(&world, key).await.status;
            assert_eq!(status, StatusCode::FAILED_DEPENDENCY, "{whose}");
        }
    }
    world.gateway.stop().await;
}

#[tokio::test]
async fn an_account_is_seen_by_who_may_go_near_it() {
    let world = World::edited(ALLOWED.0, ALLOWED.1).await;
    let root = &world.api;
    made(root, "/api/v1/orgs", r#"{"name":"acme"}"#).await;
    let ada = somebody(&world.gateway, root, "ada", &[("acme", "admin")]).await;
    let bob = somebody(&world.gateway, root, "bob", &[("acme", "member")]).await;
    let own = world.sign_in(&ada.api, "default", "ada").await;
    let operators = world.sign_in(root, "default", "operator").await;
    let begun = super::begin(&ada.api, &json!({ "provider": "plan", "owner": "acme" })).await;
    assert!(
        begun["notices"][1]
            .as_str()
            .unwrap()
            .contains("whole organization")
    );
    assert!(
        world
            .sim
            .authority()
            .approve(begun["user_code"].as_str().unwrap(), "acme")
    );
    world.due(&begun).await;
    let shared = super::poll(&ada.api, &begun).await["account"].clone();
    assert!(shared["notice"].is_string() && own["notice"].is_null());
    assert_eq!(
        refusal(
            &bob.api
                .post(LOGIN, r#"{"provider":"plan","owner":"acme"}"#)
                .await
        )
        .0,
        403
    );
    let listed = async |api: &crate::admin::Api| api.all("/api/v1/accounts", 1).await;
    assert_eq!(listed(&ada.api).await, [own.clone(), shared.clone()]);
    assert_eq!(listed(&bob.api).await, [json!(null); 0]);
    assert_eq!(
        listed(root).await,
        [own.clone(), operators.clone(), shared.clone()]
    );
    for (account, status) in [(&own, 404), (&operators, 404), (&shared, 403)] {
        let path = format!("/api/v1/accounts/{}", account["id"].as_str().unwrap());
        for (method, path) in [
            ("GET", path.clone()),
            ("DELETE", path.clone()),
            ("POST", path.clone() + "/pause"),
            ("POST", path + "/resume"),
        ] {
            let answer = bob.api.send(method.parse().unwrap(), &path, "").await;
            assert_eq!(refusal(&answer).0, status, "{method} {path}");
        }
    }
    world.gateway.stop().await;
}

#[tokio::test]
async fn where_they_are_switched_off_nobody_signs_in_and_what_there_is_says_so() {
    let world = World::new().await;
    made(&world.api, "/api/v1/orgs", r#"{"name":"acme"}"#).await;
    let orgs = world
        .api
        .post(LOGIN, r#"{"provider":"plan","owner":"acme"}"#)
        .await;
    assert_eq!(refusal(&orgs).0, 403);
    assert!(
        orgs.text().contains("allow_organization = true"),
        "{}",
        orgs.text()
    );
    world.sign_in(&world.api, "default", "ada").await;
    let open = world.begin(&world.api, "open").await;
    let code = open["user_code"].as_str().unwrap();
    assert!(world.sim.authority().approve(code, "bob"));
    let world = world
        .again("[accounts]\n", "[accounts]\nenabled = false\n")
        .await;
    let listed = world.api.get("/api/v1/accounts").await;
    assert_eq!(listed["data"][0]["state"], "disabled");
    let login = world.api.post(LOGIN, r#"{"provider":"plan"}"#).await;
    assert_eq!(refusal(&login).0, 403);
    assert!(login.text().contains("enabled = false"), "{}", login.text());
    let body = r#"{"provider":"plan","auth_json":{},"consent":true}"#;
    assert_eq!(
        refusal(&world.api.post("/api/v1/accounts/import", body).await).0,
        403
    );
    world.due(&open).await;
    assert_eq!(super::poll(&world.api, &open).await["state"], "pending");
    assert_eq!(world.sim.authority().counters("bob").sign_ins, 0);
    world.gateway.stop().await;
}
