//! Authorities that misbehave.

use std::time::Duration;

use hyper::Method;
use serde_json::json;
use tollhouse_sim::{Outage, TokenAnswer, Vendor};

use crate::{
    accounts::{CLIENT, body, call, json, login, refresh},
    client::{send, start},
};

#[tokio::test]
async fn gives_the_answers_it_is_told_and_grants_nothing() {
    let sim = start().await;
    let authority = sim.authority();
    let token = login(&sim, "alice").refresh_token;
    for (status, body) in [
        (503, "<html>busy</html>"),
        (429, r#"{"error":"slow_down"}"#),
        (200, "{}"),
    ] {
        let answer = TokenAnswer {
            status: Some(status),
            body: body.to_owned(),
            retry_after: (status == 429).then_some(7),
            ..TokenAnswer::default()
        };
        authority.next_token_answer(Vendor::OpenAi, answer);
        let seen = refresh(&sim, &token).await;
        assert_eq!(
            (seen.status.as_u16(), &*seen.body),
            (status, body.as_bytes())
        );
        assert_eq!(seen.headers.contains_key("retry-after"), status == 429);
    }
    assert_eq!(authority.counters("alice").refreshes, 0);
    assert_eq!(refresh(&sim, &token).await.status, 200);
}

#[tokio::test]
async fn loses_an_answer_that_it_granted() {
    let sim = start().await;
    let token = login(&sim, "alice").refresh_token;
    let lost = TokenAnswer {
        lost: true,
        ..TokenAnswer::default()
    };
    sim.authority().next_token_answer(Vendor::OpenAi, lost);
    let fields =
        json!({"grant_type": "refresh_token", "client_id": CLIENT, "refresh_token": token});
    let headers = [("content-type", "application/json")];
    let seen = send(
        &sim,
        Method::POST,
        "/oauth/token",
        &headers,
        fields.to_string(),
    )
    .await;
    assert!(seen.is_err());
    assert_eq!(sim.authority().counters("alice").refreshes, 1);
    let seen = refresh(&sim, &token).await;
    assert_eq!(seen.json()["error"]["code"], "refresh_token_reused");
}

#[tokio::test]
async fn hangs_without_granting() {
    let sim = start().await;
    let token = login(&sim, "alice").refresh_token;
    let hang = TokenAnswer {
        hang: true,
        ..TokenAnswer::default()
    };
    sim.authority().next_token_answer(Vendor::OpenAi, hang);
    tokio::select! {
        _ = refresh(&sim, &token) => panic!("answered"),
        _ = sim.wait_for(|stats| stats.open == 1) => {}
    }
    sim.wait_for(|stats| stats.aborted == 1).await;
    assert_eq!(sim.authority().counters("alice").refreshes, 0);
    assert_eq!(refresh(&sim, &token).await.status, 200);
}

#[tokio::test]
async fn keeps_answers_back_until_they_are_released() {
    let sim = start().await;
    let authority = sim.authority();
    let token = login(&sim, "alice").refresh_token;
    authority.hold();
    let answer = refresh(&sim, &token);
    tokio::pin!(answer);
    let other = login(&sim, "bob").access_token;
    let meanwhile = async {
        authority.wait_for(|all| all.refreshes == 1).await;
        // Calls of accounts are not held: an answer that was not would come before the last of them.
        for _ in 0..20 {
            assert_eq!(
                call(&sim, &other, "acct-bob", &body("hi")).await.status,
                200
            );
        }
    };
    tokio::select! {
        _ = &mut answer => panic!("answered"),
        () = meanwhile => {}
    }
    authority.release();
    assert_eq!(answer.await.status, 200);
}

#[tokio::test]
async fn waits_before_an_answer() {
    let sim = start().await;
    let token = login(&sim, "alice").refresh_token;
    let late = TokenAnswer {
        delay_ms: 30,
        ..TokenAnswer::default()
    };
    sim.authority().next_token_answer(Vendor::OpenAi, late);
    let begun = tokio::time::Instant::now();
    assert_eq!(refresh(&sim, &token).await.status, 200);
    assert!(begun.elapsed() >= Duration::from_millis(30));
}

#[tokio::test]
async fn is_down_as_a_whole_but_for_calls() {
    let sim = start().await;
    let tokens = login(&sim, "alice");
    sim.authority().set_outage(Vendor::OpenAi, Outage::Down);
    let asked = json!({"client_id": CLIENT});
    for path in [
        "/oauth/token",
        "/api/accounts/deviceauth/usercode",
        "/api/accounts/deviceauth/token",
    ] {
        let seen = json(&sim, path, &asked).await;
        assert_eq!(seen.status, 503, "{path}");
        assert!(seen.header("content-type").starts_with("text/plain"));
    }
    let seen = send(&sim, Method::GET, "/oauth/authorize", &[], "")
        .await
        .unwrap();
    assert_eq!(seen.status, 503);
    assert_eq!(
        call(&sim, &tokens.access_token, "acct-alice", &body("hi"))
            .await
            .status,
        200
    );
    sim.authority().set_outage(Vendor::OpenAi, Outage::Hangs);
    tokio::select! {
        _ = refresh(&sim, &tokens.refresh_token) => panic!("answered"),
        _ = sim.wait_for(|stats| stats.open == 1) => {}
    }
    sim.authority().set_outage(Vendor::OpenAi, Outage::Off);
    assert_eq!(refresh(&sim, &tokens.refresh_token).await.status, 200);
}
