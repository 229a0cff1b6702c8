//! What strangers cannot make us do again and again: carry codes to the identity provider, and fill the
//! audit trail.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use tollhouse_domain::oidc::{ATTEMPT, SKEW};
use tollhouse_domain::time::Timestamp;

use super::WINDOW;

/// Codes that this replica redeems within [`WINDOW`].
const MOST_REDEMPTIONS: u32 = 300;
/// Attempts that are remembered as used: more than can be redeemed while one of them would still count.
const MOST_USED: usize = 4096;
/// Refusals of strangers that are noted within [`WINDOW`].
const MOST_NOTES: u32 = 60;

/// So much in a minute.
struct Rate {
    most: u32,
    since: Timestamp,
    count: u32,
}

impl Rate {
    fn of(most: u32) -> Self {
        Self {
            most,
            since: Timestamp(0),
            count: 0,
        }
    }

    /// Counts one more, or says how long to wait.
    fn take(&mut self, now: Timestamp) -> Result<(), Duration> {
        if now.since(self.since) >= WINDOW {
            (self.since, self.count) = (now, 0);
        }
        if self.count >= self.most {
            return Err(self.since.plus(WINDOW).since(now));
        }
        self.count += 1;
        Ok(())
    }
}

/// Why a code is not carried to the provider.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::admin) enum Unredeemed {
    /// The attempt has had its answer.
    Used,
    /// There were too many lately.
    TooSoon(Duration),
}

/// The attempts that had their answer, each once.
pub(super) struct Redemptions {
    rate: Rate,
    used: HashSet<String>,
    order: VecDeque<(Timestamp, String)>,
}

impl Default for Redemptions {
    fn default() -> Self {
        Self {
            rate: Rate::of(MOST_REDEMPTIONS),
            used: HashSet::new(),
            order: VecDeque::new(),
        }
    }
}

impl Redemptions {
    /// Takes the one answer to the attempt with this state.
    pub(super) fn take(&mut self, state: &str, now: Timestamp) -> Result<(), Unredeemed> {
        let over = |at: Timestamp| now.since(at) >= ATTEMPT + SKEW;
        while let Some((at, _)) = self.order.front()
            && (over(*at) || self.order.len() >= MOST_USED)
            && let Some((_, gone)) = self.order.pop_front()
        {
            self.used.remove(&gone);
        }
        if self.used.contains(state) {
            return Err(Unredeemed::Used);
        }
        self.rate.take(now).map_err(Unredeemed::TooSoon)?;
        self.used.insert(state.to_owned());
        self.order.push_back((now, state.to_owned()));
        Ok(())
    }
}

/// Which refusals of strangers are noted.
pub(super) struct Notes {
    rate: Rate,
    left_out: u64,
}

impl Default for Notes {
    fn default() -> Self {
        Self {
            rate: Rate::of(MOST_NOTES),
            left_out: 0,
        }
    }
}

impl Notes {
    /// Whether one more is noted: then, how many were left out before it.
    pub(super) fn take(&mut self, now: Timestamp) -> Option<u64> {
        if self.rate.take(now).is_ok() {
            return Some(std::mem::take(&mut self.left_out));
        }
        self.left_out += 1;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_secs(1_000 + second)
    }

    #[test]
    fn an_attempt_has_one_answer_for_as_long_as_it_counts() {
        let mut redemptions = Redemptions::default();
        for (state, second, expected) in [
            ("a", 0, Ok(())),
            ("a", 0, Err(Unredeemed::Used)),
            ("b", 1, Ok(())),
            ("a", 659, Err(Unredeemed::Used)),
            ("a", 660, Ok(())),
            ("b", 660, Err(Unredeemed::Used)),
            ("a", 661, Err(Unredeemed::Used)),
        ] {
            let taken = redemptions.take(state, at(second));
            assert_eq!(taken, expected, "{state} at {second}");
        }
    }

    #[test]
    fn many_attempts_have_to_wait_and_are_not_used_up_by_that() {
        let mut redemptions = Redemptions::default();
        for number in 0..MOST_REDEMPTIONS {
            assert_eq!(redemptions.take(&number.to_string(), at(0)), Ok(()));
        }
        let wait = Unredeemed::TooSoon(Duration::from_secs(50));
        assert_eq!(redemptions.take("one more", at(10)), Err(wait));
        assert_eq!(redemptions.take("0", at(10)), Err(Unredeemed::Used));
        assert_eq!(redemptions.take("one more", at(60)), Ok(()));
    }

    #[test]
    fn remembers_a_bounded_number() {
        let mut redemptions = Redemptions::default();
        redemptions.rate.most = u32::MAX;
        for number in 0..2 * MOST_USED {
            assert_eq!(redemptions.take(&number.to_string(), at(0)), Ok(()));
        }
        assert_eq!(redemptions.used.len(), MOST_USED);
        assert_eq!(redemptions.order.len(), MOST_USED);
    }

    #[test]
    fn says_how_many_refusals_it_left_out() {
        let mut notes = Notes::default();
        for _ in 0..MOST_NOTES {
            assert_eq!(notes.take(at(0)), Some(0));
        }
        for second in [0, 1, 59] {
            assert_eq!(notes.take(at(second)), None);
        }
        assert_eq!(notes.take(at(60)), Some(3));
        assert_eq!(notes.take(at(61)), Some(0));
    }
}
