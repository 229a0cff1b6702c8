//! Codes typed on another device, at GitHub and Microsoft.

use std::time::Duration;

use hyper::Method;
use serde_json::{Value, json};
use tollhouse_sim::{Authority, Sim};

use crate::{
    accounts::{form, told},
    client::{Seen, send, start},
};

/// Where a code is offered, and where it is asked about.
type Paths = (&'static str, &'static str);

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
const GITHUB: Paths = ("/login/device/code", "/login/oauth/access_token");
const MICROSOFT: Paths = (
    "/organizations/oauth2/v2.0/devicecode",
    "/organizations/oauth2/v2.0/token",
);

/// What a test makes the authority do about a code.
type OnCode = fn(&Authority, &str);

async fn json_form(sim: &Sim, path: &str, fields: &[(&str, &str)]) -> Seen {
    let mut body = form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(fields);
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("accept", "application/json"),
    ];
    send(sim, Method::POST, path, &headers, body.finish())
        .await
        .unwrap()
}

async fn offer(sim: &Sim, path: &str) -> Value {
    let fields = [
        ("client_id", "app"),
        ("scope", "read:user offline_access openid"),
    ];
    let seen = json_form(sim, path, &fields).await;
    assert_eq!(seen.status, 200);
    seen.json()
}

async fn poll(sim: &Sim, path: &str, offer: &Value) -> Seen {
    let code = offer["device_code"].as_str().unwrap();
    let fields = [
        ("client_id", "app"),
        ("grant_type", GRANT),
        ("device_code", code),
    ];
    json_form(sim, path, &fields).await
}

#[tokio::test]
async fn says_how_every_code_stands() {
    let nothing: OnCode = |_, _| {};
    let deny: OnCode = |it, code| assert!(it.deny(code));
    let expire: OnCode = |it, code| assert!(it.expire_code(code));
    let wait: OnCode = |it, _| it.advance(Duration::from_mins(15));
    for (paths, act, status, error) in [
        (GITHUB, nothing, 200, "authorization_pending"),
        (GITHUB, deny, 200, "access_denied"),
        (GITHUB, expire, 200, "expired_token"),
        (GITHUB, wait, 200, "expired_token"),
        (MICROSOFT, nothing, 400, "authorization_pending"),
        (MICROSOFT, deny, 400, "authorization_declined"),
        (MICROSOFT, expire, 400, "expired_token"),
        (MICROSOFT, wait, 400, "expired_token"),
    ] {
        let sim = start().await;
        let offer = offer(&sim, paths.0).await;
        assert_eq!(
            (&offer["interval"], &offer["expires_in"]),
            (&json!(5), &json!(900))
        );
        act(sim.authority(), offer["user_code"].as_str().unwrap());
        assert_eq!(
            told(&poll(&sim, paths.1, &offer).await),
            (status, json!(error))
        );
    }
}

type Wrong = (
    Paths,
    &'static str,
    &'static str,
    &'static str,
    u16,
    &'static str,
);

/// The vendor, what is wrong (the client, the grant, whose code it is) and what is said of it.
#[rustfmt::skip]
const WRONG: [Wrong; 9] = [
    (GITHUB, "app", "password", "github", 200, "unsupported_grant_type"),
    (GITHUB, "app", GRANT, "nobody", 200, "incorrect_device_code"),
    (GITHUB, "app", GRANT, "microsoft", 200, "incorrect_device_code"),
    (GITHUB, "other", GRANT, "github", 200, "incorrect_client_credentials"),
    (MICROSOFT, "app", "password", "microsoft", 400, "unsupported_grant_type"),
    (MICROSOFT, "app", GRANT, "github", 400, "bad_verification_code"),
    (MICROSOFT, "other", GRANT, "microsoft", 400, "unauthorized_client"),
    (MICROSOFT, "", GRANT, "microsoft", 400, "invalid_request"),
    (MICROSOFT, "app", "refresh_token", "microsoft", 400, "invalid_request"),
];

