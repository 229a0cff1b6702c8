//! What the Chat Completions API reads of a request.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    ask::{Ask, History, Tool, ToolInput},
    refusal::Refusal,
};

#[derive(Deserialize)]
pub(super) struct Request {
    model: String,
    messages: Vec<Message>,
    tools: Option<Vec<ToolDecl>>,
    parallel_tool_calls: Option<bool>,
    max_tokens: Option<usize>,
    max_completion_tokens: Option<usize>,
    reasoning_effort: Option<String>,
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
}

#[derive(Deserialize)]
struct StreamOptions {
    include_usage: Option<bool>,
}

#[derive(Deserialize)]
struct Message {
    role: String,
    content: Option<Content>,
    tool_calls: Option<Vec<Called>>,
    tool_call_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<ContentPart>),
}

#[derive(Deserialize)]
struct ContentPart {
    text: Option<String>,
}

#[derive(Deserialize)]
struct Called {
    id: String,
}

#[derive(Deserialize)]
struct ToolDecl {
    function: Option<FunctionDecl>,
    custom: Option<CustomDecl>,
}

#[derive(Deserialize)]
struct FunctionDecl {
    name: String,
    parameters: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct CustomDecl {
    name: String,
}

impl Content {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Parts(parts) => {
                let texts = parts.iter().filter_map(|part| part.text.as_deref());
                texts.collect::<Vec<_>>().join("\n")
            }
        }
    }
}

impl Request {
    pub(super) fn parse(body: &[u8]) -> Result<Self, Refusal> {
        let request: Self = serde_json::from_slice(body)
            .map_err(|error| Refusal::invalid(format!("invalid request body: {error}")))?;
        let tools = request.tools.as_deref();
        if request.messages.is_empty() {
            Err(Refusal::invalid("'messages' is too short"))
        } else if tools.is_some_and(<[_]>::is_empty) {
            Err(Refusal::invalid("[] is too short - 'tools'"))
        } else if tools.is_none() && request.parallel_tool_calls.is_some() {
            Err(Refusal::invalid(
                "'parallel_tool_calls' is only allowed with 'tools'",
            ))
        } else if request.stream_options.is_some() && !request.streams() {
            Err(Refusal::invalid(
                "'stream_options' is only allowed when 'stream' is enabled",
            ))
        } else if request.max_tokens.is_some() && request.max_completion_tokens.is_some() {
            Err(Refusal::invalid(
                "'max_tokens' and 'max_completion_tokens' exclude each other",
            ))
        } else {
            Ok(request)
        }
    }

    pub(super) fn model(&self) -> &str {
        &self.model
    }

    pub(super) fn streams(&self) -> bool {
        self.stream.unwrap_or(false)
    }

    pub(super) fn wants_usage(&self) -> bool {
        self.stream_options
            .as_ref()
            .and_then(|options| options.include_usage)
            .unwrap_or(false)
    }

    pub(super) fn ask(&self, bytes: usize) -> Result<Ask, Refusal> {
        let mut history = History::default();
        for message in &self.messages {
            read(&mut history, message)?;
        }
        history.settled()?;
        Ok(Ask {
            model: self.model.clone(),
            bytes,
            limit: self.max_completion_tokens.or(self.max_tokens),
            reasons: self
                .reasoning_effort
                .as_deref()
                .is_some_and(|effort| effort != "none"),
            parallel: self.parallel_tool_calls.unwrap_or(true),
            tools: self.tools.iter().flatten().filter_map(tool).collect(),
            history,
        })
    }
}

fn tool(decl: &ToolDecl) -> Option<Tool> {
    let (name, input) = match (&decl.function, &decl.custom) {
        (Some(it), _) => (it.name.clone(), ToolInput::Object(it.parameters.clone())),
        (None, Some(it)) => (it.name.clone(), ToolInput::Freeform),
        (None, None) => return None,
    };
    Some(Tool {
        name,
        namespace: None,
        input,
    })
}

fn read(history: &mut History, message: &Message) -> Result<(), Refusal> {
    let text = message.content.as_ref().map(Content::text);
    match message.role.as_str() {
        "system" | "developer" => history.context(&text.unwrap_or_default()),
        "user" => {
            // A result that is still missing can no longer come.
            history.settled()?;
            history.user(&text.unwrap_or_default());
        }
        "assistant" => {
            history.settled()?;
            history.turn();
            if text.is_some() {
                history.said();
            }
            for call in message.tool_calls.iter().flatten() {
                history.called(&call.id);
            }
        }
        "tool" => {
            let id = message.tool_call_id.as_deref().unwrap_or_default();
            history.returned(id, &text.unwrap_or_default())?;
        }
        role => return Err(Refusal::invalid(format!("messages: unknown role `{role}`"))),
    }
    Ok(())
}
