//! Calls as they come.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tempfile::TempDir;
use tokio::time::timeout;

use super::{Api, started};
use crate::support::upstream::ScriptedUpstream;
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

#[tokio::test]
async fn calls_are_seen_as_they_end() {
    let (upstream, gateway, api) = started().await;
    assert_eq!(api.call(&upstream, KEY, "before").await, StatusCode::OK);
    let mut events = watch(&api).await;
    for model in ["one", "two"] {
        assert_eq!(api.call(&upstream, KEY, model).await, StatusCode::OK);
        let event = next(&mut events).await.unwrap();
        let data = event
            .strip_prefix("event: call\ndata: ")
            .unwrap()
            .trim_end();
        let row: serde_json::Value = serde_json::from_str(data).unwrap();
        assert_eq!(row["model_requested"], model);
        let id = row["id"].as_str().unwrap();
        assert_eq!(api.get(&format!("/api/v1/calls/{id}")).await, row);
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_live_view_does_not_hold_up_the_stop() {
    let (_upstream, gateway, api) = started().await;
    let mut events = watch(&api).await;
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
