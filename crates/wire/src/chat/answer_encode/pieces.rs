//! The JSON that streamed and whole answers share.

use std::borrow::Cow;

use crate::answer::StopReason;
use crate::conversation::{Hit, Kind, ToolName};
use crate::translate::Reply;
use crate::{Usage, json};

/// Appends the members that a chunk and a whole answer begin with, opening brace included.
pub(super) fn head(out: &mut Vec<u8>, object: &str, model: &str, reply: &Reply) {
    out.extend_from_slice(br#"{"id":"#);
    json::string(out, &format!("chatcmpl-{}", reply.id));
    out.extend_from_slice(br#","object":"#);
    json::string(out, object);
    out.extend_from_slice(br#","created":"#);
    json::number(out, reply.created);
    out.extend_from_slice(br#","model":"#);
    json::string(out, model);
    out.push(b',');
}

/// What things are called in a call.
pub(super) struct Words {
    /// Its type, and the member that holds its name and input.
    pub kind: &'static str,
    /// Its input.
    pub input: &'static str,
}

impl Words {
    pub(super) const fn of(kind: Kind) -> Self {
        match kind {
            Kind::Function | Kind::ToolSearch => Self {
                kind: "function",
                input: "arguments",
            },
            Kind::Freeform => Self {
                kind: "custom",
                input: "input",
            },
        }
    }
}

/// What a call's input is when it is over: clients parse that of a function as JSON.
pub(super) const fn input_or_default(kind: Kind, input: &str) -> &str {
    match kind {
        Kind::Function | Kind::ToolSearch if input.is_empty() => "{}",
        Kind::Function | Kind::ToolSearch | Kind::Freeform => input,
    }
}

/// The id of the call at `index`: its own, or one that no other answer's calls have.
pub(super) fn call_id<'i>(id: &'i str, reply: &Reply, index: usize) -> Cow<'i, str> {
    if id.is_empty() {
        Cow::Owned(format!("call_{}_{index}", reply.id))
    } else {
        Cow::Borrowed(id)
    }
}

/// Appends the members of a call, without braces.
pub(super) fn call(out: &mut Vec<u8>, id: &str, tool: &ToolName<'_>, input: &str) {
    let words = Words::of(tool.kind);
    out.extend_from_slice(br#""id":"#);
    json::string(out, id);
    for piece in [
        ",\"type\":\"",
        words.kind,
        "\",\"",
        words.kind,
        "\":{\"name\":",
    ] {
        out.extend_from_slice(piece.as_bytes());
    }
    json::string(out, &tool.name);
    for piece in [",\"", words.input, "\":"] {
        out.extend_from_slice(piece.as_bytes());
    }
    json::string(out, input);
    out.push(b'}');
}

/// Adds the sources of the text from character `start` to `end` to a list separated by commas.
pub(super) fn annotations(list: &mut Vec<u8>, sources: &[Hit<'_>], start: usize, end: usize) {
    for source in sources {
        if !list.is_empty() {
            list.push(b',');
        }
        list.extend_from_slice(br#"{"type":"url_citation","url_citation":{"start_index":"#);
        list.extend_from_slice(start.to_string().as_bytes());
        list.extend_from_slice(br#","end_index":"#);
        list.extend_from_slice(end.to_string().as_bytes());
        list.extend_from_slice(br#","url":"#);
        json::string(list, &source.url);
        list.extend_from_slice(br#","title":"#);
        json::string(list, &source.title);
        list.extend_from_slice(b"}}");
    }
}

/// Why the model stopped, in this protocol's words.
pub(super) const fn finish_reason(stop: Option<StopReason>, any_calls: bool) -> &'static str {
    match stop {
        Some(StopReason::MaxTokens | StopReason::ContextWindow) => "length",
        Some(StopReason::Refusal) => "content_filter",
        // Calls are what counts: not every server gives them as the reason, and clients run none that it
        // is not given for.
        Some(
            StopReason::ToolUse
            | StopReason::EndTurn
            | StopReason::StopSequence
            | StopReason::Pause,
        )
        | None => {
            if any_calls {
                "tool_calls"
            } else {
                "stop"
            }
        }
    }
}

/// Appends the usage object. Here the prompt includes what came from and went to a cache. The three sums
/// are obligatory; details that nobody reported are left out instead of being called zero.
pub(super) fn usage(out: &mut Vec<u8>, usage: &Usage) {
    let prompt = usage.total_input().unwrap_or(0);
    let completion = usage.output.unwrap_or(0);
    let written = [usage.cache_write_5m, usage.cache_write_1h]
        .into_iter()
        .flatten();
    out.extend_from_slice(br#"{"prompt_tokens":"#);
    json::number(out, prompt);
    out.extend_from_slice(br#","completion_tokens":"#);
    json::number(out, completion);
    out.extend_from_slice(br#","total_tokens":"#);
    json::number(out, prompt.saturating_add(completion));
    details(
        out,
        "prompt_tokens_details",
        &[
            ("cached_tokens", usage.cache_read),
            ("cache_write_tokens", written.reduce(u64::saturating_add)),
        ],
    );
    details(
        out,
        "completion_tokens_details",
        &[("reasoning_tokens", usage.reasoning)],
    );
    out.push(b'}');
}

fn details(out: &mut Vec<u8>, name: &str, counts: &[(&str, Option<u64>)]) {
    let known = || {
        counts
            .iter()
            .filter_map(|(name, count)| Some((name, (*count)?)))
    };
    if known().next().is_none() {
        return;
    }
    out.push(b',');
    json::string(out, name);
    out.extend_from_slice(b":{");
    for (index, (name, count)) in known().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        json::string(out, name);
        out.push(b':');
        json::number(out, count);
    }
    out.push(b'}');
}
