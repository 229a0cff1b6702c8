//! Streams of events. A model says a secret in pieces, each in an event of its own; the pieces of one
//! place are read together, and each is written again without its part.

use std::collections::HashMap;
use std::ops::Range;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::{Found, find, json};

/// Whether a text is a stream of events.
pub(super) fn is_stream(text: &str) -> bool {
    let begins = |line: &str| {
        let named = ["data:", "event:", "id:", "retry:"];
        line.starts_with(':') || named.iter().any(|name| line.starts_with(name))
    };
    text.trim_start().lines().next().is_some_and(begins)
}

/// The stream, redacted. A last line that is cut short goes as a whole: what it is a piece of cannot be
/// read.
pub(super) fn redact(text: &str) -> String {
    let joined = join(whole(text));
    let mut out = String::with_capacity(joined.len());
    for line in joined.split_inclusive('\n') {
        out.push_str(&json::redact(line));
    }
    out
}

/// The stream without a last line that is half an object.
fn whole(text: &str) -> &str {
    let last = text.rfind('\n').map_or(0, |end| end + 1);
    let data = text[last..].strip_prefix("data:").unwrap_or_default();
    let object = data.trim_start().starts_with('{');
    if object && serde_json::from_str::<IgnoredAny>(data).is_err() {
        return &text[..last];
    }
    text
}

/// Where a piece of text belongs: its kind and the numbers of what it is part of.
type Place<'a> = (&'static str, [Option<u64>; 3], Option<&'a str>);

/// A piece of text that an event adds to a place.
struct Piece<'a> {
    place: Place<'a>,
    /// Where its string stands in the stream.
    span: Range<usize>,
    text: String,
}

#[derive(Deserialize, Default)]
struct Event<'a> {
    index: Option<u64>,
    output_index: Option<u64>,
    content_index: Option<u64>,
    summary_index: Option<u64>,
    #[serde(borrow)]
    item_id: Option<&'a str>,
    #[serde(borrow)]
    delta: Option<&'a RawValue>,
    #[serde(borrow, default)]
    choices: Vec<Choice<'a>>,
}

#[derive(Deserialize, Default)]
struct Choice<'a> {
    index: Option<u64>,
    #[serde(borrow)]
    delta: Option<&'a RawValue>,
}

/// What an event adds: members of Messages' deltas and of Chat's.
#[derive(Deserialize, Default)]
struct Delta<'a> {
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    thinking: Option<&'a RawValue>,
    #[serde(borrow)]
    partial_json: Option<&'a RawValue>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    reasoning_content: Option<&'a RawValue>,
    #[serde(borrow)]
    reasoning: Option<&'a RawValue>,
    #[serde(borrow)]
    refusal: Option<&'a RawValue>,
    #[serde(borrow, default)]
    tool_calls: Vec<ToolCall<'a>>,
}

#[derive(Deserialize, Default)]
struct ToolCall<'a> {
    index: Option<u64>,
    #[serde(borrow)]
    function: Option<Function<'a>>,
}

#[derive(Deserialize, Default)]
struct Function<'a> {
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
}

/// The stream without secrets that are said in pieces.
fn join(stream: &str) -> String {
    let pieces = pieces(stream);
    let mut places: HashMap<Place<'_>, Vec<&Piece<'_>>> = HashMap::new();
    for piece in &pieces {
        places.entry(piece.place).or_default().push(piece);
    }
    let mut changed = Vec::new();
    for pieces in places.values() {
        let text: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
        let found = find(&text);
        if !found.is_empty() {
            let again = pieces.iter().scan(0, |from, piece| {
                let own = *from..*from + piece.text.len();
                *from = own.end;
                Some((piece.span.clone(), part(&text, &own, &found)))
            });
            changed.extend(again);
        }
    }
    changed.sort_by_key(|(span, _)| span.start);
    let mut out = String::with_capacity(stream.len());
    let mut from = 0;
    for (span, text) in changed {
        out.push_str(&stream[from..span.start]);
        out.push_str(&json::written(&text));
        from = span.end;
    }
    out.push_str(&stream[from..]);
    out
}

/// One piece of a text without what was found. What stands instead of it stands where it began.
fn part(text: &str, own: &Range<usize>, found: &[Found]) -> String {
    let mut out = String::new();
    let mut from = own.start;
    for found in found {
        let span = &found.span;
        if span.end <= own.start || span.start >= own.end {
            continue;
        }
        if span.start >= own.start {
            out.push_str(&text[from..span.start]);
            out.push_str(&found.label(text));
        }
        from = span.end.min(own.end);
    }
    out.push_str(&text[from..own.end]);
    out
}

/// Every piece of text in a stream, in order.
fn pieces(stream: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    for line in stream.lines() {
        let Some(data) = line.strip_prefix("data:") else {
            continue;
        };
        let Ok(event) = serde_json::from_str::<Event<'_>>(data) else {
            continue;
        };
        let mut add = |kind, numbers, item, raw: Option<&RawValue>| {
            pieces.extend(raw.and_then(|raw| piece(stream, (kind, numbers, item), raw)));
        };
        let part = event.content_index.or(event.summary_index);
        if let Some(delta) = event.delta {
            let place = [event.index, event.output_index, part];
            match read(delta) {
                // The Responses' deltas are plain strings.
                None => add("delta", place, event.item_id, Some(delta)),
                Some(delta) => {
                    add("text", place, None, delta.text);
                    add("thinking", place, None, delta.thinking);
                    add("partial_json", place, None, delta.partial_json);
                }
            }
        }
        for choice in &event.choices {
            let Some(delta) = choice.delta.and_then(read) else {
                continue;
            };
            let place = [choice.index, None, None];
            add("content", place, None, delta.content);
            add("reasoning_content", place, None, delta.reasoning_content);
            add("reasoning", place, None, delta.reasoning);
            add("refusal", place, None, delta.refusal);
            for call in &delta.tool_calls {
                let arguments = call.function.as_ref().and_then(|one| one.arguments);
                add(
                    "arguments",
                    [choice.index, call.index, None],
                    None,
                    arguments,
                );
            }
        }
    }
    pieces
}

/// An object of a delta; `None` if it is none.
fn read(raw: &RawValue) -> Option<Delta<'_>> {
    serde_json::from_str(raw.get()).ok()
}

/// A string and where it stands.
fn piece<'a>(stream: &str, place: Place<'a>, raw: &RawValue) -> Option<Piece<'a>> {
    let text = serde_json::from_str(raw.get()).ok()?;
    let start = (raw.get().as_ptr() as usize).checked_sub(stream.as_ptr() as usize)?;
    let span = start..start + raw.get().len();
    Some(Piece { place, span, text })
}
