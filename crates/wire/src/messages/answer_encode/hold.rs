//! What has to wait until the open block ends.

use std::collections::VecDeque;

use crate::answer::Opening;
use crate::conversation::Hit;

/// How much text may wait. Far more than any model says in one answer.
const MOST_HELD: usize = 16 * 1024 * 1024;

/// What a block becomes.
pub(super) enum Kind {
    /// Text, a refusal's included.
    Text,
    Thought,
    Call {
        id: String,
        name: String,
    },
    /// A whole web search; the text is the query.
    Search {
        id: String,
        hits: Vec<Hit<'static>>,
    },
}

impl Kind {
    pub(super) fn of(opening: &Opening<'_>) -> Self {
        match opening {
            Opening::Text | Opening::Refusal => Self::Text,
            Opening::Thought => Self::Thought,
            Opening::Call { id, tool } => Self::Call {
                id: id.clone().into_owned(),
                name: tool.name.clone().into_owned(),
            },
        }
    }
}

/// Something that comes for a block.
pub(super) enum Piece<'p> {
    Text(&'p str),
    Signature(String),
    Close,
}

/// A block that waits, or a search.
pub(super) struct Held {
    pub(super) number: usize,
    pub(super) kind: Kind,
    pub(super) text: String,
    pub(super) signature: Option<String>,
    pub(super) closed: bool,
}

impl Held {
    pub(super) fn new(number: usize, kind: Kind) -> Self {
        Self {
            number,
            kind,
            text: String::new(),
            signature: None,
            closed: false,
        }
    }

    pub(super) fn search(id: &str, query: &str, hits: Vec<Hit<'static>>) -> Self {
        Self {
            number: usize::MAX,
            kind: Kind::Search {
                id: id.to_owned(),
                hits,
            },
            text: query.to_owned(),
            signature: None,
            closed: true,
        }
    }
}

/// The blocks that wait, in the order they opened.
#[derive(Default)]
pub(super) struct Holds {
    waiting: VecDeque<Held>,
    bytes: usize,
}

impl Holds {
    pub(super) fn add(&mut self, held: Held) {
        self.bytes += held.text.len();
        self.waiting.push_back(held);
    }

    pub(super) fn next(&mut self) -> Option<Held> {
        let held = self.waiting.pop_front()?;
        self.bytes = self.bytes.saturating_sub(held.text.len());
        Some(held)
    }

    /// Keeps a piece for the block it belongs to; false if that is more than can be kept. A piece for a block
    /// that is unknown or has ended belongs nowhere.
    pub(super) fn take(&mut self, number: usize, piece: &Piece<'_>) -> bool {
        let mut waiting = self.waiting.iter_mut();
        let Some(held) = waiting.find(|held| held.number == number && !held.closed) else {
            return true;
        };
        match piece {
            Piece::Text(text) => {
                self.bytes += text.len();
                held.text.push_str(text);
            }
            Piece::Signature(signature) => {
                self.bytes += signature.len();
                held.signature = Some(signature.clone());
            }
            Piece::Close => held.closed = true,
        }
        self.bytes <= MOST_HELD
    }
}
