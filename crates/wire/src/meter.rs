//! What an answer cost and how it ended, read from its bytes as they pass.
//!
//! A [`Meter`] only listens: it neither changes nor holds back a byte, needs memory only for the event that a
//! read has cut (or for a few short values of a JSON body), and reads in full only the few events of a stream
//! that say something about usage or outcome. It knows nothing of prices, and it estimates nothing.

use std::fmt;

use crate::Protocol;
use crate::sse::{Decoder, Frame};
use crate::usage::Counts;
use crate::walk::Walker;

mod event;
mod outcome;
mod reading;
#[cfg(test)]
mod tests;

use event::Event;
pub use outcome::{InBandError, Metered, StreamTail};
use reading::{Place, Reading};

/// Longest event that is read. The largest real ones repeat a whole request in `response.completed`.
const EVENT_LIMIT: usize = 16 * 1024 * 1024;
/// Longest event about an account's plan that is kept.
const LIMITS_LIMIT: usize = 4096;
/// So many Chat chunks are read in full in search of id and model, which the first ones may lack.
const HEAD_CHUNKS: u32 = 8;

/// Reads one answer of an upstream.
#[derive(Debug)]
pub struct Meter {
    protocol: Protocol,
    source: Source,
    book: Book,
    /// The stream ended inside an event.
    ragged: bool,
}

#[derive(Debug)]
enum Source {
    Stream(Decoder),
    Whole(Box<Whole>),
}

struct Whole {
    walker: Walker<Place>,
    reading: Reading,
}

impl fmt::Debug for Whole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Whole")
            .field("walker", &self.walker)
            .finish_non_exhaustive()
    }
}

impl Meter {
    /// A meter for an event stream.
    pub fn stream(protocol: Protocol) -> Self {
        let source = Source::Stream(Decoder::new(EVENT_LIMIT));
        Self {
            protocol,
            source,
            book: Book::default(),
            ragged: false,
        }
    }

    /// A meter for one JSON body: an answer, an embeddings answer or an error.
    pub fn whole(protocol: Protocol) -> Self {
        let whole = Whole {
            walker: Walker::new(Place::Root),
            reading: Reading::default(),
        };
        Self {
            protocol,
            source: Source::Whole(Box::new(whole)),
            book: Book::default(),
            ragged: false,
        }
    }

    /// Takes the next bytes, however the answer is cut.
    pub fn push(&mut self, bytes: &[u8]) {
        let (protocol, book) = (self.protocol, &mut self.book);
        match &mut self.source {
            Source::Stream(decoder) => decoder.push(bytes, |frame| book.frame(protocol, frame)),
            Source::Whole(whole) => whole.walker.feed(bytes, &mut whole.reading),
        }
    }

    /// Notes that no more bytes will come. Needed only by those who ask for [`Self::ended`] or [`Self::tail`]
    /// afterwards: an answer's last event may lack its closing blank line and is looked at only now.
    pub fn end_of_input(&mut self) {
        let (protocol, book) = (self.protocol, &mut self.book);
        match &mut self.source {
            Source::Stream(decoder) => {
                self.ragged |= !decoder.at_boundary();
                decoder.finish(|frame| book.frame(protocol, frame));
            }
            Source::Whole(_) => {}
        }
    }

    /// Whether the answer has reached its proper end: its terminal event (`message_stop`, `[DONE]`,
    /// `response.completed`, `.incomplete` or `.failed`), or the closing brace of the body.
    pub fn terminal(&self) -> bool {
        match &self.source {
            Source::Stream(_) => self.book.out.terminal,
            Source::Whole(whole) => whole.walker.check_end().is_ok(),
        }
    }

    /// Whether the caller has been told of the end, well or badly: [`Self::terminal`], or an in-band error
    /// event. A stream that breaks off after that needs no error of ours.
    pub fn ended(&self) -> bool {
        self.terminal() || self.book.out.error.is_some()
    }

    /// What an event appended to this stream would have to refer to.
    pub fn tail(&self) -> StreamTail {
        let at_boundary = match &self.source {
            Source::Stream(decoder) => decoder.at_boundary() && !self.ragged,
            Source::Whole(_) => false,
        };
        StreamTail {
            upstream_id: self.book.out.upstream_id.clone(),
            model: self.book.out.model.clone(),
            next_sequence_number: self.book.sequence_number.map(|last| last.saturating_add(1)),
            at_boundary,
        }
    }

