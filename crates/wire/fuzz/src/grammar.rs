//! What a stream to a caller must look like, and what it says.

use serde_json::Value;
use tollhouse_wire::Protocol;
use tollhouse_wire::sse::{Decoder, Frame};

use crate::is_json;

mod chat;
mod messages;
mod responses;

/// How a stream has ended so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ending {
    /// It may go on.
    #[default]
    Open,
    /// The caller has got its answer.
    Done,
    /// The caller has got an error.
    Failed,
}

/// What a stream says, in the terms in which it can be compared with a whole answer.
#[derive(Debug, Default)]
pub struct Heard {
    /// How it ended.
    pub ending: Ending,
    /// Its content, without what only a stream or only a whole answer has.
    pub said: Value,
}

/// Reads a stream. Panics where it is none of the protocol's.
pub fn hear(caller: Protocol, stream: &[u8]) -> Heard {
    let text = std::str::from_utf8(stream).expect("a stream is text");
    for line in text.lines() {
        let known = ["event: ", "data: ", ": keep-alive"];
        assert!(
            line.is_empty() || known.iter().any(|start| line.starts_with(start)),
            "{line}"
        );
    }
    let mut frames = Vec::new();
    let mut decoder = Decoder::new(usize::MAX);
    decoder.push(stream, |frame: Frame<'_>| {
        let name = frame
            .event
            .map(|name| String::from_utf8_lossy(name).into_owned());
        let data = String::from_utf8_lossy(frame.data).into_owned();
        assert!(!data.contains('\n'), "one line of data");
        frames.push((name, data));
    });
    assert!(decoder.at_boundary(), "nothing but whole events");
    match caller {
        Protocol::Messages => messages::hear(&frames),
        Protocol::Chat => chat::hear(&frames),
        Protocol::Responses => responses::hear(&frames),
    }
}

/// Compares a stream with the whole answer in its place. Panics where they say different things.
pub fn agree(caller: Protocol, heard: &Heard, whole: &[u8]) {
    assert!(is_json(whole), "a whole answer is JSON");
    // Numbers too large for a comparison may stand in the inputs of calls.
    let Ok(body) = serde_json::from_slice(whole) else {
        return assert_eq!(heard.ending, Ending::Done);
    };
    let said = match caller {
        Protocol::Messages => messages::said(&body),
        Protocol::Chat => chat::said(&body),
        Protocol::Responses if body["status"] == "failed" => {
            return assert_eq!(heard.ending, Ending::Failed);
        }
        Protocol::Responses => responses::said(&body),
    };
    assert_eq!(heard.ending, Ending::Done);
    assert_eq!(heard.said, said);
}

/// A name, if there is one, and the data.
type Event = (Option<String>, String);

fn parse(data: &str) -> Value {
    serde_json::from_str(data).unwrap_or_else(|error| panic!("{error}: {data}"))
}

/// Appends a text to a text.
fn append(to: &mut Value, piece: &Value) {
    let piece = piece.as_str().unwrap_or_else(|| panic!("a text: {piece}"));
    match to {
        Value::String(text) => text.push_str(piece),
        _ => *to = Value::from(piece),
    }
}
