//! Who does not get in, however well the provider speaks of them.

use super::*;

fn of(subject: &str, more: &Value) -> Value {
    let mut claims = json!({"sub": subject, "groups": []});
    for (name, value) in more.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

#[tokio::test]
async fn only_people_of_our_domains_come_in() {
    let world = World::new("domains = [\"example.com\"]").await;
    world.enter(&ada(&[])).await;
    world.enter(&of("bob", &json!({"hd": "example.com"}))).await;
    let verified = json!({"email": "eve@evil.example", "email_verified": true});
    let unverified = json!({"email": "eve@example.com", "email_verified": false});
    for stranger in [
        json!({}),
        verified,
        unverified,
        json!({"hd": "evil.example"}),
    ] {
        let answer = world.sign_on(&of("eve", &stranger)).await;
        page(&answer, 403, "no domain whose people");
        assert_eq!(world.reason().await, "other_domain", "{stranger}");
    }
    // Nor somebody who came in before and is of another one now.
    let answer = world.sign_on(&of("bob", &json!({}))).await;
    page(&answer, 403, "no domain whose people");
    let users = world.api.get("/api/v1/users").await;
    assert_eq!(users["data"].as_array().unwrap().len(), 2);
    world.gateway.stop().await;
}

#[tokio::test]
async fn nobody_new_comes_in_where_accounts_are_made_by_hand() {
    let world = World::new("new_accounts = false").await;
    page(&world.sign_on(&ada(&[])).await, 403, "has to make one");
    assert_eq!(world.reason().await, "no_account");
    let body = r#"{"name":"Ada","email":"ada@example.com","org":"lab"}"#;
    let made = world.api.post("/api/v1/users", body).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let (_, me) = world.enter(&ada(&[])).await;
    assert_eq!(orgs(&me), "lab:member");
    world.gateway.stop().await;
}

#[tokio::test]
async fn a_token_that_does_not_speak_of_groups_takes_nothing_away() {
    let world = World::new(MAPPING).await;
    world.enter(&ada(&["gate", "root"])).await;
    let mut overage = ada(&[]);
    overage["_claim_names"] = json!({"groups": "src1"});
    let mut silent = ada(&[]);
    silent.as_object_mut().unwrap().remove("groups");
    for claims in [silent, overage] {
        page(
            &world.sign_on(&claims).await,
            403,
            "does not say which groups",
        );
        assert_eq!(world.reason().await, "groups_not_said");
    }
    assert_eq!(world.trail("member.remove").await, Vec::<Value>::new());
    let users = world.api.get("/api/v1/users").await;
    assert_eq!(users["data"][0]["admin"], true);
    assert_eq!(users["data"][0]["orgs"].as_array().unwrap().len(), 2);
    world.gateway.stop().await;
}

#[tokio::test]
async fn a_letter_that_looks_like_another_is_another() {
    let world = World::new("").await;
    let body = r#"{"name":"Kate","email":"Kate@example.com","org":"lab"}"#;
    let made = world.api.post("/api/v1/users", body).await;
    assert_eq!(made.json()["email"], "kate@example.com");
    // The Kelvin sign, whose lower case is a plain k.
    let kelvin = json!({"email": "\u{212a}ate@example.com", "email_verified": true});
    let (_, me) = world.enter(&of("eve", &kelvin)).await;
    assert_eq!(orgs(&me), "");
    assert_eq!(world.trail("user.link").await, Vec::<Value>::new());
    let plain = json!({"email": "KATE@example.com", "email_verified": true});
    let (_, me) = world.enter(&of("kate", &plain)).await;
    assert_eq!(orgs(&me), "lab:member");
    world.gateway.stop().await;
}
