//! The content of a message: a string or parts.

use serde_json::value::RawValue;

use super::body::{self, File, ImageUrl};
use super::read::{At, Str};
use crate::conversation::{CacheMark, Document, Image, Part, Place, Said, Source};
use crate::data_url::DataUrl;
use crate::translate::Unfit;

/// Whose content it is: each takes other parts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Speaker {
    /// Instructions: text only.
    System,
    /// The user, and the results of calls.
    User,
    /// The model.
    Assistant,
}

impl Speaker {
    /// What is said to somebody who sends another part.
    const fn takes(self) -> &'static str {
        match self {
            Self::System => "this message takes only parts of type `text`",
            Self::User => "this message takes only parts of type `text`, `image_url` and `file`",
            Self::Assistant => "this message takes only parts of type `text` and `refusal`",
        }
    }
}

/// Reads the content of a message.
pub(super) fn parts<'a>(
    content: Option<&'a RawValue>,
    speaker: Speaker,
    at: At<'_>,
) -> Result<Vec<Part<'a>>, Unfit> {
    let Some(raw) = content else {
        return Ok(Vec::new());
    };
    match raw.get().as_bytes().first() {
        Some(b'"') => {
            let Str(text) = at.read(raw)?;
            Ok(vec![Part::text(text)])
        }
        Some(b'[') => {
            let parts: Vec<body::Part<'a>> = at.read(raw)?;
            let parts = parts.into_iter().enumerate();
            parts
                .map(|(index, found)| part(found, speaker, at.index(index)))
                .collect()
        }
        _ => Err(at.unfit("expected a string or an array of parts")),
    }
}

fn part<'a>(part: body::Part<'a>, speaker: Speaker, at: At<'_>) -> Result<Part<'a>, Unfit> {
    let Str(kind) = at.field("type").required(part.kind)?;
    // Both protocols that know marks mean the same by one: cache up to here.
    let mark = part.cache_control.map(|mark| mark.mark());
    let cache = mark.or(part.prompt_cache_breakpoint.map(|_| CacheMark::Short));
    match (&*kind, speaker) {
        ("text", _) => {
            let Str(text) = at.field("text").required(part.text)?;
            Ok(Part::Text(Said { text, cache }))
        }
        ("refusal", Speaker::Assistant) => {
            let Str(text) = at.field("refusal").required(part.refusal)?;
            Ok(Part::Refusal(text))
        }
        ("image_url", Speaker::User) => {
            let place = Place::new(at.to_string(), "image_url.url");
            let at = at.field("image_url");
            image(at.required(part.image_url)?, cache, place, at)
        }
        ("file", Speaker::User) => {
            let place = Place::new(at.to_string(), "file.file_data");
            let at = at.field("file");
            file(at.required(part.file)?, cache, place, at)
        }
        ("input_audio", Speaker::User) => Err(at
            .field("type")
            .unfit("audio cannot be sent to this target: send text")),
        _ => Err(at.field("type").unfit(speaker.takes())),
    }
}

fn image<'a>(
    image: ImageUrl<'a>,
    cache: Option<CacheMark>,
    place: Place,
    at: At<'_>,
) -> Result<Part<'a>, Unfit> {
    let at = at.field("url");
    let Str(url) = at.required(image.url)?;
    let source = match DataUrl::parse(url) {
        Ok(data) => data.image().map_err(|message| at.unfit(message))?,
        Err(url) if is_http(&url) => Source::Url(url),
        Err(_) => {
            return Err(at.unfit("expected an address (`https://…`) or `data:image/…;base64,…`"));
        }
    };
    Ok(Part::Image(Image {
        source,
        detail: image.detail.map(|Str(detail)| detail),
        cache,
        place,
    }))
}

fn file<'a>(
    file: File<'a>,
    cache: Option<CacheMark>,
    place: Place,
    at: At<'_>,
) -> Result<Part<'a>, Unfit> {
    if file.file_id.is_some() {
        return Err(at
            .field("file_id")
            .unfit("an uploaded file is known only to its vendor: send it as `file_data`"));
    }
    let at = at.field("file_data");
    let Str(url) = at.required(file.file_data)?;
    let Ok(data) = DataUrl::parse(url) else {
        return Err(at.unfit("expected a data URL: `data:application/pdf;base64,…`"));
    };
    Ok(Part::Document(Document {
        source: data.document().map_err(|message| at.unfit(message))?,
        title: file.filename.map(|Str(name)| name),
        context: None,
        cache,
        place,
    }))
}

fn is_http(url: &str) -> bool {
    url.split_once("://").is_some_and(|(scheme, rest)| {
        !rest.is_empty()
            && (scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http"))
    })
}
