//! `/v1/messages/batches…`: batches of requests, made at one provider and asked after there.

use http::request::Parts;
use http::{Method, Response};
use hyper::body::Incoming;
use tollhouse_store::{ObjectKind, ObjectRow};
use tollhouse_wire::{ErrorKind, Protocol};

use super::answer::{changed, collect, object_id, rewritten};
use super::{
    BATCHES, ENDPOINT, asked, caller, draw, known, looks, open, owned, request, unavailable,
};
use crate::body::Body;
use crate::limits::admit::{Demand, Granted, admit};
use crate::proxy::Arrival;
use crate::proxy::authenticate::{Principal, authenticate};
use crate::proxy::inbound::{self, Inbound};
use crate::proxy::operation::Object;
use crate::proxy::refusal::Refusal;
use crate::snapshot::Snapshot;
use crate::state::Gateway;

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
    let batch = asked::read(&text)?;
    let passage = open(
        gateway, snapshot, arrival, principal, &parts, &body, ENDPOINT,
    )?;
    let targets = asked::targets(gateway, snapshot, arrival, principal, &batch);
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
