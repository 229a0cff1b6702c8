//! How many calls at a time an account has room for.

use std::sync::Arc;

use http::Method;
use tempfile::TempDir;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::{call, conversations, drawn, gateway, signed_in};
use crate::support::TestGateway;
use crate::support::client::Client;
use crate::support::dialect::MESSAGES;
use crate::support::upstream::{ScriptedUpstream, Step, json, stream};

#[tokio::test]
async fn a_full_account_is_passed_over_for_one_call() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = gateway(&upstream.url, 2, "[accounts]\nmax_concurrency = 1").await;
    let client = Client::new(&gateway.url);
    let found = conversations(&client, &upstream, &MESSAGES, 2).await;
    let (account, talk) = found.first_key_value().unwrap();
    let seen = upstream.seen().len();
    let (first, second) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let held = async |gate: &Arc<Notify>, count: usize| {
        upstream.script(vec![
            Step::Gate(Arc::clone(gate)),
            Step::Write(json(200, &[], MESSAGES.answer)),
        ]);
        let (client, talk) = (client.clone(), talk.clone());
        let mut open = JoinSet::new();
        open.spawn(async move { call(&client, &MESSAGES, &talk).await });
        upstream.wait_seen(count).await;
        open
    };
    let one = held(&first, seen + 1).await;
    let two = held(&second, seen + 2).await;
    let accounts = drawn(&upstream);
    assert_eq!(accounts[seen], *account);
    assert_ne!(accounts[seen + 1], *account, "the other one had room");
    // Now neither has.
    let answer = call(&client, &MESSAGES, talk).await;
    assert_eq!(answer.status, 429);
    assert_eq!(answer.header("retry-after"), Some("2"));
    assert!(answer.text().contains("rate_limit_error"));
    assert_eq!(upstream.seen().len(), seen + 2);
    first.notify_one();
    assert_eq!(one.join_all().await[0].status, 200);
    // The conversation had not moved.
    upstream.json(200, MESSAGES.answer);
    assert_eq!(call(&client, &MESSAGES, talk).await.status, 200);
    assert_eq!(drawn(&upstream).pop().as_ref(), Some(account));
    second.notify_one();
    assert_eq!(two.join_all().await[0].status, 200);
    gateway.stop().await;
}

#[tokio::test]
async fn a_place_is_free_again_however_a_call_ends() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = gateway(&upstream.url, 1, "[accounts]\nmax_concurrency = 1").await;
    let client = Client::new(&gateway.url);
    let gone = Arc::new(Notify::new());
    let ends: [(&str, Vec<Step>); 4] = [
        ("refused", vec![Step::Write(json(400, &[], "{}"))]),
        ("cut before an answer", vec![Step::Close]),
        (
            "cut within one",
            vec![Step::Write(stream(&MESSAGES.events[..1])), Step::Close],
        ),
        ("served", vec![Step::Write(json(200, &[], MESSAGES.answer))]),
    ];
    for (how, steps) in ends {
        upstream.script(steps);
        let body = MESSAGES.request("m", false);
        let request = client.request(Method::POST, MESSAGES.path, &[], body);
        client.seen(request).await;
        upstream.json(200, MESSAGES.answer);
        let answer = call(&client, &MESSAGES, "talk").await;
        assert_eq!(answer.status, 200, "{how}");
    }
    // A client that leaves in the middle of a stream, and before it begins.
    for steps in [
        vec![
            Step::Write(stream(&MESSAGES.events[..1])),
            Step::AwaitClose(Arc::clone(&gone)),
        ],
        vec![Step::AwaitClose(Arc::clone(&gone))],
    ] {
        let streams = steps.len() > 1;
        let seen = upstream.seen().len();
        upstream.script(steps);
        let leaving = Client::new(&gateway.url);
        let body = MESSAGES.request("m", true);
        let request = leaving.request(Method::POST, MESSAGES.path, &[], body);
        if streams {
            drop(leaving.send(request).await);
        } else {
            let mut asked = JoinSet::new();
            asked.spawn(async move { leaving.try_send(request).await.is_ok() });
            upstream.wait_seen(seen + 1).await;
            assert_eq!(call(&client, &MESSAGES, "talk").await.status, 429);
            asked.shutdown().await;
        }
        tokio::time::timeout(crate::support::SOON, gone.notified())
            .await
            .expect("the upstream to be left");
        let asking = async {
            loop {
                upstream.json(200, MESSAGES.answer);
                if call(&client, &MESSAGES, "talk").await.status == 200 {
                    break;
                }
            }
        };
        tokio::time::timeout(crate::support::SOON, asking)
            .await
            .expect("a place");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_count_takes_a_place_as_a_call_does() {
    let upstream = ScriptedUpstream::start().await;
    let base = &upstream.url;
    let data_dir = TempDir::new().unwrap();
    let extra = "[accounts]\nmax_concurrency = 1";
    let all = format!("messages = \"{base}\", chat = \"{base}/v1\", ");
    let text = signed_in::configuration(base, data_dir.path(), extra).replace(&all, "");
    let gateway = TestGateway::from_text(&text, data_dir).await;
    signed_in::sign_in(&gateway, 0..1).await;
    let client = Client::new(&gateway.url);
    let gate = Arc::new(Notify::new());
    let counted = r#"{"object":"response.input_tokens","input_tokens":42}"#;
    upstream.script(vec![
        Step::Gate(Arc::clone(&gate)),
        Step::Write(json(200, &[], counted)),
    ]);
    let mut open = JoinSet::new();
    let counting = client.clone();
    open.spawn(async move {
        let body = r#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#;
        counting.post("/v1/messages/count_tokens", &[], body).await
    });
    upstream.wait_seen(1).await;
    assert_eq!(
        upstream.last().line(),
        "POST /v1/responses/input_tokens HTTP/1.1"
    );
    let answer = call(&client, &MESSAGES, "talk").await;
    assert_eq!(answer.status, 429, "{}", answer.text());
    gate.notify_one();
    let answers = open.join_all().await;
    assert_eq!(answers[0].text(), r#"{"input_tokens":42}"#);
    upstream.json(200, crate::support::dialect::RESPONSES.answer);
    assert_eq!(
        call(&client, &MESSAGES, "talk").await.status,
        200,
        "free again"
    );
    gateway.stop().await;
}
