//! An answer, written from the hub's events.
//!
//! The protocol can say nearly everything at once: calls may be open side by side, only texts that go to
//! the same place wait for each other. Held back to the end is what is said last: the sources of the texts,
//! each with the range of its text, and the reason for the stop. The sources go into one chunk because
//! accumulators cannot join lists whose entries have no index. Searches and the tokens of thoughts have no
//! place here.

use std::fmt;

use crate::answer::{Event, Opening, StopReason};
use crate::conversation::{Kind, ToolName};
use crate::translate::Reply;
use crate::{Usage, failure, json};

mod open;
mod pieces;
mod whole;

use open::{Block, Channel, Open, Turn};
pub use whole::encode_whole;

#[cfg(test)]
mod tests;

/// Writes a stream.
pub struct StreamEncoder {
    reply: Reply,
    /// What every chunk begins with, and what every chunk with a choice ends with.
    head: Vec<u8>,
    tail: &'static [u8],
    state: State,
    open: Open,
    /// Calls so far.
    calls: usize,
    /// Characters of `content` so far.
    written: usize,
    /// JSON, separated by commas.
    annotations: Vec<u8>,
    usage: Usage,
    stop: Option<StopReason>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Fresh,
    Started,
    Over,
}

impl fmt::Debug for StreamEncoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamEncoder")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl StreamEncoder {
    /// An encoder for one answer.
    pub fn new(reply: Reply) -> Self {
        Self {
            head: Vec::new(),
            tail: if reply.usage_in_stream {
                b",\"usage\":null}\n\n"
            } else {
                b"}\n\n"
            },
            reply,
            state: State::Fresh,
            open: Open::default(),
            calls: 0,
            written: 0,
            annotations: Vec::new(),
            usage: Usage::default(),
            stop: None,
        }
    }

    /// Takes the next event and appends what can be said of it.
    pub fn event(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        if self.state == State::Over {
            return;
        }
        match event {
            Event::Start { model, usage, .. } => {
                self.usage.update(usage);
                self.start(model, out);
            }
            Event::Open { block, content } => self.open(*block, content, out),
            Event::Delta { block, text } => {
                if let Some(channel) = self.open.say(*block, text) {
                    self.say(channel, text, out);
                }
            }
            Event::Cite { block, source } => self.open.cite(*block, source),
            Event::Close { block } => {
                self.open.close(*block);
                self.take_turns(out);
            }
            Event::Usage(usage) => self.usage.update(usage),
            Event::Stop(stop) => self.stop = Some(stop.reason),
            Event::End => self.end(out),
            Event::Failed(failure) => {
                self.state = State::Over;
                out.extend_from_slice(br#"data: {"error":"#);
                failure::write_openai_error(out, failure);
                out.extend_from_slice(b"}\n\n");
            }
            Event::Alive => out.extend_from_slice(b": keep-alive\n\n"),
            Event::Seal { .. } | Event::Searched { .. } => {}
        }
    }

    fn start(&mut self, model: &str, out: &mut Vec<u8>) {
        if self.state != State::Fresh {
            return;
        }
        self.state = State::Started;
        self.head.extend_from_slice(b"data: ");
        pieces::head(&mut self.head, "chat.completion.chunk", model, &self.reply);
        self.chunk(out, |out| {
            out.extend_from_slice(br#""role":"assistant","content":"""#);
        });
    }

    fn open(&mut self, number: usize, content: &Opening<'_>, out: &mut Vec<u8>) {
        self.start("", out);
        let channel = match content {
            Opening::Text => Channel::Content,
            Opening::Thought => Channel::Reasoning,
            Opening::Refusal => Channel::Refusal,
            Opening::Call { id, tool } => self.call(id, tool, out),
        };
        self.open.push(number, channel);
    }

    fn call(&mut self, id: &str, tool: &ToolName<'_>, out: &mut Vec<u8>) -> Channel {
        let index = self.calls;
        self.calls += 1;
        let id = &pieces::call_id(id, &self.reply, index);
        self.fragment(index, out, |out| {
            out.push(b',');
            pieces::call(out, id, tool, "");
        });
        Channel::Call {
            index,
            kind: tool.kind,
        }
    }

    /// Lets the blocks speak and end whose turn has come.
    fn take_turns(&mut self, out: &mut Vec<u8>) {
        while let Some(turn) = self.open.turn() {
            match turn {
                Turn::Say(channel, text) => self.say(channel, &text, out),
                Turn::End(block) => self.close(&block, out),
            }
        }
    }

    fn close(&mut self, block: &Block, out: &mut Vec<u8>) {
        match block.channel {
            Channel::Content => {
                let end = self.written;
                let start = end.saturating_sub(block.written);
                pieces::annotations(&mut self.annotations, &block.sources, start, end);
            }
            Channel::Call { kind, .. } if block.written == 0 => {
                self.say(block.channel, pieces::input_or_default(kind, ""), out);
            }
            Channel::Reasoning | Channel::Refusal | Channel::Call { .. } => {}
        }
    }

    fn say(&mut self, channel: Channel, text: &str, out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        let field = match channel {
            Channel::Content => {
                self.written += text.chars().count();
                br#""content":"#.as_slice()
            }
            Channel::Reasoning if !self.reply.show_thoughts => return,
            Channel::Reasoning => br#""reasoning_content":"#,
            Channel::Refusal => br#""refusal":"#,
            Channel::Call { index, kind } => return self.input(index, kind, text, out),
        };
        self.chunk(out, |out| {
            out.extend_from_slice(field);
            json::string(out, text);
        });
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.start("", out);
        self.open.close_all();
        self.take_turns(out);
        self.state = State::Over;
        if !self.annotations.is_empty() {
            self.chunk(out, |out| {
                out.extend_from_slice(br#""annotations":["#);
                out.extend_from_slice(&self.annotations);
                out.push(b']');
            });
        }
        out.extend_from_slice(&self.head);
        out.extend_from_slice(br#""choices":[{"index":0,"delta":{},"finish_reason":"#);
        json::string(out, pieces::finish_reason(self.stop, self.calls > 0));
        out.extend_from_slice(b"}]");
        out.extend_from_slice(self.tail);
        // An answer whose usage is not known does not claim that it was free.
        if self.reply.usage_in_stream && !self.usage.is_empty() {
            out.extend_from_slice(&self.head);
            out.extend_from_slice(br#""choices":[],"usage":"#);
            pieces::usage(out, &self.usage);
            out.extend_from_slice(b"}\n\n");
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
    }

    /// A piece of a call's input.
    fn input(&self, index: usize, kind: Kind, text: &str, out: &mut Vec<u8>) {
        self.fragment(index, out, |out| {
            let words = pieces::Words::of(kind);
            for piece in [",\"", words.kind, "\":{\"", words.input, "\":"] {
                out.extend_from_slice(piece.as_bytes());
            }
            json::string(out, text);
            out.push(b'}');
        });
    }

    /// A chunk with a piece of the call of this index.
    fn fragment(&self, index: usize, out: &mut Vec<u8>, rest: impl FnOnce(&mut Vec<u8>)) {
        self.chunk(out, |out| {
            out.extend_from_slice(br#""tool_calls":[{"index":"#);
            out.extend_from_slice(index.to_string().as_bytes());
            rest(out);
            out.extend_from_slice(b"}]");
        });
    }

    /// A chunk with a delta.
    fn chunk(&self, out: &mut Vec<u8>, delta: impl FnOnce(&mut Vec<u8>)) {
        out.extend_from_slice(&self.head);
        out.extend_from_slice(br#""choices":[{"index":0,"delta":{"#);
        delta(out);
        out.extend_from_slice(br#"},"finish_reason":null}]"#);
        out.extend_from_slice(self.tail);
    }
}
