//! Whose limits: what is counted together.

use std::fmt;

use crate::id::{KeyId, OrgId, SessionId, UserId};

/// What is counted together. The order is the order in which they are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// The whole gateway.
    Global,
    /// An organization's keys.
    Org(OrgId),
    /// A user's keys.
    User(UserId),
    /// One key.
    Key(KeyId),
    /// One conversation.
    Session(SessionId),
}

impl Scope {
    /// What kind of scope it is, as stored and as a label.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Org(_) => "org",
            Self::User(_) => "user",
            Self::Key(_) => "key",
            Self::Session(_) => "session",
        }
    }

    /// As a sentence calls it.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Global => "the gateway",
            Self::Org(_) => "this organization",
            Self::User(_) => "this user",
            Self::Key(_) => "this key",
            Self::Session(_) => "this session",
        }
    }
}

impl fmt::Display for Scope {
    /// The id, which says by its prefix what kind it is.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Global => f.write_str("global"),
            Self::Org(id) => id.fmt(f),
            Self::User(id) => id.fmt(f),
            Self::Key(id) => id.fmt(f),
            Self::Session(id) => id.fmt(f),
        }
    }
}
