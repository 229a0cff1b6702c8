//! The generator against the real mock, and against servers that answer wrongly.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::*;
use crate::payload::{Api, Prompt, Script};
use crate::{mock, net, passthrough};

/// Servers that end with the test.
type Servers = JoinSet<anyhow::Result<()>>;

fn listener() -> (TcpListener, SocketAddr) {
    let listener = net::listen(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// A mock and a pass-through before it.
fn path(servers: &mut Servers) -> (SocketAddr, SocketAddr) {
    let (upstream, mock) = listener();
    let (front, target) = listener();
    servers.spawn(mock::run(upstream));
    servers.spawn(passthrough::run(front, mock));
    (target, mock)
}

fn plan(target: SocketAddr) -> Plan {
    Plan {
        target,
        mock: None,
        mode: Mode::Closed,
        conns: 4,
        millis: 50,
        rate: 100,
        once: false,
        api: Api::Messages,
        upstream: None,
        prompt: Prompt::Talk,
        key: "th-test".to_owned(),
        request: 1_024,
        answer: 1_024,
        events: 0,
        gap_us: 0,
        first_us: 0,
        stamp: false,
        verify: Verify::Exact,
    }
}

fn assert_clean(report: &Report) {
    let lost = report.refused + report.cut + report.mismatched + report.unfinished;
    assert_eq!(lost, 0, "{report:?}");
    assert!(report.calls > 0, "{report:?}");
    assert_eq!(report.begun, report.calls);
}

#[tokio::test]
async fn plain_calls_of_every_size_come_through_exactly() {
    let mut servers = Servers::new();
    let (target, _) = path(&mut servers);
    for api in [Api::Messages, Api::Chat, Api::Responses] {
        for size in [1_024, 100_000] {
            let plan = Plan {
                api,
                request: size,
                answer: size,
                ..plan(target)
            };
            let report = run(plan).await.unwrap();
            assert_clean(&report);
            assert_eq!(report.latency.count, report.calls);
            assert_eq!(report.bytes, report.calls * u64::try_from(size).unwrap());
        }
    }
}

#[tokio::test]
async fn streams_are_timed_event_by_event() {
    let mut servers = Servers::new();
    let (target, _) = path(&mut servers);
    for api in [Api::Messages, Api::Chat, Api::Responses] {
        let plan = Plan {
            api,
            once: true,
            events: 20,
            gap_us: 1_000,
            first_us: 20_000,
            stamp: true,
            ..plan(target)
        };
        let report = run(plan).await.unwrap();
        assert_clean(&report);
        assert_eq!(report.calls, 4);
        assert_eq!(report.events, 80);
        assert!(report.event_delay.count >= 4 * 13);
        assert!(report.latency.p50_ms >= 39.0, "the schedule was not kept");
        // The 20 ms belong to the mock, not to the path.
        assert!(report.first_byte.p50_ms < 20.0, "{:?}", report.first_byte);
    }
}

#[tokio::test]
async fn the_open_loop_keeps_its_rate() {
    let mut servers = Servers::new();
    let (target, _) = path(&mut servers);
    let plan = Plan {
        mode: Mode::Open,
        conns: 1_000,
        millis: 200,
        rate: 200,
        ..plan(target)
    };
    let report = run(plan).await.unwrap();
    assert_clean(&report);
    assert_eq!(report.calls, 40);
}

#[tokio::test]
async fn a_client_that_leaves_is_noticed_by_the_mock() {
    let mut servers = Servers::new();
    let (target, mock) = path(&mut servers);
    let plan = Plan {
        mode: Mode::Abort,
        mock: Some(mock),
        conns: 2,
        events: 500,
        gap_us: 5_000,
        ..plan(target)
    };
    let report = run(plan).await.unwrap();
    assert_eq!(report.abort.count, 2);
    assert!(report.abort.max_ms < 2_000.0);
}

#[tokio::test]
async fn a_target_that_keeps_the_plan_to_itself_is_answered_all_the_same() {
    let (upstream, mock) = listener();
    let mut servers = Servers::new();
    servers.spawn(mock::run(upstream));
    // The same protocol on both sides stands for a translation that changes nothing.
    for api in [Api::Messages, Api::Chat, Api::Responses] {
        for events in [0, 30] {
            let plan = Plan {
                mock: Some(mock),
                api,
                upstream: Some(api),
                prompt: Prompt::Work,
                request: 200_000,
                events,
                verify: Verify::Text,
                ..plan(mock)
            };
            let report = run(plan).await.unwrap();
            assert_clean(&report);
            assert!(report.bytes / report.calls > if events == 0 { 1_000 } else { 4_000 });
        }
    }
}

/// A server whose answers are wrong: these bytes, or a 502.
fn wrong(answer: Option<Bytes>) -> (Servers, SocketAddr) {
    let (listener, address) = listener();
    let mut servers = Servers::new();
    servers.spawn(net::serve(listener, move |_: Request<Incoming>| {
        let mut response = Response::new(Full::new(answer.clone().unwrap_or_default()));
        if answer.is_none() {
            *response.status_mut() = http::StatusCode::BAD_GATEWAY;
        }
        std::future::ready(response)
    }));
    (servers, address)
}

#[tokio::test]
async fn wrong_answers_are_counted_by_kind() {
    let good = Script::answer(Api::Messages, 1_024).bytes;
    let mut altered = good.to_vec();
    altered[500] ^= 1;
    let altered = Bytes::from(altered);
    let (exact, text) = (Verify::Exact, Verify::Text);
    let cases = [
        (exact, Some(altered.clone()), (0, 0, 1)),
        (exact, Some(good.slice(..1_000)), (0, 1, 0)),
        (exact, None, (1, 0, 0)),
        (text, Some(altered), (0, 0, 1)),
        (text, Some(good.slice(..1_000)), (0, 1, 0)),
    ];
    for (verify, answer, expected) in cases {
        let (_servers, target) = wrong(answer);
        let plan = Plan {
            verify,
            upstream: (verify == text).then_some(Api::Messages),
            conns: 1,
            once: true,
            millis: 0,
            ..plan(target)
        };
        let report = run(plan).await.unwrap();
        let counted = (report.refused, report.cut, report.mismatched);
        assert_eq!(counted, expected, "{report:?}");
        assert_eq!(report.calls, 0);
        assert!(report.first_failure.is_some());
    }
}

#[tokio::test]
async fn nobody_listening_is_refused_and_ends() {
    let (closed, address) = listener();
    drop(closed);
    let report = run(plan(address)).await.unwrap();
    assert_eq!(report.calls, 0);
    assert!(report.refused > 0);
}
