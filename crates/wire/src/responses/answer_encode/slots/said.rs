//! The events in which an item comes, each with the id and the place of its item.

use super::Place;
use crate::conversation::Kind;
use crate::responses::answer_encode::Tape;
use crate::responses::answer_encode::item::{self, Part};
use crate::responses::answer_encode::object::Object;

fn of_item<'e, 'o>(event: &'e mut Object<'o>, id: &str, place: Place) -> &'e mut Object<'o> {
    event
        .text("item_id", id)
        .number("output_index", place.slot as u64)
}

fn of_part<'e, 'o>(event: &'e mut Object<'o>, id: &str, place: Place) -> &'e mut Object<'o> {
    of_item(event, id, place).number("content_index", place.part as u64)
}

fn of_summary<'e, 'o>(event: &'e mut Object<'o>, id: &str, place: Place) -> &'e mut Object<'o> {
    of_item(event, id, place).number("summary_index", 0)
}

/// An item begins or is done; `json`: the item.
pub(super) fn item(tape: &mut Tape<'_>, name: &str, slot: usize, json: &[u8]) {
    tape.event(name, |event| {
        event
            .number("output_index", slot as u64)
            .with("item", |out| out.extend_from_slice(json));
    });
}

/// A part of a message begins.
pub(super) fn part_added(tape: &mut Tape<'_>, part: &Part, id: &str, place: Place) {
    tape.event("response.content_part.added", |event| {
        of_part(event, id, place).with("part", |out| part.write(out));
    });
}

/// A part of a message goes on.
pub(super) fn part_delta(tape: &mut Tape<'_>, part: &Part, id: &str, place: Place, piece: &str) {
    if part.refusal {
        tape.event("response.refusal.delta", |event| {
            of_part(event, id, place).text("delta", piece);
        });
    } else {
        tape.event("response.output_text.delta", |event| {
            of_part(event, id, place)
                .text("delta", piece)
                .raw("logprobs", "[]");
        });
    }
}

/// A part of a message ends.
pub(super) fn part_done(tape: &mut Tape<'_>, part: &Part, id: &str, place: Place) {
    if part.refusal {
        tape.event("response.refusal.done", |event| {
            of_part(event, id, place).text("refusal", &part.text);
        });
    } else {
        for index in 0..part.sources.len() {
            tape.event("response.output_text.annotation.added", |event| {
                of_part(event, id, place)
                    .number("annotation_index", index as u64)
                    .with("annotation", |out| part.annotation(out, index));
            });
        }
        tape.event("response.output_text.done", |event| {
            of_part(event, id, place)
                .text("text", &part.text)
                .raw("logprobs", "[]");
        });
    }
    tape.event("response.content_part.done", |event| {
        of_part(event, id, place).with("part", |out| part.write(out));
    });
}

/// The readable part of a thought goes on, or begins.
pub(super) fn thought_delta(tape: &mut Tape<'_>, first: bool, id: &str, place: Place, piece: &str) {
    if first {
        tape.event("response.reasoning_summary_part.added", |event| {
            of_summary(event, id, place).with("part", |out| item::summary(out, ""));
        });
    }
    tape.event("response.reasoning_summary_text.delta", |event| {
        of_summary(event, id, place).text("delta", piece);
    });
}

/// The readable part of a thought ends.
pub(super) fn thought_done(tape: &mut Tape<'_>, text: &str, id: &str, place: Place) {
    tape.event("response.reasoning_summary_text.done", |event| {
        of_summary(event, id, place).text("text", text);
    });
    tape.event("response.reasoning_summary_part.done", |event| {
        of_summary(event, id, place).with("part", |out| item::summary(out, text));
    });
}

/// The input of a call goes on. A tool search has no events for it.
pub(super) fn input_delta(tape: &mut Tape<'_>, kind: Kind, id: &str, place: Place, piece: &str) {
    let name = match kind {
        Kind::Function => "response.function_call_arguments.delta",
        Kind::Freeform => "response.custom_tool_call_input.delta",
        Kind::ToolSearch => return,
    };
    tape.event(name, |event| {
        of_item(event, id, place).text("delta", piece);
    });
}

/// The input of a call ends.
pub(super) fn input_done(
    tape: &mut Tape<'_>,
    kind: Kind,
    name: &str,
    input: &str,
    id: &str,
    place: Place,
) {
    match kind {
        Kind::Function => tape.event("response.function_call_arguments.done", |event| {
            of_item(event, id, place)
                .text("name", name)
                .text("arguments", input);
        }),
        Kind::Freeform => tape.event("response.custom_tool_call_input.done", |event| {
            of_item(event, id, place).text("input", input);
        }),
        Kind::ToolSearch => {}
    }
}

/// All that a web search says on its way.
pub(super) fn searched(tape: &mut Tape<'_>, id: &str, place: Place) {
    for name in [
        "response.web_search_call.in_progress",
        "response.web_search_call.searching",
        "response.web_search_call.completed",
    ] {
        tape.event(name, |event| {
            of_item(event, id, place);
        });
    }
}
