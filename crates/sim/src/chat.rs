//! `POST /v1/chat/completions`.

mod body;
mod request;
mod rules;
mod stream;

use serde::Serialize;

use crate::{
    answer::{Answer, Input, Part, Stop},
    behavior,
    refusal::Refusal,
    reply::{Dialect, Reply},
    route::Call,
    shared::CREATED,
    sse,
};
use request::Request;

#[derive(Serialize)]
struct Completion<'a> {
    id: &'a str,
    object: &'static str,
    created: u64,
    model: &'a str,
    choices: [Choice<'a>; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Usage>,
    service_tier: &'static str,
    system_fingerprint: &'static str,
}

#[derive(Serialize)]
struct Choice<'a> {
    index: usize,
    message: Message<'a>,
    logprobs: Option<()>,
    finish_reason: &'static str,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<&'a str>,
    refusal: Option<&'a str>,
    annotations: [(); 0],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    tool_calls: &'a [ToolCall],
}

#[derive(Serialize)]
struct ToolCall {
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    function: Option<Function>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom: Option<Custom>,
}

#[derive(Serialize)]
struct Function {
    name: String,
    arguments: String,
}

#[derive(Serialize)]
struct Custom {
    name: String,
    input: String,
}

#[derive(Serialize, Clone)]
struct Usage {
    prompt_tokens: usize,
    completion_tokens: usize,
    total_tokens: usize,
    prompt_tokens_details: PromptDetails,
    completion_tokens_details: CompletionDetails,
}

#[derive(Serialize, Clone)]
#[expect(clippy::struct_field_names, reason = "the names are the protocol's")]
struct PromptDetails {
    cached_tokens: usize,
    cache_write_tokens: usize,
    audio_tokens: usize,
}

#[derive(Serialize, Clone)]
#[expect(clippy::struct_field_names, reason = "the names are the protocol's")]
struct CompletionDetails {
    reasoning_tokens: usize,
    audio_tokens: usize,
    accepted_prediction_tokens: usize,
    rejected_prediction_tokens: usize,
}

/// A finished answer in this protocol's terms, before it is written whole or as a stream.
struct Finished {
    id: String,
    model: String,
    reasoning: Option<String>,
    text: Option<String>,
    calls: Vec<ToolCall>,
    finish_reason: &'static str,
    usage: Option<Usage>,
    deltas: Option<usize>,
}

pub(crate) fn create(call: &Call<'_>) -> Result<Reply, Refusal> {
    let request = Request::parse(call.body)?;
    let ask = request.ask(call.body.len())?;
    let answer = behavior::answer(&ask, call.script, Dialect::Chat)?;
    let finished = finish(call, &request, answer);
    if request.streams() {
        Ok(Reply::events(stream::events(
            &finished,
            call,
            request.wants_usage(),
        )))
    } else {
        Ok(Reply::ok(sse::json(&whole(&finished))))
    }
}

fn finish(call: &Call<'_>, request: &Request, answer: Answer) -> Finished {
    let usage = answer.usage;
    let mut finished = Finished {
        id: call.shared.id("chatcmpl").replace('_', "-"),
        model: request.model().to_owned(),
        reasoning: None,
        text: None,
        calls: Vec::new(),
        finish_reason: match answer.stop {
            Stop::End => "stop",
            Stop::Tools => "tool_calls",
            Stop::Length => "length",
        },
        usage: (!call.script.no_usage).then_some(Usage {
            prompt_tokens: usage.input,
            completion_tokens: usage.output,
            total_tokens: usage.input + usage.output,
            prompt_tokens_details: PromptDetails {
                cached_tokens: usage.read,
                cache_write_tokens: usage.write,
                audio_tokens: 0,
            },
            completion_tokens_details: CompletionDetails {
                reasoning_tokens: usage.reasoning,
                audio_tokens: 0,
                accepted_prediction_tokens: 0,
                rejected_prediction_tokens: 0,
            },
        }),
        deltas: answer.deltas,
    };
    for part in answer.parts {
        match part {
            Part::Reasoning(text) => finished.reasoning = Some(text),
            Part::Text(text) => finished.text = Some(text),
            Part::Call(tool) => {
                let id = call.shared.id("call");
                let name = tool.name;
                finished.calls.push(match tool.input {
                    Input::Json(arguments) => {
                        let function = Some(Function { name, arguments });
                        ToolCall {
                            id,
                            kind: "function",
                            function,
                            custom: None,
                        }
                    }
                    Input::Freeform(input) => {
                        let custom = Some(Custom { name, input });
                        ToolCall {
                            id,
                            kind: "custom",
                            function: None,
                            custom,
                        }
                    }
                });
            }
        }
    }
    finished
}

fn whole(finished: &Finished) -> Completion<'_> {
    let message = Message {
        role: "assistant",
        content: finished.text.as_deref(),
        reasoning_content: finished.reasoning.as_deref(),
        refusal: None,
        annotations: [],
        tool_calls: &finished.calls,
    };
    let finish_reason = finished.finish_reason;
    Completion {
        id: &finished.id,
        object: "chat.completion",
        created: CREATED,
        model: &finished.model,
        choices: [Choice {
            index: 0,
            message,
            logprobs: None,
            finish_reason,
        }],
        usage: finished.usage.clone(),
        service_tier: "default",
        system_fingerprint: "fp_sim",
    }
}
