//! What a request says of which only the beginning was kept: the turns that are whole before the cut.
//!
//! The beginning of a document is none, so the decoders cannot read it. Its whole members and turns are put
//! together to a request that they can. Members that say nothing of the conversation are left out: one of
//! them may refer to what was cut.

use std::ops::Range;

use crate::Protocol;
use crate::conversation::Request;
use crate::translate::{self, Unfit};
use crate::walk::{Raw, Step, Visitor, Walker};

/// The beginning of a request, made readable.
pub struct Beginning {
    protocol: Protocol,
    body: Vec<u8>,
    /// How many of its turns it holds, in the protocol's own pieces (messages, input items).
    pub turns: usize,
    /// Whether those are all the request had: the cut came after them.
    pub all: bool,
}

impl Beginning {
    /// What can be read of a request that was cut; `None` if not even its first turn can be.
    pub fn of(protocol: Protocol, cut: &[u8]) -> Option<Self> {
        let mut found = Found::of(protocol, cut);
        // A turn that does not read ends what can be shown, like the cut itself.
        for _ in 0..2 {
            let body = found.body(cut)?;
            let Err(unfit) = translate::decode(protocol, &body) else {
                return Some(Self {
                    protocol,
                    body,
                    turns: found.turns.len(),
                    all: found.all,
                });
            };
            found.end_before(found.refused(&unfit)?);
        }
        None
    }

    /// Reads it.
    pub fn request(&self) -> Result<Request<'_>, Unfit> {
        translate::decode(self.protocol, &self.body)
    }
}

// Holds what people said, which must not reach a log.
impl std::fmt::Debug for Beginning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Beginning")
            .field("turns", &self.turns)
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Copy)]
enum Place {
    Body,
    /// The list of turns.
    Turns,
    Turn,
    /// Another member that the conversation is read with.
    Member(&'static str),
}

/// Where the whole pieces of a request stand.
struct Found {
    protocol: Protocol,
    members: Vec<(&'static str, Range<usize>)>,
    turns: Vec<Range<usize>>,
    /// All turns in one string.
    text: bool,
    /// The list of turns has ended.
    all: bool,
}

impl Found {
    fn of(protocol: Protocol, cut: &[u8]) -> Self {
        let mut found = Self {
            protocol,
            members: Vec::new(),
            turns: Vec::new(),
            text: false,
            all: false,
        };
        Walker::new(Place::Body).feed(cut, &mut found);
        found
    }

    /// The name of the list of turns.
    const fn list(&self) -> &'static str {
        match self.protocol {
            Protocol::Messages | Protocol::Chat => "messages",
            Protocol::Responses => "input",
        }
    }

    /// The other members that the conversation is read with.
    const fn read_with(&self) -> &'static [&'static str] {
        match self.protocol {
            Protocol::Messages => &["system", "tools"],
            Protocol::Chat => &["tools"],
            Protocol::Responses => &["instructions", "tools"],
        }
    }

    /// A request of what is whole; `None` without any turn.
    fn body(&self, cut: &[u8]) -> Option<Vec<u8>> {
        // What decoders insist on, whatever it is.
        let mut body = match self.protocol {
            Protocol::Messages => br#"{"model":"-","max_tokens":1"#.to_vec(),
            Protocol::Chat | Protocol::Responses => br#"{"model":"-""#.to_vec(),
        };
        for (name, span) in &self.members {
            begin(&mut body, name);
            body.extend_from_slice(cut.get(span.clone())?);
        }
        begin(&mut body, self.list());
        let span = self.turns.first()?.start..self.turns.last()?.end;
        let (open, close): (&[u8], &[u8]) = if self.text {
            (b"", b"}")
        } else {
            (b"[", b"]}")
        };
        body.extend_from_slice(open);
        body.extend_from_slice(cut.get(span)?);
        body.extend_from_slice(close);
        Some(body)
    }

    /// Which turn was refused.
    fn refused(&self, unfit: &Unfit) -> Option<usize> {
        let path = unfit.path.strip_prefix(self.list())?.strip_prefix('[')?;
        path.split_once(']')?.0.parse().ok()
    }

    fn end_before(&mut self, turn: usize) {
        if turn < self.turns.len() {
            self.turns.truncate(turn);
            self.all = false;
        }
    }
}

fn begin(body: &mut Vec<u8>, name: &str) {
    body.extend_from_slice(b",\"");
    body.extend_from_slice(name.as_bytes());
    body.extend_from_slice(b"\":");
}

impl Visitor for Found {
    type Place = Place;

    fn member(&mut self, parent: Place, key: &[u8]) -> Step<Place> {
        match parent {
            Place::Body if key == self.list().as_bytes() => Step::Enter(Place::Turns, 0),
            Place::Body => {
                let name = self.read_with().iter().find(|name| name.as_bytes() == key);
                name.map_or(Step::Skip, |name| Step::Keep(Place::Member(name), 0))
            }
            // A list that is an object is read by nobody.
            Place::Turns | Place::Turn | Place::Member(_) => Step::Skip,
        }
    }

    fn element(&mut self, _: Place, _: usize) -> Step<Place> {
        Step::Keep(Place::Turn, 0)
    }

    fn value(&mut self, place: Place, raw: Raw<'_>) {
        match place {
            Place::Turn => self.turns.push(raw.span),
            Place::Turns => {
                self.turns = vec![raw.span];
                (self.text, self.all) = (true, true);
            }
            Place::Member(name) => self.members.push((name, raw.span)),
            Place::Body => {}
        }
    }

    fn leave(&mut self, place: Place, _: Range<usize>) {
        self.all |= matches!(place, Place::Turns);
    }
}
