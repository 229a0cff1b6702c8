//! What a number or literal may look like.

use super::Raw;

/// Whether `raw` is a JSON number, `true`, `false` or `null`. Of one too long to be kept only the first
/// bytes are judged.
pub(super) fn is_sound(raw: &Raw<'_>) -> bool {
    match raw.bytes {
        b"true" | b"false" | b"null" => true,
        bytes if raw.truncated => bytes
            .iter()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E')),
        bytes => is_number(bytes),
    }
}

fn is_number(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"-").unwrap_or(bytes);
    let (whole, mut rest) = digits(bytes);
    if whole.is_empty() || (whole.len() > 1 && whole[0] == b'0') {
        return false;
    }
    if let Some(after) = rest.strip_prefix(b".") {
        let (fraction, after) = digits(after);
        if fraction.is_empty() {
            return false;
        }
        rest = after;
    }
    if let [b'e' | b'E', after @ ..] = rest {
        let unsigned = after
            .strip_prefix(b"+")
            .or(after.strip_prefix(b"-"))
            .unwrap_or(after);
        let (exponent, after) = digits(unsigned);
        if exponent.is_empty() {
            return false;
        }
        rest = after;
    }
    rest.is_empty()
}

fn digits(bytes: &[u8]) -> (&[u8], &[u8]) {
    let length = bytes
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    bytes.split_at(length)
}

#[cfg(test)]
mod tests {
    use super::is_number;

    #[test]
    fn numbers_are_judged_as_the_grammar_does() {
        let good = [
            "0",
            "-0",
            "7",
            "120",
            "0.5",
            "-1.25e-7",
            "1E+3",
            "9e0",
            "123456789012345678901234567890",
        ];
        let bad = [
            "", "-", "01", "1.", ".5", "+1", "1e", "1e+", "0x1", "1_0", "--1", "1.2.3", "NaN",
        ];
        for text in good {
            assert!(is_number(text.as_bytes()), "{text}");
        }
        for text in bad {
            assert!(!is_number(text.as_bytes()), "{text}");
        }
    }
}
