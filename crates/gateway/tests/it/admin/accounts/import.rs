//! Logins that another program keeps in a file.

use http::StatusCode;
use serde_json::{Value, json};
use tollhouse_sim::{Sim, Vendor};

use super::{World, call, refusal, trail};
use crate::admin::Api;
use crate::admin::credentials::people::somebody;
use crate::support::client::Answer;

const IMPORT: &str = "/api/v1/accounts/import";
const CLIENT: &str = "app_EMoamEEZ73f0CkXaXp7hrann";

/// The file of a login, in the shape of today.
fn file(sim: &Sim, holder: &str) -> Value {
    let tokens = sim.authority().sign_in(Vendor::OpenAi, holder, CLIENT);
    let tokens = serde_json::to_value(&tokens).unwrap();
    json!({
        "OPENAI_API_KEY": null,
        "last_refresh": "2026-11-22T12:00:00Z",
        "tokens": {
            "access_token": tokens["access_token"],
            "refresh_token": tokens["refresh_token"],
            "id_token": tokens["id_token"],
        },
    })
}

async fn import(api: &Api, name: &str, file: &Value) -> Answer {
    let body = json!({ "provider": "plan", "name": name, "auth_json": file, "consent": true });
    api.post(IMPORT, &body.to_string()).await
}

#[tokio::test]
async fn a_login_is_taken_over_in_either_shape_and_drawn_on() {
    let world = World::new().await;
    let api = &world.api;
    let nested = file(&world.sim, "ada");
    let answer = import(api, "default", &nested).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let said = answer.json();
    assert_eq!(said["account"]["holder"], "ada@example.com");
    assert_eq!(said["account"]["state"], "ready");
    assert_eq!(said["account"]["models"], json!(["plan-*"]));
    assert!(said["notices"][0].as_str().unwrap().contains("goes stale"));
    for token in ["access_token", "refresh_token", "id_token"] {
        assert!(
            !answer
                .text()
                .contains(nested["tokens"][token].as_str().unwrap())
        );
    }
    let (_, key) = api.key(r#"{"name":"k"}"#).await;
    assert_eq!(call(&world, &key).await.status, StatusCode::OK);
    let access = nested["tokens"]["access_token"].as_str().unwrap();
    let seen = world.upstream.last();
    assert_eq!(seen.header("authorization"), [format!("Bearer {access}")]);

    // Flat, and as text with the white space that files have.
    let flat = Value::String(format!("{}\n", file(&world.sim, "bob")["tokens"]));
    let answer = import(api, "flat", &flat).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.json()["account"]["holder"], "bob@example.com");
    let (_, put) = trail(api)
        .await
        .into_iter()
        .find(|(action, _)| action == "account.put")
        .unwrap();
    assert_eq!(put["method"], "import");
    world.gateway.stop().await;
}

#[tokio::test]
async fn nothing_is_taken_over_without_consent_or_that_is_no_login() {
    let world = World::new().await;
    let ada = file(&world.sim, "ada");
    for consent in [json!(null), json!(false)] {
        let mut body = json!({ "provider": "plan", "auth_json": ada });
        if !consent.is_null() {
            body["consent"] = consent;
        }
        let answer = world.api.post(IMPORT, &body.to_string()).await;
        let refused = refusal(&answer);
        assert_eq!((refused.0, refused.2.as_deref()), (400, Some("consent")));
        let text = answer.text();
        assert!(
            text.contains("goes stale") && text.contains("better way"),
            "{text}"
        );
    }
    for wrong in [
        json!({}),
        json!("no file"),
        json!(7),
        json!({ "OPENAI_API_KEY": "sk-canary" }),
        json!({ "access_token": "canary" }),
        json!({ "access_token": "can\nary", "refresh_token": "r" }),
    ] {
        let answer = import(&world.api, "default", &wrong).await;
        let refused = refusal(&answer);
        assert_eq!(
            (refused.0, refused.2.as_deref()),
            (400, Some("auth_json")),
            "{wrong}"
        );
        assert!(!answer.text().contains("canary"), "{}", answer.text());
    }
    let body = json!({ "provider": "copilot", "auth_json": ada, "consent": true });
    assert_eq!(
        refusal(&world.api.post(IMPORT, &body.to_string()).await).0,
        409
    );
    assert_eq!(world.api.get("/api/v1/accounts").await["data"], json!([]));
    world.gateway.stop().await;
}

