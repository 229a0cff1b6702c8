//! One pass over a JSON object that arrives in pieces, stopping only where someone asked.
//!
//! A [`Visitor`] is told the keys of the objects (and the elements of the arrays) it chose to enter, and for
//! each says: skip, keep the raw text up to a limit, or enter. Levels that were entered are checked strictly
//! (commas, colons, quotes, literals); what is skipped is only balanced. Nothing is recursive, no tree is
//! built, and memory is bounded by the limits. The same bytes give the same calls however they are split.

use crate::json;

mod blocks;
mod keep;
mod scalar;
#[cfg(test)]
mod tests;
mod tokens;
mod visitor;

use blocks::Skipper;
pub(crate) use visitor::{Raw, Step, Visitor, WalkError};

/// Deepest entered level. Whatever lies deeper is kept or skipped whole.
const LEVELS: usize = 7;
/// Longest raw key that is looked at; every key anyone asks for is shorter even if written in escapes.
const KEY_LIMIT: usize = 256;
/// Longest number or literal that is checked fully and can be kept.
const SCALAR_LIMIT: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Start,
    /// After `{`.
    MemberOrEnd,
    /// After a comma in an object.
    Member,
    Colon,
    /// After a colon.
    Value,
    /// After `[`.
    ElementOrEnd,
    /// After a comma in an array.
    Element,
    /// Inside a key or a string value; the next byte may be escaped.
    Text {
        key: bool,
        escaped: bool,
    },
    /// Inside a number or literal.
    Scalar,
    /// Inside a container nobody entered, opened by this byte.
    Nested {
        opener: u8,
    },
    /// After a value.
    Comma,
    /// After the closing brace of the document.
    End,
}

#[derive(Clone, Copy, Debug)]
struct Level<P> {
    place: P,
    array: bool,
    elements: usize,
    start: usize,
}

/// The walker's state between pieces.
pub(crate) struct Walker<P> {
    state: State,
    levels: [Level<P>; LEVELS],
    /// Number of open levels.
    open: usize,
    /// Offset of the current piece's first byte.
    base: usize,
    /// What to do with the coming or current value.
    step: Step<P>,
    /// Offset of the current key or value.
    start: usize,
    /// How many of its bytes are kept.
    limit: usize,
    /// Those of them that came in earlier pieces.
    kept: Vec<u8>,
    /// Whether the current text has escapes.
    escapes: bool,
    skipper: Skipper,
    error: Option<WalkError>,
}

impl<P: Copy> Walker<P> {
    /// A walker at the start of a document whose outermost object is called `root`.
    pub(crate) fn new(root: P) -> Self {
        Self {
            state: State::Start,
            levels: [Level {
                place: root,
                array: false,
                elements: 0,
                start: 0,
            }; LEVELS],
            open: 0,
            base: 0,
            step: Step::Skip,
            start: 0,
            limit: 0,
            kept: Vec::new(),
            escapes: false,
            skipper: Skipper::opened(),
            error: None,
        }
    }

    /// The first error.
    pub(crate) fn error(&self) -> Option<WalkError> {
        self.error
    }

