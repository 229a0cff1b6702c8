//! Every call leaves exactly one row that says how it ended: those that reached a proper end.

use tollhouse_domain::call::{Call, Outcome};

use crate::support::TestGateway;
use crate::support::client::Client;
use crate::support::dialect::{CHAT, DIALECTS};
use crate::support::upstream::{ScriptedUpstream, Step, json, last_chunk, stream};

/// The one row that came since there were `before`.
async fn row(gateway: &TestGateway, before: usize) -> Call {
    let mut calls = gateway.calls_when(before + 1).await;
    assert_eq!(calls.len(), before + 1, "exactly one row for a call");
    calls.remove(0)
}

#[tokio::test]
async fn success() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start(&upstream.url).await;
    let client = Client::new(&gateway.url);
    let mut rows = 0;
    for dialect in &DIALECTS {
        for streamed in [false, true] {
            if streamed {
                let steps = [stream(dialect.events), last_chunk()].concat();
                upstream.script(vec![Step::Write(steps)]);
            } else {
                upstream.json(200, dialect.answer);
            }
            let answer = client
                .post(dialect.path, &[], dialect.request("m", streamed))
                .await;
            let expected = if streamed {
                dialect.stream()
            } else {
                dialect.answer.to_owned()
            };
            assert_eq!(answer.text(), expected);
            let call = row(&gateway, rows).await;
            rows += 1;
            assert_eq!(
                answer.header("x-tollhouse-call"),
                Some(call.id.to_string().as_str())
            );
            assert_eq!((call.outcome, call.status), (Outcome::Success, Some(200)));
            assert_eq!(
                (call.usage.input, call.usage.output),
                (Some(3), Some(9)),
                "{call:?}"
            );
            assert_eq!(
                (call.stream, call.estimated, call.attempts),
                (streamed, false, 1)
            );
            assert_eq!(call.bytes_out, expected.len() as u64);
            assert!(call.ttft_ms <= call.duration_ms && call.duration_ms.is_some());
            assert_eq!(call.model_served.as_deref(), Some("m-1"));
        }
    }
    gateway.stop().await;
}

#[tokio::test]
async fn success_when_every_row_waits_for_the_disk() {
    let upstream = ScriptedUpstream::start().await;
    let extra = "[ledger]\ndurability = \"strict\"";
    let gateway = TestGateway::start_with(&upstream.url, extra).await;
    let client = Client::new(&gateway.url);
    for (n, dialect) in DIALECTS.iter().enumerate() {
        upstream.json(200, dialect.answer);
        upstream.script(vec![Step::Write(
            [stream(dialect.events), last_chunk()].concat(),
        )]);
        let answer = client
            .post(dialect.path, &[], dialect.request("m", false))
            .await;
        assert_eq!(answer.text(), dialect.answer);
        let answer = client
            .post(dialect.path, &[], dialect.request("m", true))
            .await;
        assert_eq!(answer.text(), dialect.stream());
        assert_eq!(gateway.calls().await.len(), 2 * (n + 1));
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_chat_stream_may_leave_out_done_once_it_has_finished() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start(&upstream.url).await;
    let events = &CHAT.events[..3];
    upstream.script(vec![Step::Write([stream(events), last_chunk()].concat())]);
    let client = Client::new(&gateway.url);
    let answer = client.post(CHAT.path, &[], CHAT.request("m", true)).await;
    assert_eq!(answer.text(), events.concat());
    let call = row(&gateway, 0).await;
    assert_eq!(
        (call.outcome, call.usage.output),
        (Outcome::Success, Some(9))
    );
    gateway.stop().await;
}

#[tokio::test]
async fn an_upstreams_error_passes_verbatim() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start(&upstream.url).await;
    let client = Client::new(&gateway.url);
    let mut rows = 0;
    for dialect in &DIALECTS {
        for status in [400, 401, 403, 404, 413, 429, 500, 503, 529] {
            let body = format!("{{ \"error\":{{\"type\":\"theirs\",\"n\":{status}.0}}}}");
            let headers = [
                ("retry-after", "7"),
                ("x-should-retry", "true"),
                ("anthropic-ratelimit-requests-remaining", "0"),
                (dialect.request_id(), "req_theirs"),
                ("set-cookie", "session=theirs"),
            ];
            upstream.script(vec![Step::Write(json(status, &headers, &body))]);
            let answer = client
                .post(dialect.path, &[], dialect.request("m", true))
                .await;
            assert_eq!((answer.status.as_u16(), answer.text()), (status, body));
            for (name, value) in &headers[..4] {
                assert_eq!(answer.header(name), Some(*value), "{status}");
            }
            assert_eq!(answer.header("set-cookie"), None);
            let call = row(&gateway, rows).await;
            rows += 1;
            assert_eq!(
                (call.outcome, call.status),
                (Outcome::UpstreamError, Some(status))
            );
            assert_eq!(call.upstream_request_id.as_deref(), Some("req_theirs"));
            assert_eq!((call.attempts, call.estimated), (1, false));
        }
    }
    assert_eq!(
        upstream.seen().len(),
        rows,
        "one request each: the clients retry by themselves"
    );
    gateway.stop().await;
}

#[tokio::test]
async fn unreachable() {
    // A port that was free a moment ago and that nobody listens on.
    let upstream = ScriptedUpstream::start().await;
    let url = upstream.url.clone();
    drop(upstream);
    let gateway = TestGateway::start(&url).await;
    for (rows, dialect) in DIALECTS.iter().enumerate() {
        let client = Client::new(&gateway.url);
        let answer = client
            .post(dialect.path, &[], dialect.request("m", true))
            .await;
        assert_eq!(answer.status, 502);
        let call = row(&gateway, rows).await;
        assert_eq!(
            (call.outcome, call.status),
            (Outcome::UpstreamError, Some(502))
        );
        assert_eq!(call.error.as_deref(), Some("upstream_unreachable"));
        assert_eq!(call.attempts, 1);
        assert!(
            call.usage.is_empty() && !call.estimated,
            "nothing was generated"
        );
    }
    gateway.stop().await;
}
