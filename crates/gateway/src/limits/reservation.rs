//! What an open call holds, from its admission to its end.

use std::sync::Arc;

use tollhouse_domain::limits::{Caps, Hold, Real, Scope};
use tollhouse_domain::money::Money;
use tollhouse_domain::time::Timestamp;

use super::{Limiter, Shared, Standing, Warning, lock};

/// What an open call holds. Dropping it lets go of all of it, as if nothing had been used.
pub(crate) struct Reservation {
    limiter: Arc<Limiter>,
    held: Vec<(Scope, Caps, Shared, Hold)>,
    at: Timestamp,
    /// The most tokens it can take.
    tokens: u64,
    /// The most it can cost, and what not even a full context costs; nothing where nothing is priced.
    worst: Option<(Money, Money)>,
    /// Whether the call counts even if nobody is asked.
    counted: bool,
}

impl Reservation {
    pub(super) const fn new(
        limiter: Arc<Limiter>,
        held: Vec<(Scope, Caps, Shared, Hold)>,
        at: Timestamp,
    ) -> Self {
        Self {
            limiter,
            held,
            at,
            tokens: 0,
            worst: None,
            counted: false,
        }
    }

    /// Notes what the call can take at most.
    pub(super) const fn bounded(mut self, tokens: u64, worst: Option<(Money, Money)>) -> Self {
        self.tokens = tokens;
        self.worst = worst;
        self
    }

    /// Lets the call count, whether or not anybody is asked.
    pub(crate) const fn count_in(&mut self) {
        self.counted = true;
    }

    /// Whether the call counts even if nobody was asked.
    pub(crate) const fn is_counted(&self) -> bool {
        self.counted
    }

    /// Whether any budget holds money for the call.
    pub(crate) fn is_budgeted(&self) -> bool {
        self.held.iter().any(|(_, caps, _, _)| !caps.is_empty())
    }

    /// What is held.
    pub(crate) fn worst(&self) -> Option<Money> {
        self.worst.map(|(cost, _)| cost)
    }

    /// The most tokens that the call can take.
    pub(crate) const fn tokens(&self) -> u64 {
        self.tokens
    }

    /// Whether a call cannot have cost so much.
    pub(crate) fn is_absurd(&self, cost: Money) -> bool {
        cost < Money::ZERO || self.worst.is_some_and(|(_, ceiling)| cost > ceiling)
    }

    /// The budget of the call that is the most used up, for a client that warns of it.
    pub(crate) fn warning(&self) -> Option<Warning> {
        let standings = self.standings();
        let warnings = standings.iter().filter_map(Warning::of);
        warnings.max_by_key(|warning| warning.hundredths)
    }

    /// Ends the call: lets go of what it held, and counts what it used.
    pub(crate) fn settle(mut self, real: Real) {
        let (limiter, tick) = (Arc::clone(&self.limiter), self.limiter.tick());
        let held = std::mem::take(&mut self.held);
        for (_, _, shared, hold) in &held {
            lock(shared).settle(*hold, real, tick);
        }
        if real.cost > Money::ZERO {
            for (scope, caps, ..) in held.iter().filter(|(_, caps, ..)| !caps.is_empty()) {
                limiter.watch(&limiter.standing(*scope, *caps, self.at), self.at);
            }
        }
    }

    fn standings(&self) -> Vec<Standing> {
        let standing = |(scope, caps, ..): &(Scope, Caps, Shared, Hold)| {
            self.limiter.standing(*scope, *caps, self.at)
        };
        self.held.iter().flat_map(standing).collect()
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let tick = self.limiter.tick();
        for (_, _, shared, hold) in self.held.drain(..) {
            lock(&shared).release(hold, tick);
        }
    }
}
