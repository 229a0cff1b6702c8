//! A piece of a call, of whatever kind.

use std::borrow::Cow;

use super::chunk::{Called, Fragment, text_or_json};
use crate::conversation::Kind;

/// A fragment without its wrapping. What is absent is empty: servers do not keep the two apart.
pub(super) struct Piece<'a> {
    pub index: Option<i64>,
    pub id: Cow<'a, str>,
    pub name: Cow<'a, str>,
    pub input: Cow<'a, str>,
    pub kind: Kind,
}

impl<'a> From<Fragment<'a>> for Piece<'a> {
    fn from(fragment: Fragment<'a>) -> Self {
        let (called, kind) = match (fragment.function, fragment.custom) {
            (None, Some(custom)) => (Some(custom), Kind::Freeform),
            (function, _) => (function, Kind::Function),
        };
        let (name, input) = called.map_or((None, None), |called: Called<'a>| {
            let input = match kind {
                Kind::Freeform => called.input,
                Kind::Function | Kind::ToolSearch => called.arguments,
            };
            (called.name, input)
        });
        Self {
            index: fragment.index,
            id: fragment.id.map(|id| id.0).unwrap_or_default(),
            name: name.map(|name| name.0).unwrap_or_default(),
            input: input.map(text_or_json).unwrap_or_default(),
            kind,
        }
    }
}

impl Piece<'_> {
    /// Whether it says nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.id.is_empty() && self.name.is_empty() && self.input.is_empty()
    }
}
