//! A request, read into the hub.
//!
//! Everything that carries content or shapes the answer is taken over or refused by name; what only
//! hints is noted as a loss. Knows nothing of the target: what that cannot do is decided later.

mod body;
mod parts;
mod read;
mod reasoning;
mod tools;
mod turns;

use serde_json::value::RawValue;

use self::body::{Body, Format as FormatIn};
use self::read::{At, ObjectText, Str, either, whole};
use self::turns::Conversation;
use crate::conversation::{Format, Request, Sampling, Text, Verbosity};
use crate::loss::Loss;
use crate::translate::Unfit;

/// Reads a request.
pub fn decode(body: &[u8]) -> Result<Request<'_>, Unfit> {
    let mut body: Body<'_> = whole(body)?;
    let mut request = Request::default();
    refuse(&body)?;
    conversation(&mut body, &mut request)?;
    tools::tools(&mut body, &mut request)?;
    limits(&body, &mut request)?;
    shape(&mut body, &mut request)?;
    hints(body, &mut request);
    Ok(request)
}

/// Refuses what no other protocol can express.
fn refuse(body: &Body<'_>) -> Result<(), Unfit> {
    if let Some(name) = &body.unknown {
        return Err(Unfit::new(
            name.as_ref(),
            "this field is not known: leave it out, or use a model whose provider speaks this \
             protocol",
        ));
    }
    if body.n.is_some_and(|n| n != 1) {
        return Err(At::top("n").unfit("this target gives one answer: expected 1"));
    }
    if body
        .logit_bias
        .as_ref()
        .is_some_and(|bias| !bias.is_empty())
    {
        return Err(At::top("logit_bias").unfit("this target takes no biases: leave it out"));
    }
    let modalities = At::top("modalities");
    for (index, Str(modality)) in body.modalities.iter().flatten().enumerate() {
        if modality != "text" {
            return Err(modalities
                .index(index)
                .unfit("this target gives text: expected `text`"));
        }
    }
    for (asked, name) in [
        (body.logprobs == Some(true), "logprobs"),
        (
            body.top_logprobs.is_some_and(|count| count > 0),
            "top_logprobs",
        ),
    ] {
        if asked {
            return Err(At::top(name).unfit("this target reports no probabilities: leave it out"));
        }
    }
    if body.audio.is_some() {
        return Err(At::top("audio").unfit("this target gives no audio: leave it out"));
    }
    Ok(())
}

fn conversation<'a>(body: &mut Body<'a>, request: &mut Request<'a>) -> Result<(), Unfit> {
    let Str(model) = At::top("model").required(body.model.take())?;
    request.model = model;
    let at = At::top("messages");
    let messages = at.required(body.messages.take())?;
    if messages.is_empty() {
        return Err(at.unfit("expected at least one message"));
    }
    let mut read = Conversation::default();
    for (index, message) in messages.into_iter().enumerate() {
        read.message(index, message)?;
    }
    request.system = read.system;
    request.turns = read.turns;
    request.losses.extend(read.losses);
    Ok(())
}

/// Reads what limits and steers the tokens.
fn limits<'a>(body: &Body<'a>, request: &mut Request<'a>) -> Result<(), Unfit> {
    if body.max_tokens.is_some() && body.max_completion_tokens.is_some() {
        return Err(At::top("max_tokens").unfit("it cannot stand beside `max_completion_tokens`"));
    }
    request.max_output = body.max_completion_tokens.or(body.max_tokens);
    if let Some(raw) = body.stop {
        request.stop = stop(raw)?;
    }
    request.sampling = Sampling {
        temperature: body.temperature,
        top_p: body.top_p,
        top_k: body.top_k,
        frequency_penalty: body.frequency_penalty,
        presence_penalty: body.presence_penalty,
        seed: body.seed,
    };
    Ok(())
}

fn stop(raw: &RawValue) -> Result<Vec<Text<'_>>, Unfit> {
    let at = At::top("stop");
    match raw.get().as_bytes().first() {
        Some(b'"') => at.read(raw).map(|Str(text)| vec![text]),
        Some(b'[') => {
            let texts: Vec<Str<'_>> = at.read(raw)?;
            Ok(texts.into_iter().map(|Str(text)| text).collect())
        }
        _ => Err(at.unfit("expected a string or an array of strings")),
    }
}

/// Reads what shapes the answer and its delivery.
fn shape<'a>(body: &mut Body<'a>, request: &mut Request<'a>) -> Result<(), Unfit> {
    request.format = body.response_format.take().map(format).transpose()?;
    request.reasoning = reasoning::reasoning(body)?;
    if let Some(Str(word)) = &body.verbosity {
        let verbosity = Verbosity::parse(word).ok_or_else(|| {
            let words = either(Verbosity::ALL.map(Verbosity::as_str));
            At::top("verbosity").unfit(format!("expected {words}"))
        })?;
        request.verbosity = Some(verbosity);
    }
    request.stream = body.stream.unwrap_or(false);
    let options = body.stream_options.take().unwrap_or_default();
    request.usage_in_stream = request.stream && options.include_usage == Some(true);
    // Padding against eavesdroppers is the vendor's; ours is an encrypted connection.
    let padded = options.include_obfuscation == Some(true);
    request.losses.add_if(padded, Loss::StreamOptions);
    Ok(())
}

fn format(format: FormatIn<'_>) -> Result<Format<'_>, Unfit> {
    let top = At::top("response_format");
    let Str(kind) = top.field("type").required(format.kind)?;
    match &*kind {
        "text" => Ok(Format::Text),
        "json_object" => Ok(Format::JsonObject),
        "json_schema" => {
            let at = top.field("json_schema");
            let schema = at.required(format.json_schema)?;
            let ObjectText(text) = at.field("schema").required(schema.schema)?;
            Ok(Format::JsonSchema {
                name: schema.name.map(|Str(name)| name),
                description: schema.description.map(|Str(description)| description),
                schema: text,
                strict: schema.strict,
            })
        }
        _ => Err(top
            .field("type")
            .unfit("expected `text`, `json_object` or `json_schema`")),
    }
}

/// Reads what the answer's meaning does not depend on.
fn hints<'a>(body: Body<'a>, request: &mut Request<'a>) {
    let text = |found: Option<Str<'a>>| found.map(|Str(text)| text);
    request.user = text(body.safety_identifier.or(body.user));
    request.cache_key = text(body.prompt_cache_key);
    request.cache_retention = text(body.prompt_cache_retention);
    request.service_tier = text(body.service_tier);
    let metadata = body.metadata.filter(|metadata| !metadata.is_empty());
    request.metadata = metadata.map(|ObjectText(raw)| raw);
    request.store = body.store;
    let losses = &mut request.losses;
    losses.add_if(body.prompt_cache_options.is_some(), Loss::CacheRetention);
    losses.add_if(body.prediction.is_some(), Loss::Prediction);
    losses.add_if(body.moderation.is_some(), Loss::Moderation);
}

#[cfg(test)]
mod tests;
