//! Writing small JSON by hand and decoding single strings: the two things done without a tree.

use std::borrow::Cow;

use serde_json::value::RawValue;

/// Appends `text` as a JSON string, quotes included.
pub(crate) fn string(out: &mut Vec<u8>, text: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.reserve(text.len() + 2);
    out.push(b'"');
    for &byte in text.as_bytes() {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0..0x20 => {
                out.extend_from_slice(b"\\u00");
                out.push(HEX[usize::from(byte >> 4)]);
                out.push(HEX[usize::from(byte & 15)]);
            }
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

/// Appends a JSON string, or `null` for `None`.
pub(crate) fn string_or_null(out: &mut Vec<u8>, text: Option<&str>) {
    match text {
        Some(text) => string(out, text),
        None => out.extend_from_slice(b"null"),
    }
}

/// Appends a whole number.
pub(crate) fn number(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(value.to_string().as_bytes());
}

/// The text of one JSON string literal (quotes included), or `None` if `raw` is anything else.
pub(crate) fn decode_string(raw: &[u8]) -> Option<String> {
    let inner = raw.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    if inner
        .iter()
        .all(|&byte| byte >= 0x20 && byte != b'\\' && byte != b'"')
    {
        return std::str::from_utf8(inner).ok().map(str::to_owned);
    }
    serde_json::from_slice(raw).ok()
}

/// The same JSON without blanks between its tokens; not copied if there are none.
pub(crate) fn compact(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut kept = String::new();
    let (mut start, mut quoted, mut at) = (0, false, 0);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            // What is escaped ends no string.
            b'\\' => at += 1,
            b'"' => quoted = !quoted,
            _ if !quoted && is_blank(byte) => {
                kept.push_str(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    if start == 0 {
        return Cow::Borrowed(text);
    }
    kept.push_str(&text[start..]);
    Cow::Owned(kept)
}

/// The arguments of a call as the JSON text of an object. What a model wrote otherwise, or was cut off in,
/// has been answered with an error already; it is kept in an object, so that the conversation can go on.
pub(crate) fn arguments(text: Cow<'_, str>) -> Cow<'_, str> {
    let words = text.trim_ascii();
    if words.is_empty() {
        return Cow::Borrowed("{}");
    }
    if words.starts_with('{') && serde_json::from_str::<&RawValue>(words).is_ok() {
        return text;
    }
    let mut kept = br#"{"arguments":"#.to_vec();
    string(&mut kept, &text);
    kept.push(b'}');
    String::from_utf8(kept).map_or(text, Cow::Owned)
}

/// Whether `byte` is one of JSON's four blanks.
pub(crate) const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_read_back_as_written() {
        let all: String = (0..0x300).filter_map(char::from_u32).collect();
        for text in ["", "plain", "a\"b\\c\n\r\t\u{1}\u{7f}", "é漢😀", &all] {
            let mut out = Vec::new();
            string(&mut out, text);
            assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
            assert_eq!(decode_string(&out).as_deref(), Some(text));
        }
    }

    #[test]
    fn blanks_between_tokens_are_left_out_and_nothing_else() {
        for (text, compacted) in [
            (
                "{ \"a b\" :\r\n\t[1, \"\\\\\", \" \\\" \" ] } ",
                r#"{"a b":[1,"\\"," \" "]}"#,
            ),
            (" {}", "{}"),
            ("{\"é\": \"漢 字\"}", "{\"é\":\"漢 字\"}"),
        ] {
            assert_eq!(compact(text), compacted);
        }
        for text in ["", "{}", r#"{"a":" b \" c\\"}"#] {
            assert!(matches!(compact(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn arguments_are_an_object_whatever_was_written() {
        for (text, object) in [
            ("", "{}"),
            (" \n", "{}"),
            (" {\"a\": 1}", " {\"a\": 1}"),
            ("{\"a\":\"b", r#"{"arguments":"{\"a\":\"b"}"#),
            ("[1]", r#"{"arguments":"[1]"}"#),
        ] {
            assert_eq!(arguments(text.into()), object);
        }
    }

    #[test]
    fn only_string_literals_are_decoded() {
        for raw in [
            "",
            "\"",
            "null",
            "1",
            "\"a",
            "a\"",
            "\"a\"b\"",
            "\"\\ud800\"",
            "\"\u{1}\"",
        ] {
            assert_eq!(decode_string(raw.as_bytes()), None, "{raw}");
        }
    }
}
