//! The parts that a message, an output or a thought is made of.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::media;
use super::read::{Place, Str, read, text, word};
use crate::conversation::{Document, Image, Part, Text};
use crate::loss::{Loss, Losses};
use crate::translate::Unfit;

/// All that a part of any type may hold.
#[derive(Deserialize)]
pub(super) struct RawPart<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Str<'a>>,
    #[serde(borrow)]
    text: Option<Str<'a>>,
    #[serde(borrow)]
    refusal: Option<Str<'a>>,
    #[serde(borrow)]
    image_url: Option<Str<'a>>,
    #[serde(borrow)]
    detail: Option<Str<'a>>,
    #[serde(borrow)]
    file_id: Option<Str<'a>>,
    #[serde(borrow)]
    file_url: Option<Str<'a>>,
    #[serde(borrow)]
    file_data: Option<Str<'a>>,
    #[serde(borrow)]
    filename: Option<Str<'a>>,
    #[serde(borrow)]
    encrypted_content: Option<Str<'a>>,
    #[serde(borrow)]
    annotations: Option<&'a RawValue>,
}

/// Whose parts they are: not everyone may say everything.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Speaker {
    /// Instructions: text alone.
    System,
    /// The user, or a call's output: text, images and files.
    User,
    /// The model: text and refusals.
    Assistant,
}

/// Reads `content` or `output`: a string, or a list of parts.
pub(super) fn content<'a>(
    raw: &'a RawValue,
    speaker: Speaker,
    place: &Place<'_>,
    losses: &mut Losses,
) -> Result<Vec<Part<'a>>, Unfit> {
    let json = raw.get();
    if json.starts_with('"') {
        let Str(said) = read(raw, place)?;
        return Ok(vec![Part::text(said)]);
    }
    if !json.starts_with('[') {
        return Err(place.unfit("expected a string or a list of parts"));
    }
    let parts: Vec<RawPart<'a>> = read(raw, place)?;
    let mut said = Vec::with_capacity(parts.len());
    for (index, part) in parts.into_iter().enumerate() {
        said.push(part.read(speaker, &place.element(index), losses)?);
    }
    Ok(said)
}

/// Reads a thought's `summary` or `content`: texts, joined by blank lines.
pub(super) fn thought(raw: &RawValue, place: &Place<'_>) -> Result<String, Unfit> {
    let parts: Vec<RawPart<'_>> = read(raw, place)?;
    let texts: Vec<&str> = parts
        .iter()
        .filter_map(|part| word(part.text.as_ref()))
        .collect();
    Ok(texts.join("\n\n"))
}

impl<'a> RawPart<'a> {
    fn read(
        self,
        speaker: Speaker,
        place: &Place<'_>,
        losses: &mut Losses,
    ) -> Result<Part<'a>, Unfit> {
        let here = place.member("type");
        let Some(kind) = word(self.kind.as_ref()) else {
            return Err(here.missing());
        };
        match (kind, speaker) {
            ("input_text" | "output_text" | "text" | "summary_text" | "reasoning_text", _) => {
                let cited = self.annotations.is_some_and(|raw| raw.get().len() > 2);
                losses.add_if(cited, Loss::Citations);
                let said = text(self.text).ok_or_else(|| place.member("text").missing())?;
                Ok(Part::text(said))
            }
            ("refusal", Speaker::Assistant) => text(self.refusal)
                .map(Part::Refusal)
                .ok_or_else(|| place.member("refusal").missing()),
            ("input_image", Speaker::User) => self.image(place),
            ("input_file", Speaker::User) => self.file(place),
            ("encrypted_content", Speaker::User) => self.opened(place),
            (_, Speaker::User) => {
                Err(here.unfit("allowed here are `input_text`, `input_image` and `input_file`"))
            }
            (_, Speaker::Assistant) => {
                Err(here.unfit("allowed in the model's messages are `output_text` and `refusal`"))
            }
            (_, Speaker::System) => Err(here.unfit("allowed in instructions is `input_text`")),
        }
    }

    fn image(self, place: &Place<'_>) -> Result<Part<'a>, Unfit> {
        let Some(url) = text(self.image_url) else {
            return Err(match self.file_id {
                Some(_) => media::refuse_stored(place, "the image in `image_url`"),
                None => place.member("image_url").missing(),
            });
        };
        Ok(Part::Image(Image {
            source: media::source(url, &place.member("image_url"))?,
            // What the vendor does anyway.
            detail: text(self.detail).filter(|detail| detail != "auto"),
            cache: None,
            place: place.noted("image_url"),
        }))
    }

    fn file(self, place: &Place<'_>) -> Result<Part<'a>, Unfit> {
        let (source, member) = if let Some(data) = text(self.file_data) {
            let found = media::file_data(data, &place.member("file_data"))?;
            (found, "file_data")
        } else if let Some(url) = text(self.file_url) {
            (media::source(url, &place.member("file_url"))?, "file_url")
        } else if self.file_id.is_some() {
            return Err(media::refuse_stored(place, "its bytes in `file_data`"));
        } else {
            return Err(place.member("file_data").missing());
        };
        Ok(Part::Document(Document {
            source,
            title: text(self.filename),
            context: None,
            cache: None,
            place: place.noted(member),
        }))
    }

    /// Agents mark some arguments as to be enciphered by the vendor, and hand on what they got. From a
    /// vendor that enciphers nothing they got the text itself.
    fn opened(self, place: &Place<'_>) -> Result<Part<'a>, Unfit> {
        let place = place.member("encrypted_content");
        let content = text(self.encrypted_content).ok_or_else(|| place.missing())?;
        if is_cipher(&content) {
            return Err(
                place.unfit("was enciphered by another vendor and cannot be carried to this model")
            );
        }
        Ok(Part::text(content))
    }
}

/// Whether a text can only be a cipher: long, and without a character that base64 lacks.
fn is_cipher(text: &Text<'_>) -> bool {
    const SHORTEST: usize = 48;
    let base64 =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=');
    text.len() >= SHORTEST && text.bytes().all(base64)
}

/// What one agent says to another, as the user's words.
pub(super) fn between_agents<'a>(
    author: Option<&Str<'_>>,
    recipient: Option<&Str<'_>>,
) -> Option<Text<'a>> {
    let author = word(author)?;
    Some(Cow::Owned(match word(recipient) {
        Some(recipient) => format!("Message from {author} to {recipient}:"),
        None => format!("Message from {author}:"),
    }))
}
