//! A credential that its provider refused is not shown to it again and again.

use tollhouse_domain::call::Outcome;
use tollhouse_domain::credential::CredentialSource;

use super::{OTHER, OWN, gateway, row};
use crate::support::KEY;
use crate::support::client::{Answer, Client};
use crate::support::dialect::DIALECTS;
use crate::support::upstream::ScriptedUpstream;

const REFUSED: &str = r#"{"error":{"message":"no"}}"#;

async fn call(client: &Client, path: &str, own: &str, session: &str, model: &str) -> Answer {
    let own = format!("Bearer {own}");
    let headers = [
        ("x-tollhouse-key", KEY),
        ("authorization", own.as_str()),
        ("x-tollhouse-session", session),
    ];
    let body = format!(r#"{{"model":"{model}","messages":[],"input":"x"}}"#);
    client.post(path, &headers, body).await
}

#[tokio::test]
async fn one_401_is_enough_until_another_credential_comes() {
    for dialect in &DIALECTS {
        let upstream = ScriptedUpstream::start().await;
        let gateway = gateway(&upstream.url, true).await;
        let client = Client::new(&gateway.url);
        let ask = async |own, session| call(&client, dialect.path, own, session, "m").await;
        upstream.json(401, REFUSED);
        let first = ask(OWN, "s").await;
        assert_eq!((first.status.as_u16(), first.text()), (401, REFUSED.into()));
        for _ in 0..5 {
            let answer = ask(OWN, "s").await;
            assert_eq!(answer.status, 401);
            let error = &answer.json()["error"];
            let message = error["message"].as_str().unwrap();
            assert!(message.contains("`lab` refuses your own credential"));
            assert!(message.contains("`authorization`") && !message.contains(OWN));
            let code = error["code"].as_str().or(error["type"].as_str());
            assert!(["invalid_api_key", "authentication_error"].contains(&code.unwrap()));
            assert_eq!(
                answer.header("x-should-retry"),
                None,
                "a helper may renew it"
            );
        }
        assert_eq!(upstream.seen().len(), 1, "the provider heard of it once");
        let kept_back = row(&gateway).await;
        assert_eq!(kept_back.outcome, Outcome::Refused);
        assert_eq!(kept_back.error.as_deref(), Some("own_credential_refused"));
        assert_eq!(kept_back.credential_source, Some(CredentialSource::Client));
        assert!(kept_back.credential_fingerprint.is_some());
        // Another credential, another conversation, and none of the client's own are asked.
        for (own, session) in [(OTHER, "s"), (OWN, "t")] {
            upstream.json(200, dialect.answer);
            assert_eq!(ask(own, session).await.status, 200);
        }
        upstream.json(200, dialect.answer);
        let headers = [("x-tollhouse-key", KEY), ("x-tollhouse-session", "s")];
        let body = r#"{"model":"m","messages":[],"input":"x"}"#;
        let kept = client.post(dialect.path, &headers, body).await;
        assert_eq!(kept.header("x-tollhouse-credential"), Some("platform"));
        assert_eq!(ask(OWN, "s").await.status, 401, "it stays as it was");
        gateway.stop().await;
    }
}

#[tokio::test]
async fn a_refusal_of_one_model_is_not_one_of_all() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = gateway(&upstream.url, true).await;
    let client = Client::new(&gateway.url);
    let ask = async |path, model| call(&client, path, OWN, "s", model).await.status.as_u16();
    let path = "/v1/messages";
    // 401 for one model, and the others go on.
    upstream.json(401, REFUSED).json(200, "{}").json(200, "{}");
    assert_eq!(ask(path, "a").await, 401);
    assert_eq!(ask(path, "b").await, 200);
    assert_eq!(ask("/v1/messages/count_tokens", "a").await, 200);
    assert_eq!(ask(path, "a").await, 401);
    assert_eq!(upstream.seen().len(), 3);
    gateway.stop().await;
}

#[tokio::test]
async fn a_403_counts_when_it_is_said_twice() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = gateway(&upstream.url, true).await;
    let client = Client::new(&gateway.url);
    for n in 1..=4 {
        if n <= 2 {
            upstream.json(403, REFUSED);
        }
        let answer = call(&client, "/v1/chat/completions", OWN, "s", "m").await;
        assert_eq!(answer.status, 403, "{n}");
        assert_eq!(answer.text() == REFUSED, n <= 2, "{n}");
        assert_eq!(upstream.seen().len(), n.min(2));
    }
    upstream.json(200, "{}");
    let other = call(&client, "/v1/chat/completions", OWN, "s", "n").await;
    assert_eq!(other.status, 200);
    gateway.stop().await;
}

#[tokio::test]
async fn a_path_of_the_clients_choice_is_its_own_affair() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = gateway(&upstream.url, true).await;
    let client = Client::new(&gateway.url);
    for _ in 0..3 {
        upstream.json(401, REFUSED);
        let answer = call(&client, "/proxy/lab/v1/costs", OWN, "s", "m").await;
        assert_eq!(answer.text(), REFUSED);
    }
    // The path that a route of its own leads to is as good as that.
    upstream.json(401, REFUSED);
    let path = "/proxy/lab/v1/messages";
    assert_eq!(call(&client, path, OWN, "s", "m").await.text(), REFUSED);
    assert!(
        call(&client, path, OWN, "s", "m")
            .await
            .text()
            .contains("your own")
    );
    assert_eq!(upstream.seen().len(), 4);
    gateway.stop().await;
}

#[tokio::test]
async fn who_waits_for_a_batch_asks_in_vain_only_once() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = gateway(&upstream.url, true).await;
    let client = Client::new(&gateway.url);
    let headers = [("x-tollhouse-key", KEY), ("x-api-key", OWN)];
    upstream.json(200, r#"{"id":"msgbatch_1"}"#);
    let body = r#"{"requests":[{"custom_id":"a","params":{"model":"m"}},{"custom_id":"b","params":{"model":"m"}}]}"#;
    let path = "/v1/messages/batches";
    assert_eq!(client.post(path, &headers, body).await.status, 200);
    assert_eq!(upstream.last().header("x-api-key"), [OWN]);
    upstream.json(401, REFUSED);
    for _ in 0..4 {
        let answer = client
            .get("/v1/messages/batches/msgbatch_1", &headers)
            .await;
        assert_eq!(answer.status, 401);
    }
    assert_eq!(upstream.seen().len(), 2, "made once, asked after once");
    gateway.stop().await;
}
