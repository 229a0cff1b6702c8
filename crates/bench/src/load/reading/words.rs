//! What the events of a stream say, in each protocol.

use std::borrow::Cow;

use serde::Deserialize;

use crate::payload::Api;

/// What a reader takes from an event.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Word<'a> {
    /// More of the text.
    Text(Cow<'a, str>),
    /// The text has come to its natural end.
    Stop,
    /// So has the stream.
    End,
}

/// Where words go; false when they are not the expected ones.
type Hear<'h> = &'h mut dyn FnMut(Word<'_>) -> bool;

/// Reads the data of one event. False: it is none of this protocol's, it is an error, or what it
/// says was not expected.
pub(super) fn read(api: Api, data: &[u8], hear: Hear<'_>) -> bool {
    match api {
        Api::Messages => messages(data, hear),
        Api::Chat => chat(data, hear),
        Api::Responses => responses(data, hear),
    }
    .unwrap_or(false)
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    delta: Option<Delta<'a>>,
}

#[derive(Deserialize)]
struct Delta<'a> {
    #[serde(borrow)]
    text: Option<Cow<'a, str>>,
    #[serde(borrow)]
    stop_reason: Option<Cow<'a, str>>,
}

fn messages(data: &[u8], hear: Hear<'_>) -> Option<bool> {
    let event: Message<'_> = serde_json::from_slice(data).ok()?;
    Some(match (&*event.kind, event.delta) {
        (
            "content_block_delta",
            Some(Delta {
                text: Some(text), ..
            }),
        ) => hear(Word::Text(text)),
        ("message_delta", Some(delta)) => match delta.stop_reason.as_deref() {
            Some("end_turn") => hear(Word::Stop),
            Some(_) => false,
            None => true,
        },
        ("message_stop", _) => hear(Word::End),
        ("error", _) => false,
        _ => true,
    })
}

#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow)]
    choices: Vec<Choice<'a>>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow)]
    delta: Piece<'a>,
    #[serde(borrow)]
    finish_reason: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Piece<'a> {
    #[serde(borrow)]
    content: Option<Cow<'a, str>>,
}

fn chat(data: &[u8], hear: Hear<'_>) -> Option<bool> {
    if data == b"[DONE]" {
        return Some(hear(Word::End));
    }
    let chunk: Chunk<'_> = serde_json::from_slice(data).ok()?;
    let mut same = true;
    for choice in chunk.choices {
        if let Some(text) = choice.delta.content.filter(|text| !text.is_empty()) {
            same &= hear(Word::Text(text));
        }
        same &= match choice.finish_reason.as_deref() {
            Some("stop") => hear(Word::Stop),
            Some(_) => false,
            None => true,
        };
    }
    Some(same)
}

#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
}

/// Only of text: the deltas of other events have other forms.
#[derive(Deserialize)]
struct TextDelta<'a> {
    #[serde(borrow)]
    delta: Cow<'a, str>,
}

fn responses(data: &[u8], hear: Hear<'_>) -> Option<bool> {
    let event: Kind<'_> = serde_json::from_slice(data).ok()?;
    Some(match &*event.kind {
        "response.output_text.delta" => {
            let delta: TextDelta<'_> = serde_json::from_slice(data).ok()?;
            hear(Word::Text(delta.delta))
        }
        "response.completed" => hear(Word::Stop) && hear(Word::End),
        "response.failed" | "response.incomplete" | "error" => false,
        _ => true,
    })
}
