//! What a batch asks for, and who serves all of it.

use std::borrow::Cow;

use serde::Deserialize;
use tollhouse_domain::route::Asked;
use tollhouse_wire::{ErrorKind, Protocol};

use super::draw;
use crate::proxy::Arrival;
use crate::proxy::authenticate::Principal;
use crate::proxy::refusal::Refusal;
use crate::proxy::resolve::resolve;
use crate::proxy::target::Target;
use crate::snapshot::Snapshot;
use crate::state::Gateway;

/// A batch, as far as it says which models it is for.
#[derive(Deserialize)]
pub(super) struct Batch<'a> {
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

/// Reads a batch.
pub(super) fn read(text: &[u8]) -> Result<Batch<'_>, Refusal> {
    serde_json::from_slice(text).map_err(|error| {
        let message = format!("The batch does not read: {}", plain(&error));
        Refusal::new(ErrorKind::InvalidRequest, message)
    })
}

/// The targets that serve every request of a batch under the names it gives.
pub(super) fn targets(
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
