//! Call ids: as they came where the target takes them, else replaced by others made of them.
//!
//! The same id always becomes the same other one, in the call and in its result; nothing of it needs to
//! be remembered: the caller sends both ends each time, and an answer brings ids of its own.

use std::borrow::Cow;
use std::collections::HashMap;

use super::hash;
use crate::Protocol;
use crate::conversation::{Part, Request, Text};
use crate::dialect::{Dialect, Quirk};

/// The length of a short id: exactly so many letters and digits.
const SHORT: usize = 9;

/// Replaces ids.
pub(super) fn fit(request: &mut Request<'_>, target: &Dialect) {
    if target.protocol == Protocol::Messages {
        number(request);
    }
    for part in request.turns.iter_mut().flat_map(|turn| &mut turn.parts) {
        if let Some(id) = id(part) {
            replace(id, target);
        }
    }
}

/// Tells calls of the same id apart. Some clients use ids again, and Messages upstreams take each only once.
fn number(request: &mut Request<'_>) {
    let mut seen: HashMap<Text<'_>, u32> = HashMap::new();
    for part in request.turns.iter_mut().flat_map(|turn| &mut turn.parts) {
        let calls = matches!(part, Part::Call(_));
        let Some(id) = id(part) else { continue };
        let count = seen.entry(id.clone()).or_default();
        *count += u32::from(calls);
        if *count > 1 {
            *id = hashed(&[id, &count.to_string()]);
        }
    }
}

fn id<'r, 'a>(part: &'r mut Part<'a>) -> Option<&'r mut Text<'a>> {
    match part {
        Part::Call(call) => Some(&mut call.id),
        Part::Outcome(outcome) => Some(&mut outcome.id),
        Part::Text(_)
        | Part::Image(_)
        | Part::Document(_)
        | Part::Thought(_)
        | Part::Refusal(_)
        | Part::Search(_) => None,
    }
}

fn replace(id: &mut Text<'_>, target: &Dialect) {
    if target.has(Quirk::ShortCallIds) {
        if id.len() != SHORT || !id.bytes().all(|b| b.is_ascii_alphanumeric()) {
            let mut short = hash::long(&[id]);
            short.truncate(SHORT);
            *id = Cow::Owned(short);
        }
        return;
    }
    let letters = match target.protocol {
        Protocol::Messages => id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'),
        Protocol::Chat | Protocol::Responses => true,
    };
    if id.is_empty() || id.len() > target.longest_call_id() || !letters {
        *id = hashed(&[id]);
    }
}

fn hashed<'a>(texts: &[&str]) -> Text<'a> {
    Cow::Owned(format!("call_{}", hash::long(texts)))
}
