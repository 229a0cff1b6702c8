//! The money of one budget in one period: reserved before a call, settled after it.
//!
//! What may be spent here is granted. A gateway that is alone is granted the whole budget; one of
//! several is granted pieces of it (see [`Leased`]), and asks for more when it falls short. Nothing here
//! goes below zero, and nothing is given out twice: `used + reserved <= granted` holds after every
//! reservation, but for one: while it is not known that nothing is left, a replica that falls short may
//! let one call through on credit, and no other until that is covered.

use std::time::Duration;

use crate::limits::lease::{EXPIRE, QUIET, RENEW, cushion};
use crate::limits::{Claim, Leased};
use crate::money::Money;

/// The money of one budget in one period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Funds {
    /// What may be spent here, what was spent included.
    granted: Money,
    /// What ended calls cost.
    used: Money,
    /// What open calls may cost at most.
    reserved: Money,
    /// What was spent by calls that are stored, where money is granted piece by piece.
    stored: Money,
    /// What of the budget is neither spent nor granted here, and so might still be.
    outside: Money,
    /// By how much the largest call that was turned away fell short.
    shortfall: Money,
    /// Where money is granted piece by piece: the budget, and how it stood at the last answer.
    lease: Option<Lease>,
}

/// What is known of a budget that others spend of too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Lease {
    budget: Money,
    /// Whether the books have been asked yet.
    answered: bool,
    /// Whether there may be more to be had.
    more: bool,
    /// When the last call came.
    called: Duration,
    /// When the books were last asked with success, or it began.
    renewed: Duration,
}

impl Lease {
    fn is_quiet(&self, now: Duration) -> bool {
        now.saturating_sub(self.called) > QUIET
    }
}

/// Why there is no money for a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lack {
    /// All of it is spent.
    Spent,
    /// There is some left, but this call alone could cost more.
    TooDear {
        /// What is left.
        left: Money,
    },
    /// There would be enough, if open calls did not hold it, or others did not.
    Held,
}

impl Funds {
    /// Grants the whole budget: nobody else spends of it.
    pub const fn grant_whole(&mut self, budget: Money) {
        self.granted = budget;
        self.outside = Money::ZERO;
    }

    /// Says how much the budget is of which pieces are granted, for a call that comes at `now`.
    pub fn lease(&mut self, budget: Money, now: Duration) {
        let fresh = Lease {
            budget,
            answered: false,
            more: true,
            called: now,
            renewed: now,
        };
        if self.lease.is_none() {
            self.outside = budget.saturating_sub(self.stored).max(Money::ZERO);
        }
        let lease = self.lease.get_or_insert(fresh);
        lease.called = now;
        let (before, stored) = (lease.budget, self.stored);
        if before == budget {
            return;
        }
        // It holds from the next call on: what is known here moves with it until the books answer.
        lease.more |= before < budget;
        lease.budget = budget;
        lease.answered = false;
        let change = budget.saturating_sub(before);
        self.outside = self.outside.saturating_add(change).max(Money::ZERO);
        let left = budget.saturating_sub(stored).max(self.need());
        self.granted = self.granted.min(left);
    }

    /// How much the budget is of which pieces are granted, if that is how it is.
    pub fn leased(&self) -> Option<Money> {
        self.lease.map(|lease| lease.budget)
    }

    /// What was spent of it anywhere, as far as is known here.
    pub fn spent(&self) -> Money {
        self.stored.saturating_add(self.used)
    }

    /// What is to be told to the books in this round, if anything: that it falls short, holds more than
    /// it needs, or, in time, that it is still here. What is given back is not used from this moment on.
    pub fn claim(&mut self, replicas: u32, now: Duration) -> Option<Claim> {
        let lease = self.lease?;
        let (quiet, answered) = (lease.is_quiet(now), lease.answered);
        let renew = now.saturating_sub(lease.renewed) >= RENEW;
        let keep = if quiet {
            Money::ZERO
        } else {
            self.cushion(replicas).max(self.shortfall)
        };
        let surplus = self.available().saturating_sub(keep).max(Money::ZERO);
        // Small change is not worth the rewriting of a row.
        let back = if quiet || surplus.0 > keep.0 / 4 {
            self.withdraw(surplus)
        } else {
            Money::ZERO
        };
        let due = renew && (self.granted > Money::ZERO || self.need() > Money::ZERO);
        let says = due || back > Money::ZERO || !answered || self.is_short(replicas);
        says.then(|| Claim {
            need: self.need(),
            shortfall: self.shortfall,
            back,
        })
    }

    /// Whether more is wanted, and there may be some.
    pub fn is_short(&self, replicas: u32) -> bool {
        let Some(lease) = self.lease else {
            return false;
        };
        if self.shortfall > Money::ZERO || !lease.answered {
            return true;
        }
        let lacking =
            self.need() > self.granted || self.available().0 < self.cushion(replicas).0 / 2;
        lease.more && lacking
    }

    fn cushion(&self, replicas: u32) -> Money {
        let known = self.granted.saturating_add(self.outside);
        cushion(known.saturating_sub(self.need()), replicas)
    }

