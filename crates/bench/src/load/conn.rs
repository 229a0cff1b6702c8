//! One keep-alive connection of the generator and one call on it.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio_util::task::TaskTracker;

use super::check::Seen;
use super::judge::Judge;
use super::tally::Tally;
use super::{Plan, Verify, headers};
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
    api: Api,
    script: Script,
    stream: bool,
    stamped: bool,
    verify: Verify,
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
        let body = payload::request(plan.api, plan.prompt, plan.request, stream);
        let upstream = plan.upstream.unwrap_or(plan.api);
        Ok(Self {
            target: plan.target,
            uri: Uri::from_static(plan.api.path()),
            headers: headers::client(plan, body.len())?,
            body,
            api: plan.api,
            script: if stream {
                Script::stream(upstream, plan.events)
            } else {
                Script::answer(upstream, plan.answer)
            },
            stream,
            stamped: plan.stamp,
            verify: plan.verify,
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

    fn judge(&self) -> Judge<'_> {
        match self.verify {
            Verify::Exact => Judge::exact(&self.script, self.stamped),
            Verify::Text => Judge::text(self.api, self.stream, &self.script.said),
            Verify::Status => Judge::Lenient { seen: 0 },
        }
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
        let mut judge = self.judge();
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
            let same = judge.feed(&data, |seen| match seen {
                Seen::Event { sent } => tally.counts().delay.record(now.saturating_sub(sent)),
                Seen::Held(time) => held = time,
            });
            if !same {
                return Err(Failure::Mismatch(judge.position()));
            }
        }
        judge.finish()?;
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
