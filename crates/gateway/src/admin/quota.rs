//! Limits and budgets as they are written and shown.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use tollhouse_domain::limits::{Budget, BudgetWindow, Limits};
use tollhouse_domain::money::Money;
use utoipa::ToSchema;

use super::error::ApiError;

/// Rates and concurrency; what is left out is not limited.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LimitsInput)]
pub(crate) struct LimitsInput {
    /// Calls in any sixty seconds.
    #[schema(minimum = 1)]
    rpm: Option<u32>,
    /// Tokens, in and out, in any sixty seconds.
    #[schema(minimum = 1)]
    tpm: Option<u64>,
    /// Calls open at the same time.
    #[schema(minimum = 1)]
    concurrency: Option<u32>,
}

impl LimitsInput {
    /// The limits that are meant.
    pub(crate) fn limits(self) -> Result<Limits, ApiError> {
        let fields = [
            ("limits.rpm", self.rpm.map(u64::from)),
            ("limits.tpm", self.tpm),
            ("limits.concurrency", self.concurrency.map(u64::from)),
        ];
        if let Some((field, _)) = fields.iter().find(|(_, given)| *given == Some(0)) {
            let message = "Expected at least 1; leave it out for no limit.";
            return Err(ApiError::invalid(*field, message));
        }
        Ok(Limits {
            rpm: self.rpm,
            tpm: self.tpm,
            concurrency: self.concurrency,
        })
    }
}

/// The most that calls may cost in a window.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BudgetInput)]
pub(crate) struct BudgetInput {
    /// Dollars: a number, or text with at most nine places.
    #[schema(value_type = String, example = "25")]
    usd: Usd,
    /// `day`, `week`, `month`, `total`, or `session` for each conversation by itself.
    #[schema(value_type = String)]
    window: BudgetWindow,
}

/// One of something, or a list of them.
#[derive(Clone)]
pub(crate) struct OneOrMany<T>(pub(crate) Vec<T>);

/// The budgets that are meant, at most one for a window.
pub(crate) fn budgets(input: OneOrMany<BudgetInput>) -> Result<Vec<Budget>, ApiError> {
    let mut found: Vec<Budget> = Vec::with_capacity(input.0.len());
    for BudgetInput { usd, window } in input.0 {
        if usd.0 <= Money::ZERO {
            let message = "Expected more than nothing; revoke a key that is to spend no more.";
            return Err(ApiError::invalid("budget.usd", message));
        }
        if found.iter().any(|budget| budget.window == window) {
            let message = "Expected one budget for a window.";
            return Err(ApiError::invalid("budget.window", message));
        }
        found.push(Budget { usd: usd.0, window });
    }
    Ok(found)
}

/// Rates and concurrency; what is absent is not limited.
#[derive(Serialize, ToSchema)]
#[schema(as = Limits)]
pub(crate) struct LimitsView {
    #[serde(skip_serializing_if = "Option::is_none")]
    rpm: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tpm: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    concurrency: Option<u32>,
}

/// The most that calls may cost in a window.
#[derive(Serialize, ToSchema)]
#[schema(as = Budget)]
pub(crate) struct BudgetView {
    #[schema(value_type = String)]
    usd: Money,
    window: &'static str,
}

impl From<Limits> for LimitsView {
    fn from(limits: Limits) -> Self {
        Self {
            rpm: limits.rpm,
            tpm: limits.tpm,
            concurrency: limits.concurrency,
        }
    }
}

impl From<Budget> for BudgetView {
    fn from(budget: Budget) -> Self {
        Self {
            usd: budget.usd,
            window: budget.window.as_str(),
        }
    }
}

/// An amount as people write it.
#[derive(Clone)]
struct Usd(Money);

impl<'de> Deserialize<'de> for Usd {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UsdVisitor)
    }
}

struct UsdVisitor;

impl UsdVisitor {
    fn read<E: de::Error>(self, text: &str) -> Result<Usd, E> {
        let wrong = |_| E::invalid_value(de::Unexpected::Other("it"), &self);
        text.parse().map(Usd).map_err(wrong)
    }
}

impl Visitor<'_> for UsdVisitor {
    type Value = Usd;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("dollars with at most nine places, such as 25 or \"0.50\"")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Usd, E> {
        self.read(text)
    }

    fn visit_u64<E: de::Error>(self, whole: u64) -> Result<Usd, E> {
        self.read(&whole.to_string())
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Usd, E> {
        // Prints the shortest text that reads as this number, which is what was written.
        self.read(&number.to_string())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrManyVisitor(PhantomData))
    }
}

struct OneOrManyVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for OneOrManyVisitor<T> {
    type Value = OneOrMany<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or a list of them")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<OneOrMany<T>, A::Error> {
        let one = T::deserialize(MapAccessDeserializer::new(map))?;
        Ok(OneOrMany(vec![one]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<OneOrMany<T>, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(list)).map(OneOrMany)
    }
}
