//! Pictures and documents in requests: what they are, from their first bytes.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::refusal::Refusal;

/// A picture or document that arrived, decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Media {
    /// The dimensions, where the format is PNG.
    Picture(Option<(u32, u32)>),
    /// The size in bytes.
    Document(usize),
}

/// Reads what was sent as base64; the declared type must be what the bytes say.
pub(crate) fn decode(declared: &str, data: &str) -> Result<Media, Refusal> {
    let bytes = STANDARD
        .decode(data)
        .map_err(|_| Refusal::invalid("the data is not valid base64"))?;
    let (kind, media) = recognize(&bytes)
        .ok_or_else(|| Refusal::invalid("Could not process image: not a known format"))?;
    if kind == declared {
        Ok(media)
    } else {
        Err(Refusal::invalid(format!(
            "the data was declared as {declared}, but appears to be {kind}"
        )))
    }
}

/// Reads a `data:` URL; another URL, which would be fetched, is nothing yet.
pub(crate) fn decode_url(url: &str) -> Result<Option<Media>, Refusal> {
    if url.starts_with("http://") || url.starts_with("https://") {
        return Ok(None);
    }
    url.strip_prefix("data:")
        .and_then(|rest| rest.split_once(";base64,"))
        .ok_or_else(|| Refusal::invalid("expected an http(s) URL or a base64 data URL"))
        .and_then(|(kind, data)| decode(kind, data))
        .map(Some)
}

fn recognize(bytes: &[u8]) -> Option<(&'static str, Media)> {
    let number = |at: usize| {
        let four = bytes.get(at..at + 4)?.try_into().ok()?;
        Some(u32::from_be_bytes(four))
    };
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        let size = number(16).zip(number(20));
        return Some(("image/png", Media::Picture(size)));
    }
    if bytes.starts_with(b"%PDF-") {
        return Some(("application/pdf", Media::Document(bytes.len())));
    }
    let kind = if bytes.starts_with(b"\xff\xd8\xff") {
        "image/jpeg"
    } else if bytes.starts_with(b"GIF8") {
        "image/gif"
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        "image/webp"
    } else {
        return None;
    };
    Some((kind, Media::Picture(None)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_tells_its_size() {
        let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        png.extend([0, 0, 0, 48, 0, 0, 0, 32]);
        let data = STANDARD.encode(&png);
        let picture = Media::Picture(Some((48, 32)));
        assert_eq!(decode("image/png", &data).unwrap(), picture);
        let url = format!("data:image/png;base64,{data}");
        assert_eq!(decode_url(&url).unwrap(), Some(picture));
        assert!(decode("image/jpeg", &data).is_err());
    }

    #[test]
    fn refuses_what_is_no_picture() {
        assert!(decode("image/png", &STANDARD.encode("hello")).is_err());
        assert!(decode("image/png", "not base64").is_err());
        assert!(decode_url("picture.png").is_err());
        assert_eq!(decode_url("https://example.com/a.png").unwrap(), None);
    }
}
