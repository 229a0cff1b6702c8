//! Calling the targets: at most one retry, and only before the client has seen a byte.

use std::borrow::Cow;
use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use hyper::body::Incoming;
use tollhouse_domain::health::Signal;
use tollhouse_wire::ErrorKind;

use super::headers;
use super::refusal::Refusal;
use super::resolve::Target;
use crate::chunks::{ChunkBody, Chunks};
use crate::clock;
use crate::health::HealthBook;
use crate::ledger::open_call::OpenCall;
use crate::upstream::{Upstream, UpstreamError};

/// What is sent to whichever target is called.
pub(crate) struct Outbound {
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
    /// The answer must be readable as it passes.
    pub(crate) metered: bool,
    pub(crate) body: Body,
    pub(crate) address: Address,
}

/// A body, and where its model is.
pub(crate) struct Body {
    /// As it came.
    pub(crate) raw: Chunks,
    /// Decoded, when it came compressed.
    pub(crate) decoded: Option<Chunks>,
    /// The bytes of the `model` value, in the decoded body.
    pub(crate) model: Option<std::ops::Range<usize>>,
}

/// What follows a target's base URL.
pub(crate) enum Address {
    /// A route of the protocol.
    Path {
        suffix: Cow<'static, str>,
        query: Option<String>,
    },
    /// A `/proxy` path.
    Proxied { path: String, query: Option<String> },
}

/// An upstream's answer and who gave it.
pub(crate) struct Reply {
    pub(crate) response: Response<Incoming>,
    pub(crate) target: Target,
    /// Why the first target's answer is not this one.
    pub(crate) fallback: Option<&'static str>,
}

/// Calls the targets in order.
///
/// When there is another target, a failed connection, a 429 or a 5xx leads to one more attempt, at that
/// one. A request that may have been carried out is never sent again, and neither is one that has
/// nowhere else to go: the clients retry by themselves.
pub(crate) async fn dispatch(
    upstream: &Upstream,
    health: &HealthBook,
    targets: Vec<Target>,
    outbound: Outbound,
    call: &mut OpenCall,
) -> Result<Reply, Refusal> {
    let mut targets = targets.into_iter();
    let Some(first) = targets.next() else {
        return Err(Refusal::new(
            ErrorKind::Internal,
            "There was no target to call.",
        ));
    };
    let second = targets.next();
    let mut outbound = Some(outbound);
    let request = request(&first, &mut outbound, second.is_some())?;
    let answer = attempt(upstream, health, &first, request, call).await;
    let (target, reason) = match (answer, second) {
        (Ok(response), Some(second)) => match worth_another(response.status()) {
            Some(reason) => (second, reason),
            None => {
                return Ok(Reply {
                    response,
                    target: first,
                    fallback: None,
                });
            }
        },
        (Ok(response), None) => {
            return Ok(Reply {
                response,
                target: first,
                fallback: None,
            });
        }
        (Err(UpstreamError::Unreachable(_)), Some(second)) => (second, "unreachable"),
        (Err(error), _) => return Err(error.into()),
    };
    let request = self::request(&target, &mut outbound, false)?;
    if let Some(row) = call.row() {
        row.fallback = Some(reason.to_owned());
    }
    let response = attempt(upstream, health, &target, request, call).await?;
    Ok(Reply {
        response,
        target,
        fallback: Some(reason),
    })
}

/// Why another target should be asked instead.
fn worth_another(status: StatusCode) -> Option<&'static str> {
    match status.as_u16() {
        429 => Some("rate_limited"),
        500..=599 => Some("server_error"),
        _ => None,
    }
}

async fn attempt(
    upstream: &Upstream,
    health: &HealthBook,
    target: &Target,
    request: Request<ChunkBody>,
    call: &mut OpenCall,
) -> Result<Response<Incoming>, UpstreamError> {
    let credential = &target.credential;
    call.sent_to(
        &target.endpoint.provider,
        target.model.as_deref(),
        credential.source(),
    );
    if let Some(row) = call.row() {
        row.credential_id = credential.id();
        row.credential_fingerprint = credential.fingerprint().map(str::to_owned);
    }
    let answer = upstream.send(request).await;
    let signal = match &answer {
        Ok(response) => match response.status().as_u16() {
            429 => Signal::RateLimited(retry_after(response.headers())),
            500..=599 => Signal::Failed,
            _ => Signal::Answered,
        },
        Err(_) => Signal::Failed,
    };
    health.on(target, signal, clock::now());
    if let Ok(response) = &answer {
        call.answered(response.status().as_u16(), response.headers());
    }
    answer
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers
        .get(RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds))
}

/// The request for one target; `keep`: another may follow, so nothing is moved out of `outbound`.
fn request(
    target: &Target,
    outbound: &mut Option<Outbound>,
    keep: bool,
) -> Result<Request<ChunkBody>, Refusal> {
    let gone = || Refusal::new(ErrorKind::Internal, "The request was sent already.");
    let own = target.credential.is_clients();
    let source = outbound.as_ref().ok_or_else(gone)?;
    let uri = uri(target, &source.address)?;
    let (method, mut headers, metered) = if keep {
        (
            source.method.clone(),
            source.headers.clone(),
            source.metered,
        )
    } else {
        let source = outbound.as_mut().ok_or_else(gone)?;
        (
            source.method.clone(),
            std::mem::take(&mut source.headers),
            source.metered,
        )
    };
    headers = headers::upstream(headers, metered, own);
    let source = outbound.as_ref().ok_or_else(gone)?;
    let body = match (&target.model, &source.body.model) {
        (Some(name), Some(span)) => {
            if source.body.decoded.is_some() {
                // What is sent is no longer what was compressed.
                headers.remove(http::header::CONTENT_ENCODING);
            }
            let plain = source.body.decoded.as_ref().unwrap_or(&source.body.raw);
            plain.splice(span.clone(), name)
        }
        _ => source.body.raw.clone(),
    };
    if !keep {
        *outbound = None;
    }
    target.credential.apply(target.endpoint.auth, &mut headers);
    let mut request = Request::new(ChunkBody::from(body));
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    Ok(request)
}

fn uri(target: &Target, address: &Address) -> Result<Uri, Refusal> {
    let uri = match address {
        Address::Path { suffix, query } => target.endpoint.uri(suffix, query.as_deref()),
        Address::Proxied { path, query } => target.endpoint.proxied(path, query.as_deref()),
    };
    uri.ok_or_else(|| {
        Refusal::new(
            ErrorKind::InvalidRequest,
            "This path makes no valid address.",
        )
    })
}

impl From<UpstreamError> for Refusal {
    fn from(error: UpstreamError) -> Self {
        let (kind, message) = match &error {
            UpstreamError::Unreachable(_) => (
                ErrorKind::UpstreamUnreachable,
                "The provider could not be reached.",
            ),
            UpstreamError::Broken(_) => (
                ErrorKind::UpstreamUnreachable,
                "The provider ended the connection without an answer.",
            ),
            UpstreamError::Silent => (
                ErrorKind::UpstreamTimeout,
                "The provider did not answer in time.",
            ),
        };
        Self::new(kind, message).because(error)
    }
}
