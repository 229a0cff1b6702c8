//! Calls, put together from their fragments.
//!
//! The rule is that the first fragment of an index has the id and the name, and the others only arguments.
//! Servers break it in every way: no index or always the same, ids late, repeated, empty or made up anew in
//! every fragment. A call is therefore told apart from a continuation by all three.

use std::borrow::Cow;

use super::nesting::Nesting;
use super::piece::Piece;
use crate::answer::{CallIds, Event, MOST_BLOCKS, Malformed, Opening, Sink};
use crate::conversation::{Kind, ToolName};

/// The most input that is kept for a call whose name is not known.
const MOST_EARLY: usize = 1024 * 1024;

/// The calls of an answer.
#[derive(Default)]
pub(super) struct Calls {
    list: Vec<Call>,
    ids: CallIds,
    /// Chunks so far.
    chunk: u64,
}

struct Call {
    index: Option<i64>,
    /// Its id as the server wrote it; empty while unknown.
    given: String,
    name: String,
    state: State,
    /// How much of a JSON value its input is.
    nesting: Nesting,
    /// The last chunk that spoke of it.
    chunk: u64,
}

enum State {
    /// Its name is not known; this much of its input is.
    Nameless(String),
    /// It is this block.
    Open(usize),
}

impl Calls {
    /// Begins a chunk.
    pub(super) fn next_chunk(&mut self) {
        self.chunk += 1;
    }

    /// Whether there were any.
    pub(super) fn any(&self) -> bool {
        !self.list.is_empty()
    }

    /// Takes a piece of a call. `next_block` makes room for a block and numbers it.
    pub(super) fn take(
        &mut self,
        piece: Piece<'_>,
        sink: Sink<'_>,
        next_block: impl FnOnce(Sink<'_>) -> usize,
    ) -> Result<(), Malformed> {
        let place = match self.place(&piece) {
            Some(place) => place,
            None if piece.is_empty() => return Ok(()),
            None if self.list.len() == MOST_BLOCKS => return Err(Malformed::TOO_MANY),
            None => {
                self.list.push(Call {
                    index: piece.index,
                    given: String::new(),
                    name: String::new(),
                    state: State::Nameless(String::new()),
                    nesting: Nesting::default(),
                    chunk: 0,
                });
                self.list.len() - 1
            }
        };
        let chunk = self.chunk;
        let Some(call) = self.list.get_mut(place) else {
            return Ok(());
        };
        call.chunk = chunk;
        if call.given.is_empty() {
            call.given = piece.id.into_owned();
        }
        if piece.kind == Kind::Function {
            call.nesting.feed(&piece.input);
        }
        match &mut call.state {
            State::Open(block) => delta(*block, piece.input, sink),
            State::Nameless(input) if piece.name.is_empty() => {
                input.push_str(&piece.input);
                if input.len() > MOST_EARLY {
                    return Err(Malformed("a call has no name"));
                }
            }
            State::Nameless(input) => {
                let early = std::mem::take(input);
                let block = next_block(sink);
                call.state = State::Open(block);
                call.name = piece.name.clone().into_owned();
                let id = self.ids.pass(call.given.as_str().into());
                let tool = ToolName {
                    name: piece.name,
                    namespace: None,
                    kind: piece.kind,
                };
                let content = Opening::Call { id, tool };
                sink(Event::Open { block, content });
                delta(block, early.into(), sink);
                delta(block, piece.input, sink);
            }
        }
        Ok(())
    }

    /// Closes all, in the order they opened.
    pub(super) fn close(&self, sink: Sink<'_>) {
        let mut open: Vec<usize> = self
            .list
            .iter()
            .filter_map(|call| match call.state {
                State::Open(block) => Some(block),
                State::Nameless(_) => None,
            })
            .collect();
        // A name that came late makes a call open after its successors.
        open.sort_unstable();
        for block in open {
            sink(Event::Close { block });
        }
    }

    /// A call that never got a name cannot be told to anyone.
    pub(super) fn check(&self) -> Result<(), Malformed> {
        let nameless = |call: &Call| matches!(call.state, State::Nameless(_));
        if self.list.iter().any(nameless) {
            return Err(Malformed("a call has no name"));
        }
        Ok(())
    }

    /// The call that a piece goes on, if it is not a new one.
    fn place(&self, piece: &Piece<'_>) -> Option<usize> {
        let last = self.list.len().checked_sub(1);
        if piece.index.is_some() {
            let place = self
                .list
                .iter()
                .rposition(|call| call.index == piece.index)?;
            let call = self.list.get(place)?;
            return (!self.is_another(call, piece)).then_some(place);
        }
        if !piece.id.is_empty() {
            let known = self.list.iter().rposition(|call| call.given == piece.id);
            // An id that comes after its call's name names nothing itself.
            let late = || last.filter(|_| piece.name.is_empty() && self.last_lacks_id());
            return known.or_else(late);
        }
        last.filter(|_| piece.name.is_empty() || self.last_is_nameless())
    }

    /// Whether a piece with the index of `call` belongs to a call of its own: servers are known that give
    /// all calls the same index.
    fn is_another(&self, call: &Call, piece: &Piece<'_>) -> bool {
        if piece.name.is_empty() || matches!(call.state, State::Nameless(_)) {
            return false;
        }
        if !call.given.is_empty() && !piece.id.is_empty() {
            return call.given != piece.id;
        }
        let over = call.nesting.is_complete() && !piece.input.trim_ascii().is_empty();
        over || call.chunk == self.chunk || call.name != piece.name
    }

    fn last_lacks_id(&self) -> bool {
        self.list.last().is_some_and(|call| call.given.is_empty())
    }

    fn last_is_nameless(&self) -> bool {
        let last = self.list.last();
        last.is_some_and(|call| matches!(call.state, State::Nameless(_)))
    }
}

fn delta(block: usize, text: Cow<'_, str>, sink: Sink<'_>) {
    if !text.is_empty() {
        sink(Event::Delta { block, text });
    }
}
