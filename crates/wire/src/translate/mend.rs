//! Half characters.
//!
//! In JSON a character beyond the first plane is written as two escapes. Servers that cut their texts by code
//! units send them in two pieces, and no reader of text takes a half. It is no reason to lose the answer: each
//! half becomes the character that stands for what could not be read.

use std::borrow::Cow;

const REPLACEMENT: &[u8] = b"\\ufffd";

/// The length of an escape of four digits.
const ESCAPE: usize = 6;

/// `json` without escapes of half characters. Everything else is as it was, broken or not.
pub(super) fn mend(json: &[u8]) -> Cow<'_, [u8]> {
    let mut mended = Cow::Borrowed(json);
    let mut place = 0;
    while let Some(found) = memchr::memchr(b'\\', json.get(place..).unwrap_or_default()) {
        place += found;
        let pair = match (unit(json, place), unit(json, place + ESCAPE)) {
            (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => Some(2 * ESCAPE),
            (Some(0xd800..0xe000), _) => None,
            (Some(_), _) => Some(ESCAPE),
            // The backslash and what it escapes.
            (None, _) => Some(2),
        };
        if pair.is_none()
            && let Some(half) = mended.to_mut().get_mut(place..place + ESCAPE)
        {
            half.copy_from_slice(REPLACEMENT);
        }
        place += pair.unwrap_or(ESCAPE);
    }
    mended
}

/// The code unit whose escape stands at `place`.
fn unit(json: &[u8], place: usize) -> Option<u16> {
    let escape = json.get(place..)?.get(..ESCAPE)?;
    let digits = escape.strip_prefix(b"\\u")?;
    let digits = std::str::from_utf8(digits).ok()?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_halves_are_replaced() {
        for (json, expected) in [
            (r#""plain""#, r#""plain""#),
            (r#""\ud83d\ude00 \u00e9 \n""#, r#""\ud83d\ude00 \u00e9 \n""#),
            (r#""\ud83d""#, r#""\ufffd""#),
            (r#""\uDE00 x""#, r#""\ufffd x""#),
            (r#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (r#""\\ud83d""#, r#""\\ud83d""#),
            (r#""\\\ud83d""#, r#""\\\ufffd""#),
            (r#""\ud83"#, r#""\ud83"#),
            (r"\", r"\"),
        ] {
            let mended = mend(json.as_bytes());
            assert_eq!(std::str::from_utf8(&mended), Ok(expected));
        }
        assert!(matches!(mend(br#""\n""#), Cow::Borrowed(_)));
    }
}
