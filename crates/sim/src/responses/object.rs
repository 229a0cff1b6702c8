//! The response object and its items, with every field the protocol requires.

use std::sync::Arc;

use serde::Serialize;
use serde_json::value::RawValue;

use super::{item::Item, request::Request};
use crate::{answer, shared::CREATED};

#[derive(Debug, Clone, Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are the protocol's")]
pub(super) struct Object {
    pub(super) id: String,
    object: &'static str,
    created_at: u64,
    completed_at: Option<u64>,
    pub(super) status: Status,
    background: bool,
    error: Option<Failure>,
    incomplete_details: Option<Incomplete>,
    pub(super) output: Vec<Item>,
    usage: Option<Usage>,
    #[serde(flatten)]
    echo: Arc<Echo>,
}

/// What a response repeats of its request, and the defaults of what the request left out.
#[derive(Debug, Serialize)]
pub(super) struct Echo {
    model: String,
    instructions: Option<Box<RawValue>>,
    max_output_tokens: Option<usize>,
    max_tool_calls: Option<usize>,
    metadata: Box<RawValue>,
    parallel_tool_calls: bool,
    presence_penalty: f64,
    frequency_penalty: f64,
    previous_response_id: Option<String>,
    prompt_cache_key: Option<String>,
    reasoning: Box<RawValue>,
    safety_identifier: Option<String>,
    service_tier: &'static str,
    store: bool,
    temperature: f64,
    text: Box<RawValue>,
    tool_choice: Box<RawValue>,
    tools: Box<RawValue>,
    top_logprobs: u8,
    top_p: f64,
    truncation: &'static str,
    user: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    Queued,
    InProgress,
    Completed,
    Incomplete,
    Failed,
    Cancelled,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct Failure {
    pub(super) code: String,
    pub(super) message: &'static str,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct Incomplete {
    reason: &'static str,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct Usage {
    input_tokens: usize,
    input_tokens_details: InputDetails,
    output_tokens: usize,
    output_tokens_details: OutputDetails,
    total_tokens: usize,
}

#[derive(Debug, Clone, Serialize)]
struct InputDetails {
    cached_tokens: usize,
    cache_write_tokens: usize,
}

#[derive(Debug, Clone, Serialize)]
struct OutputDetails {
    reasoning_tokens: usize,
}

impl Usage {
    pub(super) fn new(usage: &answer::Usage) -> Self {
        Self {
            input_tokens: usage.input,
            input_tokens_details: InputDetails {
                cached_tokens: usage.read,
                cache_write_tokens: usage.write,
            },
            output_tokens: usage.output,
            output_tokens_details: OutputDetails {
                reasoning_tokens: usage.reasoning,
            },
            total_tokens: usage.input + usage.output,
        }
    }
}

impl Object {
    pub(super) fn new(
        id: String,
        status: Status,
        output: Vec<Item>,
        usage: Option<Usage>,
        request: &Request,
    ) -> Self {
        let incomplete = status == Status::Incomplete;
        Self {
            id,
            object: "response",
            created_at: CREATED,
            completed_at: (status == Status::Completed).then_some(CREATED),
            status,
            background: request.background,
            error: None,
            incomplete_details: incomplete.then_some(Incomplete {
                reason: "max_output_tokens",
            }),
            output,
            usage,
            echo: Arc::new(echo(request)),
        }
    }

    /// The same response before its end.
    pub(super) fn in_state(&self, status: Status) -> Self {
        Self {
            completed_at: None,
            status,
            incomplete_details: None,
            output: Vec::new(),
            usage: None,
            ..self.clone()
        }
    }

    /// The same response, saying nothing of what it put out.
    pub(super) fn without_output(&self) -> Self {
        Self {
            output: Vec::new(),
            ..self.clone()
        }
    }

    pub(super) fn failed(&self, error: Failure) -> Self {
        Self {
            error: Some(error),
            ..self.in_state(Status::Failed)
        }
    }
}

fn echo(request: &Request) -> Echo {
    let or = |value: &Option<Box<RawValue>>, default: &str| {
        let raw = value.clone().filter(|raw| raw.get() != "null");
        raw.or_else(|| RawValue::from_string(default.to_owned()).ok())
            .unwrap_or_default()
    };
    Echo {
        model: request.model.clone(),
        instructions: request.instructions.clone(),
        max_output_tokens: request.max_output_tokens,
        max_tool_calls: None,
        metadata: or(&request.metadata, "{}"),
        parallel_tool_calls: request.parallel_tool_calls.unwrap_or(true),
        presence_penalty: 0.0,
        frequency_penalty: 0.0,
        previous_response_id: request.previous_response_id.clone(),
        prompt_cache_key: request.prompt_cache_key.clone(),
        reasoning: or(&request.reasoning, r#"{"effort":null,"summary":null}"#),
        safety_identifier: request.safety_identifier.clone(),
        service_tier: "default",
        store: request.store.unwrap_or(true),
        temperature: request.temperature.unwrap_or(1.0),
        text: or(
            &request.text,
            r#"{"format":{"type":"text"},"verbosity":"medium"}"#,
        ),
        tool_choice: or(&request.tool_choice, r#""auto""#),
        tools: or(&request.raw_tools, "[]"),
        top_logprobs: 0,
        top_p: request.top_p.unwrap_or(1.0),
        truncation: "disabled",
        user: request.user.clone(),
    }
}
