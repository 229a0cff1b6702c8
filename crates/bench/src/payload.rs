//! The bytes of every request and answer, computed by the same code on both ends, so that the
//! generator can compare what arrived with what the mock must have sent.
//!
//! Knows the two wire formats only as far as a benchmark needs them; refuses to know HTTP.

mod chat;
mod messages;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// The model every request names: one with a known price, so that cost is computed too.
pub(crate) const MODEL: &str = "claude-sonnet-4-6";

/// Digits of a time stamp inside an event; fixed, so that stamping never moves a byte.
pub(crate) const STAMP_DIGITS: usize = 20;

/// The fewest events that make a complete stream in either format.
pub(crate) const MIN_EVENTS: u32 = 6;

const NO_STAMP: &str = "00000000000000000000";

/// Text that fills answers and prompts: prose and code with the escapes real traffic has.
const FILLER: &str = "The parser reads one record at a time, keeps the offset of the last \
complete line and returns it to the caller.\\n\\n```rust\\nfn next(&mut self) -> Option<Line> \
{\\n    let end = self.find(b'\\\\n')?;\\n    Some(self.split(\\\"line\\\", end))\\n}\\n```\\nTests \
cover an empty file, a file without a final newline and a line longer than the buffer. ";

/// Which wire format a call speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Api {
    /// `POST /v1/messages`
    Messages,
    /// `POST /v1/chat/completions`
    Chat,
}

impl Api {
    /// The path a client posts to.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Messages => "/v1/messages?beta=true",
            Self::Chat => "/v1/chat/completions",
        }
    }
}

/// What a stamp says once the mock has written it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StampKind {
    /// When the event was handed to the socket.
    Sent,
    /// When the whole request had arrived at the mock (in the first event only).
    Received,
}

/// Where a stamp lies in the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// Offset of its first digit.
    pub(crate) at: usize,
    /// Its meaning.
    pub(crate) kind: StampKind,
}

/// A complete answer: its bytes, where its events end and where time stamps go.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    /// All bytes, stamps as zeros.
    pub(crate) bytes: Bytes,
    /// The offset behind each event; a plain answer is one event.
    pub(crate) ends: Vec<usize>,
    /// Ascending by offset.
    pub(crate) stamps: Vec<Stamp>,
}

impl Script {
    /// A plain JSON answer of about `size` bytes (never fewer than its frame needs).
    pub(crate) fn answer(api: Api, size: usize) -> Self {
        let text = |room: usize| filler(0, room);
        let body = match api {
            Api::Messages => messages::answer(size, text),
            Api::Chat => chat::answer(size, text),
        };
        Self {
            ends: vec![body.len()],
            bytes: Bytes::from(body),
            stamps: Vec::new(),
        }
    }

    /// A stream of `events` server-sent events (at least [`MIN_EVENTS`]).
    pub(crate) fn stream(api: Api, events: u32) -> Self {
        let mut draft = Draft::default();
        let events = events.max(MIN_EVENTS);
        match api {
            Api::Messages => messages::stream(&mut draft, events),
            Api::Chat => chat::stream(&mut draft, events),
        }
        Self {
            bytes: Bytes::from(draft.text),
            ends: draft.ends,
            stamps: draft.stamps,
        }
    }
}

/// A stream being written.
#[derive(Debug, Default)]
struct Draft {
    text: String,
    ends: Vec<usize>,
    stamps: Vec<Stamp>,
}

impl Draft {
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn stamp(&mut self, kind: StampKind) {
        self.stamps.push(Stamp {
            at: self.text.len(),
            kind,
        });
        self.text.push_str(NO_STAMP);
    }

    fn end(&mut self) {
        self.text.push_str("\n\n");
        self.ends.push(self.text.len());
    }
}

/// A request body of exactly `size` bytes, or as many as its frame needs if that is more: a
/// conversation in turns of about 2 KB, keys in the order the real clients use.
pub(crate) fn request(api: Api, size: usize, stream: bool) -> Bytes {
    Bytes::from(match api {
        Api::Messages => messages::request(size, stream),
        Api::Chat => chat::request(size, stream),
    })
}

/// True when a request body asks for a stream. Looks at the end only, where the clients put
/// that key: the mock must not spend the generator's core on reading prompts.
pub(crate) fn wants_stream(tail: &[u8]) -> bool {
    const KEY: &[u8] = b"\"stream\":true";
    tail.windows(KEY.len()).any(|window| window == KEY)
}

/// `room` bytes of JSON string content, beginning `offset` bytes into the filler; escapes are
/// never cut in half.
fn filler(offset: usize, room: usize) -> String {
    let mut text = String::with_capacity(room);
    let mut rest = FILLER
        .char_indices()
        .skip(offset % FILLER.len())
        .map(|(_, letter)| letter)
        .chain(std::iter::repeat_with(|| FILLER.chars()).flatten());
    let mut slashes = 0;
    while text.len() < room {
        let letter = rest.next().unwrap_or(' ');
        slashes = if letter == '\\' { slashes + 1 } else { 0 };
        text.push(letter);
    }
    close_escape(&mut text, slashes);
    open_escape(&mut text);
    text
}

/// Replaces a backslash left alone at the end.
fn close_escape(text: &mut String, slashes: usize) {
    if slashes % 2 == 1 {
        text.pop();
        text.push(' ');
    }
}

/// Replaces what the offset may have torn from an escape at the start.
fn open_escape(text: &mut String) {
    let torn = text
        .bytes()
        .take_while(|byte| matches!(byte, b'\\' | b'"'))
        .count();
    text.replace_range(..torn, &" ".repeat(torn));
}

/// The turns of a conversation, to be joined by commas, that take `room` bytes with them.
fn turns(room: usize) -> String {
    const TURN: usize = 2_048;
    const FRAME: usize = r#"{"role":"assistant","content":""}"#.len();
    let mut text = String::with_capacity(room);
    let mut number = 0;
    loop {
        let left = room.saturating_sub(text.len());
        // The last turn takes the remainder; an odd number of turns ends with the user.
        let last = left < 3 * TURN && number % 2 == 0;
        let (role, pad) = if number % 2 == 0 {
            ("user", 5)
        } else {
            ("assistant", 0)
        };
        let comma = usize::from(!last);
        let size = if last { left } else { TURN };
        let content = filler(number * 7, size.saturating_sub(FRAME - pad + comma));
        text.extend([r#"{"role":""#, role, r#"","content":""#, &content, r#""}"#]);
        if last {
            return text;
        }
        text.push(',');
        number += 1;
    }
}
