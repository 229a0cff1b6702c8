//! The body of a Chat Completions request, as far as it is looked at.

use serde::{Deserialize, de::IgnoredAny};
use serde_json::value::RawValue;

#[derive(Deserialize)]
pub(super) struct Request {
    pub(super) model: String,
    pub(super) messages: Vec<Message>,
    pub(super) tools: Option<Vec<ToolDecl>>,
    pub(super) tool_choice: Option<Choice>,
    pub(super) parallel_tool_calls: Option<bool>,
    pub(super) max_tokens: Option<usize>,
    pub(super) max_completion_tokens: Option<usize>,
    pub(super) stop: Option<Stop>,
    pub(super) temperature: Option<f64>,
    pub(super) metadata: Option<IgnoredAny>,
    pub(super) store: Option<bool>,
    pub(super) response_format: Option<Format>,
    pub(super) reasoning_effort: Option<String>,
    pub(super) stream: Option<bool>,
    pub(super) stream_options: Option<StreamOptions>,
}

#[derive(Deserialize)]
pub(super) struct StreamOptions {
    pub(super) include_usage: Option<bool>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Stop {
    One(String),
    Several(Vec<String>),
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Choice {
    Mode(String),
    One(Chosen),
}

#[derive(Deserialize)]
pub(super) struct Chosen {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) function: Option<Named>,
    pub(super) custom: Option<Named>,
}

#[derive(Deserialize)]
pub(super) struct Named {
    pub(super) name: String,
}

#[derive(Deserialize)]
pub(super) struct Format {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) json_schema: Option<Named>,
}

#[derive(Deserialize)]
pub(super) struct Message {
    pub(super) role: String,
    pub(super) content: Option<Content>,
    pub(super) refusal: Option<String>,
    pub(super) reasoning_content: Option<String>,
    pub(super) tool_calls: Option<Vec<Called>>,
    pub(super) tool_call_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Content {
    Text(String),
    Parts(Vec<ContentPart>),
}

#[derive(Deserialize)]
pub(super) struct ContentPart {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) text: Option<String>,
    pub(super) image_url: Option<ImageUrl>,
    pub(super) file: Option<File>,
}

#[derive(Deserialize)]
pub(super) struct ImageUrl {
    pub(super) url: String,
}

#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "the names are the protocol's")]
pub(super) struct File {
    pub(super) file_data: Option<String>,
    pub(super) filename: Option<String>,
    pub(super) file_id: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Called {
    pub(super) id: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) function: Option<CalledFunction>,
    pub(super) custom: Option<CalledCustom>,
}

#[derive(Deserialize)]
pub(super) struct CalledFunction {
    pub(super) name: String,
    pub(super) arguments: String,
}

#[derive(Deserialize)]
pub(super) struct CalledCustom {
    pub(super) name: String,
    #[serde(rename = "input")]
    pub(super) _input: String,
}

#[derive(Deserialize)]
pub(super) struct ToolDecl {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) function: Option<FunctionDecl>,
    pub(super) custom: Option<Named>,
}

#[derive(Deserialize)]
pub(super) struct FunctionDecl {
    pub(super) name: String,
    pub(super) parameters: Option<Box<RawValue>>,
}

impl Content {
    pub(super) fn parts(&self) -> &[ContentPart] {
        match self {
            Self::Text(_) => &[],
            Self::Parts(parts) => parts,
        }
    }

    pub(super) fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Parts(parts) => {
                let texts = parts.iter().filter_map(|part| part.text.as_deref());
                texts.collect::<Vec<_>>().join("\n")
            }
        }
    }
}
