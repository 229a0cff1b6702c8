//! A fitted request, written from the hub.
//!
//! Serializes and no more: what the target takes, and in which order, is settled (`fit`). Decided here
//! is only what comes of this protocol's own form: how thoughts, searches, schemas and marks are written.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::conversation::{Choice, Effort, Format, Part, Reasoning, Request, Role, Thinking};
use crate::dialect::Dialect;
use crate::loss::{Loss, Losses};
use crate::translate::Unfit;

mod blocks;
mod schema;
mod shape;
#[cfg(test)]
mod tests;
mod tools;

use shape::{Block, Body, Message, Metadata, OutputConfig, OutputFormat, ToolChoice};

/// Writes a request that has been fitted to `target`.
pub fn encode(
    request: &Request<'_>,
    target: &Dialect,
    losses: &mut Losses,
) -> Result<Vec<u8>, Unfit> {
    if request.stop.iter().any(|stop| stop.trim().is_empty()) {
        let message = "a text that is empty or only blank cannot end the answer on this route";
        return Err(Unfit::new("stop", message));
    }
    let tools = tools::tools(&request.tools, losses)?;
    let body = Body {
        model: &request.model,
        max_tokens: request.max_output.unwrap_or(target.default_max_output),
        system: request.system.iter().filter_map(blocks::passage).collect(),
        messages: messages(request, losses)?,
        tool_choice: if tools.is_empty() {
            None
        } else {
            choice(request.choice.as_ref(), request.parallel_calls)
        },
        tools,
        stop_sequences: request.stop.iter().map(|stop| &**stop).collect(),
        temperature: request.sampling.temperature,
        top_p: request.sampling.top_p,
        top_k: request.sampling.top_k,
        thinking: thinking(request.reasoning),
        output_config: output_config(request, losses),
        metadata: request.user.as_deref().map(|user_id| Metadata { user_id }),
        stream: request.stream,
    };
    serde_json::to_vec(&body).map_err(|_| Unfit::new("", "the request cannot be written as JSON"))
}

fn messages<'r>(request: &'r Request<'_>, losses: &mut Losses) -> Result<Vec<Message<'r>>, Unfit> {
    let mut messages = Vec::with_capacity(request.turns.len());
    for turn in &request.turns {
        let mut content = Vec::with_capacity(turn.parts.len());
        if turn.role == Role::Assistant {
            for part in spoken(&turn.parts) {
                blocks::push(part, &mut content, losses)?;
            }
        } else {
            for part in &turn.parts {
                blocks::push(part, &mut content, losses)?;
            }
        }
        messages.push(Message {
            role: shape::role(turn.role),
            content,
        });
    }
    if request
        .turns
        .last()
        .is_some_and(|turn| turn.role == Role::Assistant)
    {
        trim_last(messages.last_mut());
    }
    // A turn of which nothing could be written is not a turn.
    messages.retain(|message| !message.content.is_empty());
    Ok(messages)
}

/// The parts of a turn of the model's, thoughts first. Where a thought opens the turn already, thoughts
/// stand as the model had them: they must come back to it unmodified.
fn spoken<'p, 'a>(parts: &'p [Part<'a>]) -> impl Iterator<Item = &'p Part<'a>> {
    let thought = |part: &Part<'_>| matches!(part, Part::Thought(_));
    let start = parts.iter().position(thought).unwrap_or(0);
    let run = parts[start..]
        .iter()
        .take_while(|part| thought(part))
        .count();
    let (before, rest) = parts.split_at(start);
    let (thoughts, after) = rest.split_at(run);
    thoughts.iter().chain(before).chain(after)
}

/// A text that the model is to continue must not end in white space.
fn trim_last(last: Option<&mut Message<'_>>) {
    let Some(message) = last else { return };
    while let Some(Block::Text { text, .. }) = message.content.last_mut() {
        let end = text.trim_end().len();
        match text {
            Cow::Borrowed(text) => *text = &text[..end],
            Cow::Owned(text) => text.truncate(end),
        }
        if end > 0 {
            return;
        }
        message.content.pop();
    }
}

/// One call at a time can only be asked for along with a choice.
fn choice<'r>(choice: Option<&'r Choice<'_>>, parallel: Option<bool>) -> Option<ToolChoice<'r>> {
    let one = parallel == Some(false);
    let (kind, name) = match choice {
        None if one => ("auto", None),
        None => return None,
        Some(
            Choice::Auto
            | Choice::Among {
                required: false, ..
            },
        ) => ("auto", None),
        Some(Choice::Required | Choice::Among { required: true, .. }) => ("any", None),
        Some(Choice::None) => ("none", None),
        Some(Choice::One(tool)) => ("tool", Some(&*tool.name)),
        Some(Choice::WebSearch) => ("tool", Some(tools::WEB_SEARCH)),
    };
    let disable_parallel_tool_use = one && kind != "none";
    Some(ToolChoice {
        kind,
        name,
        disable_parallel_tool_use,
    })
}

fn thinking(reasoning: Reasoning) -> Option<shape::Thinking> {
    let (kind, budget_tokens) = match reasoning.thinking? {
        Thinking::Adaptive => ("adaptive", None),
        Thinking::Budget(tokens) => ("enabled", Some(tokens)),
        Thinking::BetweenTools => ("between_tools", None),
        Thinking::Disabled => {
            return Some(shape::Thinking {
                kind: "disabled",
                budget_tokens: None,
                display: None,
            });
        }
    };
    let display = reasoning
        .shown
        .map(|shown| if shown { "summarized" } else { "omitted" });
    Some(shape::Thinking {
        kind,
        budget_tokens,
        display,
    })
}

fn output_config<'r>(request: &'r Request<'_>, losses: &mut Losses) -> Option<OutputConfig<'r>> {
    let effort = request.reasoning.effort.map(Effort::as_str);
    let format = match &request.format {
        Some(Format::JsonSchema { schema, strict, .. }) => {
            losses.add_if(*strict == Some(false), Loss::Strict);
            let schema: &'r RawValue = schema;
            Some(OutputFormat {
                kind: "json_schema",
                schema,
            })
        }
        Some(Format::Text | Format::JsonObject) | None => None,
    };
    (effort.is_some() || format.is_some()).then_some(OutputConfig { effort, format })
}
