//! Connections to bridges: the other side proves who it is before it is told anything.
//!
//! A bridge's port is anybody's on this machine who takes it first, at any moment between two looks at it. So
//! nothing is remembered of an address. Every call has a connection of its own, on which the other side first
//! proves that it knows the secret; a connection does not change hands, and so whoever proved it gets the
//! call. A pool would save one exchange on loopback, for a call that starts a program.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, HOST};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, Uri};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::rt::Executor as _;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tollhouse_domain::bridge::health::{Health, LONGEST, PATIENCE, Probe, judge};
use tollhouse_domain::bridge::proof;
use tollhouse_vault::{Secret, is_proof, new_nonce};

use super::{Tracked, UpstreamError};
use crate::chunks::{ChunkBody, Chunks};
use crate::config::ConfiguredBridge;

const NONCE: HeaderName = HeaderName::from_static(proof::NONCE);
const PROOF: HeaderName = HeaderName::from_static(proof::PROOF);

/// The bridges that this replica's configuration names, by their addresses.
pub(super) struct Lent(HashMap<SocketAddr, Known>);

struct Known {
    secret: Secret,
    /// Whether the other side has to prove that it knows it; the configuration may say that it need not.
    proves: bool,
}

/// Why a call was not made: the other side was told nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Untold {
    /// Nobody takes connections there.
    #[error("no connection to the bridge")]
    NoConnection(#[source] std::io::Error),
    /// It is no bridge that this replica's configuration names.
    #[error("no bridge is configured at this address")]
    NotConfigured,
    /// What is there does not answer as a bridge does, or not in time.
    #[error("what is at the bridge's address does not answer as one does")]
    NoAnswer,
    /// What is there did not prove that it knows the secret.
    #[error("what is at the bridge's address did not prove that it knows the secret")]
    NotProven,
    /// The connection ended after the proof.
    #[error("the bridge ended the connection after its proof")]
    Closed,
}

/// What came of asking.
enum Said {
    /// A whole answer, of somebody who knows the secret where that has to be proven.
    Answered(u16, Bytes),
    Nothing(Probe<'static>),
}

type Sender = SendRequest<ChunkBody>;

impl Lent {
    pub(super) fn new(bridges: &[ConfiguredBridge]) -> Self {
        let one = |bridge: &ConfiguredBridge| {
            let (secret, proves) = (bridge.secret.duplicate(), bridge.proves);
            (bridge.address, Known { secret, proves })
        };
        Self(bridges.iter().map(one).collect())
    }

    /// How the bridge at `address` is.
    pub(super) async fn look(&self, address: SocketAddr, tasks: &Tracked) -> Health {
        let Some(known) = self.0.get(&address) else {
            return judge(Probe::Nobody);
        };
        let asked = async {
            let Ok(mut sender) = connect(address, tasks).await else {
                return judge(Probe::Nobody);
            };
            match ask(&mut sender, address, known).await {
                Said::Answered(status, body) => judge(Probe::Answered(status, &body)),
                Said::Nothing(probe) => judge(probe),
            }
        };
        let asked = timeout(PATIENCE, asked).await;
        asked.unwrap_or_else(|_| judge(Probe::TooSlow))
    }

    /// Makes a call, on a connection on which the bridge has proven itself. `patience` is for its answer.
    pub(super) async fn call(
        &self,
        request: Request<ChunkBody>,
        tasks: &Tracked,
        patience: Duration,
    ) -> Result<Response<Incoming>, UpstreamError> {
        let address = address(request.uri()).ok_or(Untold::NotConfigured)?;
        let known = self.0.get(&address).ok_or(Untold::NotConfigured)?;
        let proven = timeout(PATIENCE, proven(address, known, tasks)).await;
        let mut sender = proven.map_err(|_| Untold::NoAnswer)??;
        let answer = sender.send_request(to_origin(request, address));
        match timeout(patience, answer).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(UpstreamError::Broken(error.into())),
            Err(_) => Err(UpstreamError::Silent),
        }
    }
}

/// The address of a bridge is one of loopback, written as a number.
fn address(uri: &Uri) -> Option<SocketAddr> {
    uri.authority()?.as_str().parse().ok()
}

async fn connect(address: SocketAddr, tasks: &Tracked) -> Result<Sender, Untold> {
    let stream = TcpStream::connect(address).await;
    let stream = stream.map_err(Untold::NoConnection)?;
    // Without it the call that follows the proof would wait for what it need not.
    let _ = stream.set_nodelay(true);
    let made = http1::handshake(TokioIo::new(stream)).await;
    let (sender, connection) = made.map_err(|_| Untold::NoAnswer)?;
    tasks.execute(async {
        // How it ends is told where its answer is waited for.
        let _ = connection.await;
    });
    Ok(sender)
}

/// A connection to whoever knows the secret.
async fn proven(address: SocketAddr, known: &Known, tasks: &Tracked) -> Result<Sender, Untold> {
    let mut sender = connect(address, tasks).await?;
    if !known.proves {
        return Ok(sender);
    }
    match ask(&mut sender, address, known).await {
        Said::Answered(..) => {}
        Said::Nothing(Probe::Unproven | Probe::Disproven) => return Err(Untold::NotProven),
        Said::Nothing(_) => return Err(Untold::NoAnswer),
    }
    sender.ready().await.map_err(|_| Untold::Closed)?;
    Ok(sender)
}

/// Asks how it is, and for a proof where there has to be one. Nothing is said that others may not know.
async fn ask(sender: &mut Sender, address: SocketAddr, known: &Known) -> Said {
    let nonce = new_nonce();
    let mut request = Request::new(ChunkBody::from(Chunks::default()));
    *request.uri_mut() = Uri::from_static("/health");
    let headers = request.headers_mut();
    headers.insert(HOST, host(address));
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    if known.proves
        && let Ok(nonce) = HeaderValue::from_str(&nonce)
    {
        headers.insert(NONCE, nonce);
    }
    let Ok(answer) = sender.send_request(request).await else {
        return Said::Nothing(Probe::Nobody);
    };
    if known.proves
        && let Err(probe) = check(
            answer.headers(),
            &known.secret,
            &proof::said(&nonce, address),
        )
    {
        return Said::Nothing(probe);
    }
    let status = answer.status().as_u16();
    match Limited::new(answer.into_body(), LONGEST).collect().await {
        Ok(body) => Said::Answered(status, body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Said::Nothing(Probe::TooLong),
        Err(_) => Said::Nothing(Probe::Nobody),
    }
}

/// Whether an answer proves that whoever gives it knows the secret.
fn check(headers: &HeaderMap, secret: &Secret, said: &str) -> Result<(), Probe<'static>> {
    let mut given = headers.get_all(PROOF).iter();
    match (given.next(), given.next()) {
        (None, _) => Err(Probe::Unproven),
        (Some(proof), None) if is_proof(secret, said, proof.as_bytes()) => Ok(()),
        (Some(_), _) => Err(Probe::Disproven),
    }
}

/// The request as it stands on a connection to whom it is for.
fn to_origin(mut request: Request<ChunkBody>, address: SocketAddr) -> Request<ChunkBody> {
    let path = request.uri().path_and_query().cloned();
    *request.uri_mut() = path
        .unwrap_or_else(|| PathAndQuery::from_static("/"))
        .into();
    request.headers_mut().insert(HOST, host(address));
    request
}

fn host(address: SocketAddr) -> HeaderValue {
    // An address is digits, dots, colons and brackets.
    HeaderValue::try_from(address.to_string()).unwrap_or(HeaderValue::from_static("localhost"))
}
