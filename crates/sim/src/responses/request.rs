//! What the Responses API reads of a request.

use serde_json::value::RawValue;

pub(super) use super::body::Request;
use super::{
    body::{Content, Item, ReasoningWish, ToolDecl, joined},
    rules,
};
use crate::{
    answer::check_reasoning,
    ask::{Ask, History, Tool, ToolInput},
    fields, media,
    refusal::Refusal,
    reply::Dialect,
};

const ENCRYPTED_REASONING: &str = "reasoning.encrypted_content";

fn invalid(error: &serde_json::Error) -> Refusal {
    Refusal::invalid(format!("invalid request body: {error}"))
}

impl Request {
    pub(super) fn parse(body: &[u8]) -> Result<Self, Refusal> {
        let mut request: Self = serde_json::from_slice(body).map_err(|error| invalid(&error))?;
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
        fields::check(body, Dialect::Responses)?;
        rules::check(&request)?;
        Ok(request)
    }

    /// The input's items, read.
    pub(super) fn items(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().map(|(item, _)| item)
    }

    /// The tools of the request and those that travel as items of its input.
    pub(super) fn declared(&self) -> impl Iterator<Item = &[ToolDecl]> {
        let carried = self.items().filter_map(|item| item.tools.as_deref());
        std::iter::once(self.tools.as_slice()).chain(carried)
    }

    pub(super) fn wish(&self) -> Option<ReasoningWish> {
        let raw = self.reasoning.as_ref()?;
        serde_json::from_str::<Option<_>>(raw.get()).ok().flatten()
    }

    /// Without a wish a summary stays empty, whatever the model thought.
    pub(super) fn wants_summary(&self) -> bool {
        self.wish().is_some_and(|wish| wish.summary.is_some())
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
        let holders = item.content.iter().chain(&item.output);
        for part in holders.flat_map(Content::parts) {
            if let Some(url) = part.image_url.as_ref().or(part.file_data.as_ref()) {
                history.media.extend(media::decode_url(url)?);
            }
        }
        match (item.kind(), item.role.as_deref()) {
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
                    history.thoughts += 1;
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
        let wish = self.wish();
        let mut tools = Vec::new();
        for decls in self.declared() {
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
