//! The mock upstream: answers fixed bytes at once or on a schedule, and counts streams that
//! were not read to their end.
//!
//! What to answer comes with each request (`x-bench-*` headers), so one mock serves every
//! scenario; what translates calls sends no such headers, so the mock can also be told once
//! (`PUT /plan`, same headers). It never looks into a prompt beyond its length.

mod body;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Either, Full};
use hyper::body::Incoming;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use self::body::EventBody;
use crate::payload::{Api, Script};
use crate::{clock, net};

/// Request headers the mock obeys.
pub(crate) mod headers {
    /// Number of events of a stream; without it the answer is a plain one.
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
    /// Bytes the request body must have at least; anything shorter is answered 422.
    pub(crate) const LEAST: &str = "x-bench-least";
}

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
    /// What holds for requests that say nothing themselves.
    told: Mutex<HeaderMap>,
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
            "/v1/responses" => Api::Responses,
            "/plan" => {
                *self.told() = request.headers().clone();
                return plain(StatusCode::OK, Bytes::new());
            }
            _ => return plain(StatusCode::NOT_FOUND, Bytes::new()),
        };
        let (head, body) = request.into_parts();
        let wanted = if head.headers.contains_key(headers::BODY) {
            head.headers
        } else {
            self.told().clone()
        };
        let Some(length) = length(body).await else {
            return plain(StatusCode::BAD_REQUEST, Bytes::new());
        };
        let received = clock::now_ns();
        if number(&wanted, headers::BODY).is_some_and(|want| want != length)
            || number(&wanted, headers::LEAST).is_some_and(|least| least > length)
        {
            return plain(StatusCode::UNPROCESSABLE_ENTITY, Bytes::new());
        }
        self.counters.calls.fetch_add(1, Ordering::Relaxed);
        if let Some(events) = number(&wanted, headers::EVENTS) {
            let events = u32::try_from(events).unwrap_or(u32::MAX);
            self.stream(api, events, &wanted, received)
        } else {
            let size = number(&wanted, headers::SIZE).unwrap_or(1_024);
            let size = usize::try_from(size).unwrap_or(usize::MAX);
            let script = self.script(Shape::Answer(api, size));
            plain(StatusCode::OK, script.bytes.clone())
        }
    }

    fn told(&self) -> MutexGuard<'_, HeaderMap> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stream(&self, api: Api, events: u32, wanted: &HeaderMap, received: u64) -> Reply {
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

/// The body's length; `None` when it was cut.
async fn length(mut body: Incoming) -> Option<u64> {
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        if let Some(data) = frame.ok()?.data_ref() {
            length += u64::try_from(data.len()).unwrap_or(0);
        }
    }
    Some(length)
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
