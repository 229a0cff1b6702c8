//! The money of one budget in one period: reserved before a call, settled after it.
//!
//! What may be spent here is granted. A gateway that is alone is granted the whole budget; one of
//! several is granted pieces of it, and asks for more when it falls short. Nothing here goes below
//! zero, and nothing is given out twice: `used + reserved <= granted` holds after every reservation.

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
    /// What of the budget is neither spent nor granted here, and so might still be.
    outside: Money,
    /// By how much the largest call that was turned away fell short.
    shortfall: Money,
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

    /// The store has taken over `amount` of what was used: it is spent, and no longer granted.
    pub fn stored(&mut self, amount: Money) {
        self.used = self.used.saturating_sub(amount).max(Money::ZERO);
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
