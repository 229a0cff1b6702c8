//! What a request of any protocol is by nature: whether a person or a program carries the conversation on,
//! and whether it shows pictures.

use std::ops::Range;

use crate::walk::{Raw, Step, Visitor, Walker};

#[cfg(test)]
mod tests;

/// What a request is by nature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Nature {
    /// An answer of the model or of a tool stands behind the last words of a user: a program goes on by
    /// itself.
    pub agent: bool,
    /// There is a picture somewhere in the conversation.
    pub pictures: bool,
}

/// Reads the conversation of a request, in one pass over its pieces. What is no conversation is a user's,
/// without pictures.
pub fn nature<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Nature {
    let mut walker = Walker::new(Place::Root);
    let mut reading = Reading::default();
    for chunk in chunks {
        walker.feed(chunk, &mut reading);
    }
    reading.nature
}

#[derive(Clone, Copy, Debug)]
enum Place {
    Root,
    List,
    Item,
    Role,
    /// The `type` of an item.
    Kind,
    /// A list of parts, or the only one.
    Content,
    Part,
    /// What a tool's result is made of.
    Inner,
    InnerPart,
    /// The `type` of a part.
    PartKind,
}

#[derive(Debug, Default)]
struct Reading {
    nature: Nature,
    role: Role,
    /// The item is a tool's result, or holds one.
    result: bool,
}

#[derive(Clone, Copy, Debug, Default)]
enum Role {
    #[default]
    None,
    User,
    /// Neither side of the conversation.
    Instructions,
    Other,
}

impl Visitor for Reading {
    type Place = Place;

    fn member(&mut self, parent: Place, key: &[u8]) -> Step<Place> {
        match (parent, key) {
            (Place::Root, b"messages" | b"input") => Step::Enter(Place::List, 0),
            (Place::Item, b"role") => Step::Keep(Place::Role, 16),
            (Place::Item, b"type") => Step::Keep(Place::Kind, 32),
            (Place::Item, b"content" | b"output") => Step::Enter(Place::Content, 0),
            (Place::Part, b"content") => Step::Enter(Place::Inner, 0),
            (Place::Part | Place::Content | Place::InnerPart, b"type") => {
                Step::Keep(Place::PartKind, 32)
            }
            _ => Step::Skip,
        }
    }

    fn element(&mut self, parent: Place, _index: usize) -> Step<Place> {
        match parent {
            Place::List => {
                (self.role, self.result) = (Role::None, false);
                Step::Enter(Place::Item, 0)
            }
            Place::Content => Step::Enter(Place::Part, 0),
            Place::Inner => Step::Enter(Place::InnerPart, 0),
            Place::Root
            | Place::Item
            | Place::Role
            | Place::Kind
            | Place::Part
            | Place::InnerPart
            | Place::PartKind => Step::Skip,
        }
    }

    fn value(&mut self, place: Place, raw: Raw<'_>) {
        match (place, raw.bytes) {
            (Place::Role, b"\"user\"") => self.role = Role::User,
            (Place::Role, b"\"system\"" | b"\"developer\"") => self.role = Role::Instructions,
            (Place::Role, _) => self.role = Role::Other,
            (Place::PartKind, b"\"tool_result\"") => self.result = true,
            (
                Place::PartKind | Place::Kind,
                b"\"image\"" | b"\"image_url\"" | b"\"input_image\"" | b"\"computer_screenshot\"",
            ) => self.nature.pictures = true,
            _ => {}
        }
    }

    fn leave(&mut self, place: Place, _span: Range<usize>) {
        if !matches!(place, Place::Item) {
            return;
        }
        match (self.role, self.result) {
            (Role::Instructions, _) => {}
            (Role::User, false) => self.nature.agent = false,
            (Role::User, true) | (Role::None | Role::Other, _) => self.nature.agent = true,
        }
    }
}
