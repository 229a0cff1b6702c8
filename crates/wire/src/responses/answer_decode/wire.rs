//! The pieces of an answer as they are written. Everything that differs from type to type stays JSON text
//! until the type is known: what is not known may hold anything.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::answer::Malformed;
use crate::conversation::{Hit, Text};

/// A string, borrowed where it stands without escapes.
#[derive(Deserialize)]
#[serde(transparent)]
pub(in crate::responses) struct Str<'a>(#[serde(borrow)] pub(in crate::responses) Cow<'a, str>);

/// JSON text that has not been looked at.
pub(super) type Raw<'a> = Option<&'a RawValue>;

/// One event of a stream.
#[derive(Deserialize)]
pub(super) struct Event<'a> {
    #[serde(rename = "type", borrow)]
    pub(super) kind: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) output_index: Raw<'a>,
    #[serde(borrow)]
    pub(super) item_id: Raw<'a>,
    #[serde(borrow)]
    pub(super) content_index: Raw<'a>,
    #[serde(borrow)]
    pub(super) summary_index: Raw<'a>,
    #[serde(borrow)]
    pub(super) delta: Raw<'a>,
    #[serde(borrow)]
    pub(super) text: Raw<'a>,
    #[serde(borrow)]
    pub(super) refusal: Raw<'a>,
    #[serde(borrow)]
    pub(super) arguments: Raw<'a>,
    #[serde(borrow)]
    pub(super) input: Raw<'a>,
    #[serde(borrow)]
    pub(super) part: Raw<'a>,
    #[serde(borrow)]
    pub(super) item: Raw<'a>,
    #[serde(borrow)]
    pub(super) annotation: Raw<'a>,
    #[serde(borrow)]
    pub(super) response: Raw<'a>,
    #[serde(borrow)]
    pub(super) error: Raw<'a>,
}

impl<'a> Event<'a> {
    /// The response it carries.
    pub(super) fn response(&self) -> Result<Response<'a>, Malformed> {
        read(self.response)?.ok_or(Malformed("an event lacks its response"))
    }
}

/// A response, whole or on its way.
#[derive(Deserialize)]
pub(in crate::responses) struct Response<'a> {
    #[serde(borrow)]
    pub(super) id: Raw<'a>,
    #[serde(borrow)]
    pub(super) model: Raw<'a>,
    #[serde(borrow)]
    pub(super) status: Raw<'a>,
    #[serde(borrow)]
    pub(super) incomplete_details: Raw<'a>,
    #[serde(borrow)]
    pub(super) error: Raw<'a>,
    #[serde(borrow)]
    pub(super) output: Raw<'a>,
    #[serde(borrow)]
    pub(super) usage: Raw<'a>,
}

impl<'a> Response<'a> {
    /// Its items; servers that have sent them one by one may leave them out here.
    pub(super) fn items(&self) -> Result<Vec<Item<'a>>, Malformed> {
        Ok(read(self.output)?.unwrap_or_default())
    }

    /// Why it is incomplete, where it says so.
    pub(super) fn incomplete_reason(&self) -> Result<Option<Text<'a>>, Malformed> {
        #[derive(Deserialize)]
        struct Details<'a> {
            #[serde(borrow)]
            reason: Raw<'a>,
        }
        match read::<Details<'a>>(self.incomplete_details)? {
            Some(details) => text(details.reason),
            None => Ok(None),
        }
    }
}

/// One item of the output.
#[derive(Deserialize)]
pub(super) struct Item<'a> {
    #[serde(rename = "type", borrow)]
    pub(super) kind: Option<Str<'a>>,
    #[serde(borrow)]
    id: Raw<'a>,
    #[serde(borrow)]
    pub(super) call_id: Raw<'a>,
    #[serde(borrow)]
    pub(super) name: Raw<'a>,
    #[serde(borrow)]
    pub(super) namespace: Raw<'a>,
    #[serde(borrow)]
    pub(super) arguments: Raw<'a>,
    #[serde(borrow)]
    pub(super) input: Raw<'a>,
    #[serde(borrow)]
    pub(super) content: Raw<'a>,
    #[serde(borrow)]
    pub(super) summary: Raw<'a>,
    #[serde(borrow)]
    pub(super) encrypted_content: Raw<'a>,
    #[serde(borrow)]
    pub(super) action: Raw<'a>,
}

impl<'a> Item<'a> {
    /// Its id. Items of unknown types may have anything for one.
    pub(super) fn id(&self) -> Option<Text<'a>> {
        text(self.id).ok().flatten().filter(|id| !id.is_empty())
    }
}

/// A part of a message or of a thought.
#[derive(Deserialize)]
pub(super) struct Part<'a> {
    #[serde(rename = "type", borrow)]
    pub(super) kind: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) text: Raw<'a>,
    #[serde(borrow)]
    pub(super) refusal: Raw<'a>,
    #[serde(borrow)]
    pub(super) annotations: Raw<'a>,
}

/// What a text refers to.
#[derive(Deserialize)]
pub(super) struct Annotation<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<Str<'a>>,
    #[serde(borrow)]
    url: Raw<'a>,
    #[serde(borrow)]
    title: Raw<'a>,
}

impl<'a> Annotation<'a> {
    /// The page, if it refers to one.
    pub(super) fn source(&self) -> Result<Option<Hit<'a>>, Malformed> {
        if self
            .kind
            .as_ref()
            .is_none_or(|kind| kind.0 != "url_citation")
        {
            return Ok(None);
        }
        let Some(url) = text(self.url)? else {
            return Ok(None);
        };
        let title = text(self.title)?.unwrap_or_default();
        Ok(Some(Hit { url, title }))
    }
}

/// What a web search did.
#[derive(Deserialize)]
pub(super) struct Action<'a> {
    #[serde(rename = "type", borrow)]
    pub(super) kind: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) query: Raw<'a>,
    #[serde(borrow)]
    pub(super) queries: Raw<'a>,
    #[serde(borrow)]
    pub(super) sources: Raw<'a>,
}

/// A page that a web search found.
#[derive(Deserialize)]
pub(super) struct Source<'a> {
    #[serde(borrow)]
    pub(super) url: Raw<'a>,
    #[serde(borrow)]
    pub(super) title: Raw<'a>,
}

/// Reads what was kept as text; `null` is nothing.
pub(super) fn read<'a, T: Deserialize<'a>>(raw: Raw<'a>) -> Result<Option<T>, Malformed> {
    match raw {
        Some(raw) => serde_json::from_str(raw.get())
            .map(Some)
            .map_err(|_| Malformed("a field has the wrong type")),
        None => Ok(None),
    }
}

/// Reads a string.
pub(super) fn text(raw: Raw<'_>) -> Result<Option<Text<'_>>, Malformed> {
    Ok(read::<Str<'_>>(raw)?.map(|text| text.0))
}
