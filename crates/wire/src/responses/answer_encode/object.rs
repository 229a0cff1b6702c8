//! JSON objects and lists, written member by member.

use crate::json;

/// An object that is being written.
pub(super) struct Object<'o> {
    out: &'o mut Vec<u8>,
    first: bool,
}

/// Appends an object; `members` writes what is in it.
pub(super) fn object(out: &mut Vec<u8>, members: impl FnOnce(&mut Object<'_>)) {
    out.push(b'{');
    members(&mut Object { out, first: true });
    out.push(b'}');
}

/// Appends a list; `write` writes one element.
pub(super) fn list<T>(
    out: &mut Vec<u8>,
    elements: impl IntoIterator<Item = T>,
    mut write: impl FnMut(&mut Vec<u8>, T),
) {
    out.push(b'[');
    for (index, element) in elements.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(out, element);
    }
    out.push(b']');
}

impl Object<'_> {
    fn next(&mut self) -> &mut Vec<u8> {
        if !std::mem::take(&mut self.first) {
            self.out.push(b',');
        }
        self.out
    }

    fn key(&mut self, key: &str) -> &mut Vec<u8> {
        let out = self.next();
        json::string(out, key);
        out.push(b':');
        out
    }

    /// A member that is a string.
    pub(super) fn text(&mut self, key: &str, value: &str) -> &mut Self {
        json::string(self.key(key), value);
        self
    }

    /// A member that is a whole number.
    pub(super) fn number(&mut self, key: &str, value: u64) -> &mut Self {
        json::number(self.key(key), value);
        self
    }

    /// A member whose JSON text is ready.
    pub(super) fn raw(&mut self, key: &str, json: &str) -> &mut Self {
        self.key(key).extend_from_slice(json.as_bytes());
        self
    }

    /// A member that `write` writes.
    pub(super) fn with(&mut self, key: &str, write: impl FnOnce(&mut Vec<u8>)) -> &mut Self {
        write(self.key(key));
        self
    }

    /// A member that is an object.
    pub(super) fn object(&mut self, key: &str, members: impl FnOnce(&mut Object<'_>)) -> &mut Self {
        self.with(key, |out| object(out, members))
    }

    /// Members whose JSON text is ready.
    pub(super) fn members(&mut self, ready: &str) -> &mut Self {
        if !ready.is_empty() {
            self.next().extend_from_slice(ready.as_bytes());
        }
        self
    }
}
