//! A stream put together to the whole answer that a caller of the protocol itself asked for.
//!
//! The answer is the response that the stream's last event carries, in the bytes it came in. Where that one
//! leaves its output out, the items stand in it that the stream ended one by one.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::answer_decode::{Str, failed};
use crate::answer::Malformed;
use crate::failure;
use crate::members::Members;
use crate::sse::{Decoder, Frame};
use crate::translate::Finished;

/// Longest event that is read.
const EVENT_LIMIT: usize = 16 * 1024 * 1024;
/// The longest answer, in bytes of its items.
const ANSWER_LIMIT: usize = 64 * 1024 * 1024;

/// Puts a stream together.
pub struct Assembler {
    frames: Decoder,
    answer: Answer,
    /// Bytes since the last event: what never becomes an event must not come for ever.
    since: usize,
}

#[derive(Default)]
struct Answer {
    /// Whole items, by their place in the output.
    items: BTreeMap<u64, Box<[u8]>>,
    held: usize,
    end: Option<Finished>,
    broken: Option<Malformed>,
}

impl fmt::Debug for Assembler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assembler")
            .field("items", &self.answer.items.len())
            .finish_non_exhaustive()
    }
}

impl Default for Assembler {
    fn default() -> Self {
        Self {
            frames: Decoder::new(EVENT_LIMIT),
            answer: Answer::default(),
            since: 0,
        }
    }
}

impl Assembler {
    /// Takes the next bytes of the stream, however it is cut.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
        let Self {
            frames,
            answer,
            since,
        } = self;
        *since += bytes.len();
        frames.push(bytes, |frame| {
            *since = 0;
            answer.frame(frame);
        });
        if frames.oversized() > 0 || *since > 2 * EVENT_LIMIT {
            answer.breaks(Malformed("an event is too long"));
        }
        answer.state()
    }

    /// The stream is over.
    pub fn finish(&mut self) -> Result<(), Malformed> {
        let answer = &mut self.answer;
        self.frames.finish(|frame| answer.frame(frame));
        if answer.end.is_none() {
            answer.breaks(Malformed::TRUNCATED);
        }
        answer.state()
    }

    /// Whether the answer has come to its end, good or bad.
    pub fn ended(&self) -> bool {
        self.answer.end.is_some()
    }

    /// The whole answer; `None` before its end.
    pub fn assembled(self) -> Option<Finished> {
        self.answer.end
    }
}

/// The parts of an event that an answer is made of.
#[derive(Deserialize)]
struct Event<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<Str<'a>>,
    output_index: Option<u64>,
    #[serde(borrow)]
    item: Option<&'a RawValue>,
    #[serde(borrow)]
    response: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

impl Answer {
    fn state(&self) -> Result<(), Malformed> {
        match self.broken {
            Some(broken) if self.end.is_none() => Err(broken),
            Some(_) | None => Ok(()),
        }
    }

    fn breaks(&mut self, why: Malformed) {
        self.broken.get_or_insert(why);
    }

    fn frame(&mut self, frame: Frame<'_>) {
        if self.end.is_none() && self.broken.is_none() {
            self.broken = self.event(frame).err();
        }
    }

    fn event(&mut self, frame: Frame<'_>) -> Result<(), Malformed> {
        let data = frame.data.trim_ascii();
        if data.is_empty() || data == b"[DONE]" {
            return Ok(());
        }
        let event: Event<'_> =
            serde_json::from_slice(data).map_err(|_| Malformed("an event is not a JSON object"))?;
        let kind = match &event.kind {
            Some(kind) => &*kind.0,
            None if event.error.is_some() => "error",
            None => std::str::from_utf8(frame.event.unwrap_or_default()).unwrap_or_default(),
        };
        match kind {
            "response.output_item.done" => self.item(&event),
            "response.completed" | "response.incomplete" => {
                let response = event.response.ok_or(LACKS)?;
                let body = self.with_output(response.get())?;
                self.end = Some(Finished::Answer(body));
                Ok(())
            }
            "response.failed" => {
                let response = event.response.ok_or(LACKS)?;
                let response = serde_json::from_str(response.get()).map_err(|_| LACKS)?;
                self.end = Some(Finished::Failed(failed(&response)));
                Ok(())
            }
            "error" => {
                self.end = Some(Finished::Failed(failure::in_band(data)));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn item(&mut self, event: &Event<'_>) -> Result<(), Malformed> {
        let item = event.item.ok_or(Malformed("an event lacks its item"))?;
        let next = self.items.last_key_value().map_or(0, |(last, _)| last + 1);
        let item: Box<[u8]> = item.get().as_bytes().into();
        self.held += item.len();
        if self.held > ANSWER_LIMIT {
            return Err(Malformed("the answer is too long"));
        }
        self.items.insert(event.output_index.unwrap_or(next), item);
        Ok(())
    }

    /// The response with its items, where it has none.
    fn with_output(&self, response: &str) -> Result<Vec<u8>, Malformed> {
        let members: Members<'_> = serde_json::from_str(response).map_err(|_| LACKS)?;
        let own = members.get("output");
        let empty = own.is_none_or(|own| matches!(own.get(), "[]" | "null"));
        if !empty || self.items.is_empty() {
            return Ok(response.as_bytes().to_vec());
        }
        let items: Vec<&[u8]> = self.items.values().map(AsRef::as_ref).collect();
        let list = [b"[", items.join(&b","[..]).as_slice(), b"]"].concat();
        let text = response.as_bytes();
        Ok(match own {
            Some(own) => {
                let start = own.get().as_ptr() as usize - text.as_ptr() as usize;
                [&text[..start], &list, &text[start + own.get().len()..]].concat()
            }
            None => {
                let comma: &[u8] = if members.0.is_empty() { b"" } else { b"," };
                let end = text.len() - 1;
                [&text[..end], comma, b"\"output\":", &list, b"}"].concat()
            }
        })
    }
}

const LACKS: Malformed = Malformed("an event lacks its response");

#[cfg(test)]
mod tests;
