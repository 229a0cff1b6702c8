//! What is remembered of credentials between calls: the shell around `domain::pool`.

mod accounts;
mod windows;

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tollhouse_domain::id::{CredentialId, SessionId};
use tollhouse_domain::pool::{self, Choice, Fit, LastRefusal, Standing, Verdict};
use tollhouse_domain::time::Timestamp;

use self::accounts::Accounts;
pub(crate) use self::accounts::{Rest, Seat};
use self::windows::Heards;
use crate::replica::Replica;
use crate::snapshot::{OpenCredential, Pool};

/// How many conversations that moved are remembered, in each of two generations: whoever did not come
/// back while as many others moved starts over, which costs a prompt its cache and nothing else.
const MOVED: usize = 65_536;

/// The only one of its pool.
const ONLY: Choice = Choice::Draw {
    first: 0,
    second: None,
    moved: false,
};

/// Credentials that misbehaved lately, and the conversations that left one. Where all are well it is
/// empty, and asks for no lock.
#[derive(Default)]
pub(crate) struct Pools {
    book: Mutex<Book>,
    /// Whether there is anything in the book.
    used: AtomicBool,
    /// What the store has to be told: since when a provider refuses a credential, or that it takes it.
    marks: Mutex<HashMap<CredentialId, Option<Timestamp>>>,
    /// The same of accounts: until when they rest.
    rests: Mutex<HashMap<CredentialId, Rest>>,
    marked: Notify,
    heards: Mutex<Heards>,
    /// How many calls at a time an account has room for, over all replicas.
    most: Option<NonZeroU32>,
    others: Option<Arc<Replica>>,
    /// When providers last turned credentials away, as this process has seen. Stays when all is well again.
    refusals: Mutex<HashMap<CredentialId, (Timestamp, LastRefusal)>>,
    /// Held by whoever tells the store what it has to be told, and by whoever changes a credential.
    telling: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Book {
    ill: HashMap<CredentialId, Known>,
    moved: HashMap<Talk, CredentialId>,
    moved_before: HashMap<Talk, CredentialId>,
    accounts: Accounts,
}

/// A conversation with one pool: the same with another provider has another credential.
type Talk = (SessionId, u64);

/// What is known of a secret; another one under the same id starts afresh.
#[derive(Clone, Copy)]
struct Known {
    configured_at: Timestamp,
    standing: Standing,
}

impl Pools {
    /// Chooses among a pool's members for a conversation.
    pub(crate) fn choose(&self, pool: &Pool, session: SessionId, now: Timestamp) -> Choice {
        if self.is_settled(pool) {
            return ONLY;
        }
        let most = self.most();
        let mut book = self.lock();
        let talk = (session, pool.tag);
        book.keep(talk);
        let choice = book.choice(pool, session, most, now);
        if let Choice::Draw { first, moved, .. } = choice {
            let chosen = &pool.members[first];
            if moved {
                book.bind((session, pool.tag), chosen.id);
                self.used.store(true, Ordering::Relaxed);
            }
            let standing = book.standing(chosen);
            if chosen.account.is_none() && standing.stale_since().is_some() {
                // Tried again, by this call alone.
                book.know(chosen, standing.trying(now));
                self.used.store(true, Ordering::Relaxed);
            }
        }
        choice
    }

    /// What a call would be given, of which nothing is remembered.
    pub(crate) fn preview(&self, pool: &Pool, session: SessionId, now: Timestamp) -> Choice {
        if self.is_settled(pool) {
            return ONLY;
        }
        self.lock().choice(pool, session, self.most(), now)
    }

    /// Whether there is nothing to choose, and nothing to look up.
    fn is_settled(&self, pool: &Pool) -> bool {
        let well = |member: &Arc<OpenCredential>| member.stale_since.is_none();
        !self.used.load(Ordering::Relaxed) && is_alone(pool) && pool.members.iter().all(well)
    }

    /// Takes note of what a call learned about the credential it drew on.
    pub(crate) fn on(&self, credential: &OpenCredential, verdict: Verdict, now: Timestamp) {
        let well = verdict == Verdict::Taken && credential.stale_since.is_none();
        if well && !self.used.load(Ordering::Relaxed) {
            return;
        }
        if let Some(status) = verdict.status() {
            let refusal = LastRefusal { status, at: now };
            let known = (credential.configured_at, refusal);
            self.refusals().insert(credential.id, known);
        }
        let mut book = self.lock();
        let before = book.standing(credential);
        let after = before.on(verdict, now);
        book.know(credential, after);
        self.used.store(!book.is_empty(), Ordering::Relaxed);
        drop(book);
        if before.stale_since() != after.stale_since() {
            self.mark(credential.id, after.stale_since());
        }
    }

    /// Forgets what is known of a credential, which is judged anew; what the store was still to be told
    /// of it is no longer so.
    pub(crate) fn forget(&self, id: CredentialId) {
        let mut book = self.lock();
        book.ill.remove(&id);
        book.accounts.forget(id);
        drop(book);
        self.marks().remove(&id);
        self.rests().remove(&id);
        self.refusals().remove(&id);
    }

