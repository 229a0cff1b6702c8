//! Calls as they run and as they end.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::credentials::people::somebody;
use super::{ANSWER, Api, started};
use crate::support::client::Client;
use crate::support::upstream::{ScriptedUpstream, Step, json};
use crate::support::{KEY, TestGateway, configuration};

/// Far more than anything here takes.
const SOON: Duration = Duration::from_secs(10);

async fn ask(api: &Api) -> Response<Incoming> {
    let headers = [("authorization", api.authorization.as_str())];
    let request = api
        .client
        .request(Method::GET, "/api/v1/live", &headers, Bytes::new());
    api.client.send(request).await
}

async fn watch(api: &Api) -> Incoming {
    let response = ask(api).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    response.into_body()
}

/// What came next, as text.
async fn next(events: &mut Incoming) -> Option<String> {
    let frame = timeout(SOON, events.frame())
        .await
        .expect("an event")?
        .unwrap();
    Some(String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap())
}

/// The data of the next event of that name.
async fn heard(events: &mut Incoming, name: &str) -> Value {
    let start = format!("event: {name}\ndata: ");
    loop {
        let event = next(events).await.unwrap();
        if let Some(data) = event.strip_prefix(&start) {
            return serde_json::from_str(data.trim_end()).unwrap();
        }
    }
}

/// What runs, once `enough` says so.
async fn running(events: &mut Incoming, enough: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    loop {
        let running = heard(events, "running").await;
        assert_eq!(running["more"], 0);
        let calls = running["calls"].as_array().unwrap();
        if enough(calls) {
            return calls.clone();
        }
    }
}

#[tokio::test]
async fn calls_are_seen_as_they_end() {
    let (upstream, gateway, api) = started().await;
    assert_eq!(api.call(&upstream, KEY, "before").await, StatusCode::OK);
    let mut events = watch(&api).await;
    for model in ["one", "two"] {
        assert_eq!(api.call(&upstream, KEY, model).await, StatusCode::OK);
        let row = heard(&mut events, "call").await;
        assert_eq!(row["model_requested"], model);
        let id = row["id"].as_str().unwrap();
        assert_eq!(api.get(&format!("/api/v1/calls/{id}")).await, row);
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_call_that_hangs_is_seen_while_it_runs() {
    let (upstream, gateway, api) = started().await;
    let gate = Arc::new(Notify::new());
    upstream.script(vec![
        Step::Gate(Arc::clone(&gate)),
        Step::Write(json(200, &[], ANSWER)),
    ]);
    let headers = [
        ("x-api-key", KEY),
        ("content-type", "application/json"),
        ("x-tollhouse-session", "the long one"),
        ("x-tollhouse-agent", "builder"),
    ];
    let body = r#"{"model":"slow","messages":[{"role":"user","content":"a prompt"}]}"#;
    let call = api.client.post("/v1/chat/completions", &headers, body);
    let nobodys = somebody(&gateway, &api, "nobody", &[]).await;
    let watching = async {
        // It runs before anybody looks.
        upstream.wait_seen(1).await;
        let mut events = watch(&api).await;
        let mut others = watch(&nobodys.api).await;
        let told = running(&mut events, |calls| !calls.is_empty()).await;
        let [call] = told.as_slice() else {
            panic!("one call: {told:?}");
        };
        assert_eq!(call["model_requested"], "slow");
        assert_eq!(call["session_name"], "the long one");
        assert_eq!(call["agent"], "builder");
        assert_eq!(
            (&call["provider"], &call["attempts"]),
            (&"lab".into(), &1.into())
        );
        assert!(call.get("outcome").is_none(), "{call}");
        assert!(!call.to_string().contains("a prompt"), "{call}");
        assert_eq!(
            heard(&mut others, "running").await["calls"],
            Value::Array(vec![])
        );
        gate.notify_one();
        let row = heard(&mut events, "call").await;
        assert_eq!(row["id"], call["id"]);
        assert_eq!(row["at"], call["at"]);
        assert_eq!(row["provider"], call["provider"]);
        running(&mut events, <[Value]>::is_empty).await;
    };
    let (answer, ()) = tokio::join!(call, watching);
    assert_eq!(answer.status, StatusCode::OK);
    gateway.stop().await;
}

#[tokio::test]
async fn whose_client_leaves_runs_no_more() {
    let (upstream, gateway, api) = started().await;
    let gone = Arc::new(Notify::new());
    upstream.script(vec![Step::AwaitClose(Arc::clone(&gone))]);
    let mut events = watch(&api).await;
    {
        let client = Client::new(&gateway.url);
        let headers = [("x-api-key", KEY), ("content-type", "application/json")];
        let body = r#"{"model":"slow","messages":[]}"#;
        let call = client.post("/v1/chat/completions", &headers, body);
        tokio::select! {
            _ = call => panic!("an answer"),
            _ = running(&mut events, |calls| !calls.is_empty()) => {}
        }
    }
    running(&mut events, <[Value]>::is_empty).await;
    gateway.stop().await;
}

#[tokio::test]
async fn a_live_view_does_not_hold_up_the_stop() {
    let (_upstream, gateway, api) = started().await;
    let mut events = watch(&api).await;
    heard(&mut events, "running").await;
    let (stopped, end) = tokio::join!(timeout(SOON, gateway.stop()), next(&mut events));
    stopped.expect("stopped well before the drain's limit");
    assert_eq!(end, None, "a proper end");
}

#[tokio::test]
async fn live_views_are_bounded_and_make_room_as_they_end() {
    let upstream = ScriptedUpstream::start().await;
    let data_dir = TempDir::new().unwrap();
    let few = "[limits]\nlive_views = 1\n";
    let text = configuration(&upstream.url, data_dir.path(), "") + few;
    let gateway = TestGateway::from_text(&text, data_dir).await;
    let api = Api::new(&gateway);
    let first = watch(&api).await;
    let refused = ask(&api).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    let body = refused.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8(body.to_vec()).unwrap();
    assert!(text.contains("close one"), "{text}");
    drop(first);
    let made_room = async {
        while ask(&api).await.status() != StatusCode::OK {
            tokio::task::yield_now().await;
        }
    };
    timeout(SOON, made_room).await.expect("room");
    gateway.stop().await;
}
