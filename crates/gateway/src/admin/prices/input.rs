//! What is said of prices, and whether it can be meant.

use serde::Deserialize;
use tollhouse_domain::import::MOST_PER_MILLION;
use tollhouse_domain::money::Money;
use tollhouse_domain::price::{LongContext, Price, Rates};
use tollhouse_domain::provider::valid_name;
use tollhouse_domain::time::Timestamp;
use tollhouse_store::StoredPrice;
use utoipa::ToSchema;

use super::{LongContextView, RatesView};
use crate::admin::error::ApiError;
use crate::admin::input::Payload;

const MAX_TEXT: usize = 200;

/// Prices to add or replace.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PricesInput {
    prices: Vec<PriceInput>,
}

/// What a model costs, and who says so.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PriceInput {
    model: String,
    /// Whose price it is; anyone's when left out.
    provider: Option<String>,
    usd_per_million: RatesView,
    long_context: Option<LongContextView>,
    /// Where the price comes from; `api` when left out.
    source: Option<String>,
    /// As of when, `YYYY-MM-DD`; today when left out.
    dated: Option<String>,
}

impl Payload for PricesInput {}

impl PricesInput {
    /// The prices that are meant, dated `now` where they do not say.
    pub(super) fn prices(self, now: Timestamp) -> Result<Vec<StoredPrice>, ApiError> {
        let rows = self.prices.into_iter().enumerate();
        rows.map(|(at, row)| row.price(&format!("prices[{at}]"), now))
            .collect()
    }
}

impl PriceInput {
    fn price(self, path: &str, now: Timestamp) -> Result<StoredPrice, ApiError> {
        let model = text(&format!("{path}.model"), self.model)?;
        if self
            .provider
            .as_deref()
            .is_some_and(|name| !valid_name(name))
        {
            let message = "Expected a provider's name; leave it out for anyone's price.";
            return Err(ApiError::invalid(format!("{path}.provider"), message));
        }
        let rates = rates(&format!("{path}.usd_per_million"), &self.usd_per_million)?;
        let long_context = self.long_context.map(|long| {
            let path = format!("{path}.long_context.usd_per_million");
            rates_of_long(&path, &long)
        });
        Ok(StoredPrice {
            model,
            provider: self.provider,
            price: Price {
                rates,
                long_context: long_context.transpose()?,
            },
            source: source(&format!("{path}.source"), self.source, "api")?,
            dated: dated(&format!("{path}.dated"), self.dated, now)?,
        })
    }
}

fn rates_of_long(path: &str, long: &LongContextView) -> Result<LongContext, ApiError> {
    Ok(LongContext {
        above: long.above,
        rates: rates(path, &long.usd_per_million)?,
    })
}

fn rates(path: &str, view: &RatesView) -> Result<Rates, ApiError> {
    let nanos = |name: &str, amount: Option<Money>| match amount {
        Some(Money(nanos)) if !(0..=MOST_PER_MILLION).contains(&nanos) => {
            let message = "Expected 0 to 10000 dollars per million tokens.";
            Err(ApiError::invalid(format!("{path}.{name}"), message))
        }
        other => Ok(other.map(|money| money.0)),
    };
    let rates = Rates {
        input: nanos("input", view.input)?,
        cache_read: nanos("cache_read", view.cache_read)?,
        cache_write_5m: nanos("cache_write_5m", view.cache_write_5m)?,
        cache_write_1h: nanos("cache_write_1h", view.cache_write_1h)?,
        output: nanos("output", view.output)?,
    };
    if rates == Rates::default() {
        return Err(ApiError::invalid(path, "Expected at least one price."));
    }
    Ok(rates)
}

fn text(path: &str, text: String) -> Result<String, ApiError> {
    let length = text.chars().count();
    if (1..=MAX_TEXT).contains(&length) && !text.chars().any(char::is_control) {
        return Ok(text);
    }
    let message = format!("Expected 1 to {MAX_TEXT} characters without line breaks.");
    Err(ApiError::invalid(path, message))
}

/// Where prices come from.
pub(super) fn source(path: &str, given: Option<String>, default: &str) -> Result<String, ApiError> {
    given.map_or_else(|| Ok(default.to_owned()), |given| text(path, given))
}

/// As of when prices hold: a day, today's by default.
pub(super) fn dated(path: &str, given: Option<String>, now: Timestamp) -> Result<String, ApiError> {
    let Some(given) = given else {
        return Ok(now.to_string().chars().take(10).collect());
    };
    if given.parse::<jiff::civil::Date>().is_ok() && given.len() == 10 {
        return Ok(given);
    }
    Err(ApiError::invalid(
        path,
        "Expected a day such as 2026-11-22.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Vec<StoredPrice>, ApiError> {
        let input: PricesInput = serde_json::from_str(json).unwrap();
        input.prices(Timestamp::from_secs(86_400))
    }

    #[test]
    fn dollars_become_nano_dollars_and_say_where_they_are_from() {
        let prices = read(
            r#"{"prices":[{"model":"m","usd_per_million":{"input":"0.25"},
                "long_context":{"above":200000,"usd_per_million":{"input":"0.5"}}}]}"#,
        );
        let price = prices.unwrap().pop().unwrap();
        assert_eq!(price.price.rates.input, Some(250_000_000));
        assert_eq!(
            price.price.long_context.unwrap().rates.input,
            Some(500_000_000)
        );
        assert_eq!(
            (price.source.as_str(), price.dated.as_str()),
            ("api", "1970-01-02")
        );
    }

    #[test]
    fn what_cannot_be_meant_is_refused_by_name() {
        let price = |rest: &str| {
            format!(r#"{{"prices":[{{"model":"m","usd_per_million":{{"input":"1"}}{rest}}}]}}"#)
        };
        let cases = [
            (
                r#"{"prices":[{"model":"","usd_per_million":{}}]}"#.into(),
                "prices[0].model",
            ),
            (
                r#"{"prices":[{"model":"m","usd_per_million":{}}]}"#.into(),
                "prices[0].usd_per_million",
            ),
            (
                r#"{"prices":[{"model":"m","usd_per_million":{"output":"10001"}}]}"#.into(),
                "prices[0].usd_per_million.output",
            ),
            (
                r#"{"prices":[{"model":"m","usd_per_million":{"input":"-1"}}]}"#.into(),
                "prices[0].usd_per_million.input",
            ),
            (price(r#","provider":"No One""#), "prices[0].provider"),
            (price(r#","dated":"yesterday""#), "prices[0].dated"),
            (price(r#","source":"""#), "prices[0].source"),
            (
                price(r#","long_context":{"above":1,"usd_per_million":{"input":"-1"}}"#),
                "prices[0].long_context.usd_per_million.input",
            ),
        ];
        for (json, expected) in cases {
            match read(&json) {
                Err(ApiError::Invalid { field, .. }) => {
                    assert_eq!(field.as_deref(), Some(expected));
                }
                _ => panic!("{json} was accepted"),
            }
        }
    }
}
