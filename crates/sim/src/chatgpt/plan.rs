//! What an account's plan includes and how much of it is used.

use serde::{Deserialize, Serialize};

/// One window of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    pub used_percent: f64,
    pub window_minutes: u64,
    pub reset_after_seconds: u64,
}

/// How an account's calls are turned down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Limit {
    /// Its plan is used up: `usage_limit_reached`, with whichever of the two is given.
    Plan {
        /// Seconds since 1970.
        resets_at: Option<u64>,
        resets_in_seconds: Option<u64>,
    },
    /// Too many calls in a short time, with this `retry-after`.
    Rate { retry_after: Option<u32> },
}

/// An account's plan.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) primary: Window,
    pub(crate) secondary: Window,
    pub(crate) limit: Option<Limit>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            primary: Window {
                used_percent: 12.5,
                window_minutes: 300,
                reset_after_seconds: 3600,
            },
            secondary: Window {
                used_percent: 3.0,
                window_minutes: 10_080,
                reset_after_seconds: 86_400,
            },
            limit: None,
        }
    }
}
