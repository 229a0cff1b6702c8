//! The mock upstream: answers fixed bytes at once or on a schedule, and counts streams that
//! were not read to their end.
//!
//! What to answer comes with each request (`x-bench-*` headers), so one mock serves every
//! scenario. It never looks into a prompt beyond its length and its last bytes.

mod body;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Either, Full};
use hyper::body::Incoming;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use self::body::EventBody;
use crate::payload::{Api, Script, wants_stream};
use crate::{clock, net};

/// Request headers the mock obeys.
pub(crate) mod headers {
    /// Number of events of a stream.
    pub(crate) const EVENTS: &str = "x-bench-events";
    /// Microseconds between two events; 0 sends each as soon as the last is flushed.
    pub(crate) const GAP_US: &str = "x-bench-gap-us";
    /// Microseconds before the first event.
    pub(crate) const FIRST_US: &str = "x-bench-first-us";
    /// Bytes of a plain answer.
    pub(crate) const SIZE: &str = "x-bench-size";
    /// `1`: write send times into the events.
    pub(crate) const STAMP: &str = "x-bench-stamp";
    /// Bytes the request body must have; anything else is answered 422.
    pub(crate) const BODY: &str = "x-bench-body";
}

/// Bytes at the end of a body in which the `stream` key is looked for.
const TAIL: usize = 64;

/// What `GET /stats` answers.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stats {
    /// Calls answered.
    pub(crate) calls: u64,
    /// Streams being sent now.
    pub(crate) open: u64,
    /// Streams whose reader left before the end.
    pub(crate) aborted: u64,
    /// When the last of those was noticed, monotonic nanoseconds.
    pub(crate) last_abort_ns: u64,
}

#[derive(Debug, Default)]
struct Counters {
    calls: AtomicU64,
    open: AtomicU64,
    aborted: AtomicU64,
    last_abort_ns: AtomicU64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Shape {
    Answer(Api, usize),
    Stream(Api, u32),
}

#[derive(Debug, Default)]
struct Mock {
    counters: Arc<Counters>,
    scripts: Mutex<HashMap<Shape, Arc<Script>>>,
}

type Reply = Response<Either<Full<Bytes>, EventBody>>;

/// Serves until the process is ended.
pub(crate) async fn run(listener: TcpListener) -> anyhow::Result<()> {
    let mock = Arc::new(Mock::default());
    net::serve(listener, move |request| {
        let mock = Arc::clone(&mock);
        async move { mock.answer(request).await }
    })
    .await
}

impl Mock {
    async fn answer(&self, request: Request<Incoming>) -> Reply {
        if request.method() == Method::GET {
            return match request.uri().path() {
                "/stats" => plain(StatusCode::OK, self.counters.stats()),
                "/healthz" => plain(StatusCode::OK, Bytes::from_static(b"{\"status\":\"ok\"}")),
                _ => plain(StatusCode::NOT_FOUND, Bytes::new()),
            };
        }
        let api = match request.uri().path() {
            "/v1/messages" => Api::Messages,
            "/v1/chat/completions" => Api::Chat,
            _ => return plain(StatusCode::NOT_FOUND, Bytes::new()),
        };
        let (head, body) = request.into_parts();
        let Some((length, stream)) = read(body).await else {
            return plain(StatusCode::BAD_REQUEST, Bytes::new());
        };
        let received = clock::now_ns();
        if number(&head.headers, headers::BODY).is_some_and(|want| want != length) {
            return plain(StatusCode::UNPROCESSABLE_ENTITY, Bytes::new());
        }
        self.counters.calls.fetch_add(1, Ordering::Relaxed);
        if stream {
            self.stream(api, &head.headers, received)
        } else {
            let size = number(&head.headers, headers::SIZE).unwrap_or(1_024);
            let size = usize::try_from(size).unwrap_or(usize::MAX);
            let script = self.script(Shape::Answer(api, size));
            plain(StatusCode::OK, script.bytes.clone())
        }
    }

    fn stream(&self, api: Api, wanted: &HeaderMap, received: u64) -> Reply {
        let events = number(wanted, headers::EVENTS).unwrap_or(20);
        let events = u32::try_from(events).unwrap_or(u32::MAX);
        let script = self.script(Shape::Stream(api, events));
        let micros = |name| Duration::from_micros(number(wanted, name).unwrap_or(0));
        let stamp = number(wanted, headers::STAMP) == Some(1);
        let body = EventBody::new(
            script,
            micros(headers::FIRST_US),
            micros(headers::GAP_US),
            stamp.then_some(received),
            Arc::clone(&self.counters),
        );
        let mut reply = Response::new(Either::Right(body));
        let fields = reply.headers_mut();
        fields.insert(
            header::CONTENT_TYPE,
            http::HeaderValue::from_static("text/event-stream; charset=utf-8"),
        );
        provider_headers(fields);
        reply
    }

    fn script(&self, shape: Shape) -> Arc<Script> {
        let mut scripts = self.scripts.lock().unwrap_or_else(PoisonError::into_inner);
        let script = scripts.entry(shape).or_insert_with(|| {
            Arc::new(match shape {
                Shape::Answer(api, size) => Script::answer(api, size),
                Shape::Stream(api, events) => Script::stream(api, events),
            })
        });
        Arc::clone(script)
    }
}

impl Counters {
    fn stats(&self) -> Bytes {
        let stats = Stats {
            calls: self.calls.load(Ordering::Relaxed),
            open: self.open.load(Ordering::Relaxed),
            aborted: self.aborted.load(Ordering::Relaxed),
            last_abort_ns: self.last_abort_ns.load(Ordering::Relaxed),
        };
        Bytes::from(serde_json::to_vec(&stats).unwrap_or_default())
    }
}

/// The body's length and whether it asks for a stream; `None` when it was cut.
async fn read(mut body: Incoming) -> Option<(u64, bool)> {
    let mut length = 0;
    let mut tail = Vec::with_capacity(2 * TAIL);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.ok()?.into_data() else {
            continue;
        };
        length += u64::try_from(data.len()).unwrap_or(0);
        tail.extend_from_slice(&data[data.len().saturating_sub(TAIL)..]);
        tail.drain(..tail.len().saturating_sub(TAIL));
    }
    Some((length, wants_stream(&tail)))
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.parse().ok()
}

fn plain(status: StatusCode, body: Bytes) -> Reply {
    let mut reply = Response::new(Either::Left(Full::new(body)));
    *reply.status_mut() = status;
    let fields = reply.headers_mut();
    fields.insert(
        header::CONTENT_TYPE,
        http::HeaderValue::from_static("application/json"),
    );
    provider_headers(fields);
    reply
}

/// The kind of headers a provider adds, which a gateway has to carry over.
fn provider_headers(fields: &mut HeaderMap) {
    const FIXED: [(&str, &str); 6] = [
        ("request-id", "req_011BenchBenchBenchBench"),
        (
            "anthropic-organization-id",
            "5b1c7a52-0000-4000-8000-000000000001",
        ),
        ("anthropic-ratelimit-requests-limit", "4000"),
        ("anthropic-ratelimit-requests-remaining", "3999"),
        ("cache-control", "no-cache"),
        ("x-should-retry", "false"),
    ];
    for (name, value) in FIXED {
        fields.insert(name, http::HeaderValue::from_static(value));
    }
}
