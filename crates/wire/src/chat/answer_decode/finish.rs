//! Why the model stopped, in this protocol's words.

use std::borrow::Cow;

use super::blocks::Blocks;
use crate::answer::{Stop, StopReason};
use crate::failure::{Class, Failure};

/// A `finish_reason`, which says less than it seems to: several servers say `stop` after calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finish {
    /// `stop`, and words that are not known.
    Done,
    /// `tool_calls`, and the older `function_call`.
    Calls,
    /// `length`.
    Length,
    /// `content_filter`.
    Filter,
}

impl Finish {
    /// Reads the word. Some servers report their own breakdown by it.
    pub(super) fn parse(word: &str) -> Result<Self, Failure<'static>> {
        let (class, message) = match word {
            "tool_calls" | "function_call" => return Ok(Self::Calls),
            "length" | "model_length" | "max_tokens" => return Ok(Self::Length),
            "content_filter" => return Ok(Self::Filter),
            "error" => (Class::Server, "The upstream broke off the answer."),
            "insufficient_system_resource" => (
                Class::Overloaded,
                "The upstream broke off the answer: it is overloaded.",
            ),
            _ => return Ok(Self::Done),
        };
        Err(Failure {
            class,
            message: Cow::Borrowed(message),
            code: None,
            param: None,
        })
    }

    /// What it means after these blocks.
    pub(super) fn stop<'a>(self, blocks: &Blocks) -> Stop<'a> {
        Stop::because(match self {
            // Calls that were cut short must not be taken for complete.
            Self::Length => StopReason::MaxTokens,
            Self::Filter => StopReason::Refusal,
            Self::Calls => StopReason::ToolUse,
            Self::Done if blocks.any_calls() => StopReason::ToolUse,
            Self::Done if blocks.refused() => StopReason::Refusal,
            Self::Done => StopReason::EndTurn,
        })
    }
}
