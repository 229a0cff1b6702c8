//! What filters are given, as it is written in a query.

use std::borrow::Cow;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use tollhouse_domain::call::{Fallback, Outcome};
use tollhouse_domain::id::CallId;
use tollhouse_store::{Ended, TurnedElsewhere};

/// How a call ended, or that it did not end well.
#[derive(Clone, Copy)]
pub(super) struct Ending(pub(super) Ended);

impl<'de> Deserialize<'de> for Ending {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        let ended = match &*text {
            "unsuccessful" => Some(Ended::Unsuccessfully),
            text => Outcome::parse(text).map(Ended::As),
        };
        ended.map(Self).ok_or_else(|| {
            D::Error::custom(format!(
                "expected one of {}, or unsuccessful for all but success",
                Outcome::ALL.map(Outcome::as_str).join(", ")
            ))
        })
    }
}

/// That a call turned elsewhere, and perhaps why.
#[derive(Clone, Copy)]
pub(super) struct Elsewhere(pub(super) TurnedElsewhere);

impl<'de> Deserialize<'de> for Elsewhere {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        let turned = match &*text {
            "true" => Some(TurnedElsewhere::Anyhow),
            text => Fallback::parse(text).map(TurnedElsewhere::Because),
        };
        turned.map(Self).ok_or_else(|| {
            D::Error::custom(format!(
                "expected true for every reason, or one of {}",
                Fallback::ALL.map(Fallback::as_str).join(", ")
            ))
        })
    }
}

/// A tag's name and value.
#[derive(Clone)]
pub(super) struct Tag(pub(super) String, pub(super) String);

impl<'de> Deserialize<'de> for Tag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        let pair = text.split_once('=').filter(|(name, _)| !name.is_empty());
        pair.map(|(name, value)| Self(name.to_owned(), value.to_owned()))
            .ok_or_else(|| D::Error::custom("expected name=value"))
    }
}

/// The first and the last call whose id begins with what was given.
#[derive(Clone, Copy)]
pub(super) struct IdPrefix(pub(super) CallId, pub(super) CallId);

impl<'de> Deserialize<'de> for IdPrefix {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        let digits = text.strip_prefix("call_").unwrap_or(&text);
        let filled = |digit: &str| {
            let rest = 32_usize.checked_sub(digits.len())?;
            format!("call_{digits}{}", digit.repeat(rest)).parse().ok()
        };
        let hexadecimal = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
        hexadecimal
            .then(|| Some(Self(filled("0")?, filled("f")?)))
            .flatten()
            .ok_or_else(|| D::Error::custom("expected the beginning of a call's id, as it prints"))
    }
}
