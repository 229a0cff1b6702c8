//! What calls teach about accounts, until the store has it: who rests, and how busy they are.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use tollhouse_domain::account::failure::{Failure, Said, in_stream};
use tollhouse_domain::account::window::Windows;
use tollhouse_domain::account::{Standing, State, Why};
use tollhouse_domain::id::CredentialId;
use tollhouse_domain::pool::{Fit, Outlook, Useless};
use tollhouse_domain::time::Timestamp;
use tollhouse_wire::Metered;
use tollhouse_wire::meter::InBandError;
use tracing::info;

use super::Pools;
use crate::replica::Replica;
use crate::snapshot::{self, OpenAccount, OpenCredential, Pool};

/// A rest that is over sooner is not worth a write, and every replica's reading it.
const WORTH_TELLING: Duration = Duration::from_secs(15);
/// A rest that ends so little later than is known is not told again.
const SLACK: Duration = Duration::from_secs(10);

/// What this replica knows and the store may not.
#[derive(Default)]
pub(super) struct Accounts {
    rests: HashMap<CredentialId, Rest>,
    /// Calls under way.
    open: HashMap<CredentialId, u32>,
}

/// Until when an account rests, as a call found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rest {
    /// When somebody signed in with what the call was made with. Who signs in anew begins afresh; a refresh
    /// changes nothing of what is used up.
    pub(crate) configured_at: Timestamp,
    /// Which tokens the call was made with.
    pub(crate) generation: i64,
    pub(crate) until: Timestamp,
    pub(crate) why: Why,
}

impl Accounts {
    /// How an account stands: as the store has it, and as this replica found out since.
    fn standing(&self, credential: &OpenCredential, account: &OpenAccount) -> Standing {
        let stored = account.facts.standing;
        let found = self.rests.get(&credential.id);
        let found = found.filter(|rest| rest.configured_at == credential.configured_at);
        let found = found.map(|rest| (rest.until, rest.why));
        let longer = found.filter(|(until, _)| stored.rest.is_none_or(|(known, _)| *until > known));
        Standing {
            rest: longer.or(stored.rest),
            ..stored
        }
    }

    /// Whether calls may draw on an account, of which each has room for `most`.
    pub(super) fn fit(
        &self,
        credential: &OpenCredential,
        account: &OpenAccount,
        most: Option<u32>,
        now: Timestamp,
    ) -> Fit {
        match self.standing(credential, account).fit(now) {
            Some(Fit::Ready) if most.is_some_and(|most| self.open(credential.id) >= most) => {
                Fit::Full
            }
            Some(fit) => fit,
            // Its holder has taken it out of use.
            None => Fit::Stale(now),
        }
    }

    pub(super) fn forget(&mut self, id: CredentialId) {
        self.rests.remove(&id);
    }

    #[cfg(test)]
    pub(super) fn is_idle(&self) -> bool {
        self.open.is_empty()
    }

    fn open(&self, id: CredentialId) -> u32 {
        self.open.get(&id).copied().unwrap_or_default()
    }
}

/// A place of one call at an account, free again when this is dropped.
pub(crate) struct Seat {
    pools: Arc<Pools>,
    credential: Arc<OpenCredential>,
    /// Whether what is answered says anything of the account.
    judges: bool,
}

impl Seat {
    /// The same, for a call whose answer may not be the account's.
    pub(crate) const fn judging(mut self, judges: bool) -> Self {
        self.judges = judges;
        self
    }

    /// Takes note of an error inside an answer that had begun well.
    pub(super) fn failed(&self, error: &InBandError, now: Timestamp) {
        if !self.judges {
            return;
        }
        let said = Said {
            kind: error.kind.clone(),
            code: error.code.clone(),
            message: error.message.clone(),
            resets_at: error.resets_at,
            resets_in_seconds: error.resets_in_seconds,
        };
        self.pools
            .blame(&self.credential, in_stream(&said, now), now);
    }
}

impl Seat {
    /// Takes note of what an answer said of the account on its way.
    pub(crate) fn metered(&self, metered: &Metered, accepted: bool, now: Timestamp) {
        if let Some(limits) = metered.limits.as_deref().filter(|_| self.judges) {
            let windows = Windows::from_json(limits, now);
            self.pools.heard(&self.credential, windows, now);
        }
        // What was refused outright was looked at before.
        if let Some(error) = metered.error.as_ref().filter(|_| accepted) {
            self.failed(error, now);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut book = self.pools.lock();
        let open = &mut book.accounts.open;
        if let Some(count) = open.get_mut(&self.credential.id) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.credential.id);
            }
        }
    }
}

impl Pools {
    /// Pools of which each account has room for `most` calls at a time, over all replicas.
    pub(crate) fn new(most: Option<NonZeroU32>, others: Option<Arc<Replica>>) -> Self {
        Self {
            most,
            others,
            ..Self::default()
        }
    }

    /// How many calls at a time an account has room for here: this replica's part.
    pub(super) fn most(&self) -> Option<u32> {
        let replicas = self
            .others
            .as_ref()
            .map_or(1, |others| others.alive())
            .max(1);
        self.most.map(|most| (most.get() / replicas).max(1))
    }

