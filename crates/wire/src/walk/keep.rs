//! The ends of keys and values: putting together what pieces have cut, and reporting it.

use super::{Raw, State, Step, Visitor, WalkError, Walker};
use crate::json;

impl<P: Copy> Walker<P> {
    /// The key that ends before `end` decides what becomes of its value.
    pub(super) fn end_key<V: Visitor<Place = P>>(
        &mut self,
        bytes: &[u8],
        end: usize,
        visitor: &mut V,
    ) {
        let mut kept = std::mem::take(&mut self.kept);
        let raw = self.raw(bytes, end, &mut kept);
        let place = self.top().place;
        self.state = State::Colon;
        self.step = if raw.truncated {
            Step::Skip
        } else if self.escapes {
            // Parsers compare keys after decoding, so `"\u006dodel"` is `model` too.
            if let Some(key) = json::decode_string(raw.bytes) {
                visitor.member(place, key.as_bytes())
            } else {
                let what = "a valid string";
                self.error = Some(WalkError::Malformed {
                    offset: self.start,
                    what,
                });
                Step::Skip
            }
        } else {
            visitor.member(place, &raw.bytes[1..raw.bytes.len() - 1])
        };
        self.kept = kept;
    }

    pub(super) fn end_value<V: Visitor<Place = P>>(
        &mut self,
        bytes: &[u8],
        end: usize,
        visitor: &mut V,
    ) {
        self.state = State::Comma;
        if let Step::Keep(place, _) | Step::Enter(place, _) = self.step {
            let mut kept = std::mem::take(&mut self.kept);
            visitor.value(place, self.raw(bytes, end, &mut kept));
            self.kept = kept;
        }
    }

    /// The current value, which ends before `end`: borrowed if it lies within this piece.
    pub(super) fn raw<'a>(&self, bytes: &'a [u8], end: usize, kept: &'a mut Vec<u8>) -> Raw<'a> {
        let span = self.start..self.base + end;
        let truncated = span.len() > self.limit;
        let bytes = if self.start >= self.base {
            let from = self.start - self.base;
            &bytes[from..end.min(from + self.limit)]
        } else {
            let room = self.limit.saturating_sub(kept.len());
            let more = &bytes[..end.min(room)];
            // Calling this twice for one value must not append twice.
            if kept.len() + more.len() <= span.len().min(self.limit) {
                kept.extend_from_slice(more);
            }
            kept
        };
        Raw {
            bytes,
            truncated,
            span,
        }
    }

    /// Keeps what this piece holds of the unfinished value.
    pub(super) fn keep_rest(&mut self, bytes: &[u8]) {
        let from = self.start.saturating_sub(self.base);
        let room = self.limit.saturating_sub(self.kept.len());
        let end = bytes.len().min(from + room);
        self.kept.extend_from_slice(&bytes[from..end]);
    }
}
