//! Thoughts of earlier turns go back to whoever thought them, and to nobody else.

use crate::Protocol;
use crate::conversation::{Origin, Part, Request, Thought, Turn};
use crate::dialect::{Dialect, Quirk};
use crate::loss::Loss;

/// A thought where there was none.
const BLANK: &str = " ";

/// Keeps the target's own thoughts, and drops the others.
pub(super) fn fit(request: &mut Request<'_>, target: &Dialect) {
    for turn in &mut request.turns {
        turn.parts.retain_mut(|part| {
            let Part::Thought(thought) = part else {
                return true;
            };
            let kept = keep(thought, target);
            request.losses.add_if(!kept, Loss::ReasoningHistory);
            kept
        });
    }
}

/// Puts a blank before calls without a thought, for those who want thoughts back. They refuse calls that
/// come without, and some take an empty text for none; but the model may have called without thinking, or
/// another one may have done the thinking. Turns are in order.
pub(super) fn stand_in(turns: &mut [Turn<'_>], target: &Dialect) {
    if !target.has(Quirk::ReasoningContent) {
        return;
    }
    for turn in turns {
        let calls = turn.parts.iter().any(|part| matches!(part, Part::Call(_)));
        let thinks = |part: &Part<'_>| matches!(part, Part::Thought(_));
        if calls && !turn.parts.iter().any(thinks) {
            let text = BLANK.into();
            turn.parts
                .insert(0, Part::Thought(Thought { text, token: None }));
        }
    }
}

fn keep(thought: &mut Thought<'_>, target: &Dialect) -> bool {
    match target.protocol {
        Protocol::Chat => {
            // Chat has no place for tokens. Where the text is wanted, anybody's will do, also one that its
            // caller did not want to read and was given sealed.
            if let Some(token) = thought.token.take()
                && token.origin == Origin::Unsigned
                && thought.text.is_empty()
            {
                thought.text = token.value;
            }
            let wanted = target.has(Quirk::ReasoningContent) || target.has(Quirk::ReasoningField);
            wanted && !thought.text.is_empty()
        }
        protocol @ (Protocol::Messages | Protocol::Responses) => {
            let token = thought.token.as_ref();
            token.is_some_and(|token| token.belongs_to(protocol, &target.vendor))
        }
    }
}
