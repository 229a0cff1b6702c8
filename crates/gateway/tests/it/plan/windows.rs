//! How much of a plan is used: told to whose plan it is.

use super::{EVENTS, MODEL, gateway, stream};
use crate::support::KEY;
use crate::support::client::Client;
use crate::support::upstream::ScriptedUpstream;

const HEADERS: [(&str, &str); 5] = [
    ("x-codex-primary-used-percent", "12.5"),
    ("x-codex-primary-window-minutes", "300"),
    ("x-codex-secondary-used-percent", "3"),
    ("x-codex-secondary-reset-after-seconds", "86400"),
    ("x-codex-plan-type", "plus"),
];

#[tokio::test]
async fn only_whose_plan_it_is_gets_to_see_it() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = gateway(&upstream, "credentials = { client = true }").await;
    let client = Client::new(&gateway.url);
    let body = format!(r#"{{"model":"{MODEL}","input":"x","stream":true}}"#);
    stream(&upstream, &HEADERS, &EVENTS);
    let lent = client.post("/v1/responses", &[], body.clone()).await;
    let own = [
        ("x-tollhouse-key", KEY),
        ("authorization", "Bearer own-login"),
        ("chatgpt-account-id", "own-account"),
    ];
    stream(&upstream, &HEADERS, &EVENTS);
    let owned = client.post("/v1/responses", &own, body).await;
    for (name, value) in HEADERS {
        assert_eq!(lent.header(name), None, "{name}");
        assert_eq!(owned.header(name), Some(value), "{name}");
    }
    let said = |event: &&str| !event.starts_with("event: codex.rate_limits");
    let others: Vec<&str> = EVENTS.into_iter().filter(said).collect();
    assert_eq!(lent.text(), others.concat(), "all but that event");
    assert_eq!(owned.text(), EVENTS.concat());
    let seen = upstream.last();
    assert_eq!(seen.header("authorization"), ["Bearer own-login"]);
    assert_eq!(seen.header("chatgpt-account-id"), ["own-account"]);
    gateway.stop().await;
}
