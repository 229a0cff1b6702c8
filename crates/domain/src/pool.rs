//! Which of several interchangeable credentials a conversation draws on: a pure state machine.
//!
//! A conversation stays with one credential, because that is where the provider's cache of its prompt
//! is. Which one follows from the two ids alone, on every replica alike, so that nothing has to be
//! remembered until a credential fails; only what moved then is. Failures are charged to the credential
//! that failed and to no other.

use std::time::Duration;

use crate::id::{CredentialId, SessionId};
use crate::time::Timestamp;

/// How long a credential rests after a 429 that does not say for how long.
pub const REST: Duration = Duration::from_mins(5);
/// The longest rest that a 429 may ask for.
pub const LONGEST_REST: Duration = Duration::from_hours(3);
/// How often a credential that its provider refuses is tried all the same: keys are also refused by
/// mistake, and a provider that takes it again would otherwise never be found out.
pub const TRY_AGAIN: Duration = Duration::from_mins(1);

/// What a call learned about the credential it drew on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The provider took it.
    Taken,
    /// 429, with the rest it asked for.
    Limited(Option<Duration>),
    /// 401.
    Refused,
}

/// What is remembered of a credential that is not well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    until: Option<Timestamp>,
    refused: Option<Timestamp>,
    tried: Option<Timestamp>,
}

/// Whether a credential can be drawn on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// It can.
    Ready,
    /// It rests until then.
    Cooling(Timestamp),
    /// Its provider refuses it since then.
    Stale(Timestamp),
}

impl Standing {
    /// A credential that its provider refuses since `since`.
    pub const fn refused(since: Timestamp) -> Self {
        Self {
            until: None,
            refused: Some(since),
            tried: None,
        }
    }

    /// The standing after `verdict` at `now`.
    #[must_use]
    pub fn on(self, verdict: Verdict, now: Timestamp) -> Self {
        match verdict {
            Verdict::Taken => Self::default(),
            Verdict::Limited(asked) => {
                let rest = asked.unwrap_or(REST).min(LONGEST_REST);
                Self {
                    until: Some(now.plus(rest)).max(self.until),
                    // Only a credential that was recognised is limited.
                    refused: None,
                    tried: None,
                }
            }
            Verdict::Refused => Self {
                until: self.until,
                refused: self.refused.or(Some(now)),
                tried: Some(now),
            },
        }
    }

    /// Whether it can be drawn on at `now`.
    pub fn fit(self, now: Timestamp) -> Fit {
        if let Some(since) = self.refused {
            let tried = self.tried.unwrap_or(since);
            if now < tried.plus(TRY_AGAIN) {
                return Fit::Stale(since);
            }
        }
        match self.until {
            Some(until) if until > now => Fit::Cooling(until),
            Some(_) | None => Fit::Ready,
        }
    }

    /// The same, being tried at `now`: others wait for what comes of it.
    #[must_use]
    pub fn trying(self, now: Timestamp) -> Self {
        Self {
            tried: self.refused.map(|_| now),
            ..self
        }
    }

    /// Since when its provider refuses it.
    pub const fn stale_since(self) -> Option<Timestamp> {
        self.refused
    }

    /// Whether there is nothing to remember.
    pub fn is_well(&self) -> bool {
        *self == Self::default()
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
        /// Whether the first follows from the ids alone, so that nothing has to be remembered.
        natural: bool,
    },
    /// All of them rest; the first to return does then.
    Cooling(Timestamp),
    /// None rests, and the provider refuses all that are left, the newest refusal since then.
    Stale(Timestamp),
}

/// How much a conversation prefers a credential: as good as chance, and the same everywhere. Taking a
/// credential out of a pool moves only the conversations that preferred it to all others.
fn weight(session: SessionId, credential: CredentialId) -> u64 {
    // The mixing step of SplitMix64 (Steele, Lea, Flood 2014). Whoever could choose both ids could
    // choose the credential, and would gain nothing by it.
    let ((high, low), (above, below)) = (session.0.as_u64_pair(), credential.0.as_u64_pair());
    let mut z = (high ^ below.rotate_left(17)).wrapping_add(low.rotate_left(32) ^ above);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Chooses for a conversation. `bound` is the credential it moved to before, if it did.
pub fn choose(
    members: &[(CredentialId, Fit)],
    bound: Option<CredentialId>,
    session: SessionId,
) -> Choice {
    let mut ready = Best::default();
    let mut all = Best::default();
    let (mut cooling, mut stale) = (None::<Timestamp>, None::<Timestamp>);
    for (place, (id, fit)) in members.iter().enumerate() {
        let weight = weight(session, *id);
        all.see(place, weight);
        match fit {
            Fit::Ready if Some(*id) == bound => ready.see(place, u64::MAX),
            Fit::Ready => ready.see(place, weight),
            Fit::Cooling(until) => cooling = Some(cooling.map_or(*until, |at| at.min(*until))),
            Fit::Stale(since) => stale = stale.max(Some(*since)),
        }
    }
    match (ready.first, cooling) {
        (Some((first, _)), _) => Choice::Draw {
            first,
            second: ready.second.map(|(place, _)| place),
            natural: all.first.map(|(place, _)| place) == Some(first),
        },
        (None, Some(until)) => Choice::Cooling(until),
        (None, None) => Choice::Stale(stale.unwrap_or_default()),
    }
}

/// The two heaviest places.
#[derive(Default)]
struct Best {
    first: Option<(usize, u64)>,
    second: Option<(usize, u64)>,
}

impl Best {
    fn see(&mut self, place: usize, weight: u64) {
        let heavier = |than: Option<(usize, u64)>| than.is_none_or(|(_, other)| weight > other);
        if heavier(self.first) {
            self.second = self.first;
            self.first = Some((place, weight));
        } else if heavier(self.second) {
            self.second = Some((place, weight));
        }
    }
}

#[cfg(test)]
mod tests;
