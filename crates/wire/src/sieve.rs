//! Takes out of a stream what is nobody's business but that of whose plan pays for it.
//!
//! The backend behind a `ChatGPT` plan says in events of its streams how much of the account is used. All other
//! bytes pass as they came, and as soon as the event that they belong to is known to be another one: with its
//! `event:` line, or with its data where it has none.

use std::borrow::Cow;

use memchr::memchr2;
use serde::Deserialize;

const LIMITS: &str = "codex.rate_limits";
/// An event of which so much has come without a word on what it is passes: those that are taken out are short.
const LONGEST: usize = 64 * 1024;

/// A stream on its way through.
#[derive(Debug, Default)]
pub struct Sieve {
    /// What there is of an event that is not judged yet.
    held: Vec<u8>,
    /// Where in it the line begins that is coming.
    line: usize,
    /// How much of the line has come.
    length: usize,
    fate: Fate,
    /// The last byte was a CR, of a line of this fate: a LF now belongs to it.
    after_cr: Option<Fate>,
}

/// What becomes of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Fate {
    /// That is not known yet.
    #[default]
    Open,
    Passes,
    Dropped,
}

#[derive(Deserialize)]
struct Typed<'a> {
    #[serde(rename = "type", borrow)]
    name: Cow<'a, str>,
}

impl Sieve {
    /// Takes the next bytes; adds to `out` what passes.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<u8>) {
        let mut rest = chunk;
        if let Some(fate) = self.after_cr.filter(|_| !rest.is_empty()) {
            self.after_cr = None;
            if let Some(after) = rest.strip_prefix(b"\n") {
                rest = after;
                match fate {
                    Fate::Open => {
                        self.held.push(b'\n');
                        self.line = self.held.len();
                    }
                    Fate::Passes => out.push(b'\n'),
                    Fate::Dropped => {}
                }
            }
        }
        while !rest.is_empty() {
            let Some(at) = memchr2(b'\n', b'\r', rest) else {
                self.take(rest, None, out);
                return;
            };
            let cr = rest[at] == b'\r';
            let both = cr && rest.get(at + 1) == Some(&b'\n');
            let (line, after) = rest.split_at(at + 1 + usize::from(both));
            rest = after;
            let fate = self.take(line, Some(at), out);
            if cr && !both && rest.is_empty() {
                self.after_cr = Some(fate);
            }
        }
    }

    /// Ends the stream.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        let held = std::mem::take(&mut self.held);
        if judge(&held[self.line..]) != Fate::Dropped {
            out.extend_from_slice(&held);
        }
        *self = Self::default();
    }

    /// Takes a line, whose end is at `end`, or the beginning of one. The fate of its last byte.
    fn take(&mut self, piece: &[u8], end: Option<usize>, out: &mut Vec<u8>) -> Fate {
        match self.fate {
            Fate::Open => self.weigh(piece, end, out),
            Fate::Passes => out.extend_from_slice(piece),
            Fate::Dropped => {}
        }
        let Some(end) = end else {
            self.length += piece.len();
            return self.fate;
        };
        let blank = self.length + end == 0;
        (self.length, self.line) = (0, self.held.len());
        if !blank {
            return self.fate;
        }
        // The event ends here. One that said nothing is none of those that are taken out.
        out.append(&mut self.held);
        self.line = 0;
        match std::mem::take(&mut self.fate) {
            Fate::Dropped => Fate::Dropped,
            Fate::Open | Fate::Passes => Fate::Passes,
        }
    }

    fn weigh(&mut self, piece: &[u8], end: Option<usize>, out: &mut Vec<u8>) {
        self.held.extend_from_slice(piece);
        self.fate = match end {
            Some(end) => judge(&self.held[self.line..self.held.len() - (piece.len() - end)]),
            None if self.held.len() > LONGEST => Fate::Passes,
            None => Fate::Open,
        };
        match self.fate {
            Fate::Open => {}
            Fate::Passes => out.append(&mut self.held),
            Fate::Dropped => self.held.clear(),
        }
    }
}

