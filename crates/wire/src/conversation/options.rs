//! How the answer is to be made: drawn, formed, thought over, worded.

use serde_json::value::RawValue;

use super::Text;

/// How tokens are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sampling {
    /// 0 to 1 in Messages, 0 to 2 elsewhere.
    pub temperature: Option<f64>,
    /// 0 to 1.
    pub top_p: Option<f64>,
    /// Messages only.
    pub top_k: Option<u64>,
    /// Chat only.
    pub frequency_penalty: Option<f64>,
    /// Chat only.
    pub presence_penalty: Option<f64>,
    /// Chat only.
    pub seed: Option<i64>,
}

/// The form of the answer.
#[derive(Clone)]
pub enum Format<'a> {
    /// Text.
    Text,
    /// Some JSON object.
    JsonObject,
    /// JSON that matches a schema.
    JsonSchema {
        /// Its name; Messages has none.
        name: Option<Text<'a>>,
        /// What it is for.
        description: Option<Text<'a>>,
        /// The schema, as it came.
        schema: &'a RawValue,
        /// Whether it must match exactly; absent means what the protocol assumes.
        strict: Option<bool>,
    },
}

/// How much to think, and what of it to show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reasoning {
    /// How much effort.
    pub effort: Option<Effort>,
    /// The Messages `thinking` switch.
    pub thinking: Option<Thinking>,
    /// Whether the caller wants to read the thoughts; absent means it did not say.
    pub shown: Option<bool>,
}

/// The Messages `thinking` switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thinking {
    /// As much as the model finds right.
    Adaptive,
    /// At most so many tokens.
    Budget(u64),
    /// None at all.
    Disabled,
    /// Only between calls.
    BetweenTools,
}

/// How much effort to spend, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effort {
    /// No reasoning.
    None,
    /// As little as can be.
    Minimal,
    /// Little.
    Low,
    /// The usual.
    Medium,
    /// Much.
    High,
    /// Very much.
    Xhigh,
    /// All there is.
    Max,
}

impl Effort {
    /// Every effort, least first.
    pub const ALL: [Self; 7] = [
        Self::None,
        Self::Minimal,
        Self::Low,
        Self::Medium,
        Self::High,
        Self::Xhigh,
        Self::Max,
    ];

    /// The word all three protocols share.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Minimal => "minimal",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Xhigh => "xhigh",
            Self::Max => "max",
        }
    }

    /// Reads what [`Effort::as_str`] wrote.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|effort| effort.as_str() == word)
    }
}

/// How wordy to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verbosity {
    /// Terse.
    Low,
    /// The usual.
    Medium,
    /// Wordy.
    High,
}

impl Verbosity {
    /// Every verbosity.
    pub const ALL: [Self; 3] = [Self::Low, Self::Medium, Self::High];

    /// The word both OpenAI protocols share.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }

    /// Reads what [`Verbosity::as_str`] wrote.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|found| found.as_str() == word)
    }
}
