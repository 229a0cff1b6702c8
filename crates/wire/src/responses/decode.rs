//! A request, read into the hub.
//!
//! Two passes: the body's members are split off, then the polymorphic ones are read where they lie. What
//! only the protocol's own vendor can honor is refused by its path; what does no harm is noted as lost.
//! Knows nothing of who will answer.

mod body;
mod calls;
mod choice;
mod echo;
mod input;
mod item;
mod media;
mod options;
mod parts;
mod read;
#[cfg(test)]
pub(super) mod tests;
mod tools;

use std::borrow::Cow;

use body::Body;
use input::Input;
use read::{Place, parse, text};
use tools::Toolbox;

pub(super) use body::{STORED, STORED_PROMPT};
pub use echo::echo;
pub(super) use options::{CIPHERS, NO_PROBABILITIES};

use super::compaction;
use crate::conversation::{Choice, Part, Passage, Request, Role, Text, Turn};
use crate::translate::Unfit;

/// Reads a request.
pub fn decode(body: &[u8]) -> Result<Request<'_>, Unfit> {
    let mut body: Body<'_> = parse(utf8(body)?, &Place::BODY)?;
    body.refuse()?;
    let mut request = Request {
        model: text(body.model.take()).ok_or_else(|| Place::top("model").missing())?,
        ..Request::default()
    };
    options::options(&mut body, &mut request)?;
    if let Some(instructions) = text(body.instructions.take()) {
        request.system.push(passage(instructions));
    }
    let mut tools = Toolbox::default();
    if let Some(raw) = body.tools {
        tools.read(raw, &Place::top("tools"))?;
    }
    if let Some(raw) = body.tool_choice {
        request.choice = Some(choice::choice(raw, &Place::top("tool_choice"))?);
    }
    let place = Place::top("input");
    let raw = body.input.ok_or_else(|| place.missing())?;
    let mut input = Input::new(&mut request, &mut tools);
    input.read(raw, &place)?;
    if let Some(groups) = tools.hand_over(&mut request) {
        request.system.push(passage(Cow::Owned(groups)));
    }
    if request.compact {
        ask_for_summary(&mut request);
    }
    Ok(request)
}

fn utf8(body: &[u8]) -> Result<&str, Unfit> {
    std::str::from_utf8(body).map_err(|_| Place::BODY.unfit("the body is not UTF-8"))
}

fn passage(text: Text<'_>) -> Passage<'_> {
    Passage { text, cache: None }
}

/// A summary is text: neither a call nor JSON will do, whatever the conversation is allowed otherwise.
fn ask_for_summary(request: &mut Request<'_>) {
    push(
        &mut request.turns,
        Role::User,
        [Part::text(compaction::HANDOFF)],
    );
    request.format = None;
    request.choice = Some(Choice::None).filter(|_| !request.tools.is_empty());
}

/// Appends what `role` says, to its turn if it is speaking.
fn push<'a>(turns: &mut Vec<Turn<'a>>, role: Role, parts: impl IntoIterator<Item = Part<'a>>) {
    match turns.last_mut() {
        Some(turn) if turn.role == role => turn.parts.extend(parts),
        _ => turns.push(Turn {
            role,
            parts: parts.into_iter().collect(),
        }),
    }
}
