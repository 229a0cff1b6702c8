//! An answer, read into the hub's events.
//!
//! Blocks that the hub has no word for (server tools but for the web search, and whatever is new) are left
//! out; the numbers of the others stay dense. A whole answer is read as the stream it could have been.

use std::fmt;

use serde_json::value::RawValue;

use crate::Protocol;
use crate::answer::{Event, MOST_BLOCKS, Malformed, Sink, Stop, StopReason};
use crate::failure;
use crate::sse::Frame;
use crate::usage::Counts;

mod block;
mod search;
mod shape;
#[cfg(test)]
mod tests;

use block::{Blocks, Numbered};
use shape::{Delta, Message, Said, Str, read};

/// Reads a stream.
#[derive(Default)]
pub struct StreamDecoder {
    started: bool,
    ended: bool,
    /// Begun and not ended, under the upstream's index.
    open: Vec<Numbered>,
    blocks: Blocks,
    /// All the counts so far: later ones replace earlier ones one by one.
    counts: Counts,
    stop: Option<Stop<'static>>,
}

impl fmt::Debug for StreamDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamDecoder").finish_non_exhaustive()
    }
}

impl StreamDecoder {
    /// Takes the next event of the stream.
    pub fn frame(&mut self, frame: Frame<'_>, sink: Sink<'_>) -> Result<(), Malformed> {
        // Some servers end every stream they send with this, whatever the protocol.
        if self.ended || frame.data == b"[DONE]" {
            return Ok(());
        }
        let said: Said<'_> = read(frame.data, "an event is not a JSON object")?;
        let kind = match &said.kind {
            Some(kind) => kind.0.as_bytes(),
            None => frame.event.unwrap_or_default(),
        };
        match kind {
            b"message_start" => {
                let message = required(said.message, "a message_start without a message")?;
                self.start(&Message::read(message.get().as_bytes())?, sink)
            }
            b"content_block_start" => {
                let block = required(said.content_block, "a content_block_start without a block")?;
                self.open(said.index()?, block, sink)
            }
            b"content_block_delta" => {
                let delta = required(said.delta, "a content_block_delta without a delta")?;
                self.delta(said.index()?, delta, sink)
            }
            b"content_block_stop" => self.close(said.index()?, sink),
            b"message_delta" => self.message_delta(said.delta, said.usage, sink),
            b"message_stop" => self.end(sink),
            b"ping" => {
                sink(Event::Alive);
                Ok(())
            }
            b"error" => {
                self.ended = true;
                sink(Event::Failed(failure::in_band(frame.data)));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The stream is over: says that it was cut if its last event is missing.
    pub fn finish(&mut self, _: Sink<'_>) -> Result<(), Malformed> {
        if self.ended {
            Ok(())
        } else {
            Err(Malformed::TRUNCATED)
        }
    }

    fn start(&mut self, message: &Message<'_>, sink: Sink<'_>) -> Result<(), Malformed> {
        if std::mem::replace(&mut self.started, true) {
            return Err(Malformed("a second message_start"));
        }
        self.count(message.usage);
        sink(Event::Start {
            id: Str::text(message.id.as_ref()).into(),
            model: Str::text(message.model.as_ref()).into(),
            usage: self.counts.usage(Protocol::Messages).0,
        });
        Ok(())
    }

    fn open(&mut self, index: u64, raw: &RawValue, sink: Sink<'_>) -> Result<(), Malformed> {
        if !self.started {
            return Err(Malformed("a block before message_start"));
        }
        if self.open.iter().any(|open| open.index == index) {
            return Err(Malformed("a block that is already open"));
        }
        if self.open.len() == MOST_BLOCKS {
            return Err(Malformed::TOO_MANY);
        }
        let block = self.blocks.open(raw, sink)?;
        self.open.push(Numbered { index, block });
        Ok(())
    }

    fn delta(&mut self, index: u64, raw: &RawValue, sink: Sink<'_>) -> Result<(), Malformed> {
        let open = self.open.iter_mut().find(|open| open.index == index);
        let open = open.ok_or(Malformed("a delta outside of any block"))?;
        open.block.delta(raw, sink)
    }

    fn close(&mut self, index: u64, sink: Sink<'_>) -> Result<(), Malformed> {
        let place = self.open.iter().position(|open| open.index == index);
        let place = place.ok_or(Malformed("the end of a block that is not open"))?;
        let Numbered { block, .. } = self.open.remove(place);
        self.blocks.close(block, sink);
        Ok(())
    }

    fn message_delta(
        &mut self,
        delta: Option<&RawValue>,
        usage: Option<&RawValue>,
        sink: Sink<'_>,
    ) -> Result<(), Malformed> {
        if !self.started {
            return Err(Malformed("a message_delta before message_start"));
        }
        if let Some(delta) = delta {
            let delta: Delta<'_> = read(delta.get().as_bytes(), "a message_delta of wrong types")?;
            self.stop_for(delta.stop_reason.as_ref(), delta.stop_sequence);
        }
        self.count(usage);
        self.tell_usage(usage, sink);
        Ok(())
    }

    fn end(&mut self, sink: Sink<'_>) -> Result<(), Malformed> {
        if !self.started {
            return Err(Malformed("a message_stop before message_start"));
        }
        if !self.open.is_empty() {
            return Err(Malformed("the message ended inside a block"));
        }
        // Whoever knows no reason to stop was stopped.
        let stop = self.stop.take().ok_or(Malformed::TRUNCATED)?;
        self.ended = true;
        sink(Event::Stop(stop));
        sink(Event::End);
        Ok(())
    }

    fn count(&mut self, usage: Option<&RawValue>) {
        if let Some(usage) = usage {
            self.counts.update(&Counts::read(usage.get().as_bytes()));
        }
    }

    fn tell_usage(&self, usage: Option<&RawValue>, sink: Sink<'_>) {
        if usage.is_some() {
            sink(Event::Usage(self.counts.usage(Protocol::Messages).0));
        }
    }

    fn stop_for(&mut self, reason: Option<&Str<'_>>, sequence: Option<Str<'_>>) {
        if let Some(reason) = reason {
            self.stop = Some(Stop {
                reason: stop_reason(&reason.0),
                sequence: sequence.map(|sequence| sequence.0.into_owned().into()),
            });
        }
    }
}

/// Reads a whole answer.
pub fn decode_whole(body: &[u8], sink: Sink<'_>) -> Result<(), Malformed> {
    let message = Message::read(body)?;
    let Some(content) = message.content else {
        required(
            message.error,
            "an answer that is neither a message nor an error",
        )?;
        sink(Event::Failed(failure::in_band(body)));
        return Ok(());
    };
    let content: Vec<&RawValue> = read(content.get().as_bytes(), "content that is no list")?;
    let mut decoder = StreamDecoder::default();
    decoder.start(&message, sink)?;
    for (index, block) in (0..).zip(content) {
        decoder.open(index, block, sink)?;
        decoder.close(index, sink)?;
    }
    decoder.tell_usage(message.usage, sink);
    decoder.stop_for(message.stop_reason.as_ref(), message.stop_sequence);
    // A body that is whole JSON was not cut, whether its server gives a reason or not.
    let done = || Stop::because(StopReason::EndTurn);
    decoder.stop.get_or_insert_with(done);
    decoder.end(sink)
}

/// Why the model stopped. A reason that is new is an end like any other.
fn stop_reason(word: &str) -> StopReason {
    match word {
        "stop_sequence" => StopReason::StopSequence,
        "tool_use" => StopReason::ToolUse,
        "max_tokens" => StopReason::MaxTokens,
        "model_context_window_exceeded" => StopReason::ContextWindow,
        "refusal" => StopReason::Refusal,
        "pause_turn" => StopReason::Pause,
        _ => StopReason::EndTurn,
    }
}

fn required<'a>(
    member: Option<&'a RawValue>,
    otherwise: &'static str,
) -> Result<&'a RawValue, Malformed> {
    member.ok_or(Malformed(otherwise))
}
