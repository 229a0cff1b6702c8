//! The controls over HTTP: each does what its method does.

use hyper::Method;
use serde_json::{Value, json};
use tollhouse_sim::{Sim, Vendor};

use crate::{
    accounts::{CLIENT, body, call, control, form, login, refresh},
    client::{send, start},
};

async fn get(sim: &Sim, name: &str) -> Value {
    let path = format!("/sim/authority/{name}");
    let seen = send(sim, Method::GET, &path, &[], "").await.unwrap();
    seen.json()
}

async fn offer(sim: &Sim) -> Value {
    let path = "/api/accounts/deviceauth/usercode";
    let client = json!({"client_id": CLIENT});
    crate::accounts::json(sim, path, &client).await.json()
}

async fn poll(sim: &Sim, offer: &Value) -> u16 {
    let body = json!({"device_auth_id": offer["device_auth_id"], "user_code": offer["user_code"]});
    let path = "/api/accounts/deviceauth/token";
    crate::accounts::json(sim, path, &body)
        .await
        .status
        .as_u16()
}

#[tokio::test]
async fn settles_codes() {
    let sim = start().await;
    for (name, account, status) in [
        ("approve", Some("alice"), 200),
        ("deny", None, 400),
        ("expire-code", None, 400),
    ] {
        let offer = offer(&sim).await;
        let code = &offer["user_code"];
        assert_eq!(get(&sim, "codes").await, json!({"user_codes": [code]}));
        let mut fields = json!({"user_code": code});
        if let Some(account) = account {
            fields["account"] = json!(account);
        }
        assert_eq!(control(&sim, name, &fields).await.status, 204);
        assert_eq!(control(&sim, name, &fields).await.status, 404);
        assert_eq!(poll(&sim, &offer).await, status, "{name}");
    }
    control(&sim, "pending-status", &json!({"status": 404})).await;
    control(&sim, "slow-downs", &json!({"times": 1})).await;
    let slow = offer(&sim).await;
    assert_eq!(
        (poll(&sim, &slow).await, poll(&sim, &slow).await),
        (429, 404)
    );
    control(&sim, "usercode-alias", &json!({"on": true})).await;
    assert!(offer(&sim).await["usercode"].is_string());
    control(&sim, "device-flow", &json!({"on": false})).await;
    let seen = form(&sim, "/login/device/code", &[("client_id", "app")]).await;
    assert!(seen.body.starts_with(b"error=device_flow_disabled"));
}

/// What a control does to the next refresh and the next call of alice.
#[tokio::test]
async fn changes_what_accounts_are_answered() {
    let plan = json!({"account": "alice", "limit": {"plan": {"resets_in_seconds": 60}}});
    let rate = json!({"account": "alice", "limit": {"rate": {"retry_after": 5}}});
    let alice = json!({"account": "alice"});
    let answer = json!({"answer": {"status": 503, "retry_after": 9}});
    let cases = [
        ("revoke", alice.clone(), 401, 401),
        ("close", alice.clone(), 403, 200),
        ("expire-access", alice.clone(), 200, 401),
        ("expire-refresh", alice, 401, 200),
        ("advance", json!({"seconds": 864_000}), 200, 401),
        ("now", json!({"seconds": 4_000_000_000_u64}), 200, 401),
        ("limit", plan, 200, 429),
        ("limit", rate, 200, 429),
        ("token-answer", answer, 503, 200),
        ("outage", json!({"outage": "down"}), 503, 200),
        (
            "outage",
            json!({"vendor": "github", "outage": "down"}),
            200,
            200,
        ),
        ("forget-calls", json!({}), 200, 200),
    ];
    for (name, fields, refreshed, called) in cases {
        let sim = start().await;
        let tokens = login(&sim, "alice");
        assert_eq!(control(&sim, name, &fields).await.status, 204);
        let seen = call(&sim, &tokens.access_token, "acct-alice", &body("hi")).await;
        assert_eq!(seen.status, called, "{name}");
        let seen = refresh(&sim, &tokens.refresh_token).await;
        assert_eq!(seen.status, refreshed, "{name}");
    }
}

