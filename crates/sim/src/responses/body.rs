//! The body of a Responses request, as far as it is looked at.

use serde::{Deserialize, de::IgnoredAny};
use serde_json::value::RawValue;

#[derive(Deserialize)]
pub(super) struct Request {
    pub(super) model: String,
    #[serde(default, rename = "input")]
    pub(super) raw_input: Option<Box<RawValue>>,
    pub(super) instructions: Option<Box<RawValue>>,
    #[serde(rename = "tools")]
    pub(super) raw_tools: Option<Box<RawValue>>,
    pub(super) tool_choice: Option<Box<RawValue>>,
    pub(super) parallel_tool_calls: Option<bool>,
    pub(super) reasoning: Option<Box<RawValue>>,
    pub(super) text: Option<Box<RawValue>>,
    pub(super) metadata: Option<Box<RawValue>>,
    #[serde(default)]
    pub(super) include: Option<Vec<String>>,
    pub(super) max_output_tokens: Option<usize>,
    pub(super) temperature: Option<f64>,
    pub(super) top_p: Option<f64>,
    pub(super) previous_response_id: Option<String>,
    pub(super) conversation: Option<IgnoredAny>,
    pub(super) stream_options: Option<StreamOptions>,
    pub(super) prompt_cache_key: Option<String>,
    pub(super) safety_identifier: Option<String>,
    pub(super) user: Option<String>,
    pub(super) store: Option<bool>,
    #[serde(default)]
    pub(super) background: bool,
    #[serde(default)]
    pub(super) stream: bool,
    #[serde(skip)]
    pub(super) items: Vec<(Item, Option<Box<RawValue>>)>,
    #[serde(skip)]
    pub(super) tools: Vec<ToolDecl>,
}

#[derive(Deserialize)]
pub(super) struct StreamOptions {
    pub(super) include_usage: Option<IgnoredAny>,
}

#[derive(Deserialize, Default)]
pub(super) struct Item {
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) id: Option<String>,
    pub(super) role: Option<String>,
    pub(super) content: Option<Content>,
    pub(super) call_id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) arguments: Option<String>,
    pub(super) input: Option<String>,
    pub(super) output: Option<Content>,
    pub(super) encrypted_content: Option<String>,
    #[serde(default)]
    pub(super) summary: Vec<ContentPart>,
    pub(super) tools: Option<Vec<ToolDecl>>,
}

impl Item {
    pub(super) fn kind(&self) -> &str {
        self.kind.as_deref().unwrap_or("message")
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Content {
    Text(String),
    Parts(Vec<ContentPart>),
    /// Outputs of the vendor's own tools.
    Other(IgnoredAny),
}

#[derive(Deserialize)]
pub(super) struct ContentPart {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) text: Option<String>,
    pub(super) image_url: Option<String>,
    pub(super) file_id: Option<String>,
    pub(super) file_url: Option<String>,
    pub(super) file_data: Option<String>,
    pub(super) filename: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct ToolDecl {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) name: Option<String>,
    pub(super) parameters: Option<Box<RawValue>>,
    #[serde(default)]
    pub(super) tools: Vec<ToolDecl>,
}

#[derive(Deserialize)]
pub(super) struct ReasoningWish {
    pub(super) effort: Option<String>,
    pub(super) summary: Option<String>,
}

impl Content {
    pub(super) fn parts(&self) -> &[ContentPart] {
        match self {
            Self::Parts(parts) => parts,
            Self::Text(_) | Self::Other(_) => &[],
        }
    }

    pub(super) fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Parts(parts) => joined(parts),
            Self::Other(_) => String::new(),
        }
    }
}

pub(super) fn joined(parts: &[ContentPart]) -> String {
    parts
        .iter()
        .filter_map(|part| part.text.as_deref())
        .collect::<Vec<_>>()
        .join("\n")
}
