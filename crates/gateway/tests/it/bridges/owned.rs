//! Whose keys a bridge serves.

use crate::support::client::Answer;

use super::*;

/// A user and a key of theirs, which may draw on everything there is.
async fn somebody(client: &Client, name: &str) -> (String, String) {
    let user = format!(r#"{{"name":"{name}","email":"{name}@example.com"}}"#);
    let user = admin(client, http::Method::POST, "/api/v1/users", &user).await;
    let id = user["id"].as_str().unwrap().to_owned();
    let key = format!(
        r#"{{"name":"{name}","owner":"{id}","credentials":{{"client":true,"user":true,"platform":true}}}}"#
    );
    let key = admin(client, http::Method::POST, "/api/v1/keys", &key).await;
    (id, key["secret"].as_str().unwrap().to_owned())
}

fn refused(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.text());
    assert!(
        answer.text().contains("somebody else's own login"),
        "{}",
        answer.text()
    );
}

#[tokio::test]
async fn a_persons_own_login_serves_that_persons_keys_and_no_others() {
    let upstream = upstream(READY).await;
    let owned = "owner = \"Ada@example.com\"";
    let gateway = start(&upstream.url, owned).await;
    let client = Client::new(&gateway.url);
    let (_, bobs) = somebody(&client, "bob").await;
    // Until she has an account, it is nobody's.
    refused(&client.post(COMPLETIONS, &[("x-api-key", &bobs)], ASK).await);
    let row = shown(&client, |row| row["bridge"]["checked_at"].is_string()).await;
    assert_eq!(row["bridge"]["ownerless"], true, "{row}");
    assert_eq!(row["bridge"]["owner_email"], "ada@example.com");
    let (ada, adas) = somebody(&client, "ada").await;
    let row = shown(&client, |row| row["bridge"]["ownerless"] == false).await;
    assert_eq!(
        (&row["bridge"]["owner"], &row["bridge"]["ownerless"]),
        (&ada.into(), &false.into())
    );

    // Credentials that others put in its way, and those they bring, open nothing.
    let secret = format!(r#"{{"api_key":"{}"}}"#, shared());
    let platform = "/api/v1/platform/credentials/claude-bridge";
    admin(&client, http::Method::PUT, platform, &secret).await;
    let bearer = format!("Bearer {}", shared());
    for path in [
        COMPLETIONS,
        "/proxy/claude-bridge/v1/chat/completions",
        "/v1/messages",
    ] {
        let body = ASK.replace("\"messages\"", "\"max_tokens\":9,\"messages\"");
        for key in [bobs.as_str(), KEY] {
            refused(&client.post(path, &[("x-api-key", key)], body.clone()).await);
            let own = [("x-tollhouse-key", key), ("authorization", bearer.as_str())];
            refused(&client.post(path, &own, body.clone()).await);
        }
    }
    assert_eq!(calls(&upstream), 0, "somebody else's login was used");
    let models = client
        .get("/v1/models", &[("x-api-key", bobs.as_str())])
        .await;
    assert!(
        !models.text().contains("claude-bridge"),
        "{}",
        models.text()
    );

    upstream.json(200, CHAT.answer);
    let answer = client.post(COMPLETIONS, &[("x-api-key", &adas)], ASK).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("x-tollhouse-credential"), Some("user"));
    // Calls of one millisecond are in no order.
    let taken = answer.header("x-tollhouse-call").unwrap();
    let rows = gateway.calls().await;
    for row in &rows {
        if row.id.to_string() == taken {
            assert_eq!(row.credential_source, Some(CredentialSource::User));
        } else {
            assert!(row.outcome == Outcome::Refused && row.provider.is_none());
        }
    }
    assert!(rows.iter().any(|row| row.id.to_string() == taken));
    // What a start finds is as it is.
    let data_dir = gateway.stop().await;
    let text = configuration(&upstream.url, &data_dir, owned);
    let gateway = TestGateway::from_text(&text, data_dir).await;
    let client = Client::new(&gateway.url);
    upstream.json(200, CHAT.answer);
    let answer = client.post(COMPLETIONS, &[("x-api-key", &adas)], ASK).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    gateway.stop().await;
}
