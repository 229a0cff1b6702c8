//! What is kept of a call's bodies, and what is taken out of them first.

pub mod redact;

use serde::{Deserialize, Serialize};

/// What is kept of a call's bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Capture {
    /// Nothing.
    #[default]
    Off,
    /// What both sides said, without what looks like a secret.
    Redacted,
    /// What both sides said.
    Full,
}

impl Capture {
    /// Every choice, least first.
    pub const ALL: [Self; 3] = [Self::Off, Self::Redacted, Self::Full];

    /// As stored and printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Redacted => "redacted",
            Self::Full => "full",
        }
    }

    /// Reads what [`Capture::as_str`] printed.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text)
    }
}

/// What a call's row says of its bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kept {
    /// They were handed over to be kept, without what looks like a secret.
    Redacted,
    /// They were handed over to be kept.
    Full,
    /// They were to be kept, and there was no room for them.
    Dropped,
}

impl Kept {
    /// Every case.
    pub const ALL: [Self; 3] = [Self::Redacted, Self::Full, Self::Dropped];

    /// As stored and printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Redacted => "redacted",
            Self::Full => "full",
            Self::Dropped => "dropped",
        }
    }

    /// Reads what [`Kept::as_str`] printed.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kept| kept.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back() {
        for mode in Capture::ALL {
            assert_eq!(Capture::parse(mode.as_str()), Some(mode));
        }
        for kept in Kept::ALL {
            assert_eq!(Kept::parse(kept.as_str()), Some(kept));
        }
        assert_eq!(Capture::parse("Full"), None);
        assert_eq!(Kept::parse("off"), None);
    }
}
