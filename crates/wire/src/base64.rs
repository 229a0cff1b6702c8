//! Reading base64: files of text come in it, and some protocols have another place for text.

/// The text that base64 stands for; `None` if it is none, or not UTF-8.
pub(crate) fn text(base64: &str) -> Option<String> {
    String::from_utf8(decode(base64.as_bytes())?).ok()
}

/// The bytes that base64 stands for; `None` if it is none.
fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let padding = text
        .iter()
        .rev()
        .take(2)
        .take_while(|&&byte| byte == b'=')
        .count();
    let text = &text[..text.len() - padding];
    if text.len() % 4 == 1 {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    for chunk in text.chunks(4) {
        let mut bits = [0_u8; 4];
        for (bit, &byte) in bits.iter_mut().zip(chunk) {
            *bit = sextet(byte)?;
        }
        let [a, b, c, d] = bits;
        let whole = [a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d];
        bytes.extend_from_slice(&whole[..chunk.len() - 1]);
    }
    Some(bytes)
}

const fn sextet(byte: u8) -> Option<u8> {
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_decoded() {
        for (text, bytes) in [
            ("", Some(&b""[..])),
            ("Zg==", Some(b"f")),
            ("Zm8=", Some(b"fo")),
            ("Zm9v", Some(b"foo")),
            ("Zm9vYg", Some(b"foob")),
            ("//79+w==", Some(b"\xff\xfe\xfd\xfb")),
            ("Z", None),
            ("Zm9v!===", None),
            ("Zm 9v", None),
        ] {
            assert_eq!(decode(text.as_bytes()).as_deref(), bytes, "{text}");
        }
    }

    #[test]
    fn text_is_utf_8() {
        assert_eq!(text("aMOp").as_deref(), Some("h\u{e9}"));
        assert_eq!(text("/w=="), None);
    }
}
