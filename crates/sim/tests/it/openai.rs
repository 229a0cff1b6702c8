//! OpenAI's authority.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hyper::{Method, StatusCode};
use serde_json::{Value, json};
use tollhouse_sim::{Authority, Sim};

use crate::{
    accounts::{CLIENT, body, call, code_of, form, json},
    client::{Seen, send, start},
};

/// What a test makes the authority do about a code.
type OnCode = fn(&Authority, &str);

const CALLBACK: &str = "https://auth.openai.com/deviceauth/callback";

fn claims(token: &Value) -> Value {
    let parts: Vec<_> = token.as_str().unwrap().split('.').collect();
    assert_eq!(parts.len(), 3);
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap()
}

async fn offer(sim: &Sim) -> Value {
    let path = "/api/accounts/deviceauth/usercode";
    let seen = json(sim, path, &json!({"client_id": CLIENT})).await;
    assert_eq!(seen.status, 200);
    seen.json()
}

async fn poll(sim: &Sim, offer: &Value) -> Seen {
    let body = json!({"device_auth_id": offer["device_auth_id"], "user_code": offer["user_code"]});
    json(sim, "/api/accounts/deviceauth/token", &body).await
}

async fn exchange(sim: &Sim, code: &str, redirect: &str, verifier: &str, client: &str) -> Seen {
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", client),
        ("code", code),
        ("redirect_uri", redirect),
        ("code_verifier", verifier),
    ];
    form(sim, "/oauth/token", &fields).await
}

#[tokio::test]
async fn signs_in_with_a_code_typed_elsewhere() {
    let sim = start().await;
    let offer = offer(&sim).await;
    assert_eq!(offer["interval"], "5");
    let pending = poll(&sim, &offer).await;
    assert_eq!(pending.status, 403);
    sim.authority().set_pending_status(404);
    assert_eq!(poll(&sim, &offer).await.status, 404);
    let user_code = offer["user_code"].as_str().unwrap();
    assert_eq!(sim.authority().user_codes(), [user_code]);
    assert!(sim.authority().approve(user_code, "alice"));
    assert!(!sim.authority().approve(user_code, "bob"));
    let approved = poll(&sim, &offer).await.json();
    let text = |name: &str| approved[name].as_str().unwrap().to_owned();
    let (code, verifier) = (text("authorization_code"), text("code_verifier"));
    for (wrong, error) in [
        (
            ("nonsense", CALLBACK, &*verifier, CLIENT),
            (400, "invalid_grant"),
        ),
        (
            (&*code, "https://elsewhere", &*verifier, CLIENT),
            (400, "invalid_grant"),
        ),
        ((&*code, CALLBACK, "other", CLIENT), (400, "invalid_grant")),
        (
            (&*code, CALLBACK, &*verifier, "other"),
            (401, "invalid_client"),
        ),
        ((&*code, CALLBACK, "", CLIENT), (400, "invalid_request")),
    ] {
        let (code, redirect, verifier, client) = wrong;
        let seen = exchange(&sim, code, redirect, verifier, client).await;
        assert_eq!(code_of(&seen), (error.0, json!(error.1)), "{wrong:?}");
    }
    let tokens = exchange(&sim, &code, CALLBACK, &verifier, CLIENT).await;
    assert_eq!(tokens.status, 200);
    let tokens = tokens.json();
    let now = sim.authority().now();
    for token in ["access_token", "id_token"] {
        let claims = claims(&tokens[token]);
        let auth = &claims["https://api.openai.com/auth"];
        assert_eq!(auth["chatgpt_account_id"], "acct-alice");
        assert_eq!(auth["chatgpt_plan_type"], "plus");
        assert_eq!(claims["email"], "alice@example.com");
        assert_eq!(
            (&claims["iat"], &claims["exp"]),
            (&json!(now), &json!(now + 864_000))
        );
    }
    assert_eq!(sim.authority().counters("alice").sign_ins, 1);
    // A code that comes twice was stolen: what came from it ends.
    let again = exchange(&sim, &code, CALLBACK, &verifier, CLIENT).await;
    assert_eq!(code_of(&again), (400, json!("invalid_grant")));
    let token = tokens["access_token"].as_str().unwrap();
    let seen = call(&sim, token, "acct-alice", &body("hi")).await;
    assert_eq!(code_of(&seen), (401, json!("token_invalidated")));
    assert_eq!(
        code_of(&poll(&sim, &offer).await),
        (400, json!("expired_token"))
    );
}

