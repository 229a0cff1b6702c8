//! Logins whose provider refuses their tokens: what is tried for them, and when that is given up.

use http::{Method, StatusCode};
use serde_json::Value;
use tollhouse_sim::{TokenAnswer, Vendor};

use super::World;
use crate::support::client::Answer;

const ANSWER: &str = r#"{"id":"resp_1","object":"response"}"#;

async fn ask(world: &World, key: &str, path: &str) -> Answer {
    let headers = [
        ("x-tollhouse-key", key),
        ("content-type", "application/json"),
    ];
    let body = r#"{"model":"plan-1","input":"hi"}"#;
    let client = &world.api.client;
    let request = client.request(Method::POST, path, &headers, body);
    client.whole(request).await
}

async fn shown(world: &World, account: &Value) -> Value {
    let id = account["id"].as_str().unwrap();
    world.api.get(&format!("/api/v1/accounts/{id}")).await
}

#[tokio::test]
async fn a_path_of_the_clients_choice_says_nothing_of_the_login() {
    let world = World::new().await;
    let account = world.sign_in(&world.api, "default", "ada").await;
    let (_, key) = world.api.key(r#"{"name":"k"}"#).await;
    for _ in 0..6 {
        world.upstream.json(401, "{}");
    }
    for n in 1..=3 {
        let answer = ask(&world, &key, "/proxy/plan/v1/elsewhere").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(world.upstream.seen().len(), n, "nothing is tried again");
    }
    assert_eq!(world.sim.authority().totals().refreshes, 0);
    let shown = shown(&world, &account).await;
    assert_eq!(shown["state"], "ready", "{shown}");
    world.gateway.stop().await;
}

#[tokio::test]
async fn a_token_that_is_refused_right_after_its_refresh_is_not_tried_for_ever() {
    let world = World::new().await;
    let account = world.sign_in(&world.api, "default", "ada").await;
    let (_, key) = world.api.key(r#"{"name":"k"}"#).await;
    world.upstream.json(401, "{}").json(401, r#"{"n":2}"#);
    let answer = ask(&world, &key, "/v1/responses").await;
    assert_eq!(
        (answer.status, answer.text().as_str()),
        (StatusCode::UNAUTHORIZED, r#"{"n":2}"#)
    );
    assert_eq!(world.sim.authority().totals().refreshes, 1);
    let shown = shown(&world, &account).await;
    assert_eq!(
        (&shown["state"], &shown["why"]),
        (&"auth_required".into(), &"refused".into()),
        "{shown}"
    );
    let answer = ask(&world, &key, "/v1/responses").await;
    assert_eq!(answer.status, StatusCode::FAILED_DEPENDENCY);
    assert_eq!(world.upstream.seen().len(), 2, "nobody was asked");
    world.gateway.stop().await;
}

#[tokio::test]
async fn what_became_of_an_earlier_login_is_not_the_next_ones() {
    let world = World::new().await;
    world.sign_in(&world.api, "default", "ada").await;
    let (_, key) = world.api.key(r#"{"name":"k"}"#).await;
    let away = TokenAnswer {
        status: Some(503),
        retry_after: Some(600),
        ..TokenAnswer::default()
    };
    let authority = world.sim.authority();
    authority.next_token_answer(Vendor::OpenAi, away);
    world.upstream.json(401, "{}");
    let answer = ask(&world, &key, "/v1/responses").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    let account = world.sign_in(&world.api, "default", "ada").await;
    world.upstream.json(401, "{}").json(200, ANSWER);
    let answer = ask(&world, &key, "/v1/responses").await;
    let shown = shown(&world, &account).await;
    assert_eq!(answer.status, StatusCode::OK, "{shown}");
    assert_eq!(world.sim.authority().totals().refreshes, 1);
    world.gateway.stop().await;
}
