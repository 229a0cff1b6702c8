//! How many replicas there are, as one of them counts them.

use std::time::Duration;

/// How often a replica says that it is alive.
pub const BEAT: Duration = Duration::from_secs(1);
/// After how long without a word a replica is taken for dead.
pub const SILENCE: Duration = Duration::from_secs(10);
/// A replica that has not heard itself for so long may have missed the others for as long.
const GAP: Duration = Duration::from_secs(3);

/// The number of live replicas.
///
/// A higher number is believed at once. A lower one is believed by whoever has counted without a gap for
/// as long as it takes a replica to be taken for dead: after an outage of the database the first to come
/// back finds all others silent, and they are not dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Headcount {
    alive: u32,
    /// When it was counted last.
    last: Duration,
    /// Since when it was counted without a gap.
    since: Duration,
}

impl Headcount {
    /// The first count, at `now`. There was none before, so there is nothing to keep.
    pub const fn new(counted: u32, now: Duration) -> Self {
        Self {
            alive: counted,
            last: now,
            since: now,
        }
    }

    /// Takes in what was counted at `now`; the number that holds from then on.
    pub fn heard(&mut self, counted: u32, now: Duration) -> u32 {
        if now.saturating_sub(self.last) > GAP {
            self.since = now;
        }
        self.last = now;
        let steady = now.saturating_sub(self.since) >= SILENCE;
        if counted > self.alive || steady {
            self.alive = counted;
        }
        self.alive
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What holds after each of these counts, at these seconds.
    fn numbers(first: u32, counts: &[(u64, u32)]) -> Vec<u32> {
        let mut count = Headcount::new(first, Duration::ZERO);
        let heard = |&(at, counted)| count.heard(counted, Duration::from_secs(at));
        counts.iter().map(heard).collect()
    }

    #[test]
    fn more_is_believed_at_once_and_fewer_after_a_steady_while() {
        let beats = |from: u64, to: u64, counted: u32| (from..to).map(move |at| (at, counted));
        let steady: Vec<_> = beats(1, 20, 3).chain([(20, 2)]).collect();
        assert_eq!(numbers(3, &steady).last(), Some(&2), "one died");
        assert_eq!(numbers(1, &[(1, 3)]), [3], "two joined");
        // The database was away from 20 to 50; the others come back a little later.
        let outage = beats(1, 20, 3).chain([(50, 1), (51, 2), (52, 3)]);
        let outage: Vec<_> = outage.collect();
        assert_eq!(numbers(3, &outage)[19..], [3, 3, 3]);
        // One of them does not.
        let lost: Vec<_> = beats(1, 20, 3)
            .chain([(50, 1)])
            .chain(beats(51, 62, 2))
            .collect();
        let heard = numbers(3, &lost);
        assert_eq!(heard[19..29], [3; 10]);
        assert_eq!(heard[29..], [2; 2]);
    }
}
