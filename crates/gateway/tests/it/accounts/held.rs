//! Calls that only the account can answer that another call was made with.

use http::Method;

use super::signed_in;
use super::{drawn, gateway};
use crate::support::TestGateway;
use crate::support::client::{Answer, Client};
use crate::support::upstream::ScriptedUpstream;

const USED_UP: &str =
    r#"{"error":{"type":"usage_limit_reached","message":"Used up","resets_in_seconds":7200}}"#;

fn response(id: &str) -> String {
    format!(
        r#"{{"id":"{id}","object":"response","model":"m","status":"completed","output":[],"usage":{{"input_tokens":1,"output_tokens":1}}}}"#
    )
}

async fn ask(client: &Client, more: &str) -> Answer {
    let headers = [("x-tollhouse-session", "talk")];
    let body = format!(r#"{{"model":"m","input":"hi","store":true{more}}}"#);
    client.post("/v1/responses", &headers, body).await
}

async fn look(client: &Client, id: &str) -> Answer {
    let path = format!("/v1/responses/{id}");
    let request = client.request(Method::GET, &path, &[], "");
    client.whole(request).await
}

#[tokio::test]
async fn what_an_account_made_is_not_asked_of_it_while_it_rests_nor_of_another() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = gateway(&upstream.url, 2, "").await;
    let client = Client::new(&gateway.url);
    upstream.json(200, &response("resp_first"));
    assert_eq!(ask(&client, "").await.status, 200);
    upstream
        .json(429, USED_UP)
        .json(200, &response("resp_second"));
    assert_eq!(ask(&client, "").await.status, 200);
    let accounts = drawn(&upstream);
    assert!(
        accounts[0] == accounts[1] && accounts[1] != accounts[2],
        "{accounts:?}"
    );

    let follows = r#","previous_response_id":"resp_first""#;
    for follows in [None, Some(follows)] {
        let answer = match follows {
            None => look(&client, "resp_first").await,
            Some(follows) => ask(&client, follows).await,
        };
        let seen = drawn(&upstream);
        assert_eq!(answer.status, 429, "{follows:?} {seen:?} {}", answer.text());
        let pause: u64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((7100..=7200).contains(&pause), "{pause}");
    }
    assert_eq!(drawn(&upstream).len(), 3, "nobody was asked");

    upstream.json(200, &response("resp_second"));
    assert_eq!(look(&client, "resp_second").await.status, 200);
    let follows = r#","previous_response_id":"resp_second""#;
    upstream.json(200, &response("resp_third"));
    assert_eq!(ask(&client, follows).await.status, 200);
    assert_eq!(
        drawn(&upstream)[3..],
        [accounts[2].clone(), accounts[2].clone()]
    );
    gateway.stop().await;
}

#[tokio::test]
async fn what_an_account_made_is_not_asked_for_by_a_program_without_a_name() {
    let upstream = ScriptedUpstream::start().await;
    let data_dir = tempfile::TempDir::new().unwrap();
    let text = |data_dir: &std::path::Path, headers: &str| {
        let account = "account = { authority = \"codex\"";
        let named = format!("{headers}{account}, identity = [\"editor-version\"]");
        signed_in::configuration(&upstream.url, data_dir, "").replace(account, &named)
    };
    let headers = "headers = { editor-version = \"acme/1\" }\n";
    let written = text(data_dir.path(), headers);
    let gateway = TestGateway::from_text(&written, data_dir).await;
    signed_in::sign_in(&gateway, 0..1).await;
    let client = Client::new(&gateway.url);
    upstream.json(200, &response("resp_first"));
    let made = ask(&client, "").await;
    assert_eq!(made.status, 200, "{}", made.text());

    let data_dir = gateway.stop().await;
    let written = text(data_dir.path(), "");
    let gateway = TestGateway::from_text(&written, data_dir).await;
    let client = Client::new(&gateway.url);
    let answer = look(&client, "resp_first").await;
    assert_eq!(answer.status, 424, "{}", answer.text());
    assert!(
        answer.text().contains("editor-version"),
        "{}",
        answer.text()
    );
    assert_eq!(drawn(&upstream).len(), 1, "nobody was asked");
    gateway.stop().await;
}
