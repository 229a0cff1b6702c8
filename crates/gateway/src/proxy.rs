//! The data plane: one request, from its head to its answer, on one page.
//!
//! Each stage takes what the one before it returned, so that none can be left out or swapped: who is
//! asking, what is asked, a row for it, where it may go, whether there is room and money for it, the
//! upstream's answer, and its way back.

mod admission;
mod arriving;
mod assembled;
pub(crate) mod authenticate;
mod conversing;
mod count;
pub(crate) mod dispatch;
pub(crate) mod headers;
pub(crate) mod identify;
pub(crate) mod inbound;
mod marks;
pub(crate) mod models;
pub(crate) mod objects;
pub(crate) mod operation;
pub(crate) mod outbound;
pub(crate) mod own;
pub(crate) mod passage;
pub(crate) mod preview;
pub(crate) mod proxied;
mod reading;
pub(crate) mod refusal;
pub(crate) mod relay;
pub(crate) mod resolve;
pub(crate) mod results_url;
mod stale;
pub(crate) mod target;
pub(crate) mod translated;
pub(crate) mod translation;

use std::net::IpAddr;
use std::time::Instant;

use http::request::Parts;
use http::{HeaderMap, Request, Response};
use hyper::body::Incoming;
use tollhouse_domain::id::CallId;
use tollhouse_domain::route::Asked;
use tollhouse_domain::time::Timestamp;
use tollhouse_wire::{ErrorKind, Peek, Protocol};
use tracing::{debug, warn};

use self::admission::Admission;
use self::operation::{Inference, Operation};
use self::outbound::Outbound;
use self::refusal::Refusal;
use self::resolve::{Draw, Purpose};
use self::translation::Origin;
use crate::body::Body;
use crate::limits::admit::{Caller, Demand, admit};
use crate::state::Gateway;
use crate::{clock, ids, names};

/// When a request came in, where from, and what it is called from then on.
#[derive(Clone, Copy)]
pub(crate) struct Arrival {
    pub(crate) id: CallId,
    pub(crate) at: Timestamp,
    pub(crate) started: Instant,
    pub(crate) from: IpAddr,
}

impl Arrival {
    pub(crate) fn now(from: IpAddr) -> Self {
        let at = clock::now();
        Self {
            id: CallId(ids::uuid(at)),
            at,
            started: clock::monotonic(),
            from,
        }
    }
}

/// Answers one request of the data plane.
pub(crate) async fn handle(
    gateway: &Gateway,
    operation: Operation,
    request: Request<Incoming>,
    from: IpAddr,
) -> Response<Body> {
    let arrival = Arrival::now(from);
    let (parts, mut incoming) = request.into_parts();
    let waits = inbound::waits_to_be_asked(&parts.headers);
    let protocol = match &operation {
        Operation::Proxy { path, .. } => proxied::spoken_on(path, &parts.headers),
        other => other.protocol().unwrap_or_else(|| spoken(&parts.headers)),
    };
    let answer = match operation {
        Operation::Inference(inference) => {
            infer(gateway, arrival, inference, parts, &mut incoming).await
        }
        Operation::Batches(object) => {
            objects::batches(gateway, arrival, object, parts, &mut incoming).await
        }
        Operation::Stored(object) => {
            objects::stored(gateway, arrival, object, parts, &mut incoming).await
        }
        Operation::Proxy { provider, path } => {
            proxied::proxy(gateway, arrival, &provider, path, parts, &mut incoming).await
        }
        Operation::Models => models::list(gateway, arrival, protocol, &parts),
        Operation::Model(id) => models::one(gateway, arrival, protocol, &id, &parts.headers),
        Operation::WebSocket => Ok(web_socket(&parts.headers, arrival.id)),
    };
    match answer {
        Ok(response) => response,
        Err(refusal) => {
            if !waits {
                inbound::drain(incoming).await;
            }
            refuse(gateway, &refusal, protocol, arrival.id)
        }
    }
}

