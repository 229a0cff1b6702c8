//! Which of several interchangeable credentials a conversation draws on: a pure state machine.
//!
//! A conversation stays with one credential, because that is where the provider's cache of its prompt
//! is. Which one follows from the two ids alone, on every replica alike, so that nothing has to be
//! remembered until a credential fails; only what moved then is. Failures are charged to the credential
//! that failed and to no other.

mod choice;
mod outlook;

use std::time::Duration;

pub use self::choice::{Choice, Order, choose};
pub use self::outlook::{Outlook, Useless};
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

impl Verdict {
    /// The status that a provider turned the credential away with; absent where it took it.
    pub const fn status(self) -> Option<u16> {
        match self {
            Self::Taken => None,
            Self::Limited(_) => Some(429),
            Self::Refused => Some(401),
        }
    }
}

/// When a provider last turned a credential away, and with what status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastRefusal {
    /// The HTTP status.
    pub status: u16,
    /// When.
    pub at: Timestamp,
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
    /// It could, and has no room for another call now.
    Full,
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

#[cfg(test)]
mod tests;
