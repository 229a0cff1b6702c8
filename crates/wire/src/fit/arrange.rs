//! The order of the conversation: turns alternate, and results stand directly behind their calls.
//!
//! Nothing but empty texts is dropped, and nothing is invented but what joins turns for upstreams that do
//! not take them as they are (`tail`). A call without a result, or a result without
//! a call, stays where it is: the target decides.

use std::borrow::Cow;

use super::{media, pair, system, tail, thoughts};
use crate::Protocol;
use crate::conversation::{Part, Request, Role, Text, Turn};
use crate::dialect::{Dialect, Quirk};

/// Puts the turns in order.
pub(super) fn fit(request: &mut Request<'_>, target: &Dialect) {
    let empty: fn(&str) -> bool = match target.protocol {
        // These upstreams refuse blank texts as well as empty ones.
        Protocol::Messages => |text: &str| text.trim().is_empty(),
        Protocol::Chat | Protocol::Responses => str::is_empty,
    };
    request.system.retain(|passage| !empty(&passage.text));
    for turn in &mut request.turns {
        drop_empty(&mut turn.parts, empty);
    }
    match target.protocol {
        // There, they are items among others anyway.
        Protocol::Responses => {}
        Protocol::Messages | Protocol::Chat => system::lead(request),
    }
    merge(&mut request.turns);
    pair::pair(&mut request.turns);
    if target.protocol == Protocol::Messages && target.takes_system_turns() {
        system::sink(&mut request.turns);
    }
    merge(&mut request.turns);
    system::place(&mut request.turns, target, &mut request.losses);
    merge(&mut request.turns);
    match target.protocol {
        Protocol::Messages => {
            system::ask(request);
            trim_end(&mut request.turns);
        }
        Protocol::Chat => {
            media::move_out(request);
            thoughts::stand_in(&mut request.turns, target);
            if target.has(Quirk::NoUserAfterTool) {
                tail::fit(&mut request.turns);
            }
        }
        Protocol::Responses => {}
    }
}

fn drop_empty(parts: &mut Vec<Part<'_>>, empty: fn(&str) -> bool) {
    parts.retain_mut(|part| match part {
        Part::Text(said) => !empty(&said.text),
        Part::Refusal(text) => !empty(text),
        Part::Outcome(outcome) => {
            drop_empty(&mut outcome.parts, empty);
            true
        }
        Part::Image(_) | Part::Document(_) | Part::Thought(_) | Part::Call(_) | Part::Search(_) => {
            true
        }
    });
}

/// Joins neighbors of the same role, and drops turns in which nothing is said.
fn merge(turns: &mut Vec<Turn<'_>>) {
    let mut merged: Vec<Turn<'_>> = Vec::with_capacity(turns.len());
    for mut turn in turns.drain(..) {
        match merged.last_mut() {
            _ if turn.parts.is_empty() => {}
            Some(last) if last.role == turn.role => last.parts.append(&mut turn.parts),
            Some(_) | None => merged.push(turn),
        }
    }
    *turns = merged;
}

/// An answer that the caller has begun must not end in blanks for a Messages upstream.
fn trim_end(turns: &mut [Turn<'_>]) {
    let Some(last) = turns.last_mut().filter(|turn| turn.role == Role::Assistant) else {
        return;
    };
    match last.parts.last_mut() {
        Some(Part::Text(said)) => trim(&mut said.text),
        Some(Part::Refusal(text)) => trim(text),
        Some(_) | None => {}
    }
}

fn trim(text: &mut Text<'_>) {
    match text {
        Cow::Borrowed(text) => *text = text.trim_end(),
        Cow::Owned(text) => text.truncate(text.trim_end().len()),
    }
}
