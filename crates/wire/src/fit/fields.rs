//! The fields around the conversation: who asks, where prompts are cached, what is kept.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::hash;
use crate::Protocol;
use crate::conversation::{Request, Text};
use crate::dialect::{Dialect, Quirk};
use crate::loss::Loss;

/// The longest end user and cache key of the OpenAI protocols.
const OPENAI_LONGEST: usize = 64;

/// The longest `metadata.user_id`.
const MESSAGES_LONGEST: usize = 256;

/// The one tier that Responses has and Chat has not.
const RESPONSES_TIER: &str = "ultrafast";

/// The tiers that a plan knows; how fast an answer comes is all they say.
const PLAN_TIERS: [&str; 3] = ["priority", "fast", "flex"];

/// What prompts of a session share a cache under, where the caller has no name for it.
pub(crate) fn cache_key(session: &str) -> String {
    format!("th-{}", hash::long(&[session]))
}

/// Drops what the target lacks, and shortens what is too long for it.
pub(super) fn fit(request: &mut Request<'_>, target: &Dialect, session: &str) {
    let losses = &mut request.losses;
    let full = match target.protocol {
        Protocol::Responses => true,
        Protocol::Chat => target.has(Quirk::OpenaiFields),
        Protocol::Messages => false,
    };
    let takes_user = full || target.protocol == Protocol::Messages;
    let plain = target.protocol == Protocol::Responses && target.has(Quirk::PlanFields);
    if !takes_user || plain {
        losses.add_if(request.user.take().is_some(), Loss::User);
    }
    if full {
        if request.cache_key.is_none() && !session.is_empty() {
            request.cache_key = Some(Cow::Owned(cache_key(session)));
        }
    } else {
        losses.add_if(request.cache_key.take().is_some(), Loss::CacheKey);
        losses.add_if(
            request.cache_retention.take().is_some(),
            Loss::CacheRetention,
        );
        losses.add_if(request.verbosity.take().is_some(), Loss::Verbosity);
    }
    let untold = target.protocol == Protocol::Chat;
    let untold = untold && request.service_tier.as_deref() == Some(RESPONSES_TIER);
    if !full || untold {
        losses.add_if(request.service_tier.take().is_some(), Loss::ServiceTier);
    }
    match target.protocol {
        // What is not said is kept there, and nobody asked for that.
        Protocol::Responses if target.has(Quirk::KeepsNothing) => {
            losses.add_if(request.store.replace(false) == Some(true), Loss::Store);
        }
        Protocol::Responses => _ = request.store.get_or_insert(false),
        Protocol::Chat | Protocol::Messages if !full => {
            losses.add_if(request.store.take() == Some(true), Loss::Store);
        }
        Protocol::Chat | Protocol::Messages => {}
    }
    // A map of it belongs to an answer that is kept.
    if target.protocol != Protocol::Responses && request.store != Some(true) {
        losses.add_if(request.metadata.take().is_some(), Loss::Metadata);
    }
    if plain {
        losses.add_if(
            request.cache_retention.take().is_some(),
            Loss::CacheRetention,
        );
        let tier = request.service_tier.take_if(|tier| !is_of_plan(tier));
        losses.add_if(tier.is_some_and(|tier| tier != "auto"), Loss::ServiceTier);
        losses.add_if(request.metadata.take().is_some_and(says), Loss::Metadata);
    }
    let longest = match target.protocol {
        Protocol::Messages => MESSAGES_LONGEST,
        Protocol::Chat | Protocol::Responses => OPENAI_LONGEST,
    };
    shorten(&mut request.user, "user-", longest);
    shorten(&mut request.cache_key, "th-", OPENAI_LONGEST);
}

/// Whether a tier is one that a plan knows.
pub(crate) fn is_of_plan(tier: &str) -> bool {
    PLAN_TIERS.contains(&tier)
}

/// Whether there is anything in a list or a map.
fn says(raw: &RawValue) -> bool {
    !matches!(raw.get(), "{}" | "[]")
}

/// Limits count characters. A name for the same user or key is as good, as long as it is the same each time.
fn shorten(text: &mut Option<Text<'_>>, prefix: &str, longest: usize) {
    if let Some(long) = text
        .as_deref()
        .filter(|text| text.chars().count() > longest)
    {
        *text = Some(Cow::Owned(format!("{prefix}{}", hash::long(&[long]))));
    }
}
