//! An entry as its table has it.

use sqlx::query_builder::Separated;
use sqlx::{Database, Encode, FromRow, Type};
use tollhouse_domain::audit::{Action, Actor, ActorKind, Entry, Hash, Subject, SubjectKind};
use tollhouse_domain::id::OrgId;
use tollhouse_domain::time::Timestamp;
use uuid::Uuid;

use super::ReadEntry;
use crate::convert::{count, from_json, to_json, uncount};
use crate::error::Result;

#[derive(FromRow)]
pub(super) struct AuditRow {
    seq: i64,
    at: i64,
    actor_kind: String,
    actor_id: Option<String>,
    actor_name: Option<String>,
    action: String,
    subject_kind: String,
    subject_id: Option<String>,
    subject_name: Option<String>,
    org_id: Option<Uuid>,
    address: Option<String>,
    detail: String,
    prev: Vec<u8>,
    hash: Vec<u8>,
}

impl AuditRow {
    pub(super) fn new(entry: Entry) -> Result<Self> {
        Ok(Self {
            seq: count(entry.seq),
            at: entry.at.0,
            actor_kind: entry.actor.kind.as_str().to_owned(),
            actor_id: entry.actor.id,
            actor_name: entry.actor.name,
            action: entry.action.as_str().to_owned(),
            subject_kind: entry.subject.kind.as_str().to_owned(),
            subject_id: entry.subject.id,
            subject_name: entry.subject.name,
            org_id: entry.org.map(|org| org.0),
            address: entry.from.map(|from| from.to_string()),
            detail: to_json("an audit entry's detail", &entry.detail)?,
            prev: entry.prev.0.to_vec(),
            hash: entry.hash.0.to_vec(),
        })
    }

    /// The entry, read strictly: what it says must be what was hashed.
    pub(super) fn entry(self) -> ReadEntry {
        let seq = uncount(self.seq);
        self.read().ok_or(seq)
    }

    fn read(self) -> Option<Entry> {
        let from = match self.address {
            Some(address) => Some(address.parse().ok()?),
            None => None,
        };
        Some(Entry {
            seq: u64::try_from(self.seq).ok()?,
            at: Timestamp(self.at),
            actor: Actor {
                kind: ActorKind::parse(&self.actor_kind)?,
                id: self.actor_id,
                name: self.actor_name,
            },
            action: Action::parse(&self.action)?,
            subject: Subject {
                kind: SubjectKind::parse(&self.subject_kind)?,
                id: self.subject_id,
                name: self.subject_name,
            },
            org: self.org_id.map(OrgId),
            from,
            detail: from_json("an audit entry's detail", &self.detail).ok()?,
            prev: Hash(self.prev.try_into().ok()?),
            hash: Hash(self.hash.try_into().ok()?),
        })
    }

    /// Pushes the values, in the order of the statement's columns.
    pub(super) fn push_to<'a, DB: Database>(&'a self, values: &mut Separated<'_, DB, &'static str>)
    where
        i64: Encode<'a, DB> + Type<DB>,
        &'a str: Encode<'a, DB> + Type<DB>,
        Option<&'a str>: Encode<'a, DB>,
        &'a [u8]: Encode<'a, DB> + Type<DB>,
        Option<Uuid>: Encode<'a, DB> + Type<DB>,
    {
        values
            .push_bind(self.seq)
            .push_bind(self.at)
            .push_bind(self.actor_kind.as_str())
            .push_bind(self.actor_id.as_deref())
            .push_bind(self.actor_name.as_deref())
            .push_bind(self.action.as_str())
            .push_bind(self.subject_kind.as_str())
            .push_bind(self.subject_id.as_deref())
            .push_bind(self.subject_name.as_deref())
            .push_bind(self.org_id)
            .push_bind(self.address.as_deref())
            .push_bind(self.detail.as_str())
            .push_bind(self.prev.as_slice())
            .push_bind(self.hash.as_slice());
    }
}
