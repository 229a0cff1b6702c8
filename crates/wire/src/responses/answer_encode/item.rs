//! The items of an answer as they are written: on their way, done, and in the response at the end.

use serde::de::IgnoredAny;

use super::object::{Object, list, object};
use crate::answer::StopReason;
use crate::conversation::{Hit, Kind, Origin, Token, ToolName};
use crate::json;

/// How far an item has come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// It has just begun and is still empty.
    InProgress,
    /// It is done.
    Completed,
    /// It was cut short.
    Incomplete,
}

impl Status {
    const fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Incomplete => "incomplete",
        }
    }
}

/// The status of the last item of an answer that stopped for `stop`: where an answer is cut, that one is.
pub(super) const fn last(stop: Option<StopReason>) -> Status {
    match stop {
        Some(StopReason::MaxTokens | StopReason::ContextWindow) => Status::Incomplete,
        _ => Status::Completed,
    }
}

/// The id of the call at `place` in the answer `reply`: its own, or one that no other answer's calls have.
pub(super) fn call_id(id: &str, reply: &str, place: usize) -> String {
    if id.is_empty() {
        format!("call_{reply}_{place}")
    } else {
        id.to_owned()
    }
}

/// One item.
pub(super) enum Item {
    /// A message of texts and refusals.
    Message(Vec<Part>),
    /// A thought.
    Thought {
        /// What the caller may read of it.
        text: String,
        /// What the caller does not want to read of it. If nobody else keeps it, the token holds it.
        hidden: String,
        /// Its token, sealed.
        token: Option<String>,
    },
    /// A call.
    Call {
        /// Ties it to its result.
        id: String,
        /// What is called.
        tool: ToolName<'static>,
        /// With what.
        input: String,
    },
    /// A web search of the vendor's.
    Search {
        /// What for.
        query: String,
        /// What was found.
        hits: Vec<Hit<'static>>,
    },
    /// A summary of the conversation, sealed.
    Summary(String),
}

/// A part of a message.
#[derive(Default)]
pub(super) struct Part {
    /// It is a refusal.
    pub(super) refusal: bool,
    /// What it says.
    pub(super) text: String,
    /// The sources of what it says.
    pub(super) sources: Vec<Hit<'static>>,
}

impl Item {
    /// The id of the item that stands at `place` in the answer `reply`.
    pub(super) fn id(&self, reply: &str, place: usize) -> String {
        let prefix = match self {
            Self::Message(_) => "msg",
            Self::Thought { .. } => "rs",
            Self::Call { tool, .. } => match tool.kind {
                Kind::Function => "fc",
                Kind::Freeform => "ctc",
                Kind::ToolSearch => "tsc",
            },
            Self::Search { .. } => "ws",
            Self::Summary(_) => "cmp",
        };
        format!("{prefix}_{reply}_{place}")
    }

    /// Appends the item.
    pub(super) fn write(&self, out: &mut Vec<u8>, id: &str, status: Status) {
        object(out, |item| {
            item.text("id", id);
            match self {
                Self::Message(parts) => {
                    item.text("type", "message")
                        .text("status", status.as_str())
                        .text("role", "assistant")
                        .with("content", |out| {
                            list(out, parts, |out, part| part.write(out));
                        });
                }
                Self::Thought { text, token, .. } => thought(item, text, token.as_deref()),
                Self::Call {
                    id: call_id,
                    tool,
                    input,
                } => call(item, call_id, tool, input, status),
                Self::Search { query, hits } => {
                    item.text("type", "web_search_call")
                        .text("status", status.as_str())
                        .object("action", |action| search(action, query, hits));
                }
                Self::Summary(sealed) => {
                    item.text("type", "compaction")
                        .text("encrypted_content", sealed);
                }
            }
        });
    }
}

impl Part {
    /// Appends the part.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        object(out, |part| {
            if self.refusal {
                part.text("type", "refusal").text("refusal", &self.text);
                return;
            }
            part.text("type", "output_text")
                .text("text", &self.text)
                .with("annotations", |out| {
                    list(out, 0..self.sources.len(), |out, index| {
                        self.annotation(out, index);
                    });
                })
                .raw("logprobs", "[]");
        });
    }

    /// Appends one of its annotations, which is always about the whole text.
    pub(super) fn annotation(&self, out: &mut Vec<u8>, index: usize) {
        let Some(source) = self.sources.get(index) else {
            return;
        };
        object(out, |annotation| {
            annotation
                .text("type", "url_citation")
                .number("start_index", 0)
                .number("end_index", self.text.chars().count() as u64)
                .text("url", &source.url)
                .text("title", &source.title);
        });
    }
}

/// The summary of a thought: one part, or none.
fn thought(item: &mut Object<'_>, text: &str, token: Option<&str>) {
    item.text("type", "reasoning").with("summary", |out| {
        list(out, Some(text).filter(|text| !text.is_empty()), summary);
    });
    match token {
        Some(token) => item.text("encrypted_content", token),
        None => item.raw("encrypted_content", "null"),
    };
}

/// The token of a thought that has none, so that what is hidden of it comes back all the same.
pub(super) fn unsigned(vendor: &str, hidden: &str) -> Option<String> {
    (!hidden.is_empty()).then(|| Token::fresh(Origin::Unsigned, "", hidden).seal(vendor))
}

/// Appends a part of a thought's summary.
pub(super) fn summary(out: &mut Vec<u8>, text: &str) {
    object(out, |part| {
        part.text("type", "summary_text").text("text", text);
    });
}

fn call(item: &mut Object<'_>, id: &str, tool: &ToolName<'_>, input: &str, status: Status) {
    match tool.kind {
        Kind::Function => item.text("type", "function_call"),
        Kind::Freeform => item.text("type", "custom_tool_call"),
        Kind::ToolSearch => item.text("type", "tool_search_call"),
    };
    item.text("status", status.as_str()).text("call_id", id);
    match tool.kind {
        Kind::Function | Kind::Freeform => item.text("name", &tool.name),
        Kind::ToolSearch => item.text("execution", "client"),
    };
    if let Some(namespace) = &tool.namespace {
        item.text("namespace", namespace);
    }
    match tool.kind {
        Kind::Function => item.text("arguments", input),
        Kind::Freeform => item.text("input", input),
        Kind::ToolSearch => item.with("arguments", |out| parsed(out, input)),
    };
}

/// Completes the input of a call whose upstream gave none, where it must be an object.
pub(super) fn complete(kind: Kind, input: &mut String) {
    match kind {
        Kind::Function | Kind::ToolSearch if input.trim_ascii().is_empty() => input.push_str("{}"),
        Kind::Function | Kind::ToolSearch | Kind::Freeform => {}
    }
}

/// Appends `input` as the JSON it is; what is none, because it was cut, as the text it is.
fn parsed(out: &mut Vec<u8>, input: &str) {
    if input.is_empty() {
        out.extend_from_slice(b"{}");
    } else if serde_json::from_str::<IgnoredAny>(input).is_ok() {
        out.extend_from_slice(input.trim_ascii().as_bytes());
    } else {
        json::string(out, input);
    }
}

fn search(action: &mut Object<'_>, query: &str, hits: &[Hit<'_>]) {
    action
        .text("type", "search")
        .text("query", query)
        .with("sources", |out| {
            list(out, hits, |out, hit| {
                object(out, |source| {
                    source.text("type", "url").text("url", &hit.url);
                });
            });
        });
}
