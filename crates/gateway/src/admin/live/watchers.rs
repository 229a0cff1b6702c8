//! How many live views there are at once: each holds a connection for as long as it likes, and has every call
//! printed for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tollhouse_domain::id::UserId;

/// Of all live views that there may be, one in so many may be one user's: nobody keeps the others out.
const SHARE: u32 = 4;

/// Who watches, and how often.
#[derive(Default)]
pub(in crate::admin) struct Watchers(Mutex<HashMap<Option<UserId>, u32>>);

/// One view, for as long as this is there.
pub(super) struct Watcher {
    watchers: Arc<Watchers>,
    /// Absent for whoever holds the administrator's token.
    who: Option<UserId>,
}

impl Watchers {
    /// One more view of `who`, unless they have their share of `most`, or there are as many.
    pub(super) fn begin(self: &Arc<Self>, who: Option<UserId>, most: u32) -> Option<Watcher> {
        // A panic elsewhere leaves the map whole: every change is one count.
        let mut watching = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all: u32 = watching.values().sum();
        let own = watching.get(&who).copied().unwrap_or(0);
        if all >= most || own >= (most / SHARE).max(1) {
            return None;
        }
        watching.insert(who, own + 1);
        Some(Watcher {
            watchers: Arc::clone(self),
            who,
        })
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let mut watching = self
            .watchers
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = watching.get_mut(&self.who) {
            *own = own.saturating_sub(1);
        }
        watching.retain(|_, own| *own > 0);
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn nobody_has_more_than_a_share_and_all_no_more_than_there_may_be() {
        let watchers = Arc::new(Watchers::default());
        let user = |n| Some(UserId(Uuid::from_u128(n)));
        let two = [(); 2].map(|()| watchers.begin(user(1), 9));
        assert!(two.iter().all(Option::is_some));
        assert!(watchers.begin(user(1), 9).is_none(), "a quarter");
        let others: Vec<_> = (2..=8).map(|n| watchers.begin(user(n), 9)).collect();
        assert!(others.iter().all(Option::is_some));
        assert!(watchers.begin(None, 9).is_none(), "there are nine");
        drop(two);
        let operator = watchers.begin(None, 9);
        assert!(operator.is_some());
        drop((others, operator));
        assert!(watchers.0.lock().unwrap().is_empty());
        assert!(watchers.begin(user(1), 1).is_some(), "one at least");
    }
}
