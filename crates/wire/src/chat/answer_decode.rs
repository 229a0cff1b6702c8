//! An answer, read into the hub's events.
//!
//! A whole answer is read as one chunk that says everything. What servers of this protocol are known to do
//! differently from its inventor is tolerated here, so that nobody behind the hub needs to know of it. What
//! becomes of the events is not known here.

use std::borrow::Cow;
use std::fmt;

use serde_json::value::RawValue;

use crate::answer::{Event, Malformed, Sink};
use crate::failure;
use crate::sse::Frame;
use crate::usage::Counts;
use crate::{Protocol, Usage};

mod blocks;
mod calls;
mod chunk;
mod content;
mod finish;
mod nesting;
mod piece;

use blocks::{Blocks, Prose};
use chunk::{Chunk, Delta};
use finish::Finish;

#[cfg(test)]
mod tests;

/// Reads a stream.
#[derive(Default)]
pub struct StreamDecoder {
    started: bool,
    ended: bool,
    blocks: Blocks,
    usage: Counts,
    finish: Option<Finish>,
}

impl fmt::Debug for StreamDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamDecoder")
            .field("started", &self.started)
            .field("ended", &self.ended)
            .field("finish", &self.finish)
            .finish_non_exhaustive()
    }
}

impl StreamDecoder {
    /// Takes the next event of the stream.
    pub fn frame(&mut self, frame: Frame<'_>, sink: Sink<'_>) -> Result<(), Malformed> {
        let data = frame.data.trim_ascii();
        if self.ended || data.is_empty() {
            return Ok(());
        }
        if data == b"[DONE]" {
            return self.finish(sink);
        }
        let chunk = read(data)?;
        if chunk.is_error() || frame.event == Some(b"error") {
            self.fail(data, sink);
            return Ok(());
        }
        self.chunk(chunk, sink)
    }

    /// The stream is over: writes what was still held back, or says that it was cut.
    pub fn finish(&mut self, sink: Sink<'_>) -> Result<(), Malformed> {
        match self.finish {
            _ if self.ended => Ok(()),
            Some(finish) => self.end(finish, sink),
            None => Err(Malformed::TRUNCATED),
        }
    }

    fn chunk(&mut self, chunk: Chunk<'_>, sink: Sink<'_>) -> Result<(), Malformed> {
        self.count(chunk.usage);
        self.count(chunk.x_groq.and_then(|extension| extension.usage));
        let choices = chunk.choices.unwrap_or_default();
        if choices.is_empty() && (chunk.usage.is_none() || self.started) {
            // Nothing to report yet: filters announce themselves this way, without an id or a model.
            return Ok(());
        }
        if !self.started {
            self.start(
                chunk.id.map(|id| id.0),
                chunk.model.map(|name| name.0),
                sink,
            );
        }
        // Several answers are never asked for; if they come, the first is the answer.
        let Some(choice) = choices
            .into_iter()
            .find(|choice| choice.index.unwrap_or(0) == 0)
        else {
            return Ok(());
        };
        self.count(choice.usage);
        if let Some(delta) = choice.delta.or(choice.message) {
            self.delta(delta, sink)?;
        }
        match choice.finish_reason.as_deref() {
            None | Some("") => {}
            Some(word) => match Finish::parse(word) {
                Ok(finish) => self.finish = Some(finish),
                Err(failure) => {
                    self.ended = true;
                    sink(Event::Failed(failure));
                }
            },
        }
        Ok(())
    }

    /// A report of the usage, which replaces whatever was reported before: counts that are missing in the
    /// later one may be parts of others in it.
    fn count(&mut self, usage: Option<&RawValue>) {
        if let Some(usage) = usage {
            self.usage = Counts::read(usage.get().as_bytes());
        }
    }

    fn start(&mut self, id: Option<Cow<'_, str>>, model: Option<Cow<'_, str>>, sink: Sink<'_>) {
        self.started = true;
        sink(Event::Start {
            id: id.unwrap_or_default(),
            model: model.unwrap_or_default(),
            // A later report replaces an earlier one whole: only the last is told.
            usage: Usage::default(),
        });
    }

    /// What a delta says is taken in the order in which a model says it.
    fn delta(&mut self, delta: Delta<'_>, sink: Sink<'_>) -> Result<(), Malformed> {
        let thought = [delta.reasoning_content, delta.reasoning]
            .into_iter()
            .flatten()
            .map(|words| words.0)
            // Servers that use both names say the same under both.
            .find(|text| !text.is_empty());
        if let Some(text) = thought {
            self.blocks.say(Prose::Thought, text, sink);
        }
        if let Some(content) = delta.content {
            content::read(content, |prose, text| self.blocks.say(prose, text, sink))?;
        }
        for annotation in delta.annotations.unwrap_or_default() {
            if let Some(citation) = annotation.url_citation {
                self.blocks.cite(citation.into(), sink);
            }
        }
        if let Some(refusal) = delta.refusal {
            self.blocks.say(Prose::Refusal, refusal.0, sink);
        }
        self.blocks.next_chunk();
        let calls = delta.tool_calls.unwrap_or_default();
        // Some servers repeat the first call in the field that calls had before they were many.
        let legacy = delta.function_call.filter(|_| calls.is_empty());
        for fragment in calls.into_iter().chain(legacy.map(Into::into)) {
            self.blocks.call(fragment.into(), sink)?;
        }
        Ok(())
    }

    fn end(&mut self, finish: Finish, sink: Sink<'_>) -> Result<(), Malformed> {
        self.ended = true;
        self.blocks.end(sink)?;
        if !self.usage.is_empty() {
            sink(Event::Usage(self.usage.usage(Protocol::Chat).0));
        }
        sink(Event::Stop(finish.stop(&self.blocks)));
        sink(Event::End);
        Ok(())
    }

    fn fail(&mut self, data: &[u8], sink: Sink<'_>) {
        self.ended = true;
        sink(Event::Failed(failure::in_band(data)));
    }
}

/// Reads a whole answer.
pub fn decode_whole(body: &[u8], sink: Sink<'_>) -> Result<(), Malformed> {
    let mut decoder = StreamDecoder::default();
    let chunk = read(body)?;
    if chunk.is_error() {
        decoder.fail(body, sink);
        return Ok(());
    }
    if chunk.choices.as_ref().is_none_or(Vec::is_empty) {
        return Err(Malformed("the answer has no choices"));
    }
    decoder.chunk(chunk, sink)?;
    if decoder.ended {
        return Ok(());
    }
    // A body that is whole JSON was not cut, whether its server gives a reason or not.
    let finish = decoder.finish.unwrap_or(Finish::Done);
    decoder.end(finish, sink)
}

fn read(data: &[u8]) -> Result<Chunk<'_>, Malformed> {
    serde_json::from_slice(data).map_err(|error| {
        if error.is_data() {
            Malformed("a chunk has a member of the wrong type")
        } else {
            Malformed("a chunk is not JSON")
        }
    })
}
