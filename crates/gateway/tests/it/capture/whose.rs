//! Whose bodies are kept, who says so, and what is left when somebody reads or deletes them.

use http::Method;
use serde_json::{Value, json};
use tollhouse_domain::capture::Kept;

use super::{ask, keeping, said};
use crate::support::client::Client;
use crate::support::dialect::CHAT;
use crate::support::upstream::ScriptedUpstream;
use crate::support::{ADMIN, TestGateway, configuration, virtual_key};

/// Sends JSON to the control plane with a token.
async fn send(
    gateway: &TestGateway,
    token: &str,
    method: Method,
    path: &str,
    body: &Value,
) -> (u16, Value) {
    let authorization = format!("Bearer {token}");
    let client = Client::new(&gateway.url);
    let headers = [
        ("authorization", authorization.as_str()),
        ("content-type", "application/json"),
    ];
    let request = client.request(method, path, &headers, body.to_string());
    let answer = client.whole(request).await;
    let body = serde_json::from_slice(&answer.body).unwrap_or_default();
    (answer.status.as_u16(), body)
}

#[tokio::test]
async fn a_key_says_otherwise_than_the_installation() {
    let upstream = ScriptedUpstream::start().await;
    let data_dir = tempfile::TempDir::new().unwrap();
    let keys: String = ["off", "redacted", "full"]
        .map(|mode| {
            format!(
                "[[key]]\nname = \"{mode}\"\nsecret = \"env:KEY_{mode}\"\ncapture = \"{mode}\"\n"
            )
        })
        .concat();
    let text = configuration(&upstream.url, data_dir.path(), "") + &keys;
    let gateway =
        TestGateway::from_text(&(text + "[capture]\nbodies = \"redacted\""), data_dir).await;
    let client = Client::new(&gateway.url);
    for (key, kept) in [
        ("off", None),
        ("redacted", Some(Kept::Redacted)),
        ("full", Some(Kept::Full)),
    ] {
        upstream.json(200, CHAT.answer);
        let secret = virtual_key(key);
        let headers = [("x-api-key", secret.as_str())];
        client
            .post(CHAT.path, &headers, CHAT.request("m", false))
            .await;
        assert_eq!(gateway.calls().await[0].capture, kept);
    }
    // Whoever is told about keys and about the gateway is told of that, too.
    let listed = ask(&gateway, Method::GET, "/api/v1/keys").await.json();
    for key in listed["data"].as_array().unwrap() {
        let expected = key["name"].as_str().filter(|name| *name != "test");
        assert_eq!(key["capture"], expected.unwrap_or("redacted"));
    }
    let info = ask(&gateway, Method::GET, "/api/v1/proxy-info")
        .await
        .json();
    assert_eq!(info["capture"], "redacted");
    gateway.stop().await;
}

#[tokio::test]
async fn a_change_holds_from_the_next_call_on() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = keeping(&upstream, "bodies = \"off\"").await;
    let client = Client::new(&gateway.url);
    let (_, key) = send(
        &gateway,
        ADMIN,
        Method::POST,
        "/api/v1/keys",
        &json!({"name": "k"}),
    )
    .await;
    let path = format!("/api/v1/keys/{}", key["id"].as_str().unwrap());
    let secret = key["secret"].as_str().unwrap();
    for (mode, shown, kept) in [
        (json!("full"), "full", Some(Kept::Full)),
        (json!("redacted"), "redacted", Some(Kept::Redacted)),
        (json!(null), "off", None),
    ] {
        let body = json!({ "capture": mode });
        let (status, key) = send(&gateway, ADMIN, Method::PATCH, &path, &body).await;
        assert_eq!((status, &key["capture"]), (200, &json!(shown)));
        upstream.json(200, CHAT.answer);
        let headers = [("x-api-key", secret)];
        client
            .post(CHAT.path, &headers, CHAT.request("m", false))
            .await;
        assert_eq!(gateway.calls().await[0].capture, kept);
    }
    gateway.stop().await;
}

/// An organization with an administrator and a member: their ids and tokens, and the organization's id.
async fn people(gateway: &TestGateway) -> (String, [(String, String); 2]) {
    let post = async |path: &str, body: Value| {
        let (status, made) = send(gateway, ADMIN, Method::POST, path, &body).await;
        assert_eq!(status, 201, "{path}: {made}");
        made
    };
    let text = |value: &Value, name: &str| value[name].as_str().unwrap().to_owned();
    let org = text(&post("/api/v1/orgs", json!({"name": "here"})).await, "id");
    let mut all = Vec::new();
    for role in ["admin", "member"] {
        let user = json!({"name": role, "email": format!("{role}@example.com")});
        let user = text(&post("/api/v1/users", user).await, "id");
        let path = format!("/api/v1/orgs/{org}/members/{user}");
        send(gateway, ADMIN, Method::PUT, &path, &json!({"role": role})).await;
        let path = format!("/api/v1/users/{user}/tokens");
        let token = post(&path, json!({"name": "t", "scope": "admin"})).await;
        all.push((user, text(&token, "secret")));
    }
    (org, all.try_into().unwrap())
}

