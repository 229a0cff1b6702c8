//! What the Messages API reads of a request.

pub(crate) use super::body::Request;
use super::{
    body::{Block, Content, Message, Output},
    rules,
};
use crate::{
    answer::check_reasoning,
    ask::{Ask, History, Tool, ToolInput},
    fields, media,
    refusal::Refusal,
    reply::Dialect,
};

impl Request {
    pub(crate) fn parse(body: &[u8], version: &str) -> Result<Self, Refusal> {
        let request = Self::parse_for_count(body, version)?;
        if request.max_tokens.is_none() {
            return Err(Refusal::invalid("max_tokens: Field required"));
        }
        Ok(request)
    }

    /// Counting needs no output limit.
    pub(crate) fn parse_for_count(body: &[u8], version: &str) -> Result<Self, Refusal> {
        let request: Self = serde_json::from_slice(body)
            .map_err(|error| Refusal::invalid(format!("invalid request body: {error}")))?;
        fields::check(body, Dialect::Messages)?;
        match request.messages.first() {
            None => Err(Refusal::invalid(
                "messages: at least one message is required",
            )),
            Some(first) if first.role != "user" => Err(Refusal::invalid(
                "messages: first message must use the \"user\" role",
            )),
            Some(_) => {
                rules::check(&request, version)?;
                Ok(request)
            }
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
        ("user", Content::Text(text)) => {
            history.settled()?;
            history.user(text);
        }
        ("user", Content::Blocks(blocks)) => {
            for block in blocks {
                asked(history, block)?;
            }
            // Results that are missing here can no longer come.
            history.settled()?;
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

fn asked(history: &mut History, block: &Block) -> Result<(), Refusal> {
    seen(history, block)?;
    match (&block.tool_use_id, &block.text) {
        (Some(id), _) => history.returned(id, &output(block))?,
        (None, Some(text)) => history.user(text),
        (None, None) => {}
    }
    if let Some(Output::Content(content)) = block.content.as_deref() {
        for inner in content.blocks() {
            seen(history, inner)?;
        }
    }
    Ok(())
}

/// Notes a picture or document that came with the request.
fn seen(history: &mut History, block: &Block) -> Result<(), Refusal> {
    match (&block.source, block.kind.as_str()) {
        (Some(source), "image" | "document") if source.kind == "base64" => {
            let kind = source.media_type.as_deref().unwrap_or_default();
            let data = source.data.as_deref().unwrap_or_default();
            history.media.push(media::decode(kind, data)?);
        }
        _ => {}
    }
    Ok(())
}

fn answered(history: &mut History, block: &Block) -> Result<(), Refusal> {
    match block.kind.as_str() {
        "text" => history.said(),
        "thinking" => {
            check_reasoning(
                block.thinking.as_deref().unwrap_or_default(),
                block.signature.as_deref().unwrap_or_default(),
            )?;
            history.thoughts += 1;
        }
        // None was ever issued here.
        "redacted_thinking" => return Err(Refusal::invalid("redacted_thinking: invalid data")),
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
