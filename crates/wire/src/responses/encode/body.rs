//! The members of the body: what makes the prompt, and how the answer is to be generated.

use serde::Serialize;
use serde_json::value::RawValue;

use super::items::{Item, items};
use super::tools::{Choice, Tool};
use crate::conversation::{Effort, Format, Request};
use crate::dialect::{Dialect, Quirk};
use crate::loss::Losses;
use crate::responses::decode::CIPHERS;

/// The name of a schema that came without one.
const ANSWER: &str = "answer";

#[derive(Serialize)]
pub(super) struct Body<'r> {
    #[serde(flatten)]
    pub(super) prompt: Prompt<'r>,
    #[serde(flatten)]
    pub(super) generation: Generation<'r>,
}

/// What is counted as input.
#[derive(Serialize)]
pub(super) struct Prompt<'r> {
    model: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    instructions: Option<String>,
    input: Vec<Item<'r>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Choice<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parallel_tool_calls: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<Reasoning>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<TextForm<'r>>,
}

/// How the answer is generated, delivered and billed.
#[derive(Serialize)]
pub(super) struct Generation<'r> {
    #[serde(skip_serializing_if = "Option::is_none")]
    include: Option<[&'static str; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    safety_identifier: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_cache_key: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_cache_retention: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'r RawValue>,
    store: bool,
    stream: bool,
}

#[derive(Serialize)]
struct Reasoning {
    #[serde(skip_serializing_if = "Option::is_none")]
    effort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<&'static str>,
}

#[derive(Serialize)]
struct TextForm<'r> {
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<Form<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verbosity: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Form<'r> {
    Text,
    JsonObject,
    JsonSchema {
        name: &'r str,
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<&'r str>,
        schema: &'r RawValue,
        #[serde(skip_serializing_if = "Option::is_none")]
        strict: Option<bool>,
    },
}

impl<'r> Prompt<'r> {
    pub(super) fn of(request: &'r Request<'_>, target: &Dialect, losses: &mut Losses) -> Self {
        let system: Vec<&str> = request
            .system
            .iter()
            .map(|passage| &*passage.text)
            .collect();
        Self {
            model: &request.model,
            instructions: (!system.is_empty() || target.has(Quirk::Instructions))
                .then(|| system.join("\n\n")),
            input: items(&request.turns, target, losses),
            tools: request
                .tools
                .iter()
                .map(|tool| Tool::of(tool, losses))
                .collect(),
            tool_choice: request.choice.as_ref().map(Choice::of),
            parallel_tool_calls: request.parallel_calls,
            reasoning: Reasoning::of(request),
            text: TextForm::of(request),
        }
    }
}

impl<'r> Generation<'r> {
    pub(super) fn of(request: &'r Request<'_>, target: &Dialect) -> Self {
        Self {
            include: (!target.has(Quirk::NoThinking)).then_some([CIPHERS]),
            max_output_tokens: request.max_output,
            temperature: request.sampling.temperature,
            top_p: request.sampling.top_p,
            safety_identifier: request.user.as_deref(),
            prompt_cache_key: request.cache_key.as_deref(),
            prompt_cache_retention: request.cache_retention.as_deref(),
            service_tier: request.service_tier.as_deref(),
            metadata: request.metadata,
            // The protocol assumes the opposite.
            store: request.store.unwrap_or(false),
            stream: request.stream,
        }
    }
}

impl Reasoning {
    fn of(request: &Request<'_>) -> Option<Self> {
        let wish = request.reasoning;
        let thinks = match wish.effort {
            Some(effort) => effort != Effort::None,
            None => wish.shown == Some(true),
        };
        let reasoning = Self {
            effort: wish.effort.map(Effort::as_str),
            summary: (thinks && wish.shown != Some(false)).then_some("auto"),
        };
        (reasoning.effort.is_some() || reasoning.summary.is_some()).then_some(reasoning)
    }
}

impl<'r> TextForm<'r> {
    fn of(request: &'r Request<'_>) -> Option<Self> {
        let format = request.format.as_ref().map(|format| match format {
            Format::Text => Form::Text,
            Format::JsonObject => Form::JsonObject,
            Format::JsonSchema {
                name,
                description,
                schema,
                strict,
            } => Form::JsonSchema {
                name: name.as_deref().unwrap_or(ANSWER),
                description: description.as_deref(),
                schema,
                strict: *strict,
            },
        });
        let verbosity = request
            .verbosity
            .map(crate::conversation::Verbosity::as_str);
        (format.is_some() || verbosity.is_some()).then_some(Self { format, verbosity })
    }
}
