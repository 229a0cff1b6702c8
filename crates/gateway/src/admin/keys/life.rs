//! How long a key is to live.

use std::fmt;
use std::time::Duration;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer};
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Type};

const DAY: u64 = 86_400;
/// The longest life that can be asked for.
const LONGEST: Duration = Duration::from_secs(3_650 * DAY);

/// A length of time: whole seconds, or a whole number and a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ExpiresIn(Duration);

const LIFE: &str = "whole seconds or text such as \"2h\" or \"30d\", at most ten years";

impl ExpiresIn {
    /// How long.
    pub(crate) const fn duration(self) -> Duration {
        self.0
    }

    fn new(number: u64, unit: u64) -> Option<Self> {
        let life = Duration::from_secs(number.checked_mul(unit)?);
        (life > Duration::ZERO && life <= LONGEST).then_some(Self(life))
    }

    fn parse(text: &str) -> Option<Self> {
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = match &text[digits.len()..] {
            "" | "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => DAY,
            _ => return None,
        };
        Self::new(digits.parse().ok()?, unit)
    }
}

impl<'de> Deserialize<'de> for ExpiresIn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LifeVisitor)
    }
}

struct LifeVisitor;

impl Visitor<'_> for LifeVisitor {
    type Value = ExpiresIn;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(LIFE)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<ExpiresIn, E> {
        ExpiresIn::new(number, 1)
            .ok_or_else(|| E::invalid_value(de::Unexpected::Other("it"), &self))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<ExpiresIn, E> {
        ExpiresIn::parse(text).ok_or_else(|| E::invalid_value(de::Unexpected::Other("it"), &self))
    }
}

impl utoipa::PartialSchema for ExpiresIn {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        let of = |kind: Type| ObjectBuilder::new().schema_type(kind);
        OneOfBuilder::new()
            .item(of(Type::Integer))
            .item(of(Type::String))
            .into()
    }
}

impl utoipa::ToSchema for ExpiresIn {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lives_read_in_every_unit_and_no_other() {
        let read = |text: &str| ExpiresIn::parse(text).map(|life| life.0.as_secs());
        let good = [
            ("90", 90),
            ("90s", 90),
            ("5m", 300),
            ("2h", 7_200),
            ("30d", 2_592_000),
        ];
        for (text, seconds) in good {
            assert_eq!(read(text), Some(seconds), "{text}");
        }
        let long = "9".repeat(20);
        for text in [
            "", "0", "0d", "-1", "1.5h", "h", "2w", "2 h", "3651d", &long, "é",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
