//! Cache marks: only Messages has them, at most four.
//!
//! The OpenAI protocols cache prompts without being asked, and their callers count on it. A Messages
//! upstream caches only up to a mark, so a caller that sets none is given four: behind the tools, behind
//! the instructions, and behind what the user said last and the time before that. Each call then finds the
//! prefix of the one before, however much the model said in between.

use crate::Protocol;
use crate::conversation::{CacheMark, Part, Request, Role, Tool, Turn};
use crate::dialect::Dialect;
use crate::loss::Loss;

/// The most marks in one request.
const MOST: usize = 4;

type Mark = Option<CacheMark>;

/// Keeps, drops or sets marks.
pub(super) fn fit(request: &mut Request<'_>, target: &Dialect) {
    request.turns.iter_mut().for_each(hoist);
    let count = head(request).filter(|mark| mark.is_some()).count();
    let said = conversation(&mut request.turns)
        .filter(|mark| mark.is_some())
        .count();
    match target.protocol {
        Protocol::Messages if count + said == 0 => set(request),
        Protocol::Messages => thin(request, count, said),
        Protocol::Chat | Protocol::Responses => {
            request.losses.add_if(count + said > 0, Loss::CacheControl);
            head(request).for_each(|mark| *mark = None);
            conversation(&mut request.turns).for_each(|mark| *mark = None);
        }
    }
}

/// Moves marks inside a result to the result itself: they end at the same place, more or less.
fn hoist(turn: &mut Turn<'_>) {
    for part in &mut turn.parts {
        if let Part::Outcome(outcome) = part {
            let inner = outcome.parts.iter_mut().filter_map(mark);
            let found = inner.filter_map(Option::take).last();
            outcome.cache = outcome.cache.or(found);
        }
    }
}

/// Keeps the last marks: those of the conversation, and at least one of what stands before it.
fn thin(request: &mut Request<'_>, count: usize, said: usize) {
    let kept_said = said.min(if count > 0 { MOST - 1 } else { MOST });
    let kept_head = count.min(MOST - kept_said);
    let lost = count + said > kept_head + kept_said;
    request.losses.add_if(lost, Loss::CacheControl);
    let marks = head(request).filter(|mark| mark.is_some());
    marks.take(count - kept_head).for_each(|mark| *mark = None);
    let marks = conversation(&mut request.turns).filter(|mark| mark.is_some());
    marks.take(said - kept_said).for_each(|mark| *mark = None);
}

fn set(request: &mut Request<'_>) {
    let tool = request.tools.iter_mut().rev().find_map(tool_mark);
    let passage = request.system.last_mut().map(|passage| &mut passage.cache);
    for mark in [tool, passage].into_iter().flatten() {
        *mark = Some(CacheMark::Short);
    }
    let users = request
        .turns
        .iter_mut()
        .rev()
        .filter(|turn| turn.role == Role::User);
    let last = users
        .filter_map(|turn| turn.parts.iter_mut().rev().find_map(mark))
        .take(2);
    last.for_each(|mark| *mark = Some(CacheMark::Short));
}

/// The places for marks before the conversation, in the prompt's order.
fn head<'r>(request: &'r mut Request<'_>) -> impl Iterator<Item = &'r mut Mark> {
    let tools = request.tools.iter_mut().filter_map(tool_mark);
    tools.chain(request.system.iter_mut().map(|passage| &mut passage.cache))
}

fn conversation<'r>(turns: &'r mut [Turn<'_>]) -> impl Iterator<Item = &'r mut Mark> {
    turns
        .iter_mut()
        .flat_map(|turn| &mut turn.parts)
        .filter_map(mark)
}

fn tool_mark<'r>(tool: &'r mut Tool<'_>) -> Option<&'r mut Mark> {
    match tool {
        Tool::Client(tool) => Some(&mut tool.cache),
        Tool::WebSearch(_) => None,
    }
}

fn mark<'r>(part: &'r mut Part<'_>) -> Option<&'r mut Mark> {
    match part {
        Part::Text(said) => Some(&mut said.cache),
        Part::Image(image) => Some(&mut image.cache),
        Part::Document(document) => Some(&mut document.cache),
        Part::Call(call) => Some(&mut call.cache),
        Part::Outcome(outcome) => Some(&mut outcome.cache),
        Part::Thought(_) | Part::Refusal(_) | Part::Search(_) => None,
    }
}
