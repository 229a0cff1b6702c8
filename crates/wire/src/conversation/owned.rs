//! The same values, borrowing nothing: for what outlives the bytes it was read from.

use std::borrow::Cow;

use super::{Hit, Text, ToolName};

fn own<'b>(text: Text<'_>) -> Text<'b> {
    Cow::Owned(text.into_owned())
}

impl Hit<'_> {
    /// The same, borrowing nothing.
    pub fn into_owned<'b>(self) -> Hit<'b> {
        Hit {
            url: own(self.url),
            title: own(self.title),
        }
    }
}

impl ToolName<'_> {
    /// The same, borrowing nothing.
    pub fn into_owned<'b>(self) -> ToolName<'b> {
        ToolName {
            name: own(self.name),
            namespace: self.namespace.map(own),
            kind: self.kind,
        }
    }
}
