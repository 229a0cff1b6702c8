//! What the Chat Completions API refuses in a request that is well-formed.

use std::collections::HashSet;

use super::body::{Called, Choice, Content, ContentPart, Message, Request, Stop, ToolDecl};
use crate::{fields, refusal::Refusal};

const LONGEST_ID: usize = 40;
const LONGEST_NAME: usize = 64;
const MAX_STOPS: usize = 4;

type Checked = Result<(), Refusal>;

pub(super) fn check(request: &Request) -> Checked {
    if request.messages.is_empty() {
        return refuse("'messages' is too short");
    }
    if request.stream_options.is_some() && !request.streams() {
        return refuse("'stream_options' is only allowed when 'stream' is enabled");
    }
    if request.max_tokens.is_some() && request.max_completion_tokens.is_some() {
        return refuse("'max_tokens' and 'max_completion_tokens' exclude each other");
    }
    if request.metadata.is_some() && request.store != Some(true) {
        return refuse("'metadata' is only allowed when 'store' is enabled");
    }
    if request
        .temperature
        .is_some_and(|it| !(0.0..=2.0).contains(&it))
    {
        return refuse("'temperature' must be between 0 and 2");
    }
    match &request.stop {
        Some(Stop::Several(stops)) if stops.len() > MAX_STOPS => {
            return refuse("'stop': array too long, expected at most 4");
        }
        Some(Stop::Several(stops)) if stops.iter().any(String::is_empty) => {
            return refuse("'stop': empty string");
        }
        Some(Stop::One(stop)) if stop.is_empty() => return refuse("'stop': empty string"),
        Some(Stop::One(_) | Stop::Several(_)) | None => {}
    }
    if let Some(effort) = &request.reasoning_effort {
        fields::check_effort(effort)?;
    }
    if let Some(format) = &request.response_format {
        match (format.kind.as_str(), &format.json_schema) {
            ("text" | "json_object", None) => {}
            ("json_schema", Some(schema)) => fields::check_name(&schema.name, LONGEST_NAME)?,
            _ => return refuse("'response_format' is not one of its three forms"),
        }
    }
    tools(request)?;
    for (index, message) in request.messages.iter().enumerate() {
        self::message(message).map_err(|refusal| {
            Refusal::invalid(format!("messages[{index}]: {}", refusal.message))
        })?;
    }
    Ok(())
}

fn refuse(message: impl Into<String>) -> Checked {
    Err(Refusal::invalid(message))
}

fn tools(request: &Request) -> Checked {
    let Some(tools) = &request.tools else {
        return if request.parallel_tool_calls.is_some() {
            refuse("'parallel_tool_calls' is only allowed with 'tools'")
        } else if request.tool_choice.is_some() {
            refuse("'tool_choice' is only allowed with 'tools'")
        } else {
            Ok(())
        };
    };
    if tools.is_empty() {
        return refuse("[] is too short - 'tools'");
    }
    let mut names = HashSet::new();
    for tool in tools {
        let name = declared(tool)?;
        if !names.insert(name) {
            return refuse(format!("two tools are called `{name}`"));
        }
    }
    match &request.tool_choice {
        None => Ok(()),
        Some(Choice::Mode(mode)) => match mode.as_str() {
            "auto" | "none" | "required" => Ok(()),
            mode => refuse(format!("'tool_choice': unknown choice `{mode}`")),
        },
        Some(Choice::One(chosen)) => {
            let tool = chosen.function.as_ref().or(chosen.custom.as_ref());
            match (chosen.kind.as_str(), tool) {
                ("allowed_tools", _) => Ok(()),
                ("function" | "custom", Some(it)) if names.contains(it.name.as_str()) => Ok(()),
                _ => refuse("'tool_choice' names no tool"),
            }
        }
    }
}

fn declared(tool: &ToolDecl) -> Result<&str, Refusal> {
    let name = match (tool.kind.as_str(), &tool.function, &tool.custom) {
        ("function", Some(function), None) => {
            if let Some(parameters) = &function.parameters {
                serde_json::from_str::<fields::Object>(parameters.get())
                    .map_err(|_| Refusal::invalid("'parameters' is not an object"))?;
            }
            &function.name
        }
        ("custom", None, Some(custom)) => &custom.name,
        _ => return Err(Refusal::invalid("a tool is neither a function nor custom")),
    };
    fields::check_name(name, LONGEST_NAME)?;
    Ok(name)
}

fn message(message: &Message) -> Checked {
    let role = message.role.as_str();
    for part in message.content.iter().flat_map(Content::parts) {
        self::part(part, role)?;
    }
    if role != "assistant" {
        return match (&message.content, &message.tool_calls) {
            (_, Some(_)) => refuse(format!("a {role} message cannot call tools")),
            (None, None) => refuse("'content' is required"),
            (Some(Content::Parts(parts)), None) if parts.is_empty() => {
                refuse("'content' is an empty array")
            }
            (Some(_), None) => id(message.tool_call_id.as_deref().unwrap_or_default()),
        };
    }
    match message.tool_calls.as_deref() {
        Some([]) => refuse("[] is too short - 'tool_calls'"),
        Some(calls) => calls.iter().try_for_each(call),
        None if message.content.is_none() && message.refusal.is_none() => {
            refuse("an assistant message needs 'content' or 'tool_calls'")
        }
        None => Ok(()),
    }
}

fn part(part: &ContentPart, role: &str) -> Checked {
    let fits = match part.kind.as_str() {
        "text" => part.text.is_some(),
        "image_url" => role == "user" && part.image_url.is_some(),
        "input_audio" => role == "user",
        "file" => {
            let file = part.file.as_ref();
            role == "user" && file.is_some_and(|it| it.file_id.is_some() || it.filename.is_some())
        }
        "refusal" => role == "assistant",
        _ => false,
    };
    if fits {
        Ok(())
    } else {
        let kind = &part.kind;
        refuse(format!("invalid part of type '{kind}' in a {role} message"))
    }
}

fn id(id: &str) -> Checked {
    if id.len() > LONGEST_ID {
        return refuse(format!("the id `{id}` of a tool call is longer than 40"));
    }
    Ok(())
}

fn call(call: &Called) -> Checked {
    id(&call.id)?;
    match (call.kind.as_str(), &call.function, &call.custom) {
        ("function", Some(function), None) => {
            fields::check_name(&function.name, LONGEST_NAME)?;
            fields::check_arguments(&function.arguments)
        }
        ("custom", None, Some(custom)) => fields::check_name(&custom.name, LONGEST_NAME),
        _ => refuse("a tool call is neither of a function nor custom"),
    }
}
