//! How much to think, in the three forms that clients of this protocol write it.
//!
//! The protocol itself has `reasoning_effort`. Routers to several vendors take `reasoning`, and some vendors
//! the `thinking` of Messages. Where several are given, the first of these says how much.

use super::body::{Body, Reasoning as ReasoningIn, Thinking as ThinkingIn};
use super::read::{At, Str, either};
use crate::conversation::{Effort, Reasoning, Thinking};
use crate::translate::Unfit;

/// Reads all that is said of thinking.
pub(super) fn reasoning(body: &Body<'_>) -> Result<Reasoning, Unfit> {
    let mut reasoning = Reasoning {
        effort: effort(body.reasoning_effort.as_ref(), At::top("reasoning_effort"))?,
        ..Reasoning::default()
    };
    let top = At::top("reasoning");
    if let Some(given) = &body.reasoning {
        let effort = effort(given.effort.as_ref(), top.field("effort"))?;
        reasoning.effort = reasoning.effort.or(effort);
        reasoning.thinking = routed(given, reasoning.effort);
        reasoning.shown = given.exclude.map(|exclude| !exclude);
    }
    if let Some(given) = &body.thinking {
        let thinking = switch(given, At::top("thinking"))?;
        reasoning.thinking = reasoning.thinking.or(Some(thinking));
    }
    Ok(reasoning)
}

fn effort(given: Option<&Str<'_>>, at: At<'_>) -> Result<Option<Effort>, Unfit> {
    let Some(Str(word)) = given else {
        return Ok(None);
    };
    let effort = Effort::parse(word).ok_or_else(|| {
        let words = either(Effort::ALL.map(Effort::as_str));
        at.unfit(format!("expected {words}"))
    })?;
    Ok(Some(effort))
}

fn routed(given: &ReasoningIn<'_>, effort: Option<Effort>) -> Option<Thinking> {
    match (given.enabled, given.max_tokens) {
        (Some(false), _) => Some(Thinking::Disabled),
        (_, Some(budget)) => Some(Thinking::Budget(budget)),
        // An effort alone says it all.
        (Some(true), None) => effort.is_none().then_some(Thinking::Adaptive),
        (None, None) => None,
    }
}

fn switch(given: &ThinkingIn<'_>, at: At<'_>) -> Result<Thinking, Unfit> {
    let at = at.field("type");
    match &*at.required(given.kind.as_ref())?.0 {
        "disabled" => Ok(Thinking::Disabled),
        "adaptive" | "auto" => Ok(Thinking::Adaptive),
        "enabled" => Ok(given
            .budget_tokens
            .map_or(Thinking::Adaptive, Thinking::Budget)),
        _ => Err(at.unfit("expected `enabled`, `disabled`, `adaptive` or `auto`")),
    }
}
