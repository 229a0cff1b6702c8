//! Accounts at work: logins whose tokens end. What becomes of one is decided in `domain::account`; here the
//! authority is asked, and what it says is stored before anybody uses it.

pub(crate) mod ask;
mod flight;
pub(crate) mod grant;
pub(crate) mod keep;
pub(crate) mod notice;
pub(crate) mod put;
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

/// A refresh that is under way, or failed a moment ago: whoever wants the same one waits for it or hears
/// when it is tried again.
#[derive(Clone)]
enum Flight {
    Open(watch::Receiver<Option<Outcome>>),
    Failed(Timestamp),
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

    // Every change is one insert or remove: a panic elsewhere leaves the map whole.
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
        let mut open = match self.flight(id, generation) {
            Flight::Open(open) => open,
            Flight::Failed(until) => return Outcome::Later(until),
        };
        match open.wait_for(Option::is_some).await {
            Ok(outcome) => (*outcome).unwrap_or(Outcome::Gone),
            // The gateway is stopping.
            Err(_) => Outcome::Gone,
        }
    }

    /// The refresh of an account that is under way, or a new one.
    fn flight(self, id: CredentialId, generation: i64) -> Flight {
        let inner = &self.0.0;
        let mut flights = inner.accounts.flights();
        match flights.get(&id) {
            Some(Flight::Failed(until)) if *until <= clock::now() => {}
            Some(known) => return known.clone(),
            None => {}
        }
        let (landed, open) = watch::channel(None);
        flights.insert(id, Flight::Open(open.clone()));
        drop(flights);
        let gateway = self.0.clone();
        inner.tasks.spawn(async move {
            let outcome = flight::fly(&gateway, id, generation).await;
            let mut flights = gateway.0.accounts.flights();
            match outcome {
                Outcome::Later(until) => flights.insert(id, Flight::Failed(until)),
                Outcome::Renewed | Outcome::Lost(_) | Outcome::Gone => flights.remove(&id),
            };
            drop(flights);
            landed.send_replace(Some(outcome));
        });
        Flight::Open(open)
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
        let outcome = match account.facts.standing.lost {
            Some((_, why)) => Outcome::Lost(why),
            None => self.outcome(credential.id, account.facts.generation).await,
        };
        match outcome {
            Outcome::Renewed => current().ok_or_else(gone),
            Outcome::Lost(_) => Err(Refusal::new(
                ErrorKind::CredentialMissing,
                "The account's login no longer works: sign in again with `tollhouse account login`.",
            )),
            Outcome::Later(until) => {
                let message = "The account's token has ended, and its provider does not renew it at the \
                     moment.";
                let mut refusal = Refusal::new(ErrorKind::UpstreamUnreachable, message);
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
    let message = "The account was removed, or is switched off.";
    Refusal::new(ErrorKind::CredentialMissing, message)
}
