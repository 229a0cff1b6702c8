//! `/v1/responses` and what hangs below it.

mod body;
mod item;
mod object;
mod request;
mod rules;
mod stored;
mod stream;

use http::StatusCode;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    answer::{Answer, Input, Part, Stop, input_tokens, token},
    ask::History,
    behavior,
    refusal::Refusal,
    reply::{Dialect, Reply},
    route::Call,
    sse,
};
use item::{Content, Item, ReasoningText};
use object::{Object, Status, Usage};
use request::Request;
pub(crate) use stored::Stored;

pub(crate) fn route(call: &Call<'_>, method: &str, path: &[&str]) -> Result<Reply, Refusal> {
    match (method, path) {
        ("POST", []) => create(call),
        // A client that asks for a WebSocket falls back to HTTP at once on this status only.
        ("GET", []) => Err(Refusal::new(
            StatusCode::UPGRADE_REQUIRED,
            "no WebSocket here",
        )),
        ("POST", ["input_tokens"]) => count(call),
        ("POST", ["compact"]) => compact(call),
        (_, [id, rest @ ..]) => stored::route(call, method, id, rest),
        _ => Err(Refusal::not_found("this operation").kind("not_found_error")),
    }
}

/// How the `ChatGPT` backend differs.
#[derive(Debug, Default)]
pub(crate) struct Backend {
    /// The last event's `output` is empty, whatever came before.
    pub(crate) empty_output: bool,
    /// Models that have no room: the stream begins and fails.
    pub(crate) full: Vec<String>,
}

/// The stream of a call that keeps nothing.
pub(crate) fn stream(call: &Call<'_>, backend: &Backend) -> Result<Reply, Refusal> {
    let request = Request::parse(call.body)?;
    let mut history = History::default();
    request.read(&mut history)?;
    let ask = request.ask(history, call.body.len());
    let answer = behavior::answer(&ask, call.script, Dialect::ChatGpt)?;
    let object = finish(call, &request, &answer);
    if backend.full.contains(&request.model) {
        return Ok(Reply::events(stream::full(&object)));
    }
    let last = backend.empty_output.then(|| object.without_output());
    let last = last.as_ref().unwrap_or(&object);
    Ok(Reply::events(stream::events(
        &object,
        last,
        call,
        answer.deltas,
    )))
}

fn create(call: &Call<'_>) -> Result<Reply, Refusal> {
    let request = Request::parse(call.body)?;
    if let Some(previous) = &request.previous_response_id
        && call.shared.responses.with(previous, |_| ()).is_none()
    {
        let message = format!("Previous response with id '{previous}' not found.");
        return Err(Refusal::invalid(message).kind("previous_response_not_found"));
    }
    let mut history = History::default();
    request.read(&mut history)?;
    let ask = request.ask(history, call.body.len());
    let answer = behavior::answer(&ask, call.script, Dialect::Responses)?;
    let object = finish(call, &request, &answer);
    let view = if request.background && !request.stream {
        object.in_state(Status::Queued)
    } else {
        object.clone()
    };
    let reply = if request.stream {
        Reply::events(stream::events(&object, &object, call, answer.deltas))
    } else {
        Reply::ok(sse::json(&view))
    };
    if request.store.unwrap_or(true) {
        let id = object.id.clone();
        call.shared
            .responses
            .put(&id, Stored::new(object, &request));
    }
    Ok(reply)
}

/// The whole response.
fn finish(call: &Call<'_>, request: &Request, answer: &Answer) -> Object {
    let output = if request.triggers_compaction() {
        vec![compaction(call, &request.history_text())]
    } else {
        answer
            .parts
            .iter()
            .map(|part| build(call, request, part))
            .collect()
    };
    let status = match answer.stop {
        Stop::End | Stop::Tools => Status::Completed,
        Stop::Length => Status::Incomplete,
    };
    let usage = (!call.script.no_usage).then(|| Usage::new(&answer.usage));
    Object::new(call.shared.id("resp"), status, output, usage, request)
}

fn build(call: &Call<'_>, request: &Request, part: &Part) -> Item {
    let shared = call.shared;
    match part {
        Part::Reasoning(text) => {
            let shown = if request.wants_summary() { text } else { "" };
            let summary = ReasoningText::SummaryText {
                text: shown.to_owned(),
            };
            Item::Reasoning {
                id: shared.id("rs"),
                summary: Vec::from_iter((!shown.is_empty()).then_some(summary)),
                encrypted_content: request.wants_encrypted_reasoning().then(|| token(shown)),
            }
        }
        Part::Text(text) => Item::Message {
            id: shared.id("msg"),
            status: Status::Completed,
            role: "assistant",
            content: vec![Content::output_text(text)],
            phase: "final_answer",
        },
        Part::Call(tool) => {
            let (name, namespace) = (tool.name.clone(), tool.namespace.clone());
            let call_id = shared.id("call");
            let status = Status::Completed;
            match &tool.input {
                Input::Json(arguments) => {
                    let (id, arguments) = (shared.id("fc"), arguments.clone());
                    Item::FunctionCall {
                        id,
                        call_id,
                        name,
                        namespace,
                        arguments,
                        status,
                    }
                }
                Input::Freeform(input) => {
                    let (id, input) = (shared.id("ctc"), input.clone());
                    Item::CustomToolCall {
                        id,
                        call_id,
                        name,
                        namespace,
                        input,
                        status,
                    }
                }
            }
        }
    }
}

fn compaction(call: &Call<'_>, text: &str) -> Item {
    Item::Compaction {
        id: call.shared.id("cmp"),
        encrypted_content: token(text),
    }
}

#[derive(Serialize)]
struct Count {
    object: &'static str,
    input_tokens: usize,
}

fn count(call: &Call<'_>) -> Result<Reply, Refusal> {
    Request::parse(call.body)?;
    let input_tokens = input_tokens(call.body.len());
    Ok(Reply::ok(sse::json(&Count {
        object: "response.input_tokens",
        input_tokens,
    })))
}

#[derive(Serialize)]
struct Compacted<'a> {
    id: String,
    object: &'static str,
    created_at: u64,
    output: Vec<Kept<'a>>,
    usage: Usage,
}

/// User messages stay as they are; everything else becomes one opaque item.
#[derive(Serialize)]
#[serde(untagged)]
enum Kept<'a> {
    Raw(&'a RawValue),
    New(Item),
}

pub(crate) fn compact(call: &Call<'_>) -> Result<Reply, Refusal> {
    let request = Request::parse(call.body)?;
    let mut output: Vec<Kept<'_>> = request.user_items().map(Kept::Raw).collect();
    output.push(Kept::New(compaction(call, &request.history_text())));
    let usage = crate::answer::Usage::new(call.body.len(), 0, &[]);
    Ok(Reply::ok(sse::json(&Compacted {
        id: call.shared.id("resp"),
        object: "response.compaction",
        created_at: crate::shared::CREATED,
        output,
        usage: Usage::new(&usage),
    })))
}