#[tokio::test]
async fn a_login_has_one_owner_and_one_name() {
    let world = World::new().await;
    let ada = somebody(&world.gateway, &world.api, "ada", &[]).await;
    let bob = somebody(&world.gateway, &world.api, "bob", &[]).await;
    let login = file(&world.sim, "ada");
    let first = import(&ada.api, "default", &login).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text());
    // The same file, and another sign-in of the same person: two that refresh one login end it.
    for file in [&login, &file(&world.sim, "ada")] {
        for api in [&bob.api, &world.api] {
            let answer = import(api, "default", file).await;
            assert_eq!(refusal(&answer).0, 409);
            let text = answer.text();
            assert!(!text.contains("ada") && !text.contains(&ada.id), "{text}");
        }
        let answer = import(&ada.api, "second", file).await;
        assert_eq!(refusal(&answer).0, 409);
        assert!(
            answer.text().contains("`default` of `plan`"),
            "{}",
            answer.text()
        );
    }
    // Under its own name it is renewed.
    let again = import(&ada.api, "default", &file(&world.sim, "ada"))
        .await
        .json();
    assert_eq!(again["account"]["id"], first.json()["account"]["id"]);
    assert_ne!(
        again["account"]["fingerprint"],
        first.json()["account"]["fingerprint"]
    );
    // Another login does not take its place by accident.
    let answer = import(&ada.api, "default", &file(&world.sim, "carol")).await;
    assert_eq!(refusal(&answer).0, 409);
    assert!(
        answer.text().contains("choose another name"),
        "{}",
        answer.text()
    );
    // Signing in meets the same, and says so.
    let begun = world.begin(&bob.api, "default").await;
    let code = begun["user_code"].as_str().unwrap();
    assert!(world.sim.authority().approve(code, "ada"));
    world.due(&begun).await;
    let told = super::poll(&bob.api, &begun).await;
    assert_eq!(told["state"], "refused");
    assert!(
        told["why"].as_str().unwrap().contains("one owner"),
        "{told}"
    );
    // People of one workspace share its id, and are not one login.
    let dave = import(&bob.api, "default", &file(&world.sim, "dave")).await;
    assert_eq!(dave.status, StatusCode::OK, "{}", dave.text());
    world.gateway.stop().await;
}

#[tokio::test]
async fn an_old_copy_of_a_login_does_not_take_the_place_of_what_was_renewed_since() {
    let world = World::new().await;
    let authority = world.sim.authority();
    authority.set_now(super::seconds() - 600);
    let old = file(&world.sim, "ada");
    let first = import(&world.api, "default", &old).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text());
    let path = format!(
        "/api/v1/accounts/{}",
        first.json()["account"]["id"].as_str().unwrap()
    );
    authority.set_now(super::seconds());
    let renewed = world.api.post(&format!("{path}/refresh"), "").await.json();
    assert!(renewed["refreshed_at"].is_string(), "{renewed}");
    // The refresh token in the file is used up: with it, the login would be gone.
    let again = import(&world.api, "default", &old).await;
    assert_eq!(refusal(&again).0, 409, "{}", again.text());
    assert!(
        again.text().contains("`default` of `plan` is newer"),
        "{}",
        again.text()
    );
    assert_eq!(world.api.get(&path).await, renewed);
    // Once nothing is left to be lost, anything may be tried.
    authority.revoke("ada");
    world.sim.authority().expire_access("ada");
    world.upstream.json(401, "{}");
    let (_, key) = world.api.key(r#"{"name":"k"}"#).await;
    let headers = [("x-tollhouse-key", key.as_str())];
    let ask = r#"{"model":"plan-1","input":"hi"}"#;
    let client = &world.api.client;
    let ask = client.request(http::Method::POST, "/v1/responses", &headers, ask);
    assert_eq!(client.whole(ask).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(world.api.get(&path).await["state"], "auth_required");
    let metrics = world.api.client.get("/metrics", &[]).await.text();
    for (state, accounts) in [("ready", 0), ("auth_required", 1)] {
        let counted =
            format!("tollhouse_accounts{{provider=\"plan\",state=\"{state}\"}} {accounts}\n");
        assert!(metrics.contains(&counted), "{metrics}");
    }
    let again = import(&world.api, "default", &old).await;
    assert_eq!(again.status, StatusCode::OK, "{}", again.text());
    world.gateway.stop().await;
}
