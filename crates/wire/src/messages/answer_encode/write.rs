//! The JSON that streams and whole answers share: heads, usage, endings, ids, searches.

use std::borrow::Cow;

use crate::answer::{Opening, Stop, StopReason};
use crate::conversation::{Hit, Origin, Token};
use crate::{Usage, json};

/// Why the answer ends, as far as its blocks have a say in it.
#[derive(Default)]
pub(super) struct Ending {
    pub(super) stop: Option<Stop<'static>>,
    /// There are calls whose results are waited for.
    pub(super) calls: bool,
    /// The model refused in words.
    pub(super) refused: bool,
    /// How many web searches the vendor carried out.
    pub(super) searches: u64,
}

impl Ending {
    /// A block begins.
    pub(super) fn note(&mut self, content: &Opening<'_>) {
        match content {
            Opening::Call { .. } => self.calls = true,
            Opening::Refusal => self.refused = true,
            Opening::Text | Opening::Thought => {}
        }
    }

    /// Appends the members `stop_reason` and `stop_sequence`.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let (reason, sequence) = match &self.stop {
            Some(stop) => (stop.reason, stop.sequence.as_deref()),
            None => (StopReason::EndTurn, None),
        };
        let word = self.word(reason);
        out.extend_from_slice(br#""stop_reason":"#);
        json::string(out, word);
        out.extend_from_slice(br#","stop_sequence":"#);
        json::string_or_null(out, sequence.filter(|_| word == "stop_sequence"));
    }

    /// Many servers report an ordinary end after calls, and clients run calls only if told to.
    fn word(&self, reason: StopReason) -> &'static str {
        match reason {
            StopReason::EndTurn | StopReason::ToolUse | StopReason::StopSequence if self.calls => {
                "tool_use"
            }
            StopReason::EndTurn | StopReason::ToolUse if self.refused => "refusal",
            StopReason::EndTurn | StopReason::ToolUse => "end_turn",
            StopReason::StopSequence => "stop_sequence",
            StopReason::MaxTokens => "max_tokens",
            StopReason::ContextWindow => "model_context_window_exceeded",
            StopReason::Refusal => "refusal",
            StopReason::Pause => "pause_turn",
        }
    }
}

/// Appends the opening brace of a message and its first members.
pub(super) fn head(out: &mut Vec<u8>, id: &str, model: &str) {
    out.extend_from_slice(br#"{"id":"#);
    json::string(out, &format!("msg_{id}"));
    out.extend_from_slice(br#","type":"message","role":"assistant","model":"#);
    json::string(out, model);
    out.push(b',');
}

/// Appends the usage object, with zeros where nothing is known: clients add up every member they know.
pub(super) fn write_usage(out: &mut Vec<u8>, usage: &Usage, searches: u64) {
    let short = usage.cache_write_5m.unwrap_or(0);
    let hour = usage.cache_write_1h.unwrap_or(0);
    for (prefix, count) in [
        ("{\"input_tokens\":", usage.input.unwrap_or(0)),
        (
            ",\"cache_creation_input_tokens\":",
            short.saturating_add(hour),
        ),
        (
            ",\"cache_read_input_tokens\":",
            usage.cache_read.unwrap_or(0),
        ),
        (",\"cache_creation\":{\"ephemeral_5m_input_tokens\":", short),
        (",\"ephemeral_1h_input_tokens\":", hour),
        ("},\"output_tokens\":", usage.output.unwrap_or(0)),
        (
            ",\"output_tokens_details\":{\"thinking_tokens\":",
            usage.reasoning.unwrap_or(0),
        ),
        ("},\"server_tool_use\":{\"web_search_requests\":", searches),
    ] {
        out.extend_from_slice(prefix.as_bytes());
        json::number(out, count);
    }
    out.extend_from_slice(b",\"web_fetch_requests\":0},\"service_tier\":null}");
}

/// The signature of a thought that has no token: a mark of ours, which the thought itself goes into if the
/// caller does not want to read it, so that it comes back all the same.
pub(super) fn unsigned(vendor: &str, hidden: &str) -> String {
    Token::fresh(Origin::Unsigned, "", hidden).seal(vendor)
}

/// The id of a call, with only the characters the protocol allows. The caller sends it back with the call and
/// with its result alike.
pub(super) fn call_id<'i>(id: &'i str, reply: &str, index: u64) -> Cow<'i, str> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if id.is_empty() {
        Cow::Owned(format!("toolu_{reply}_{index}"))
    } else if id.chars().all(allowed) {
        Cow::Borrowed(id)
    } else {
        Cow::Owned(id.replace(|c| !allowed(c), "_"))
    }
}

/// The id of a web search.
pub(super) fn search_id(id: &str, reply: &str, index: u64) -> String {
    let own = |text: &str| text.replace(|c: char| !c.is_ascii_alphanumeric() && c != '_', "_");
    if id.is_empty() {
        format!("srvtoolu_{}_{index}", own(reply))
    } else {
        format!(
            "srvtoolu_{}",
            own(id.strip_prefix("srvtoolu_").unwrap_or(id))
        )
    }
}

/// Appends a `tool_use` block (or a `server_tool_use` one) up to its input.
pub(super) fn call_head(out: &mut Vec<u8>, kind: &str, id: &str, name: &str) {
    out.extend_from_slice(br#"{"type":"#);
    json::string(out, kind);
    out.extend_from_slice(br#","id":"#);
    json::string(out, id);
    out.extend_from_slice(br#","name":"#);
    json::string(out, name);
    out.extend_from_slice(br#","input":"#);
}

/// The input of a web search.
pub(super) fn search_input(query: &str) -> Vec<u8> {
    let mut out = br#"{"query":"#.to_vec();
    json::string(&mut out, query);
    out.push(b'}');
    out
}

/// Appends a `web_search_tool_result` block.
pub(super) fn search_result(out: &mut Vec<u8>, id: &str, hits: &[Hit<'_>]) {
    out.extend_from_slice(br#"{"type":"web_search_tool_result","tool_use_id":"#);
    json::string(out, id);
    out.extend_from_slice(br#","content":["#);
    for (index, hit) in hits.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(br#"{"type":"web_search_result","url":"#);
        json::string(out, &hit.url);
        out.extend_from_slice(br#","title":"#);
        json::string(out, &hit.title);
        out.extend_from_slice(br#","encrypted_content":"","page_age":null}"#);
    }
    out.extend_from_slice(b"]}");
}
