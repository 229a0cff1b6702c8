//! A request on its way to a target that speaks something else than the caller.

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request};
use tollhouse_domain::id::{CallId, SessionId};
use tollhouse_domain::time::Timestamp;
use tollhouse_wire::dialect::{Dialect, Speech};
use tollhouse_wire::loss::Losses;
use tollhouse_wire::translate::{self, Answering, Occasion, Prepared, Unfit};
use tollhouse_wire::{ErrorKind, Protocol, graph};

use super::conversing::Opening;
use super::dispatch::uri;
use super::operation::Inference;
use super::outbound::{Address, Outbound};
use super::refusal::Refusal;
use super::target::Target;
use super::{headers, marks};
use crate::chunks::{ChunkBody, Chunks};
use crate::names;

/// What a translation has to know of the call, besides its body.
#[derive(Clone, Copy)]
pub(crate) struct Origin {
    pub(crate) inference: Inference,
    pub(crate) session: SessionId,
    pub(crate) call: CallId,
    pub(crate) at: Timestamp,
    /// Any loss is a refusal.
    pub(crate) strict: bool,
}

/// A request of another protocol, ready to be sent.
pub(super) struct Carried {
    pub(super) request: Request<ChunkBody>,
    /// What has to be sent first, if anything has.
    pub(super) opening: Option<Box<Opening>>,
    pub(super) losses: Losses,
    pub(super) answering: Answering,
}

/// The version of the Messages protocol in which every model takes what we may have to send.
const MESSAGES_VERSION: HeaderValue = HeaderValue::from_static("2023-06-01");

/// Carries a call to a target that speaks something else than the caller.
pub(super) fn request(
    outbound: &Outbound,
    target: &Target,
    dialect: &Dialect,
) -> Result<Carried, Refusal> {
    let origin = outbound.origin()?;
    let body = outbound.body.plain().contiguous();
    let caller = origin.inference.protocol();
    let prepare = |occasion: &Occasion<'_>| translate::prepare(caller, &body, dialect, occasion);
    let prepared = origin.on(target, prepare)?;
    origin.allow(prepared.losses)?;
    let Prepared {
        body,
        streams,
        losses,
        session,
        answering,
        ..
    } = prepared;
    let (suffix, opening) = match dialect.speech() {
        Speech::Protocol(protocol) => (main_suffix(protocol), None),
        Speech::Graph => {
            let opening = Opening::new(outbound, target, streams)?;
            (graph::CONVERSATIONS, Some(Box::new(opening)))
        }
    };
    let mut request = post(outbound, target, suffix, body)?;
    let accept = if streams {
        "text/event-stream"
    } else {
        "application/json"
    };
    request
        .headers_mut()
        .insert(ACCEPT, HeaderValue::from_static(accept));
    headers::name_session(request.headers_mut(), session.as_deref());
    Ok(Carried {
        request,
        opening,
        losses,
        answering,
    })
}

/// A request of ours to a target, with the target's credential.
pub(super) fn post(
    outbound: &Outbound,
    target: &Target,
    suffix: &'static str,
    body: Vec<u8>,
) -> Result<Request<ChunkBody>, Refusal> {
    let address = Address::Path {
        suffix: suffix.into(),
        query: None,
    };
    let uri = uri(target, &address)?;
    let mut headers = HeaderMap::new();
    if let Some(agent) = outbound.headers.get(USER_AGENT) {
        headers.insert(USER_AGENT, agent.clone());
    }
    let mut headers = headers::upstream(headers, true, target.credential.is_clients());
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if target.endpoint.protocol == Protocol::Messages {
        headers.insert(names::ANTHROPIC_VERSION, MESSAGES_VERSION);
    }
    target.credential.apply(&target.endpoint, &mut headers);
    let call = outbound.origin.as_ref().map(|origin| origin.call);
    marks::put(target, [body.as_slice()], call, &mut headers);
    let mut request = Request::new(ChunkBody::from(Chunks::from(Bytes::from(body))));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    Ok(request)
}

const fn main_suffix(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Messages => Inference::Messages.suffix(),
        Protocol::Chat => Inference::Chat.suffix(),
        Protocol::Responses => Inference::Responses.suffix(),
    }
}

impl Origin {
    /// Does something on the occasion of this call going to `target`.
    pub(super) fn on<T>(&self, target: &Target, act: impl FnOnce(&Occasion<'_>) -> T) -> T {
        act(&Occasion {
            model: target.model.as_deref(),
            session: &self.session.to_string(),
            id: &self.call.0.as_simple().to_string(),
            request: &self.call.to_string(),
            now: self.at.as_secs().unsigned_abs(),
        })
    }

    /// Whether the call may go on with these losses.
    pub(super) fn allow(&self, losses: Losses) -> Result<(), Refusal> {
        if !self.strict || losses.is_empty() {
            return Ok(());
        }
        let message = format!(
            "This key is strict, and the model's provider cannot be given: {losses}. Leave them \
             out, or use a key that is not strict."
        );
        Err(Refusal::new(ErrorKind::InvalidRequest, message))
    }
}

impl From<Unfit> for Refusal {
    fn from(unfit: Unfit) -> Self {
        let refusal = Self::new(ErrorKind::InvalidRequest, unfit.sentence());
        if unfit.path.is_empty() {
            refusal
        } else {
            refusal.about(unfit.path)
        }
    }
}
