//! An answer, written from the hub's events.
//!
//! A stream's last event repeats the whole response, and its readers check that it agrees with what came
//! before: the items are written by one set of writers, for the stream, for its end and for whole answers. Of
//! an answer only the items that are done are kept, as the JSON text that the end repeats.

use std::fmt;

use crate::Usage;
use crate::answer::{Answer, Event, StopReason};
use crate::failure::{Class, Failure};
use crate::sse;
use crate::translate::Reply;

mod item;
mod object;
mod response;
mod slots;
#[cfg(test)]
pub(super) mod tests;
mod whole;

use object::Object;
use response::{End, Head};
use slots::Slots;
pub use whole::{encode_whole, failure};

/// Writes a stream.
pub struct StreamEncoder {
    head: Head,
    phase: Phase,
    /// The number of the next event.
    next: u64,
    usage: Usage,
    stop: Option<StopReason>,
    refused: bool,
    slots: Slots,
    /// It has ended in this failure.
    failed: Option<Class>,
    /// The answer to a request for a summary, which is told in one piece.
    summary: Option<Answer>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Fresh,
    Running,
    Over,
}

impl fmt::Debug for StreamEncoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamEncoder")
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}

/// Where events are written.
struct Tape<'t> {
    next: &'t mut u64,
    out: &'t mut Vec<u8>,
}

impl Tape<'_> {
    /// Writes one event; `members` adds what it has beside its type and number.
    fn event(&mut self, name: &str, members: impl FnOnce(&mut Object<'_>)) {
        let mut data = Vec::with_capacity(256);
        object::object(&mut data, |event| {
            event
                .text("type", name)
                .number("sequence_number", *self.next);
            members(event);
        });
        *self.next += 1;
        sse::encode::event(self.out, Some(name), &data);
    }
}

impl StreamEncoder {
    /// An encoder for one answer.
    pub fn new(reply: Reply) -> Self {
        Self {
            phase: Phase::Fresh,
            next: 0,
            usage: Usage::default(),
            stop: None,
            refused: false,
            failed: None,
            slots: Slots::new(&reply),
            summary: reply.compact.then(Answer::default),
            head: Head::new(reply),
        }
    }

    /// The failure that the answer ended in, the upstream's or its own.
    pub fn failed(&self) -> Option<Class> {
        self.failed
    }

    /// Takes the next event and appends what can be said of it.
    pub fn event(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        if self.phase == Phase::Over {
            return;
        }
        match event {
            Event::Alive => out.extend_from_slice(b": keep-alive\n\n"),
            Event::Start { model, usage, .. } => {
                if self.phase == Phase::Fresh {
                    self.head.model = model.to_string();
                }
                self.usage.update(usage);
                self.start(out);
            }
            Event::Usage(usage) => self.usage.update(usage),
            Event::Failed(failure) => self.fail(failure, out),
            Event::Stop(stop) => {
                self.stop = Some(stop.reason);
                let mut tape = Tape {
                    next: &mut self.next,
                    out,
                };
                self.slots.settle(item::last(self.stop), &mut tape);
            }
            Event::End => self.end(out),
            _ => self.block(event, out),
        }
    }

    /// Events of blocks.
    fn block(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        self.start(out);
        if let Some(summary) = &mut self.summary {
            summary.take(event.clone());
            return;
        }
        let mut tape = Tape {
            next: &mut self.next,
            out,
        };
        let slots = &mut self.slots;
        match event {
            Event::Open { block, content } => slots.open(*block, content, &mut tape),
            Event::Delta { block, text } => slots.delta(*block, text, &mut tape),
            Event::Seal { block, token } => slots.seal(*block, token, &mut tape),
            Event::Cite { block, source } => slots.cite(*block, source, &mut tape),
            Event::Close { block } => self.refused |= slots.close(*block, &mut tape),
            Event::Searched { query, hits, .. } => slots.searched(query, hits, &mut tape),
            Event::Start { .. }
            | Event::Usage(_)
            | Event::Stop(_)
            | Event::End
            | Event::Failed(_)
            | Event::Alive => {}
        }
    }

    /// Begins the response, once.
    fn start(&mut self, out: &mut Vec<u8>) {
        if self.phase == Phase::Fresh {
            self.phase = Phase::Running;
            self.response("response.created", End::Running, out);
            self.response("response.in_progress", End::Running, out);
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.start(out);
        let mut tape = Tape {
            next: &mut self.next,
            out,
        };
        if let Some(answer) = self.summary.take() {
            match whole::summary(&answer) {
                Some(sealed) => self.slots.summary(sealed, &mut tape),
                None => return self.fail(&no_summary(), out),
            }
        }
        self.slots.settle(item::last(self.stop), &mut tape);
        let end = response::end(self.stop, self.refused);
        let name = match end {
            End::Incomplete(_) => "response.incomplete",
            End::Running | End::Completed | End::Failed(_) => "response.completed",
        };
        self.response(name, end, out);
        self.phase = Phase::Over;
    }

    fn fail(&mut self, failure: &Failure<'_>, out: &mut Vec<u8>) {
        // Readers of the stream want it to begin before it fails.
        self.start(out);
        self.failed = Some(failure.class);
        self.response("response.failed", End::Failed(failure), out);
        self.phase = Phase::Over;
    }

    /// An event that carries the whole response as far as it has come.
    fn response(&mut self, name: &str, end: End<'_>, out: &mut Vec<u8>) {
        let mut tape = Tape {
            next: &mut self.next,
            out,
        };
        tape.event(name, |event| {
            event.with("response", |out| {
                self.head.write(out, end, &self.usage, self.slots.done());
            });
        });
    }
}

/// A request for a summary that got none: the caller would replace the conversation with nothing.
const fn no_summary() -> Failure<'static> {
    Failure {
        class: Class::Server,
        message: std::borrow::Cow::Borrowed("The model answered without a summary."),
        code: None,
        param: None,
    }
}
