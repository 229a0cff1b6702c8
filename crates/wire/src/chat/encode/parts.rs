//! The content of a message: texts, images and documents.

use std::borrow::Cow;
use std::fmt;

use serde::{Serialize, Serializer};

use crate::conversation::{Document, Image, Source};
use crate::loss::{Loss, Losses};
use crate::translate::Unfit;

const PDF: &str = "application/pdf";

/// What a message holds.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Content<'a> {
    /// Nothing but text.
    Text(Cow<'a, str>),
    /// Parts in order.
    Parts(Vec<Part<'a>>),
}

impl<'a> Content<'a> {
    /// The simplest form that holds `parts`: more servers take it.
    pub(super) fn simplest(mut parts: Vec<Part<'a>>) -> Self {
        if let [Part::Text { text }] = &mut *parts {
            return Self::Text(std::mem::take(text));
        }
        Self::Parts(parts)
    }
}

/// A part of the user's message.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Part<'a> {
    /// Text.
    Text {
        /// What it says.
        text: Cow<'a, str>,
    },
    /// An image.
    ImageUrl {
        /// Where it is.
        image_url: ImageUrl<'a>,
    },
    /// A document.
    File {
        /// Its bytes and name.
        file: File<'a>,
    },
}

#[derive(Serialize)]
pub(super) struct ImageUrl<'a> {
    url: Url<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct File<'a> {
    filename: Cow<'a, str>,
    file_data: Url<'a>,
}

/// An address, or bytes as a data URL that is put together only while it is written.
enum Url<'a> {
    Address(&'a str),
    Data {
        media_type: &'a str,
        base64: &'a str,
    },
}

impl Serialize for Url<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Address(url) => serializer.serialize_str(url),
            Self::Data { .. } => serializer.collect_str(self),
        }
    }
}

impl fmt::Display for Url<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(url) => f.write_str(url),
            Self::Data { media_type, base64 } => write!(f, "data:{media_type};base64,{base64}"),
        }
    }
}

/// Writes an image.
pub(super) fn image<'a>(image: &'a Image<'_>) -> Result<Part<'a>, Unfit> {
    let url = match &image.source {
        Source::Base64 { media_type, data } => Url::Data {
            media_type,
            base64: data,
        },
        Source::Url(url) => Url::Address(url),
        Source::Plain(_) => {
            return Err(Unfit::new(
                image.place.source(),
                "an image cannot be plain text",
            ));
        }
    };
    Ok(Part::ImageUrl {
        image_url: ImageUrl {
            url,
            detail: image.detail.as_deref(),
        },
    })
}

/// Writes a document, after what the user says about it.
pub(super) fn document<'a>(
    document: &'a Document<'_>,
    parts: &mut Vec<Part<'a>>,
    losses: &mut Losses,
) -> Result<(), Unfit> {
    let (media_type, base64) = match &document.source {
        Source::Plain(_) => {
            let text = plain(document, losses).unwrap_or_default();
            parts.push(Part::Text { text });
            return Ok(());
        }
        Source::Url(_) => {
            return Err(Unfit::new(
                document.place.source(),
                "a document cannot be fetched from an address by this target: send its content \
                 in base64",
            ));
        }
        Source::Base64 { media_type, data } => (&**media_type, &**data),
    };
    if let Some(context) = document.context.as_deref() {
        losses.add(Loss::DocumentContext);
        parts.push(Part::Text {
            text: context.into(),
        });
    }
    parts.push(Part::File {
        file: File {
            filename: filename(document.title.as_deref(), media_type),
            file_data: Url::Data { media_type, base64 },
        },
    });
    Ok(())
}

/// The text of a document of plain text, under its title and what the user says about it.
pub(super) fn plain<'a>(document: &'a Document<'_>, losses: &mut Losses) -> Option<Cow<'a, str>> {
    let Source::Plain(text) = &document.source else {
        return None;
    };
    losses.add_if(document.context.is_some(), Loss::DocumentContext);
    let heads = [document.title.as_deref(), document.context.as_deref()];
    let heads: Vec<&str> = heads.into_iter().flatten().collect();
    Some(if heads.is_empty() {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(format!("{}\n\n{text}", heads.join("\n")))
    })
}

/// A file needs a name, and servers tell its type by how the name ends.
fn filename<'a>(title: Option<&'a str>, media_type: &str) -> Cow<'a, str> {
    let title = title.filter(|title| !title.is_empty());
    if media_type != PDF {
        return title.unwrap_or("document").into();
    }
    match title {
        None => "document.pdf".into(),
        Some(title) if title.to_ascii_lowercase().ends_with(".pdf") => title.into(),
        Some(title) => format!("{title}.pdf").into(),
    }
}
