//! Accounts at work: logins whose tokens end. What becomes of one is decided in `domain::account`; here the
//! authority is asked, and what it says is stored before anybody uses it.

pub(crate) mod ask;
mod flight;
pub(crate) mod grant;
pub(crate) mod keep;
pub(crate) mod notice;
pub(crate) mod put;
pub(crate) mod reached;
mod renew;
pub(crate) mod sign_in;
pub(crate) mod tokens;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;
use tollhouse_domain::account::Lost;
use tollhouse_domain::account::authority::{Authorities, Authority};
use tollhouse_domain::account::refresh::{AfterRefusal, after_refusal};
use tollhouse_domain::id::CredentialId;
use tollhouse_domain::provider::Provider;
use tollhouse_domain::time::Timestamp;
use tollhouse_wire::ErrorKind;

use crate::clock;
use crate::config;
use crate::proxy::refusal::Refusal;
use crate::proxy::resolve::refusal::missing;
use crate::proxy::resolve::told::Told;
use crate::snapshot::{OpenAccount, OpenCredential};
use crate::state::Gateway;

/// Why nobody signs in.
pub(crate) const OFF: &str =
    "Accounts are switched off here: `[accounts] enabled = false` in the configuration file.";

/// How a refresh ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// There are newer tokens than those that somebody wanted refreshed.
    Renewed,
    /// There never will be any.
    Lost(Lost),
    /// There are none yet; it is tried again then.
    Later(Timestamp),
    /// There is no such account any more, or accounts are switched off.
    Gone,
}

/// Refreshes that are under way, and who issues tokens.
pub(crate) struct Accounts {
    enabled: bool,
    of_organizations: bool,
    authorities: Authorities,
    flights: Mutex<HashMap<CredentialId, Flight>>,
}

/// A refresh of the tokens of `generation`: whoever wants the same one waits for it or hears when it is tried
/// again.
#[derive(Clone)]
struct Flight {
    generation: i64,
    stage: Stage,
}

/// How far a refresh is.
#[derive(Clone)]
enum Stage {
    /// It is under way.
    Open(watch::Receiver<Option<Outcome>>),
    /// It failed a moment ago, and is tried again then.
    Failed(Timestamp),
}

impl Flight {
    /// Whether nobody begins a refresh of the tokens of `generation` beside it: one at a time, and not before its
    /// time. That earlier tokens were not renewed says nothing of these.
    fn bars(&self, generation: i64, now: Timestamp) -> bool {
        match &self.stage {
            Stage::Open(open) => is_under_way(open),
            Stage::Failed(until) => self.generation >= generation && *until > now,
        }
    }
}

/// Whether there is still somebody who says how a refresh ended: one that panicked never does.
fn is_under_way(open: &watch::Receiver<Option<Outcome>>) -> bool {
    open.has_changed().is_ok()
}

impl Accounts {
    pub(crate) fn new(config: &config::Accounts) -> Self {
        Self {
            enabled: config.enabled,
            of_organizations: config.allow_organization,
            authorities: config.authorities.clone(),
            flights: Mutex::default(),
        }
    }

    /// Whether accounts are used at all.
    pub(crate) const fn enabled(&self) -> bool {
        self.enabled
    }

    /// Whether organizations may have some.
    pub(crate) const fn of_organizations(&self) -> bool {
        self.enabled && self.of_organizations
    }

    /// Who issues the tokens of `provider`'s accounts, if it takes any.
    pub(crate) fn authority(&self, provider: &Provider) -> Option<&Authority> {
        self.authorities.get(&provider.account.as_ref()?.authority)
    }

    /// The authority of a provider where one can sign in, else why nobody can and what to do about it.
    pub(crate) fn ready(&self, provider: &Provider) -> Result<&Authority, String> {
        let name = &provider.name;
        if !self.enabled {
            return Err(OFF.to_owned());
        }
        let Some(authority) = self.authority(provider) else {
            return Err(format!(
                "`{name}` takes no accounts. If it should, its [[provider]] table in the configuration file \
                 says whose: account = {{ authority = \"…\" }}."
            ));
        };
        if authority.client_id.is_none() {
            let of = &authority.name;
            return Err(format!(
                "`{name}` needs a client id of the operator's own: set `client_id` in \
                 [accounts.authority.{of}] of the configuration file."
            ));
        }
        Ok(authority)
    }

    /// Forgets refreshes that failed and may be tried again, also those of accounts that are gone.
    fn forget_failed(&self, now: Timestamp) {
        let waits = |flight: &Flight| match &flight.stage {
            Stage::Open(open) => is_under_way(open),
            Stage::Failed(until) => *until > now,
        };
        self.flights().retain(|_, flight| waits(flight));
    }

    // Every change is one insert, remove or retain: a panic elsewhere leaves the map whole.
    fn flights(&self) -> std::sync::MutexGuard<'_, HashMap<CredentialId, Flight>> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Renewing what calls draw on.
#[derive(Clone, Copy)]
pub(crate) struct Renewing<'a>(pub(crate) &'a Gateway);

