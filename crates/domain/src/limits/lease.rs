//! Pieces of a budget that several replicas spend of, each without asking.
//!
//! The books are kept in one place: what was spent of a budget, and what each replica holds of the
//! rest. Their sum never exceeds the budget. A replica spends only of what it holds, asks for more when
//! it falls short, and gives back what it does not need.

use std::time::Duration;

use crate::money::Money;

/// How long the books keep for a replica what it holds without hearing of it.
pub const LIFETIME: Duration = Duration::from_mins(2);
/// How often a replica says that it still holds what it holds.
pub(crate) const RENEW: Duration = Duration::from_secs(20);
/// When a replica stops spending what it could not renew: well before others may have it.
pub(crate) const EXPIRE: Duration = Duration::from_secs(100);
/// After how long without a call everything is given back.
pub(crate) const QUIET: Duration = Duration::from_secs(30);

/// What the books say of one budget, for one of its replicas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Books {
    /// How much the budget is.
    pub budget: Money,
    /// What was spent of it by calls that are stored.
    pub spent: Money,
    /// What this replica holds.
    pub mine: Money,
    /// What the others hold.
    pub others: Money,
}

/// What a replica has to say at a look into the books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Claim {
    /// What ended calls that are not stored cost, and open ones may.
    pub need: Money,
    /// By how much the largest call that was turned away fell short.
    pub shortfall: Money,
    /// What it held and has promised not to use any more.
    pub back: Money,
}

/// What the books answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Leased {
    /// What this replica holds from now on.
    pub held: Money,
    /// What was spent by calls that are stored.
    pub spent: Money,
    /// What is neither spent nor held here.
    pub outside: Money,
    /// Whether nobody holds a part of it, so that there is more to be had.
    pub more: bool,
}

impl Books {
    /// What the replica may hold at most.
    fn room(&self) -> Money {
        let rest = self.budget.saturating_sub(self.spent);
        rest.saturating_sub(self.others).max(Money::ZERO)
    }

    /// How the replica's holding changes: by what it gives back, then up to what it needs and a cushion
    /// for the calls to come. The cushion is the replica's share of half of what is left, so it is large
    /// while there is much and fine grained towards the end.
    ///
    /// It grows only within what nobody holds; a budget that was lowered takes back what is not needed.
    pub fn settle(&self, claim: Claim, replicas: u32) -> Leased {
        let kept = self.mine.saturating_sub(claim.back).max(Money::ZERO);
        let room = self.room();
        let wanted = claim.need.saturating_add(
            cushion(room.saturating_sub(claim.need), replicas).max(claim.shortfall),
        );
        let grown = if claim.back > Money::ZERO {
            kept
        } else {
            kept.max(wanted)
        };
        let held = grown.min(room).max(kept.min(claim.need));
        let outside = self
            .budget
            .saturating_sub(self.spent)
            .saturating_sub(held)
            .max(Money::ZERO);
        Leased {
            held,
            spent: self.spent,
            outside,
            more: held < room,
        }
    }
}

/// A replica's share of half of `left`.
pub(crate) fn cushion(left: Money, replicas: u32) -> Money {
    Money(left.0.max(0) / (2 * i64::from(replicas.max(1))))
}

#[cfg(test)]
mod tests;
