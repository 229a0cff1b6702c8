//! Calls that have begun and not ended, for whoever looks on.
//!
//! A call pays for its place whether or not anybody looks, so it costs next to nothing: the record that was
//! written to the journal anyway is kept instead of freed, in one of several lists, each under a lock of its own
//! that is held for a few instructions. It is read only when somebody looks. There are as many places as open
//! calls: what bounds those bounds this.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tollhouse_domain::call::Call;
use tollhouse_domain::id::{CallId, OrgId, UserId};
use tollhouse_domain::tenancy::Visible;
use tollhouse_domain::time::Timestamp;

use super::record;

/// How many lists there are: calls that begin or end in the same moment rarely meet in one.
const LISTS: usize = 16;

/// All calls that run.
#[derive(Default)]
pub(crate) struct Running {
    lists: [Mutex<List>; LISTS],
}

#[derive(Default)]
struct List {
    places: Vec<Option<Open>>,
    /// Which of `places` are empty.
    free: Vec<usize>,
}

/// A call that runs.
#[derive(Clone)]
struct Open {
    id: CallId,
    at: Timestamp,
    user: Option<UserId>,
    org: Option<OrgId>,
    /// How it began, as it was journaled.
    record: Vec<u8>,
    asked: Option<Asked>,
    attempts: u32,
}

/// Who was asked last.
#[derive(Clone)]
struct Asked {
    provider: String,
    model: Option<String>,
}

/// A call among those that run, for as long as this is there: nothing else takes it out, so that none stays.
pub(crate) struct Place {
    running: Arc<Running>,
    list: usize,
    index: usize,
}

/// Which calls run, and no more of them than says whether that has changed.
#[derive(PartialEq, Eq)]
pub(crate) struct Seen {
    /// Those that have run the longest, they first.
    calls: Vec<Spot>,
    /// How many more there are.
    pub(crate) more: usize,
}

/// Where a call is among those that run, and how often it was tried so far.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Spot {
    at: Timestamp,
    id: CallId,
    attempts: u32,
    list: usize,
    index: usize,
}

impl Running {
    /// One more call, whose beginning is `record`.
    pub(crate) fn enter(self: &Arc<Self>, call: &Call, record: Vec<u8>) -> Place {
        // The last byte of an id is random.
        let list = usize::from(call.id.0.as_bytes()[15]) % LISTS;
        let open = Open {
            id: call.id,
            at: call.at,
            user: call.user,
            org: call.org,
            record,
            asked: None,
            attempts: 0,
        };
        let index = self.list(list).add(open);
        Place {
            running: Arc::clone(self),
            list,
            index,
        }
    }

    /// Which may be seen, at most `most` of them. Whoever looks on asks for this every second, so it copies nothing.
    pub(crate) fn seen(&self, visible: &Visible, most: usize) -> Seen {
        let mut found = Vec::new();
        for number in 0..LISTS {
            let list = self.list(number);
            let places = list.places.iter().enumerate();
            found.extend(places.filter_map(|(index, place)| {
                let open = place.as_ref()?;
                visible.sees(open.user, open.org).then_some(Spot {
                    at: open.at,
                    id: open.id,
                    attempts: open.attempts,
                    list: number,
                    index,
                })
            }));
        }
        found.sort_unstable();
        let more = found.len().saturating_sub(most);
        found.truncate(most);
        Seen { calls: found, more }
    }

    /// What there is to say of them by now, the newest first; of those that ended since, nothing.
    pub(crate) fn read(&self, seen: &Seen) -> Vec<Call> {
        // Each is copied under its lock for itself: calls that begin meanwhile wait for none of it.
        let open = |spot: &Spot| {
            let list = self.list(spot.list);
            let place = list.places.get(spot.index)?.as_ref();
            place.filter(|open| open.id == spot.id).cloned()
        };
        let calls = seen.calls.iter().rev().filter_map(open);
        calls.filter_map(Open::read).collect()
    }

    fn list(&self, list: usize) -> MutexGuard<'_, List> {
        // A panic elsewhere leaves a list whole: every change is one place.
        let list = self.lists[list].lock();
        list.unwrap_or_else(PoisonError::into_inner)
    }
}

impl List {
    fn add(&mut self, open: Open) -> usize {
        let free = self.free.pop();
        if let Some((index, place)) = free.and_then(|at| Some((at, self.places.get_mut(at)?))) {
            *place = Some(open);
            return index;
        }
        self.places.push(Some(open));
        self.places.len() - 1
    }

    fn open(&mut self, index: usize) -> Option<&mut Open> {
        self.places.get_mut(index)?.as_mut()
    }

    fn remove(&mut self, index: usize) -> Option<Open> {
        let open = self.places.get_mut(index)?.take()?;
        self.free.push(index);
        Some(open)
    }
}

impl Open {
    /// The row as far as it goes.
    fn read(self) -> Option<Call> {
        // What was written here reads; were it not so, the writer would say it.
        let mut call = record::decode(&self.record).ok()?;
        call.attempts = self.attempts;
        if let Some(Asked { provider, model }) = self.asked {
            call.provider = Some(provider);
            call.model_sent = model;
        }
        Some(call)
    }
}

impl Place {
    /// Notes who is asked from now on.
    pub(crate) fn asks(&self, provider: &str, model: Option<&str>) {
        let asked = Asked {
            provider: provider.to_owned(),
            model: model.map(str::to_owned),
        };
        let mut list = self.running.list(self.list);
        let Some(open) = list.open(self.index) else {
            return;
        };
        open.attempts += 1;
        let before = open.asked.replace(asked);
        drop(list);
        drop(before);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let left = self.running.list(self.list).remove(self.index);
        // What it held is freed after the lock.
        drop(left);
    }
}

#[cfg(test)]
mod tests;