impl Renewing<'_> {
    /// `credential` with a token that has not ended: itself, nearly always. Whoever comes while it is being
    /// refreshed waits for the same refresh.
    pub(crate) async fn fresh(
        self,
        credential: &Arc<OpenCredential>,
    ) -> Result<Arc<OpenCredential>, Refusal> {
        match &credential.account {
            Some(account) if account.facts.expires_at <= clock::now() => {
                Box::pin(self.renewed(credential, account)).await
            }
            Some(_) | None => Ok(Arc::clone(credential)),
        }
    }

    /// What to call with instead of `credential`, whose token its provider refused: the tokens that took its
    /// place, or are got now. `None` when there are none, and the refusal stands.
    pub(crate) async fn after_refusal(
        self,
        credential: &OpenCredential,
    ) -> Option<Arc<OpenCredential>> {
        let rejected = credential.account.as_ref()?.facts.generation;
        let current = self.current(credential)?;
        let facts = &current.account.as_ref()?.facts;
        if facts.standing.lost.is_some() {
            return None;
        }
        match after_refusal(
            &rejected,
            &facts.generation,
            facts.refreshed_at,
            clock::now(),
        ) {
            AfterRefusal::UseCurrent => Some(current),
            AfterRefusal::Refresh => match self.outcome(credential.id, rejected).await {
                Outcome::Renewed => self.current(credential),
                Outcome::Lost(_) | Outcome::Later(_) | Outcome::Gone => None,
            },
            AfterRefusal::GiveUp => {
                renew::give_up(self.0, credential.id, rejected, Lost::Refused).await;
                None
            }
        }
    }

    /// Takes note that a token was refused which this call does not replace: where it has just been refreshed,
    /// nothing else is left to be tried.
    pub(crate) async fn refused_again(self, credential: &OpenCredential) {
        let Some(account) = &credential.account else {
            return;
        };
        let (rejected, refreshed_at) = (account.facts.generation, account.facts.refreshed_at);
        match after_refusal(&rejected, &rejected, refreshed_at, clock::now()) {
            AfterRefusal::GiveUp => {
                renew::give_up(self.0, credential.id, rejected, Lost::Refused).await;
            }
            AfterRefusal::UseCurrent | AfterRefusal::Refresh => {}
        }
    }

    /// Has an account's tokens of `generation` refreshed, whether or not anybody waits for it, and says how
    /// that ended.
    pub(crate) async fn outcome(self, id: CredentialId, generation: i64) -> Outcome {
        loop {
            let flight = self.flight(id, generation);
            let outcome = match flight.stage {
                Stage::Open(mut open) => match open.wait_for(Option::is_some).await {
                    Ok(outcome) => (*outcome).unwrap_or(Outcome::Gone),
                    // The gateway is stopping.
                    Err(_) => Outcome::Gone,
                },
                Stage::Failed(until) => Outcome::Later(until),
            };
            if flight.generation >= generation || outcome == Outcome::Gone {
                return outcome;
            }
        }
    }

    /// The refresh of an account that is under way, or a new one.
    fn flight(self, id: CredentialId, generation: i64) -> Flight {
        let inner = &self.0.0;
        let mut flights = inner.accounts.flights();
        let known = flights.get(&id);
        if let Some(known) = known.filter(|known| known.bars(generation, clock::now())) {
            return known.clone();
        }
        let (landed, open) = watch::channel(None);
        let of = move |stage| Flight { generation, stage };
        let flight = of(Stage::Open(open));
        flights.insert(id, flight.clone());
        drop(flights);
        let gateway = self.0.clone();
        inner.tasks.spawn(async move {
            let outcome = flight::fly(&gateway, id, generation).await;
            let mut flights = gateway.0.accounts.flights();
            match outcome {
                Outcome::Later(until) => flights.insert(id, of(Stage::Failed(until))),
                Outcome::Renewed | Outcome::Lost(_) | Outcome::Gone => flights.remove(&id),
            };
            drop(flights);
            landed.send_replace(Some(outcome));
        });
        flight
    }

    async fn renewed(
        self,
        credential: &Arc<OpenCredential>,
        account: &OpenAccount,
    ) -> Result<Arc<OpenCredential>, Refusal> {
        let current = || {
            let current = self.current(credential)?;
            let facts = &current.account.as_ref()?.facts;
            (facts.generation > account.facts.generation).then_some(current)
        };
        if let Some(current) = current() {
            return Ok(current);
        }
        let lost = account.facts.standing.lost;
        let outcome = match lost {
            Some((_, why)) => Outcome::Lost(why),
            None => self.outcome(credential.id, account.facts.generation).await,
        };
        let told = Told::account(credential);
        match outcome {
            Outcome::Renewed => current().ok_or_else(gone),
            Outcome::Lost(_) => {
                let since = lost.map_or_else(clock::now, |(since, _)| since);
                Err(missing(told.refused(since)))
            }
            Outcome::Later(until) => {
                let mut refusal = Refusal::new(ErrorKind::UpstreamUnreachable, told.ended());
                refusal.retry_after = Some(until.since(clock::now()));
                Err(refusal)
            }
            Outcome::Gone => Err(gone()),
        }
    }

    /// The account as this replica knows it now.
    fn current(self, credential: &OpenCredential) -> Option<Arc<OpenCredential>> {
        let snapshot = self.0.snapshot();
        let mut accounts = snapshot.credentials().accounts();
        accounts.find(|known| known.id == credential.id).cloned()
    }
}

fn gone() -> Refusal {
    missing("The account was removed, or is switched off.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refresh_bars_another_while_it_may_still_end_and_its_failure_those_of_the_same_tokens() {
        let (landed, open) = watch::channel(None);
        let at = Timestamp::from_secs;
        let of = |stage| Flight {
            generation: 2,
            stage,
        };
        let (under_way, failed) = (of(Stage::Open(open)), of(Stage::Failed(at(10))));
        for (flight, generation, now, expected) in [
            (&under_way, 1, 5, true),
            (&under_way, 3, 5, true),
            (&failed, 1, 5, true),
            (&failed, 2, 5, true),
            (&failed, 3, 5, false),
            (&failed, 2, 10, false),
        ] {
            assert_eq!(
                flight.bars(generation, at(now)),
                expected,
                "{generation} {now}"
            );
        }
        drop(landed);
        assert!(!under_way.bars(2, at(5)), "nobody will say how it ended");
    }
}
