//! What is remembered of credentials between calls: the shell around `domain::pool`.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tollhouse_domain::id::{CredentialId, SessionId};
use tollhouse_domain::pool::{self, Choice, Fit, Standing, Verdict};
use tollhouse_domain::time::Timestamp;

use crate::snapshot::{OpenCredential, Pool};

/// How many conversations that moved are remembered, in each of two generations: whoever did not come
/// back while as many others moved starts over, which costs a prompt its cache and nothing else.
const MOVED: usize = 32_768;

/// The only one of its pool.
const ONLY: Choice = Choice::Draw {
    first: 0,
    second: None,
    natural: true,
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
    marked: Notify,
    /// Held by whoever tells the store what it has to be told, and by whoever changes a credential.
    telling: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Book {
    ill: HashMap<CredentialId, Known>,
    moved: HashMap<SessionId, CredentialId>,
    moved_before: HashMap<SessionId, CredentialId>,
}

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
        let mut book = self.lock();
        let bound = book.bound(session);
        let choice = book.choice(pool, session, now);
        if let Choice::Draw { first, natural, .. } = choice {
            let chosen = &pool.members[first];
            if bound != Some(chosen.id) && (bound.is_some() || !natural) {
                book.bind(session, chosen.id);
                self.used.store(true, Ordering::Relaxed);
            }
            let standing = book.standing(chosen);
            if standing.stale_since().is_some() {
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
        self.lock().choice(pool, session, now)
    }

    /// Whether there is nothing to choose, and nothing to look up.
    fn is_settled(&self, pool: &Pool) -> bool {
        let well = |member: &Arc<OpenCredential>| member.stale_since.is_none();
        let alone = pool.members.len() == 1;
        !self.used.load(Ordering::Relaxed) && alone && pool.members.iter().all(well)
    }

    /// Takes note of what a call learned about the credential it drew on.
    pub(crate) fn on(&self, credential: &OpenCredential, verdict: Verdict, now: Timestamp) {
        let well = verdict == Verdict::Taken && credential.stale_since.is_none();
        if well && !self.used.load(Ordering::Relaxed) {
            return;
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
        self.lock().ill.remove(&id);
        self.marks().remove(&id);
    }

    /// How a credential stands.
    pub(crate) fn standing(&self, credential: &OpenCredential) -> Standing {
        self.lock().standing(credential)
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

    // A panic elsewhere leaves either map whole: every change is one insert, remove or swap.
    fn lock(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn marks(&self) -> MutexGuard<'_, HashMap<CredentialId, Option<Timestamp>>> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    fn choice(&self, pool: &Pool, session: SessionId, now: Timestamp) -> Choice {
        let alone = pool.members.len() == 1;
        let fit = |member: &OpenCredential| {
            // Nobody to stand in for it: what the provider itself says is the better answer.
            if alone {
                return Fit::Ready;
            }
            self.standing(member).fit(now)
        };
        let fits: Vec<_> = pool.members.iter().map(|m| (m.id, fit(m))).collect();
        pool::choose(&fits, self.bound(session), session)
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

    fn bound(&self, session: SessionId) -> Option<CredentialId> {
        let found = self.moved.get(&session);
        found.or_else(|| self.moved_before.get(&session)).copied()
    }

    fn bind(&mut self, session: SessionId, credential: CredentialId) {
        if self.moved.len() >= MOVED {
            self.moved_before = std::mem::take(&mut self.moved);
        }
        self.moved.insert(session, credential);
    }

    fn is_empty(&self) -> bool {
        self.ill.is_empty() && self.moved.is_empty() && self.moved_before.is_empty()
    }
}

#[cfg(test)]
mod tests;
