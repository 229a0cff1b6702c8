//! What becomes of an answer's bytes on their way: nothing, less what is not the caller's, or another protocol.

use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use tollhouse_wire::answer::Malformed;
use tollhouse_wire::failure::{Class, Failure};
use tollhouse_wire::sieve::Sieve;
use tollhouse_wire::translate::Translator;

use super::idle::Idle;

/// How long a client of a translated stream is left without a word. Clients warn after 20 s of silence
/// and give up after minutes; an upstream of another protocol may think for longer than that.
const PULSE: Duration = Duration::from_secs(15);

/// What becomes of the bytes.
pub(super) enum Text {
    /// They pass as they are.
    Verbatim,
    /// They pass as they are, but for what an account says of itself.
    Sieved(Sieve),
    /// They are translated.
    Translated(Box<Translated>),
}

/// What is to become of them.
pub(crate) enum Change {
    /// Nothing.
    None,
    /// What an account says of itself is taken out.
    Sieved,
    /// They are another protocol's.
    Translated(Box<Translator>),
}

/// A stream in translation.
pub(super) struct Translated {
    translator: Box<Translator>,
    pulse: Idle,
    /// What came out before the upstream was found to be broken.
    last: Vec<u8>,
}

impl Text {
    pub(super) fn new(change: Change) -> Self {
        match change {
            Change::None => Self::Verbatim,
            Change::Sieved => Self::Sieved(Sieve::default()),
            Change::Translated(translator) => Self::Translated(Box::new(Translated {
                translator,
                pulse: Idle::new(PULSE),
                last: Vec::new(),
            })),
        }
    }

    pub(super) const fn is_verbatim(&self) -> bool {
        matches!(self, Self::Verbatim)
    }

    pub(super) const fn is_translated(&self) -> bool {
        matches!(self, Self::Translated(_))
    }

    /// What to send for these bytes; may be nothing yet.
    pub(super) fn push(&mut self, bytes: Bytes) -> Result<Bytes, Malformed> {
        match self {
            Self::Verbatim => Ok(bytes),
            Self::Sieved(sieve) => {
                let mut out = Vec::with_capacity(bytes.len());
                sieve.push(&bytes, &mut out);
                Ok(out.into())
            }
            Self::Translated(text) => {
                let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 2);
                let pushed = text.translator.push(&bytes, &mut out);
                text.said(pushed, out)
            }
        }
    }

    /// What to send at the end.
    pub(super) fn finish(&mut self) -> Result<Bytes, Malformed> {
        match self {
            Self::Verbatim => Ok(Bytes::new()),
            Self::Sieved(sieve) => {
                let mut out = Vec::new();
                sieve.finish(&mut out);
                Ok(out.into())
            }
            Self::Translated(text) => {
                let mut out = Vec::new();
                let finished = text.translator.finish(&mut out);
                text.said(finished, out)
            }
        }
    }

    /// How the upstream failed, as the translation understood it.
    pub(super) fn failed(&self) -> Option<Class> {
        match self {
            Self::Verbatim | Self::Sieved(_) => None,
            Self::Translated(text) => text.translator.failed(),
        }
    }

    /// What tells the client of a translated stream that it failed, after what came before; `None` where
    /// nothing is left to be told.
    pub(super) fn fail(&mut self, class: Class, message: &'static str) -> Option<Bytes> {
        let Self::Translated(text) = self else {
            return None;
        };
        let mut out = std::mem::take(&mut text.last);
        let failure = Failure {
            class,
            message: message.into(),
            code: None,
            param: None,
        };
        text.translator.fail(failure, &mut out);
        (!out.is_empty()).then(|| out.into())
    }

    /// Ready with a sign of life when the client has heard nothing for a while.
    pub(super) fn poll_keep_alive(&mut self, context: &mut Context<'_>) -> Poll<Bytes> {
        match self {
            Self::Verbatim | Self::Sieved(_) => Poll::Pending,
            Self::Translated(text) => {
                ready!(text.pulse.poll(context));
                text.pulse.touch();
                let mut out = Vec::new();
                text.translator.keep_alive(&mut out);
                Poll::Ready(out.into())
            }
        }
    }
}

impl Translated {
    /// Whether the client has got the end of its answer.
    pub(super) fn ended(&self) -> bool {
        self.translator.ended()
    }

    fn said(&mut self, result: Result<(), Malformed>, out: Vec<u8>) -> Result<Bytes, Malformed> {
        if let Err(malformed) = result {
            self.last = out;
            return Err(malformed);
        }
        if !out.is_empty() {
            self.pulse.touch();
        }
        Ok(out.into())
    }
}

#[cfg(test)]
mod tests;
