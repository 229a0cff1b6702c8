//! What the Chat Completions API reads of a request.

pub(super) use super::body::Request;
use super::{
    body::{Content, Message, ToolDecl},
    rules,
};
use crate::{
    ask::{Ask, History, Tool, ToolInput},
    fields, media,
    refusal::Refusal,
    reply::Dialect,
};

impl Request {
    pub(super) fn parse(body: &[u8]) -> Result<Self, Refusal> {
        let request: Self = serde_json::from_slice(body)
            .map_err(|error| Refusal::invalid(format!("invalid request body: {error}")))?;
        fields::check(body, Dialect::Chat)?;
        rules::check(&request)?;
        Ok(request)
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
    for part in message.content.iter().flat_map(Content::parts) {
        let file = part
            .file
            .as_ref()
            .and_then(|file| file.file_data.as_deref());
        let url = part.image_url.as_ref().map(|image| image.url.as_str());
        if let Some(url) = url.or(file) {
            history.media.extend(media::decode_url(url)?);
        }
    }
    match message.role.as_str() {
        "system" | "developer" => {
            history.settled()?;
            history.context(&text.unwrap_or_default());
        }
        "user" => {
            // A result that is still missing can no longer come.
            history.settled()?;
            history.user(&text.unwrap_or_default());
        }
        "assistant" => {
            history.settled()?;
            history.turn();
            if message
                .reasoning_content
                .as_ref()
                .is_some_and(|it| !it.is_empty())
            {
                history.thoughts += 1;
            }
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
