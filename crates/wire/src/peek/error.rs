//! Why a body is refused, in words that help its sender and never repeat what was sent.

use crate::walk::WalkError;

/// Why a body cannot be accepted. Never quotes the body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeekError {
    /// No bytes, or only blanks.
    #[error("the body is empty: send a JSON object")]
    Empty,
    /// The first byte is not `{`.
    #[error("the body is not a JSON object: it must start with `{{` (byte {offset})")]
    NotObject {
        /// Offset of the offending byte.
        offset: usize,
    },
    /// The bytes are not UTF-8.
    #[error("the body is not valid UTF-8 at byte {offset}: encode it as UTF-8")]
    InvalidUtf8 {
        /// Offset of the first byte of the invalid sequence.
        offset: usize,
    },
    /// The JSON is broken.
    #[error("malformed JSON at byte {offset}: expected {what}")]
    Malformed {
        /// Offset of the offending byte (the body's length if it ended too early).
        offset: usize,
        /// What would have been right.
        what: &'static str,
    },
    /// A field on which parsers would disagree.
    #[error("`{field}` is given twice (again at byte {offset}): give it once")]
    Duplicate {
        /// `model` or `stream`.
        field: &'static str,
        /// Offset of the second value.
        offset: usize,
    },
    /// A field of the wrong type.
    #[error("`{field}` must be {expected} (byte {offset})")]
    WrongType {
        /// Name of the field.
        field: &'static str,
        /// What it must be, with an article.
        expected: &'static str,
        /// Offset of the value.
        offset: usize,
    },
}

impl From<WalkError> for PeekError {
    fn from(error: WalkError) -> Self {
        match error {
            WalkError::Empty => Self::Empty,
            WalkError::NotObject { offset } => Self::NotObject { offset },
            WalkError::Malformed { offset, what } => Self::Malformed { offset, what },
        }
    }
}
