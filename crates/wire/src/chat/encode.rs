//! A fitted request, written from the hub.
//!
//! Only what the protocol's vendor or the dialect is known to take is written; members that mean the same
//! when absent are left out, since fewer servers know them. What the caller wrote and why it was changed is
//! not known here.

mod calls;
mod messages;
mod parts;
mod tools;

use serde::Serialize;
use serde_json::value::RawValue;

use self::messages::Message;
use self::tools::{SearchOptions, Tool, ToolChoice};
use crate::conversation::{Effort, Format, Request, Verbosity};
use crate::dialect::{Dialect, Quirk};
use crate::loss::{Loss, Losses};
use crate::translate::Unfit;

/// The name of an answer's schema that came without one.
const SCHEMA_NAME: &str = "answer";

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<Message<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<ToolChoice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parallel_tool_calls: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    web_search_options: Option<SearchOptions<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stop: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frequency_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presence_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<ResponseFormat<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_effort: Option<&'a str>,
    #[serde(flatten)]
    hints: Hints<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
}

/// What the answer's meaning does not depend on.
#[derive(Default, Serialize)]
struct Hints<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    verbosity: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    safety_identifier: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_cache_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_cache_retention: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    store: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ResponseFormat<'a> {
    JsonObject,
    JsonSchema { json_schema: JsonSchema<'a> },
}

#[derive(Serialize)]
struct JsonSchema<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    schema: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
}

/// Writes a request that has been fitted to `target`.
pub fn encode(
    request: &Request<'_>,
    target: &Dialect,
    losses: &mut Losses,
) -> Result<Vec<u8>, Unfit> {
    let (tools, search) = tools::tools(request, losses);
    let called = !tools.is_empty();
    let parallel = called && !target.has(Quirk::NoParallelCalls);
    let old_limit = target.has(Quirk::MaxTokens);
    let sampling = &request.sampling;
    let body = Body {
        model: &request.model,
        messages: messages::messages(request, target, losses)?,
        tools,
        tool_choice: request
            .choice
            .as_ref()
            .filter(|_| called)
            .map(tools::choice),
        parallel_tool_calls: request.parallel_calls.filter(|_| parallel),
        web_search_options: search,
        max_completion_tokens: request.max_output.filter(|_| !old_limit),
        max_tokens: request.max_output.filter(|_| old_limit),
        stop: request.stop.iter().map(AsRef::as_ref).collect(),
        temperature: sampling.temperature,
        top_p: sampling.top_p,
        frequency_penalty: sampling.frequency_penalty,
        presence_penalty: sampling.presence_penalty,
        seed: sampling.seed,
        response_format: request.format.as_ref().and_then(format),
        reasoning_effort: request.reasoning.effort.map(Effort::as_str),
        hints: hints(request, target, losses),
        stream: request.stream.then_some(true),
        // Without it nobody would learn what a stream cost.
        stream_options: (request.stream && !target.has(Quirk::NoStreamOptions)).then_some(
            StreamOptions {
                include_usage: true,
            },
        ),
    };
    serde_json::to_vec(&body).map_err(|_| Unfit::new("", "the request cannot be written as JSON"))
}

fn format<'a>(format: &'a Format<'a>) -> Option<ResponseFormat<'a>> {
    match format {
        Format::Text => None,
        Format::JsonObject => Some(ResponseFormat::JsonObject),
        Format::JsonSchema {
            name,
            description,
            schema,
            strict,
        } => Some(ResponseFormat::JsonSchema {
            json_schema: JsonSchema {
                name: name.as_deref().unwrap_or(SCHEMA_NAME),
                description: description.as_deref(),
                schema,
                strict: *strict,
            },
        }),
    }
}

/// Writes the hints that the target is known to take; the others are losses.
fn hints<'a>(request: &'a Request<'_>, target: &Dialect, losses: &mut Losses) -> Hints<'a> {
    let openai = target.has(Quirk::OpenaiFields);
    let store = request.store.filter(|&store| store && openai);
    let metadata = request.metadata.filter(|_| store.is_some());
    losses.add_if(request.store == Some(true) && store.is_none(), Loss::Store);
    losses.add_if(
        request.metadata.is_some() && metadata.is_none(),
        Loss::Metadata,
    );
    if !openai {
        losses.add_if(request.user.is_some(), Loss::User);
        losses.add_if(request.verbosity.is_some(), Loss::Verbosity);
        losses.add_if(request.cache_key.is_some(), Loss::CacheKey);
        losses.add_if(request.cache_retention.is_some(), Loss::CacheRetention);
        losses.add_if(request.service_tier.is_some(), Loss::ServiceTier);
        return Hints::default();
    }
    Hints {
        verbosity: request.verbosity.map(Verbosity::as_str),
        safety_identifier: request.user.as_deref(),
        prompt_cache_key: request.cache_key.as_deref(),
        prompt_cache_retention: request.cache_retention.as_deref(),
        service_tier: request.service_tier.as_deref(),
        store,
        metadata,
    }
}

#[cfg(test)]
mod tests;
