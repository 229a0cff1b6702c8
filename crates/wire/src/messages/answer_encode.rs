//! An answer, written from the hub's events.
//!
//! Only one block may be open in a Messages stream. What comes for others in the meantime is held back and
//! follows, in the order the blocks opened, as soon as the open one ends. The reason to stop and the usage are
//! told last: other protocols report their usage after the reason.

use std::fmt;

use crate::Usage;
use crate::answer::{Event, Malformed, Opening};
use crate::conversation::Hit;
use crate::failure::{Failure, write_messages_error};
use crate::sse::encode;
use crate::translate::Reply;

mod blocks;
mod hold;
#[cfg(test)]
mod tests;
mod whole;
mod write;

use hold::{Held, Holds, Kind, Piece};
pub use whole::encode_whole;
use write::{Ending, write_usage};

/// Writes a stream.
pub struct StreamEncoder {
    reply: Reply,
    started: bool,
    finished: bool,
    usage: Usage,
    ending: Ending,
    /// The index of the next block.
    next: u64,
    /// The block being written.
    open: Option<Open>,
    /// Blocks that opened after it.
    holds: Holds,
}

/// The block being written.
struct Open {
    /// The hub's number of it.
    number: usize,
    kind: Kind,
    /// Its index, once its start is written: texts are begun with their first piece, since empty ones are
    /// refused when they come back.
    index: Option<u64>,
    /// Something of its text is written.
    filled: bool,
    /// A thought the caller does not want to read, if nobody else keeps it.
    hidden: String,
    /// What is to be written as its signature.
    signature: Option<String>,
}

impl fmt::Debug for StreamEncoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamEncoder")
            .field("reply", &self.reply)
            .finish_non_exhaustive()
    }
}

impl StreamEncoder {
    /// An encoder for one answer.
    pub fn new(reply: Reply) -> Self {
        Self {
            reply,
            started: false,
            finished: false,
            usage: Usage::default(),
            ending: Ending::default(),
            next: 0,
            open: None,
            holds: Holds::default(),
        }
    }

    /// Takes the next event and appends what can be said of it. An error, after which only a failure can be
    /// told, means that too much would have to be held back.
    pub fn event(&mut self, event: &Event<'_>, out: &mut Vec<u8>) -> Result<(), Malformed> {
        if self.finished {
            return Ok(());
        }
        match event {
            Event::Start { model, usage, .. } => {
                self.usage.update(usage);
                self.start(model, out);
            }
            Event::Alive => encode::event(out, Some("ping"), br#"{"type":"ping"}"#),
            Event::Failed(failure) => self.fail(failure, out),
            Event::Usage(usage) => self.usage.update(usage),
            Event::Stop(stop) => self.ending.stop = Some(stop.clone().into_owned()),
            Event::Open { block, content } => self.open(*block, content, out),
            Event::Delta { block, text } => self.piece(*block, &Piece::Text(text), out)?,
            // A mark that says nothing is made when the thought ends, and is known to the last word.
            Event::Seal { token, .. } if token.is_blank() => {}
            Event::Seal { block, token } => {
                let signature = token.seal(&self.reply.vendor);
                self.piece(*block, &Piece::Signature(signature), out)?;
            }
            // A citation needs a cipher of the vendor's that goes with it, which is not to be had.
            Event::Cite { .. } => {}
            Event::Close { block } => self.piece(*block, &Piece::Close, out)?,
            Event::Searched { id, query, hits } => self.searched(id, query, hits, out),
            Event::End => self.end(out),
        }
        Ok(())
    }

    fn start(&mut self, model: &str, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.started, true) {
            return;
        }
        let mut data = br#"{"type":"message_start","message":"#.to_vec();
        write::head(&mut data, &self.reply.id, model);
        data.extend_from_slice(br#""content":[],"stop_reason":null,"stop_sequence":null,"usage":"#);
        write_usage(&mut data, &self.usage, 0);
        data.extend_from_slice(b"}}");
        encode::event(out, Some("message_start"), &data);
    }

    fn open(&mut self, number: usize, content: &Opening<'_>, out: &mut Vec<u8>) {
        self.start("", out);
        self.ending.note(content);
        let kind = Kind::of(content);
        if self.open.is_some() {
            self.holds.add(Held::new(number, kind));
        } else {
            self.begin(number, kind, out);
        }
    }

    /// Something comes for a block: it is written if the block is the open one, and held back otherwise.
    fn piece(
        &mut self,
        number: usize,
        piece: &Piece<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Malformed> {
        if self.open.as_ref().is_some_and(|open| open.number == number) {
            self.write(piece, out);
            if matches!(piece, Piece::Close) {
                self.release(out);
            }
        } else if !self.holds.take(number, piece) {
            return Err(Malformed("the answer is too entangled to be told in order"));
        }
        Ok(())
    }

    fn searched(&mut self, id: &str, query: &str, hits: &[Hit<'_>], out: &mut Vec<u8>) {
        self.start("", out);
        self.ending.searches += 1;
        if self.open.is_none() {
            self.write_search(id, query, hits, out);
            return;
        }
        let hits = hits.iter().cloned().map(Hit::into_owned).collect();
        self.holds.add(Held::search(id, query, hits));
    }

    /// Writes what was held back, up to the first block that has not ended.
    fn release(&mut self, out: &mut Vec<u8>) {
        while self.open.is_none()
            && let Some(held) = self.holds.next()
        {
            match held.kind {
                Kind::Search { id, hits } => self.write_search(&id, &held.text, &hits, out),
                kind => {
                    self.begin(held.number, kind, out);
                    self.write(&Piece::Text(&held.text), out);
                    if let Some(signature) = held.signature {
                        self.write(&Piece::Signature(signature), out);
                    }
                    if held.closed {
                        self.write(&Piece::Close, out);
                    }
                }
            }
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.start("", out);
        while self.open.is_some() {
            self.write(&Piece::Close, out);
            self.release(out);
        }
        self.finished = true;
        let mut data = br#"{"type":"message_delta","delta":{"#.to_vec();
        self.ending.write(&mut data);
        data.extend_from_slice(br#"},"usage":"#);
        write_usage(&mut data, &self.usage, self.ending.searches);
        data.push(b'}');
        encode::event(out, Some("message_delta"), &data);
        encode::event(out, Some("message_stop"), br#"{"type":"message_stop"}"#);
    }

    fn fail(&mut self, failure: &Failure<'_>, out: &mut Vec<u8>) {
        self.finished = true;
        let mut data = Vec::new();
        write_messages_error(&mut data, failure, &self.reply.request_id);
        encode::event(out, Some("error"), &data);
    }
}
