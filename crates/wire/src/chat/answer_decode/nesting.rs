//! How far a JSON value has come that comes in pieces.

/// The state of an object or list. Anything else is never taken for complete: where a number ends is only
/// known from what follows it.
#[derive(Default)]
pub(super) struct Nesting {
    depth: usize,
    in_string: bool,
    escaped: bool,
    complete: bool,
}

impl Nesting {
    /// Takes the next piece.
    pub(super) fn feed(&mut self, piece: &str) {
        for byte in piece.bytes() {
            self.byte(byte);
        }
    }

    /// Whether the value has come to its end.
    pub(super) fn is_complete(&self) -> bool {
        self.complete
    }

    fn byte(&mut self, byte: u8) {
        if std::mem::take(&mut self.escaped) {
            return;
        }
        match byte {
            b'\\' if self.in_string => self.escaped = true,
            b'"' => self.in_string = !self.in_string,
            _ if self.in_string => {}
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                self.complete |= self.depth == 0;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_complete_with_its_last_bracket() {
        let text = r#" {"a":"}\"{\\","b":[{}]}"#;
        for cut in 1..text.len() {
            let mut nesting = Nesting::default();
            nesting.feed(&text[..cut]);
            assert!(!nesting.is_complete(), "{}", &text[..cut]);
            nesting.feed(&text[cut..]);
            assert!(nesting.is_complete());
        }
        for text in ["", "  ", "12", "\"{}\""] {
            let mut nesting = Nesting::default();
            nesting.feed(text);
            assert!(!nesting.is_complete(), "{text}");
        }
    }
}
