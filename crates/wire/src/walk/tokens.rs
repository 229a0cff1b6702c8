//! The insides of strings, numbers and skipped containers: everything that may be cut by a piece's end.

use super::blocks::string_stop;
use super::{State, Visitor, WalkError, Walker, scalar};
use crate::json;

impl<P: Copy> Walker<P> {
    /// Bytes of a container nobody entered; returns where to go on.
    pub(super) fn nested<V: Visitor<Place = P>>(
        &mut self,
        bytes: &[u8],
        from: usize,
        opener: u8,
        visitor: &mut V,
    ) -> usize {
        let Some(length) = self.skipper.skip(&bytes[from..]) else {
            return bytes.len();
        };
        let end = from + length;
        // `{` and `}`, like `[` and `]`, are two apart.
        if bytes[end - 1] == opener + 2 {
            self.end_value(bytes, end, visitor);
        } else {
            self.fail(end - 1, "the bracket that closes this value");
        }
        end
    }

    /// Bytes of a key or string; returns where to go on.
    pub(super) fn text<V: Visitor<Place = P>>(
        &mut self,
        bytes: &[u8],
        mut at: usize,
        key: bool,
        mut escaped: bool,
        visitor: &mut V,
    ) -> usize {
        while at < bytes.len() {
            if escaped {
                if !matches!(
                    bytes[at],
                    b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' | b'u'
                ) {
                    self.fail(at, "a valid escape");
                    return at;
                }
                escaped = false;
                at += 1;
                continue;
            }
            let Some(stop) = string_stop(&bytes[at..]) else {
                break;
            };
            at += stop;
            match bytes[at] {
                b'"' => {
                    if key {
                        self.end_key(bytes, at + 1, visitor);
                    } else {
                        self.end_value(bytes, at + 1, visitor);
                    }
                    return at + 1;
                }
                b'\\' => {
                    self.escapes = true;
                    escaped = true;
                    at += 1;
                }
                _ => {
                    self.fail(at, "control characters in strings to be escaped");
                    return at;
                }
            }
        }
        self.state = State::Text { key, escaped };
        bytes.len()
    }

    /// Bytes of a number or literal; returns where to go on (at the delimiter, which is not consumed).
    pub(super) fn scalar<V: Visitor<Place = P>>(
        &mut self,
        bytes: &[u8],
        from: usize,
        visitor: &mut V,
    ) -> usize {
        let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']') || json::is_blank(*byte);
        let Some(length) = bytes[from..].iter().position(ends) else {
            return bytes.len();
        };
        let end = from + length;
        let mut kept = std::mem::take(&mut self.kept);
        let sound = scalar::is_sound(&self.raw(bytes, end, &mut kept));
        self.kept = kept;
        if sound {
            self.end_value(bytes, end, visitor);
        } else {
            let what = "a number, `true`, `false` or `null`";
            self.error = Some(WalkError::Malformed {
                offset: self.start,
                what,
            });
        }
        end
    }
}
