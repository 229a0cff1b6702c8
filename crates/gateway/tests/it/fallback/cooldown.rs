//! Targets that failed wait behind the others, and are never refused for it.

use super::chain;
use crate::support::client::Client;
use crate::support::dialect::MESSAGES;
use crate::support::upstream::{ScriptedUpstream, Step, json};

#[tokio::test]
async fn a_target_that_failed_waits_behind_the_others() {
    let (a, b) = (
        ScriptedUpstream::start().await,
        ScriptedUpstream::start().await,
    );
    let gateway = chain(&[&a.url, &b.url]).await;
    let client = Client::new(&gateway.url);
    let post = || client.post(MESSAGES.path, &[], MESSAGES.request("m", false));
    a.script(vec![Step::Write(json(
        429,
        &[("retry-after", "200")],
        "{}",
    ))]);
    b.json(200, MESSAGES.answer);
    assert_eq!(
        post().await.header("x-tollhouse-fallback"),
        Some("rate_limited")
    );
    for _ in 0..3 {
        b.json(200, MESSAGES.answer);
        let answer = post().await;
        assert_eq!(answer.header("x-tollhouse-provider"), Some("b"));
        assert_eq!(
            answer.header("x-tollhouse-fallback"),
            None,
            "b was asked first"
        );
    }
    assert_eq!((a.seen().len(), b.seen().len()), (1, 4));
    // When b fails as well, a is asked although it is cooling, and its answer ends that.
    b.json(500, "{}");
    a.json(200, MESSAGES.answer);
    assert_eq!(post().await.header("x-tollhouse-provider"), Some("a"));
    a.json(200, MESSAGES.answer);
    let answer = post().await;
    assert_eq!(
        answer.header("x-tollhouse-provider"),
        Some("a"),
        "the first choice again"
    );
    assert_eq!(answer.header("x-tollhouse-fallback"), None);
    gateway.stop().await;
}

#[tokio::test]
async fn one_target_is_asked_once_and_never_refused() {
    let a = ScriptedUpstream::start().await;
    let gateway = chain(&[&a.url]).await;
    let client = Client::new(&gateway.url);
    for status in [429, 500, 429, 503] {
        let body = format!("{{\"status\": {status} }}");
        a.script(vec![Step::Write(json(
            status,
            &[("retry-after", "200")],
            &body,
        ))]);
        let answer = client
            .post(MESSAGES.path, &[], MESSAGES.request("m", false))
            .await;
        assert_eq!((answer.status.as_u16(), answer.text()), (status, body));
        assert_eq!(answer.header("retry-after"), Some("200"));
        assert_eq!(answer.header("x-tollhouse-fallback"), None);
    }
    assert_eq!(a.seen().len(), 4);
    gateway.stop().await;
}
