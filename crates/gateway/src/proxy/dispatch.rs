//! Calling the targets: at most one retry, and only before the client has seen a byte.

mod account;
mod attempt;
mod learn;
mod pause;
mod queue;
mod sending;

use std::sync::Arc;

use http::{Response, StatusCode, Uri};
use tollhouse_domain::account::failure::Failure;
use tollhouse_domain::call::Fallback;
use tollhouse_wire::ErrorKind;
use tollhouse_wire::translate::Answering;

pub(super) use self::account::seated;
pub(super) use self::attempt::{attempt, send};
pub(crate) use self::pause::retry_after;
use self::queue::Queue;
pub(super) use self::sending::{Sending, Sent};
use super::arriving::Arriving;
use super::outbound::{Address, Outbound};
use super::refusal::Refusal;
use super::target::Target;
use crate::accounts::Renewing;
use crate::bridges::Bridges;
use crate::health::HealthBook;
use crate::ledger::open_call::OpenCall;
use crate::pools::Pools;
use crate::standings::Standings;
use crate::upstream::{Upstream, UpstreamError};

/// An upstream's answer and who gave it.
pub(crate) struct Answered {
    pub(crate) response: Response<Arriving>,
    pub(crate) target: Target,
    /// Why the first target's answer is not this one.
    pub(crate) fallback: Option<&'static str>,
    /// How the answer becomes the caller's.
    pub(crate) way: Way,
}

impl Answered {
    /// Whether it passes as it comes.
    pub(crate) const fn is_passed_on(&self) -> bool {
        matches!(self.way, Way::AsItComes)
    }
}

/// How an answer becomes the caller's.
pub(crate) enum Way {
    /// As it comes.
    AsItComes,
    /// Put together from a stream of the caller's own protocol.
    Assembled,
    /// Translated.
    Translated(Answering),
}

/// How upstreams are reached, and what is remembered of them.
#[derive(Clone, Copy)]
pub(crate) struct Ways<'a> {
    pub(crate) upstream: &'a Upstream,
    pub(crate) health: &'a HealthBook,
    pub(crate) bridges: &'a Bridges,
    pub(crate) pools: &'a Arc<Pools>,
    pub(crate) accounts: Renewing<'a>,
    pub(crate) standings: &'a Standings,
}

/// Calls the targets in order.
///
/// A failed connection, a 429 or a 5xx leads to one more attempt: after a 429 or a 401 with another
/// credential of the same owner, where there is one; else at the next target, if there is one. A
/// request that may have been carried out is never sent again, and neither is one that has nowhere
/// else to go: the clients retry by themselves.
pub(crate) async fn dispatch(
    ways: Ways<'_>,
    targets: Vec<Target>,
    outbound: Outbound,
    call: &mut OpenCall,
) -> Result<Answered, Refusal> {
    let mut queue = Queue::new(targets, outbound, ways);
    let first = queue.next().await?;
    first.check(ways, call)?;
    let first = attempt(ways, first, call).await;
    let reason = match &first.answer {
        Ok(response) => worth_another(response.status(), &first),
        Err(UpstreamError::Unreachable(_) | UpstreamError::Untold(_)) => {
            Some(Fallback::Unreachable)
        }
        Err(_) => None,
    };
    let Some(reason) = reason else {
        return first.answered(ways, None);
    };
    let ended_ms = call.elapsed_ms();
    // Its place may be needed by the next attempt.
    call.sit(None);
    let Ok(second) = Box::pin(queue.after(&first)).await else {
        return first.answered(ways, None);
    };
    let reason = reason.as_str();
    call.turns_elsewhere(reason, ended_ms);
    // Rare, so that not every call's future has to have room for it.
    let second = Box::pin(attempt(ways, second, call)).await;
    if let Some(kept) = second.refused() {
        Box::pin(ways.accounts.refused_again(kept)).await;
    }
    second.answered(ways, Some(reason))
}

/// Why it should be tried another way.
fn worth_another(status: StatusCode, sent: &Sent) -> Option<Fallback> {
    match status.as_u16() {
        401 if sent.target.spare.is_some() => Some(Fallback::Unauthorized),
        401 if sent.judges && sent.target.credential.is_account() => Some(Fallback::Unauthorized),
        429 => Some(Fallback::RateLimited),
        // A plan that is used up or does not include it is not always told by the status.
        _ if sent.target.spare.is_some() && matches!(sent.failure, Some(Failure::Capped(_))) => {
            Some(Fallback::RateLimited)
        }
        500..=599 => Some(Fallback::ServerError),
        _ => None,
    }
}

pub(super) fn uri(target: &Target, address: &Address) -> Result<Uri, Refusal> {
    let account = target.credential.account();
    let named = account.and_then(|open| open.account.as_ref()?.base_url.as_deref());
    let elsewhere = named.and_then(|base_url| target.endpoint.at_authoritys(base_url));
    let endpoint = elsewhere.as_ref().unwrap_or(&target.endpoint);
    let uri = match address {
        Address::Path { suffix, query } => endpoint.uri(suffix, query.as_deref()),
        Address::Proxied { path, query, .. } => endpoint.proxied(path, query.as_deref()),
    };
    uri.ok_or_else(|| {
        Refusal::new(
            ErrorKind::InvalidRequest,
            "This path makes no valid address.",
        )
    })
}
