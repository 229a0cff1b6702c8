//! The few request fields a gateway decides by, read in one pass over the chunks of a body.
//!
//! No tree, no copy of the body, no opinion on anything but the fields of [`Peek`]: unknown fields, odd
//! blanks and big integers are none of this module's business. Refused is only what would make the gateway
//! and the upstream read different requests: broken JSON, a second `model` or `stream`, invalid UTF-8.

use std::ops::Range;

use crate::utf8::Utf8Check;
use crate::walk::Walker;

mod error;
mod fields;
#[cfg(test)]
mod tests;

pub use error::PeekError;
use fields::{Fields, Place};

/// Longest raw text, in bytes, of a string that is kept.
pub const STRING_LIMIT: usize = 4096;

/// So much is checked for UTF-8 and then walked while still in the nearest cache.
const PIECE: usize = 32 * 1024;

/// What a request body says about routing and metering. Everything else stays unread.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peek {
    /// The top-level `model`. `None` if absent or null.
    pub model: Option<Model>,
    /// The top-level `stream`. `None` if absent or null.
    pub stream: Option<bool>,
    /// Whether `tools` is a non-empty array.
    pub has_tools: bool,
    /// The largest of `max_tokens`, `max_completion_tokens` and `max_output_tokens`, in tokens: which of
    /// several counts is the provider's decision. One that is no whole number is as large as can be.
    pub max_tokens: Option<u64>,
    /// `n`, how many answers are asked for, read in the same way.
    pub answers: Option<u64>,
    /// `prompt_cache_key`, if a string of at most [`STRING_LIMIT`] bytes.
    pub prompt_cache_key: Option<String>,
    /// `metadata.user_id`, under the same condition.
    pub metadata_user_id: Option<String>,
    /// `previous_response_id`, under the same condition.
    pub previous_response_id: Option<String>,
    /// `stream_options.include_usage`.
    pub include_usage: Option<bool>,
    /// Every `session.model`, where a call that opens a session names it. One that cannot be kept is an
    /// empty name.
    pub session_models: Vec<String>,
    /// The top-level `background`.
    pub background: Option<bool>,
}

/// The model a request names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// The decoded name.
    pub name: String,
    /// Where its JSON string, quotes included, sits in the whole body.
    pub span: Range<usize>,
}

/// Reads a body chunk by chunk.
#[derive(Debug)]
pub struct Peeker {
    walker: Walker<Place>,
    utf8: Utf8Check,
    unsound: Option<usize>,
    fields: Fields,
}

impl Default for Peeker {
    fn default() -> Self {
        Self::new()
    }
}

impl Peeker {
    /// A peeker that has seen nothing.
    pub fn new() -> Self {
        Self {
            walker: Walker::new(Place::Root),
            utf8: Utf8Check::default(),
            unsound: None,
            fields: Fields::default(),
        }
    }

    /// Takes the next chunk. Infallible: the first error is remembered and reported by [`Self::finish`].
    pub fn push(&mut self, chunk: &[u8]) {
        let Self {
            walker,
            utf8,
            unsound,
            fields,
        } = self;
        for piece in chunk.chunks(PIECE) {
            if unsound.is_some() {
                return;
            }
            *unsound = utf8.feed(piece, |sound| walker.feed(sound, fields)).err();
        }
    }

    /// The fields found, or why the body cannot be accepted.
    pub fn finish(self) -> Result<Peek, PeekError> {
        // The walker only ever saw sound text before the unsound byte, so its errors come first, except for
        // the one that says the text ended there.
        if let Some(error) = self.fields.error {
            return Err(error);
        }
        let unsound = self.unsound.or_else(|| self.utf8.finish().err());
        match (self.walker.error(), unsound) {
            (Some(error), _) => return Err(error.into()),
            (None, Some(offset)) => return Err(PeekError::InvalidUtf8 { offset }),
            (None, None) => self.walker.check_end()?,
        }
        Ok(self.fields.peek)
    }
}

/// [`Peeker`] for a contiguous body.
pub fn peek(body: &[u8]) -> Result<Peek, PeekError> {
    let mut peeker = Peeker::new();
    peeker.push(body);
    peeker.finish()
}
