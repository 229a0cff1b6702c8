//! Objects that live upstream: message batches and stored responses.
//!
//! Later calls name an object and no model, so what was made where is remembered, per key: nobody
//! asks after another's object, and nobody lists an account that others share.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use serde::Deserialize;
use tollhouse_domain::call::Outcome;
use tollhouse_domain::id::{CredentialId, SessionId};
use tollhouse_domain::key::VirtualKey;
use tollhouse_domain::route::Asked;
use tollhouse_store::{ObjectKind, ObjectRow, StoreError};
use tollhouse_wire::{ErrorKind, Peek, Protocol};

use super::admission::Admission;
use super::arriving::Arriving;
use super::authenticate::{Principal, authenticate};
use super::dispatch::Answered;
use super::inbound::Inbound;
use super::operation::Object;
use super::outbound::{self, Address, Outbound};
use super::passage::Passage;
use super::refusal::Refusal;
use super::resolve::{Draw, Purpose, resolve};
use super::target::Target;
use super::translated::Head;
use super::{Arrival, identify, inbound, results_url};
use crate::body::Body;
use crate::chunks::Chunks;
use crate::limits::admit::{Caller, Demand, Granted, admit};
use crate::snapshot::Snapshot;
use crate::state::Gateway;

/// The largest answer that is read whole, to change one address in it.
const LARGEST_OBJECT: usize = 8 << 20;
/// How long to wait for the store to learn of calls that just ended.
const CATCH_UP: Duration = Duration::from_secs(2);
const BATCHES: &str = "/v1/messages/batches";
const ENDPOINT: &str = "messages.batches";

/// `/v1/messages/batches…`.
pub(crate) async fn batches(
    gateway: &Gateway,
    arrival: Arrival,
    object: Object,
    parts: Parts,
    incoming: &mut Incoming,
) -> Result<Response<Body>, Refusal> {
    let snapshot = gateway.snapshot();
    gateway.refuse_if_draining()?;
    let principal = authenticate(&snapshot, &parts.headers, arrival.at)?;
    let inbound = inbound::read_tolerant(&parts.headers, incoming, gateway.max_body()).await?;
    match object {
        Object::Create => create(gateway, &snapshot, arrival, &principal, parts, inbound).await,
        Object::List => Err(Refusal::new(
            ErrorKind::NotFound,
            "Batches are not listed here: an account's list holds every key's. Ask for each by its id.",
        )),
        Object::One { id, rest } => {
            let body = inbound.body;
            let passage = open(
                gateway, &snapshot, arrival, &principal, &parts, &body, ENDPOINT,
            )?;
            let passage = passage.counted(looks(gateway, &snapshot, &principal, arrival))?;
            let found = gateway.store().object(&id, principal.key.id).await;
            let owner = match found.map_err(unavailable).and_then(known) {
                Ok(owner) => owner,
                Err(refusal) => return Err(passage.refuse(refusal)),
            };
            let now = gateway.snapshot();
            let draw = draw(gateway, &now, &principal, arrival);
            let made = (owner.provider, owner.credential_id);
            let targets = owned(&draw, &made, Protocol::Messages);
            let granted = targets.map(Granted::held_before);
            let deleting = parts.method == Method::DELETE;
            let streamed = rest.ends_with("/results");
            let outbound = request(parts, body, format!("{BATCHES}{rest}"));
            let (passage, reply) = passage.fetch(granted, outbound).await?;
            if streamed {
                return Ok(passage.relay(reply));
            }
            if deleting && reply.response.status().is_success() {
                let forgotten = gateway.store().forget_object(&id, principal.key.id).await;
                if let Err(error) = forgotten {
                    return Err(passage.refuse(unavailable(error)));
                }
            }
            rewritten(gateway, passage, reply).await
        }
    }
}

#[derive(Deserialize)]
struct Batch<'a> {
    #[serde(borrow)]
    requests: Vec<BatchItem<'a>>,
}

#[derive(Deserialize)]
struct BatchItem<'a> {
    #[serde(borrow)]
    params: BatchParams<'a>,
}

#[derive(Deserialize)]
struct BatchParams<'a> {
    #[serde(borrow)]
    model: Cow<'a, str>,
}

