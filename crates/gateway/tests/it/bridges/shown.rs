//! To whom a bridge is shown, and how it is for them.

use super::*;

/// A user, and a token of theirs.
async fn somebody(client: &Client, name: &str) -> (String, String) {
    let user = format!(r#"{{"name":"{name}","email":"{name}@example.com"}}"#);
    let user = admin(client, http::Method::POST, "/api/v1/users", &user).await;
    let id = user["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/users/{id}/tokens");
    let token = admin(
        client,
        http::Method::POST,
        &path,
        r#"{"name":"t","scope":"admin"}"#,
    )
    .await;
    (id, token["secret"].as_str().unwrap().to_owned())
}

/// The bridge as whoever has this token is shown it.
async fn to(client: &Client, token: &str) -> Option<Value> {
    let authorization = format!("Bearer {token}");
    let headers = [("authorization", authorization.as_str())];
    let listed = client.get("/api/v1/providers", &headers).await;
    assert_eq!(listed.status, 200, "{}", listed.text());
    let listed = listed.json();
    let rows = listed["data"].as_array().unwrap();
    let found = rows.iter().find(|row| row["name"] == "claude-bridge");
    found.cloned()
}

#[tokio::test]
async fn a_persons_bridge_is_shown_to_that_person_as_it_is_and_to_no_others() {
    let upstream = upstream(READY).await;
    let gateway = start(&upstream.url, "owner = \"ada@example.com\"").await;
    let client = Client::new(&gateway.url);
    let (_, bob) = somebody(&client, "bob").await;
    // Nobody's yet, and so nobody is shown it who does not administer. What is the platform's does not help.
    let secret = format!(r#"{{"api_key":"{}"}}"#, shared());
    let platform = "/api/v1/platform/credentials/claude-bridge";
    admin(&client, http::Method::PUT, platform, &secret).await;
    let row = shown(&client, |row| {
        row["bridge"]["checked_at"].is_string() && row["state"] != "unreachable"
    })
    .await;
    assert_eq!(
        row["state"], "auth_required",
        "ready, and for nobody: {row}"
    );
    assert_eq!(row["configured"], false, "{row}");
    assert_eq!(row["why"], "none", "{row}");
    assert_eq!(to(&client, &bob).await, None);
    let (id, ada) = somebody(&client, "ada").await;
    let root = shown(&client, |row| {
        row["bridge"]["ownerless"] == false && row["state"] == "ready"
    })
    .await;
    assert_eq!(root["configured"], true, "{root}");
    let hers = to(&client, &ada).await.unwrap();
    assert_eq!(
        (&hers["state"], &hers["bridge"]["owner"]),
        (&"ready".into(), &id.into()),
        "{hers}"
    );
    assert!(
        hers.get("endpoints").is_none() && hers.get("configured").is_none(),
        "{hers}"
    );
    assert_eq!(to(&client, &bob).await, None);

    // What it says of itself is so for her as for the operator.
    upstream.always("/health", json(200, &[], LOGGED_OUT));
    upstream.json(401, "{}");
    let keys = format!(r#"{{"name":"k","owner":{}}}"#, hers["bridge"]["owner"]);
    let key = admin(&client, http::Method::POST, "/api/v1/keys", &keys).await;
    let headers = [("x-api-key", key["secret"].as_str().unwrap())];
    client.post(COMPLETIONS, &headers, ASK).await;
    // Its own word for it comes with the next look.
    shown(&client, |row| {
        row["state"] == "auth_required" && row["why"] == "signed_out"
    })
    .await;
    let hers = to(&client, &ada).await.unwrap();
    assert_eq!(hers["state"], "auth_required", "{hers}");
    assert_eq!(to(&client, &bob).await, None);
    gateway.stop().await;
}

#[tokio::test]
async fn the_operators_bridge_is_shown_to_who_administers() {
    let upstream = upstream(READY).await;
    let gateway = start(&upstream.url, "").await;
    let client = Client::new(&gateway.url);
    let (_, ada) = somebody(&client, "ada").await;
    let row = shown(&client, |row| row["state"] == "ready").await;
    assert_eq!(row["configured"], true, "{row}");
    assert_eq!(row["bridge"].get("owner"), None, "{row}");
    assert_eq!(to(&client, &ada).await, None);
    gateway.stop().await;
}
