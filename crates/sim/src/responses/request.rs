//! What the Responses API reads of a request.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    answer::check_reasoning,
    ask::{Ask, History, Tool, ToolInput},
    refusal::Refusal,
};

const ENCRYPTED_REASONING: &str = "reasoning.encrypted_content";

#[derive(Deserialize)]
pub(super) struct Request {
    pub(super) model: String,
    #[serde(default, rename = "input")]
    raw_input: Option<Box<RawValue>>,
    pub(super) instructions: Option<Box<RawValue>>,
    #[serde(rename = "tools")]
    pub(super) raw_tools: Option<Box<RawValue>>,
    pub(super) tool_choice: Option<Box<RawValue>>,
    pub(super) parallel_tool_calls: Option<bool>,
    pub(super) reasoning: Option<Box<RawValue>>,
    pub(super) text: Option<Box<RawValue>>,
    pub(super) metadata: Option<Box<RawValue>>,
    #[serde(default)]
    include: Option<Vec<String>>,
    pub(super) max_output_tokens: Option<usize>,
    pub(super) temperature: Option<f64>,
    pub(super) top_p: Option<f64>,
    pub(super) previous_response_id: Option<String>,
    pub(super) prompt_cache_key: Option<String>,
    pub(super) safety_identifier: Option<String>,
    pub(super) user: Option<String>,
    pub(super) store: Option<bool>,
    #[serde(default)]
    pub(super) background: bool,
    #[serde(default)]
    pub(super) stream: bool,
    #[serde(skip)]
    items: Vec<(Item, Option<Box<RawValue>>)>,
    #[serde(skip)]
    tools: Vec<ToolDecl>,
}

#[derive(Deserialize, Default)]
struct Item {
    #[serde(rename = "type")]
    kind: Option<String>,
    role: Option<String>,
    content: Option<Content>,
    call_id: Option<String>,
    output: Option<Content>,
    encrypted_content: Option<String>,
    #[serde(default)]
    summary: Vec<ContentPart>,
    tools: Option<Vec<ToolDecl>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<ContentPart>),
    /// Outputs of the vendor's own tools.
    Other(serde::de::IgnoredAny),
}

#[derive(Deserialize)]
struct ContentPart {
    text: Option<String>,
}

#[derive(Deserialize)]
struct ToolDecl {
    #[serde(rename = "type")]
    kind: String,
    name: Option<String>,
    parameters: Option<Box<RawValue>>,
    #[serde(default)]
    tools: Vec<ToolDecl>,
}

#[derive(Deserialize)]
struct ReasoningWish {
    effort: Option<String>,
}

impl Content {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Parts(parts) => joined(parts),
            Self::Other(_) => String::new(),
        }
    }
}

fn joined(parts: &[ContentPart]) -> String {
    parts
        .iter()
        .filter_map(|part| part.text.as_deref())
        .collect::<Vec<_>>()
        .join("\n")
}

fn invalid(error: &serde_json::Error) -> Refusal {
    Refusal::invalid(format!("invalid request body: {error}"))
}

impl Request {
    pub(super) fn parse(body: &[u8]) -> Result<Self, Refusal> {
        let mut request: Self = serde_json::from_slice(body).map_err(|error| invalid(&error))?;
        if request.max_output_tokens.is_some_and(|limit| limit < 16) {
            let message = "'max_output_tokens': expected a value >= 16";
            return Err(Refusal::invalid(message).kind("integer_below_min_value"));
        }
        if let Some(tools) = &request.raw_tools {
            let tools: Option<_> = serde_json::from_str(tools.get()).map_err(|e| invalid(&e))?;
            request.tools = tools.unwrap_or_default();
        }
        let input = request.raw_input.as_ref().map_or("[]", |raw| raw.get());
        if input.starts_with('"') {
            let text = serde_json::from_str(input).map_err(|error| invalid(&error))?;
            let role = Some("user".to_owned());
            let item = Item {
                role,
                content: Some(Content::Text(text)),
                ..Item::default()
            };
            request.items.push((item, None));
        } else {
            let items: Vec<Box<RawValue>> =
                serde_json::from_str(input).map_err(|error| invalid(&error))?;
            for raw in items {
                let item = serde_json::from_str(raw.get()).map_err(|error| invalid(&error))?;
                request.items.push((item, Some(raw)));
            }
        }
        Ok(request)
    }

