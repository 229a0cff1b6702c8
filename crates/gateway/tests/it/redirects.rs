//! A redirect is an answer like any other: following it would carry the credential elsewhere.

use tollhouse_domain::call::Outcome;

use crate::support::TestGateway;
use crate::support::client::Client;
use crate::support::dialect::DIALECTS;
use crate::support::upstream::{ScriptedUpstream, Step, json};

#[tokio::test]
async fn redirects_pass_verbatim_and_are_never_followed() {
    let upstream = ScriptedUpstream::start().await;
    let elsewhere = ScriptedUpstream::start().await;
    let gateway = TestGateway::start(&upstream.url).await;
    let client = Client::new(&gateway.url);
    let mut count = 0;
    for dialect in &DIALECTS {
        for status in [301, 302, 303, 307, 308] {
            let location = format!("{}/v1/messages?x=%2F", elsewhere.url);
            let answer = json(status, &[("location", &location)], "{ \"moved\":1 }");
            upstream.script(vec![Step::Write(answer)]);
            let answer = client
                .post(dialect.path, &[], dialect.request("m", true))
                .await;
            assert_eq!(
                (answer.status.as_u16(), answer.text()),
                (status, "{ \"moved\":1 }".into())
            );
            assert_eq!(answer.header("location"), Some(location.as_str()));
            count += 1;
            assert_eq!(upstream.seen().len(), count);
        }
    }
    assert!(elsewhere.seen().is_empty());
    let calls = gateway.calls().await;
    assert_eq!(calls.len(), count);
    assert!(
        calls
            .iter()
            .all(|call| call.outcome == Outcome::UpstreamError)
    );
    gateway.stop().await;
}