#[tokio::test]
async fn changes_how_things_are_said() {
    let sim = start().await;
    let signed_in = control(
        &sim,
        "sign-in",
        &json!({"account": "alice", "client": CLIENT}),
    )
    .await;
    let signed_in = signed_in.json();
    assert_eq!(signed_in["account_id"], "acct-alice");
    let token = signed_in["access_token"].as_str().unwrap();
    let window = json!({"used_percent": 99.5, "window_minutes": 5, "reset_after_seconds": 9});
    for (name, fields) in [
        (
            "windows",
            json!({"account": "alice", "primary": window, "secondary": window}),
        ),
        ("empty-output", json!({"on": true})),
        ("lifetime", json!({"seconds": 77})),
        ("plan", json!({"account": "alice", "plan": "pro"})),
        ("errors", json!({"shape": "flat"})),
    ] {
        assert_eq!(control(&sim, name, &fields).await.status, 204, "{name}");
    }
    let seen = call(&sim, token, "acct-alice", &body("hi")).await;
    assert_eq!(seen.header("x-codex-primary-used-percent"), "99.5");
    let events = seen.events();
    assert_eq!(events[2].1["plan_type"], "pro");
    assert_eq!(events.last().unwrap().1["response"]["output"], json!([]));
    let renewed = refresh(&sim, signed_in["refresh_token"].as_str().unwrap()).await;
    assert_eq!(renewed.json()["expires_in"], 77);
    assert_eq!(
        refresh(&sim, "rt_other").await.json()["error"],
        "invalid_grant"
    );
    control(&sim, "full", &json!({"model": "sim-echo", "full": true})).await;
    let seen = call(&sim, token, "acct-alice", &body("hi")).await;
    assert_eq!(
        seen.events().last().unwrap().0.as_deref(),
        Some("response.failed")
    );
    control(&sim, "browser", &json!({"account": null})).await;
    let query = "response_type=code&client_id=a&redirect_uri=http%3A%2F%2Flocalhost%3A1%2Fa\
                 &scope=openid&code_challenge=a&code_challenge_method=S256";
    let path = format!("/oauth/authorize?{query}");
    let seen = send(&sim, Method::GET, &path, &[], "").await.unwrap();
    assert!(seen.header("location").contains("access_denied"));
}

#[tokio::test]
async fn tells_who_called_with_what() {
    let sim = start().await;
    let token = login(&sim, "alice").access_token;
    call(&sim, &token, "acct-alice", &body("hi")).await;
    let calls = get(&sim, "calls").await;
    let seen = &calls["calls"][0];
    assert_eq!(
        (&seen["account"], &seen["bearer"]),
        (&json!("alice"), &json!(token))
    );
    assert_eq!(
        (&seen["vendor"], &seen["status"]),
        (&json!("openai"), &json!(200))
    );
    assert_eq!(seen["path"], "/backend-api/codex/responses");
    let counters = get(&sim, "counters").await;
    assert_eq!(counters["accounts"]["alice"], counters["totals"]);
    assert_eq!(counters["totals"]["calls"], 1);
    control(&sim, "forget-calls", &json!({})).await;
    assert_eq!(get(&sim, "calls").await, json!({"calls": []}));
    // Driving the simulation is no request of it.
    assert_eq!(sim.requests().len(), 1);
}

#[tokio::test]
async fn holds_and_releases() {
    let sim = start().await;
    let tokens = login(&sim, "alice");
    control(&sim, "hold", &json!({})).await;
    let answer = refresh(&sim, &tokens.refresh_token);
    tokio::pin!(answer);
    tokio::select! {
        _ = &mut answer => panic!("answered"),
        () = async {
            sim.authority().wait_for(|all| all.refreshes == 1).await;
            for _ in 0..20 {
                get(&sim, "counters").await;
            }
        } => {}
    }
    control(&sim, "release", &json!({})).await;
    assert_eq!(answer.await.status, 200);
}

#[tokio::test]
async fn waits_for_a_code() {
    let sim = start().await;
    let (code, offer) = tokio::join!(sim.authority().wait_for_user_code(), offer(&sim));
    assert_eq!(offer["user_code"], code);
}

#[tokio::test]
async fn refuses_what_it_does_not_know() {
    let sim = start().await;
    for (name, fields) in [
        ("revok", json!({"account": "alice"})),
        ("revoke", json!({"acount": "alice"})),
        ("revoke", json!({"account": "alice", "more": 1})),
        ("revoke", json!("alice")),
        ("outage", json!({"outage": "half"})),
        ("outage", json!({"vendor": "other", "outage": "off"})),
        ("token-answer", json!({"answer": {"stauts": 1}})),
        ("windows", json!({"account": "alice"})),
    ] {
        assert_eq!(
            control(&sim, name, &fields).await.status,
            400,
            "{name} {fields}"
        );
    }
    let seen = send(&sim, Method::GET, "/sim/authority/other", &[], "")
        .await
        .unwrap();
    assert_eq!(seen.status, 404);
    let github = json!({"vendor": "github", "account": "alice", "client": "c"});
    let token = control(&sim, "sign-in", &github).await.json();
    assert!(token["access_token"].as_str().unwrap().starts_with("gho_"));
    assert!(token["refresh_token"].is_null());
    // Nobody else's tokens are renewed here.
    let other = sim.authority().sign_in(Vendor::Microsoft, "alice", CLIENT);
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", CLIENT),
        ("refresh_token", &other.refresh_token),
    ];
    assert_eq!(form(&sim, "/oauth/token", &fields).await.status, 400);
}
