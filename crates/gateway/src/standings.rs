//! What is remembered of clients' own credentials that a provider refused: the shell around
//! `domain::own`.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tollhouse_domain::call::Call;
use tollhouse_domain::own::{self, Asked, Pair, Said, Stale, Standing};
use tollhouse_domain::session::{self, Evidence};
use tollhouse_domain::time::Timestamp;
use uuid::Uuid;

/// How many refused credentials are remembered, in each of two generations: of one that is forgotten the
/// provider hears once more than it would have. Some 100 bytes each.
const REMEMBERED: usize = 16_384;

/// Clients' own credentials that a provider refused lately, by conversation and provider: never a
/// credential. Where none was refused it is empty, and asks for no lock.
#[derive(Default)]
pub(crate) struct Standings {
    book: Mutex<Book>,
    /// Whether there is anything in the book.
    used: AtomicBool,
}

#[derive(Default)]
struct Book {
    young: HashMap<Pair, Standing>,
    old: HashMap<Pair, Standing>,
}

/// Whose standing a call asks after.
#[derive(Clone, Copy)]
pub(crate) struct About {
    pair: Pair,
    asked: Asked,
}

impl About {
    /// What a call with the credential of this fingerprint asks of a provider.
    pub(crate) fn new(row: &Call, provider: &str, fingerprint: &str) -> Self {
        // Calls that belong to no conversation, such as those that wait for a batch, share one standing.
        let alone = |id: &Uuid| session::derive(row.key, Some(fingerprint), Evidence::Alone(id));
        let session = if row.session == alone(&row.id.0) {
            alone(&Uuid::nil())
        } else {
            row.session
        };
        Self {
            pair: Pair::of(session, provider),
            asked: Asked::of(&row.endpoint, row.model_requested.as_deref()),
        }
    }
}

impl Standings {
    /// Whether the provider is to be asked. A call that tries a refused credential again keeps others from
    /// doing so until it knows more.
    pub(crate) fn check(&self, about: About, now: Timestamp) -> Result<(), Stale> {
        if !self.used.load(Ordering::Relaxed) {
            return Ok(());
        }
        let mut book = self.lock();
        if let Some(standing) = book.get(about.pair) {
            let trying = standing.ask(about.asked, now)?;
            if trying != standing {
                book.put(about.pair, trying);
            }
        }
        Ok(())
    }

    /// Takes note of what a provider said. True when it refuses a credential that was well.
    pub(crate) fn on(&self, about: About, said: Said, now: Timestamp) -> bool {
        if said == Said::Known && !self.used.load(Ordering::Relaxed) {
            return false;
        }
        let mut book = self.lock();
        let before = book.get(about.pair);
        let after = own::next(before, said, about.asked, now);
        match after {
            Some(standing) => book.put(about.pair, standing),
            None => book.forget(about.pair),
        }
        self.used.store(!book.is_empty(), Ordering::Relaxed);
        before.is_none() && after.is_some()
    }

    // A panic elsewhere leaves either map whole: every change is one insert, remove or swap.
    fn lock(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    fn get(&self, pair: Pair) -> Option<Standing> {
        let found = self.young.get(&pair);
        found.or_else(|| self.old.get(&pair)).copied()
    }

    fn put(&mut self, pair: Pair, standing: Standing) {
        if self.young.len() >= REMEMBERED && !self.young.contains_key(&pair) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(pair, standing);
    }

    fn forget(&mut self, pair: Pair) {
        self.young.remove(&pair);
        self.old.remove(&pair);
    }

    fn is_empty(&self) -> bool {
        self.young.is_empty() && self.old.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use tollhouse_domain::id::{CallId, KeyId, SessionId};
    use tollhouse_domain::own::Refusal;

    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_000);
    const REFUSED: Said = Said::Refused(Refusal::Unauthorized);

    fn call(session: u128) -> Call {
        let id = |n| Uuid::from_u128(n);
        Call::opened(CallId(id(1)), NOW, KeyId(id(2)), SessionId(id(session)))
    }

    fn about(session: u128, provider: &str) -> About {
        About::new(&call(session), provider, "f")
    }

    #[test]
    fn a_refusal_is_of_one_conversation_and_one_provider() {
        let standings = Standings::default();
        assert!(standings.on(about(1, "p"), REFUSED, NOW));
        assert!(!standings.on(about(1, "p"), REFUSED, NOW), "known by now");
        assert!(standings.check(about(1, "p"), NOW).is_err());
        assert!(standings.check(about(1, "q"), NOW).is_ok());
        assert!(standings.check(about(2, "p"), NOW).is_ok());
        standings.on(about(1, "p"), Said::Known, NOW);
        assert!(standings.check(about(1, "p"), NOW).is_ok());
        assert!(!standings.used.load(Ordering::Relaxed));
    }

    #[test]
    fn calls_that_stand_alone_share_a_standing_with_their_own_credential_only() {
        let alone = |id: u128, fingerprint: &str| {
            let (id, key) = (Uuid::from_u128(id), KeyId(Uuid::from_u128(2)));
            let session = session::derive(key, Some(fingerprint), Evidence::Alone(&id));
            About::new(
                &Call::opened(CallId(id), NOW, key, session),
                "p",
                fingerprint,
            )
        };
        let standings = Standings::default();
        standings.on(alone(1, "f"), REFUSED, NOW);
        assert!(standings.check(alone(2, "f"), NOW).is_err());
        assert!(standings.check(alone(2, "g"), NOW).is_ok());
    }

    #[test]
    fn it_does_not_grow_without_end_and_the_young_stay() {
        let standings = Standings::default();
        let most = 2 * REMEMBERED as u128;
        for session in 0..3 * most {
            standings.on(about(session, "p"), REFUSED, NOW);
        }
        let book = standings.lock();
        assert!(book.young.len() + book.old.len() <= 2 * REMEMBERED);
        let capacity = book.young.capacity().max(book.old.capacity());
        assert!(capacity * (size_of::<(Pair, Standing)>() + 1) <= REMEMBERED * 200);
        drop(book);
        assert!(standings.check(about(3 * most - 1, "p"), NOW).is_err());
        assert!(standings.check(about(0, "p"), NOW).is_ok());
    }
}
