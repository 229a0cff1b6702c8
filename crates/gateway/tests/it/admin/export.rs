//! The record as a file.

use http::{Method, StatusCode};
use serde_json::Value;
use tollhouse_domain::call::Call;
use tollhouse_domain::id::CallId;
use tollhouse_store::{DatabaseUrl, Store};
use uuid::Uuid;

use super::credentials::people::{made, somebody};
use super::{Api, started};
use crate::support::KEY;
use crate::support::client::Answer;

async fn file(api: &Api, query: &str) -> Answer {
    let path = format!("/api/v1/calls/export{query}");
    let answer = api.send(Method::GET, &path, "").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer
}

/// More than is read from the store at once, so that the parts have to fit together.
#[tokio::test]
async fn a_long_export_is_what_the_list_is() {
    let (upstream, gateway, api) = started().await;
    assert_eq!(api.call(&upstream, KEY, "one").await, StatusCode::OK);
    let one = gateway.calls().await.remove(0);
    let url = DatabaseUrl::Sqlite(gateway.data_dir.path().join("tollhouse.db"));
    let store = Store::open(&url).await.unwrap();
    let more: Vec<_> = (1..=1_199)
        .map(|n| Call {
            id: CallId(Uuid::from_u128(n)),
            model_requested: Some(format!("=cmd|'{n}'")),
            ..one.clone()
        })
        .collect();
    store.insert_calls(&more).await.unwrap();
    store.close().await;
    let listed = api.all("/api/v1/calls", 1_000).await;
    assert_eq!(listed.len(), 1_200);

    let lines = file(&api, "?format=jsonl").await;
    assert_eq!(lines.header("content-type"), Some("application/x-ndjson"));
    let text = lines.text();
    let rows = text.lines().map(|line| serde_json::from_str(line).unwrap());
    assert_eq!(rows.collect::<Vec<Value>>(), listed);

    let table = file(&api, "").await;
    assert_eq!(
        table.header("content-disposition"),
        Some("attachment; filename=\"calls.csv\"")
    );
    let text = table.text();
    let lines: Vec<&str> = text.split_terminator("\r\n").collect();
    assert!(lines[0].starts_with("id,at,key,"), "{}", lines[0]);
    for (line, call) in lines[1..].iter().zip(&listed) {
        assert!(line.starts_with(call["id"].as_str().unwrap()), "{line}");
    }
    assert_eq!(lines.len(), 1_201);
    assert!(lines[2].contains(",'=cmd|'1199',"), "{}", lines[2]);

    // The same filters as the list's.
    let some = file(&api, &format!("?format=csv&id={}", one.id))
        .await
        .text();
    assert_eq!(some.lines().count(), 2);
    gateway.stop().await;
}

#[tokio::test]
async fn an_export_holds_what_who_asks_may_see() {
    let (upstream, gateway, root) = started().await;
    for org in ["acme", "umbrella"] {
        made(&root, "/api/v1/orgs", &format!(r#"{{"name":"{org}"}}"#)).await;
        let key = format!(r#"{{"name":"k","org":"{org}","credentials":{{"platform":true}}}}"#);
        let (_, secret) = root.key(&key).await;
        assert_eq!(root.call(&upstream, &secret, org).await, StatusCode::OK);
    }
    let ann = somebody(&gateway, &root, "ann", &[("acme", "viewer")]).await;
    assert_eq!(file(&root, "?format=jsonl").await.text().lines().count(), 2);
    let seen = file(&ann.api, "?format=jsonl").await.text();
    assert_eq!(seen.lines().count(), 1);
    assert!(seen.contains(r#""model_requested":"acme""#), "{seen}");
    let others = file(&ann.api, "?model=umbrella").await.text();
    assert_eq!(others.lines().count(), 1, "the head alone: {others}");
    gateway.stop().await;
}
