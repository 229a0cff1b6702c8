//! `POST /v1/messages` and `count_tokens`.

mod body;
mod request;
mod rules;
mod stream;

use http::StatusCode;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    answer::{Answer, Input, Part, Stop, input_tokens, token},
    behavior,
    refusal::Refusal,
    reply::{Dialect, Reply},
    route::Call,
    shared::Shared,
    sse,
};
pub(crate) use request::Request;

#[derive(Serialize)]
struct Message<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    role: &'static str,
    model: &'a str,
    content: &'a [Block],
    stop_reason: Option<&'static str>,
    stop_sequence: Option<&'static str>,
    stop_details: Option<&'static str>,
    usage: Usage,
}

#[derive(Serialize, Debug, Clone)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block {
    Thinking {
        thinking: String,
        signature: String,
    },
    Text {
        text: String,
    },
    ToolUse {
        id: String,
        name: String,
        input: Box<RawValue>,
    },
}

#[derive(Serialize, Clone)]
struct Usage {
    input_tokens: usize,
    cache_creation_input_tokens: usize,
    cache_read_input_tokens: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_creation: Option<CacheCreation>,
    output_tokens: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_tokens_details: Option<OutputDetails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'static str>,
}

#[derive(Serialize, Clone)]
struct CacheCreation {
    ephemeral_5m_input_tokens: usize,
    ephemeral_1h_input_tokens: usize,
}

#[derive(Serialize, Clone)]
struct OutputDetails {
    thinking_tokens: usize,
}

impl Usage {
    fn whole(answer: &Answer) -> Self {
        let usage = &answer.usage;
        let hour = usage.write / 4;
        Self {
            input_tokens: usage.uncached(),
            cache_creation_input_tokens: usage.write,
            cache_read_input_tokens: usage.read,
            cache_creation: Some(CacheCreation {
                ephemeral_5m_input_tokens: usage.write - hour,
                ephemeral_1h_input_tokens: hour,
            }),
            output_tokens: usage.output,
            output_tokens_details: Some(OutputDetails {
                thinking_tokens: usage.reasoning,
            }),
            service_tier: Some("standard"),
        }
    }
}

/// A finished message, before it is written whole or as a stream.
struct Finished {
    id: String,
    model: String,
    blocks: Vec<Block>,
    stop: &'static str,
    answer: Answer,
}

impl Finished {
    fn new(shared: &Shared, request: &Request, answer: Answer) -> Result<Self, Refusal> {
        let mut blocks = Vec::new();
        for part in &answer.parts {
            blocks.push(match part {
                Part::Reasoning(thought) => {
                    let text = if request.omits_thinking() {
                        ""
                    } else {
                        thought
                    };
                    Block::Thinking {
                        thinking: text.to_owned(),
                        signature: token(text),
                    }
                }
                Part::Text(text) => Block::Text { text: text.clone() },
                Part::Call(call) => {
                    // A freeform tool does not exist here, so its text becomes an object.
                    let json = match &call.input {
                        Input::Json(json) => json.clone(),
                        Input::Freeform(text) => format!("{{\"input\":{}}}", sse::json(text)),
                    };
                    let input = RawValue::from_string(json).map_err(|_| broken())?;
                    let id = shared.id("toolu");
                    Block::ToolUse {
                        id,
                        name: call.name.clone(),
                        input,
                    }
                }
            });
        }
        let stop = match answer.stop {
            Stop::End => "end_turn",
            Stop::Tools => "tool_use",
            Stop::Length => "max_tokens",
        };
        let model = request.model().to_owned();
        Ok(Self {
            id: shared.id("msg"),
            model,
            blocks,
            stop,
            answer,
        })
    }

    fn whole(&self) -> Message<'_> {
        Message {
            id: &self.id,
            kind: "message",
            role: "assistant",
            model: &self.model,
            content: &self.blocks,
            stop_reason: Some(self.stop),
            stop_sequence: None,
            stop_details: None,
            usage: Usage::whole(&self.answer),
        }
    }
}

pub(crate) fn create(call: &Call<'_>) -> Result<Reply, Refusal> {
    let request = Request::parse(call.body, require_version(call)?)?;
    let finished = finish(call, &request, call.body.len())?;
    if request.streams() {
        Ok(Reply::events(stream::events(&finished, call)))
    } else {
        Ok(Reply::ok(sse::json(&finished.whole())))
    }
}

/// One item of a batch: the message as JSON.
pub(crate) fn whole(call: &Call<'_>, params: &str) -> Result<String, Refusal> {
    let request = Request::parse(params.as_bytes(), require_version(call)?)?;
    Ok(sse::json(&finish(call, &request, params.len())?.whole()))
}

fn finish(call: &Call<'_>, request: &Request, bytes: usize) -> Result<Finished, Refusal> {
    let ask = request.ask(bytes)?;
    let answer = behavior::answer(&ask, call.script, Dialect::Messages)?;
    Finished::new(call.shared, request, answer)
}

#[derive(Serialize)]
struct Count {
    input_tokens: usize,
}

pub(crate) fn count_tokens(call: &Call<'_>) -> Result<Reply, Refusal> {
    Request::parse_for_count(call.body, require_version(call)?)?;
    Ok(Reply::ok(sse::json(&Count {
        input_tokens: input_tokens(call.body.len()),
    })))
}

/// The version of the API that the caller means.
pub(crate) fn require_version<'a>(call: &Call<'a>) -> Result<&'a str, Refusal> {
    let version = call.headers.get("anthropic-version");
    version
        .and_then(|value| value.to_str().ok())
        .ok_or_else(|| Refusal::invalid("anthropic-version: header is required"))
}

fn broken() -> Refusal {
    Refusal::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "the simulated model wrote broken JSON",
    )
}
