//! What a walk reports, and to whom.

use std::ops::Range;

/// What to do with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step<P> {
    /// Pass over it.
    Skip,
    /// Report its span and its first bytes, at most this many.
    Keep(P, usize),
    /// Report its members or elements; if it is no container, treat it as [`Step::Keep`].
    Enter(P, usize),
}

/// A kept value.
#[derive(Clone, Debug)]
pub(crate) struct Raw<'a> {
    /// Its first bytes as they stood in the document.
    pub(crate) bytes: &'a [u8],
    /// Whether the limit cut it short.
    pub(crate) truncated: bool,
    /// Where it stood.
    pub(crate) span: Range<usize>,
}

/// Chooses what to read. `Place` names both the containers it entered and the values it kept.
pub(crate) trait Visitor {
    /// A name for a position in the document.
    type Place: Copy;
    /// A member of an entered object; `key` is decoded.
    fn member(&mut self, parent: Self::Place, key: &[u8]) -> Step<Self::Place>;
    /// An element of an entered array.
    fn element(&mut self, _parent: Self::Place, _index: usize) -> Step<Self::Place> {
        Step::Skip
    }
    /// A kept value has ended.
    fn value(&mut self, place: Self::Place, raw: Raw<'_>);
    /// An entered container has ended.
    fn leave(&mut self, _place: Self::Place, _span: Range<usize>) {}
    /// True once nothing more is wanted.
    fn stopped(&self) -> bool {
        false
    }
}

/// Why a document cannot be walked (further).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WalkError {
    /// Nothing but blanks.
    Empty,
    /// It does not begin with `{`.
    NotObject { offset: usize },
    /// Something else was expected here.
    Malformed { offset: usize, what: &'static str },
}
