//! Cooldown of a target: a pure state machine.
//!
//! A cooling target is tried after those that are not; it is never refused outright, so a route with
//! one target behaves as if there were no cooldown. What counts is what the target itself did: a
//! client's bad request says nothing about it.

use std::time::Duration;

use crate::time::Timestamp;

/// The first pause after a failure; doubles with each further one.
pub const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause that failures earn.
pub const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// The pause after a 429 that names none.
pub const RATE_LIMIT_PAUSE: Duration = Duration::from_secs(5);
/// The longest pause that a 429 may ask for here.
pub const LONGEST_RATE_LIMIT_PAUSE: Duration = Duration::from_mins(5);

/// What a call learned about its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// It answered, if only to say that the request was wrong.
    Answered,
    /// No connection, no answer, or a 5xx.
    Failed,
    /// 429, with the pause it asked for.
    RateLimited(Option<Duration>),
}

/// What is remembered of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Health {
    failures: u32,
    until: Option<Timestamp>,
}

impl Health {
    /// The state after `signal` at `now`.
    #[must_use]
    pub fn on(self, signal: Signal, now: Timestamp) -> Self {
        match signal {
            Signal::Answered => Self::default(),
            Signal::Failed => {
                let doublings = self.failures.min(16);
                let pause = FIRST_PAUSE
                    .saturating_mul(1 << doublings)
                    .min(LONGEST_PAUSE);
                Self {
                    failures: self.failures.saturating_add(1),
                    until: Some(now.plus(pause)),
                }
            }
            Signal::RateLimited(asked) => {
                let pause = asked
                    .unwrap_or(RATE_LIMIT_PAUSE)
                    .min(LONGEST_RATE_LIMIT_PAUSE);
                Self {
                    failures: self.failures,
                    until: Some(now.plus(pause)),
                }
            }
        }
    }

    /// Until when the target is better left alone, if it is.
    pub fn cooling(&self, now: Timestamp) -> Option<Timestamp> {
        self.until.filter(|until| *until > now)
    }

    /// Whether there is nothing to remember.
    pub fn is_fresh(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_000);

    #[test]
    fn failures_pause_longer_and_an_answer_ends_it() {
        let mut health = Health::default();
        let mut pauses = Vec::new();
        for _ in 0..8 {
            health = health.on(Signal::Failed, NOW);
            pauses.push(health.cooling(NOW).unwrap().since(NOW).as_secs());
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert!(health.on(Signal::Answered, NOW).is_fresh());
    }

    #[test]
    fn a_rate_limit_waits_as_asked_within_bounds() {
        let until = |asked| {
            let health = Health::default().on(Signal::RateLimited(asked), NOW);
            health.cooling(NOW).unwrap().since(NOW)
        };
        assert_eq!(until(Some(Duration::from_secs(7))), Duration::from_secs(7));
        assert_eq!(until(None), RATE_LIMIT_PAUSE);
        assert_eq!(
            until(Some(Duration::from_secs(9_999))),
            LONGEST_RATE_LIMIT_PAUSE
        );
    }

    proptest! {
        #[test]
        fn never_cools_longer_than_the_bound(
            signals in proptest::collection::vec((0u8..3, 0u64..100_000), 0..50),
        ) {
            let mut health = Health::default();
            let mut now = NOW;
            for (kind, seconds) in signals {
                now = now.plus(Duration::from_secs(seconds % 10));
                let asked = Some(Duration::from_secs(seconds));
                let signal = [Signal::Answered, Signal::Failed, Signal::RateLimited(asked)];
                health = health.on(signal[usize::from(kind)], now);
                if let Some(until) = health.cooling(now) {
                    prop_assert!(until.since(now) <= LONGEST_RATE_LIMIT_PAUSE);
                }
            }
        }
    }
}
