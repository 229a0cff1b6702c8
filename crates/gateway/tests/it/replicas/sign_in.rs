//! Getting in at one replica and going on at another.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Database, admin};
use crate::support::client::{Answer, Client};
use crate::support::upstream::ScriptedUpstream;
use crate::support::{SOON, TestGateway};

const PASSWORD: &str = "correct horse battery";

async fn send(replica: &TestGateway, path: &str, headers: &[(&str, &str)], body: String) -> Answer {
    let mut all = vec![("x-tollhouse-key", "none")];
    all.extend(headers);
    let client = Client::new(&replica.url);
    let request = client.request(Method::POST, path, &all, body);
    client.whole(request).await
}

async fn post(replica: &TestGateway, path: &str, body: &Value) -> Answer {
    let json = [("content-type", "application/json")];
    send(replica, path, &json, body.to_string()).await
}

/// Signs in: cookie and CSRF token.
async fn sign_in(replica: &TestGateway) -> (String, String) {
    let body = json!({ "email": "ada@example.com", "password": PASSWORD });
    let answer = post(replica, "/api/v1/session", &body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let cookie = answer.header("set-cookie").unwrap();
    let cookie = cookie.split(';').next().unwrap().to_owned();
    (cookie, answer.json()["csrf"].as_str().unwrap().to_owned())
}

/// Waits until one replica has heard of what another knows.
async fn heard(there: &TestGateway, here: &TestGateway) {
    let behind = async {
        while there.gateway.revision() < here.gateway.revision() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, behind).await.unwrap();
}

async fn approve(replica: &TestGateway, (cookie, csrf): &(String, String), code: &Value) -> u16 {
    let form = format!(
        "code={}&csrf={csrf}&answer=approve&scope=write",
        code.as_str().unwrap()
    );
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("origin", replica.gateway.public_url()),
        ("cookie", cookie.as_str()),
    ];
    send(replica, "/device", &headers, form)
        .await
        .status
        .as_u16()
}

#[tokio::test]
async fn a_device_asks_one_replica_and_is_let_in_at_another() {
    let Some(database) = Database::new("device") else {
        return;
    };
    let upstream = ScriptedUpstream::start().await;
    let here = database.replica(&upstream.url).await;
    let there = database.replica(&upstream.url).await;
    let user = json!({ "name": "Ada", "email": "ada@example.com" }).to_string();
    let user = admin(&here, Method::POST, "/api/v1/users", &user).await;
    let path = format!("/api/v1/users/{}/password", user["id"].as_str().unwrap());
    let password = json!({ "new": PASSWORD }).to_string();
    admin(&here, Method::PUT, &path, &password).await;
    heard(&there, &here).await;
    let session = sign_in(&there).await;

    let ask = async || post(&here, "/api/v1/device/code", &json!({})).await.json();
    let poll = async |replica, codes: &Value| {
        let body = json!({ "device_code": codes["device_code"] });
        let answer = post(replica, "/api/v1/device/token", &body).await;
        (answer.status.as_u16(), answer.json())
    };
    let codes = ask().await;
    let (_, told) = poll(&here, &codes).await;
    assert_eq!(told["error"]["code"], "authorization_pending");
    let (_, told) = poll(&there, &codes).await;
    assert_eq!(
        told["error"]["code"], "slow_down",
        "asked there just after here"
    );

    let codes = ask().await;
    assert_eq!(approve(&there, &session, &codes["user_code"]).await, 200);
    let (status, given) = poll(&here, &codes).await;
    assert_eq!(status, 200, "{given}");
    let bearer = format!("Bearer {}", given["access_token"].as_str().unwrap());
    let client = Client::new(&here.url);
    let me = client
        .get("/api/v1/me", &[("authorization", &bearer)])
        .await;
    assert_eq!(me.json()["user"]["name"], "Ada");
    let (_, told) = poll(&there, &codes).await;
    assert_eq!(told["error"]["code"], "invalid_grant");

    let (late, approved) = (ask().await, ask().await);
    assert_eq!(approve(&there, &session, &approved["user_code"]).await, 200);
    database.execute(
        "UPDATE device_grants SET created_at = created_at - 600000000, \
         expires_at = expires_at - 600000000",
    );
    assert_eq!(approve(&there, &session, &late["user_code"]).await, 404);
    for codes in [&late, &approved] {
        let (_, told) = poll(&here, codes).await;
        assert_eq!(told["error"]["code"], "expired_token");
    }
    here.stop().await;
    there.stop().await;
}