#[tokio::test]
async fn who_answers_for_a_key_says_what_is_kept_of_it() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = keeping(&upstream, "bodies = \"off\"").await;
    let (org, [(_, admin), (member, theirs)]) = people(&gateway).await;
    // Of a key that draws on a person's credentials, nobody else may have the secret.
    let policy = json!({"user": false});
    let personal = json!({"name": "p", "owner": member, "credentials": policy});
    let inside = json!({"name": "i", "owner": member, "org": org, "credentials": policy});
    let nobodys = json!({"name": "n"});
    // Who makes the key, as what, who asks, whether they may.
    let table = [
        (&theirs, &personal, &theirs, true),
        (&theirs, &personal, &ADMIN.to_owned(), false),
        (&theirs, &inside, &theirs, false),
        (&theirs, &inside, &admin, true),
        (&theirs, &inside, &ADMIN.to_owned(), true),
        (&ADMIN.to_owned(), &nobodys, &ADMIN.to_owned(), true),
    ];
    for (maker, key, who, may) in table {
        let what = format!(
            "{key} as {}",
            if *who == ADMIN { "root" } else { "somebody" }
        );
        let (status, made) = send(&gateway, maker, Method::POST, "/api/v1/keys", key).await;
        assert_eq!(status, 201, "{made}");
        let path = format!("/api/v1/keys/{}", made["id"].as_str().unwrap());
        let body = json!({"capture": "full"});
        let (status, answer) = send(&gateway, who, Method::PATCH, &path, &body).await;
        assert_eq!(status, if may { 200 } else { 403 }, "{what}: {answer}");
        // Who may not say it may not say the opposite either, and may change the rest.
        let (status, _) = send(&gateway, who, Method::PATCH, &path, &json!({"name": "x"})).await;
        assert_eq!(status, 200, "{what}");
        // Nor when it is made.
        let mut with = key.clone();
        with["capture"] = json!("redacted");
        let (status, answer) = send(&gateway, who, Method::POST, "/api/v1/keys", &with).await;
        assert_eq!(status == 201, may, "{what}: {status} {answer}");
    }
    // What was said of a key in an organization does not come loose by moving it.
    let (_, made) = send(&gateway, &admin, Method::POST, "/api/v1/keys", &{
        let mut with = inside.clone();
        with["capture"] = json!("full");
        with
    })
    .await;
    let path = format!("/api/v1/keys/{}", made["id"].as_str().unwrap());
    let (status, _) = send(
        &gateway,
        &theirs,
        Method::PATCH,
        &path,
        &json!({"capture": "off"}),
    )
    .await;
    assert_eq!(status, 403);
    let moved = json!({"org": null, "owner": member});
    let (status, answer) = send(&gateway, ADMIN, Method::PATCH, &path, &moved).await;
    assert_eq!(status, 403, "{answer}");
    gateway.stop().await;
}

#[tokio::test]
async fn reading_and_deleting_leave_a_trace() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = keeping(&upstream, "bodies = \"full\"").await;
    upstream.json(200, CHAT.answer);
    let client = Client::new(&gateway.url);
    client.post(CHAT.path, &[], CHAT.request("m", false)).await;
    said(&gateway).await;
    let call = gateway.calls().await.remove(0);
    let path = format!("/api/v1/calls/{}/capture", call.id);
    for _ in 0..2 {
        assert_eq!(ask(&gateway, Method::DELETE, &path).await.status, 204);
    }
    let answer = ask(&gateway, Method::GET, &path).await;
    assert_eq!(answer.status, 404);
    assert!(answer.text().contains("deleted"));
    let trail = ask(&gateway, Method::GET, "/api/v1/audit?limit=1000").await;
    let trail = trail.json();
    let of = |action: &str| -> Vec<&Value> {
        let all = trail["data"].as_array().unwrap().iter();
        all.filter(|entry| entry["action"] == action).collect()
    };
    let (reads, deletions) = (of("capture.read"), of("capture.delete"));
    assert_eq!((reads.len(), deletions.len()), (1, 1));
    for entry in [reads[0], deletions[0]] {
        assert_eq!(entry["subject"]["kind"], "call");
        assert_eq!(entry["subject"]["id"], call.id.to_string());
        assert_eq!(entry["detail"]["session"], call.session.to_string());
        assert_eq!(entry["actor"]["kind"], "operator");
    }
    // The row stays what it was.
    assert_eq!(gateway.calls().await[0].capture, Some(Kept::Full));
    gateway.stop().await;
}

#[tokio::test]
async fn what_was_kept_is_read_after_a_restart() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = keeping(&upstream, "bodies = \"full\"").await;
    upstream.json(200, CHAT.answer);
    let client = Client::new(&gateway.url);
    client.post(CHAT.path, &[], CHAT.request("m", false)).await;
    // What waits to be stored is stored before the gateway ends.
    let data_dir = gateway.stop().await;
    let text = configuration(&upstream.url, data_dir.path(), "");
    let gateway = TestGateway::from_text(&text, data_dir).await;
    let id = gateway.calls().await[0].id;
    let path = format!("/api/v1/calls/{id}/capture");
    let answer = ask(&gateway, Method::GET, &path).await;
    assert_eq!(answer.json()["response"]["body"], CHAT.answer);
    gateway.stop().await;
}