    /// The first error; without one, what is missing if the document ends here.
    pub(crate) fn check_end(&self) -> Result<(), WalkError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let what = match self.state {
            State::End => return Ok(()),
            State::Start => return Err(WalkError::Empty),
            State::MemberOrEnd => "a member or `}`",
            State::Member => "a member",
            State::Colon => "`:`",
            State::Value | State::Element => "a value",
            State::ElementOrEnd => "a value or `]`",
            State::Text { .. } => "the end of a string",
            State::Scalar | State::Comma | State::Nested { .. } => "the end of the object",
        };
        Err(WalkError::Malformed {
            offset: self.base,
            what,
        })
    }

    /// Walks the next piece.
    pub(crate) fn feed<V: Visitor<Place = P>>(&mut self, bytes: &[u8], visitor: &mut V) {
        let mut at = 0;
        while at < bytes.len() && self.error.is_none() && !visitor.stopped() {
            at = match self.state {
                State::Nested { opener } => self.nested(bytes, at, opener, visitor),
                State::Text { key, escaped } => self.text(bytes, at, key, escaped, visitor),
                State::Scalar => self.scalar(bytes, at, visitor),
                _ => {
                    if !json::is_blank(bytes[at]) {
                        self.structure(bytes, at, visitor);
                    }
                    at + 1
                }
            };
        }
        if matches!(
            self.state,
            State::Text { .. } | State::Scalar | State::Nested { .. }
        ) {
            self.keep_rest(bytes);
        }
        self.base += bytes.len();
    }

    fn fail(&mut self, at: usize, what: &'static str) {
        self.error = Some(WalkError::Malformed {
            offset: self.base + at,
            what,
        });
    }

    fn top(&mut self) -> &mut Level<P> {
        &mut self.levels[self.open.saturating_sub(1)]
    }

    /// A byte between values that is no blank.
    fn structure<V: Visitor<Place = P>>(&mut self, bytes: &[u8], at: usize, visitor: &mut V) {
        let byte = bytes[at];
        match (self.state, byte) {
            (State::Start, b'{') => self.push(self.levels[0].place, false, at),
            (State::Start, _) => {
                self.error = Some(WalkError::NotObject {
                    offset: self.base + at,
                });
            }
            (State::MemberOrEnd | State::Member, b'"') => {
                self.begin(
                    at,
                    KEY_LIMIT,
                    State::Text {
                        key: true,
                        escaped: false,
                    },
                );
            }
            (State::Colon, b':') => self.state = State::Value,
            (State::Comma, b',') => {
                self.state = if self.top().array {
                    State::Element
                } else {
                    State::Member
                };
            }
            (State::MemberOrEnd, b'}') | (State::ElementOrEnd, b']') => self.pop(at, visitor),
            (State::Comma, b'}') if !self.top().array => self.pop(at, visitor),
            (State::Comma, b']') if self.top().array => self.pop(at, visitor),
            (State::Value, _) => self.value(byte, at),
            (State::Element | State::ElementOrEnd, _) => {
                let level = self.top();
                let (place, index) = (level.place, level.elements);
                level.elements += 1;
                self.step = visitor.element(place, index);
                self.value(byte, at);
            }
            (State::MemberOrEnd, _) => self.fail(at, "a key in quotes or `}`"),
            (State::Member, _) => self.fail(at, "a key in quotes"),
            (State::Colon, _) => self.fail(at, "`:`"),
            (State::Comma, _) => self.fail(at, "`,` or the matching closing bracket"),
            (State::End, _) => self.fail(at, "nothing after the object"),
            (State::Text { .. } | State::Scalar | State::Nested { .. }, _) => {}
        }
    }

    /// The first byte of a value whose step is known.
    fn value(&mut self, byte: u8, at: usize) {
        let limit = match self.step {
            Step::Skip => 0,
            Step::Keep(_, limit) | Step::Enter(_, limit) => limit,
        };
        match byte {
            b'"' => self.begin(
                at,
                limit,
                State::Text {
                    key: false,
                    escaped: false,
                },
            ),
            b'{' | b'[' => match self.step {
                Step::Enter(place, _) if self.open < LEVELS => self.push(place, byte == b'[', at),
                _ => {
                    self.begin(at, limit, State::Nested { opener: byte });
                    self.skipper = Skipper::opened();
                }
            },
            b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => {
                self.begin(at, SCALAR_LIMIT, State::Scalar);
            }
            _ => self.fail(at, "a value"),
        }
    }

    fn begin(&mut self, at: usize, limit: usize, state: State) {
        self.start = self.base + at;
        self.limit = limit;
        self.kept.clear();
        self.escapes = false;
        self.state = state;
    }

    fn push(&mut self, place: P, array: bool, at: usize) {
        self.levels[self.open] = Level {
            place,
            array,
            elements: 0,
            start: self.base + at,
        };
        self.open += 1;
        self.state = if array {
            State::ElementOrEnd
        } else {
            State::MemberOrEnd
        };
    }

    fn pop<V: Visitor<Place = P>>(&mut self, at: usize, visitor: &mut V) {
        let level = *self.top();
        self.open -= 1;
        self.state = if self.open == 0 {
            State::End
        } else {
            State::Comma
        };
        visitor.leave(level.place, level.start..self.base + at + 1);
    }
}

// Holds request and answer text, which must not reach a log.
impl<P> std::fmt::Debug for Walker<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Walker")
            .field("state", &self.state)
            .field("offset", &self.base)
            .finish_non_exhaustive()
    }
}
