//! When an identity provider is asked anew where it is and which keys it has.

use std::time::Duration;

use crate::time::Timestamp;

/// How long what a provider said of itself is believed: a key that it takes back is not taken for longer.
pub const FRESH: Duration = Duration::from_hours(1);
/// How long nobody asks a provider that did not answer: it may be slow, and many may be waiting.
pub const PAUSE: Duration = Duration::from_secs(5);
/// How often tokens that are signed with unknown keys make us ask for the keys.
pub const AGAIN: Duration = Duration::from_mins(1);

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Go by what it said.
    Use,
    /// Ask it.
    Ask,
    /// It did not answer a moment ago.
    Wait,
}

/// When a provider was asked what.
#[derive(Debug, Clone, Copy, Default)]
pub struct Freshness {
    found: Option<Timestamp>,
    failed: Option<Timestamp>,
    again: Option<Timestamp>,
}

impl Freshness {
    /// What is to be done at `now`.
    pub fn step(&self, now: Timestamp) -> Step {
        if within(self.found, FRESH, now) {
            Step::Use
        } else if within(self.failed, PAUSE, now) {
            Step::Wait
        } else {
            Step::Ask
        }
    }

    /// It answered.
    pub fn found(&mut self, now: Timestamp) {
        (self.found, self.failed) = (Some(now), None);
    }

    /// It did not.
    pub fn failed(&mut self, now: Timestamp) {
        self.failed = Some(now);
    }

    /// Whether an unknown key is worth asking it once more. If so, that is remembered.
    pub fn again(&mut self, now: Timestamp) -> bool {
        let asks = !within(self.again, AGAIN, now);
        if asks {
            self.again = Some(now);
        }
        asks
    }
}

fn within(since: Option<Timestamp>, limit: Duration, now: Timestamp) -> bool {
    since.is_some_and(|since| now.since(since) < limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_secs(1_000_000 + second)
    }

    #[test]
    fn asks_when_there_is_need_and_waits_after_a_failure() {
        let mut fresh = Freshness::default();
        assert_eq!(fresh.step(at(0)), Step::Ask);
        fresh.failed(at(0));
        for (second, expected) in [(0, Step::Wait), (4, Step::Wait), (5, Step::Ask)] {
            assert_eq!(fresh.step(at(second)), expected, "{second}");
        }
        fresh.found(at(5));
        for (second, expected) in [(5, Step::Use), (3604, Step::Use), (3605, Step::Ask)] {
            assert_eq!(fresh.step(at(second)), expected, "{second}");
        }
        fresh.failed(at(3605));
        assert_eq!(fresh.step(at(3606)), Step::Wait);
    }

    #[test]
    fn an_unknown_key_asks_once_a_minute() {
        let mut fresh = Freshness::default();
        fresh.found(at(0));
        let asked: Vec<i64> = (0..180).filter(|second| fresh.again(at(*second))).collect();
        assert_eq!(asked, [0, 60, 120]);
    }
}
