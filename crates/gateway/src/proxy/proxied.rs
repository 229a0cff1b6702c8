//! `/proxy/{provider}/{*path}`: any path of a provider, transparent, but with the same key, policy
//! and record as every other call.

mod model;

use http::request::Parts;
use http::{HeaderMap, Response};
use hyper::body::Incoming;
use tollhouse_domain::key::VirtualKey;
use tollhouse_domain::provider::Provider;
use tollhouse_wire::{ErrorKind, Protocol};

use self::model::{Asked, Asking};
use super::admission::Admission;
use super::operation::{self, Inference, climbs};
use super::outbound::{self, Address, Outbound};
use super::refusal::Refusal;
use super::resolve::{Draw, Purpose};
use super::{Arrival, authenticate, identify, inbound, spoken};
use crate::body::Body;
use crate::limits::admit::{Caller, Demand, admit};
use crate::names;
use crate::state::Gateway;

/// Carries a request to `path` of `provider`.
pub(crate) async fn proxy(
    gateway: &Gateway,
    arrival: Arrival,
    provider: &str,
    path: String,
    parts: Parts,
    incoming: &mut Incoming,
) -> Result<Response<Body>, Refusal> {
    let snapshot = gateway.snapshot();
    gateway.refuse_if_draining()?;
    let principal = authenticate::authenticate(&snapshot, &parts.headers, arrival.at)?;
    if climbs(parts.uri.path()) {
        let message = "The path holds a `.` or `..` segment; write it without.";
        return Err(Refusal::new(ErrorKind::InvalidRequest, message));
    }
    let known = snapshot.providers().get(provider);
    let missing = "There is no provider of this name here.";
    let known = known.ok_or_else(|| Refusal::new(ErrorKind::NotFound, missing))?;
    check_policy(&principal, known, &path)?;
    let inference = inference(&path);
    let inbound = inbound::read_tolerant(&parts.headers, incoming, gateway.max_body()).await?;
    let peek = &inbound.peek;
    let identity = identify::identify(
        &principal,
        &parts.headers,
        peek,
        inbound.plain(),
        arrival.id,
    );
    let session = identity.session;
    let protocol = spoken_on(&path, &parts.headers);
    let passage = Admission::new(gateway, &snapshot, arrival, protocol, &principal, identity)
        .proxied(inference, &inbound)
        .saying(&parts.headers, inbound.plain(), inbound.decoded.is_some())
        .open()?;
    let asking = Asking {
        method: &parts.method,
        path: &path,
        query: parts.uri.query(),
        body: Asked::read(&inbound, &parts.headers),
    };
    if let Err(refusal) = model::check(&principal.key, asking) {
        return Err(passage.refuse(refusal));
    }
    let speaks = endpoint_protocol(known, inference, &parts);
    let Some(endpoint) = speaks.and_then(|protocol| snapshot.endpoint(provider, protocol)) else {
        let message = "This provider has no address.";
        return Err(passage.refuse(Refusal::new(ErrorKind::NotFound, message)));
    };
    let draw = Draw {
        snapshot: &snapshot,
        principal: &principal,
        pools: gateway.pools(),
        bridges: gateway.bridges(),
        accounts: &gateway.0.accounts,
        session,
        at: arrival.at,
        purpose: Purpose::Call,
    };
    let target = draw.target(endpoint, None).map(|target| vec![target]);
    let caller = Caller {
        principal: &principal,
        session,
        at: arrival.at,
    };
    let demand = Demand::proxied(&parts.method, inference, &inbound);
    let granted = admit(gateway, &snapshot, caller, demand, target);
    let query = parts.uri.query().map(str::to_owned);
    let outbound = Outbound {
        method: parts.method,
        headers: parts.headers,
        metered: inference.is_some(),
        body: outbound::Body {
            raw: inbound.body,
            decoded: inbound.decoded,
            model: None,
            streams: false,
        },
        address: Address::Proxied {
            path,
            query,
            inference,
        },
        origin: None,
    };
    passage.carry(granted, outbound).await
}

