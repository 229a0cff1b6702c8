//! UTF-8 checking of text that arrives in pieces.

/// Pieces of this size are judged at once: small enough that one dash in a long English text does not send
/// much of it down the slow path, large enough to amortize the call.
const PIECE: usize = 512;

/// Checks a text in pieces split anywhere.
#[derive(Debug, Default)]
pub(crate) struct Utf8Check {
    /// The beginning of a sequence that continues in the next piece.
    carry: [u8; 4],
    carried: usize,
    /// Offset of the first byte not yet judged sound.
    sound: usize,
}

impl Utf8Check {
    /// Passes on, in order, every byte that is known to belong to sound text; a sequence cut by the end of
    /// `bytes` is held back. Returns the offset of the first unsound byte, if any; nothing may follow then.
    pub(crate) fn feed(
        &mut self,
        mut bytes: &[u8],
        mut on: impl FnMut(&[u8]),
    ) -> Result<(), usize> {
        while self.carried > 0 {
            let Some((&byte, rest)) = bytes.split_first() else {
                return Ok(());
            };
            bytes = rest;
            self.carry[self.carried] = byte;
            self.carried += 1;
            match std::str::from_utf8(&self.carry[..self.carried]) {
                Ok(text) => {
                    on(text.as_bytes());
                    self.sound += self.carried;
                    self.carried = 0;
                }
                Err(error) if error.error_len().is_some() => return Err(self.sound),
                Err(_) => {}
            }
        }
        let (valid, result) = valid_prefix(bytes);
        if valid > 0 {
            on(&bytes[..valid]);
            self.sound += valid;
        }
        if let Err(unsound) = result {
            if unsound {
                return Err(self.sound);
            }
            let rest = &bytes[valid..];
            self.carry[..rest.len()].copy_from_slice(rest);
            self.carried = rest.len();
        }
        Ok(())
    }

    /// Whether the text ends between two characters; otherwise the offset of the cut one.
    pub(crate) fn finish(&self) -> Result<(), usize> {
        if self.carried == 0 {
            Ok(())
        } else {
            Err(self.sound)
        }
    }
}

/// Length of the sound beginning, and whether what follows it is unsound (`true`) or only cut (`false`).
fn valid_prefix(bytes: &[u8]) -> (usize, Result<(), bool>) {
    let mut at = 0;
    while at < bytes.len() {
        let end = bytes.len().min(at + PIECE);
        let piece = &bytes[at..end];
        if piece.is_ascii() {
            at = end;
            continue;
        }
        match std::str::from_utf8(piece) {
            Ok(_) => at = end,
            Err(error) => {
                at += error.valid_up_to();
                if error.error_len().is_some() {
                    return (at, Err(true));
                }
                if end == bytes.len() {
                    return (at, Err(false));
                }
                // Cut by the piece, not by the input: go on with a piece that begins here.
            }
        }
    }
    (at, Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], cuts: usize) -> Result<usize, usize> {
        let mut check = Utf8Check::default();
        let mut passed = Vec::new();
        for piece in bytes.chunks(cuts) {
            check.feed(piece, |sound| passed.extend_from_slice(sound))?;
        }
        check.finish()?;
        assert_eq!(passed, bytes);
        Ok(passed.len())
    }

    #[test]
    fn agrees_with_the_standard_library_however_it_is_split() {
        let long = "é漢😀abc".repeat(300);
        let texts: [&[u8]; 8] = [
            b"plain",
            long.as_bytes(),
            b"a\xffb",
            b"\xe2\x82",
            b"\xe2\x82x",
            b"\xf0\x9f\x98\x80\xc0\x80",
            b"\xed\xa0\x80",
            b"\xf4\x90\x80\x80",
        ];
        for text in texts {
            let expected = std::str::from_utf8(text)
                .map(str::len)
                .map_err(|e| e.valid_up_to());
            for cuts in [1, 2, 3, 5, 7, 511, 512, 513, 10_000] {
                assert_eq!(check(text, cuts), expected, "{text:x?} by {cuts}");
            }
        }
    }
}
