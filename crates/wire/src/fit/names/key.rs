//! What makes a tool the same tool, and which tools choose their names first.

use crate::conversation::{Kind, Text, ToolName};

/// The namespace that Codex puts its own tools in; they are meant to be called by their bare names.
pub(super) const HOME: &str = "functions";

/// What the client's own tool search is called.
const TOOL_SEARCH: &str = "tool_search";

/// Who chooses a name first.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Rank {
    /// Its name is fine as it is.
    Exact,
    Direct,
    Home,
    Other,
}

impl Rank {
    pub(super) fn of(tool: &ToolName<'_>) -> Self {
        match tool.namespace.as_deref() {
            None if tool.kind != Kind::ToolSearch && tool.name == valid(&tool.name) => Self::Exact,
            None => Self::Direct,
            Some(HOME) => Self::Home,
            Some(_) => Self::Other,
        }
    }
}

/// What makes a tool the same tool: not whether its input is free, which calls and tools may see
/// differently, and not what a tool search is called.
pub(super) fn key<'a>(tool: &ToolName<'a>) -> ToolName<'a> {
    match tool.kind {
        Kind::Function | Kind::Freeform => ToolName {
            kind: Kind::Function,
            ..tool.clone()
        },
        Kind::ToolSearch => ToolName {
            name: Text::Borrowed(TOOL_SEARCH),
            namespace: None,
            kind: Kind::ToolSearch,
        },
    }
}

/// The text in the letters that names are made of.
pub(super) fn valid(text: &str) -> String {
    let valid = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    text.chars()
        .map(|letter| if valid(letter) { letter } else { '_' })
        .collect()
}
