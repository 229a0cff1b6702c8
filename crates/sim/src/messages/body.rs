//! The body of a Messages request, as far as it is looked at.

use serde::{Deserialize, de::IgnoredAny};
use serde_json::value::RawValue;

use crate::fields;

#[derive(Deserialize)]
pub(crate) struct Request {
    pub(super) model: String,
    pub(super) max_tokens: Option<usize>,
    pub(super) messages: Vec<Message>,
    pub(super) system: Option<Content>,
    #[serde(default)]
    pub(super) tools: Vec<ToolDecl>,
    pub(super) tool_choice: Option<ToolChoice>,
    pub(super) thinking: Option<Thinking>,
    #[serde(default)]
    pub(super) stop_sequences: Vec<String>,
    pub(super) temperature: Option<f64>,
    pub(super) top_p: Option<f64>,
    pub(super) top_k: Option<u64>,
    #[serde(default)]
    pub(super) metadata: fields::Object,
    #[serde(default)]
    pub(super) stream: bool,
}

#[derive(Deserialize)]
pub(super) struct Message {
    pub(super) role: String,
    pub(super) content: Content,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Content {
    Text(String),
    Blocks(Vec<Block>),
}

#[derive(Deserialize)]
pub(super) struct Block {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) text: Option<String>,
    pub(super) thinking: Option<String>,
    pub(super) signature: Option<String>,
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) input: Option<Input>,
    pub(super) tool_use_id: Option<String>,
    pub(super) content: Option<Box<Output>>,
    pub(super) source: Option<Source>,
    pub(super) cache_control: Option<IgnoredAny>,
    pub(super) citations: Option<Citations>,
}

/// What a tool is called with.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Input {
    Object(#[expect(dead_code, reason = "that it is one is enough")] fields::Object),
    Other(IgnoredAny),
}

/// A tool result's content; the results of server tools have other shapes.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Output {
    Content(Content),
    Other(IgnoredAny),
}

/// A list on a text, a switch on a document.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Citations {
    List(Vec<IgnoredAny>),
    Other(IgnoredAny),
}

/// Where a picture or document is. The source called `content` holds blocks instead of data.
#[derive(Deserialize)]
pub(super) struct Source {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) media_type: Option<String>,
    pub(super) data: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct ToolDecl {
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) name: Option<String>,
    pub(super) input_schema: Option<Box<RawValue>>,
    #[serde(default)]
    pub(super) defer_loading: bool,
    pub(super) cache_control: Option<IgnoredAny>,
}

#[derive(Deserialize)]
pub(super) struct ToolChoice {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) disable_parallel_tool_use: bool,
}

#[derive(Deserialize)]
pub(super) struct Thinking {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) budget_tokens: Option<usize>,
    pub(super) display: Option<String>,
}

impl Content {
    pub(super) fn blocks(&self) -> &[Block] {
        match self {
            Self::Text(_) => &[],
            Self::Blocks(blocks) => blocks,
        }
    }

    pub(super) fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Blocks(blocks) => {
                let texts = blocks.iter().filter_map(|block| block.text.as_deref());
                texts.collect::<Vec<_>>().join("\n")
            }
        }
    }
}
