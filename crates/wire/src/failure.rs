//! An upstream's error, understood well enough to be told in another protocol.
//!
//! Only translated calls come through here: where the protocols match, errors pass as they are. The message
//! is kept; the class decides the type and code that the caller's client acts on.

use std::borrow::Cow;

use crate::conversation::Text;

mod class;
mod output;
mod overflow;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use read::read;
pub(crate) use read::{from_code, in_band};
pub use write::{body, status};
pub(crate) use write::{responses_code, write_messages_error, write_openai_error};

/// What went wrong, in the terms clients act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// The request is wrong.
    Invalid,
    /// The conversation does not fit the model's context window.
    ContextOverflow,
    /// The credential is refused.
    Authentication,
    /// The account's money or quota is used up.
    Quota,
    /// The credential may not do this.
    Permission,
    /// The model, or what else was named, does not exist.
    NotFound,
    /// The request conflicts with another.
    Conflict,
    /// The request is too large.
    TooLarge,
    /// Too many requests or tokens in a while.
    RateLimited,
    /// A fault of the upstream's.
    Server,
    /// The upstream has too much to do.
    Overloaded,
    /// The upstream took too long.
    Timeout,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 12] = [
        Self::Invalid,
        Self::ContextOverflow,
        Self::Authentication,
        Self::Quota,
        Self::Permission,
        Self::NotFound,
        Self::Conflict,
        Self::TooLarge,
        Self::RateLimited,
        Self::Server,
        Self::Overloaded,
        Self::Timeout,
    ];

    /// The name on the ledger row, where the upstream gave none.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Invalid => "invalid_request",
            Self::ContextOverflow => "context_overflow",
            Self::Authentication => "authentication",
            Self::Quota => "quota",
            Self::Permission => "permission",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::TooLarge => "too_large",
            Self::RateLimited => "rate_limited",
            Self::Server => "server",
            Self::Overloaded => "overloaded",
            Self::Timeout => "timeout",
        }
    }
}

/// An upstream's error.
#[derive(Clone)]
pub struct Failure<'a> {
    /// What went wrong.
    pub class: Class,
    /// In the upstream's words.
    pub message: Text<'a>,
    /// The upstream's `code`, where it gave one.
    pub code: Option<Text<'a>>,
    /// The field it is about, where it named one.
    pub param: Option<Text<'a>>,
}

impl Failure<'_> {
    /// The same, borrowing nothing.
    pub fn into_owned<'b>(self) -> Failure<'b> {
        let own = |text: Text<'_>| Cow::Owned(text.into_owned());
        Failure {
            class: self.class,
            message: own(self.message),
            code: self.code.map(own),
            param: self.param.map(own),
        }
    }
}

impl std::fmt::Debug for Failure<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Failure")
            .field("class", &self.class)
            .finish_non_exhaustive()
    }
}
