//! An answer, read into the hub's events.
//!
//! Streams and whole answers go through the same items: what a stream did not say piece by piece is taken
//! from the events that end a part, an item or the answer. Items of hosted tools other than web search are
//! skipped with all that belongs to them. Whether the pieces match the texts that repeat them is not checked.

use std::fmt;

use crate::answer::{Event, Malformed, Sink, Stop, StopReason};
use crate::failure::{self, Failure};
use crate::sse::Frame;
use crate::usage::Counts;
use crate::{Protocol, Usage};

mod call;
mod channel;
mod items;
mod message;
mod reasoning;
mod search;
#[cfg(test)]
mod tests;
mod wire;

use channel::Channel;
use items::Items;
pub(super) use wire::Str;

/// Reads a stream.
#[derive(Default)]
pub struct StreamDecoder {
    started: bool,
    ended: bool,
    items: Items,
}

impl fmt::Debug for StreamDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamDecoder")
            .field("started", &self.started)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

impl StreamDecoder {
    /// Takes the next event of the stream.
    pub fn frame(&mut self, frame: Frame<'_>, sink: Sink<'_>) -> Result<(), Malformed> {
        let data = frame.data.trim_ascii();
        // Other servers of the protocol end their streams as Chat does.
        if self.ended || data.is_empty() || data == b"[DONE]" {
            return Ok(());
        }
        let event: wire::Event<'_> =
            serde_json::from_slice(data).map_err(|_| Malformed("an event is not a JSON object"))?;
        let kind = match &event.kind {
            Some(kind) => &*kind.0,
            None if event.error.is_some() => "error",
            None => frame
                .event
                .and_then(|name| std::str::from_utf8(name).ok())
                .unwrap_or_default(),
        };
        if kind == "error" {
            self.ended = true;
            // Nested as servers send it, or flat as the protocol's types describe it.
            sink(Event::Failed(failure::in_band(data)));
            return Ok(());
        }
        self.event(kind, &event, sink)
    }

    fn event(
        &mut self,
        kind: &str,
        event: &wire::Event<'_>,
        sink: Sink<'_>,
    ) -> Result<(), Malformed> {
        let items = &mut self.items;
        match kind {
            "response.created" | "response.in_progress" | "response.queued" => {
                let response = event.response()?;
                return self.start(Some(&response), sink);
            }
            "response.completed" => return self.end(&event.response()?, true, sink),
            "response.incomplete" => return self.end(&event.response()?, false, sink),
            "response.failed" => {
                self.ended = true;
                sink(Event::Failed(failed(&event.response()?)));
            }
            "keepalive" | "ping" if self.started => sink(Event::Alive),
            "response.output_item.added" => {
                self.start(None, sink)?;
                self.items.added(event, sink)?;
            }
            "response.output_item.done" => {
                self.start(None, sink)?;
                self.items.item_done(event, sink)?;
            }
            "response.content_part.done" => items.part_done(event, sink)?,
            "response.output_text.annotation.added" => items.annotation(event, sink)?,
            "response.reasoning_summary_part.done" => items.summary_done(event, sink)?,
            _ => {
                if let Some((channel, whole)) = Channel::of_event(kind) {
                    items.piece(event, channel, whole, sink)?;
                }
            }
        }
        Ok(())
    }

    /// The stream is over: writes what was still held back, or says that it was cut.
    pub fn finish(&mut self, sink: Sink<'_>) -> Result<(), Malformed> {
        // Nothing is ever held back: there is always an event that ends the answer.
        let _ = sink;
        if self.ended {
            Ok(())
        } else {
            Err(Malformed::TRUNCATED)
        }
    }

    /// Begins the answer, once. Some servers leave the event for it out.
    fn start(
        &mut self,
        response: Option<&wire::Response<'_>>,
        sink: Sink<'_>,
    ) -> Result<(), Malformed> {
        if std::mem::replace(&mut self.started, true) {
            return Ok(());
        }
        let (id, model) = match response {
            Some(response) => (wire::text(response.id)?, wire::text(response.model)?),
            None => (None, None),
        };
        sink(Event::Start {
            id: id.unwrap_or_default(),
            model: model.unwrap_or_default(),
            usage: Usage::default(),
        });
        Ok(())
    }

    fn end(
        &mut self,
        response: &wire::Response<'_>,
        complete: bool,
        sink: Sink<'_>,
    ) -> Result<(), Malformed> {
        self.start(Some(response), sink)?;
        self.items.conclude(&response.items()?, sink)?;
        if let Some(raw) = response.usage {
            let (usage, _) = Counts::read(raw.get().as_bytes()).usage(Protocol::Responses);
            if !usage.is_empty() {
                sink(Event::Usage(usage));
            }
        }
        let reason = if complete {
            self.items.reason()
        } else if response.incomplete_reason()?.as_deref() == Some("content_filter") {
            StopReason::Refusal
        } else {
            StopReason::MaxTokens
        };
        sink(Event::Stop(Stop::because(reason)));
        sink(Event::End);
        self.ended = true;
        Ok(())
    }
}

/// Reads a whole answer.
pub fn decode_whole(body: &[u8], sink: Sink<'_>) -> Result<(), Malformed> {
    let response: wire::Response<'_> =
        serde_json::from_slice(body).map_err(|_| Malformed("the answer is not a JSON object"))?;
    let mut decoder = StreamDecoder::default();
    match wire::text(response.status)?.as_deref() {
        Some("completed") => decoder.end(&response, true, sink),
        Some("incomplete") => decoder.end(&response, false, sink),
        Some("failed" | "cancelled") => {
            sink(Event::Failed(failed(&response)));
            Ok(())
        }
        Some(_) => Err(Malformed("the response is not finished")),
        None if response.error.is_some() => {
            sink(Event::Failed(failed(&response)));
            Ok(())
        }
        None => Err(Malformed("the response has no status")),
    }
}

/// The error of a response that failed.
pub(super) fn failed(response: &wire::Response<'_>) -> Failure<'static> {
    match response.error {
        Some(error) => failure::in_band(error.get().as_bytes()),
        None => failure::from_code(None, ""),
    }
}
