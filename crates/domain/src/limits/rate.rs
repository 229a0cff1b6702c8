//! How much in any sixty seconds: an exact sliding window over slots of a second.

use std::time::Duration;

/// Two moments less than sixty seconds apart lie in slots at most sixty apart, so that one more slot
/// than there are seconds never lets more through than the limit, wherever the minute is laid.
const SLOTS: u64 = 61;
const RING: usize = 61;

/// What was taken in the last minute. Time is what passed since some fixed moment, and does not
/// run backwards: a clock that is set must not give a minute back.
#[derive(Debug, Clone)]
pub struct Rate {
    slots: [u64; RING],
    /// The second that the newest slot is of.
    newest: u64,
    sum: u64,
}

/// Something taken from a [`Rate`]: given back, it returns to the second it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    second: u64,
    amount: u64,
}

impl Taken {
    /// How much was taken.
    pub const fn amount(self) -> u64 {
        self.amount
    }
}

impl Default for Rate {
    fn default() -> Self {
        Self {
            slots: [0; RING],
            newest: 0,
            sum: 0,
        }
    }
}

impl Rate {
    /// Whether `amount` more fits under `limit` at `now`; if not, after how long it does. An amount
    /// above the whole limit never fits: ask for at most the limit.
    pub fn fits(&mut self, amount: u64, limit: u64, now: Duration) -> Result<(), Duration> {
        self.advance(now);
        let excess = self.sum.saturating_add(amount).saturating_sub(limit);
        if excess == 0 {
            return Ok(());
        }
        let oldest = (self.newest + 1).saturating_sub(SLOTS);
        let mut freed = 0;
        let enough = (oldest..=self.newest).find(|second| {
            freed += self.slots[slot(*second)];
            freed >= excess
        });
        let until = Duration::from_secs(enough.unwrap_or(self.newest) + SLOTS);
        Err(until.saturating_sub(now).max(Duration::from_millis(1)))
    }

    /// Takes `amount`, whether it fits or not.
    pub fn take(&mut self, amount: u64, now: Duration) -> Taken {
        self.advance(now);
        self.add(self.newest, amount);
        Taken {
            second: self.newest,
            amount,
        }
    }

    /// Puts the real amount in the place of what was taken. What was not used is free at once; what
    /// was used beyond it counts from now.
    pub fn settle(&mut self, taken: Taken, real: u64, now: Duration) {
        self.advance(now);
        if real >= taken.amount {
            self.add(self.newest, real - taken.amount);
        } else if taken.second + SLOTS > self.newest {
            let back = (taken.amount - real).min(self.slots[slot(taken.second)]);
            self.slots[slot(taken.second)] -= back;
            self.sum -= back;
        }
    }

    /// What was taken in the last minute.
    pub fn taken(&mut self, now: Duration) -> u64 {
        self.advance(now);
        self.sum
    }

    fn add(&mut self, second: u64, amount: u64) {
        let into = &mut self.slots[slot(second)];
        let amount = amount.min(u64::MAX - self.sum);
        *into += amount;
        self.sum += amount;
    }

    /// Forgets the seconds that are more than a minute past.
    fn advance(&mut self, now: Duration) {
        let now = now.as_secs();
        if now <= self.newest {
            return;
        }
        for second in (self.newest + 1..=now).take(RING) {
            let passed = std::mem::take(&mut self.slots[slot(second)]);
            self.sum -= passed;
        }
        self.newest = now;
    }
}

const fn slot(second: u64) -> usize {
    (second % SLOTS) as usize
}
