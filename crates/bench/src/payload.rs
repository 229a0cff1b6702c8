//! The bytes of every request and answer, computed by the same code on both ends, so that the
//! generator can compare what arrived with what the mock must have sent.
//!
//! Knows the wire formats only as far as a benchmark needs them; refuses to know HTTP.

mod agent;
mod chat;
mod filler;
mod messages;
mod responses;
#[cfg(test)]
mod tests;

use std::fmt;

use bytes::Bytes;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use self::filler::{filler, unescape};

/// The model every request names: one with a known price, so that cost is computed too.
pub(crate) const MODEL: &str = "claude-sonnet-4-6";

/// Digits of a time stamp inside an event; fixed, so that stamping never moves a byte.
pub(crate) const STAMP_DIGITS: usize = 20;

/// The fewest events that make a complete stream in any format.
pub(crate) const MIN_EVENTS: u32 = 9;

const NO_STAMP: &str = "00000000000000000000";

/// Which wire format a call speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Api {
    /// `POST /v1/messages`
    Messages,
    /// `POST /v1/chat/completions`
    Chat,
    /// `POST /v1/responses`
    Responses,
}

impl Api {
    /// The path a client posts to.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Messages => "/v1/messages?beta=true",
            Self::Chat => "/v1/chat/completions",
            Self::Responses => "/v1/responses",
        }
    }
}

impl fmt::Display for Api {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Messages => "messages",
            Self::Chat => "chat",
            Self::Responses => "responses",
        })
    }
}

/// What a request asks the model to go on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Prompt {
    /// Turns of about 2 KB of text.
    Talk,
    /// An agent's work: instructions, tools with schemas, many turns of calls and their results.
    Work,
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
    /// The text that a reader of the answer gets, whatever protocol carries it.
    pub(crate) said: String,
}

impl Script {
    /// A plain JSON answer of about `size` bytes (never fewer than its frame needs).
    pub(crate) fn answer(api: Api, size: usize) -> Self {
        let frame = match api {
            Api::Messages => messages::answer,
            Api::Chat => chat::answer,
            Api::Responses => responses::answer,
        };
        let text = filler(0, size.saturating_sub(frame("").len()));
        let body = frame(&text);
        Self {
            ends: vec![body.len()],
            bytes: Bytes::from(body),
            stamps: Vec::new(),
            said: unescape(&text),
        }
    }

    /// A stream of `events` server-sent events (at least [`MIN_EVENTS`]).
    pub(crate) fn stream(api: Api, events: u32) -> Self {
        let mut draft = Draft::default();
        let events = events.max(MIN_EVENTS);
        match api {
            Api::Messages => messages::stream(&mut draft, events),
            Api::Chat => chat::stream(&mut draft, events),
            Api::Responses => responses::stream(&mut draft, events),
        }
        Self {
            bytes: Bytes::from(draft.text),
            ends: draft.ends,
            stamps: draft.stamps,
            said: unescape(&draft.said),
        }
    }
}

/// A stream being written.
#[derive(Debug, Default)]
struct Draft {
    text: String,
    ends: Vec<usize>,
    stamps: Vec<Stamp>,
    /// The answer's text so far, as in a JSON string.
    said: String,
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

    /// The text of piece `number`: its number, a stamp, and `room` bytes.
    fn say(&mut self, number: u32, room: usize) {
        let start = self.text.len();
        self.push(&format!("{number:06} "));
        self.stamp(StampKind::Sent);
        let offset = usize::try_from(number).unwrap_or(0) * 11;
        self.push(&format!(" {}", filler(offset, room)));
        self.said.push_str(&self.text[start..]);
    }

    fn end(&mut self) {
        self.text.push_str("\n\n");
        self.ends.push(self.text.len());
    }
}

/// A request body of exactly `size` bytes, or as many as its frame needs if that is more.
pub(crate) fn request(api: Api, prompt: Prompt, size: usize, stream: bool) -> Bytes {
    Bytes::from(match prompt {
        Prompt::Work => agent::request(api, size, stream),
        Prompt::Talk => {
            let frame = |turns: &str| match api {
                Api::Messages => messages::request(turns, stream),
                Api::Chat => chat::request(turns, stream),
                Api::Responses => responses::request(turns, stream),
            };
            frame(&turns(size.saturating_sub(frame("").len())))
        }
    })
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
