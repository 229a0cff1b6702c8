//! The ordered chain: at most one retry, only before the first byte, only for what another target may
//! do better.

mod cooldown;

use std::fmt::Write;

use tempfile::TempDir;
use tollhouse_domain::call::Outcome;

use crate::support::client::Client;
use crate::support::dialect::{DIALECTS, MESSAGES};
use crate::support::upstream::{ScriptedUpstream, Step, json, stream};
use crate::support::{ADMIN, TestGateway, upstream_key};

/// A gateway whose one route tries providers `a`, `b`, … at these addresses in order, each with a
/// model name and a credential of its own.
async fn chain(urls: &[&str]) -> TestGateway {
    let data_dir = TempDir::new().unwrap();
    let mut text = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\ndata_dir = \"{}\"\n\
         [admin]\ntoken = \"env:ADMIN\"\n[[key]]\nname = \"test\"\nsecret = \"env:KEY\"\n",
        data_dir.path().display()
    );
    let mut targets = Vec::new();
    for (url, name) in urls.iter().zip(["a", "b", "c"]) {
        write!(
            text,
            "[[provider]]\nname = \"{name}\"\napi_key = \"env:UPSTREAM_{name}\"\n\
             endpoints = {{ messages = \"{url}\", chat = \"{url}/v1\", responses = \"{url}/v1\" }}\n"
        )
        .unwrap();
        targets.push(format!(
            "{{ provider = \"{name}\", model = \"model-{name}\" }}"
        ));
    }
    write!(
        text,
        "[[route]]\nmodel = \"*\"\ntargets = [ {} ]\n",
        targets.join(", ")
    )
    .unwrap();
    TestGateway::from_text(&text, data_dir).await
}

/// An address that nobody listens on.
async fn nobody() -> String {
    ScriptedUpstream::start().await.url
}

#[tokio::test]
async fn the_second_target_answers_with_its_own_model_and_credential() {
    for dialect in &DIALECTS {
        for (status, reason) in [
            (429, "rate_limited"),
            (500, "server_error"),
            (503, "server_error"),
            (529, "server_error"),
        ] {
            let (a, b) = (
                ScriptedUpstream::start().await,
                ScriptedUpstream::start().await,
            );
            let gateway = chain(&[&a.url, &b.url]).await;
            a.json(status, "{}");
            b.json(200, dialect.answer);
            let client = Client::new(&gateway.url);
            let answer = client
                .post(dialect.path, &[], dialect.request("m", false))
                .await;
            assert_eq!(
                (answer.status.as_u16(), answer.text()),
                (200, dialect.answer.to_owned())
            );
            assert_eq!(answer.header("x-tollhouse-fallback"), Some(reason));
            assert_eq!(answer.header("x-tollhouse-provider"), Some("b"));
            assert_eq!(answer.header("x-tollhouse-model"), Some("model-b"));
            for (upstream, own, others) in [(&a, "a", "b"), (&b, "b", "a")] {
                let seen = upstream.seen();
                assert_eq!(seen.len(), 1);
                let expected = dialect.request(&format!("model-{own}"), false);
                assert_eq!(seen[0].body, expected.as_bytes());
                assert!(seen[0].head.contains(&upstream_key(own)));
                assert!(!seen[0].head.contains(&upstream_key(others)));
            }
            let calls = gateway.calls().await;
            assert_eq!(calls.len(), 1);
            let call = &calls[0];
            assert_eq!((call.outcome, call.attempts), (Outcome::Success, 2));
            assert_eq!(call.fallback.as_deref(), Some(reason));
            assert_eq!(call.provider.as_deref(), Some("b"));
            assert_eq!(call.model_sent.as_deref(), Some("model-b"));
            assert_eq!(call.model_requested.as_deref(), Some("m"));
            let [first] = call.tried.as_slice() else {
                panic!("the first attempt is on record: {call:?}");
            };
            assert_eq!(
                (first.provider.as_str(), first.status, &*first.reason),
                ("a", Some(status), reason)
            );
            assert_eq!(first.model_sent.as_deref(), Some("model-a"));
            assert_ne!(first.credential_id, call.credential_id);
            assert!(Some(first.ended_ms) <= call.duration_ms);
            gateway.stop().await;
        }
    }
}

#[tokio::test]
async fn a_target_that_cannot_be_reached_is_passed_over() {
    let (a, b) = (nobody().await, ScriptedUpstream::start().await);
    let gateway = chain(&[&a, &b.url]).await;
    b.json(200, MESSAGES.answer);
    let client = Client::new(&gateway.url);
    let answer = client
        .post(MESSAGES.path, &[], MESSAGES.request("m", false))
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("x-tollhouse-fallback"), Some("unreachable"));
    let call = gateway.calls().await.remove(0);
    assert_eq!(
        (call.attempts, call.fallback.as_deref()),
        (2, Some("unreachable"))
    );
    assert_eq!(call.tried.len(), 1);
    assert_eq!(call.tried[0].status, None, "nobody answered");
    gateway.stop().await;
}

