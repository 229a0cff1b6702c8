//! Which blocks are open: at most one of text, thought and refusal, and beside it any number of calls.
//!
//! Calls stay open to the end: servers are known that say a few blanks between two pieces of one call.

use std::borrow::Cow;

use super::calls::Calls;
use super::piece::Piece;
use crate::answer::{Event, Malformed, Opening, Sink};
use crate::conversation::{Hit, Origin, Token};

/// What is said in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prose {
    Text,
    Thought,
    Refusal,
}

/// The blocks of an answer.
#[derive(Default)]
pub(super) struct Blocks {
    /// How many were opened.
    count: usize,
    open: Option<(Prose, usize)>,
    calls: Calls,
    refused: bool,
}

impl Blocks {
    /// Words that go on what is open if they are of its kind, and open a block otherwise.
    pub(super) fn say(&mut self, prose: Prose, text: Cow<'_, str>, sink: Sink<'_>) {
        if text.is_empty() {
            return;
        }
        let block = match self.open {
            Some((open, block)) if open == prose => block,
            _ => self.open(prose, sink),
        };
        sink(Event::Delta { block, text });
    }

    /// A source. One that comes while no text is open has nothing to be the source of.
    pub(super) fn cite(&mut self, source: Hit<'_>, sink: Sink<'_>) {
        if let Some((Prose::Text, block)) = self.open {
            sink(Event::Cite { block, source });
        }
    }

    /// Begins a chunk: a call is named at most once in each.
    pub(super) fn next_chunk(&mut self) {
        self.calls.next_chunk();
    }

    /// A piece of a call.
    pub(super) fn call(&mut self, piece: Piece<'_>, sink: Sink<'_>) -> Result<(), Malformed> {
        let Self {
            count, open, calls, ..
        } = self;
        calls.take(piece, sink, |sink| {
            close(open, sink);
            *count += 1;
            *count - 1
        })
    }

    /// Closes everything.
    pub(super) fn end(&mut self, sink: Sink<'_>) -> Result<(), Malformed> {
        close(&mut self.open, sink);
        self.calls.close(sink);
        self.calls.check()
    }

    pub(super) fn any_calls(&self) -> bool {
        self.calls.any()
    }

    pub(super) fn refused(&self) -> bool {
        self.refused
    }

    fn open(&mut self, prose: Prose, sink: Sink<'_>) -> usize {
        close(&mut self.open, sink);
        let block = self.count;
        self.count += 1;
        self.open = Some((prose, block));
        self.refused |= prose == Prose::Refusal;
        let content = match prose {
            Prose::Text => Opening::Text,
            Prose::Thought => Opening::Thought,
            Prose::Refusal => Opening::Refusal,
        };
        sink(Event::Open { block, content });
        block
    }
}

fn close(open: &mut Option<(Prose, usize)>, sink: Sink<'_>) {
    let Some((prose, block)) = open.take() else {
        return;
    };
    if prose == Prose::Thought {
        // Nothing proves it, and the caller's protocol may have a place that wants to be filled.
        let token = Token::fresh(Origin::Unsigned, "", "");
        sink(Event::Seal { block, token });
    }
    sink(Event::Close { block });
}
