//! What the Messages API refuses in a request that is well-formed.

mod tools;

use super::body::{Block, Citations, Content, Input, Message, Output, Request};
use crate::{fields, refusal::Refusal};

/// Since this version sampling parameters are refused, among others.
const STRICT_VERSION: &str = "2026-10-21";
const MAX_CACHE_MARKS: usize = 4;
const MIN_THINKING_BUDGET: usize = 1024;
const LONGEST_NAME: usize = 128;

/// Blocks, parts and items of the other protocols.
const FOREIGN: [&str; 12] = [
    "image_url",
    "input_text",
    "input_image",
    "input_file",
    "input_audio",
    "output_text",
    "refusal",
    "file",
    "reasoning",
    "function_call",
    "function_call_output",
    "summary_text",
];

type Checked = Result<(), Refusal>;

pub(super) fn check(request: &Request, version: &str) -> Checked {
    let strict = version == STRICT_VERSION;
    let sampling = request.temperature.is_some() || request.top_p.is_some();
    if strict && (sampling || request.top_k.is_some()) {
        return refuse("temperature, top_p and top_k are not accepted by this version");
    }
    if request
        .temperature
        .is_some_and(|it| !(0.0..=1.0).contains(&it))
    {
        return refuse("temperature: range: 0..1");
    }
    if request.stop_sequences.iter().any(|it| it.trim().is_empty()) {
        return refuse("stop_sequences: each stop sequence must contain non-whitespace");
    }
    if let Some(key) = request.metadata.names().find(|key| *key != "user_id") {
        return refuse(format!("metadata.{key}: Extra inputs are not permitted"));
    }
    tools::check(request)?;
    thinking(request)?;
    if marks(request) > MAX_CACHE_MARKS {
        return refuse("a maximum of 4 blocks with cache_control may be provided");
    }
    if let Some(system) = &request.system {
        texts(system, strict)?;
    }
    for (index, message) in request.messages.iter().enumerate() {
        let before = index.checked_sub(1).map(|it| &request.messages[it]);
        let last = index + 1 == request.messages.len();
        self::message(message, before, last, strict).map_err(|refusal| {
            Refusal::invalid(format!("messages.{index}: {}", refusal.message))
        })?;
    }
    Ok(())
}

fn refuse(message: impl Into<String>) -> Checked {
    Err(Refusal::invalid(message))
}

fn message(message: &Message, before: Option<&Message>, last: bool, strict: bool) -> Checked {
    let role = message.role.as_str();
    if role == "system" && before.is_none_or(|it| it.role != "user") {
        return refuse("a system message must directly follow a user message");
    }
    let empty = match &message.content {
        Content::Text(text) => text.is_empty(),
        Content::Blocks(blocks) => blocks.is_empty(),
    };
    if empty && !(last && role == "assistant") {
        return refuse("all messages must have non-empty content");
    }
    if role == "assistant" && last {
        let text = match &message.content {
            Content::Text(text) => Some(text),
            Content::Blocks(blocks) => blocks.last().and_then(|block| block.text.as_ref()),
        };
        if text.is_some_and(|text| text.ends_with(char::is_whitespace)) {
            return refuse("final assistant content cannot end with trailing whitespace");
        }
    }
    texts(&message.content, strict && role == "user")?;
    let mut others = false;
    for block in message.content.blocks() {
        place(block, role, strict)?;
        let result = block.kind == "tool_result";
        if result && others {
            return refuse("tool_result blocks must come before any other block");
        }
        others |= !result;
    }
    Ok(())
}

/// Texts must say something; in a strict user message they cannot cite.
fn texts(content: &Content, no_citations: bool) -> Checked {
    for block in content.blocks().iter().filter(|it| it.kind == "text") {
        match block.text.as_deref() {
            None => return refuse("text: Field required"),
            Some(text) if text.trim().is_empty() => {
                return refuse("text content blocks must contain non-whitespace text");
            }
            Some(_) => {}
        }
        let cites = matches!(&block.citations, Some(Citations::List(list)) if !list.is_empty());
        if cites && no_citations {
            return refuse("citations are not accepted in user messages by this version");
        }
    }
    Ok(())
}

