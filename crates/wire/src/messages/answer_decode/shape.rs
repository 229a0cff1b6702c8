//! The members of events and blocks, flat, borrowed and all optional: what a `type` says of them comes second.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::answer::Malformed;

/// A text, borrowed where it stands without escapes, optional or not.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Str<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

impl Str<'_> {
    /// The text, empty where there is none.
    pub(super) fn text(text: Option<&Self>) -> &str {
        text.map_or("", |text| &*text.0)
    }
}

/// An event.
#[derive(Deserialize)]
pub(super) struct Said<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Str<'a>>,
    #[serde(borrow)]
    index: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) message: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) content_block: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) delta: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) usage: Option<&'a RawValue>,
}

impl Said<'_> {
    /// The index of the block it is about.
    pub(super) fn index(&self) -> Result<u64, Malformed> {
        self.index
            .and_then(|index| index.get().parse().ok())
            .ok_or(Malformed("an event of a block without its index"))
    }
}

/// A message, whole or just begun.
#[derive(Deserialize)]
pub(super) struct Message<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) model: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) content: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) stop_reason: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) stop_sequence: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) usage: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) error: Option<&'a RawValue>,
}

impl<'a> Message<'a> {
    pub(super) fn read(raw: &'a [u8]) -> Result<Self, Malformed> {
        read(
            raw,
            "a message that is no JSON object or has members of wrong types",
        )
    }
}

/// What is added to a block or to the message.
#[derive(Deserialize)]
pub(super) struct Delta<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) text: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) partial_json: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) thinking: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) signature: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) citation: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) stop_reason: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) stop_sequence: Option<Str<'a>>,
}

/// What a block is.
#[derive(Deserialize)]
pub(super) struct Kind<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Str<'a>>,
}

/// A block that the hub has a word for.
#[derive(Deserialize)]
pub(super) struct Content<'a> {
    #[serde(borrow)]
    pub(super) text: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) citations: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    pub(super) thinking: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) signature: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) data: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) id: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) name: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) input: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) tool_use_id: Option<Str<'a>>,
    #[serde(borrow, rename = "content")]
    pub(super) found: Option<&'a RawValue>,
}

/// The input of a web search.
#[derive(Deserialize)]
pub(super) struct SearchInput<'a> {
    #[serde(borrow)]
    pub(super) query: Option<Str<'a>>,
}

/// A page that was found or cited.
#[derive(Deserialize)]
pub(super) struct Page<'a> {
    #[serde(borrow)]
    pub(super) url: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) title: Option<Str<'a>>,
}

/// Reads JSON; `otherwise` says what is wrong with it if that fails.
pub(super) fn read<'a, T: Deserialize<'a>>(
    raw: &'a [u8],
    otherwise: &'static str,
) -> Result<T, Malformed> {
    serde_json::from_slice(raw).map_err(|_| Malformed(otherwise))
}
