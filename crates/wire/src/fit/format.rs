//! The form of the answer: natively, or asked for in words behind the other instructions.

use crate::Protocol;
use crate::conversation::{Format, Part, Passage, Request, Role, Turn};
use crate::dialect::{Dialect, Quirk};
use crate::loss::Loss;

/// Asks for an object.
const OBJECT: &str =
    "Answer with one valid JSON object and nothing else: no text around it, no code fence.";

/// Fits the form.
pub(super) fn fit(request: &mut Request<'_>, target: &Dialect) {
    let Some(format) = request.format.take() else {
        return;
    };
    request.format = match (format, target.protocol) {
        // Text is what Messages answers by itself.
        (Format::Text, Protocol::Messages) => None,
        (Format::Text, Protocol::Chat) if target.is_text_alone() => None,
        (Format::JsonObject, Protocol::Chat) if target.is_text_alone() => {
            request.losses.add(Loss::JsonObject);
            instruct(request, OBJECT.to_owned());
            None
        }
        (Format::JsonObject, Protocol::Messages) => {
            request.losses.add(Loss::JsonObject);
            instruct(request, OBJECT.to_owned());
            None
        }
        (format @ Format::JsonSchema { .. }, Protocol::Messages) => {
            if target.has(Quirk::NoOutputFormat) {
                describe(request, &format);
                None
            } else {
                let loose = matches!(
                    format,
                    Format::JsonSchema {
                        strict: Some(false),
                        ..
                    }
                );
                request.losses.add_if(loose, Loss::Strict);
                Some(format)
            }
        }
        (format @ Format::JsonSchema { .. }, Protocol::Chat) if target.has(Quirk::NoJsonSchema) => {
            describe(request, &format);
            (!target.is_text_alone()).then_some(Format::JsonObject)
        }
        (Format::JsonObject, Protocol::Responses) => {
            name(&mut request.turns);
            Some(Format::JsonObject)
        }
        (format, Protocol::Chat | Protocol::Responses) => Some(format),
    };
}

/// Responses refuses this form where the word is nowhere in the input; instructions do not count.
fn name(turns: &mut Vec<Turn<'_>>) {
    let parts = turns.iter().flat_map(|turn| &turn.parts);
    let mut texts = parts.filter_map(|part| match part {
        Part::Text(said) => Some(said.text.as_bytes()),
        _ => None,
    });
    if texts.any(|text| {
        text.windows(4)
            .any(|word| word.eq_ignore_ascii_case(b"json"))
    }) {
        return;
    }
    let part = Part::text(OBJECT);
    match turns.last_mut() {
        Some(turn) if turn.role == Role::System => turn.parts.push(part),
        Some(_) | None => turns.push(Turn {
            role: Role::System,
            parts: vec![part],
        }),
    }
}

/// Asks for JSON that matches a schema, which nobody enforces.
fn describe(request: &mut Request<'_>, format: &Format<'_>) {
    if let Format::JsonSchema { schema, .. } = format {
        request.losses.add(Loss::Strict);
        instruct(
            request,
            format!("{OBJECT} It must match this JSON schema:\n{}", schema.get()),
        );
    }
}

fn instruct(request: &mut Request<'_>, text: String) {
    request.system.push(Passage {
        text: text.into(),
        cache: None,
    });
}