async fn create(
    gateway: &Gateway,
    snapshot: &Snapshot,
    arrival: Arrival,
    principal: &Principal,
    parts: Parts,
    inbound: Inbound,
) -> Result<Response<Body>, Refusal> {
    let text = inbound.plain().contiguous();
    let demand = Demand::batch(&inbound);
    let body = inbound.body;
    let batch: Batch<'_> = serde_json::from_slice(&text).map_err(|error| {
        let message = format!("The batch does not read: {}", plain(&error));
        Refusal::new(ErrorKind::InvalidRequest, message)
    })?;
    let passage = open(
        gateway, snapshot, arrival, principal, &parts, &body, ENDPOINT,
    )?;
    let targets = batch_targets(gateway, snapshot, arrival, principal, &batch);
    drop(batch);
    let granted = admit(
        gateway,
        snapshot,
        caller(principal, arrival),
        demand,
        targets,
    );
    let (passage, reply) = passage
        .fetch(granted, request(parts, body, BATCHES.to_owned()))
        .await?;
    let (parts, incoming) = reply.response.into_parts();
    let body = match collect(incoming).await {
        Ok(body) => body,
        Err(refusal) => return Err(passage.refuse(refusal)),
    };
    let made = parts
        .status
        .is_success()
        .then(|| object_id(&body))
        .flatten();
    if let Some(id) = made {
        let row = ObjectRow {
            id,
            kind: ObjectKind::MessageBatch,
            key: principal.key.id,
            provider: reply.target.endpoint.provider.to_string(),
            credential_id: reply.target.credential.id(),
            created_at: arrival.at,
        };
        if let Err(error) = gateway.store().remember_object(&row).await {
            let message = format!("The batch {} was made, but could not be recorded.", row.id);
            let refusal = Refusal::new(ErrorKind::Internal, message).because(error);
            return Err(passage.refuse(refusal));
        }
    }
    Ok(changed(gateway, passage, reply.target, parts, &body).await)
}

/// The targets that serve every request of a batch under the names it gives.
fn batch_targets(
    gateway: &Gateway,
    snapshot: &Snapshot,
    arrival: Arrival,
    principal: &Principal,
    batch: &Batch<'_>,
) -> Result<Vec<Target>, Refusal> {
    let mut chosen: Option<Vec<Target>> = None;
    for (n, item) in batch.requests.iter().enumerate() {
        let model = &item.params.model;
        let health = gateway.health();
        let asked = Asked {
            protocol: Protocol::Messages,
            model,
            translatable: false,
        };
        let draw = draw(gateway, snapshot, principal, arrival);
        let mut targets = resolve(&draw, asked, health).map_err(|refusal| located(refusal, n))?;
        targets.retain(|target| target.model.is_none());
        if let Some(earlier) = &mut chosen {
            let serves = |target: &Target| {
                targets
                    .iter()
                    .any(|other| other.endpoint.provider == target.endpoint.provider)
            };
            earlier.retain(serves);
        } else {
            chosen = Some(targets);
        }
        if chosen.as_ref().is_some_and(Vec::is_empty) {
            let message = format!(
                "requests[{n}].params.model: no one provider serves this and the models before it \
                 under these names; send them in batches of their own."
            );
            return Err(Refusal::new(ErrorKind::InvalidRequest, message));
        }
    }
    chosen.ok_or_else(|| {
        Refusal::new(
            ErrorKind::InvalidRequest,
            "requests: a batch needs at least one request.",
        )
    })
}

fn located(refusal: Refusal, n: usize) -> Refusal {
    let message = format!("requests[{n}].params.model: {}", refusal.message);
    Refusal {
        message: message.into(),
        ..refusal
    }
}

