//! Effort and thinking, each in the other's words.
//!
//! The OpenAI protocols know an effort; Messages knows a thinking switch, a budget or an effort, by model.
//! A forced call, an open round of calls without its thought, or too small an output limit count for more
//! than thinking does: Messages upstreams with budgets refuse the combination.

use crate::Protocol;
use crate::conversation::{Choice, Effort, Part, Reasoning, Request, Role, Thinking, Turn};
use crate::dialect::{Dialect, Quirk};
use crate::loss::Loss;

/// The least budget, and the greatest output limit that leaves no room for one.
const LEAST_BUDGET: u64 = 1024;

/// Translates the switches. Turns are in order, and the output limit is set where it must be.
pub(super) fn fit(request: &mut Request<'_>, target: &Dialect) {
    match target.protocol {
        Protocol::Messages => think(request, target),
        Protocol::Chat | Protocol::Responses => exert(request, target),
    }
}

/// For Messages, from an effort, or from the switch that some Chat clients send.
fn think(request: &mut Request<'_>, target: &Dialect) {
    let switched = request.reasoning.thinking.map(|thinking| match thinking {
        Thinking::Budget(budget) => within(budget),
        // What the vendor takes for the usual.
        Thinking::Adaptive | Thinking::BetweenTools => Effort::High,
        Thinking::Disabled => Effort::None,
    });
    let asked = request.reasoning.effort.or(switched);
    let takes_effort = !target.has(Quirk::NoOutputEffort);
    let (thinking, effort) = match asked {
        None | Some(Effort::None) => (None, None),
        // Less than little is not to be had.
        Some(Effort::Minimal) => (None, takes_effort.then_some(Effort::Low)),
        Some(effort) => (
            switch(request, target, effort),
            takes_effort.then_some(effort),
        ),
    };
    // A budget says how much, too.
    let told = effort == asked || asked == Some(Effort::None);
    let told = told || matches!(thinking, Some(Thinking::Budget(_)));
    request.losses.add_if(!told, Loss::Effort);
    request.reasoning.thinking = thinking;
    request.reasoning.effort = effort;
}

fn switch(request: &mut Request<'_>, target: &Dialect, effort: Effort) -> Option<Thinking> {
    if target.has(Quirk::NoThinking) {
        return None;
    }
    if matches!(
        request.choice,
        Some(Choice::Required | Choice::One(_) | Choice::WebSearch)
    ) {
        request.losses.add(Loss::Thinking);
        return None;
    }
    if !target.has(Quirk::BudgetThinking) {
        return Some(Thinking::Adaptive);
    }
    let limit = request.max_output.unwrap_or(target.default_max_output);
    if limit <= LEAST_BUDGET || !starts_with_thought(&request.turns) {
        request.losses.add(Loss::Thinking);
        return None;
    }
    let budget = match effort {
        Effort::None | Effort::Minimal | Effort::Low => 4_000,
        Effort::Medium => 8_000,
        Effort::High => 16_000,
        Effort::Xhigh => 24_000,
        Effort::Max => 32_000,
    };
    // A quarter of the limit is left for the answer itself.
    Some(Thinking::Budget(
        budget.min(limit - limit / 4).max(LEAST_BUDGET),
    ))
}

/// Whether the model's turn that the answer goes on from, if there is one, starts with a thought: the last
/// one, if it waits for the results of its calls or has been begun by the caller.
fn starts_with_thought(turns: &[Turn<'_>]) -> bool {
    let goes_on = match turns {
        [.., turn] if turn.role == Role::Assistant => Some(turn),
        [.., turn, results] if turn.role == Role::Assistant => {
            let answered = matches!(results.parts.first(), Some(Part::Outcome(_)));
            answered.then_some(turn)
        }
        // Instructions may stand behind the results.
        [.., turn, results, system]
            if turn.role == Role::Assistant && system.role == Role::System =>
        {
            let answered = matches!(results.parts.first(), Some(Part::Outcome(_)));
            answered.then_some(turn)
        }
        _ => None,
    };
    goes_on.is_none_or(|turn| matches!(turn.parts.first(), Some(Part::Thought(_))))
}

/// For the OpenAI protocols, from whatever the caller asked for.
fn exert(request: &mut Request<'_>, target: &Dialect) {
    let Reasoning {
        effort,
        thinking,
        shown,
    } = request.reasoning;
    let (effort, thinks) = match (thinking, effort) {
        // There is no effort that every model takes for none at all: the vendor's default has to do.
        (Some(Thinking::Disabled), _) => (None, false),
        (Some(Thinking::Budget(budget)), None) => (Some(within(budget)), true),
        (Some(_), effort) => (effort, true),
        (None, effort) => (effort, false),
    };
    let thoughtless = target.has(Quirk::NoThinking);
    let mute = thoughtless || target.has(Quirk::NoEffort);
    let otherwise = matches!(thinking, Some(Thinking::Disabled | Thinking::BetweenTools));
    request.losses.add_if(otherwise && !mute, Loss::Thinking);
    request
        .losses
        .add_if(effort.is_some() && mute, Loss::Effort);
    request.reasoning = Reasoning {
        effort: effort.filter(|_| !mute),
        thinking: None,
        // Messages shows thoughts unless it is told not to.
        shown: shown.or(thinks.then_some(true)).filter(|_| !thoughtless),
    };
}

/// The effort that a budget stands for.
const fn within(budget: u64) -> Effort {
    match budget {
        0..4_000 => Effort::Low,
        4_000..16_000 => Effort::Medium,
        16_000.. => Effort::High,
    }
}