/// What a line says of its event.
fn judge(line: &[u8]) -> Fate {
    let taken = match (field(line, b"event:"), field(line, b"data:")) {
        (Some(name), _) => name == LIMITS.as_bytes(),
        (None, Some(data)) => {
            let typed = serde_json::from_slice::<Typed<'_>>(data);
            typed.is_ok_and(|typed| typed.name == LIMITS)
        }
        (None, None) => return Fate::Open,
    };
    if taken { Fate::Dropped } else { Fate::Passes }
}

fn field<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let value = line.strip_prefix(name)?;
    Some(value.strip_prefix(b" ").unwrap_or(value))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OTHERS: [&str; 6] = [
        "event: response.created\ndata: {\"type\":\"response.created\"}\n\n",
        "data: {\"type\":\"response.output_text.delta\",\"delta\":\"codex.rate_limits\"}\n\n",
        ": only a word\n\n",
        "\n",
        "id: 5\nevent:x\ndata: a\ndata: {\"type\":\"codex.rate_limits\"}\n\n",
        "data: {\n\n",
    ];
    const TAKEN: [&str; 3] = [
        "event: codex.rate_limits\ndata: {\"type\":\"codex.rate_limits\",\"plan_type\":\"plus\"}\n\n",
        "data: {\"rate_limits\":{\"primary\":{}}, \"type\" : \"codex.rate_limits\"}\n\n",
        ": a word\nid: 1\nevent:codex.rate_limits\ndata: {}\ndata: {}\n\n",
    ];

    fn sieved(text: &str, cuts: &[usize]) -> String {
        let (mut sieve, mut out) = (Sieve::default(), Vec::new());
        let mut rest = text.as_bytes();
        for cut in cuts {
            let (chunk, after) = rest.split_at((*cut).min(rest.len()));
            sieve.push(chunk, &mut out);
            rest = after;
        }
        sieve.push(rest, &mut out);
        sieve.finish(&mut out);
        String::from_utf8(out).unwrap()
    }

    proptest! {
        #[test]
        fn what_it_is_there_for_is_gone_and_all_else_is_as_it_was(
            picks in proptest::collection::vec(0..9usize, 0..8),
            cuts in proptest::collection::vec(0..40usize, 0..30),
            ends in 0..3usize,
            open in any::<bool>(),
        ) {
            let end = ["\n", "\r\n", "\r"][ends];
            let (mut all, mut left) = (String::new(), String::new());
            for pick in picks {
                let event = OTHERS.get(pick).copied().unwrap_or_else(|| TAKEN[pick - OTHERS.len()]);
                let event = event.replace('\n', end);
                if pick < OTHERS.len() {
                    left += &event;
                }
                all += &event;
            }
            if open {
                // What breaks off passes, unless it is known.
                all += "event: response.completed";
                left += "event: response.completed";
            }
            prop_assert_eq!(sieved(&all, &cuts), left);
        }

        #[test]
        fn without_such_events_no_byte_is_missing(text in "[a-z:{}\\r\\n ]{0,80}", cuts in proptest::collection::vec(0..9usize, 0..30)) {
            prop_assert_eq!(sieved(&text, &cuts), text);
        }
    }

    #[test]
    fn an_event_passes_as_soon_as_it_is_known_to_be_another() {
        let (mut sieve, mut out) = (Sieve::default(), Vec::new());
        sieve.push(b"event: response.cre", &mut out);
        assert!(out.is_empty());
        sieve.push(b"ated\ndata: {\"ty", &mut out);
        assert_eq!(out, b"event: response.created\ndata: {\"ty");
        out.clear();
        sieve.push(b"pe\":1}\n\ndata: ", &mut out);
        assert_eq!(out, b"pe\":1}\n\n");
        out.clear();
        sieve.push(&vec![b'x'; LONGEST], &mut out);
        assert_eq!(out.len(), LONGEST + 6, "what is long is not held");
    }
}