/// A call whose body names a model.
async fn infer(
    gateway: &Gateway,
    arrival: Arrival,
    inference: Inference,
    parts: Parts,
    incoming: &mut Incoming,
) -> Result<Response<Body>, Refusal> {
    let snapshot = gateway.snapshot();
    let protocol = inference.protocol();
    gateway.refuse_if_draining()?;
    let principal = authenticate::authenticate(&snapshot, &parts.headers, arrival.at)?;
    let inbound = inbound::read(&parts.headers, incoming, gateway.max_body()).await?;
    let identity = identify::identify(
        &principal,
        &parts.headers,
        &inbound.peek,
        inbound.plain(),
        arrival.id,
    );
    let origin = Origin {
        inference,
        session: identity.session,
        call: arrival.id,
        at: arrival.at,
        strict: principal.key.strict,
    };
    let passage = Admission::new(gateway, &snapshot, arrival, protocol, &principal, identity)
        .inference(inference, &inbound)
        .saying(&parts.headers, inbound.plain(), inbound.decoded.is_some())
        .open()?;
    let draw = Draw {
        snapshot: &snapshot,
        principal: &principal,
        pools: gateway.pools(),
        bridges: gateway.bridges(),
        accounts: &gateway.0.accounts,
        session: origin.session,
        at: arrival.at,
        purpose: Purpose::Call,
    };
    let found = asked(inference, &inbound.peek)
        .and_then(|asked| resolve::resolve(&draw, asked, gateway.health()));
    let previous = inbound.peek.previous_response_id.as_deref();
    let targets = objects::follow(gateway, &draw, previous, found).await;
    let caller = Caller {
        principal: &principal,
        session: origin.session,
        at: arrival.at,
    };
    let demand = Demand::inference(inference, &inbound);
    let granted = admit(gateway, &snapshot, caller, demand, targets);
    passage
        .carry(granted, Outbound::inference(origin, parts, inbound))
        .await
}

/// What a call asks of its targets.
fn asked(inference: Inference, peek: &Peek) -> Result<Asked<'_>, Refusal> {
    let missing = || {
        let message = "`model` is missing: name the model as a string.";
        Refusal::new(ErrorKind::InvalidRequest, message).about("model")
    };
    let model = peek.model.as_ref().ok_or_else(missing)?;
    Ok(Asked {
        protocol: inference.protocol(),
        model: &model.name,
        translatable: inference.is_translatable(),
    })
}

/// The protocol to answer in where the path does not say: Anthropic's clients name their version.
fn spoken(headers: &HeaderMap) -> Protocol {
    if headers.contains_key(names::ANTHROPIC_VERSION) {
        Protocol::Messages
    } else {
        Protocol::Chat
    }
}

/// Answers with a refusal; logged here and nowhere else.
fn refuse(gateway: &Gateway, refusal: &Refusal, protocol: Protocol, id: CallId) -> Response<Body> {
    gateway.metrics().refused(refusal.kind);
    let kind = refusal.kind.label();
    match &refusal.source {
        Some(source) => {
            let cause = causes(source.as_ref());
            warn!(call = %id, kind, cause, "refused");
        }
        None => debug!(call = %id, kind, "refused"),
    }
    refusal.response(protocol, id)
}

/// An error and what caused it, on one line.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

/// Codex takes 426 as "use HTTP" at once; any other answer makes it try seven times.
fn web_socket(headers: &HeaderMap, id: CallId) -> Response<Body> {
    let upgrade = headers.get(http::header::UPGRADE);
    let wanted = upgrade.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"));
    let refusal = if wanted {
        let message = "WebSocket is not spoken here: POST /v1/responses instead.";
        Refusal::new(ErrorKind::InvalidRequest, message)
    } else {
        Refusal::new(ErrorKind::NotFound, "There is nothing at this path.")
    };
    let mut response = refusal.response(Protocol::Responses, id);
    if wanted {
        *response.status_mut() = http::StatusCode::UPGRADE_REQUIRED;
        let protocol = http::HeaderValue::from_static("HTTP/1.1");
        response
            .headers_mut()
            .insert(http::header::UPGRADE, protocol);
    }
    response
}
