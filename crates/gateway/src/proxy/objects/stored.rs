//! `/v1/responses/{id}…`, and calls that continue such a response.

use std::time::Duration;

use http::Response;
use http::request::Parts;
use hyper::body::Incoming;
use tollhouse_domain::key::VirtualKey;
use tollhouse_wire::{ErrorKind, Protocol};

use super::{Maker, draw, known, looks, open, owned, request, unavailable};
use crate::body::Body;
use crate::limits::admit::Granted;
use crate::proxy::Arrival;
use crate::proxy::authenticate::authenticate;
use crate::proxy::inbound;
use crate::proxy::operation::Object;
use crate::proxy::refusal::Refusal;
use crate::proxy::resolve::Draw;
use crate::proxy::target::Target;
use crate::state::Gateway;

/// How long to wait for the store to learn of calls that just ended.
const CATCH_UP: Duration = Duration::from_secs(2);

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
