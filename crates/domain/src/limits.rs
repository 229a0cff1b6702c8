//! What a key, a user, an organization or the whole gateway may use: rates, concurrency, money.
//!
//! [`admit`] is the one decision: over every scope of a call, before it is carried out. What it takes
//! is settled when the call has ended, whichever way.

mod funds;
mod headcount;
mod lease;
mod period;
mod purse;
mod rate;
mod scope;
mod share;
mod state;
mod worst_case;

pub use funds::{Funds, Lack};
pub use headcount::{BEAT, Headcount, SILENCE};
pub use lease::{Books, Claim, LIFETIME, Leased};
pub use period::{Period, day};
pub use purse::Purse;
pub use rate::{Rate, Taken};
pub use scope::Scope;
pub use share::share;
pub use state::{
    Ask, COUNTED, Caps, Denied, HELD, Hold, Now, Party, RateLimit, Real, Rules, ScopeState, admit,
};
pub use worst_case::{Asks, Assumptions, Estimate, worst_case};

use serde::{Deserialize, Serialize};

use crate::money::Money;

/// Rates and concurrency; what is absent is not limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Calls in any sixty seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rpm: Option<u32>,
    /// Tokens, in and out, in any sixty seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tpm: Option<u64>,
    /// Calls open at the same time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u32>,
}

impl Limits {
    /// These limits, and `usual` ones where they say nothing.
    #[must_use]
    pub fn or(self, usual: Self) -> Self {
        Self {
            rpm: self.rpm.or(usual.rpm),
            tpm: self.tpm.or(usual.tpm),
            concurrency: self.concurrency.or(usual.concurrency),
        }
    }

    /// Whether nothing is limited.
    pub fn is_unlimited(&self) -> bool {
        *self == Self::default()
    }
}

/// What a budget is counted over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BudgetWindow {
    /// A calendar day, UTC.
    Day,
    /// A week from Monday, UTC.
    Week,
    /// A calendar month, UTC.
    Month,
    /// Always: what was spent never comes back.
    Total,
    /// Each conversation by itself, sub-agents included.
    Session,
}

impl BudgetWindow {
    /// Every window, for tables and tests.
    pub const ALL: [Self; 5] = [
        Self::Day,
        Self::Week,
        Self::Month,
        Self::Total,
        Self::Session,
    ];

    /// As printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Total => "total",
            Self::Session => "session",
        }
    }
}

/// The most that calls may cost in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// How much.
    pub usd: Money,
    /// In what time.
    pub window: BudgetWindow,
}

#[cfg(test)]
mod tests;
