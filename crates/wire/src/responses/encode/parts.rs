//! Texts, images and documents as content parts.

use std::borrow::Cow;

use serde::Serialize;

use crate::conversation::{Document, Image, Outcome, Part, Role, Said, Source};
use crate::loss::{Loss, Losses};

/// What a failed call's output begins with: there is no other sign of failure.
const ERROR: &str = "Error: ";

/// A content part.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Content<'r> {
    InputText {
        text: Cow<'r, str>,
    },
    OutputText {
        text: &'r str,
    },
    Refusal {
        refusal: &'r str,
    },
    InputImage {
        image_url: Cow<'r, str>,
        detail: &'r str,
    },
    InputFile {
        #[serde(skip_serializing_if = "Option::is_none")]
        filename: Option<Cow<'r, str>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        file_data: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        file_url: Option<&'r str>,
    },
}

/// The output of a call.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Output<'r> {
    Text(Cow<'r, str>),
    Parts(Vec<Content<'r>>),
}

/// Appends `part` if it is one of a message's.
pub(super) fn push<'r>(
    part: &'r Part<'_>,
    role: Role,
    losses: &mut Losses,
    content: &mut Vec<Content<'r>>,
) {
    match part {
        Part::Text(Said { text, .. }) => content.push(match role {
            Role::Assistant => Content::OutputText { text },
            Role::System | Role::User => input_text(text),
        }),
        Part::Refusal(refusal) => content.push(Content::Refusal { refusal }),
        Part::Image(image) => content.push(input_image(image)),
        Part::Document(document) => input_file(document, losses, content),
        Part::Thought(_) | Part::Call(_) | Part::Outcome(_) | Part::Search(_) => {}
    }
}

impl<'r> Output<'r> {
    /// A string where texts are all there is, a list otherwise.
    pub(super) fn of(outcome: &'r Outcome<'_>, losses: &mut Losses) -> Self {
        let text = |part: &'r Part<'_>| match part {
            Part::Text(said) => Some(&*said.text),
            _ => None,
        };
        let texts: Option<Vec<&str>> = outcome.parts.iter().map(text).collect();
        if let Some(texts) = texts {
            return Self::Text(match (outcome.is_error, texts.as_slice()) {
                (false, []) => Cow::Borrowed(""),
                (false, [text]) => Cow::Borrowed(*text),
                (false, texts) => Cow::Owned(texts.join("\n")),
                (true, texts) => Cow::Owned(format!("{ERROR}{}", texts.join("\n"))),
            });
        }
        let mut content = Vec::with_capacity(outcome.parts.len() + 1);
        for part in &outcome.parts {
            push(part, Role::User, losses, &mut content);
        }
        if outcome.is_error {
            match content.first_mut() {
                Some(Content::InputText { text }) => text.to_mut().insert_str(0, ERROR),
                _ => content.insert(0, input_text(ERROR.trim_ascii_end())),
            }
        }
        Self::Parts(content)
    }
}

fn input_text(text: &str) -> Content<'_> {
    Content::InputText {
        text: Cow::Borrowed(text),
    }
}

fn input_image<'r>(image: &'r Image<'_>) -> Content<'r> {
    Content::InputImage {
        image_url: match &image.source {
            Source::Base64 { media_type, data } => Cow::Owned(data_url(media_type, data)),
            Source::Url(url) | Source::Plain(url) => Cow::Borrowed(url),
        },
        detail: image.detail.as_deref().unwrap_or("auto"),
    }
}

fn input_file<'r>(document: &'r Document<'_>, losses: &mut Losses, content: &mut Vec<Content<'r>>) {
    let title = document.title.as_deref();
    if let Some(context) = &document.context {
        losses.add(Loss::DocumentContext);
        content.push(input_text(context));
    }
    content.push(match &document.source {
        Source::Base64 { media_type, data } => Content::InputFile {
            filename: Some(filename(title, media_type)),
            file_data: Some(data_url(media_type, data)),
            file_url: None,
        },
        Source::Url(url) => Content::InputFile {
            filename: None,
            file_data: None,
            file_url: Some(url),
        },
        Source::Plain(text) => match title {
            Some(title) => Content::InputText {
                text: Cow::Owned(format!("{title}\n\n{text}")),
            },
            None => input_text(text),
        },
    });
}

fn data_url(media_type: &str, data: &str) -> String {
    format!("data:{media_type};base64,{data}")
}

/// The kind of a file is told by the ending of its name; one without is refused.
fn filename<'r>(title: Option<&'r str>, media_type: &str) -> Cow<'r, str> {
    let ending = match media_type {
        "application/pdf" => ".pdf",
        "text/plain" => ".txt",
        _ => "",
    };
    match title {
        None => Cow::Owned(format!("document{ending}")),
        Some(title) if title.ends_with(ending) => Cow::Borrowed(title),
        Some(title) => Cow::Owned(format!("{title}{ending}")),
    }
}
