//! A fitted request as what is said in a conversation of its own: the last words of the user, with everything
//! before them as context.

use std::borrow::Cow;

use serde::Serialize;

use crate::conversation::{Location, Part, Request, Role, Tool, Turn, WebSearch};
use crate::loss::{Loss, Losses};
use crate::translate::Unfit;

/// The time zone of whoever says no other: one is required.
const TIME_ZONE: &str = "UTC";

/// What instructions are called.
const INSTRUCTIONS: &str = "Instructions that the answer has to follow.";

/// What the conversation before is called.
const EARLIER: &str = "The conversation so far, oldest message first.";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    message: Message<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    additional_context: Vec<Context>,
    location_hint: LocationHint<'a>,
}

#[derive(Serialize)]
struct Message<'a> {
    text: &'a str,
}

#[derive(Serialize)]
struct Context {
    description: &'static str,
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LocationHint<'a> {
    time_zone: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    country_or_region: Option<&'a str>,
}

/// Writes a request that has been fitted.
pub fn encode(request: &Request<'_>, losses: &mut Losses) -> Result<Vec<u8>, Unfit> {
    // Some callers say behind a question how it is to be answered; it is no part of the question.
    let mut roles = request.turns.iter().map(|turn| turn.role);
    let (turns, behind) = match roles.rposition(|role| role != Role::System) {
        Some(at) if request.turns[at].role == Role::User => request.turns.split_at(at + 1),
        Some(_) | None => (&request.turns[..], &[][..]),
    };
    let (last, before) = match turns.split_last() {
        Some((last, before)) if last.role != Role::Assistant => (Some(last), before),
        Some(_) => return Err(unsaid("end with a message of the user's")),
        None => (None, &[][..]),
    };
    let instructions = request.system.iter().map(|passage| &*passage.text);
    let mut instructions: Vec<Cow<'_, str>> = instructions.map(Cow::Borrowed).collect();
    for turn in behind {
        instructions.push(said(turn, losses)?.into());
    }
    let mut context = Vec::new();
    let mut add = |description, text: String| {
        if !text.trim().is_empty() {
            context.push(Context { description, text });
        }
    };
    let text = match last {
        Some(turn) => {
            add(INSTRUCTIONS, instructions.join("\n\n"));
            said(turn, losses)?
        }
        // Where there are nothing but instructions, they are what is asked.
        None => instructions.join("\n\n"),
    };
    add(EARLIER, earlier(before, losses)?);
    if text.trim().is_empty() {
        return Err(unsaid("say something in the user's last message"));
    }
    losses.add_if(!context.is_empty(), Loss::Context);
    let body = Body {
        message: Message { text: &text },
        additional_context: context,
        location_hint: location(request, losses),
    };
    serde_json::to_vec(&body).map_err(|_| Unfit::new("", "the request cannot be written as JSON"))
}

fn unsaid(what: &str) -> Unfit {
    Unfit::new("", format!("the target answers one message: {what}"))
}

/// Where the user is, as far as a web search says so. The target searches by itself: nothing else of what is
/// asked of a search can be told.
fn location<'r>(request: &'r Request<'_>, losses: &mut Losses) -> LocationHint<'r> {
    let mut place = None;
    for tool in &request.tools {
        let Tool::WebSearch(search) = tool else {
            continue;
        };
        losses.add_if(has_options(search), Loss::SearchOptions);
        place = place.or(search.user_location.as_ref());
    }
    let told = |get: fn(&'r Location<'_>) -> Option<&'r str>| place.and_then(get);
    LocationHint {
        time_zone: told(|place| place.timezone.as_deref()).unwrap_or(TIME_ZONE),
        country_or_region: told(|place| place.country.as_deref()),
    }
}

fn has_options(search: &WebSearch<'_>) -> bool {
    let place = search.user_location.as_ref();
    !search.allowed_domains.is_empty()
        || !search.blocked_domains.is_empty()
        || search.max_uses.is_some()
        || search.context_size.is_some()
        || place.is_some_and(|place| place.city.is_some() || place.region.is_some())
}

/// The turns before, each between marks that say who spoke.
fn earlier(turns: &[Turn<'_>], losses: &mut Losses) -> Result<String, Unfit> {
    let mut told = Vec::with_capacity(turns.len());
    for turn in turns {
        let text = said(turn, losses)?;
        let who = match turn.role {
            Role::System => "system-message",
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        if !text.is_empty() {
            told.push(format!("<{who}>\n{text}\n</{who}>"));
        }
    }
    Ok(told.join("\n\n"))
}

/// What is said in one turn.
fn said(turn: &Turn<'_>, losses: &mut Losses) -> Result<String, Unfit> {
    let mut texts = Vec::with_capacity(turn.parts.len());
    for part in &turn.parts {
        texts.extend(words(part, losses)?);
    }
    Ok(texts.join("\n\n"))
}

/// What a part is in words, if there are any for it.
fn words(part: &Part<'_>, losses: &mut Losses) -> Result<Option<String>, Unfit> {
    let text = match part {
        Part::Text(said) => said.text.to_string(),
        Part::Refusal(text) => text.to_string(),
        Part::Thought(_) => {
            losses.add(Loss::ReasoningHistory);
            return Ok(None);
        }
        Part::Search(search) => {
            losses.add(Loss::SearchHistory);
            search.in_words()
        }
        Part::Call(call) => format!("[Call of {}: {}]", call.tool.name, call.input),
        Part::Outcome(outcome) => {
            let mut texts = Vec::with_capacity(outcome.parts.len());
            for part in &outcome.parts {
                texts.extend(words(part, losses)?);
            }
            let what = if outcome.is_error { "Error" } else { "Result" };
            format!("[{what} of the call: {}]", texts.join("\n"))
        }
        Part::Image(image) => return Err(unshown(image.place.path())),
        Part::Document(document) => return Err(unshown(document.place.path())),
    };
    Ok(Some(text))
}

fn unshown(path: &str) -> Unfit {
    Unfit::new(path, "the target takes text alone")
}
