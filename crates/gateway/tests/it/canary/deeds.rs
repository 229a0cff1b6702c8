//! What is done with the planted secrets: good and bad answers, refusals, cuts, a client that leaves.

use std::sync::Arc;

use http::Method;
use http_body_util::BodyExt;
use tokio::sync::Notify;

use super::{ANSWER, ORGS, OWN, PROMPT, USERS, WRONG_KEY};
use crate::support::client::{Answer, Client};
use crate::support::dialect::{DIALECTS, Dialect};
use crate::support::upstream::{ScriptedUpstream, Step, chunk, json, last_chunk, stream};
use crate::support::{ADMIN, KEY, UPSTREAM_KEY, virtual_key};

fn request(dialect: &Dialect, model: &str, streamed: bool) -> String {
    dialect.request(model, streamed).replace("hi", PROMPT)
}

fn answers(dialect: &Dialect) -> (String, Vec<String>) {
    let list = format!("[\"{ANSWER}\"]");
    let say = |text: &str| {
        text.replace("hello wide world", ANSWER)
            .replace("[]", &list)
            .replace("\"x\"", &format!("\"{ANSWER}\""))
    };
    (
        say(dialect.answer),
        dialect.events.iter().map(|event| say(event)).collect(),
    )
}

/// One of everything: good and bad answers, refusals, cuts, a client that leaves.
pub(super) async fn much(client: &Client, upstream: &ScriptedUpstream, refusals: &mut Vec<Answer>) {
    for dialect in &DIALECTS {
        let (whole, events) = answers(dialect);
        upstream.json(200, &whole);
        assert!(
            client
                .post(dialect.path, &[], request(dialect, "m", false))
                .await
                .text()
                .contains(ANSWER)
        );
        upstream.script(vec![Step::Write([stream(&events), last_chunk()].concat())]);
        client
            .post(dialect.path, &[], request(dialect, "m", true))
            .await;
        for status in [400, 401, 429, 500] {
            let error =
                format!(r#"{{"error":{{"type":"t","message":"{PROMPT} {UPSTREAM_KEY}"}}}}"#);
            upstream.script(vec![Step::Write(json(
                status,
                &[("x-echo", PROMPT)],
                &error,
            ))]);
            client
                .post(dialect.path, &[], request(dialect, "m", true))
                .await;
        }
        let in_band = dialect
            .in_band_error
            .replace("roken", PROMPT)
            .replace("verloaded\"}", PROMPT);
        upstream.script(vec![Step::Write(
            [stream(&[&events[0], &in_band]), last_chunk()].concat(),
        )]);
        let post = |body| client.request(Method::POST, dialect.path, &[], body);
        client.seen(post(request(dialect, "m", true))).await;
        upstream.script(vec![
            Step::Write([stream(&events[..2]), chunk(ANSWER.as_bytes())].concat()),
            Step::Close,
        ]);
        client.seen(post(request(dialect, "m", true))).await;
        upstream.script(vec![
            Step::Write(format!("HTTP/1.1 nonsense {ANSWER}\r\n\r\n").into_bytes()),
            Step::Close,
        ]);
        refusals.push(
            client
                .post(dialect.path, &[], request(dialect, "m", true))
                .await,
        );
        let gone = Arc::new(Notify::new());
        upstream.script(vec![
            Step::Write(stream(&events[..2])),
            Step::AwaitClose(Arc::clone(&gone)),
        ]);
        let leaver = client.clone();
        let mut left = leaver
            .send(post(request(dialect, "m", true)))
            .await
            .into_body();
        left.frame().await.unwrap().unwrap();
        drop(left);
        gone.notified().await;
        let own = format!("Bearer {OWN}");
        let own_key = virtual_key("own");
        upstream.json(200, &whole);
        let headers = [
            ("x-tollhouse-key", own_key.as_str()),
            ("authorization", own.as_str()),
        ];
        let answer = client
            .post(dialect.path, &headers, request(dialect, "m", false))
            .await;
        assert_eq!(answer.header("x-tollhouse-credential"), Some("client"));
        refused(client, dialect, refusals).await;
    }
}

/// Somebody and their organization lend credentials to a key, which then go bad in every way.
pub(super) async fn lent(client: &Client, upstream: &ScriptedUpstream, refusals: &mut Vec<Answer>) {
    let root = format!("Bearer {ADMIN}");
    let ask = async |token: &str, method: Method, path: &str, body: &str| {
        let headers = [
            ("authorization", token),
            ("content-type", "application/json"),
        ];
        let path = format!("/api/v1/{path}");
        let request = client.request(method, &path, &headers, body.to_owned());
        let answer = client.whole(request).await;
        assert!(answer.status.is_success(), "{path}: {}", answer.text());
        answer.json()
    };
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let (put, post, patch) = (Method::PUT, Method::POST, Method::PATCH);
    ask(&root, post.clone(), "orgs", r#"{"name":"acme"}"#).await;
    let ada = r#"{"name":"ada","email":"ada@example.org"}"#;
    let ada = text(&ask(&root, post.clone(), "users", ada).await["id"]);
    let place = format!("orgs/acme/members/{ada}");
    ask(&root, put.clone(), &place, r#"{"role":"admin"}"#).await;
    let tokens = format!("users/{ada}/tokens");
    let token = ask(
        &root,
        post.clone(),
        &tokens,
        r#"{"name":"t","scope":"admin"}"#,
    )
    .await;
    let token = format!("Bearer {}", text(&token["secret"]));
    let key = ask(
        &token,
        post,
        "keys",
        r#"{"name":"k","owner":"me","org":"acme"}"#,
    )
    .await;
    let key = text(&key["secret"]);
    for (place, secret, source) in [("orgs/acme", ORGS, "org"), ("me", USERS, "user")] {
        let lab = format!("{place}/credentials/lab");
        let body = format!(r#"{{"api_key":"{secret}"}}"#);
        let stored = ask(&token, put.clone(), &lab, &body).await;
        for dialect in &DIALECTS {
            let call = async || {
                let body = request(dialect, "m", false);
                client
                    .post(dialect.path, &[("x-tollhouse-key", &key)], body)
                    .await
            };
            upstream.json(200, &answers(dialect).0);
            let answer = call().await;
            assert_eq!(answer.header("x-tollhouse-credential"), Some(source));
            upstream.json(401, &format!(r#"{{"error":{{"message":"no {PROMPT}"}}}}"#));
            call().await;
            let one = format!("credentials/{}", text(&stored["id"]));
            ask(&token, patch.clone(), &one, r#"{"enabled":false}"#).await;
            refusals.push(call().await);
            ask(&token, patch.clone(), &one, r#"{"enabled":true}"#).await;
        }
    }
}

async fn refused(client: &Client, dialect: &Dialect, refusals: &mut Vec<Answer>) {
    let bearer = format!("Bearer {WRONG_KEY}");
    let odd = format!("Bearer {OWN}");
    for headers in [
        vec![("x-api-key", WRONG_KEY)],
        vec![("x-api-key", KEY), ("authorization", bearer.as_str())],
        vec![("authorization", odd.as_str())],
        vec![
            ("x-tollhouse-key", WRONG_KEY),
            ("authorization", odd.as_str()),
        ],
        vec![("x-tollhouse-key", OWN)],
    ] {
        refusals.push(
            client
                .post(dialect.path, &headers, request(dialect, "m", true))
                .await,
        );
    }
    for body in [
        request(dialect, "nowhere", true),
        request(dialect, "gone", true),
        format!("{{\"model\":\"m\",\"x\":\"{PROMPT}\" {PROMPT}"),
        format!("{{\"model\":\"m\",\"model\":\"{PROMPT}\"}}"),
        format!("{{\"model\":[\"{PROMPT}\"]}}"),
        PROMPT.to_owned(),
        format!("{{\"model\":\"m\",\"x\":\"{}\"}}", PROMPT.repeat(50_000)),
    ] {
        refusals.push(client.post(dialect.path, &[], body).await);
    }
    let batch =
        format!("{{\"requests\":[{{\"params\":{{\"model\":\"nowhere\",\"x\":\"{PROMPT}\"}}}}]}}");
    refusals.push(client.post("/v1/messages/batches", &[], batch).await);
    refusals.push(
        client
            .post("/v1/messages/batches", &[], format!("[\"{PROMPT}\"]"))
            .await,
    );
    refusals.push(client.get(&format!("/v1/{PROMPT}"), &[]).await);
    refusals.push(
        client
            .get(&format!("/proxy/lab/../{PROMPT}?key={OWN}"), &[])
            .await,
    );
}