    /// Takes in what the books answered to what they were asked at `asked`.
    pub fn answer(&mut self, answer: Leased, asked: Duration) {
        self.granted = answer.held;
        self.stored = answer.spent;
        self.outside = answer.outside;
        self.shortfall = Money::ZERO;
        if let Some(lease) = &mut self.lease {
            lease.answered = true;
            lease.renewed = asked;
            lease.more = answer.more;
        }
    }

    /// Stops spending what could not be renewed in time: others may have it soon. Open calls run on.
    pub fn expire(&mut self, now: Duration) {
        let held = self.granted > Money::ZERO;
        let late = |lease: &&mut Lease| held && now.saturating_sub(lease.renewed) >= EXPIRE;
        if let Some(lease) = self.lease.as_mut().filter(late) {
            lease.more = false;
            let _gone = self.withdraw(self.available());
        }
    }

    /// Whether nothing is held, needed or likely to be soon, so that the books need not know of it.
    pub fn is_settled(&self, now: Duration) -> bool {
        let nothing = self.granted <= Money::ZERO && self.need() <= Money::ZERO;
        nothing && self.lease.is_none_or(|lease| lease.is_quiet(now))
    }

    fn need(&self) -> Money {
        self.used.saturating_add(self.reserved)
    }

    /// One call may go ahead of the money for it, while there may be some.
    fn on_credit(&self, amount: Money) -> bool {
        let known = self.granted.saturating_add(self.outside);
        let need = self.need().saturating_add(amount);
        let within = |lease: Lease| self.stored.saturating_add(need) <= lease.budget;
        let affordable = need <= known && self.lease.is_some_and(within);
        let more = self.lease.is_some_and(|lease| lease.more);
        more && affordable && self.need() <= self.granted
    }

    /// Grants more.
    pub const fn grant(&mut self, amount: Money) {
        self.granted = self.granted.saturating_add(amount);
        self.shortfall = Money::ZERO;
    }

    /// Takes back at most `amount` of what was granted and nobody holds; says how much that was.
    pub fn withdraw(&mut self, amount: Money) -> Money {
        let back = self.available().min(amount).max(Money::ZERO);
        self.granted = self.granted.saturating_sub(back);
        back
    }

    /// Learns how much of the budget is neither spent nor granted here.
    pub const fn set_outside(&mut self, amount: Money) {
        self.outside = amount;
    }

    /// Learns of `amount` that was spent before, where money is granted piece by piece.
    pub const fn learn(&mut self, amount: Money) {
        self.stored = self.stored.saturating_add(amount);
    }

    /// The store has taken over `amount` of what was used: it is spent, and no longer granted.
    pub fn stored(&mut self, amount: Money) {
        self.learn(amount);
        self.used = self.used.saturating_sub(amount).max(Money::ZERO);
        // What was spent on credit was never granted: it is gone from what others have.
        let ahead = amount.saturating_sub(self.granted).max(Money::ZERO);
        self.outside = self.outside.saturating_sub(ahead).max(Money::ZERO);
        self.granted = self.granted.saturating_sub(amount).max(Money::ZERO);
    }

    /// What a new call may reserve.
    pub fn available(&self) -> Money {
        let free = self.granted.saturating_sub(self.used);
        free.saturating_sub(self.reserved).max(Money::ZERO)
    }

    /// What may be spent here, what was spent included.
    pub const fn granted(&self) -> Money {
        self.granted
    }

    /// What ended calls cost.
    pub const fn used(&self) -> Money {
        self.used
    }

    /// What open calls may cost at most.
    pub const fn reserved(&self) -> Money {
        self.reserved
    }

    /// By how much the largest call that was turned away since the last grant fell short.
    pub const fn shortfall(&self) -> Money {
        self.shortfall
    }

    /// Whether a call that costs at most `amount` may be admitted. One that is free always may.
    pub fn fits(&mut self, amount: Money) -> Result<(), Lack> {
        let available = self.available();
        if amount <= available || amount <= Money::ZERO {
            return Ok(());
        }
        let missing = amount.saturating_sub(available);
        self.shortfall = self.shortfall.max(missing);
        if self.on_credit(amount) {
            return Ok(());
        }
        let here = self.granted.saturating_sub(self.used);
        let left = here.max(Money::ZERO).saturating_add(self.outside);
        Err(if left <= Money::ZERO {
            Lack::Spent
        } else if amount > left {
            Lack::TooDear { left }
        } else {
            Lack::Held
        })
    }

    /// Holds `amount`, which [`Funds::fits`] has allowed.
    pub fn reserve(&mut self, amount: Money) {
        self.reserved = self.reserved.saturating_add(amount.max(Money::ZERO));
    }

    /// Lets go of what was reserved.
    pub fn release(&mut self, reserved: Money) {
        let reserved = reserved.max(Money::ZERO);
        self.reserved = self.reserved.saturating_sub(reserved).max(Money::ZERO);
    }

    /// Counts what a call cost in the end.
    pub fn spend(&mut self, real: Money) {
        self.used = self.used.saturating_add(real.max(Money::ZERO));
    }
}
