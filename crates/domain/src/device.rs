//! Letting a device in by a code that somebody types elsewhere, as RFC 8628 has it.
//!
//! A device asks for two codes: a long one that it keeps, and a short one that it shows. Whoever is
//! signed in types the short one and says yes or no; the device asks with the long one until it knows.
//! What is stored of it is read and written by several replicas, so each answer follows from one row.

use std::time::Duration;

use crate::time::Timestamp;

/// How long a code may be typed, and asked about.
pub const LIFE: Duration = Duration::from_mins(10);
/// How long a device waits between two questions, to begin with.
pub const INTERVAL: Duration = Duration::from_secs(5);
/// How much longer it waits after it was too quick.
pub const SLOWER: Duration = Duration::from_secs(5);
/// How much too early a question may come: two that were asked in time can arrive closer together.
pub const TOLERANCE: Duration = Duration::from_secs(1);
/// How long the token works that a device gets.
pub const TOKEN_LIFE: Duration = Duration::from_hours(90 * 24);
/// Devices that may wait at the same time.
pub const MOST_OPEN: u32 = 4096;

/// What has become of a device's question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Nobody answered yet.
    Pending,
    /// Somebody said yes, and the device does not know yet.
    Approved,
    /// Somebody said no.
    Denied,
    /// The device has its token.
    Used,
}

impl Status {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Used => "used",
        }
    }

    /// Reads what [`Self::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let all = [Self::Pending, Self::Approved, Self::Denied, Self::Used];
        all.into_iter().find(|status| status.as_str() == text)
    }
}

/// A device's question, as far as time and answers go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// What has become of it.
    pub status: Status,
    /// When the device began to ask.
    pub created_at: Timestamp,
    /// When it last asked.
    pub polled_at: Option<Timestamp>,
    /// How long it has to wait from then.
    pub interval: Duration,
}

/// What a device that asks is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Poll {
    /// Here is a token.
    Granted,
    /// Nobody answered yet.
    Pending,
    /// This was too soon; wait longer from now on.
    SlowDown,
    /// Somebody said no.
    Denied,
    /// The time is over.
    Expired,
    /// The token was given out before, and is given once.
    Used,
}

impl Grant {
    /// A question that begins.
    pub const fn begin(now: Timestamp) -> Self {
        Self {
            status: Status::Pending,
            created_at: now,
            polled_at: None,
            interval: INTERVAL,
        }
    }

    /// When nobody can answer it any more.
    pub fn expires_at(self) -> Timestamp {
        self.created_at.plus(LIFE)
    }

    /// Whether somebody may still say yes or no.
    pub fn is_open(self, now: Timestamp) -> bool {
        self.status == Status::Pending && now < self.expires_at()
    }

    /// What the device is told that asks at `now`, and what is remembered of it. Being too quick never
    /// hides a no or the end: whoever hears of those stops.
    pub fn poll(mut self, now: Timestamp) -> (Poll, Self) {
        match self.status {
            Status::Used => return (Poll::Used, self),
            Status::Denied => return (Poll::Denied, self),
            Status::Pending | Status::Approved if now >= self.expires_at() => {
                return (Poll::Expired, self);
            }
            Status::Pending | Status::Approved => {}
        }
        let wait = self.interval.saturating_sub(TOLERANCE);
        let early = self.polled_at.is_some_and(|last| now.since(last) < wait);
        self.polled_at = Some(now);
        if early {
            self.interval = (self.interval + SLOWER).min(LIFE);
            return (Poll::SlowDown, self);
        }
        match self.status {
            Status::Approved => (Poll::Granted, self),
            Status::Pending | Status::Denied | Status::Used => (Poll::Pending, self),
        }
    }
}

/// Letters of a code that is typed: no vowels, so that it spells nothing, and none that look like another.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// How many of them.
const LENGTH: usize = 8;

/// A code that is typed, made of random bytes: `XXXX-XXXX`. `None` when there were too few of use,
/// which of 32 never happens in practice.
pub fn code(random: &[u8]) -> Option<String> {
    // Bytes from the last, incomplete twenty would make some letters more likely.
    let fair = |byte: &&u8| usize::from(**byte) < 256 / LETTERS.len() * LETTERS.len();
    let letters = random.iter().filter(fair);
    let letters = letters.map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]));
    spaced(letters.take(LENGTH))
}

/// The code that somebody typed: in any case, with or without spaces and dashes.
pub fn read_code(text: &str) -> Option<String> {
    let letters = text.chars().filter(|c| !c.is_whitespace() && *c != '-');
    // One more than there may be shows that there are too many.
    let letters: Vec<char> = letters
        .map(|c| c.to_ascii_uppercase())
        .take(LENGTH + 1)
        .collect();
    let known = |c: &char| u8::try_from(*c).is_ok_and(|byte| LETTERS.contains(&byte));
    (letters.len() == LENGTH && letters.iter().all(known)).then_some(())?;
    spaced(letters.into_iter())
}

fn spaced(letters: impl Iterator<Item = char>) -> Option<String> {
    let mut text = String::with_capacity(LENGTH + 1);
    for (at, letter) in letters.enumerate() {
        if at == LENGTH / 2 {
            text.push('-');
        }
        text.push(letter);
    }
    (text.len() == LENGTH + 1).then_some(text)
}

#[cfg(test)]
mod tests;
