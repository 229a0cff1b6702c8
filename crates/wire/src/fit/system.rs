//! Instructions in the middle of the conversation: where the target takes them, else as marked user text.

use std::borrow::Cow;

use crate::Protocol;
use crate::conversation::{Part, Passage, Request, Role, Said, Turn};
use crate::dialect::Dialect;
use crate::loss::{Loss, Losses};

/// Moves leading instructions to where all leading instructions are.
pub(super) fn lead(request: &mut Request<'_>) {
    let texts = |turn: &&Turn<'_>| turn.role == Role::System && only_texts(turn);
    let leading = request.turns.iter().take_while(texts).count();
    for part in request.turns.drain(..leading).flat_map(|turn| turn.parts) {
        if let Part::Text(said) = part {
            request.system.push(Passage {
                text: said.text,
                cache: said.cache,
            });
        }
    }
}

/// A Messages upstream wants a turn to answer. Where there are nothing but instructions, the last of them
/// is it.
pub(super) fn ask(request: &mut Request<'_>) {
    if request.turns.is_empty()
        && let Some(Passage { text, cache }) = request.system.pop()
    {
        request.turns.push(Turn {
            role: Role::User,
            parts: vec![Part::Text(Said { text, cache })],
        });
    }
}

/// Moves instructions behind all that the user says before the next answer, for Messages: it refuses them
/// between two of the user's turns. Right before an answer they can stand, and they stay there for good.
pub(super) fn sink(turns: &mut [Turn<'_>]) {
    for round in turns.split_mut(|turn| turn.role == Role::Assistant) {
        round.sort_by_key(|turn| turn.role == Role::System && only_texts(turn));
    }
}

/// Turns instructions that may not stand where they are into text of the user's. The turns alternate
/// before; afterwards users may be neighbors.
pub(super) fn place(turns: &mut [Turn<'_>], target: &Dialect, losses: &mut Losses) {
    let mut before = None;
    for turn in turns {
        if turn.role == Role::System && !stays(turn, before, target) {
            losses.add(Loss::SystemTurn);
            turn.role = Role::User;
            turn.parts.iter_mut().for_each(tag);
        }
        before = Some(turn.role);
    }
}

fn tag(part: &mut Part<'_>) {
    if let Part::Text(said) = part {
        let text = &said.text;
        said.text = Cow::Owned(format!("<system-message>\n{text}\n</system-message>"));
    }
}

fn stays(turn: &Turn<'_>, before: Option<Role>, target: &Dialect) -> bool {
    let takes = target.takes_system_turns();
    match target.protocol {
        Protocol::Responses => takes,
        Protocol::Chat => takes && only_texts(turn),
        Protocol::Messages => takes && only_texts(turn) && before == Some(Role::User),
    }
}

fn only_texts(turn: &Turn<'_>) -> bool {
    turn.parts.iter().all(|part| matches!(part, Part::Text(_)))
}