#[tokio::test]
async fn says_how_a_code_ended() {
    let sim = start().await;
    let authority = sim.authority();
    let cases: [(OnCode, u16, &str); 4] = [
        (|it, code| assert!(it.deny(code)), 400, "access_denied"),
        (
            |it, code| assert!(it.expire_code(code)),
            400,
            "expired_token",
        ),
        (
            |it, _| it.advance(Duration::from_mins(15)),
            400,
            "expired_token",
        ),
        (
            |it, _| it.advance(Duration::from_secs(899)),
            403,
            "deviceauth_authorization_unknown",
        ),
    ];
    for (act, status, code) in cases {
        let offer = offer(&sim).await;
        act(authority, offer["user_code"].as_str().unwrap());
        assert_eq!(code_of(&poll(&sim, &offer).await), (status, json!(code)));
    }
    let mut wrong = offer(&sim).await;
    wrong["user_code"] = json!("AAAA-AAAAA");
    assert_eq!(poll(&sim, &wrong).await.status, 404);
    authority.set_slow_downs(2);
    let slow = offer(&sim).await;
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(poll(&sim, &slow).await.status.as_u16());
    }
    assert_eq!(seen, [429, 429, 403]);
}

#[tokio::test]
async fn calls_the_user_code_by_its_other_name() {
    let sim = start().await;
    sim.authority().set_usercode_alias(true);
    let offer = offer(&sim).await;
    assert_eq!(
        (offer["user_code"].is_null(), offer["usercode"].is_string()),
        (true, true)
    );
}

#[tokio::test]
async fn takes_only_what_its_endpoints_take() {
    let sim = start().await;
    let usercode = "/api/accounts/deviceauth/usercode";
    assert_eq!(
        form(&sim, usercode, &[("client_id", CLIENT)]).await.status,
        400
    );
    assert_eq!(json(&sim, usercode, &json!({})).await.status, 400);
    assert_eq!(
        send(&sim, Method::GET, usercode, &[], "")
            .await
            .unwrap()
            .status,
        405
    );
    let seen = send(
        &sim,
        Method::POST,
        "/oauth/token",
        &[],
        "grant_type=refresh_token",
    );
    assert_eq!(seen.await.unwrap().status, 400);
    let seen = form(&sim, "/oauth/token", &[("grant_type", "password")]).await;
    assert_eq!(code_of(&seen), (400, json!("unsupported_grant_type")));
}

#[tokio::test]
async fn sends_the_browser_back() {
    let sim = start().await;
    let good = [
        ("response_type", "code"),
        ("client_id", CLIENT),
        ("redirect_uri", "http://localhost:1455/auth/callback"),
        ("scope", "openid profile email offline_access"),
        // RFC 7636, appendix B.
        (
            "code_challenge",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        ),
        ("code_challenge_method", "S256"),
        ("state", "a b&c"),
    ];
    let ask = async |changed: (&'static str, &'static str)| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in good {
            query.append_pair(name, if name == changed.0 { changed.1 } else { value });
        }
        let path = format!("/oauth/authorize?{}", query.finish());
        send(&sim, Method::GET, &path, &[], "").await.unwrap()
    };
    let seen = ask(("", "")).await;
    assert_eq!(seen.status, StatusCode::FOUND);
    let (back, query) = seen.header("location").split_once('?').unwrap();
    assert_eq!(back, "http://localhost:1455/auth/callback");
    let query: std::collections::HashMap<_, _> = form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    assert_eq!(query["state"], "a b&c");
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let tokens = exchange(&sim, &query["code"], back, verifier, CLIENT).await;
    assert_eq!(tokens.status, 200);
    assert_eq!(
        claims(&tokens.json()["id_token"])["email"],
        "browser@example.com"
    );
    for changed in [
        ("redirect_uri", "https://elsewhere.example/callback"),
        ("response_type", "token"),
        ("code_challenge_method", "plain"),
        ("code_challenge", ""),
        ("client_id", ""),
    ] {
        assert_eq!(ask(changed).await.status, 400, "{changed:?}");
    }
    sim.authority().set_browser(None);
    assert!(
        ask(("", ""))
            .await
            .header("location")
            .contains("error=access_denied")
    );
}
