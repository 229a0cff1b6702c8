//! Attempts: how they end, who goes on with them, how many there may be.

use http::StatusCode;
use serde_json::{Value, json};
use tollhouse_sim::{Outage, Vendor};
use tollhouse_store::Step;

use super::{LOGIN, World, begin, poll, refusal};
use crate::admin::Api;
use crate::admin::credentials::people::somebody;
use crate::support::upstream::ScriptedUpstream;

#[tokio::test]
async fn an_attempt_says_how_it_ended() {
    let world = World::new().await;
    let (api, authority) = (&world.api, world.sim.authority());
    let code = |begun: &Value| begun["user_code"].as_str().unwrap().to_owned();
    let denied = world.begin(api, "denied").await;
    assert!(authority.deny(&code(&denied)));
    let expired = world.begin(api, "expired").await;
    assert!(authority.expire_code(&code(&expired)));
    let cancelled = world.begin(api, "cancelled").await;
    assert!(authority.approve(&code(&cancelled), "ada"));
    let path = cancelled["poll"].as_str().unwrap();
    for _ in 0..2 {
        assert_eq!(api.delete(path).await.status, StatusCode::NO_CONTENT);
    }
    let late = world.begin(api, "late").await;
    let id = late["id"].as_str().unwrap().parse().unwrap();
    let seen = world.store.sign_in(id).await.unwrap().unwrap();
    let over = Step {
        sealed: seen.sealed,
        interval: seen.interval,
        next_at: seen.created_at,
        expires_at: seen.created_at,
    };
    assert!(
        world
            .store
            .step_sign_in(id, seen.next_at, &over)
            .await
            .unwrap()
    );
    for (begun, state) in [
        (&denied, "denied"),
        (&expired, "expired"),
        (&cancelled, "cancelled"),
        (&late, "expired"),
    ] {
        if state != "cancelled" && begun["id"] != late["id"] {
            world.due(begun).await;
        }
        for _ in 0..2 {
            let told = poll(api, begun).await;
            assert_eq!(
                (&told["state"], &told["retry_in"]),
                (&json!(state), &Value::Null)
            );
        }
        let id = begun["id"].as_str().unwrap().parse().unwrap();
        let kept = world.store.sign_in(id).await.unwrap().unwrap();
        assert!(kept.sealed.is_empty(), "nothing is left of {state}");
    }
    assert_eq!(authority.counters("ada").sign_ins, 0, "it was given up");
    assert_eq!(api.get("/api/v1/accounts").await["data"], json!([]));
    world.gateway.stop().await;
}

#[tokio::test]
async fn an_authority_that_asks_for_it_is_asked_less_often() {
    let world = World::new().await;
    world.sim.authority().set_slow_downs(2);
    let begun = world.begin(&world.api, "default").await;
    for (interval, code) in [(10, "ada"), (15, "")] {
        world.due(&begun).await;
        let told = poll(&world.api, &begun).await;
        assert_eq!(told["state"], "pending");
        let pause = told["retry_in"].as_u64().unwrap();
        assert!((interval - 1..=interval).contains(&pause), "{told}");
        if !code.is_empty() {
            let typed = begun["user_code"].as_str().unwrap();
            assert!(world.sim.authority().approve(typed, code));
        }
    }
    world.due(&begun).await;
    assert_eq!(poll(&world.api, &begun).await["state"], "done");
    world.gateway.stop().await;
}

