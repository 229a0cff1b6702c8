//! Where a call may go and with whose credential: the plan.

mod draw;
pub(crate) mod refusal;
mod sources;
pub(crate) mod told;

use std::sync::Arc;

use tollhouse_domain::id::{CredentialId, SessionId};
use tollhouse_domain::route::{self, Asked, Candidate};
use tollhouse_domain::time::Timestamp;

pub(crate) use self::sources::sources;
pub(crate) use self::told::Hearer;
use super::authenticate::Principal;
use super::refusal::Refusal;
use super::target::Target;
use crate::accounts::Accounts;
use crate::bridges::Bridges;
use crate::health::HealthBook;
use crate::pools::Pools;
use crate::snapshot::{Endpoint, Snapshot};

/// What a call's credential depends on.
pub(crate) struct Draw<'a> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) principal: &'a Principal,
    pub(crate) pools: &'a Pools,
    pub(crate) bridges: &'a Bridges,
    pub(crate) accounts: &'a Accounts,
    pub(crate) session: SessionId,
    pub(crate) at: Timestamp,
    pub(crate) purpose: Purpose,
}

/// What a credential is drawn for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A call, which the next one of its conversation follows.
    Call,
    /// To say what a call would get: nothing is remembered of it.
    Preview(Hearer),
}

impl Purpose {
    /// Who hears what is said of credentials.
    const fn hearer(self) -> Hearer {
        match self {
            Self::Call => Hearer::Caller,
            Self::Preview(hearer) => hearer,
        }
    }
}

/// The targets of a call, in the order they are tried.
pub(crate) fn resolve(
    draw: &Draw<'_>,
    asked: Asked<'_>,
    health: &HealthBook,
) -> Result<Vec<Target>, Refusal> {
    let Draw {
        snapshot,
        principal,
        ..
    } = draw;
    let key = &principal.key;
    let found = route::candidates(snapshot.routes(), snapshot.providers(), key, asked)?;
    let mut missing = None;
    let mut targets = Vec::with_capacity(found.len());
    for candidate in found {
        match draw.at(&candidate, asked) {
            Some(Ok(target)) => targets.push(target),
            // A client's own credential belongs to the first; it is not shown to the next instead.
            Some(Err(refusal)) if principal.client.is_some() && targets.is_empty() => {
                return Err(refusal);
            }
            Some(Err(refusal)) => missing = missing.or(Some(refusal)),
            None => {}
        }
    }
    if targets.is_empty() {
        return Err(missing.unwrap_or_else(|| route::NoRoute::UnknownModel.into()));
    }
    if principal.client.is_some() {
        // A client's own credential belongs to one provider: the one that the route names first.
        let first = Arc::clone(&targets[0].endpoint.provider);
        targets.retain(|target| target.endpoint.provider == first);
    }
    health.order(&mut targets, draw.at);
    Ok(targets)
}

impl Draw<'_> {
    /// A candidate as a target, or why it cannot be one; `None` where it has no endpoint.
    pub(crate) fn at(
        &self,
        candidate: &Candidate<'_>,
        asked: Asked<'_>,
    ) -> Option<Result<Target, Refusal>> {
        let (provider, protocol) = (candidate.provider, candidate.protocol);
        let endpoint = self.snapshot.endpoint(&provider.name, protocol)?;
        let own = candidate.speech.protocol() == Some(asked.protocol);
        let dialect = (!own).then(|| {
            let model = candidate.model.unwrap_or(asked.model);
            Arc::new(self.snapshot.dialect(provider, protocol, model))
        });
        let target = |(credential, spare)| Target {
            endpoint: Arc::clone(endpoint),
            credential,
            spare,
            model: candidate.model.map(str::to_owned),
            dialect,
        };
        let drawn = self.credential(endpoint).map(target);
        Some(drawn.and_then(Target::at_home))
    }

    /// The one target of a call that follows no route, with the credential that `wanted` names where
    /// the key may still draw on it; it has to be as fit for calls as any other.
    pub(crate) fn target(
        &self,
        endpoint: &Arc<Endpoint>,
        wanted: Option<CredentialId>,
    ) -> Result<Target, Refusal> {
        let named = wanted.map(|id| self.named(endpoint, id)).transpose()?;
        let (credential, spare) = match named.flatten() {
            Some(credential) => (credential, None),
            None => self.credential(endpoint)?,
        };
        Target {
            endpoint: Arc::clone(endpoint),
            credential,
            spare,
            model: None,
            dialect: None,
        }
        .at_home()
    }

    /// A target called with the credential that `wanted` names, where the key may still draw on it: that
    /// one or, where it rests or does not work, none, since what is meant is nowhere else. A client's own
    /// goes before all.
    pub(crate) fn hold_on_to(
        &self,
        target: Target,
        wanted: Option<CredentialId>,
    ) -> Result<Target, Refusal> {
        let Some(wanted) = wanted.filter(|_| !target.credential.is_clients()) else {
            return Ok(target);
        };
        let at = &target.endpoint;
        let Some(listed) = self.snapshot.endpoint(&at.provider, at.protocol) else {
            return Ok(target);
        };
        let Some(credential) = self.named(listed, wanted)? else {
            return Ok(target);
        };
        Target {
            endpoint: Arc::clone(listed),
            credential,
            spare: None,
            ..target
        }
        .at_home()
    }
}
