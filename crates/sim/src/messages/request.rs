//! What the Messages API reads of a request.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    answer::check_reasoning,
    ask::{Ask, History, Tool, ToolInput},
    refusal::Refusal,
};

#[derive(Deserialize)]
pub(crate) struct Request {
    model: String,
    max_tokens: Option<usize>,
    messages: Vec<Message>,
    system: Option<Content>,
    #[serde(default)]
    tools: Vec<ToolDecl>,
    tool_choice: Option<ToolChoice>,
    thinking: Option<Thinking>,
    #[serde(default)]
    stream: bool,
}

#[derive(Deserialize)]
struct Message {
    role: String,
    content: Content,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Blocks(Vec<Block>),
}

#[derive(Deserialize)]
struct Block {
    #[serde(rename = "type")]
    kind: String,
    text: Option<String>,
    thinking: Option<String>,
    signature: Option<String>,
    id: Option<String>,
    tool_use_id: Option<String>,
    content: Option<Box<Output>>,
}

/// A tool result's content; the results of server tools have other shapes.
#[derive(Deserialize)]
#[serde(untagged)]
enum Output {
    Content(Content),
    Other(serde::de::IgnoredAny),
}

#[derive(Deserialize)]
struct ToolDecl {
    name: Option<String>,
    input_schema: Option<Box<RawValue>>,
    #[serde(default)]
    defer_loading: bool,
}

#[derive(Deserialize)]
struct ToolChoice {
    #[serde(default)]
    disable_parallel_tool_use: bool,
}

#[derive(Deserialize)]
struct Thinking {
    #[serde(rename = "type")]
    kind: String,
    display: Option<String>,
}

impl Content {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Blocks(blocks) => {
                let texts = blocks.iter().filter_map(|block| block.text.as_deref());
                texts.collect::<Vec<_>>().join("\n")
            }
        }
    }
}

impl Request {
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Refusal> {
        let request = Self::parse_for_count(body)?;
        if request.max_tokens.is_none() {
            return Err(Refusal::invalid("max_tokens: Field required"));
        }
        Ok(request)
    }

    /// Counting needs no output limit.
    pub(crate) fn parse_for_count(body: &[u8]) -> Result<Self, Refusal> {
        let request: Self = serde_json::from_slice(body)
            .map_err(|error| Refusal::invalid(format!("invalid request body: {error}")))?;
        match request.messages.first() {
            None => Err(Refusal::invalid(
                "messages: at least one message is required",
            )),
            Some(first) if first.role != "user" => Err(Refusal::invalid(
                "messages: first message must use the \"user\" role",
            )),
            Some(_) => Ok(request),
        }
    }

    pub(crate) fn model(&self) -> &str {
        &self.model
    }

    pub(crate) fn streams(&self) -> bool {
        self.stream
    }

    pub(crate) fn omits_thinking(&self) -> bool {
        self.thinking.as_ref().and_then(|it| it.display.as_deref()) == Some("omitted")
    }

    pub(crate) fn ask(&self, bytes: usize) -> Result<Ask, Refusal> {
        let mut history = History::default();
        if let Some(system) = &self.system {
            history.context(&system.text());
        }
        for message in &self.messages {
            read(&mut history, message)?;
        }
        history.settled()?;
        let tools = self.tools.iter().filter(|tool| !tool.defer_loading);
        Ok(Ask {
            model: self.model.clone(),
            bytes,
            limit: self.max_tokens,
            reasons: self
                .thinking
                .as_ref()
                .is_some_and(|it| it.kind != "disabled"),
            parallel: !self
                .tool_choice
                .as_ref()
                .is_some_and(|it| it.disable_parallel_tool_use),
            // Without a schema it is one of the vendor's own tools.
            tools: tools
                .filter_map(|tool| {
                    Some(Tool {
                        name: tool.name.clone()?,
                        namespace: None,
                        input: ToolInput::Object(Some(tool.input_schema.clone()?)),
                    })
                })
                .collect(),
            history,
        })
    }
}

fn read(history: &mut History, message: &Message) -> Result<(), Refusal> {
    match (message.role.as_str(), &message.content) {
        ("user", Content::Text(text)) => history.user(text),
        ("user", Content::Blocks(blocks)) => {
            for block in blocks {
                match (&block.tool_use_id, &block.text) {
                    (Some(id), _) => history.returned(id, &output(block))?,
                    (None, Some(text)) => history.user(text),
                    (None, None) => {}
                }
            }
        }
        ("assistant", content) => {
            history.turn();
            match content {
                Content::Text(_) => history.said(),
                Content::Blocks(blocks) => {
                    for block in blocks {
                        answered(history, block)?;
                    }
                }
            }
        }
        ("system", content) => history.context(&content.text()),
        (role, _) => return Err(Refusal::invalid(format!("messages: unknown role `{role}`"))),
    }
    Ok(())
}

fn answered(history: &mut History, block: &Block) -> Result<(), Refusal> {
    match block.kind.as_str() {
        "text" => history.said(),
        "thinking" => check_reasoning(
            block.thinking.as_deref().unwrap_or_default(),
            block.signature.as_deref().unwrap_or_default(),
        )?,
        "tool_use" => history.called(block.id.as_deref().unwrap_or_default()),
        _ => {}
    }
    Ok(())
}

fn output(block: &Block) -> String {
    match block.content.as_deref() {
        Some(Output::Content(content)) => content.text(),
        Some(Output::Other(_)) | None => String::new(),
    }
}