#[tokio::test]
async fn fallbacks_are_counted_and_found() {
    let (a, b) = (
        ScriptedUpstream::start().await,
        ScriptedUpstream::start().await,
    );
    let gateway = chain(&[&a.url, &b.url]).await;
    let client = Client::new(&gateway.url);
    let call = async || {
        b.json(200, MESSAGES.answer);
        let request = MESSAGES.request("m", false);
        assert_eq!(client.post(MESSAGES.path, &[], request).await.status, 200);
    };
    a.json(200, MESSAGES.answer);
    call().await;
    a.json(503, "{}");
    call().await;
    let metrics = client.get("/metrics", &[]).await.text();
    let counted = "tollhouse_fallbacks_total{provider=\"a\",reason=\"server_error\"} 1\n";
    assert!(metrics.contains(counted), "{metrics}");
    assert_eq!(metrics.matches("tollhouse_fallbacks_total{").count(), 1);
    let authorization = format!("Bearer {ADMIN}");
    let found = async |filter: &str| {
        let path = format!("/api/v1/calls?{filter}");
        let answer = client
            .get(&path, &[("authorization", &authorization)])
            .await;
        let rows = answer.json()["data"].as_array().cloned();
        rows.map(|rows| rows.len())
    };
    assert_eq!(found("").await, Some(2));
    assert_eq!(found("fallback=true").await, Some(1));
    assert_eq!(found("fallback=server_error").await, Some(1));
    assert_eq!(found("fallback=rate_limited").await, Some(0));
    assert_eq!(found("fallback=perhaps").await, None);
    gateway.stop().await;
}

#[tokio::test]
async fn there_is_one_retry_and_no_more() {
    let upstreams = [
        ScriptedUpstream::start().await,
        ScriptedUpstream::start().await,
        ScriptedUpstream::start().await,
    ];
    let [a, b, c] = &upstreams;
    let gateway = chain(&[&a.url, &b.url, &c.url]).await;
    a.json(500, "{\"from\":\"a\"}");
    b.script(vec![Step::Write(json(
        503,
        &[("retry-after", "9")],
        "{\"from\":\"b\"}",
    ))]);
    let client = Client::new(&gateway.url);
    let answer = client
        .post(MESSAGES.path, &[], MESSAGES.request("m", false))
        .await;
    assert_eq!(
        (answer.status.as_u16(), answer.text()),
        (503, "{\"from\":\"b\"}".to_owned())
    );
    assert_eq!(answer.header("retry-after"), Some("9"));
    assert!(c.seen().is_empty());
    let call = gateway.calls().await.remove(0);
    assert_eq!((call.outcome, call.attempts), (Outcome::UpstreamError, 2));
    assert_eq!((call.tried[0].status, call.status), (Some(500), Some(503)));
    gateway.stop().await;
}

#[tokio::test]
async fn what_the_client_did_wrong_goes_nowhere_else() {
    let (a, b) = (
        ScriptedUpstream::start().await,
        ScriptedUpstream::start().await,
    );
    let gateway = chain(&[&a.url, &b.url]).await;
    let client = Client::new(&gateway.url);
    for status in [400, 401, 403, 404, 413, 422] {
        a.json(status, "{\"from\":\"a\"}");
        let answer = client
            .post(MESSAGES.path, &[], MESSAGES.request("m", false))
            .await;
        assert_eq!(
            (answer.status.as_u16(), answer.text()),
            (status, "{\"from\":\"a\"}".into())
        );
        assert_eq!(answer.header("x-tollhouse-fallback"), None);
    }
    assert!(b.seen().is_empty());
    assert!(
        gateway
            .calls()
            .await
            .iter()
            .all(|call| call.attempts == 1 && call.fallback.is_none())
    );
    gateway.stop().await;
}

#[tokio::test]
async fn what_may_have_been_carried_out_is_not_sent_again() {
    let (a, b) = (
        ScriptedUpstream::start().await,
        ScriptedUpstream::start().await,
    );
    let gateway = chain(&[&a.url, &b.url]).await;
    let client = Client::new(&gateway.url);
    // The request arrived, and then nothing came.
    a.script(vec![Step::Close]);
    let answer = client
        .post(MESSAGES.path, &[], MESSAGES.request("m", true))
        .await;
    assert_eq!(answer.status, 502);
    // The failure was a's: b is asked first now, and breaks off after its first byte.
    b.script(vec![
        Step::Write(stream(&MESSAGES.events[..1])),
        Step::Close,
    ]);
    let body = MESSAGES.request("m", true);
    let request = client.request(http::Method::POST, MESSAGES.path, &[], body);
    let (answer, cut) = client.seen(request).await;
    assert!(cut && answer.text().starts_with(MESSAGES.events[0]));
    assert_eq!((a.seen().len(), b.seen().len()), (1, 1));
    assert!(
        gateway
            .calls_when(2)
            .await
            .iter()
            .all(|call| call.attempts == 1)
    );
    gateway.stop().await;
}

#[tokio::test]
async fn a_continued_response_goes_where_the_one_before_it_is() {
    let (a, b) = (
        ScriptedUpstream::start().await,
        ScriptedUpstream::start().await,
    );
    let gateway = chain(&[&a.url, &b.url]).await;
    let client = Client::new(&gateway.url);
    let whole = r#"{"id":"resp_1","object":"response","status":"completed","output":[]}"#;
    // A pause of nothing: `a` comes first again at once.
    a.script(vec![Step::Write(json(429, &[("retry-after", "0")], "{}"))]);
    a.json(200, whole);
    b.json(200, whole).json(200, whole);
    let first = client.post("/v1/responses", &[], r#"{"model":"m","input":"x"}"#);
    assert_eq!(first.await.header("x-tollhouse-provider"), Some("b"));
    let body = r#"{"model":"m","input":"y","previous_response_id":"resp_1"}"#;
    let next = client.post("/v1/responses", &[], body).await;
    assert_eq!(next.header("x-tollhouse-provider"), Some("b"));
    let unknown = r#"{"model":"m","input":"y","previous_response_id":"resp_unheard_of"}"#;
    let next = client.post("/v1/responses", &[], unknown).await;
    assert_eq!(next.header("x-tollhouse-provider"), Some("a"));
    gateway.stop().await;
}
