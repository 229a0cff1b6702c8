//! One body as it passes by: references to its bytes, up to a limit.

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderName};

/// Shorter pieces are copied together: a reference to each would take more room than what it says, and a
/// slow stream has many.
const SMALL: usize = 256;
/// The longest value of a header that is noted.
const LONGEST_HEADER: usize = 200;

/// One body.
pub(super) struct Tape {
    content_type: Option<String>,
    encoding: Option<String>,
    pieces: Vec<Bytes>,
    small: BytesMut,
    held: u64,
    total: u64,
    limit: u64,
}

impl Tape {
    pub(super) fn new(limit: u64) -> Self {
        Self {
            content_type: None,
            encoding: None,
            pieces: Vec::new(),
            small: BytesMut::new(),
            held: 0,
            total: 0,
            limit,
        }
    }

    /// Notes what the body is said to be.
    pub(super) fn headed(&mut self, headers: &HeaderMap) {
        let read = |name: HeaderName| {
            let text = headers.get(name)?.to_str().ok()?.trim();
            Some(text.chars().take(LONGEST_HEADER).collect::<String>())
        };
        self.content_type = read(CONTENT_TYPE);
        self.encoding = read(CONTENT_ENCODING).filter(|text| text != "identity");
    }

    /// The body is noted without its compression.
    pub(super) fn plain(&mut self) {
        self.encoding = None;
    }

    /// Notes bytes, unless there are enough of them.
    pub(super) fn add(&mut self, bytes: &Bytes) {
        self.total += bytes.len() as u64;
        let left = usize::try_from(self.limit - self.held).unwrap_or(usize::MAX);
        let piece = bytes.len().min(left);
        if piece == 0 {
            return;
        }
        self.held += piece as u64;
        if piece < SMALL {
            self.small.extend_from_slice(&bytes[..piece]);
            return;
        }
        self.collect();
        self.pieces.push(bytes.slice(..piece));
    }

    fn collect(&mut self) {
        if !self.small.is_empty() {
            self.pieces.push(self.small.split().freeze());
        }
    }

    /// How many bytes it holds.
    pub(super) const fn held(&self) -> u64 {
        self.held
    }

    /// Lets go of all of them.
    pub(super) fn clear(&mut self) {
        *self = Self::new(0);
    }

    /// What was noted.
    pub(super) fn heard(mut self) -> Heard {
        self.collect();
        Heard {
            bytes: self.pieces.concat(),
            content_type: self.content_type,
            encoding: self.encoding,
            total: self.total,
        }
    }
}

/// One body in one piece.
pub(super) struct Heard {
    pub(super) content_type: Option<String>,
    pub(super) encoding: Option<String>,
    pub(super) bytes: Vec<u8>,
    /// How many bytes passed by.
    pub(super) total: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_any_size_come_back_in_order_and_bounded() {
        let text: Vec<u8> = (0..20_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        for sizes in [
            &[1][..],
            &[SMALL - 1, SMALL, SMALL + 1],
            &[5000, 1, 1, 4000],
            &[0, 3],
        ] {
            for limit in [0, 1, 255, 256, 5001, 20_000, 30_000] {
                let mut tape = Tape::new(limit);
                let mut rest = Bytes::from(text.clone());
                for size in sizes.iter().cycle() {
                    if rest.is_empty() {
                        break;
                    }
                    tape.add(&rest.split_to(rest.len().min(*size)));
                }
                let kept = text.len().min(usize::try_from(limit).unwrap());
                assert_eq!(tape.held(), kept as u64);
                let heard = tape.heard();
                assert_eq!(heard.bytes, text[..kept], "{sizes:?} {limit}");
                assert_eq!(heard.total, 20_000);
            }
        }
    }
}
