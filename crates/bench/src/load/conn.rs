//! One keep-alive connection of the generator and one call on it.

use std::net::SocketAddr;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderName};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio_util::task::TaskTracker;

use super::check::{Check, Seen};
use super::tally::Tally;
use super::{Plan, Verify};
use crate::mock::headers;
use crate::payload::{self, Api, Script};

/// Why a call did not count.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    #[error("no connection: {0}")]
    Connect(#[source] std::io::Error),
    #[error("answered {0}")]
    Status(StatusCode),
    #[error("broken off: {0}")]
    Transport(#[from] hyper::Error),
    #[error("the answer ended after {0} bytes")]
    Short(usize),
    #[error("the answer differs within the chunk that ends at byte {0}")]
    Mismatch(usize),
}

/// Everything that is the same for all calls of a run.
#[derive(Debug)]
pub(crate) struct Call {
    target: SocketAddr,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
    script: Script,
    stamped: bool,
    exact: bool,
    tasks: TaskTracker,
}

/// A connection that can take a call.
#[derive(Debug)]
pub(crate) struct Conn {
    sender: SendRequest<Full<Bytes>>,
}

impl Call {
    /// Prepares request and expected answer. Errors: a key that is no header value.
    pub(crate) fn new(plan: &Plan) -> anyhow::Result<Self> {
        let stream = plan.events > 0;
        let body = payload::request(plan.api, plan.request, stream);
        Ok(Self {
            target: plan.target,
            uri: Uri::from_static(plan.api.path()),
            headers: client_headers(plan, body.len())?,
            body,
            script: if stream {
                Script::stream(plan.api, plan.events)
            } else {
                Script::answer(plan.api, plan.answer)
            },
            stamped: plan.stamp,
            exact: plan.verify == Verify::Exact,
            tasks: TaskTracker::new(),
        })
    }

    /// Opens a connection.
    pub(crate) async fn connect(&self) -> Result<Conn, Failure> {
        let socket = TcpStream::connect(self.target)
            .await
            .map_err(Failure::Connect)?;
        socket.set_nodelay(true).map_err(Failure::Connect)?;
        let (sender, driver) = http1::handshake(TokioIo::new(socket)).await?;
        // The driver ends with the connection; whoever waits for an answer sees its error.
        self.tasks.spawn(async move {
            let _ = driver.await;
        });
        Ok(Conn { sender })
    }

    /// Sends the request and returns the answer's body once its head says 200.
    pub(crate) async fn send(&self, conn: &mut Conn) -> Result<Incoming, Failure> {
        conn.sender.ready().await?;
        let mut request = Request::new(Full::new(self.body.clone()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.headers.clone();
        let answer = conn.sender.send_request(request).await?;
        if answer.status() != StatusCode::OK {
            return Err(Failure::Status(answer.status()));
        }
        Ok(answer.into_body())
    }

    /// Makes one call that was due at `due` and counts it.
    pub(crate) async fn make(
        &self,
        conn: &mut Conn,
        due: u64,
        tally: &Tally,
    ) -> Result<(), Failure> {
        tally.counts().begun += 1;
        let mut body = self.send(conn).await?;
        let mut check = Check::new(&self.script, self.stamped);
        let mut first_byte = None;
        let mut held = 0;
        let mut length = 0;
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame?.into_data() else {
                continue;
            };
            let now = crate::clock::now_ns();
            first_byte.get_or_insert(now.saturating_sub(due));
            length += data.len();
            if !self.exact {
                continue;
            }
            let same = check.feed(&data, |seen| match seen {
                Seen::Event { sent } => tally.counts().delay.record(now.saturating_sub(sent)),
                Seen::Held(time) => held = time,
            });
            if !same {
                return Err(Failure::Mismatch(check.position()));
            }
        }
        if length == 0 || (self.exact && !check.is_complete()) {
            return Err(Failure::Short(length));
        }
        let mut counts = tally.counts();
        counts.calls += 1;
        counts.events += u64::try_from(self.script.ends.len()).unwrap_or(0);
        counts.bytes += u64::try_from(length).unwrap_or(0);
        counts
            .latency
            .record(crate::clock::now_ns().saturating_sub(due));
        let first_byte = first_byte.unwrap_or(0);
        counts.first_byte.record(first_byte.saturating_sub(held));
        Ok(())
    }
}

/// The headers a real client sends, the credential and what the mock shall do.
fn client_headers(plan: &Plan, length: usize) -> anyhow::Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    headers.insert(HOST, HeaderValue::from_str(&plan.target.to_string())?);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    let named: &[(&'static str, &'static str)] = match plan.api {
        Api::Messages => &MESSAGES_HEADERS,
        Api::Chat => &CHAT_HEADERS,
    };
    for (name, value) in named {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    let (name, value) = match plan.api {
        Api::Messages => (HeaderName::from_static("x-api-key"), plan.key.clone()),
        Api::Chat => (AUTHORIZATION, format!("Bearer {}", plan.key)),
    };
    let mut value = HeaderValue::from_str(&value)?;
    value.set_sensitive(true);
    headers.insert(name, value);
    let length = u64::try_from(length)?;
    let mut ask = |name: &'static str, value: u64| headers.insert(name, HeaderValue::from(value));
    ask(headers::BODY, length);
    if plan.events > 0 {
        ask(headers::EVENTS, u64::from(plan.events));
        ask(headers::GAP_US, plan.gap_us);
        ask(headers::FIRST_US, plan.first_us);
        ask(headers::STAMP, u64::from(plan.stamp));
    } else {
        ask(headers::SIZE, u64::try_from(plan.answer)?);
    }
    Ok(headers)
}

const MESSAGES_HEADERS: [(&str, &str); 14] = [
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("user-agent", "claude-cli/2.1.330 (external, cli)"),
    ("anthropic-version", "2023-06-01"),
    (
        "anthropic-beta",
        "claude-code-20250219,interleaved-thinking-2025-05-14,context-management-2025-06-27",
    ),
    ("anthropic-dangerous-direct-browser-access", "true"),
    ("x-app", "cli"),
    (
        "x-claude-code-session-id",
        "6f0a3b52-9d1c-4c7e-8a55-1f2e3d4c5b6a",
    ),
    ("x-stainless-arch", "x64"),
    ("x-stainless-lang", "js"),
    ("x-stainless-os", "Linux"),
    ("x-stainless-package-version", "0.128.0"),
    ("x-stainless-retry-count", "0"),
    ("x-stainless-runtime", "node"),
    ("x-stainless-timeout", "600"),
];

const CHAT_HEADERS: [(&str, &str); 4] = [
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("user-agent", "opencode/1.18.33 ai-sdk/provider-utils"),
    ("x-session-id", "ses_bench0000000000000000000"),
    ("x-session-affinity", "ses_bench0000000000000000000"),
];
