//! Which member of a pool a conversation gets.
//!
//! Few members are all looked at. Many stand on a ring, each at points that follow from its id, and a
//! conversation looks from a few points of its own for whoever comes next (multi-probe consistent hashing;
//! Appleton, O'Reilly 2015). Either way the choice follows from the ids alone, and a member that is taken
//! out moves only the conversations that preferred it.

use crate::id::{CredentialId, SessionId};
use crate::pool::Fit;
use crate::time::Timestamp;

/// So many members are all looked at; more stand on a ring.
const FEW: usize = 16;
/// A member stands at so many points. More spread conversations more evenly, and take more memory.
const POINTS: u64 = 8;
/// From so many points a conversation looks for a member. More spread conversations more evenly, and take
/// longer.
const PROBES: u64 = 4;
/// So many members are looked at from each point, in search of one that is ready.
const WALK: usize = 4;

/// The members of a pool, in a form in which a conversation finds its own among many.
#[derive(Debug, Clone, Default)]
pub struct Order {
    ids: Vec<CredentialId>,
    /// Points and places, by point.
    ring: Vec<(u64, usize)>,
}

impl Order {
    /// Members in any order; places are what it is.
    pub fn new(ids: Vec<CredentialId>) -> Self {
        let mut ring = Vec::new();
        if ids.len() > FEW {
            for (id, place) in ids.iter().zip(0..) {
                ring.extend((0..POINTS).map(|nth| (point(*id, nth), place)));
            }
            ring.sort_unstable();
        }
        Self { ids, ring }
    }

    /// The place of a member.
    fn place(&self, id: CredentialId) -> Option<usize> {
        if self.ring.is_empty() {
            return self.ids.iter().position(|other| *other == id);
        }
        let point = point(id, 0);
        let from = self.ring.partition_point(|(other, _)| *other < point);
        let same = self.ring[from..]
            .iter()
            .take_while(|(other, _)| *other == point);
        same.map(|(_, place)| *place)
            .find(|place| self.ids[*place] == id)
    }

    fn search(&self, session: SessionId, fit: &impl Fn(usize) -> Fit) -> Search {
        if self.ids.len() <= FEW {
            return self.scan(session, fit);
        }
        let mut search = Search::default();
        for probe in 0..PROBES {
            let point = nth(fold(session.0), probe);
            let from = self.ring.partition_point(|(other, _)| *other < point);
            let (before, after) = self.ring.split_at(from);
            for (other, place) in after.iter().chain(before).take(WALK) {
                let fit = fit(*place);
                // The nearer, the more preferred; around the end of the ring as anywhere.
                search.see(*place, !other.wrapping_sub(point), fit);
                if fit == Fit::Ready {
                    break;
                }
            }
        }
        if search.ready.second.is_none() {
            // Hardly anybody is ready. Whom the points have led to goes before all others.
            return search.or(self.scan(session, fit));
        }
        search
    }

    /// Looks at everybody.
    fn scan(&self, session: SessionId, fit: &impl Fn(usize) -> Fit) -> Search {
        let mut search = Search::default();
        for (place, id) in self.ids.iter().enumerate() {
            search.see(place, weight(session, *id), fit(place));
        }
        search
    }
}

/// What a conversation gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// The credential at this place, and one to turn to if it fails.
    Draw {
        /// Its place.
        first: usize,
        /// The place of another one.
        second: Option<usize>,
        /// Whether the conversation moves there: what it drew on so far is no longer to be had, and where it
        /// went does not follow from the ids, so that it has to be remembered. One that only has no room
        /// for this call is not left for good.
        moved: bool,
    },
    /// Some could be drawn on and have no room for another call.
    Full,
    /// All of them rest; the first to return does then.
    Cooling(Timestamp),
    /// None rests, and the provider refuses all that are left, the newest refusal since then.
    Stale(Timestamp),
}