/// `/v1/responses/{id}…`.
pub(crate) async fn stored(
    gateway: &Gateway,
    arrival: Arrival,
    object: Object,
    parts: Parts,
    incoming: &mut Incoming,
) -> Result<Response<Body>, Refusal> {
    let snapshot = gateway.snapshot();
    gateway.refuse_if_draining()?;
    let principal = authenticate(&snapshot, &parts.headers, arrival.at)?;
    let body = inbound::read_opaque(&parts.headers, incoming, gateway.max_body()).await?;
    let Object::One { id, rest } = object else {
        return Err(Refusal::new(
            ErrorKind::NotFound,
            "There is nothing at this path.",
        ));
    };
    let name = "responses.stored";
    let passage = open(gateway, &snapshot, arrival, &principal, &parts, &body, name)?;
    let passage = passage.counted(looks(gateway, &snapshot, &principal, arrival))?;
    let found = made_by(gateway, &principal.key, &id).await;
    let made = match found.and_then(known) {
        Ok(made) => made,
        Err(refusal) => return Err(passage.refuse(refusal)),
    };
    // That took a while, in which an account may have come to rest.
    let now = gateway.snapshot();
    let draw = draw(gateway, &now, &principal, arrival);
    let targets = owned(&draw, &made, Protocol::Responses);
    let granted = targets.map(Granted::held_before);
    passage
        .carry(granted, request(parts, body, format!("/responses{rest}")))
        .await
}

/// Who has an object: the provider, and the credential that it was made with.
type Maker = (String, Option<CredentialId>);

/// Who made a key's response; the ledger knows.
async fn made_by(gateway: &Gateway, key: &VirtualKey, id: &str) -> Result<Option<Maker>, Refusal> {
    // The response may have been made a moment ago.
    let _ = tokio::time::timeout(CATCH_UP, gateway.ledger().caught_up()).await;
    let call = gateway
        .store()
        .call_by_upstream_object(id, key.id)
        .await
        .map_err(unavailable)?;
    Ok(call.and_then(|call| Some((call.provider?, call.credential_id))))
}

/// A call that continues a stored response goes to the provider that has it, with the credential that
/// it was made with, where the route leads there at all. What nobody here knows of, and what cannot be
/// looked up, changes nothing.
pub(crate) async fn follow(
    gateway: &Gateway,
    draw: &Draw<'_>,
    previous: Option<&str>,
    targets: Result<Vec<Target>, Refusal>,
) -> Result<Vec<Target>, Refusal> {
    let mut targets = targets?;
    let choice = targets.len() > 1 || targets.iter().any(|target| draw.chose(target));
    let Some(id) = previous.filter(|_| choice) else {
        return Ok(targets);
    };
    // A store that does not answer costs the call this much and no more.
    let made = tokio::time::timeout(CATCH_UP, made_by(gateway, &draw.principal.key, id)).await;
    let Some((provider, credential)) = made.ok().and_then(Result::ok).flatten() else {
        return Ok(targets);
    };
    let has_it = |target: &Target| *target.endpoint.provider == *provider;
    if targets.iter().any(has_it) {
        targets.retain(has_it);
        // That took a while, in which an account may have come to rest.
        let snapshot = gateway.snapshot();
        let draw = Draw {
            snapshot: &snapshot,
            ..*draw
        };
        let held = targets.into_iter();
        return held
            .map(|target| draw.hold_on_to(target, credential))
            .collect();
    }
    Ok(targets)
}

/// Room for asking after an object, before it is looked up: also who asks after what there is not has
/// limits.
fn looks(
    gateway: &Gateway,
    snapshot: &Snapshot,
    principal: &Principal,
    arrival: Arrival,
) -> Result<Granted, Refusal> {
    let caller = caller(principal, arrival);
    admit(gateway, snapshot, caller, Demand::lookup(), Ok(Vec::new()))
}

fn known<T>(found: Option<T>) -> Result<T, Refusal> {
    found.ok_or_else(unknown)
}

/// What is asked of an object belongs to no conversation.
fn draw<'a>(
    gateway: &'a Gateway,
    snapshot: &'a Snapshot,
    principal: &'a Principal,
    arrival: Arrival,
) -> Draw<'a> {
    Draw {
        snapshot,
        principal,
        pools: gateway.pools(),
        bridges: gateway.bridges(),
        accounts: &gateway.0.accounts,
        session: SessionId(arrival.id.0),
        at: arrival.at,
        purpose: Purpose::Call,
    }
}

