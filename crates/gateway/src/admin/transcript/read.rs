//! Reading what one call said, beside what was said before it.

use std::collections::HashSet;

use tollhouse_domain::call::{Call, Outcome};
use tollhouse_domain::capture::{Capture, Kept};
use tollhouse_wire::Protocol;
use tollhouse_wire::answer::Answer;
use tollhouse_wire::conversation::Request;
use tollhouse_wire::transcript::{
    Beginning, Follows, Histories, Line, answered, lines, read_answer, read_request,
};

use super::super::auth::Signed;
use super::super::captures;
use super::super::error::ApiError;
use super::tools::Uses;
use super::view::{CallView, State};
use crate::capture::{Said, Side};

/// What was said so far.
#[derive(Default)]
pub(super) struct Past {
    histories: Histories,
    /// The instructions that were given.
    instructions: HashSet<String>,
}

/// What was read of a call.
pub(super) struct Reading {
    pub(super) view: CallView,
    /// How many bytes of bodies that took.
    pub(super) bytes: usize,
    pub(super) uses: Uses,
}

/// Whether what a call said was handed over to be kept, and is a turn of a conversation.
pub(super) fn is_kept(call: &Call) -> bool {
    turn(call).is_some() && matches!(call.capture, Some(Kept::Redacted | Kept::Full))
}

/// The protocol of a call that is a turn of a conversation.
fn turn(call: &Call) -> Option<Protocol> {
    let protocol = call.protocol?;
    let endpoint = match protocol {
        Protocol::Messages => "messages",
        Protocol::Chat => "chat.completions",
        Protocol::Responses => "responses",
    };
    (call.endpoint == endpoint).then_some(protocol)
}

impl Past {
    /// Reads the next call of the session.
    pub(super) async fn take(&mut self, signed: &Signed, call: &Call) -> Result<Reading, ApiError> {
        let nothing = |state, why: &str| {
            let mut view = CallView::new(call, state);
            view.lacks(state, why);
            Reading {
                view,
                bytes: 0,
                uses: Uses::default(),
            }
        };
        let Some(protocol) = turn(call) else {
            let why = "This operation is no turn of a conversation.";
            return Ok(nothing(State::NoTurn, why));
        };
        let Some(said) = captures::read(signed, call).await? else {
            return Ok(nothing(State::NotKept, captures::why_nothing(call)));
        };
        let bytes = said.request.bytes.len() + said.answer.bytes.len();
        let (past, call) = (std::mem::take(self), call.clone());
        let work = move || past.add(&call, protocol, &said);
        // Milliseconds of work for long ones.
        let (past, view, uses) = tokio::task::spawn_blocking(work)
            .await
            .map_err(ApiError::internal)?;
        *self = past;
        Ok(Reading { view, bytes, uses })
    }

    fn add(mut self, call: &Call, protocol: Protocol, said: &Said) -> (Self, CallView, Uses) {
        let mut view = CallView::new(call, State::Whole);
        view.redacted(said.mode == Capture::Redacted);
        let mut uses = Uses::default();
        let heard = hear(call, protocol, &said.answer, &mut view);
        uses.add(&heard, &heard);
        let side = &said.request;
        let beginning = if side.cut {
            Beginning::of(protocol, &side.bytes)
        } else {
            None
        };
        if let Some(request) = ask(protocol, side, beginning.as_ref(), &mut view) {
            let ends = beginning.as_ref().is_none_or(|beginning| beginning.all);
            let heard = ends.then_some(&*heard);
            let (lines, new, follows) = self.asked(call, request, heard, &mut view);
            // What a history brings along that was never called here, or was called before, is no use here.
            if !matches!(follows, Follows::Rewritten | Follows::Apart) {
                uses.add(&lines[new..], &lines);
            }
        } else if heard.is_empty() {
            let why = "Nothing of it can be shown.";
            view.lacks(State::Unreadable, why);
        }
        (self, view, uses)
    }

    /// Finds what a request adds. `heard`: what it was answered, unless the request goes on behind a cut.
    fn asked<'a>(
        &mut self,
        call: &Call,
        mut request: Request<'a>,
        heard: Option<&[Line<'_>]>,
        view: &mut CallView,
    ) -> (Vec<Line<'a>>, usize, Follows) {
        let asked = lines(&mut request);
        let branch = call.subagent.as_deref();
        let (new, follows) = match heard {
            Some(heard) => self.histories.take(branch, &asked, heard),
            None => self.histories.take_cut(branch, &asked),
        };
        let instructions = request.system.iter().map(|passage| &*passage.text);
        let new_ones = instructions
            .filter(|text| !text.trim().is_empty() && self.instructions.insert((*text).to_owned()))
            .map(str::to_owned)
            .collect();
        view.asked(new_ones, (new, follows), &asked);
        (asked, new, follows)
    }
}

/// Reads the request: of one that was cut, its `beginning`.
fn ask<'a>(
    protocol: Protocol,
    side: &'a Side,
    beginning: Option<&'a Beginning>,
    view: &mut CallView,
) -> Option<Request<'a>> {
    let read = match beginning {
        Some(beginning) => {
            view.cut(side, beginning);
            beginning.request()
        }
        None if side.cut => {
            let why = "The request was too long to be kept whole; none of its turns was.";
            view.lacks(State::Partial, why);
            return None;
        }
        None => read_request(protocol, &side.bytes),
    };
    match read {
        Ok(request) => Some(request),
        Err(unfit) => {
            let why = format!("The request does not read here: {}.", unfit.sentence());
            view.lacks(State::Partial, why);
            None
        }
    }
}

/// Reads the answer, as far as it goes.
fn hear(call: &Call, protocol: Protocol, side: &Side, view: &mut CallView) -> Vec<Line<'static>> {
    // What is no answer is told by the row: its status, and the name of the error.
    if call.status.is_none_or(|status| status >= 300) || side.bytes.is_empty() {
        return Vec::new();
    }
    let kind = side.content_type.as_deref().unwrap_or_default();
    let stream = kind.trim_start().starts_with("text/event-stream");
    let (answer, read): (Answer, _) = read_answer(protocol, &side.bytes, stream);
    if side.cut {
        view.lacks(State::Partial, "The answer was too long to be kept whole.");
    } else if read.is_err() && call.outcome != Outcome::Success {
        view.lacks(State::Partial, "The answer broke off.");
    } else if let Err(error) = read {
        view.lacks(
            State::Partial,
            format!("The answer does not read: {error}."),
        );
    }
    let lines = answered(answer);
    view.answered(&lines);
    lines
}
