//! What the user says behind the results of calls, for Chat upstreams that take no message of the user's
//! there.

use crate::conversation::{Part, Role, Turn};

/// What the model seems to have said between results and what the user shows after them.
const SEEN: &str = "I have the results.";

/// Appends texts to the last result. Images and documents cannot stand there: they keep their turn, behind a
/// word of the model's.
pub(super) fn fit(turns: &mut Vec<Turn<'_>>) {
    let mut fitted = Vec::with_capacity(turns.len());
    for mut turn in turns.drain(..) {
        let (mut outcomes, rest): (Vec<_>, Vec<_>) = turn
            .parts
            .drain(..)
            .partition(|part| matches!(part, Part::Outcome(_)));
        let texts = rest.iter().all(|part| matches!(part, Part::Text(_)));
        match outcomes.last_mut() {
            Some(Part::Outcome(last)) if texts => last.parts.extend(rest),
            Some(_) => {
                fitted.push(said(turn.role, outcomes));
                fitted.push(said(Role::Assistant, vec![Part::text(SEEN)]));
                fitted.push(said(turn.role, rest));
                continue;
            }
            None => outcomes = rest,
        }
        fitted.push(said(turn.role, outcomes));
    }
    *turns = fitted;
}

const fn said(role: Role, parts: Vec<Part<'_>>) -> Turn<'_> {
    Turn { role, parts }
}
