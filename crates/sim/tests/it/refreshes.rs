//! Refresh tokens of OpenAI's authority.

use serde_json::{Value, json};
use tollhouse_sim::{Authority, Shape};

use crate::{
    accounts::{CLIENT, body, call, code_of, form, json, login, refresh},
    client::start,
};

/// What a test makes the authority do.
type Act = fn(&Authority);

#[tokio::test]
async fn rotates_refresh_tokens_and_ends_a_family_on_reuse() {
    let sim = start().await;
    let first = login(&sim, "alice");
    let other = login(&sim, "alice");
    let body_json = json!({"grant_type": "refresh_token", "client_id": CLIENT,
        "refresh_token": first.refresh_token});
    let second = json(&sim, "/oauth/token", &body_json).await;
    assert_eq!(second.status, 200);
    let second = second.json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    assert_ne!(second["refresh_token"], first.refresh_token);
    assert_ne!(second["access_token"], first.access_token);
    // The old access token goes on until its own end.
    let access = text(&second["access_token"]);
    for token in [&first.access_token, &access] {
        assert_eq!(
            call(&sim, token, "acct-alice", &body("hi")).await.status,
            200
        );
    }
    let reused = refresh(&sim, &first.refresh_token).await;
    assert_eq!(code_of(&reused), (401, json!("refresh_token_reused")));
    // The rotated one is dead too, and so are the access tokens.
    let dead = refresh(&sim, &text(&second["refresh_token"])).await;
    assert_eq!(code_of(&dead), (401, json!("refresh_token_reused")));
    for token in [&first.access_token, &access] {
        let seen = call(&sim, token, "acct-alice", &body("hi")).await;
        assert_eq!(code_of(&seen), (401, json!("token_invalidated")));
    }
    // Another family of the same account lives.
    assert_eq!(refresh(&sim, &other.refresh_token).await.status, 200);
    let counters = sim.authority().counters("alice");
    assert_eq!(
        (
            counters.refreshes,
            counters.reuses,
            counters.refused_refreshes
        ),
        (2, 1, 2)
    );
}

#[tokio::test]
async fn words_the_end_of_a_login_in_both_shapes() {
    let cases: [(Act, u16, &str); 4] = [
        (|it| it.revoke("alice"), 401, "refresh_token_invalidated"),
        (
            |it| it.expire_refresh("alice"),
            401,
            "refresh_token_expired",
        ),
        (|it| it.close("alice"), 403, "account_deactivated"),
        (|_| {}, 200, ""),
    ];
    for (act, status, code) in cases {
        let sim = start().await;
        let (nested, flat) = (login(&sim, "alice"), login(&sim, "alice"));
        act(sim.authority());
        let seen = refresh(&sim, &nested.refresh_token).await;
        assert_eq!(seen.status.as_u16(), status);
        if status != 200 {
            assert_eq!(code_of(&seen), (status, json!(code)));
        }
        sim.authority().set_errors(Shape::Flat);
        let seen = refresh(&sim, &flat.refresh_token).await;
        assert_eq!(seen.status.as_u16(), status);
        if status != 200 {
            assert_eq!(seen.json()["error"], code);
        }
    }
    let sim = start().await;
    let tokens = login(&sim, "alice");
    let wrong = [
        ("grant_type", "refresh_token"),
        ("client_id", "other"),
        ("refresh_token", &tokens.refresh_token),
    ];
    let seen = form(&sim, "/oauth/token", &wrong).await;
    assert_eq!(code_of(&seen), (401, json!("invalid_client")));
    assert_eq!(
        code_of(&refresh(&sim, "rt_other").await),
        (400, json!("invalid_grant"))
    );
}
