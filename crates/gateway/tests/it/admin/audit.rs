//! The audit trail as scripts see it.

mod people;
mod roles;

use http::{Method, StatusCode};
use serde_json::Value;
use tollhouse_domain::audit::Entry;
use tollhouse_domain::audit::chain::{Head, Verifier};

use super::{Api, refusal, started};
use crate::support::TestGateway;

impl Api {
    /// Every entry, oldest first, as exported.
    async fn trail(&self) -> Vec<Entry> {
        let answer = self.send(Method::GET, "/api/v1/audit/export", "").await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
        let text = answer.text();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    async fn head(&self) -> Head {
        serde_json::from_value(self.get("/api/v1/audit/head").await).unwrap()
    }
}

fn verified(trail: &[Entry]) -> Head {
    let mut verifier = Verifier::new([]);
    for entry in trail {
        verifier.push(entry).unwrap();
    }
    verifier.finish().unwrap()
}

#[tokio::test]
async fn a_start_leaves_what_the_file_changed_and_the_next_one_nothing() {
    let (upstream, gateway, api) = started().await;
    let trail = api.trail().await;
    assert_eq!(verified(&trail), api.head().await);
    let done: Vec<String> = trail
        .iter()
        .map(|entry| {
            let (actor, subject) = (entry.actor.kind.as_str(), entry.subject.kind.as_str());
            format!("{actor} {} {subject}", entry.action.as_str())
        })
        .collect();
    let expected = [
        "system vault.init vault",
        "system vault.init vault",
        "config config.apply provider",
        "config config.apply credential",
        "config config.apply routes",
        "config config.apply key",
    ];
    assert_eq!(done, expected);
    let data_dir = gateway.stop().await;
    let text = crate::support::configuration(&upstream.url, data_dir.path(), "");
    let again = TestGateway::from_text(&text, data_dir).await;
    assert_eq!(Api::new(&again).trail().await, trail);
    again.stop().await;
}

#[tokio::test]
async fn every_change_says_who_what_and_from_where() {
    let (_upstream, gateway, api) = started().await;
    let (id, secret) = api.key(r#"{"name":"audited"}"#).await;
    let key = format!("/api/v1/keys/{id}");
    let routes = r#"{"data":[{"model":"m","targets":[{"provider":"lab"}]}]}"#;
    let provider = r#"{"endpoints":{"chat":"http://127.0.0.1:9/v1"}}"#;
    let prices = r#"{"prices":[{"model":"m","usd_per_million":{"input":"1"},"source":"s"}]}"#;
    let credential = "/api/v1/platform/credentials/other";
    let canary = "canary-credential-0451";
    let put_credential = format!(r#"{{"api_key":"{canary}"}}"#);
    let steps = [
        (
            Method::PATCH,
            key.as_str(),
            r#"{"agent":"a"}"#,
            "key.change",
        ),
        (Method::DELETE, key.as_str(), "", "key.revoke"),
        (
            Method::PUT,
            "/api/v1/providers/other",
            provider,
            "provider.put",
        ),
        (
            Method::PUT,
            credential,
            put_credential.as_str(),
            "credential.put",
        ),
        (Method::DELETE, credential, "", "credential.delete"),
        (
            Method::DELETE,
            "/api/v1/providers/other",
            "",
            "provider.delete",
        ),
        (Method::PUT, "/api/v1/routes", routes, "routes.replace"),
        (Method::PUT, "/api/v1/prices", prices, "prices.put"),
        (
            Method::DELETE,
            "/api/v1/prices?model=m",
            "",
            "prices.delete",
        ),
    ];
    for (method, path, body, action) in steps {
        let before = api.head().await.seq;
        let answer = api.send(method.clone(), path, body).await;
        assert!(answer.status.is_success(), "{path}: {}", answer.text());
        let trail = api.trail().await;
        let last = trail.last().unwrap();
        assert_eq!((last.seq, last.action.as_str()), (before + 1, action));
        assert_eq!(last.actor.kind.as_str(), "operator");
        assert_eq!(last.from, Some([127, 0, 0, 1].into()));
        // The same again changes nothing, and nothing is what the trail says of it.
        if method == Method::DELETE {
            api.send(method, path, body).await;
            assert_eq!(api.head().await.seq, before + 1, "{path}");
        }
    }
    let trail = api.trail().await;
    verified(&trail);
    let text = serde_json::to_string(&trail).unwrap();
    for secret in [canary, &secret] {
        assert!(!text.contains(secret), "a secret in the trail");
    }
    let made = trail
        .iter()
        .find(|entry| entry.action.as_str() == "key.create");
    let subject = &made.unwrap().subject;
    assert_eq!(subject.id.as_deref(), Some(id.as_str()));
    assert_eq!(subject.name.as_deref(), Some("audited"));
    gateway.stop().await;
}

#[tokio::test]
async fn lists_are_filtered_and_divided() {
    let (_upstream, gateway, api) = started().await;
    for n in 0..5 {
        api.key(&format!(r#"{{"name":"k{n}"}}"#)).await;
    }
    let rows = api.all("/api/v1/audit", 3).await;
    let seqs: Vec<u64> = rows
        .iter()
        .map(|row| row["seq"].as_u64().unwrap())
        .collect();
    let head = api.head().await.seq;
    assert_eq!(seqs, (1..=head).rev().collect::<Vec<_>>());
    let count = async |query: &str| {
        let part = api.get(&format!("/api/v1/audit?{query}")).await;
        part["data"].as_array().unwrap().len()
    };
    assert_eq!(count("action=key.create").await, 5);
    assert_eq!(count("actor=operator&action=key.create").await, 5);
    assert_eq!(count("actor=config&action=key.create").await, 0);
    assert_eq!(count("from=2020-01-01&actor=operator").await, 5);
    assert_eq!(count("to=2020-01-01").await, 0);
    for (query, field) in [
        ("action=key.steal", Some("action")),
        ("from=yesterday", Some("from")),
        ("limit=0", Some("limit")),
        ("cursor=%21", Some("cursor")),
        ("wrong=1", Some("wrong")),
    ] {
        let path = format!("/api/v1/audit?{query}");
        let (status, code, named) = refusal(&api.send(Method::GET, &path, "").await);
        assert_eq!(
            (status, code.as_str(), named.as_deref()),
            (400, "invalid_request", field)
        );
    }
    let path = "/api/v1/audit?org=nowhere";
    let (status, ..) = refusal(&api.send(Method::GET, path, "").await);
    assert_eq!(status, 404);
    gateway.stop().await;
}

/// More than is read from the store at once, so that the parts have to fit together.
#[tokio::test]
async fn a_long_export_is_whole() {
    let (_upstream, gateway, api) = started().await;
    let routes =
        |n: u32| format!(r#"{{"data":[{{"model":"m{n}","targets":[{{"provider":"lab"}}]}}]}}"#);
    let before = api.head().await.seq;
    for n in 0..1_010 {
        let answer = api.put("/api/v1/routes", &routes(n)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    }
    assert_eq!(verified(&api.trail().await).seq, before + 1_010);
    let path = "/api/v1/audit/export?action=config.apply";
    let some = api.send(Method::GET, path, "").await.text();
    assert_eq!(some.lines().count(), 4);
    gateway.stop().await;
}

#[tokio::test]
async fn calls_say_where_they_came_from_and_the_trail_whose_credential_they_used() {
    let (upstream, gateway, api) = started().await;
    let (id, secret) = api.key(r#"{"name":"caller"}"#).await;
    api.call(&upstream, &secret, "m").await;
    // Lists wait for what has ended.
    let calls = api.get("/api/v1/calls").await;
    let call = &calls["data"][0];
    assert_eq!(call["from"], Value::from("127.0.0.1"));
    let trail = api.trail().await;
    let last = trail.last().unwrap();
    assert_eq!(last.action.as_str(), "credential.use");
    assert_eq!(last.actor.id.as_deref(), Some(id.as_str()));
    assert_eq!(last.subject.id.as_deref(), call["credential_id"].as_str());
    assert_eq!(last.from, Some([127, 0, 0, 1].into()));
    let first = call["id"].as_str().unwrap();
    assert_eq!(last.detail["first"], first.into());
    verified(&trail);
    gateway.stop().await;
}