#[tokio::test]
async fn refuses_wrong_questions() {
    let sim = start().await;
    let github = offer(&sim, GITHUB.0).await;
    let microsoft = offer(&sim, MICROSOFT.0).await;
    for (vendor, client, grant, whose, status, error) in WRONG {
        let code = match whose {
            "github" => github["device_code"].as_str().unwrap(),
            "microsoft" => microsoft["device_code"].as_str().unwrap(),
            other => other,
        };
        let fields = [
            ("client_id", client),
            ("grant_type", grant),
            ("device_code", code),
        ];
        let seen = json_form(&sim, vendor.1, &fields).await;
        assert_eq!(
            told(&seen),
            (status, json!(error)),
            "{vendor:?} {client} {grant}"
        );
    }
}

#[tokio::test]
async fn offers_nothing_where_codes_are_switched_off() {
    let sim = start().await;
    let offered = offer(&sim, GITHUB.0).await;
    sim.authority().set_device_flow(false);
    let fields = [("client_id", "app"), ("scope", "a")];
    let seen = json_form(&sim, GITHUB.0, &fields).await;
    assert_eq!(told(&seen), (200, json!("device_flow_disabled")));
    let seen = poll(&sim, GITHUB.1, &offered).await;
    assert_eq!(told(&seen), (200, json!("device_flow_disabled")));
    let fields = [("client_id", "app"), ("scope", "a")];
    let seen = json_form(&sim, MICROSOFT.0, &fields).await;
    assert_eq!(told(&seen), (401, json!("invalid_client")));
}

#[tokio::test]
async fn asks_for_patience() {
    let sim = start().await;
    sim.authority().set_slow_downs(2);
    let github = offer(&sim, GITHUB.0).await;
    for interval in [10, 15] {
        let seen = poll(&sim, GITHUB.1, &github).await.json();
        assert_eq!(
            (&seen["error"], &seen["interval"]),
            (&json!("slow_down"), &json!(interval))
        );
    }
    let seen = poll(&sim, GITHUB.1, &github).await;
    assert_eq!(told(&seen).1, "authorization_pending");
    let microsoft = offer(&sim, MICROSOFT.0).await;
    assert_eq!(
        told(&poll(&sim, MICROSOFT.1, &microsoft).await),
        (400, json!("slow_down"))
    );
}

#[tokio::test]
async fn grants_once() {
    for (paths, status, again) in [
        (GITHUB, 200, "incorrect_device_code"),
        (MICROSOFT, 400, "bad_verification_code"),
    ] {
        let sim = start().await;
        let offer = offer(&sim, paths.0).await;
        sim.authority()
            .approve(offer["user_code"].as_str().unwrap(), "alice");
        let granted = poll(&sim, paths.1, &offer).await;
        assert_eq!(granted.status, 200);
        let granted = granted.json();
        assert!(granted["access_token"].is_string());
        assert_eq!(granted["scope"], "read:user offline_access openid");
        assert_eq!(granted["refresh_token"].is_string(), paths == MICROSOFT);
        assert_eq!(
            told(&poll(&sim, paths.1, &offer).await),
            (status, json!(again))
        );
        assert_eq!(sim.authority().counters("alice").sign_ins, 1);
    }
}

#[tokio::test]
async fn writes_forms_unless_json_is_asked_for() {
    let sim = start().await;
    let seen = form(&sim, GITHUB.0, &[("client_id", "app")]).await;
    assert!(seen.header("content-type").contains("form-urlencoded"));
    let fields: std::collections::HashMap<_, _> =
        form_urlencoded::parse(&seen.body).into_owned().collect();
    assert_eq!((&*fields["interval"], &*fields["expires_in"]), ("5", "900"));
    assert_eq!(
        fields["verification_uri"],
        "https://github.com/login/device"
    );
}
