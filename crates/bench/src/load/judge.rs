//! How an answer is judged as it arrives.

use super::check::{Check, Seen};
use super::conn::Failure;
use super::reading::Reading;
use crate::payload::{Api, Script};

/// The judgement of one answer, so far.
#[derive(Debug)]
pub(super) enum Judge<'a> {
    /// Byte for byte.
    Exact(Check<'a>),
    /// By what it says.
    Text(Reading<'a>),
    /// Anything that is not empty.
    Lenient { seen: usize },
}

impl<'a> Judge<'a> {
    pub(super) fn exact(script: &'a Script, stamped: bool) -> Self {
        Self::Exact(Check::new(script, stamped))
    }

    pub(super) fn text(api: Api, stream: bool, said: &'a str) -> Self {
        Self::Text(Reading::new(api, stream, said))
    }

    /// Takes the next bytes; false when they are not the expected ones.
    pub(super) fn feed(&mut self, data: &[u8], stamp: impl FnMut(Seen)) -> bool {
        match self {
            Self::Exact(check) => check.feed(data, stamp),
            Self::Text(reading) => reading.feed(data),
            Self::Lenient { seen } => {
                *seen += data.len();
                true
            }
        }
    }

    /// The judgement, now that there is no more to come. Errors: it was not all, or not this.
    pub(super) fn finish(&self) -> Result<(), Failure> {
        match self {
            Self::Exact(check) if check.is_complete() => Ok(()),
            Self::Exact(check) => Err(Failure::Short(check.position())),
            Self::Text(reading) => reading.finish(),
            Self::Lenient { seen: 0 } => Err(Failure::Short(0)),
            Self::Lenient { .. } => Ok(()),
        }
    }

    /// Bytes, or bytes of text, seen so far.
    pub(super) fn position(&self) -> usize {
        match self {
            Self::Exact(check) => check.position(),
            Self::Text(reading) => reading.position(),
            Self::Lenient { seen } => *seen,
        }
    }
}