#[tokio::test]
async fn of_many_that_ask_at_once_one_asks_the_authority() {
    let authority = ScriptedUpstream::start().await;
    let base = format!("\nbase = \"{}\"", authority.url);
    let world = World::edited(
        "[accounts.authority.codex]\nbase = ",
        &format!("[accounts.authority.codex]{base} #"),
    )
    .await;
    authority.json(
        200,
        r#"{"device_auth_id":"h","user_code":"ABCD-EFGHI","interval":"7"}"#,
    );
    let begun = world.begin(&world.api, "default").await;
    assert_eq!(begun["interval"], 7);
    world.due(&begun).await;
    authority.json(
        403,
        r#"{"error":{"code":"deviceauth_authorization_unknown"}}"#,
    );
    // What a second question would be told is another end.
    authority.json(400, r#"{"error":"access_denied"}"#);
    let polls = (0..20).map(|_| poll(&world.api, &begun));
    for told in futures_util::future::join_all(polls).await {
        assert_eq!(told["state"], "pending", "{told}");
        assert!(told["retry_in"].as_u64().unwrap() <= 7);
    }
    assert_eq!(authority.seen().len(), 2);
    assert_eq!(
        authority.last().line(),
        "POST /api/accounts/deviceauth/token HTTP/1.1"
    );
    world.gateway.stop().await;
}

#[tokio::test]
async fn nobody_begins_many_and_an_authority_that_is_away_is_said_to_be() {
    let world = World::new().await;
    let ada = somebody(&world.gateway, &world.api, "ada", &[]).await;
    let bob = somebody(&world.gateway, &world.api, "bob", &[]).await;
    world
        .sim
        .authority()
        .set_outage(Vendor::OpenAi, Outage::Down);
    let away = ada.api.post(LOGIN, r#"{"provider":"plan"}"#).await;
    assert_eq!(refusal(&away), (502, "unreachable".to_owned(), None));
    world
        .sim
        .authority()
        .set_outage(Vendor::OpenAi, Outage::Off);
    // Those that failed or were given up count too: the authority was asked.
    for _ in 0..9 {
        let begun = world.begin(&ada.api, "default").await;
        ada.api.delete(begun["poll"].as_str().unwrap()).await;
    }
    let tenth = ada.api.post(LOGIN, r#"{"provider":"plan"}"#).await;
    assert_eq!(refusal(&tenth).0, 429);
    assert!(tenth.header("retry-after").is_some());
    assert_eq!(world.sim.authority().user_codes().len(), 9);
    world.begin(&bob.api, "default").await;
    world.begin(&world.api, "default").await;
    world.gateway.stop().await;
}

#[tokio::test]
async fn an_attempt_is_its_own_persons() {
    let world = World::new().await;
    let ada = somebody(&world.gateway, &world.api, "ada", &[]).await;
    let bob = somebody(&world.gateway, &world.api, "bob", &[]).await;
    let begun = world.begin(&ada.api, "default").await;
    let path = begun["poll"].as_str().unwrap();
    let authority = world.sim.authority();
    assert!(authority.approve(begun["user_code"].as_str().unwrap(), "ada"));
    world.due(&begun).await;
    let tokens = format!("/api/v1/users/{}/tokens", ada.id);
    let reader = ada
        .api
        .post(&tokens, r#"{"name":"r","scope":"read"}"#)
        .await
        .json();
    let reader = Api::with(&world.gateway, reader["secret"].as_str().unwrap());

    for (method, path) in [
        ("GET", path.to_owned()),
        ("DELETE", path.to_owned()),
        ("POST", format!("{path}/code")),
    ] {
        let body = if method == "POST" {
            r#"{"code":"a#b"}"#
        } else {
            ""
        };
        let method: http::Method = method.parse().unwrap();
        assert_eq!(refusal(&bob.api.send(method, &path, body).await).0, 404);
    }
    // Who administers everything looks, and who may only read too: neither goes on with it.
    for api in [&world.api, &reader] {
        assert_eq!(poll(api, &begun).await["state"], "pending");
    }
    assert_eq!(authority.counters("ada").sign_ins, 0);
    let done = poll(&ada.api, &begun).await;
    assert_eq!(done["state"], "done", "{done}");
    assert_eq!(
        done["account"]["owner"],
        json!({ "kind": "user", "id": ada.id })
    );
    let one = begin(&world.api, &json!({ "provider": "plan" })).await;
    assert_eq!(
        refusal(&ada.api.delete(one["poll"].as_str().unwrap()).await).0,
        404
    );
    world.gateway.stop().await;
}

#[tokio::test]
async fn every_word_of_githubs_authority_is_understood() {
    let authority = ScriptedUpstream::start().await;
    let table = "[accounts.authority.github]\nbase = ";
    let world = World::edited(table, &format!("{table}\"{}\" #", authority.url)).await;
    let offer = r#"{"device_code":"h","user_code":"ABCD-1234","verification_uri":"https://github.com/login/device","expires_in":900,"interval":5}"#;
    let wish = |name: &str| json!({ "provider": "copilot", "name": name });
    for (code, state, pause) in [
        ("authorization_pending", "pending", Some(5)),
        ("slow_down", "pending", Some(10)),
        ("expired_token", "expired", None),
        ("access_denied", "denied", None),
        ("incorrect_device_code", "refused", None),
        ("incorrect_client_credentials", "refused", None),
        ("unsupported_grant_type", "refused", None),
        ("device_flow_disabled", "refused", None),
    ] {
        authority.json(200, offer);
        let name = code.replace('_', "-");
        let begun = begin(&world.api, &wish(&name)).await;
        assert_eq!(authority.last().line(), "POST /login/device/code HTTP/1.1");
        world.due(&begun).await;
        authority.json(
            200,
            &format!(r#"{{"error":"{code}","error_description":"x"}}"#),
        );
        let told = poll(&world.api, &begun).await;
        assert_eq!(told["state"], state, "{code}: {told}");
        let next = told["retry_in"].as_u64();
        let as_asked = match pause {
            Some(pause) => next.is_some_and(|next| (pause - 1..=pause).contains(&next)),
            None => next.is_none(),
        };
        assert!(as_asked, "{code}: {told}");
        let seen = authority.last();
        assert_eq!(seen.line(), "POST /login/oauth/access_token HTTP/1.1");
    }
    authority.json(200, r#"{"error":"device_flow_disabled"}"#);
    let refused = world.api.post(LOGIN, &wish("off").to_string()).await;
    assert_eq!(
        refused.status,
        StatusCode::BAD_GATEWAY,
        "{}",
        refused.text()
    );
    world.gateway.stop().await;
}
