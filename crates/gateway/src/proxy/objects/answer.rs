//! Answers that are read whole, for the addresses in them to become ours.

use bytes::Bytes;
use http::Response;
use http_body_util::{BodyExt, Limited};
use serde::Deserialize;
use tollhouse_domain::call::Outcome;
use tollhouse_wire::ErrorKind;

use crate::body::Body;
use crate::proxy::arriving::Arriving;
use crate::proxy::dispatch::Answered;
use crate::proxy::passage::Passage;
use crate::proxy::refusal::Refusal;
use crate::proxy::results_url;
use crate::proxy::target::Target;
use crate::proxy::translated::Head;
use crate::state::Gateway;

/// The largest answer that is read whole, to change one address in it.
const LARGEST_OBJECT: usize = 8 << 20;

pub(super) async fn rewritten(
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
pub(super) async fn changed(
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

pub(super) async fn collect(incoming: Arriving) -> Result<Bytes, Refusal> {
    let collected = Limited::new(incoming, LARGEST_OBJECT).collect().await;
    collected
        .map(http_body_util::Collected::to_bytes)
        .map_err(|error| {
            let message = "The provider's answer broke off or is too large.";
            Refusal::new(ErrorKind::UpstreamBroken, message).because(error)
        })
}

pub(super) fn object_id(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        id: String,
    }
    serde_json::from_slice::<Named>(body)
        .ok()
        .map(|named| named.id)
}
