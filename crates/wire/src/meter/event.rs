//! Cheap looks at an event's data: enough to know that it needs no further reading.
//!
//! A false "nothing here" loses money, so every look is conservative: what is not recognized for certain is
//! read in full. Blanks anywhere are fine; keys written in escapes are not expected of any server.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::json;

/// What the type of an event says about its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    MessageStart,
    MessageDelta,
    MessageStop,
    Error,
    /// `response.created` and its like: the response object before it has content.
    ResponseOpen,
    /// `response.completed`, `.incomplete`, `.failed`.
    ResponseDone,
    /// How much of an account's plan is used.
    Limits,
    /// A piece of generated content.
    Generated,
    /// Known to hold nothing to meter.
    Idle,
    Unknown,
}

impl Event {
    pub(super) fn of(name: &[u8]) -> Self {
        match name {
            b"content_block_delta" => Self::Generated,
            b"content_block_start" | b"content_block_stop" | b"ping" => Self::Idle,
            b"message_start" => Self::MessageStart,
            b"message_delta" => Self::MessageDelta,
            b"message_stop" => Self::MessageStop,
            b"error" => Self::Error,
            b"response.created" | b"response.queued" | b"response.in_progress" => {
                Self::ResponseOpen
            }
            b"response.completed" | b"response.incomplete" | b"response.failed" => {
                Self::ResponseDone
            }
            _ if !name.starts_with(b"response.") => {
                if name == b"codex.rate_limits" {
                    Self::Limits
                } else {
                    Self::Unknown
                }
            }
            _ if name.ends_with(b".delta") => Self::Generated,
            _ => Self::Idle,
        }
    }
}

/// The event of data that begins, as every vendor's does, with its type.
#[inline]
pub(super) fn leading_type(data: &[u8]) -> Option<Event> {
    let rest = unblank(unblank(data).strip_prefix(b"{")?);
    let rest = after_colon(rest.strip_prefix(b"\"type\"")?)?.strip_prefix(b"\"")?;
    let name = &rest[..memchr::memchr(b'"', rest)?];
    // With an escape in it the name could be anything; reading in full will tell.
    (!name.contains(&b'\\')).then(|| Event::of(name))
}

struct Finders {
    delta: Finder<'static>,
    sequence_number: Finder<'static>,
    usage: Finder<'static>,
    finish_reason: Finder<'static>,
    error: Finder<'static>,
}

static FINDERS: LazyLock<Finders> = LazyLock::new(|| Finders {
    delta: Finder::new(b"\"delta\""),
    sequence_number: Finder::new(b"\"sequence_number\""),
    usage: Finder::new(b"\"usage\""),
    finish_reason: Finder::new(b"\"finish_reason\""),
    error: Finder::new(b"\"error\""),
});

/// Whether a Chat chunk says more than another piece of content: a usage, an end or an error that is not null.
pub(super) fn chat_chunk_matters(data: &[u8]) -> bool {
    let finders = &*FINDERS;
    [&finders.usage, &finders.finish_reason, &finders.error]
        .into_iter()
        .any(|finder| {
            let length = finder.needle().len();
            finder.find_iter(data).any(|at| {
                !after_colon(&data[at + length..]).is_some_and(|value| value.starts_with(b"null"))
            })
        })
}

/// The `sequence_number` of an event that is not read in full.
pub(super) fn sequence_number(data: &[u8]) -> Option<u64> {
    let finder = &FINDERS.sequence_number;
    let at = finder.find(data)?;
    let digits = after_colon(&data[at + finder.needle().len()..])?;
    let length = digits
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    std::str::from_utf8(&digits[..length]).ok()?.parse().ok()
}

/// About how many bytes of generated content the first `delta` in `data` holds: the text of the string it is,
/// or of those of its strings that a model writes (not ids, names, roles, signatures).
pub(super) fn generated_bytes(data: &[u8]) -> u64 {
    let finder = &FINDERS.delta;
    let Some(at) = finder.find(data) else {
        return 0;
    };
    match after_colon(&data[at + finder.needle().len()..]) {
        Some([b'"', rest @ ..]) => text_length(rest).1,
        Some(object @ [b'{', ..]) => generated_in_object(object),
        _ => 0,
    }
}

fn generated_in_object(object: &[u8]) -> u64 {
    let (mut at, mut depth, mut total) = (0, 0_usize, 0);
    let mut key: &[u8] = b"";
    while let Some(&byte) = object.get(at) {
        at += 1;
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    break;
                }
            }
            b'"' => {
                let start = at;
                let (raw, decoded) = text_length(&object[start..]);
                at = (start + raw + 1).min(object.len());
                if unblank(&object[at..]).first() == Some(&b':') {
                    key = &object[start..start + raw];
                } else if is_written_by_the_model(key) {
                    total += decoded;
                }
            }
            _ => {}
        }
    }
    total
}

fn is_written_by_the_model(key: &[u8]) -> bool {
    matches!(
        key,
        b"text"
            | b"thinking"
            | b"partial_json"
            | b"content"
            | b"arguments"
            | b"input"
            | b"reasoning_content"
            | b"reasoning"
            | b"refusal"
    )
}

/// Length of a string after its opening quote: as written, and about as meant (an escape is one byte, a `\u`
/// escape three).
fn text_length(text: &[u8]) -> (usize, u64) {
    let (mut at, mut saved) = (0, 0);
    while let Some(stop) = memchr::memchr2(b'"', b'\\', &text[at..]) {
        at += stop;
        if text[at] == b'"' {
            return (at, (at - saved) as u64);
        }
        if text.get(at + 1) == Some(&b'u') {
            saved += 3;
        } else {
            saved += 1;
        }
        at = (at + 2).min(text.len());
    }
    (text.len(), (text.len() - saved.min(text.len())) as u64)
}

#[inline]
fn unblank(mut bytes: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = bytes
        && json::is_blank(*first)
    {
        bytes = rest;
    }
    bytes
}

#[inline]
fn after_colon(bytes: &[u8]) -> Option<&[u8]> {
    unblank(bytes).strip_prefix(b":").map(unblank)
}
