//! What the Responses API refuses in a request that is well-formed.

use std::collections::HashSet;

use super::body::{Content, ContentPart, Item, Request, ToolDecl};
use crate::{fields, refusal::Refusal};

const LONGEST_ID: usize = 64;
const LONGEST_NAME: usize = 64;
const MIN_OUTPUT: usize = 16;

const INCLUDABLE: [&str; 8] = [
    "file_search_call.results",
    "web_search_call.results",
    "web_search_call.action.sources",
    "message.input_image.image_url",
    "computer_call_output.output.image_url",
    "code_interpreter_call.outputs",
    "reasoning.encrypted_content",
    "message.output_text.logprobs",
];

type Checked = Result<(), Refusal>;

pub(super) fn check(request: &Request) -> Checked {
    if request.max_output_tokens.is_some_and(|it| it < MIN_OUTPUT) {
        let message = "'max_output_tokens': expected a value >= 16";
        return Err(Refusal::invalid(message).kind("integer_below_min_value"));
    }
    if request
        .temperature
        .is_some_and(|it| !(0.0..=2.0).contains(&it))
    {
        return refuse("'temperature' must be between 0 and 2");
    }
    if request.previous_response_id.is_some() && request.conversation.is_some() {
        return refuse("'previous_response_id' and 'conversation' exclude each other");
    }
    let options = request.stream_options.as_ref();
    if options.is_some_and(|options| options.include_usage.is_some()) {
        return refuse("unknown parameter: 'stream_options.include_usage'");
    }
    let mut wishes = request.include.iter().flatten();
    if let Some(wish) = wishes.find(|wish| !INCLUDABLE.contains(&wish.as_str())) {
        return refuse(format!("'include': unknown value `{wish}`"));
    }
    if let Some(effort) = request.wish().and_then(|wish| wish.effort) {
        fields::check_effort(&effort)?;
    }
    for tools in request.declared() {
        declared(tools)?;
    }
    let items: Vec<&Item> = request.items().collect();
    for (index, item) in items.iter().enumerate() {
        self::item(item, items.get(index + 1).copied())
            .map_err(|refusal| Refusal::invalid(format!("input[{index}]: {}", refusal.message)))?;
    }
    Ok(())
}

fn refuse(message: impl Into<String>) -> Checked {
    Err(Refusal::invalid(message))
}

fn declared(tools: &[ToolDecl]) -> Checked {
    let mut names = HashSet::new();
    for tool in tools {
        let name = tool.name.as_deref();
        match tool.kind.as_str() {
            "function" | "custom" => {
                fields::check_name(name.unwrap_or_default(), LONGEST_NAME)?;
                if !names.insert(name) {
                    return refuse("two tools have the same name");
                }
            }
            "namespace" => declared(&tool.tools)?,
            // The vendor's own.
            _ => {}
        }
    }
    Ok(())
}

fn item(item: &Item, next: Option<&Item>) -> Checked {
    match item.kind() {
        "message" => {
            id(item, "msg_")?;
            message(item)
        }
        "reasoning" => {
            id(item, "rs_")?;
            if item.summary.iter().any(|part| part.kind != "summary_text") {
                return refuse("a summary holds parts of type 'summary_text'");
            }
            // The vendor's words.
            let missing =
                "Item of type 'reasoning' was provided without its required following item";
            match next {
                None => refuse(missing),
                Some(next) if next.role.as_deref() == Some("user") => refuse(missing),
                Some(_) => Ok(()),
            }
        }
        "function_call" => {
            id(item, "fc_")?;
            call(item)?;
            match &item.arguments {
                Some(arguments) => fields::check_arguments(arguments),
                None => refuse("'arguments' is required"),
            }
        }
        "custom_tool_call" => {
            id(item, "ctc_")?;
            call(item)?;
            match &item.input {
                Some(_) => Ok(()),
                None => refuse("'input' is required"),
            }
        }
        "function_call_output" | "custom_tool_call_output" => {
            call_id(item)?;
            match &item.output {
                Some(Content::Text(_)) => Ok(()),
                Some(Content::Parts(parts)) => parts.iter().try_for_each(input),
                Some(Content::Other(_)) | None => refuse("'output' is a string or a list of parts"),
            }
        }
        // Blocks of another protocol.
        kind @ ("tool_use" | "tool_result" | "text" | "image" | "thinking") => {
            refuse(format!("unknown item type '{kind}'"))
        }
        _ => Ok(()),
    }
}

fn id(item: &Item, prefix: &str) -> Checked {
    match &item.id {
        Some(id) if !id.starts_with(prefix) => refuse(format!(
            "invalid 'id': '{id}'. Expected an ID that begins with '{prefix}'"
        )),
        Some(id) if id.len() > LONGEST_ID => refuse("'id' is longer than 64"),
        Some(_) | None => Ok(()),
    }
}

fn call(item: &Item) -> Checked {
    call_id(item)?;
    fields::check_name(item.name.as_deref().unwrap_or_default(), LONGEST_NAME)
}

fn call_id(item: &Item) -> Checked {
    match item.call_id.as_deref() {
        None | Some("") => refuse("'call_id' is required"),
        Some(id) if id.len() > LONGEST_ID => refuse("'call_id' is longer than 64"),
        Some(_) => Ok(()),
    }
}

fn message(item: &Item) -> Checked {
    let role = item.role.as_deref().unwrap_or_default();
    if !matches!(role, "user" | "assistant" | "system" | "developer") {
        return refuse(format!("'role': unknown role `{role}`"));
    }
    for part in item.content.iter().flat_map(Content::parts) {
        if role != "assistant" {
            input(part)?;
        } else if !matches!(part.kind.as_str(), "output_text" | "refusal") {
            let kind = &part.kind;
            return refuse(format!("'{kind}' cannot be in an assistant message"));
        }
    }
    match &item.content {
        Some(Content::Text(_) | Content::Parts(_)) => Ok(()),
        Some(Content::Other(_)) | None => refuse("'content' is a string or a list of parts"),
    }
}

/// A part of what goes in.
fn input(part: &ContentPart) -> Checked {
    let fits = match part.kind.as_str() {
        "input_text" => true,
        "input_image" => part.image_url.is_some() || part.file_id.is_some(),
        "input_file" => {
            let named = part.file_data.is_some() && part.filename.is_some();
            part.file_id.is_some() || part.file_url.is_some() || named
        }
        _ => false,
    };
    if fits {
        Ok(())
    } else {
        refuse(format!("invalid part of type '{}'", part.kind))
    }
}