/// Whether the key may send anything to this path of this provider.
fn check_policy(
    principal: &authenticate::Principal,
    provider: &Provider,
    path: &str,
) -> Result<(), Refusal> {
    let denied = |message| Refusal::new(ErrorKind::PermissionDenied, message);
    if !principal.key.may_use_provider(&provider.name) {
        let message = "This key may not use this provider.";
        return Err(denied(message));
    }
    if principal.key.routes.is_some() {
        let message = "This key may use certain routes only, and a path below /proxy follows none.";
        return Err(denied(message));
    }
    if !provider.takes_paths() {
        // The token that calls are made with opens mail and files, beside conversations.
        let message =
            "No path of this provider is open to clients: name a model that a route leads there.";
        return Err(denied(message));
    }
    if principal.client.is_none() && names_object(path, &principal.key) {
        let message = "Batches, stored responses, files and the like belong to who made them, and an \
             account's are everyone's: use /v1/messages/batches and /v1/responses.";
        return Err(denied(message));
    }
    Ok(())
}

/// Whether a path leads to objects that other keys may have made with the same credential. Keys that
/// belong to somebody share theirs with keys of others; those of the administrator's own are all the
/// administrator's.
fn names_object(path: &str, key: &VirtualKey) -> bool {
    let path = operation::decode(path);
    // Vendors may read `//` as `/`.
    let segments = path.split('/').filter(|segment| !segment.is_empty());
    let segments: Vec<&str> = segments.collect();
    let rest = match segments.as_slice() {
        ["v1", rest @ ..] => rest,
        all => all,
    };
    let somebodys = key.owner.is_some() || key.org.is_some();
    match rest {
        ["responses"] | ["responses", "compact" | "input_tokens"] => false,
        ["responses", ..] | ["messages", "batches", ..] => true,
        ["chat", "completions", _, ..] => somebodys,
        _ => somebodys && rest.iter().any(|segment| OBJECTS.contains(segment)),
    }
}

/// What vendors keep for an account, whoever of its keys made it.
const OBJECTS: [&str; 15] = [
    "assistants",
    "batches",
    "containers",
    "conversations",
    "evals",
    "files",
    "fine_tuning",
    "graders",
    "organization",
    "organizations",
    "projects",
    "skills",
    "threads",
    "uploads",
    "vector_stores",
];

/// The protocol that a path's errors are written in: its own, else that of the client's headers.
pub(super) fn spoken_on(path: &str, headers: &HeaderMap) -> Protocol {
    inference(path).map_or_else(|| spoken(headers), Inference::protocol)
}

/// The call that a path amounts to, by how it ends.
fn inference(path: &str) -> Option<Inference> {
    let path = path.trim_end_matches('/');
    [
        ("/messages/count_tokens", Inference::CountTokens),
        ("/messages", Inference::Messages),
        ("/chat/completions", Inference::Chat),
        ("/embeddings", Inference::Embeddings),
        ("/responses/input_tokens", Inference::InputTokens),
        ("/responses/compact", Inference::Compact),
        ("/responses", Inference::Responses),
    ]
    .into_iter()
    .find_map(|(end, inference)| path.ends_with(end).then_some(inference))
}

/// Which of a provider's addresses is meant: that of the path's protocol, else that of the client's
/// headers, else the first.
fn endpoint_protocol(
    provider: &Provider,
    inference: Option<Inference>,
    parts: &Parts,
) -> Option<Protocol> {
    let anthropic = parts.headers.contains_key(names::ANTHROPIC_VERSION);
    let hinted = inference
        .map(Inference::protocol)
        .or_else(|| anthropic.then_some(Protocol::Messages))
        .filter(|protocol| provider.endpoints.contains_key(protocol));
    hinted.or_else(|| provider.endpoints.keys().next().copied())
}