fn place(block: &Block, role: &str, strict: bool) -> Checked {
    let kind = block.kind.as_str();
    let fits = match kind {
        _ if FOREIGN.contains(&kind) => false,
        "image" | "tool_result" | "search_result" | "container_upload" => role == "user",
        "document" => role == "user" || (role == "assistant" && !strict),
        "thinking" | "redacted_thinking" | "tool_use" => role == "assistant",
        "text" => true,
        // The results of server tools, and what nobody knows yet.
        _ => role != "system",
    };
    if !fits {
        return refuse(format!(
            "a block of type `{kind}` cannot be in a {role} message"
        ));
    }
    match kind {
        "tool_use" => call(block),
        "tool_result" => result(block),
        _ => Ok(()),
    }
}

fn call(block: &Block) -> Checked {
    id(block.id.as_deref())?;
    fields::check_name(block.name.as_deref().unwrap_or_default(), LONGEST_NAME)?;
    match &block.input {
        Some(Input::Object(_)) => Ok(()),
        Some(Input::Other(_)) | None => {
            refuse("tool_use.input: Input should be a valid dictionary")
        }
    }
}

fn result(block: &Block) -> Checked {
    id(block.tool_use_id.as_deref())?;
    let Some(Output::Content(content)) = block.content.as_deref() else {
        return Ok(());
    };
    texts(content, false)?;
    for inner in content.blocks() {
        match inner.kind.as_str() {
            "text" | "image" | "document" | "search_result" | "tool_reference" => {}
            kind => {
                return refuse(format!(
                    "a tool_result cannot hold a block of type `{kind}`"
                ));
            }
        }
    }
    Ok(())
}

fn id(id: Option<&str>) -> Checked {
    match id {
        Some(id) if !id.is_empty() && id.bytes().all(fields::plain) => Ok(()),
        _ => refuse("tool ids should match pattern '^[a-zA-Z0-9_-]+$'"),
    }
}

fn thinking(request: &Request) -> Checked {
    let Some(thinking) = &request.thinking else {
        return Ok(());
    };
    match thinking.kind.as_str() {
        "enabled" => {}
        "adaptive" | "disabled" | "between_tools" => return Ok(()),
        kind => return refuse(format!("thinking.type: unknown kind `{kind}`")),
    }
    let budget = thinking.budget_tokens.unwrap_or_default();
    if budget < MIN_THINKING_BUDGET {
        return refuse("thinking.budget_tokens: Input should be greater than or equal to 1024");
    }
    if request.max_tokens.is_some_and(|limit| limit <= budget) {
        return refuse("`max_tokens` must be greater than `thinking.budget_tokens`");
    }
    #[expect(clippy::float_cmp, reason = "a number that was written, not computed")]
    if request.temperature.is_some_and(|it| it != 1.0) {
        return refuse("`temperature` may only be set to 1 when thinking is enabled");
    }
    let choice = request.tool_choice.as_ref().map(|it| it.kind.as_str());
    if matches!(choice, Some("any" | "tool")) {
        return refuse("Thinking may not be enabled when tool_choice forces tool use.");
    }
    match request.messages.as_slice() {
        [.., turn, results] if results.content.blocks().first().is_some_and(is_result) => {
            let first = turn.content.blocks().first().map(|it| it.kind.as_str());
            if matches!(first, Some("thinking" | "redacted_thinking")) {
                Ok(())
            } else {
                refuse("Expected `thinking` or `redacted_thinking` at the start of the turn")
            }
        }
        _ => Ok(()),
    }
}

fn is_result(block: &Block) -> bool {
    block.kind == "tool_result"
}

/// Explicit cache marks, wherever they stand.
fn marks(request: &Request) -> usize {
    fn within(content: &Content) -> usize {
        let inner = |block: &Block| match block.content.as_deref() {
            Some(Output::Content(content)) => within(content),
            Some(Output::Other(_)) | None => 0,
        };
        let count = |block: &Block| usize::from(block.cache_control.is_some()) + inner(block);
        content.blocks().iter().map(count).sum()
    }
    let tools = request.tools.iter().filter(|it| it.cache_control.is_some());
    let messages = request.messages.iter().map(|it| within(&it.content));
    tools.count() + messages.sum::<usize>() + request.system.as_ref().map_or(0, within)
}