    /// Takes a place at an account; `None` where it has none left.
    pub(crate) fn sit(self: &Arc<Self>, credential: &Arc<OpenCredential>) -> Option<Seat> {
        let most = self.most();
        let mut book = self.lock();
        let open = book.accounts.open.entry(credential.id).or_default();
        if most.is_some_and(|most| *open >= most) {
            return None;
        }
        *open += 1;
        drop(book);
        Some(Seat {
            pools: Arc::clone(self),
            credential: Arc::clone(credential),
            judges: true,
        })
    }

    /// Takes note of what a refused call says of the account that made it: of that one and of no other,
    /// and not of whoever signed in under the same name since.
    pub(crate) fn blame(&self, credential: &OpenCredential, failure: Failure, now: Timestamp) {
        let (Some(event), Some(account)) = (failure.event(), &credential.account) else {
            return;
        };
        let mut book = self.lock();
        let before = book.accounts.standing(credential, account);
        let after = before.on(event, now);
        let rests = &mut book.accounts.rests;
        let newer = rests.get(&credential.id);
        let late = newer.is_some_and(|known| known.configured_at > credential.configured_at);
        let Some((until, why)) = after.rest.filter(|_| after != before && !late) else {
            return;
        };
        let rest = Rest {
            configured_at: credential.configured_at,
            generation: account.facts.generation,
            until,
            why,
        };
        rests.insert(credential.id, rest);
        drop(book);
        info!(account = %credential.id, %until, why = why.as_str(), "an account rests");
        let known = before.rest.map(|(until, _)| until);
        let told = known.is_some_and(|known| known > now && until <= known.plus(SLACK));
        if !told && until.since(now) >= WORTH_TELLING {
            self.tell(credential.id, rest);
        }
    }

    fn tell(&self, id: CredentialId, rest: Rest) {
        self.rests().insert(id, rest);
        self.marked.notify_one();
    }

    /// What the store has to be told of accounts.
    pub(crate) fn take_rests(&self) -> Vec<(CredentialId, Rest)> {
        std::mem::take(&mut *self.rests()).into_iter().collect()
    }

    /// Gives back what could not be told; what was learned meanwhile is newer.
    pub(crate) fn put_back_rest(&self, id: CredentialId, rest: Rest) {
        self.rests().entry(id).or_insert(rest);
    }

    /// Lets go of what is known of accounts where the store knows it too: from then on it has the last word,
    /// also when somebody ends a rest by hand.
    pub(crate) fn settle<'a>(
        &self,
        accounts: impl Iterator<Item = &'a Arc<OpenCredential>>,
        now: Timestamp,
    ) {
        let mut book = self.lock();
        let rests = &mut book.accounts.rests;
        rests.retain(|_, rest| rest.until > now);
        for member in accounts {
            let facts = member.account.as_ref().map(|account| &account.facts);
            let stored = facts.and_then(|facts| facts.standing.rest);
            let found = rests.get(&member.id);
            if let (Some((stored, _)), Some(found)) = (stored, found)
                && found.until <= stored.plus(SLACK)
            {
                rests.remove(&member.id);
            }
        }
    }

    /// Whether a call can draw on one that nothing else stands in for. What a provider itself says of a key
    /// is the better answer then.
    pub(crate) fn alone(&self, credential: &OpenCredential, now: Timestamp) -> Fit {
        let most = self.most();
        let account = credential.account.as_ref();
        let fit = account.map(|account| self.lock().accounts.fit(credential, account, most, now));
        fit.unwrap_or(Fit::Ready)
    }

    /// How the members of a pool are together, as this replica knows. A key that is refused is tried again
    /// now and then; until it is taken it is one that is refused.
    pub(crate) fn outlook(&self, pool: &Pool, now: Timestamp) -> Outlook {
        let book = self.lock();
        let each = pool.members.iter().map(|member| match &member.account {
            Some(account) => match book.accounts.standing(member, account).fit(now) {
                Some(fit) => Outlook::of(fit, Useless::SignedOut),
                None => Outlook::Useless(Useless::Paused),
            },
            None => Outlook::of(book.outlook(member, now), Useless::Refused),
        });
        // A pool is never without credentials: who is no member cannot be sent, or is not to be.
        let absent = Outlook::Useless(match pool.idle.as_ref().map(|idle| idle.why) {
            Some(snapshot::Why::Off | snapshot::Why::Barred) => Useless::Paused,
            Some(snapshot::Why::Broken) | None => Useless::Unusable,
        });
        each.reduce(Outlook::or).unwrap_or(absent)
    }

    /// The member of a pool that its provider refuses since then.
    pub(crate) fn refused<'a>(
        &self,
        pool: &'a Pool,
        since: Timestamp,
        now: Timestamp,
    ) -> Option<&'a Arc<OpenCredential>> {
        let book = self.lock();
        let refused = |member: &&Arc<_>| book.outlook(member, now) == Fit::Stale(since);
        pool.members.iter().find(refused)
    }

    /// How an account stands, as this replica knows; `None` of what is none.
    pub(crate) fn account_state(
        &self,
        credential: &OpenCredential,
        now: Timestamp,
    ) -> Option<State> {
        let account = credential.account.as_ref()?;
        let standing = self.lock().accounts.standing(credential, account);
        Some(standing.state(account.facts.expires_at, now))
    }
}