/// Chooses for a conversation. `bound` is the credential it moved to before, if it did, and `fit` says how
/// the one at a place is.
pub fn choose(
    order: &Order,
    bound: Option<CredentialId>,
    session: SessionId,
    fit: impl Fn(usize) -> Fit,
) -> Choice {
    let search = order.search(session, &fit);
    let bound_to = bound.and_then(|id| order.place(id));
    let stays = bound_to.filter(|place| matches!(fit(*place), Fit::Ready | Fit::Full));
    let Some(home) = stays.or(search.usable.place()) else {
        return match (search.cooling, search.stale) {
            (Some(until), _) => Choice::Cooling(until),
            (None, since) => Choice::Stale(since.unwrap_or_default()),
        };
    };
    let ready = [search.ready.first, search.ready.second].map(|seen| seen.map(|(place, _)| place));
    let at_home = (fit(home) == Fit::Ready).then_some(home);
    let Some(first) = at_home.or(ready[0]) else {
        return Choice::Full;
    };
    let moved = first == home
        && bound_to != Some(home)
        && (bound_to.is_some() || search.all.place() != Some(home));
    Choice::Draw {
        first,
        second: ready.into_iter().flatten().find(|place| *place != first),
        moved,
    }
}

/// What a look around found.
#[derive(Default, Clone, Copy)]
struct Search {
    /// The most preferred of all.
    all: Best,
    /// The most preferred that could be drawn on, if it had room.
    usable: Best,
    /// The two most preferred that can.
    ready: Best,
    cooling: Option<Timestamp>,
    stale: Option<Timestamp>,
}

impl Search {
    fn see(&mut self, place: usize, weight: u64, fit: Fit) {
        self.all.see(place, weight);
        match fit {
            Fit::Ready => {
                self.usable.see(place, weight);
                self.ready.see(place, weight);
            }
            Fit::Full => self.usable.see(place, weight),
            Fit::Cooling(until) => {
                self.cooling = Some(self.cooling.map_or(until, |at| at.min(until)));
            }
            Fit::Stale(since) => self.stale = self.stale.max(Some(since)),
        }
    }
}

impl Search {
    /// The same, and after that what another look around found, which left out nobody.
    fn or(self, other: Self) -> Self {
        let Self {
            all, usable, ready, ..
        } = self;
        Self {
            all: all.or(other.all),
            usable: usable.or(other.usable),
            ready: ready.or(other.ready),
            ..other
        }
    }
}

/// The two most preferred places.
#[derive(Default, Clone, Copy)]
struct Best {
    first: Option<(usize, u64)>,
    second: Option<(usize, u64)>,
}

impl Best {
    fn place(&self) -> Option<usize> {
        self.first.map(|(place, _)| place)
    }

    fn or(mut self, other: Self) -> Self {
        for (place, _) in [other.first, other.second].into_iter().flatten() {
            self.see(place, 0);
        }
        self
    }

    fn see(&mut self, place: usize, weight: u64) {
        let heavier = |than: Option<(usize, u64)>| than.is_none_or(|(_, other)| weight > other);
        let again = self.place() == Some(place);
        if heavier(self.first) {
            if !again {
                self.second = self.first;
            }
            self.first = Some((place, weight));
        } else if !again && heavier(self.second) {
            self.second = Some((place, weight));
        }
    }
}

/// How much a conversation prefers a credential: as good as chance, and the same everywhere. Whoever could
/// choose both ids could choose the credential, and would gain nothing by it.
fn weight(session: SessionId, credential: CredentialId) -> u64 {
    let ((high, low), (above, below)) = (session.0.as_u64_pair(), credential.0.as_u64_pair());
    mix((high ^ below.rotate_left(17)).wrapping_add(low.rotate_left(32) ^ above))
}

/// Where a credential stands on the ring, among others.
fn point(credential: CredentialId, at: u64) -> u64 {
    nth(fold(credential.0), at)
}

fn fold(id: uuid::Uuid) -> u64 {
    let (high, low) = id.as_u64_pair();
    high.rotate_left(32) ^ mix(low)
}

/// The numbers that `SplitMix64` draws from a seed (Steele, Lea, Flood 2014).
fn nth(seed: u64, nth: u64) -> u64 {
    mix(seed.wrapping_add(nth.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15)))
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests;
