//! The hub of answers: what the three stream formats say, one event at a time.
//!
//! A whole answer is the same events in a row, so that streamed and whole answers cannot differ. Decoders
//! write events, `restore` undoes what `fit` did to the request, encoders read them.
//!
//! # The grammar decoders keep
//! `Start`, then any mix of blocks (`Open`, its `Delta`s, at most one `Seal`, `Close`), whole `Searched`s,
//! `Cite`s of open text blocks, `Usage`s and `Alive`s; then one `Stop`, then `End`. Blocks are numbered from
//! 0 in the order they open, and *may be open side by side* (encoders of protocols that allow one at a time
//! hold the others back). All blocks are closed before `Stop`. `Failed` may come at any point and is the last.
//! An upstream that breaks the grammar is [`Malformed`], never an event.

use std::borrow::Cow;

use crate::Usage;
use crate::conversation::{Hit, Text, Token, ToolName};
use crate::failure::Failure;

mod collect;
mod ids;

pub use collect::{Answer, Block, Content};
pub(crate) use ids::CallIds;

/// The most blocks of an answer. What looks for one of them may look at them all.
pub(crate) const MOST_BLOCKS: usize = 4096;

/// One thing an upstream says.
#[derive(Clone)]
pub enum Event<'a> {
    /// The answer begins.
    Start {
        /// The upstream's id of it.
        id: Text<'a>,
        /// The model that answers.
        model: Text<'a>,
        /// What is known of the usage so far.
        usage: Usage,
    },
    /// A block begins.
    Open {
        /// Its number.
        block: usize,
        /// What it is.
        content: Opening<'a>,
    },
    /// A block goes on: text, thought, refusal, or the JSON text or free text of a call's input.
    Delta {
        /// The block's number.
        block: usize,
        /// What is added.
        text: Text<'a>,
    },
    /// A thought's token, final.
    Seal {
        /// The block's number.
        block: usize,
        /// The token.
        token: Token<'a>,
    },
    /// A source of what a text block says.
    Cite {
        /// The block's number.
        block: usize,
        /// The source.
        source: Hit<'a>,
    },
    /// A block ends.
    Close {
        /// Its number.
        block: usize,
    },
    /// The vendor has searched the web.
    Searched {
        /// The upstream's id of the search.
        id: Text<'a>,
        /// What for.
        query: Text<'a>,
        /// What was found.
        hits: Vec<Hit<'a>>,
    },
    /// Counts, complete as far as known: present ones replace earlier ones, absent ones keep theirs.
    Usage(Usage),
    /// Why the model stopped.
    Stop(Stop<'a>),
    /// The upstream said all it had to say.
    End,
    /// The upstream reports an error instead of an end.
    Failed(Failure<'a>),
    /// The upstream is still at it.
    Alive,
}

/// What a block is.
#[derive(Clone)]
pub enum Opening<'a> {
    /// Text.
    Text,
    /// A thought.
    Thought,
    /// The model's refusal in its words.
    Refusal,
    /// A call. Its input follows as deltas: none at all means `{}`.
    Call {
        /// Ties it to its result; empty where the upstream gave none, or one that an earlier call has.
        id: Text<'a>,
        /// What is called.
        tool: ToolName<'a>,
    },
}

/// Why the model stopped.
#[derive(Clone, PartialEq, Eq)]
pub struct Stop<'a> {
    /// Why.
    pub reason: StopReason,
    /// Which of the caller's texts ended it.
    pub sequence: Option<Text<'a>>,
}

/// Why the model stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// It was done.
    EndTurn,
    /// One of the caller's texts came up.
    StopSequence,
    /// It waits for the results of its calls.
    ToolUse,
    /// The output limit was reached.
    MaxTokens,
    /// The context window was full.
    ContextWindow,
    /// The vendor refuses to go on.
    Refusal,
    /// A tool of the vendor's wants the request to be sent again.
    Pause,
}

impl Stop<'_> {
    /// A stop without a sequence.
    pub const fn because(reason: StopReason) -> Self {
        Self {
            reason,
            sequence: None,
        }
    }

    /// The same, borrowing nothing.
    pub fn into_owned<'b>(self) -> Stop<'b> {
        Stop {
            reason: self.reason,
            sequence: self.sequence.map(|text| Cow::Owned(text.into_owned())),
        }
    }
}

impl<'a> Event<'a> {
    /// A piece of a block.
    pub fn delta(block: usize, text: impl Into<Cow<'a, str>>) -> Self {
        Self::Delta {
            block,
            text: text.into(),
        }
    }
}

/// An upstream that does not keep to its protocol. The message names what was wrong, and quotes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub &'static str);

impl Malformed {
    /// More blocks, or what may become blocks, than any answer has.
    pub(crate) const TOO_MANY: Self = Self("the answer has too many blocks");

    /// The stream ended before its last event.
    pub const TRUNCATED: Self = Self("the stream ended before its last event");
}

/// Where decoders write events.
pub type Sink<'s> = &'s mut dyn FnMut(Event<'_>);
