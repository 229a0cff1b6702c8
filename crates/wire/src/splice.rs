//! Replacing one value's bytes in a body that arrived in chunks, touching nothing else.
//!
//! The plan ([`cut`]) speaks of chunk numbers and ranges only, so that a caller who holds reference-counted
//! chunks can slice them without copying.

use std::ops::Range;

use crate::json;

/// One part of the new body, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// These bytes of this chunk, unchanged. Never empty.
    Keep {
        /// Index of the chunk.
        chunk: usize,
        /// Bytes within that chunk.
        range: Range<usize>,
    },
    /// The replacement. Occurs exactly once.
    Insert,
}

/// How to assemble the body whose chunks have the given lengths once `span` (offsets into the whole body)
/// is replaced. A span beyond the end is cut off at the end.
pub fn cut(lengths: impl IntoIterator<Item = usize>, span: Range<usize>) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut inserted = false;
    let mut start = 0;
    let end_of_span = span.end.max(span.start);
    for (chunk, length) in lengths.into_iter().enumerate() {
        let before = span.start.saturating_sub(start).min(length);
        let after = end_of_span.saturating_sub(start).min(length);
        if before > 0 {
            parts.push(Part::Keep {
                chunk,
                range: 0..before,
            });
        }
        start += length;
        if !inserted && span.start < start {
            parts.push(Part::Insert);
            inserted = true;
        }
        if after < length {
            parts.push(Part::Keep {
                chunk,
                range: after..length,
            });
        }
    }
    if !inserted {
        parts.push(Part::Insert);
    }
    parts
}

/// `name` as a JSON string literal, quotes included: what [`Part::Insert`] stands for.
pub fn model_literal(name: &str) -> Vec<u8> {
    let mut out = Vec::new();
    json::string(&mut out, name);
    out
}

/// Replaces `span` of a contiguous body by `name` as a JSON string.
pub fn splice(body: &[u8], span: Range<usize>, name: &str) -> Vec<u8> {
    let literal = model_literal(name);
    let mut out = Vec::with_capacity(body.len() + literal.len());
    for part in cut([body.len()], span) {
        match part {
            Part::Keep { range, .. } => out.extend_from_slice(&body[range]),
            Part::Insert => out.extend_from_slice(&literal),
        }
    }
    out
}

#[cfg(test)]
mod tests;
