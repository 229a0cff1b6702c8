//! What a request asks for beside its conversation and tools.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::body::Body;
use super::read::{Place, Str, read, text, word};
use crate::conversation::{Effort, Format, Request, Sampling, Verbosity};
use crate::loss::{Loss, Losses};
use crate::translate::Unfit;

/// The value of `include` that asks for probabilities.
const LOGPROBS: &str = "message.output_text.logprobs";

/// The value of `include` that asks for reasoning to be sent along.
pub(crate) const CIPHERS: &str = "reasoning.encrypted_content";

/// Why probabilities are refused.
pub(crate) const NO_PROBABILITIES: &str = "this model reports no probabilities; leave it out";

#[derive(Deserialize)]
struct RawText<'a> {
    #[serde(borrow)]
    format: Option<RawForm<'a>>,
    #[serde(borrow)]
    verbosity: Option<Str<'a>>,
}

#[derive(Deserialize)]
struct RawForm<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Str<'a>>,
    #[serde(borrow)]
    name: Option<Str<'a>>,
    #[serde(borrow)]
    description: Option<Str<'a>>,
    #[serde(borrow)]
    schema: Option<&'a RawValue>,
    strict: Option<bool>,
}

#[derive(Deserialize)]
struct RawReasoning<'a> {
    #[serde(borrow)]
    effort: Option<Str<'a>>,
    #[serde(borrow)]
    summary: Option<Str<'a>>,
    /// The older name of `summary`.
    #[serde(borrow)]
    generate_summary: Option<Str<'a>>,
    #[serde(borrow)]
    context: Option<Str<'a>>,
    mode: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct RawStreamOptions {
    include_obfuscation: Option<bool>,
}

/// Moves the options from `body` into `request`.
pub(super) fn options<'a>(body: &mut Body<'a>, request: &mut Request<'a>) -> Result<(), Unfit> {
    request.parallel_calls = body.parallel_tool_calls;
    request.max_output = body.max_output_tokens;
    request.sampling = Sampling {
        temperature: body.temperature,
        top_p: body.top_p,
        frequency_penalty: body.frequency_penalty,
        presence_penalty: body.presence_penalty,
        ..Sampling::default()
    };
    request.user = text(body.safety_identifier.take()).or(text(body.user.take()));
    request.cache_key = text(body.prompt_cache_key.take());
    request.cache_retention = text(body.prompt_cache_retention.take());
    request.service_tier = text(body.service_tier.take());
    request.store = body.store;
    request.stream = body.stream.unwrap_or(false);
    request.metadata = metadata(body.metadata)?;
    include(body, &mut request.losses)?;
    form(body.text, request)?;
    reasoning(body.reasoning, request)?;
    lose(body, &mut request.losses)
}

/// Notes what has no counterpart and does no harm.
fn lose(body: &Body<'_>, losses: &mut Losses) -> Result<(), Unfit> {
    let truncation = word(body.truncation.as_ref());
    losses.add_if(
        truncation.is_some_and(|word| word != "disabled"),
        Loss::Truncation,
    );
    losses.add_if(body.max_tool_calls.is_some(), Loss::MaxToolCalls);
    losses.add_if(body.moderation.is_some(), Loss::Moderation);
    losses.add_if(body.prompt_cache_options.is_some(), Loss::CacheRetention);
    let edits = body.context_management.is_some_and(|raw| raw.get() != "[]");
    losses.add_if(edits, Loss::ContextManagement);
    if let Some(raw) = body.stream_options {
        let options: RawStreamOptions = read(raw, &Place::top("stream_options"))?;
        losses.add_if(
            options.include_obfuscation == Some(true),
            Loss::StreamOptions,
        );
    }
    Ok(())
}

fn metadata(raw: Option<&RawValue>) -> Result<Option<&RawValue>, Unfit> {
    match raw {
        Some(raw) if !raw.get().starts_with('{') => {
            Err(Place::top("metadata").unfit("expected an object"))
        }
        raw => Ok(raw),
    }
}

/// Looks through `include` and `top_logprobs`. Probabilities are what an answer is asked for, and nobody who
/// answers in another protocol tells them.
fn include(body: &Body<'_>, losses: &mut Losses) -> Result<(), Unfit> {
    let place = Place::top("include");
    for (index, value) in body.include.iter().flatten().enumerate() {
        match value.as_str() {
            LOGPROBS => return Err(place.element(index).unfit(NO_PROBABILITIES)),
            // Comes always.
            CIPHERS => {}
            _ => losses.add(Loss::Include),
        }
    }
    if body.top_logprobs.is_some_and(|count| count > 0) {
        return Err(Place::top("top_logprobs").unfit(NO_PROBABILITIES));
    }
    Ok(())
}

fn schema<'a>(raw: Option<&'a RawValue>, place: &Place<'_>) -> Result<&'a RawValue, Unfit> {
    let raw = raw.ok_or_else(|| place.missing())?;
    if raw.get().starts_with('{') {
        Ok(raw)
    } else {
        Err(place.unfit("expected an object"))
    }
}

fn form<'a>(raw: Option<&'a RawValue>, request: &mut Request<'a>) -> Result<(), Unfit> {
    let Some(raw) = raw else { return Ok(()) };
    let place = Place::top("text");
    let found: RawText<'a> = read(raw, &place)?;
    if let Some(word) = word(found.verbosity.as_ref()) {
        let allowed = || {
            place
                .member("verbosity")
                .unfit("allowed are `low`, `medium` and `high`")
        };
        request.verbosity = Some(Verbosity::parse(word).ok_or_else(allowed)?);
    }
    let Some(form) = found.format else {
        return Ok(());
    };
    let place = place.member("format");
    request.format = Some(match word(form.kind.as_ref()) {
        Some("text") => Format::Text,
        Some("json_object") => Format::JsonObject,
        Some("json_schema") => Format::JsonSchema {
            name: text(form.name),
            description: text(form.description),
            schema: schema(form.schema, &place.member("schema"))?,
            strict: form.strict,
        },
        _ => {
            let message = "allowed are `text`, `json_object` and `json_schema`";
            return Err(place.member("type").unfit(message));
        }
    });
    Ok(())
}

fn reasoning(raw: Option<&RawValue>, request: &mut Request<'_>) -> Result<(), Unfit> {
    let Some(raw) = raw else { return Ok(()) };
    let place = Place::top("reasoning");
    let found: RawReasoning<'_> = read(raw, &place)?;
    if let Some(word) = word(found.effort.as_ref()) {
        let allowed = || {
            let words = Effort::ALL.map(|effort| format!("`{}`", effort.as_str()));
            place
                .member("effort")
                .unfit(format!("allowed are {}", words.join(", ")))
        };
        request.reasoning.effort = Some(Effort::parse(word).ok_or_else(allowed)?);
    }
    let summary = found.summary.or(found.generate_summary);
    request.reasoning.shown = word(summary.as_ref()).map(|word| word != "none");
    let context = word(found.context.as_ref()).is_some_and(|word| word != "auto");
    request
        .losses
        .add_if(context || found.mode.is_some(), Loss::ReasoningMode);
    Ok(())
}
