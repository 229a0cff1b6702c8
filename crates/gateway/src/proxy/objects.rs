//! Objects that live upstream: message batches and stored responses.
//!
//! Later calls name an object and no model, so what was made where is remembered, per key: nobody
//! asks after another's object, and nobody lists an account that others share.

mod answer;
mod asked;
mod batches;
mod stored;

use std::borrow::Cow;

use http::request::Parts;
use tollhouse_domain::id::{CredentialId, SessionId};
use tollhouse_store::StoreError;
use tollhouse_wire::{ErrorKind, Peek, Protocol};

pub(crate) use self::batches::batches;
pub(crate) use self::stored::{follow, stored};
use super::admission::Admission;
use super::authenticate::Principal;
use super::outbound::{self, Address, Outbound};
use super::passage::Passage;
use super::refusal::Refusal;
use super::resolve::{Draw, Purpose};
use super::target::Target;
use super::{Arrival, identify};
use crate::chunks::Chunks;
use crate::limits::admit::{Caller, Demand, Granted, admit};
use crate::snapshot::Snapshot;
use crate::state::Gateway;

const BATCHES: &str = "/v1/messages/batches";
const ENDPOINT: &str = "messages.batches";

/// Who has an object: the provider, and the credential that it was made with.
type Maker = (String, Option<CredentialId>);

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