    /// How a credential stands.
    pub(crate) fn standing(&self, credential: &OpenCredential) -> Standing {
        self.lock().standing(credential)
    }

    /// When its provider last turned a credential away in a call, since this process began. Another secret
    /// under the same id starts afresh.
    pub(crate) fn last_refusal(&self, credential: &OpenCredential) -> Option<LastRefusal> {
        let refusals = self.refusals();
        let (of, refusal) = refusals.get(&credential.id)?;
        (*of == credential.configured_at).then_some(*refusal)
    }

    /// While this is held, nobody else tells the store how credentials stand: what is written then has
    /// the last word.
    pub(crate) async fn telling(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.telling.lock().await
    }

    fn mark(&self, id: CredentialId, since: Option<Timestamp>) {
        self.marks().insert(id, since);
        self.marked.notify_one();
    }

    /// Waits until the store has something to be told.
    pub(crate) async fn marked(&self) {
        self.marked.notified().await;
    }

    /// Has the store told again.
    pub(crate) fn wake(&self) {
        self.marked.notify_one();
    }

    /// What the store has to be told.
    pub(crate) fn take_marks(&self) -> Vec<(CredentialId, Option<Timestamp>)> {
        std::mem::take(&mut *self.marks()).into_iter().collect()
    }

    /// Gives back what could not be told; what was learned meanwhile is newer.
    pub(crate) fn put_back(&self, id: CredentialId, since: Option<Timestamp>) {
        self.marks().entry(id).or_insert(since);
    }

    fn rests(&self) -> MutexGuard<'_, HashMap<CredentialId, Rest>> {
        self.rests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refusals(&self) -> MutexGuard<'_, HashMap<CredentialId, (Timestamp, LastRefusal)>> {
        let refusals = self.refusals.lock();
        refusals.unwrap_or_else(PoisonError::into_inner)
    }

    // A panic elsewhere leaves these maps whole: every change is one insert, remove or swap.
    fn lock(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn marks(&self) -> MutexGuard<'_, HashMap<CredentialId, Option<Timestamp>>> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether nobody can stand in for a key: what the provider itself says of it is the better answer. What it
/// says of an account holds for hours, and is answered for it.
fn is_alone(pool: &Pool) -> bool {
    matches!(&*pool.members, [only] if only.account.is_none())
}

impl Book {
    fn choice(&self, pool: &Pool, session: SessionId, most: Option<u32>, now: Timestamp) -> Choice {
        let alone = is_alone(pool);
        let bound = self.bound((session, pool.tag));
        pool::choose(&pool.order, bound, session, |place| {
            let member = &pool.members[place];
            match &member.account {
                Some(account) => self.accounts.fit(member, account, most, now),
                None if alone => Fit::Ready,
                None => self.standing(member).fit(now),
            }
        })
    }

    /// How a member is for whoever looks, whether or not it is about to be tried again.
    fn outlook(&self, member: &OpenCredential, now: Timestamp) -> Fit {
        match &member.account {
            Some(account) => self.accounts.fit(member, account, None, now),
            None => {
                let standing = self.standing(member);
                let stale = standing.stale_since().map(Fit::Stale);
                stale.unwrap_or_else(|| standing.fit(now))
            }
        }
    }

    fn standing(&self, credential: &OpenCredential) -> Standing {
        let known = self.ill.get(&credential.id);
        let known = known.filter(|known| known.configured_at == credential.configured_at);
        let stored = || credential.stale_since.map(Standing::refused);
        known
            .map(|known| known.standing)
            .or_else(stored)
            .unwrap_or_default()
    }

    fn know(&mut self, credential: &OpenCredential, standing: Standing) {
        // What the store says of it would come back if a standing that is well were forgotten here.
        if standing.is_well() && credential.stale_since.is_none() {
            self.ill.remove(&credential.id);
            return;
        }
        let known = Known {
            configured_at: credential.configured_at,
            standing,
        };
        self.ill.insert(credential.id, known);
    }

    fn bound(&self, talk: Talk) -> Option<CredentialId> {
        let found = self.moved.get(&talk);
        found.or_else(|| self.moved_before.get(&talk)).copied()
    }

    /// Keeps where a conversation moved from being forgotten.
    fn keep(&mut self, talk: Talk) {
        if let Some(bound) = self.moved_before.remove(&talk) {
            self.bind(talk, bound);
        }
    }

    fn bind(&mut self, talk: Talk, credential: CredentialId) {
        if self.moved.len() >= MOVED {
            self.moved_before = std::mem::take(&mut self.moved);
        }
        self.moved.insert(talk, credential);
    }

    #[cfg(test)]
    fn accounts_are_idle(&self) -> bool {
        self.accounts.is_idle()
    }

    fn is_empty(&self) -> bool {
        self.ill.is_empty() && self.moved.is_empty() && self.moved_before.is_empty()
    }
}

#[cfg(test)]
mod tests;
