//! How a client's own credential stands with a provider: a pure state machine.
//!
//! A provider that refused a credential will refuse it again, and clients ask again and again: Claude
//! Code some three times, Codex five. So what was refused is not asked once more until a while has
//! passed. But a refusal may also be about what was asked for, and then the credential is good for the
//! rest:
//!
//! - A 401 closes what was asked for. Once a second thing was refused with no word between that the
//!   credential is good, it closes everything.
//! - A 403 says as often that the model or the country is the wrong one, so it closes nothing before it
//!   was said twice running of the same thing, and never anything else.
//! - Whatever else a provider answers says that it knows the credential.

use std::time::Duration;

use super::Asked;
use crate::time::Timestamp;

/// How long a refused credential is kept back before one call tries it all the same.
pub const AGAIN: Duration = Duration::from_mins(1);
/// How often 403 has to be said of the same thing.
const TWICE: u8 = 2;

/// How a credential was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// 401.
    Unauthorized,
    /// 403.
    Forbidden,
}

impl Refusal {
    /// The status it was said with.
    pub const fn status(self) -> u16 {
        match self {
            Self::Unauthorized => 401,
            Self::Forbidden => 403,
        }
    }
}

/// What a provider said of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// It knows it.
    Known,
    /// It refuses it.
    Refused(Refusal),
}

/// What is remembered of a credential that was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    asked: Asked,
    since: Timestamp,
    tried: Timestamp,
    how: Refusal,
    /// How often running, as far as that matters.
    times: u8,
    /// Whether everything is closed, and not only what was asked for.
    all: bool,
}

/// Why a credential is not shown to a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stale {
    /// How it was refused.
    pub how: Refusal,
    /// Since when.
    pub since: Timestamp,
    /// When it may be tried again.
    pub until: Timestamp,
}

/// How a credential stands after what a provider said to `asked` at `now`; `None` is well.
pub fn next(
    before: Option<Standing>,
    said: Said,
    asked: Asked,
    now: Timestamp,
) -> Option<Standing> {
    let how = match said {
        Said::Known => return before.filter(|known| known.asked != asked && !known.all),
        Said::Refused(how) => how,
    };
    let first = Standing {
        asked,
        since: now,
        tried: now,
        how,
        times: 1,
        all: false,
    };
    let Some(known) = before else {
        return Some(first);
    };
    Some(match (known.how, how) {
        (Refusal::Unauthorized, Refusal::Unauthorized) => Standing {
            tried: now,
            all: known.all || known.asked != asked,
            ..known
        },
        (Refusal::Forbidden, Refusal::Forbidden) if known.asked == asked => Standing {
            tried: now,
            times: known.times.saturating_add(1).min(TWICE),
            ..known
        },
        // What closes more stays; it may be the same refusal in other words.
        (Refusal::Unauthorized, Refusal::Forbidden) if known.asked != asked => known,
        _ => first,
    })
}

impl Standing {
    /// Whether `asked` is to be asked at `now`, and how the credential stands while it is: where it is
    /// tried again, others wait for what comes of it.
    ///
    /// # Errors
    /// Says since when the credential is refused.
    pub fn ask(self, asked: Asked, now: Timestamp) -> Result<Self, Stale> {
        let closed = match self.how {
            Refusal::Unauthorized => self.all || self.asked == asked,
            Refusal::Forbidden => self.times >= TWICE && self.asked == asked,
        };
        if !closed {
            return Ok(self);
        }
        let until = self.tried.plus(AGAIN);
        if now >= until {
            return Ok(Self { tried: now, ..self });
        }
        Err(Stale {
            how: self.how,
            since: self.since,
            until,
        })
    }
}

#[cfg(test)]
mod tests;
