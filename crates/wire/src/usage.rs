//! One normalized record of what a call consumed. Prices, estimates and sums live elsewhere.

use serde::{Deserialize, Serialize};

/// Tokens of one call, in buckets that never overlap, so that each is priced once.
///
/// The one exception is `reasoning`, which is the part of `output` spent on thinking and must not be added
/// to it. `None` means the upstream did not say; `Some(0)` means it said zero, and the two are kept apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Usage {
    /// Input tokens neither read from nor written to a cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<u64>,
    /// Input tokens read from a prompt cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_read: Option<u64>,
    /// Input tokens written to a cache with the short (five-minute or only) lifetime.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_5m: Option<u64>,
    /// Input tokens written to a cache with the one-hour lifetime.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_1h: Option<u64>,
    /// Output tokens, reasoning included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<u64>,
    /// The part of `output` spent on reasoning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<u64>,
}

impl Usage {
    /// True when the upstream reported nothing at all (a reported zero is not nothing).
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Takes over what `later` says; what it does not say keeps its value.
    pub fn update(&mut self, later: &Self) {
        let Self {
            input,
            cache_read,
            cache_write_5m,
            cache_write_1h,
            output,
            reasoning,
        } = *later;
        self.input = input.or(self.input);
        self.cache_read = cache_read.or(self.cache_read);
        self.cache_write_5m = cache_write_5m.or(self.cache_write_5m);
        self.cache_write_1h = cache_write_1h.or(self.cache_write_1h);
        self.output = output.or(self.output);
        self.reasoning = reasoning.or(self.reasoning);
    }

    /// Everything that went in: uncached input, cache reads and cache writes. `None` if none was reported.
    pub fn total_input(&self) -> Option<u64> {
        [
            self.input,
            self.cache_read,
            self.cache_write_5m,
            self.cache_write_1h,
        ]
        .into_iter()
        .flatten()
        .reduce(u64::saturating_add)
    }
}

mod counts;
pub(crate) use counts::Counts;
