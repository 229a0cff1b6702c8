//! Data URLs, as far as images and files come in them.

use std::borrow::Cow;

use crate::base64;
use crate::conversation::{Source, Text};

/// The media types of images that every protocol takes.
const IMAGES: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/webp"];

/// A data URL, taken apart.
pub(crate) struct DataUrl<'a> {
    /// Its media type in lower case, without parameters.
    media_type: Text<'a>,
    /// Whether `data` is base64.
    base64: bool,
    data: Text<'a>,
}

impl<'a> DataUrl<'a> {
    /// Whether a URL begins like one.
    pub(crate) fn is_one(url: &str) -> bool {
        scheme(url).is_some()
    }

    /// Takes a URL apart; gives it back if it is none of these.
    pub(crate) fn parse(url: Text<'a>) -> Result<Self, Text<'a>> {
        let Some((head, data)) = scheme(&url).and_then(|rest| rest.split_once(',')) else {
            return Err(url);
        };
        let media_type = head
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        let base64 = head
            .rsplit(';')
            .next()
            .is_some_and(|last| last.trim().eq_ignore_ascii_case("base64"));
        let data = match &url {
            Cow::Borrowed(url) => Cow::Borrowed(&url[url.len() - data.len()..]),
            Cow::Owned(_) => Cow::Owned(data.to_owned()),
        };
        Ok(Self {
            media_type: media_type.into(),
            base64,
            data,
        })
    }

    /// The image that it holds.
    pub(crate) fn image(mut self) -> Result<Source<'a>, &'static str> {
        // A common misspelling, whose meaning is beyond doubt.
        if self.media_type == "image/jpg" {
            self.media_type = Cow::Borrowed(IMAGES[0]);
        }
        if !IMAGES.contains(&&*self.media_type) {
            return Err(
                "the image must be of type `image/jpeg`, `image/png`, `image/gif` or \
                        `image/webp`",
            );
        }
        self.base64()
    }

    /// The document that it holds.
    pub(crate) fn document(self) -> Result<Source<'a>, &'static str> {
        if self.media_type == "application/pdf" {
            return self.base64();
        }
        if !self.media_type.starts_with("text/") {
            return Err("the file must be of type `application/pdf` or `text/…`");
        }
        if self.base64 {
            return base64::text(&self.data)
                .map(|text| Source::Plain(text.into()))
                .ok_or("the file of type `text/…` must be UTF-8 in base64");
        }
        if self.data.contains('%') {
            return Err("the file of type `text/…` must be in base64");
        }
        Ok(Source::Plain(self.data))
    }

    /// The bytes that it holds, of whatever type.
    pub(crate) fn base64(self) -> Result<Source<'a>, &'static str> {
        if !self.base64 || self.data.is_empty() || !self.media_type.contains('/') {
            return Err("the data URL must hold base64: `data:…;base64,…`");
        }
        Ok(Source::Base64 {
            media_type: self.media_type,
            data: self.data,
        })
    }
}

/// Whether a text begins like a data URL.
fn scheme(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_at_checked("data:".len())?;
    scheme.eq_ignore_ascii_case("data:").then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> DataUrl<'_> {
        DataUrl::parse(url.into()).ok().unwrap()
    }

    #[test]
    fn a_data_url_is_taken_apart() {
        let url = parse("DATA:Image/PNG;name=a;BASE64,aGk=");
        assert!(url.media_type == "image/png" && url.base64 && url.data == "aGk=");
        let url = parse("data:,plain, text");
        assert!(url.media_type.is_empty() && !url.base64 && url.data == "plain, text");
        for other in [
            "https://example.com/a,b",
            "data:image/png",
            "",
            "é",
            "dataé,",
        ] {
            assert!(DataUrl::parse(other.into()).is_err(), "{other}");
        }
    }

    #[test]
    fn only_what_every_protocol_takes_is_an_image() {
        assert!(parse("data:image/jpg;base64,aGk=").image().is_ok_and(|source| {
            matches!(source, Source::Base64 { media_type, .. } if media_type == "image/jpeg")
        }));
        for url in [
            "data:image/tiff;base64,aGk=",
            "data:image/png,aGk=",
            "data:image/png;base64,",
        ] {
            assert!(parse(url).image().is_err(), "{url}");
        }
    }

    #[test]
    fn documents_are_pdf_or_text() {
        for (url, text) in [
            ("data:text/plain;base64,aMOp", Some("h\u{e9}")),
            ("data:text/markdown,# hi", Some("# hi")),
            ("data:text/plain;base64,/w==", None),
            ("data:text/plain,a%20b", None),
            ("data:application/zip;base64,aGk=", None),
            ("data:application/pdf,aGk=", None),
        ] {
            let found = parse(url).document().ok();
            let found = found.map(|source| match source {
                Source::Plain(text) => text.into_owned(),
                Source::Base64 { .. } | Source::Url(_) => "other".to_owned(),
            });
            assert_eq!(found.as_deref(), text, "{url}");
        }
        let pdf = parse("data:application/pdf;base64,JVBERi0=").document();
        assert!(matches!(pdf, Ok(Source::Base64 { data, .. }) if data == "JVBERi0="));
    }
}