    /// Everything learned. Call it after the last byte, whether or not the answer was complete.
    pub fn finish(mut self) -> Metered {
        self.end_of_input();
        let Self {
            protocol,
            source,
            mut book,
            ..
        } = self;
        match source {
            Source::Stream(decoder) => {
                book.out.oversized = decoder.oversized();
                // What was dropped may have been the usage.
                book.out.quarantined |= book.out.oversized > 0;
            }
            Source::Whole(whole) => {
                book.out.terminal = whole.walker.check_end().is_ok();
                book.absorb(protocol, whole.reading, true);
            }
        }
        let (usage, doubtful) = book.counts.usage(protocol);
        book.out.usage = usage;
        book.out.quarantined |= doubtful;
        book.out
    }
}

/// What has been learned so far.
#[derive(Debug, Default)]
struct Book {
    out: Metered,
    counts: Counts,
    chunks_read: u32,
    sequence_number: Option<u64>,
}

impl Book {
    fn frame(&mut self, protocol: Protocol, frame: Frame<'_>) {
        self.out.events += 1;
        match protocol {
            Protocol::Chat => self.chat_chunk(frame.data),
            Protocol::Messages | Protocol::Responses => self.typed_event(protocol, frame),
        }
    }

    fn chat_chunk(&mut self, data: &[u8]) {
        if data.trim_ascii() == b"[DONE]" {
            self.out.terminal = true;
            return;
        }
        self.out.output_bytes_hint += event::generated_bytes(data);
        let headless = self.out.upstream_id.is_none() || self.out.model.is_none();
        if (headless && self.chunks_read < HEAD_CHUNKS) || event::chat_chunk_matters(data) {
            self.chunks_read = self.chunks_read.saturating_add(1);
            self.absorb(Protocol::Chat, read(data), true);
        }
    }

    fn typed_event(&mut self, protocol: Protocol, frame: Frame<'_>) {
        let data = frame.data;
        let known = self.out.upstream_id.is_some() && self.out.model.is_some();
        let event = match event::leading_type(data) {
            Some(event @ (Event::Generated | Event::Idle)) => event,
            Some(event @ Event::ResponseOpen) if known => event,
            Some(event @ Event::Limits) => {
                self.keep_limits(data);
                event
            }
            _ => {
                let mut reading = read(data);
                let event = reading.event.or_else(|| frame.event.map(Event::of));
                let event = event.unwrap_or(Event::Unknown);
                self.sequence_number = reading.sequence_number.or(self.sequence_number);
                self.out.terminal |= match protocol {
                    Protocol::Messages => event == Event::MessageStop,
                    Protocol::Responses => event == Event::ResponseDone,
                    Protocol::Chat => false,
                };
                reading.event = Some(event);
                self.absorb(protocol, reading, event != Event::ResponseOpen);
                if event == Event::Generated {
                    self.out.output_bytes_hint += event::generated_bytes(data);
                } else if event == Event::Limits {
                    self.keep_limits(data);
                }
                return;
            }
        };
        if event == Event::Generated {
            self.out.output_bytes_hint += event::generated_bytes(data);
        }
        if protocol == Protocol::Responses {
            self.sequence_number = event::sequence_number(data).or(self.sequence_number);
        }
    }

    fn keep_limits(&mut self, data: &[u8]) {
        if data.len() <= LIMITS_LIMIT {
            self.out.limits = Some(data.into());
        }
    }

    /// Takes over what a document said. `last_word` tells whether its status is an outcome.
    fn absorb(&mut self, protocol: Protocol, mut reading: Reading, last_word: bool) {
        if let Some(error) = reading.error() {
            self.out.error.get_or_insert(error);
        }
        if self.out.upstream_id.is_none() {
            self.out.upstream_id = reading.id;
        }
        if reading.model.is_some() {
            self.out.model = reading.model;
        }
        self.out.quarantined |= reading.usage_lost;
        if let Some(raw) = reading.usage {
            let counts = Counts::read(&raw);
            match protocol {
                Protocol::Messages => self.counts.update(&counts),
                Protocol::Chat | Protocol::Responses if counts.is_empty() => {}
                Protocol::Chat | Protocol::Responses => self.counts = counts,
            }
            self.out.usage_raw = String::from_utf8(raw).ok();
        }
        let outcome = match protocol {
            Protocol::Messages | Protocol::Chat => reading.stop_reason,
            Protocol::Responses if last_word => reading.incomplete_reason.or(reading.status),
            Protocol::Responses => None,
        };
        if outcome.is_some() {
            self.out.stop_reason = outcome;
        }
    }
}

fn read(data: &[u8]) -> Reading {
    let mut reading = Reading::default();
    Walker::new(Place::Root).feed(data, &mut reading);
    reading
}
