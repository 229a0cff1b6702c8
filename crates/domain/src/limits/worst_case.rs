//! The most that a call can cost, before anybody is asked.
//!
//! The prompt is not tokenized here: its bytes bound its tokens, by an assumption that is written
//! down. The answer is bounded by what the caller asked for and by what the model can generate.

use serde::{Deserialize, Serialize};

use crate::catalog::PriceBook;
use crate::money::Money;
use crate::price::{Price, Rates};

/// No model takes a longer prompt, as far as anybody knows.
const LONGEST_CONTEXT: u64 = 10_000_000;

/// What is assumed where nothing is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assumptions {
    /// The fewest bytes of a request body that make a token.
    pub bytes_per_token: u32,
    /// The most tokens of an answer that nothing else bounds.
    pub output_tokens: u64,
    /// The most tokens of a prompt that lies with the provider and so has no bytes here.
    pub input_tokens: u64,
}

impl Default for Assumptions {
    fn default() -> Self {
        Self {
            bytes_per_token: 2,
            output_tokens: 32_000,
            input_tokens: 200_000,
        }
    }
}

/// What a call asks for, as far as its head and body say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Asks {
    /// Bytes of the request body, decompressed.
    pub bytes: u64,
    /// The most tokens that it wants generated.
    pub max_tokens: Option<u64>,
    /// How many answers it wants.
    pub answers: u64,
    /// Whether anything is generated at all; embeddings have no output.
    pub generates: bool,
    /// Whether its prompt goes on from something that lies with the provider.
    pub continues: bool,
}

/// The most that a call can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Estimate {
    /// Tokens of the prompt.
    pub input_tokens: u64,
    /// Tokens of the answer.
    pub output_tokens: u64,
    /// Money; absent when a rate that it needs is not known.
    pub cost: Option<Money>,
    /// What not even a call with a full context costs: a bill above it is wrong. Absent like `cost`.
    pub ceiling: Option<Money>,
}

impl Estimate {
    /// All tokens.
    pub const fn tokens(&self) -> u64 {
        self.input_tokens.saturating_add(self.output_tokens)
    }

    /// The same, where a plan pays for it.
    #[must_use]
    pub const fn by_plan(self) -> Self {
        Self {
            cost: Some(Money::ZERO),
            ceiling: Some(Money::ZERO),
            ..self
        }
    }

    /// What bounds both: the call goes to one of them, and nobody knows to which. A price that is
    /// unknown for one is unknown for both.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            input_tokens: self.input_tokens.max(other.input_tokens),
            output_tokens: self.output_tokens.max(other.output_tokens),
            cost: self.cost.zip(other.cost).map(|(a, b)| a.max(b)),
            ceiling: self.ceiling.zip(other.ceiling).map(|(a, b)| a.max(b)),
        }
    }
}

/// The most that a call can take when `provider` serves it with `model`.
pub fn worst_case(
    asks: Asks,
    prices: &PriceBook,
    provider: &str,
    model: &str,
    assumed: Assumptions,
) -> Estimate {
    let most = prices.max_output(provider, model);
    let input_tokens = {
        let sent = asks
            .bytes
            .div_ceil(u64::from(assumed.bytes_per_token.max(1)));
        let kept = || {
            prices
                .max_input(provider, model)
                .unwrap_or(assumed.input_tokens)
        };
        if asks.continues {
            sent.saturating_add(kept())
        } else {
            sent
        }
    };
    let output_tokens = if asks.generates {
        let asked = asks.max_tokens.unwrap_or(u64::MAX);
        let bound = asked.min(most.unwrap_or(u64::MAX));
        let one = if bound == u64::MAX {
            assumed.output_tokens
        } else {
            bound
        };
        one.saturating_mul(asks.answers.max(1))
    } else {
        0
    };
    let price = prices.price(provider, model);
    let context = prices.max_input(provider, model).unwrap_or(LONGEST_CONTEXT);
    let doubled = |tokens: u64| tokens.saturating_mul(2);
    let (full, long) = (doubled(input_tokens.max(context)), doubled(output_tokens));
    Estimate {
        input_tokens,
        output_tokens,
        cost: price.and_then(|price| dearest(price, input_tokens, output_tokens)),
        ceiling: price.and_then(|price| dearest(price, full, long)),
    }
}

/// What a call costs at the dearest rates that could apply to it.
fn dearest(price: &Price, input: u64, output: u64) -> Option<Money> {
    let usual = cost(&price.rates, input, output)?;
    let long = price.long_context.as_ref();
    match long.filter(|long| input > long.above) {
        None => Some(usual),
        // Fewer tokens than assumed may leave the call below the line.
        Some(long) => Some(usual.max(cost(&long.rates, input, output)?)),
    }
}

fn cost(rates: &Rates, input: u64, output: u64) -> Option<Money> {
    let reads = [rates.input, rates.cache_read];
    let writes = [rates.cache_write_5m, rates.cache_write_1h];
    // Without a rate for plain input nothing is known; without one for the cache, it is not used.
    rates.input?;
    let input_rate = reads.into_iter().chain(writes).flatten().max()?;
    let mut total = i128::from(input) * i128::from(input_rate.max(0));
    if output > 0 {
        total += i128::from(output) * i128::from(rates.output?.max(0));
    }
    let nanos = (total + 999_999).div_euclid(1_000_000);
    Some(Money(i64::try_from(nanos).unwrap_or(i64::MAX)))
}

#[cfg(test)]
mod tests;