    pub(super) fn wants_encrypted_reasoning(&self) -> bool {
        self.include
            .iter()
            .flatten()
            .any(|wish| wish == ENCRYPTED_REASONING)
    }

    pub(super) fn triggers_compaction(&self) -> bool {
        let last = self.items.last().and_then(|(item, _)| item.kind.as_deref());
        last == Some("compaction_trigger")
    }

    /// The items as they came.
    pub(super) fn raw_items(&self) -> impl Iterator<Item = &RawValue> {
        self.items.iter().filter_map(|(_, raw)| raw.as_deref())
    }

    pub(super) fn user_items(&self) -> impl Iterator<Item = &RawValue> {
        let users = self
            .items
            .iter()
            .filter(|(item, _)| item.role.as_deref() == Some("user"));
        users.filter_map(|(_, raw)| raw.as_deref())
    }

    pub(super) fn history_text(&self) -> String {
        self.raw_input
            .as_ref()
            .map_or_else(String::new, |raw| raw.get().to_owned())
    }

    pub(super) fn read(&self, history: &mut History) -> Result<(), Refusal> {
        if let Some(instructions) = &self.instructions {
            let text: Option<String> = serde_json::from_str(instructions.get()).unwrap_or_default();
            history.context(&text.unwrap_or_default());
        }
        if self.previous_response_id.is_some() {
            // The earlier half of the conversation is stored elsewhere; it was an answer.
            history.turn();
        }
        for (item, _) in &self.items {
            self.read_item(history, item)?;
        }
        history.settled()
    }

    fn read_item(&self, history: &mut History, item: &Item) -> Result<(), Refusal> {
        let text = || item.content.as_ref().map(Content::text).unwrap_or_default();
        match (
            item.kind.as_deref().unwrap_or("message"),
            item.role.as_deref(),
        ) {
            ("message", Some("user")) => history.user(&text()),
            ("message", Some("assistant")) => {
                history.turn();
                history.said();
            }
            ("message", _) => history.context(&text()),
            // Without its token the item stands for a stored one.
            ("reasoning", _) => {
                if let Some(token) = &item.encrypted_content {
                    let text = joined(&item.summary);
                    check_reasoning(&text, token)?;
                }
            }
            ("function_call" | "custom_tool_call", _) => {
                history.turn();
                history.called(item.call_id.as_deref().unwrap_or_default());
            }
            ("function_call_output" | "custom_tool_call_output", _) => {
                let output = item.output.as_ref().map(Content::text).unwrap_or_default();
                let id = item.call_id.as_deref().unwrap_or_default();
                if self.previous_response_id.is_none() {
                    history.returned(id, &output)?;
                } else {
                    history.called(id);
                    history.returned(id, &output)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn ask(&self, history: History, bytes: usize) -> Ask {
        let wish = self.reasoning.as_ref().and_then(|raw| {
            serde_json::from_str::<Option<ReasoningWish>>(raw.get())
                .ok()
                .flatten()
        });
        let mut tools = Vec::new();
        let carried = self
            .items
            .iter()
            .filter_map(|(item, _)| item.tools.as_deref());
        for decls in std::iter::once(self.tools.as_slice()).chain(carried) {
            collect(decls, None, &mut tools);
        }
        Ask {
            model: self.model.clone(),
            bytes,
            limit: self.max_output_tokens,
            reasons: wish.is_some_and(|wish| wish.effort.as_deref() != Some("none")),
            parallel: self.parallel_tool_calls.unwrap_or(true),
            tools,
            history,
        }
    }
}

/// Tools in groups are tools too; their calls name the group.
fn collect(decls: &[ToolDecl], namespace: Option<&str>, tools: &mut Vec<Tool>) {
    for decl in decls {
        let input = match decl.kind.as_str() {
            "function" => ToolInput::Object(decl.parameters.clone()),
            "custom" => ToolInput::Freeform,
            "namespace" => {
                collect(&decl.tools, decl.name.as_deref(), tools);
                continue;
            }
            _ => continue,
        };
        if let Some(name) = decl.name.clone() {
            tools.push(Tool {
                name,
                namespace: namespace.map(str::to_owned),
                input,
            });
        }
    }
}
