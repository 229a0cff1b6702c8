//! Model patterns: an exact name, a prefix ending in `*`, or `*` alone for everything.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a route or a key says of models. Names are opaque strings; only a final `*` means anything.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pattern {
    /// This name and no other.
    Exact(String),
    /// Every name that starts so; the empty prefix is the catch-all.
    Prefix(String),
}

impl Pattern {
    /// Whether `name` is meant.
    pub fn matches(&self, name: &str) -> bool {
        match self {
            Self::Exact(exact) => exact == name,
            Self::Prefix(prefix) => name.starts_with(prefix.as_str()),
        }
    }

    /// Orders patterns by how closely they fit: exact names first, then longer prefixes.
    pub fn specificity(&self) -> (bool, usize) {
        match self {
            Self::Exact(name) => (true, name.len()),
            Self::Prefix(prefix) => (false, prefix.len()),
        }
    }
}

/// A pattern that is empty or has a `*` anywhere but at its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a model name, a prefix ending in `*`, or `*` alone")]
pub struct InvalidPattern;

impl FromStr for Pattern {
    type Err = InvalidPattern;

    fn from_str(text: &str) -> Result<Self, InvalidPattern> {
        let (stem, open) = text
            .strip_suffix('*')
            .map_or((text, false), |stem| (stem, true));
        if text.is_empty() || stem.contains('*') || stem.chars().any(char::is_control) {
            return Err(InvalidPattern);
        }
        let stem = stem.to_owned();
        Ok(if open {
            Self::Prefix(stem)
        } else {
            Self::Exact(stem)
        })
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(name) => f.write_str(name),
            Self::Prefix(prefix) => write!(f, "{prefix}*"),
        }
    }
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_names_and_prefixes() {
        let exact: Pattern = "gpt-5".parse().unwrap();
        let prefix: Pattern = "claude-*".parse().unwrap();
        let all: Pattern = "*".parse().unwrap();
        assert!(exact.matches("gpt-5") && !exact.matches("gpt-5-mini"));
        assert!(prefix.matches("claude-x") && !prefix.matches("Claude-x"));
        assert!(all.matches("") && all.matches("anything"));
        assert!(exact.specificity() > prefix.specificity());
        assert!(prefix.specificity() > all.specificity());
    }

    #[test]
    fn refuses_stars_in_the_middle() {
        assert!("a*b".parse::<Pattern>().is_err());
        assert!("".parse::<Pattern>().is_err());
        assert!("**".parse::<Pattern>().is_err());
    }
}
