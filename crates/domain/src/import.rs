//! Reading `LiteLLM`'s public price list: an object of entries by model name, with costs in dollars
//! per token as floating-point literals.
//!
//! Costs are converted from the digits as they are written, never through a float, so that
//! `2.5e-07` is exactly 0.25 dollars per million. An entry that cannot be believed is left out and
//! counted rather than guessed at: a wrong price is worse than none.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::price::{LongContext, Price, Rates};
use crate::provider::valid_name;

/// The highest believable price: 10,000 dollars per million tokens, in nano-USD.
pub const MOST_PER_MILLION: i64 = 10_000_000_000_000;

/// One price of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedPrice {
    /// The model's name as clients send it.
    pub model: String,
    /// Who charges it, in the list's word.
    pub provider: String,
    /// The rates.
    pub price: Price,
}

/// What a list holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PriceList {
    /// Every believable price, by provider and model.
    pub prices: Vec<ImportedPrice>,
    /// How many entries were left out.
    pub skipped: u64,
}

/// A list that is no list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Expected a JSON object of model names and their entries.")]
pub struct NotAList;

/// Reads a whole list.
///
/// A name that repeats its provider (`openai/gpt-5`) is also known without it, unless the list has
/// an entry for that already.
///
/// # Errors
/// When the text is not a JSON object at all; single entries never fail the list.
pub fn litellm(json: &[u8]) -> Result<PriceList, NotAList> {
    let entries: BTreeMap<String, &RawValue> =
        serde_json::from_slice(json).map_err(|_| NotAList)?;
    let mut skipped = 0;
    let mut plain = BTreeMap::new();
    let mut stripped = BTreeMap::new();
    for (name, raw) in entries {
        let Some((provider, price)) = entry(raw).filter(|_| valid_model(&name)) else {
            skipped += 1;
            continue;
        };
        let bare = name
            .strip_prefix(&*provider)
            .and_then(|rest| rest.strip_prefix('/'));
        if let Some(bare) = bare.filter(|bare| !bare.is_empty()) {
            stripped.insert((provider.to_string(), bare.to_owned()), price.clone());
        }
        plain.insert((provider.into_owned(), name), price);
    }
    for (name, price) in stripped {
        plain.entry(name).or_insert(price);
    }
    let price = |((provider, model), price)| ImportedPrice {
        model,
        provider,
        price,
    };
    Ok(PriceList {
        prices: plain.into_iter().map(price).collect(),
        skipped,
    })
}

fn valid_model(name: &str) -> bool {
    (1..=200).contains(&name.len()) && !name.chars().any(char::is_control)
}

/// The provider and price of an entry; `None` when there is none to believe.
fn entry(raw: &RawValue) -> Option<(Cow<'_, str>, Price)> {
    let fields: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_str(raw.get()).ok()?;
    let provider = Cow::<str>::deserialize(*fields.get("litellm_provider")?).ok()?;
    if !valid_name(&provider) {
        return None;
    }
    let base = Costs::read(&fields, "")?;
    if base.rates.input.is_none() && base.rates.output.is_none() {
        return None;
    }
    let long_context = match threshold(&fields) {
        None => None,
        Some(thousands) => {
            let own = Costs::read(&fields, &format!("_above_{thousands}k_tokens"))?;
            let above = thousands.checked_mul(1_000)?;
            Some(LongContext {
                above,
                rates: own.over(&base),
            })
        }
    };
    Some((
        provider,
        Price {
            rates: base.rates,
            long_context,
        },
    ))
}

/// The rates of one prompt length.
struct Costs {
    rates: Rates,
}

impl Costs {
    /// `None` when a cost is there and cannot be believed.
    fn read(fields: &BTreeMap<Cow<'_, str>, &RawValue>, suffix: &str) -> Option<Self> {
        let cost = |name: &str| match fields.get(format!("{name}{suffix}").as_str()) {
            None => Some(None),
            Some(raw) if raw.get() == "null" => Some(None),
            Some(raw) => nanos_per_million(raw.get()).map(Some),
        };
        Some(Self {
            rates: Rates {
                input: cost("input_cost_per_token")?,
                cache_read: cost("cache_read_input_token_cost")?,
                cache_write_5m: cost("cache_creation_input_token_cost")?,
                cache_write_1h: cost("cache_creation_input_token_cost_above_1hr")?,
                output: cost("output_cost_per_token")?,
            },
        })
    }

    /// These rates, and `base`'s where these say nothing.
    fn over(&self, base: &Self) -> Rates {
        let (own, base) = (&self.rates, &base.rates);
        Rates {
            input: own.input.or(base.input),
            cache_read: own.cache_read.or(base.cache_read),
            cache_write_5m: own.cache_write_5m.or(base.cache_write_5m),
            cache_write_1h: own.cache_write_1h.or(base.cache_write_1h),
            output: own.output.or(base.output),
        }
    }
}

/// The prompt length in thousands of tokens above which an entry has other rates. Where it names
/// several, the lowest counts: a price has one threshold here, and most long prompts are just above
/// the first.
fn threshold(fields: &BTreeMap<Cow<'_, str>, &RawValue>) -> Option<u64> {
    let buckets = ["input_cost_per_token", "output_cost_per_token"];
    let named = fields.keys().filter_map(|key| {
        let rest = buckets.iter().find_map(|bucket| key.strip_prefix(bucket))?;
        rest.strip_prefix("_above_")?
            .strip_suffix("k_tokens")?
            .parse()
            .ok()
    });
    named.min()
}

/// Dollars per token, as the digits of a JSON number, in nano-USD per million tokens: the same
/// digits fifteen decimal places up, rounded half up. `None` for what is no number, and outside
/// 0 … [`MOST_PER_MILLION`].
fn nanos_per_million(number: &str) -> Option<i64> {
    const PLACES: i32 = 15;
    let (mantissa, exponent) = match number.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (number, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: String = [whole, fraction].concat();
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Some(0);
    }
    // How many of the digits stand before the decimal point of the result.
    let places = i32::try_from(fraction.len()).ok()?;
    let shift = exponent.checked_add(PLACES)?.checked_sub(places)?;
    let length = i32::try_from(digits.len()).ok()?;
    let before = length.checked_add(shift)?;
    if before < 0 {
        return Some(0);
    }
    if before > 14 {
        return None;
    }
    let before = usize::try_from(before).ok()?;
    let kept: String = digits
        .chars()
        .chain(std::iter::repeat('0'))
        .take(before)
        .collect();
    let value: i64 = if kept.is_empty() {
        0
    } else {
        kept.parse().ok()?
    };
    let next = digits.as_bytes().get(before).copied().unwrap_or(b'0');
    let rounded = value + i64::from(next >= b'5');
    (rounded <= MOST_PER_MILLION).then_some(rounded)
}

#[cfg(test)]
mod tests;
