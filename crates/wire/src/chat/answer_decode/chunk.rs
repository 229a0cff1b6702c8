//! The JSON of a chunk and of a whole answer, as far as it is read.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::conversation::Hit;

/// A text that borrows where it can even when it is optional.
#[derive(Deserialize)]
pub(super) struct Words<'a>(#[serde(borrow)] pub Cow<'a, str>);

/// A chunk, or a whole answer.
#[derive(Deserialize)]
pub(super) struct Chunk<'a> {
    #[serde(borrow)]
    pub id: Option<Words<'a>>,
    #[serde(borrow)]
    pub model: Option<Words<'a>>,
    #[serde(borrow)]
    object: Option<Words<'a>>,
    #[serde(borrow)]
    pub choices: Option<Vec<Choice<'a>>>,
    #[serde(borrow)]
    pub usage: Option<&'a RawValue>,
    #[serde(borrow)]
    pub x_groq: Option<Extension<'a>>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

/// Where one server puts the usage of a stream.
#[derive(Deserialize)]
pub(super) struct Extension<'a> {
    #[serde(borrow)]
    pub usage: Option<&'a RawValue>,
}

impl Chunk<'_> {
    /// Whether it reports an error. Some servers have it at the top, marked by the name of the object; some
    /// have an empty one beside every answer.
    pub(super) fn is_error(&self) -> bool {
        let answers = self
            .choices
            .as_ref()
            .is_some_and(|choices| !choices.is_empty());
        let told = self
            .error
            .is_some_and(|error| !(answers && is_empty(error)));
        told || self.object.as_ref().is_some_and(|name| name.0 == "error")
    }
}

#[derive(Deserialize)]
pub(super) struct Choice<'a> {
    pub index: Option<i64>,
    #[serde(borrow)]
    pub delta: Option<Delta<'a>>,
    /// What a whole answer has in place of the delta.
    #[serde(borrow)]
    pub message: Option<Delta<'a>>,
    pub finish_reason: Option<String>,
    /// Where some servers put it.
    #[serde(borrow)]
    pub usage: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub(super) struct Delta<'a> {
    /// A text, or with some servers a list of parts.
    #[serde(borrow)]
    pub content: Option<&'a RawValue>,
    #[serde(borrow)]
    pub refusal: Option<Words<'a>>,
    #[serde(borrow)]
    pub reasoning_content: Option<Words<'a>>,
    #[serde(borrow)]
    pub reasoning: Option<Words<'a>>,
    #[serde(borrow)]
    pub tool_calls: Option<Vec<Fragment<'a>>>,
    #[serde(borrow)]
    pub function_call: Option<Called<'a>>,
    #[serde(borrow)]
    pub annotations: Option<Vec<Annotation<'a>>>,
}

/// A piece of a call.
#[derive(Deserialize)]
pub(super) struct Fragment<'a> {
    pub index: Option<i64>,
    #[serde(borrow)]
    pub id: Option<Words<'a>>,
    #[serde(borrow)]
    pub function: Option<Called<'a>>,
    #[serde(borrow)]
    pub custom: Option<Called<'a>>,
}

/// What is called and with what: `arguments` of a function, `input` of a custom tool.
#[derive(Deserialize)]
pub(super) struct Called<'a> {
    #[serde(borrow)]
    pub name: Option<Words<'a>>,
    /// A text that holds JSON; some servers send the JSON itself.
    #[serde(borrow)]
    pub arguments: Option<&'a RawValue>,
    #[serde(borrow)]
    pub input: Option<&'a RawValue>,
}

impl<'a> From<Called<'a>> for Fragment<'a> {
    /// The one call of the time before `tool_calls`.
    fn from(function: Called<'a>) -> Self {
        Self {
            index: Some(0),
            id: None,
            function: Some(function),
            custom: None,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Annotation<'a> {
    #[serde(borrow)]
    pub url_citation: Option<Citation<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Citation<'a> {
    #[serde(borrow)]
    url: Option<Words<'a>>,
    #[serde(borrow)]
    title: Option<Words<'a>>,
}

impl<'a> From<Citation<'a>> for Hit<'a> {
    fn from(citation: Citation<'a>) -> Self {
        let text = |words: Option<Words<'a>>| words.map(|words| words.0).unwrap_or_default();
        Self {
            url: text(citation.url),
            title: text(citation.title),
        }
    }
}

/// Whether a value says nothing.
fn is_empty(raw: &RawValue) -> bool {
    let value = raw.get();
    let inside = value
        .strip_prefix(['{', '[', '"'])
        .and_then(|value| value.strip_suffix(['}', ']', '"']));
    matches!(value, "false" | "0") || inside.is_some_and(|inside| inside.trim_ascii().is_empty())
}

/// The text a raw value is: that of a string, the JSON of anything else, nothing for `null`.
pub(super) fn text_or_json(raw: &RawValue) -> Cow<'_, str> {
    match raw.get() {
        "null" => Cow::Borrowed(""),
        json if json.starts_with('"') => string(raw).unwrap_or(Cow::Borrowed(json)),
        json => Cow::Borrowed(json),
    }
}

/// The text of a raw value that is a string.
pub(super) fn string(raw: &RawValue) -> Option<Cow<'_, str>> {
    serde_json::from_str(raw.get()).ok().map(|Words(text)| text)
}
