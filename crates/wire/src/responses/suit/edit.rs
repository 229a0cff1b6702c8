//! Changing members of a body and nothing around them.

use serde_json::value::RawValue;

use crate::json;

/// What becomes of a member.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is as it was.
    Stays,
    /// It has this value instead.
    Becomes(Vec<u8>),
    /// It is left out.
    Goes,
}

impl Fate {
    /// It has this value instead.
    pub(super) fn becomes(value: &str) -> Self {
        Self::Becomes(value.as_bytes().to_vec())
    }

    /// It has this value, whether or not it had it before.
    pub(super) fn exactly(value: &str, wanted: &str) -> Self {
        if value == wanted {
            Self::Stays
        } else {
            Self::becomes(wanted)
        }
    }
}

/// A body on its way to becoming another one. Nothing is copied before the first change.
pub(super) struct Edit<'b> {
    body: &'b [u8],
    out: Vec<u8>,
    /// Up to here the body is in `out`, or known to be left out.
    at: usize,
    /// Whether the object has a member so far.
    filled: bool,
    changed: bool,
}

impl<'b> Edit<'b> {
    /// Of an object; its members are to be told in their order.
    pub(super) fn new(body: &'b [u8]) -> Self {
        let open = memchr::memchr(b'{', body).map_or(0, |open| open + 1);
        Self {
            body,
            out: Vec::new(),
            at: open,
            filled: false,
            changed: false,
        }
    }

    /// The next member has this value, and this becomes of it.
    pub(super) fn member(&mut self, value: &RawValue, fate: &Fate) {
        let start = value.get().as_ptr() as usize - self.body.as_ptr() as usize;
        let end = start + value.get().len();
        if *fate != Fate::Stays {
            self.change();
        }
        if *fate != Fate::Goes {
            if self.changed {
                let before = &self.body[self.at..start];
                self.out.extend_from_slice(if self.filled {
                    before
                } else {
                    without_comma(before)
                });
                match fate {
                    Fate::Becomes(value) => self.out.extend_from_slice(value),
                    Fate::Stays | Fate::Goes => self.out.extend_from_slice(&self.body[start..end]),
                }
            }
            self.filled = true;
        }
        self.at = end;
    }

    /// One more member.
    pub(super) fn add(&mut self, name: &str, value: &[u8]) {
        self.change();
        if std::mem::replace(&mut self.filled, true) {
            self.out.push(b',');
        }
        json::string(&mut self.out, name);
        self.out.push(b':');
        self.out.extend_from_slice(value);
    }

    /// The new body, if anything changed.
    pub(super) fn finish(mut self) -> Option<Vec<u8>> {
        self.changed.then(|| {
            self.out.extend_from_slice(&self.body[self.at..]);
            self.out
        })
    }

    /// From here on the body is another one.
    fn change(&mut self) {
        if !std::mem::replace(&mut self.changed, true) {
            self.out.reserve(self.body.len() + 256);
            self.out.extend_from_slice(&self.body[..self.at]);
        }
    }
}

/// What stands before a member, without what parted it from one that is gone.
fn without_comma(before: &[u8]) -> &[u8] {
    before
        .trim_ascii_start()
        .strip_prefix(b",")
        .unwrap_or(before)
}
