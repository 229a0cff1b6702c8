//! How a provider is said to be, to each caller for their own calls.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::World;
use crate::admin::Api;
use crate::admin::credentials::people::{made, somebody};

const USED_UP: &str = r#"{"error":{"type":"usage_limit_reached","message":"The usage limit has been reached","resets_in_seconds":7200}}"#;
const ALLOWED: (&str, &str) = ("[accounts]\n", "[accounts]\nallow_organization = true\n");

async fn plan(api: &Api, query: &str) -> Value {
    let listed = api.get(&format!("/api/v1/providers{query}")).await;
    let rows = listed["data"].as_array().unwrap();
    let found = rows.iter().find(|row| row["name"] == "plan");
    found.unwrap_or_else(|| panic!("{listed}")).clone()
}

async fn state(api: &Api, query: &str) -> String {
    plan(api, query).await["state"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_provider_is_to_each_caller_as_their_own_credentials_are() {
    let world = World::edited(ALLOWED.0, ALLOWED.1).await;
    let root = &world.api;
    for org in ["acme", "other"] {
        made(root, "/api/v1/orgs", &format!(r#"{{"name":"{org}"}}"#)).await;
    }
    let ada = somebody(&world.gateway, root, "ada", &[("acme", "admin")]).await;
    let bob = somebody(&world.gateway, root, "bob", &[("acme", "member")]).await;
    let callers = [root, &ada.api, &bob.api];
    let told = async || {
        let mut states = Vec::new();
        for api in callers {
            states.push(state(api, "").await);
        }
        states.join(" ")
    };
    assert_eq!(told().await, "auth_required auth_required auth_required");

    let account = world.sign_in(&ada.api, "default", "ada").await;
    assert_eq!(told().await, "auth_required ready auth_required");
    let body = format!(r#"{{"name":"k","owner":"{}"}}"#, ada.id);
    let (_, key) = root.key(&body).await;
    world.upstream.json(429, USED_UP);
    let headers = [("x-tollhouse-key", key.as_str())];
    let ask = r#"{"model":"plan-1","input":"hi"}"#;
    let client = &world.api.client;
    let call = client.request(Method::POST, "/v1/responses", &headers, ask);
    assert_eq!(client.whole(call).await.status, 429);
    assert_eq!(told().await, "auth_required degraded auth_required");
    let resting = plan(&ada.api, "").await;
    assert!(resting["until"].is_string(), "{resting}");

    // One that works beside it is enough; one that needs a sign-in is none.
    let other = world.sign_in(&ada.api, "other", "ada-too").await;
    assert_eq!(told().await, "auth_required ready auth_required");
    let remove = |one: &Value| format!("/api/v1/accounts/{}", one["id"].as_str().unwrap());
    assert_eq!(ada.api.delete(&remove(&account)).await.status, 204);
    world.sim.authority().revoke("ada-too");
    let refresh = format!("{}/refresh", remove(&other));
    let lost = ada.api.post(&refresh, "").await.json();
    assert_eq!(lost["state"], "auth_required", "{lost}");
    assert_eq!(plan(&ada.api, "").await["why"], "signed_out");
    assert_eq!(plan(&bob.api, "").await["why"], "none");
    assert_eq!(told().await, "auth_required auth_required auth_required");
    assert_eq!(ada.api.delete(&remove(&other)).await.status, 204);

    // An organization's is its members', and the operator's own is nobody else's.
    let wanted = json!({ "provider": "plan", "owner": "acme" });
    for (api, wanted, holder) in [
        (&ada.api, wanted, "acme"),
        (root, json!({ "provider": "plan" }), "operator"),
    ] {
        let begun = super::begin(api, &wanted).await;
        let code = begun["user_code"].as_str().unwrap();
        assert!(world.sim.authority().approve(code, holder));
        world.due(&begun).await;
        assert_eq!(super::poll(api, &begun).await["state"], "done");
        let operators = if holder == "acme" {
            "auth_required"
        } else {
            "ready"
        };
        assert_eq!(told().await, format!("{operators} ready ready"), "{holder}");
    }
    assert_eq!(state(root, "?org=acme").await, "ready");
    assert_eq!(state(root, "?org=other").await, "auth_required");
    let elsewhere = bob
        .api
        .send(Method::GET, "/api/v1/providers?org=other", "")
        .await;
    assert_eq!(elsewhere.status, StatusCode::NOT_FOUND);
    world.gateway.stop().await;
}

#[tokio::test]
async fn the_first_owner_who_has_any_is_the_last_one_asked_and_the_platforms_is_lent_to_nobody() {
    let world = World::edited(ALLOWED.0, ALLOWED.1).await;
    let root = &world.api;
    made(root, "/api/v1/orgs", r#"{"name":"acme"}"#).await;
    let ada = somebody(&world.gateway, root, "ada", &[("acme", "admin")]).await;
    let body = r#"{"api_key":"sk-of-the-platform"}"#;
    let put = root.put("/api/v1/platform/credentials/plan", body);
    let put = put.await;
    assert!(put.status.is_success(), "{}", put.text());
    assert_eq!(state(root, "").await, "ready");
    assert_eq!(state(&ada.api, "").await, "auth_required");

    let wanted = json!({ "provider": "plan", "owner": "acme" });
    let begun = super::begin(&ada.api, &wanted).await;
    let code = begun["user_code"].as_str().unwrap();
    assert!(world.sim.authority().approve(code, "acme"));
    world.due(&begun).await;
    assert_eq!(super::poll(&ada.api, &begun).await["state"], "done");
    assert_eq!(state(&ada.api, "").await, "ready");
    // One's own that is out of use ends the search, as it does for calls.
    let own = world.sign_in(&ada.api, "default", "ada").await;
    let pause = format!("/api/v1/accounts/{}/pause", own["id"].as_str().unwrap());
    assert_eq!(ada.api.post(&pause, "").await.status, StatusCode::OK);
    assert_eq!(state(&ada.api, "").await, "auth_required");
    assert_eq!(plan(&ada.api, "").await["why"], "paused");
    world.gateway.stop().await;
}

#[tokio::test]
async fn a_key_that_is_refused_or_switched_off_is_not_one_that_is_not_there() {
    let world = World::new().await;
    let root = &world.api;
    let why = async || plan(root, "").await["why"].clone();
    assert_eq!(why().await, "none");
    let path = "/api/v1/platform/credentials/plan";
    let put = root.put(path, r#"{"api_key":"sk-of-the-platform"}"#).await;
    assert_eq!(why().await, Value::Null, "{}", put.text());
    let (_, key) = root
        .key(r#"{"name":"k","credentials":{"platform":true}}"#)
        .await;
    world.upstream.json(401, "{}");
    let headers = [("x-tollhouse-key", key.as_str())];
    let ask = r#"{"model":"plan-1","input":"hi"}"#;
    let client = &world.api.client;
    let call = client.request(Method::POST, "/v1/responses", &headers, ask);
    assert_eq!(client.whole(call).await.status, 401);
    assert_eq!(why().await, "refused");
    let id = put.json()["id"].as_str().unwrap().to_owned();
    let one = format!("/api/v1/credentials/{id}");
    let off = root.send(Method::PATCH, &one, r#"{"enabled":false}"#);
    assert_eq!(off.await.status, StatusCode::OK);
    assert_eq!(why().await, "paused");
    world.gateway.stop().await;
}

#[tokio::test]
async fn a_provider_says_which_credentials_it_takes_and_keeps_its_address() {
    let world = World::edited("client_id = \"Iv1.of-the-operator\"\n", "").await;
    let root = &world.api;
    let ada = somebody(&world.gateway, root, "ada", &[]).await;
    assert!(plan(root, "").await["endpoints"]["responses"].is_string());
    let seen = plan(&ada.api, "").await;
    assert!(
        seen.get("endpoints").is_none() && seen.get("configured").is_none(),
        "{seen}"
    );
    assert_eq!(seen["protocols"], json!(["responses"]));
    let codex = json!({ "kind": "oauth_account", "authority": "codex", "flows": ["device", "browser"],
        "import": true });
    assert_eq!(seen["credentials"], json!([codex, { "kind": "api_key" }]));

    let listed = ada.api.get("/api/v1/providers").await;
    let copilot = listed["data"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["name"] == "copilot");
    let taken = &copilot.unwrap()["credentials"][0];
    assert_eq!(
        (&taken["authority"], &taken["flows"]),
        (&json!("github"), &json!(["device"]))
    );
    let missing = taken["missing"].as_str().unwrap();
    assert!(
        missing.contains("`client_id` in [accounts.authority.github]"),
        "{missing}"
    );
    world.gateway.stop().await;
}
