//! The audit trail: who did what to what, when and from where, in a chain that shows whether anybody
//! changed it afterwards.
//!
//! A [`Note`] is what somebody is about to do. Once it is done it becomes an [`Entry`]: numbered, and
//! tied by its hash to the entry before it. [`chain`] says how, and finds what was altered, taken out,
//! put in or put elsewhere. Nothing here is a secret, and nothing here may become one: a note has names
//! and ids, never what a credential or a client said.

mod action;
pub mod chain;
mod uses;

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use self::action::{Action, ActorKind, SubjectKind};
pub use self::uses::{may_be_by_plan, uses};
use crate::id::OrgId;
use crate::time::Timestamp;

/// The most bytes kept of any one text of a note.
pub const MAX_TEXT: usize = 500;

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// What they are.
    pub kind: ActorKind,
    /// Their id, where they have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What they were called then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl Actor {
    /// Whoever holds the administrator's token, or works on the server's own machine.
    pub const OPERATOR: Self = Self::unnamed(ActorKind::Operator);
    /// The configuration file, as applied at a start.
    pub const CONFIG: Self = Self::unnamed(ActorKind::Config);
    /// The program itself.
    pub const SYSTEM: Self = Self::unnamed(ActorKind::System);
    /// Somebody who was not signed in.
    pub const ANONYMOUS: Self = Self::unnamed(ActorKind::Anonymous);

    const fn unnamed(kind: ActorKind) -> Self {
        Self {
            kind,
            id: None,
            name: None,
        }
    }

    /// A user.
    pub fn user(id: impl fmt::Display, name: impl Into<String>) -> Self {
        Self {
            kind: ActorKind::User,
            id: Some(id.to_string()),
            name: Some(name.into()),
        }
    }

    /// A virtual key, at work in the data plane.
    pub fn key(id: impl fmt::Display) -> Self {
        Self {
            kind: ActorKind::Key,
            id: Some(id.to_string()),
            name: None,
        }
    }
}

/// What it was done to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// What it is.
    pub kind: SubjectKind,
    /// Its id, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What it was called then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl Subject {
    /// All of a kind, or the one there is.
    pub const fn of(kind: SubjectKind) -> Self {
        Self {
            kind,
            id: None,
            name: None,
        }
    }

    /// One by its id.
    pub fn id(kind: SubjectKind, id: impl fmt::Display) -> Self {
        Self {
            id: Some(id.to_string()),
            ..Self::of(kind)
        }
    }

    /// One by its name.
    pub fn name(kind: SubjectKind, name: impl Into<String>) -> Self {
        Self::of(kind).called(name)
    }

    /// The same with its name.
    #[must_use]
    pub fn called(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }
}

/// One value of an entry's detail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// Yes or no.
    Flag(bool),
    /// A count.
    Number(u64),
    /// A word or a name.
    Text(String),
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// What else is worth knowing, by name.
pub type Detail = BTreeMap<String, Value>;

/// What somebody is about to do, as it will be remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// What.
    pub action: Action,
    /// To what.
    pub subject: Subject,
    /// The organization it concerns, whose administrators may read of it.
    pub org: Option<OrgId>,
    /// The address they came from.
    pub from: Option<IpAddr>,
    /// What else is worth knowing.
    pub detail: Detail,
}

impl Note {
    /// A note without organization, address and detail.
    pub const fn new(at: Timestamp, actor: Actor, action: Action, subject: Subject) -> Self {
        Self {
            at,
            actor,
            action,
            subject,
            org: None,
            from: None,
            detail: Detail::new(),
        }
    }

    /// The same note with one more detail. Never a secret.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.detail.insert(name.to_owned(), value.into());
        self
    }

    /// The same note about something of that organization.
    #[must_use]
    pub const fn in_org(mut self, org: Option<OrgId>) -> Self {
        self.org = org;
        self
    }

    /// One such note for each of these organizations, which each read its own; this one where there is
    /// none.
    #[must_use]
    pub fn in_each(self, orgs: impl IntoIterator<Item = OrgId>) -> Vec<Self> {
        let mut orgs: Vec<OrgId> = orgs.into_iter().collect();
        orgs.sort_unstable();
        orgs.dedup();
        if orgs.is_empty() {
            return vec![self];
        }
        let each = |org| self.clone().in_org(Some(org));
        orgs.into_iter().map(each).collect()
    }

    /// Text that any database takes and that stays small.
    fn clean(&mut self) {
        let texts = [
            &mut self.actor.id,
            &mut self.actor.name,
            &mut self.subject.id,
            &mut self.subject.name,
        ];
        texts.into_iter().flatten().for_each(bound);
        for value in self.detail.values_mut() {
            match value {
                Value::Text(text) => bound(text),
                // What JSON and both databases hold exactly.
                Value::Number(number) => *number = (*number).min(1 << 53),
                Value::Flag(_) => {}
            }
        }
    }
}

fn bound(text: &mut String) {
    if text.contains('\0') {
        *text = text.replace('\0', "\u{fffd}");
    }
    text.truncate(text.floor_char_boundary(MAX_TEXT));
}

/// A note that was kept: its place in the trail, and what ties it there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its number; the first is 1 and none is left out.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// What.
    pub action: Action,
    /// To what.
    pub subject: Subject,
    /// The organization it concerns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub org: Option<OrgId>,
    /// The address they came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<IpAddr>,
    /// What else is worth knowing.
    #[serde(default, skip_serializing_if = "Detail::is_empty")]
    pub detail: Detail,
    /// The hash of the entry before it.
    pub prev: Hash,
    /// The hash of this one, `prev` included.
    pub hash: Hash,
}

/// A SHA-256 digest; 64 hexadecimal digits in print.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// What the first entry has before it.
    pub const NONE: Self = Self([0; 32]);
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A hash whose text did not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 64 hexadecimal digits")]
pub struct InvalidHash;

impl FromStr for Hash {
    type Err = InvalidHash;

    fn from_str(text: &str) -> Result<Self, InvalidHash> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(InvalidHash);
        }
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let digits = std::str::from_utf8(pair).map_err(|_| InvalidHash)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| InvalidHash)?;
        }
        Ok(Self(bytes))
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
