//! A key as its table has it.

use sqlx::FromRow;
use tollhouse_domain::id::{KeyId, OrgId, UserId};
use tollhouse_domain::key::{KeyKind, VirtualKey};
use tollhouse_domain::time::Timestamp;
use uuid::Uuid;

use super::StoredKey;
use crate::convert::{fixed, from_json, moment, to_json, word};
use crate::error::Result;

/// The columns, in the order in which [`bind_key`] binds them.
macro_rules! columns {
    () => {
        "id, digest, name, prefix, owner_id, org_id, agent, kind, models, providers, credentials, \
         created_at, expires_at, revoked_at, last_used_at, managed, retired, strict, routes, \
         pinned_source, limits, budgets, previous_digest, grace_until, capture"
    };
}

macro_rules! bind_key {
    ($query:expr, $row:expr) => {
        $query
            .bind($row.id)
            .bind(&$row.digest)
            .bind(&$row.name)
            .bind(&$row.prefix)
            .bind($row.owner_id)
            .bind($row.org_id)
            .bind(&$row.agent)
            .bind(&$row.kind)
            .bind(&$row.models)
            .bind(&$row.providers)
            .bind(&$row.credentials)
            .bind($row.created_at)
            .bind($row.expires_at)
            .bind($row.revoked_at)
            .bind($row.last_used_at)
            .bind($row.managed)
            .bind($row.retired)
            .bind($row.strict)
            .bind(&$row.routes)
            .bind(&$row.pinned_source)
            .bind(&$row.limits)
            .bind(&$row.budgets)
            .bind(&$row.previous_digest)
            .bind($row.grace_until)
            .bind(&$row.capture)
    };
}

pub(crate) use {bind_key, columns};

#[derive(Clone, PartialEq, FromRow)]
pub(crate) struct KeyRow {
    pub(crate) id: Uuid,
    pub(crate) digest: Vec<u8>,
    pub(crate) name: String,
    pub(crate) prefix: String,
    pub(crate) owner_id: Option<Uuid>,
    pub(crate) org_id: Option<Uuid>,
    pub(crate) agent: Option<String>,
    pub(crate) kind: String,
    pub(crate) models: Option<String>,
    pub(crate) providers: Option<String>,
    pub(crate) credentials: String,
    pub(crate) created_at: i64,
    pub(crate) expires_at: Option<i64>,
    pub(crate) revoked_at: Option<i64>,
    pub(crate) last_used_at: Option<i64>,
    pub(crate) managed: bool,
    pub(crate) retired: bool,
    pub(crate) strict: bool,
    pub(crate) routes: Option<String>,
    pub(crate) pinned_source: Option<String>,
    pub(crate) limits: String,
    pub(crate) budgets: String,
    pub(crate) previous_digest: Option<Vec<u8>>,
    pub(crate) grace_until: Option<i64>,
    pub(crate) capture: Option<String>,
}

impl KeyRow {
    pub(crate) fn new(key: &VirtualKey, digest: [u8; 32]) -> Result<Self> {
        let kind = match key.kind {
            KeyKind::Standard => "standard",
            KeyKind::Scoped => "scoped",
        };
        Ok(Self {
            id: key.id.0,
            digest: digest.to_vec(),
            name: key.name.clone(),
            prefix: key.prefix.clone(),
            owner_id: key.owner.map(|id| id.0),
            org_id: key.org.map(|id| id.0),
            agent: key.agent.clone(),
            kind: kind.to_owned(),
            models: key
                .models
                .as_ref()
                .map(|list| to_json("models", list))
                .transpose()?,
            providers: key
                .providers
                .as_ref()
                .map(|list| to_json("providers", list))
                .transpose()?,
            credentials: to_json("credentials", &key.credentials)?,
            created_at: key.created_at.0,
            expires_at: key.expires_at.map(|at| at.0),
            revoked_at: key.revoked_at.map(|at| at.0),
            last_used_at: key.last_used_at.map(|at| at.0),
            managed: key.managed,
            retired: false,
            strict: key.strict,
            routes: key
                .routes
                .as_ref()
                .map(|list| to_json("routes", list))
                .transpose()?,
            pinned_source: key.pinned_source.map(|source| source.as_str().to_owned()),
            limits: to_json("limits", &key.limits)?,
            budgets: to_json("budgets", &key.budgets)?,
            previous_digest: None,
            grace_until: key.grace_until.map(|at| at.0),
            capture: key.capture.map(|mode| mode.as_str().to_owned()),
        })
    }

    pub(crate) fn digest(&self) -> Result<[u8; 32]> {
        fixed("a key's digest", self.digest.clone())
    }

    pub(crate) fn stored(mut self) -> Result<StoredKey> {
        let previous = self.previous_digest.take();
        Ok(StoredKey {
            digest: self.digest()?,
            previous: previous
                .map(|digest| fixed("a key's previous digest", digest))
                .transpose()?,
            key: self.key()?,
        })
    }

    pub(crate) fn key(self) -> Result<VirtualKey> {
        Ok(VirtualKey {
            id: KeyId(self.id),
            name: self.name,
            prefix: self.prefix,
            owner: self.owner_id.map(UserId),
            org: self.org_id.map(OrgId),
            agent: self.agent,
            kind: word("a key's kind", &self.kind)?,
            models: self
                .models
                .map(|text| from_json("a key's models", &text))
                .transpose()?,
            providers: self
                .providers
                .map(|text| from_json("a key's providers", &text))
                .transpose()?,
            credentials: from_json("a key's credentials", &self.credentials)?,
            created_at: Timestamp(self.created_at),
            expires_at: moment(self.expires_at),
            revoked_at: moment(self.revoked_at),
            last_used_at: moment(self.last_used_at),
            managed: self.managed,
            strict: self.strict,
            routes: self
                .routes
                .map(|text| from_json("a key's routes", &text))
                .transpose()?,
            pinned_source: self
                .pinned_source
                .map(|text| word("a key's source", &text))
                .transpose()?,
            limits: from_json("a key's limits", &self.limits)?,
            budgets: from_json("a key's budgets", &self.budgets)?,
            grace_until: moment(self.grace_until),
            capture: self
                .capture
                .map(|text| word("what a key keeps", &text))
                .transpose()?,
        })
    }

    /// This row with what an administrator may change taken from `key`.
    pub(crate) fn edited(self, key: &VirtualKey) -> Result<Self> {
        let new = Self::new(key, self.digest()?)?;
        Ok(Self {
            name: new.name,
            owner_id: new.owner_id,
            org_id: new.org_id,
            agent: new.agent,
            models: new.models,
            providers: new.providers,
            credentials: new.credentials,
            expires_at: new.expires_at,
            strict: new.strict,
            capture: new.capture,
            routes: new.routes,
            limits: new.limits,
            budgets: new.budgets,
            ..self
        })
    }

    /// This row as the file's `wanted` has it: the same key in every record, and working.
    pub(crate) fn restated(&self, wanted: &Self) -> Self {
        Self {
            id: self.id,
            created_at: self.created_at,
            last_used_at: self.last_used_at,
            revoked_at: None,
            managed: true,
            retired: false,
            ..wanted.clone()
        }
    }
}
