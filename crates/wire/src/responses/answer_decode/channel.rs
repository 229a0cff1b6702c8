//! Which of an item's texts an event is about.

use super::message::Voice;
use super::reasoning::Source;
use super::wire::{Event, read, text};
use crate::answer::Malformed;
use crate::conversation::Text;

/// What a piece of an item is a piece of.
#[derive(Clone, Copy)]
pub(super) enum Channel {
    /// The text or refusal of a message.
    Voice(Voice),
    /// The readable part of a thought.
    Thought(Source),
    /// The arguments of a function call.
    Arguments,
    /// The input of a custom call.
    Input,
}

impl Channel {
    /// The channel of an event, and whether the event repeats the whole of it.
    pub(super) fn of_event(kind: &str) -> Option<(Self, bool)> {
        let (name, stage) = kind.strip_prefix("response.")?.split_once('.')?;
        let channel = match name {
            "output_text" => Self::Voice(Voice::Text),
            "refusal" => Self::Voice(Voice::Refusal),
            "reasoning_summary_text" => Self::Thought(Source::Summary),
            "reasoning_text" => Self::Thought(Source::Content),
            "function_call_arguments" => Self::Arguments,
            "custom_tool_call_input" => Self::Input,
            _ => return None,
        };
        match stage {
            "delta" => Some((channel, false)),
            "done" => Some((channel, true)),
            _ => None,
        }
    }

    /// The place of the event's text within its item.
    pub(super) fn place(self, event: &Event<'_>) -> Result<u64, Malformed> {
        let raw = match self {
            Self::Voice(_) | Self::Thought(Source::Content) => event.content_index,
            Self::Thought(Source::Summary) => event.summary_index,
            Self::Arguments | Self::Input => None,
        };
        Ok(read(raw)?.unwrap_or(0))
    }

    /// The text of an event that repeats the whole.
    pub(super) fn whole<'a>(self, event: &Event<'a>) -> Result<Option<Text<'a>>, Malformed> {
        text(match self {
            Self::Voice(Voice::Text) | Self::Thought(_) => event.text,
            Self::Voice(Voice::Refusal) => event.refusal,
            Self::Arguments => event.arguments,
            Self::Input => event.input,
        })
    }
}