/// What is asked of an object belongs to no conversation.
const fn caller(principal: &Principal, arrival: Arrival) -> Caller<'_> {
    Caller {
        principal,
        session: SessionId(arrival.id.0),
        at: arrival.at,
    }
}

fn open<'a>(
    gateway: &'a Gateway,
    snapshot: &Snapshot,
    arrival: Arrival,
    principal: &Principal,
    parts: &Parts,
    body: &Chunks,
    name: &'static str,
) -> Result<Passage<'a>, Refusal> {
    let none = Peek::default();
    let identity = identify::identify(
        principal,
        &parts.headers,
        &none,
        &Chunks::default(),
        arrival.id,
    );
    let protocol = if name == ENDPOINT {
        Protocol::Messages
    } else {
        Protocol::Responses
    };
    Admission::new(gateway, snapshot, arrival, protocol, principal, identity)
        .other(name, body.len())
        .saying(&parts.headers, body, false)
        .open()
}

/// The one target that has an object.
fn owned(
    draw: &Draw<'_>,
    (provider, credential): &Maker,
    protocol: Protocol,
) -> Result<Vec<Target>, Refusal> {
    if !draw.principal.key.may_use_provider(provider) {
        let message = "This key may not use the provider that has this object.";
        return Err(Refusal::new(ErrorKind::PermissionDenied, message));
    }
    let endpoint = draw.snapshot.endpoint(provider, protocol);
    let endpoint = endpoint.ok_or_else(unknown)?;
    Ok(vec![draw.target(endpoint, *credential)?])
}

fn request(parts: Parts, body: Chunks, suffix: String) -> Outbound {
    let query = parts.uri.query().map(str::to_owned);
    Outbound {
        method: parts.method,
        headers: parts.headers,
        metered: true,
        body: outbound::Body {
            raw: body,
            decoded: None,
            model: None,
            streams: false,
        },
        address: Address::Path {
            suffix: Cow::Owned(suffix),
            query,
        },
        origin: None,
    }
}

async fn rewritten(
    gateway: &Gateway,
    passage: Passage<'_>,
    reply: Answered,
) -> Result<Response<Body>, Refusal> {
    let (parts, incoming) = reply.response.into_parts();
    let body = match collect(incoming).await {
        Ok(body) => body,
        Err(refusal) => return Err(passage.refuse(refusal)),
    };
    Ok(changed(gateway, passage, reply.target, parts, &body).await)
}

/// The answer with the addresses in it made ours.
async fn changed(
    gateway: &Gateway,
    passage: Passage<'_>,
    target: Target,
    parts: http::response::Parts,
    body: &[u8],
) -> Response<Body> {
    let outcome = if parts.status.is_success() {
        Outcome::Success
    } else {
        Outcome::UpstreamError
    };
    let body = results_url::rewrite(body, gateway.public_url()).unwrap_or_else(|| body.to_vec());
    let head = Head {
        parts,
        target,
        fallback: None,
    };
    passage.complete(head, outcome, body).await
}

async fn collect(incoming: Arriving) -> Result<Bytes, Refusal> {
    let collected = Limited::new(incoming, LARGEST_OBJECT).collect().await;
    collected
        .map(http_body_util::Collected::to_bytes)
        .map_err(|error| {
            let message = "The provider's answer broke off or is too large.";
            Refusal::new(ErrorKind::UpstreamBroken, message).because(error)
        })
}

fn object_id(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        id: String,
    }
    serde_json::from_slice::<Named>(body)
        .ok()
        .map(|named| named.id)
}

/// Where a body stopped making sense, without quoting it.
fn plain(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        serde_json::error::Category::Data => {
            "expected {\"requests\":[{\"custom_id\":…,\"params\":{\"model\":…}}]}"
        }
        _ => "malformed JSON",
    };
    format!(
        "{what} at line {}, column {}.",
        error.line(),
        error.column()
    )
}

fn unknown() -> Refusal {
    Refusal::new(
        ErrorKind::NotFound,
        "This key made no object with this id here.",
    )
}

fn unavailable(error: StoreError) -> Refusal {
    let message = "What was made where cannot be looked up at the moment.";
    Refusal::new(ErrorKind::Overloaded, message).because(error)
}
