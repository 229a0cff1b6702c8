//! A request, read into the hub.
//!
//! One pass reads the body into flat structs that borrow from it (`read`, `shape`); a second step, without
//! any parsing of its own, turns those into the hub's words. It knows nothing of targets: what every
//! other protocol lacks is refused here by its path, what can be left out without harm is a loss.

use crate::conversation::{CacheMark, Part, Passage, Request, Said};
use crate::loss::{Loss, Losses};
use crate::translate::Unfit;

mod blocks;
mod changes;
mod document;
mod options;
mod outcome;
mod read;
mod shape;
#[cfg(test)]
mod tests;
mod tools;
mod turns;

use read::{Str, refuse_unknown, under};
use shape::{Body, Content};

/// Reads a request.
pub fn decode(body: &[u8]) -> Result<Request<'_>, Unfit> {
    let request = request(body)?;
    match request.max_output {
        Some(0) => Err(Unfit::new(
            "max_tokens",
            "0 only warms a cache of this protocol's vendor; write at least 1",
        )),
        Some(_) => Ok(request),
        None => Err(Unfit::new(
            "max_tokens",
            "is required: the most tokens to generate",
        )),
    }
}

/// Reads the body of a token count: a request that needs no output limit.
pub fn decode_count(body: &[u8]) -> Result<Request<'_>, Unfit> {
    request(body)
}

fn request(body: &[u8]) -> Result<Request<'_>, Unfit> {
    let mut body: Body<'_> = read::body(body)?;
    let mut losses = Losses::default();
    refuse_vendor_bound(&body, &mut losses)?;
    let Some(Str(model)) = body.model.take() else {
        return Err(Unfit::new("model", "is required: the name of a model"));
    };
    let tools = tools::tools(body.tools.take().unwrap_or_default(), &mut losses)?;
    let (reasoning, format) = options::answer(
        body.thinking.take(),
        body.output_config.take(),
        body.output_format.take(),
        &mut losses,
    )?;
    let mut request = Request {
        model,
        system: passages(body.system.take(), &mut losses)?,
        tools,
        max_output: body.max_tokens,
        stop: body
            .stop_sequences
            .unwrap_or_default()
            .into_iter()
            .map(|Str(stop)| stop)
            .collect(),
        format,
        reasoning,
        user: options::user(body.metadata.take(), &mut losses),
        stream: body.stream.unwrap_or_default(),
        ..Request::default()
    };
    request.sampling.temperature = body.temperature;
    request.sampling.top_p = body.top_p;
    request.sampling.top_k = body.top_k;
    request.losses = losses;
    turns::read(body.messages.unwrap_or_default(), &mut request)?;
    // After the turns: tools may be defined in them.
    (request.choice, request.parallel_calls) =
        tools::choice(body.tool_choice.take(), &request.tools)?;
    if let Some(mark) = body.cache_control {
        mark_last(&mut request, mark.mark());
    }
    Ok(request)
}

/// Members that only the vendor of this protocol can make sense of.
fn refuse_vendor_bound(body: &Body<'_>, losses: &mut Losses) -> Result<(), Unfit> {
    let refused = |path: &str, why: &str| Err(Unfit::new(path, why));
    if body.container.is_some() {
        return refused(
            "container",
            "containers exist at this protocol's vendor only; leave it out",
        );
    }
    if body
        .mcp_servers
        .as_ref()
        .is_some_and(|servers| !servers.is_empty())
    {
        return refused(
            "mcp_servers",
            "the model behind this route calls no MCP servers by itself; declare their tools in `tools`",
        );
    }
    if body.safeguards.is_some() {
        return refused(
            "safeguards",
            "`safeguards` cannot be served on this route; leave it out",
        );
    }
    if let Some(management) = &body.context_management {
        options::context(management, losses)?;
    }
    losses.add_if(
        body.service_tier.is_some() || body.speed.is_some(),
        Loss::ServiceTier,
    );
    losses.add_if(body.diagnostics.is_some(), Loss::Diagnostics);
    losses.add_if(body.inference_geo.is_some(), Loss::InferenceGeo);
    losses.add_if(
        body.fallbacks.is_some() || body.fallback_credit_token.is_some(),
        Loss::Fallbacks,
    );
    losses.add_if(body.user_profile_id.is_some(), Loss::User);
    refuse_unknown(body.unknown.as_ref())
}

/// The instructions before the first turn.
fn passages<'a>(
    system: Option<Content<'a>>,
    losses: &mut Losses,
) -> Result<Vec<Passage<'a>>, Unfit> {
    let mut parts = Vec::new();
    match system {
        None => {}
        Some(Content::Text(text)) if text.is_empty() => {}
        Some(content) => blocks::texts(content, &mut parts, losses)
            .map_err(|unfit| under("system", "", unfit))?,
    }
    Ok(parts
        .into_iter()
        .map(|Said { text, cache }| Passage { text, cache })
        .collect())
}

/// A mark on the whole request stands for one on the last thing that can carry it.
fn mark_last(request: &mut Request<'_>, mark: CacheMark) {
    let last = request
        .turns
        .last_mut()
        .and_then(|turn| turn.parts.last_mut());
    let cache = match last {
        Some(Part::Text(part)) => &mut part.cache,
        Some(Part::Image(part)) => &mut part.cache,
        Some(Part::Document(part)) => &mut part.cache,
        Some(Part::Call(part)) => &mut part.cache,
        Some(Part::Outcome(part)) => &mut part.cache,
        Some(Part::Thought(_) | Part::Refusal(_) | Part::Search(_)) | None => {
            request.losses.add(Loss::CacheControl);
            return;
        }
    };
    cache.get_or_insert(mark);
}
