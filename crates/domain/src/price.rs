//! Prices and the one place where tokens become money.

use serde::{Deserialize, Serialize};
use tollhouse_wire::usage::Usage;

use crate::money::Money;

/// Nano-USD per million tokens, per bucket. An absent rate is unknown, not free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Rates {
    /// Uncached input.
    pub input: Option<i64>,
    /// Input read from the vendor's cache.
    pub cache_read: Option<i64>,
    /// Input written to the cache for five minutes.
    pub cache_write_5m: Option<i64>,
    /// Input written to the cache for an hour.
    pub cache_write_1h: Option<i64>,
    /// Output, reasoning included.
    pub output: Option<i64>,
}

/// What a model costs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Price {
    /// The usual rates.
    #[serde(flatten)]
    pub rates: Rates,
    /// Other rates for the whole call once its prompt exceeds this many tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub long_context: Option<LongContext>,
}

/// Rates of calls with long prompts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LongContext {
    /// Prompt tokens (cached ones included) above which these rates hold.
    pub above: u64,
    /// The rates.
    pub rates: Rates,
}

/// How calls are paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paid {
    /// Each by what it uses.
    ByUse,
    /// All of them by the plan of whoever signed in.
    ByPlan,
}

/// What a call cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Costs {
    /// What was paid for it.
    pub cost: Option<Money>,
    /// What it costs by list.
    pub list: Option<Money>,
}

impl Price {
    /// What `usage` costs. `None` when a bucket that was used has no known rate, or when nothing was
    /// reported at all. Rounded once, half up, to a nano-USD.
    pub fn cost(&self, usage: &Usage) -> Option<Money> {
        if usage.is_empty() {
            return None;
        }
        let parts = [
            usage.input,
            usage.cache_read,
            usage.cache_write_5m,
            usage.cache_write_1h,
        ];
        let prompt = parts
            .iter()
            .map(|part| part.unwrap_or(0))
            .fold(0, u64::saturating_add);
        let rates = match &self.long_context {
            Some(long) if prompt > long.above => &long.rates,
            _ => &self.rates,
        };
        let buckets = [
            (usage.input, rates.input),
            (usage.cache_read, rates.cache_read),
            (usage.cache_write_5m, rates.cache_write_5m),
            (usage.cache_write_1h, rates.cache_write_1h),
            (usage.output, rates.output),
        ];
        let mut total: i128 = 0;
        for (tokens, rate) in buckets {
            let tokens = tokens.unwrap_or(0);
            if tokens > 0 {
                total += i128::from(tokens) * i128::from(rate?);
            }
        }
        i64::try_from((total + 500_000).div_euclid(1_000_000))
            .ok()
            .map(Money)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sonnet() -> Price {
        let rates = Rates {
            input: Some(3_000_000_000),
            cache_read: Some(300_000_000),
            cache_write_5m: Some(3_750_000_000),
            cache_write_1h: Some(6_000_000_000),
            output: Some(15_000_000_000),
        };
        Price {
            rates,
            long_context: None,
        }
    }

    #[test]
    fn adds_up_every_bucket_once() {
        let usage = Usage {
            input: Some(1_000_000),
            cache_read: Some(1_000_000),
            cache_write_5m: Some(1_000_000),
            cache_write_1h: Some(1_000_000),
            output: Some(1_000_000),
            reasoning: Some(900_000),
        };
        assert_eq!(sonnet().cost(&usage).unwrap().to_string(), "28.05");
    }

    #[test]
    fn unknown_is_not_zero() {
        let usage = Usage {
            input: Some(1),
            cache_read: Some(1),
            ..Usage::default()
        };
        let rates = Rates {
            input: Some(1),
            ..Rates::default()
        };
        assert_eq!(
            Price {
                rates,
                long_context: None
            }
            .cost(&usage),
            None
        );
        assert_eq!(sonnet().cost(&Usage::default()), None);
        let zero = Usage {
            input: Some(0),
            output: Some(0),
            ..Usage::default()
        };
        assert_eq!(Price::default().cost(&zero), Some(Money::ZERO));
    }

    #[test]
    fn a_long_prompt_has_its_own_rates() {
        let mut price = sonnet();
        let rates = Rates {
            input: Some(6_000_000_000),
            ..price.rates
        };
        price.long_context = Some(LongContext {
            above: 200_000,
            rates,
        });
        let at = |input| {
            price
                .cost(&Usage {
                    input: Some(input),
                    ..Usage::default()
                })
                .unwrap()
        };
        assert_eq!(at(200_000).to_string(), "0.6");
        assert_eq!(at(200_001).to_string(), "1.200006");
    }

    proptest! {
        #[test]
        fn more_tokens_never_cost_less(a in 0u64..10_000_000, more in 0u64..1_000_000) {
            let cost = |n| sonnet().cost(&Usage { input: Some(n), ..Usage::default() }).unwrap();
            prop_assert!(cost(a) <= cost(a + more));
        }
    }
}
