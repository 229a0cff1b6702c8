//! Sealed upstream secrets of users, organizations and the platform.

use sqlx::FromRow;
use tollhouse_domain::credential::{Credential, CredentialKind, Owner};
use tollhouse_domain::id::{CredentialId, OrgId, UserId};
use tollhouse_domain::time::Timestamp;
use uuid::Uuid;

use crate::db::Store;
use crate::error::{Result, StoreError};

/// A credential with its sealed secret.
#[derive(Clone, PartialEq, Eq)]
pub struct CredentialRecord {
    /// What may be told about it.
    pub meta: Credential,
    /// The secret, sealed for the row with `meta.id`.
    pub sealed: Vec<u8>,
}

impl std::fmt::Debug for CredentialRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CredentialRecord")
            .field("meta", &self.meta)
            .finish_non_exhaustive()
    }
}

/// The owner id of what the platform owns.
const PLATFORM: Uuid = Uuid::nil();

/// An owner as stored.
pub(crate) const fn stored(owner: Owner) -> (&'static str, Uuid) {
    match owner {
        Owner::User(id) => ("user", id.0),
        Owner::Org(id) => ("org", id.0),
        Owner::Platform => ("platform", PLATFORM),
    }
}

#[derive(FromRow)]
pub(crate) struct CredentialRow {
    id: Uuid,
    kind: String,
    owner_kind: String,
    owner_id: Uuid,
    provider: String,
    name: String,
    fingerprint: String,
    configured_at: i64,
    managed: bool,
    enabled: bool,
    base_url: Option<String>,
    stale_since: Option<i64>,
    sealed: Vec<u8>,
}

impl CredentialRow {
    pub(crate) fn record(self) -> Result<CredentialRecord> {
        let owner = match self.owner_kind.as_str() {
            "user" => Owner::User(UserId(self.owner_id)),
            "org" => Owner::Org(OrgId(self.owner_id)),
            "platform" => Owner::Platform,
            _ => {
                return Err(StoreError::corrupt(
                    "a credential's owner is of no known kind",
                ));
            }
        };
        let meta = Credential {
            id: CredentialId(self.id),
            owner,
            provider: self.provider,
            name: self.name,
            kind: CredentialKind::parse(&self.kind)
                .ok_or_else(|| StoreError::corrupt("a credential is of no known kind"))?,
            fingerprint: self.fingerprint,
            configured_at: Timestamp(self.configured_at),
            managed: self.managed,
            enabled: self.enabled,
            base_url: self.base_url,
            stale_since: self.stale_since.map(Timestamp),
        };
        let sealed = self.sealed;
        Ok(CredentialRecord { meta, sealed })
    }
}

macro_rules! select {
    () => {
        "SELECT id, kind, owner_kind, owner_id, provider, name, fingerprint, configured_at, managed, \
         enabled, base_url, stale_since, sealed FROM credentials"
    };
}

const ALL: &str = concat!(select!(), " ORDER BY id");
const OF_OWNER: &str = concat!(
    select!(),
    " WHERE owner_kind = $1 AND owner_id = $2 ORDER BY id"
);
pub(crate) const ONE: &str = concat!(
    select!(),
    " WHERE owner_kind = $1 AND owner_id = $2 AND provider = $3 AND name = $4"
);
pub(crate) const OTHERS: &str = "SELECT COUNT(*) FROM credentials WHERE owner_kind = $1 AND owner_id = $2 \
    AND provider = $3";
const SHARED: &str =
    "SELECT COUNT(*) FROM credentials WHERE fingerprint = $1 AND owner_kind <> 'user'";
const BY_ID: &str = concat!(select!(), " WHERE id = $1");
pub(crate) const INSERT: &str = "INSERT INTO credentials (owner_kind, owner_id, provider, name, id, \
    fingerprint, configured_at, managed, enabled, base_url, stale_since, sealed, kind) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
pub(crate) const UPDATE: &str = "UPDATE credentials SET fingerprint = $6, configured_at = $7, managed = $8, \
    enabled = $9, base_url = $10, stale_since = $11, sealed = $12, kind = $13 \
    WHERE owner_kind = $1 AND owner_id = $2 AND provider = $3 AND name = $4 AND id = $5";
const RESEAL: &str = "UPDATE credentials SET sealed = $3 WHERE id = $1 AND sealed = $2";
const ENABLE: &str = "UPDATE credentials SET enabled = $2, stale_since = NULL WHERE id = $1 \
    AND (enabled <> $2 OR stale_since IS NOT NULL)";
// What was set anew meanwhile is not what was refused.
const MARK: &str = "UPDATE credentials SET stale_since = $2 \
    WHERE id = $1 AND stale_since IS NULL AND configured_at <= $2";
const CLEAR: &str =
    "UPDATE credentials SET stale_since = NULL WHERE id = $1 AND stale_since IS NOT NULL";
const DELETE_BY_ID: &str = "DELETE FROM credentials WHERE id = $1";
const DELETE_ACCOUNT: &str = "DELETE FROM accounts WHERE credential_id = $1";

/// Puts a credential in its place within a transaction, and gives what was there before.
macro_rules! put {
    ($tx:ident, $record:ident, $most:ident) => {{
        let meta = &$record.meta;
        let (kind, owner) = crate::credentials::stored(meta.owner);
        let known: Option<crate::credentials::CredentialRow> =
            sqlx::query_as(crate::credentials::ONE)
                .bind(kind)
                .bind(owner)
                .bind(&meta.provider)
                .bind(&meta.name)
                .fetch_optional(&mut *$tx)
                .await?;
        let known = known
            .map(crate::credentials::CredentialRow::record)
            .transpose()?;
        let others = sqlx::query_scalar(crate::credentials::OTHERS)
            .bind(kind)
            .bind(owner);
        let others: i64 = others.bind(&meta.provider).fetch_one(&mut *$tx).await?;
        crate::credentials::may_take(meta, known.as_ref(), others, $most)?;
        let put = if known.is_some() {
            crate::credentials::UPDATE
        } else {
            crate::credentials::INSERT
        };
        sqlx::query(put)
            .bind(kind)
            .bind(owner)
            .bind(&meta.provider)
            .bind(&meta.name)
            .bind(meta.id.0)
            .bind(&meta.fingerprint)
            .bind(meta.configured_at.0)
            .bind(meta.managed)
            .bind(meta.enabled)
            .bind(&meta.base_url)
            .bind(meta.stale_since.map(|at| at.0))
            .bind(&$record.sealed)
            .bind(meta.kind.as_str())
            .execute(&mut *$tx)
            .await?;
        known
    }};
}
pub(crate) use put;

/// Whether a credential may stand where `known` is, beside `others` of the same owner and provider.
pub(crate) fn may_take(
    meta: &Credential,
    known: Option<&CredentialRecord>,
    others: i64,
    most: u32,
) -> Result<()> {
    let (provider, name) = (&meta.provider, &meta.name);
    let conflict = |what: String| Err(StoreError::Conflict { what });
    match known {
        Some(known) if known.meta.id != meta.id => conflict(format!(
            "credential `{name}` of `{provider}` exists under another id"
        )),
        Some(known) if known.meta.kind != meta.kind => conflict(format!(
            "`{name}` of `{provider}` is taken by a credential of another kind; remove it first, or \
             choose another name"
        )),
        None if others >= i64::from(most) => conflict(format!(
            "there are {others} credentials for `{provider}` here, and {most} is the most; \
             remove one first"
        )),
        Some(_) | None => Ok(()),
    }
}

impl Store {
    /// Sets a credential of that owner, provider and name. A secret is sealed for its row, so the row
    /// keeps its id when only the secret changes: look the id up with [`Store::credential_named`],
    /// seal for it, then put. `most` is how many that owner may have for that provider.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when it would be one too many, when another id holds that place (someone else was faster: look it up
    /// and seal again), or when the id belongs to another credential.
    pub async fn put_credential(&self, record: &CredentialRecord, most: u32) -> Result<()> {
        administer!(self, Credentials, |tx| {
            let known = put!(tx, record, most);
            ((), known.as_ref() != Some(record))
        })
    }

    /// What may be told of an owner's credentials, in the order they were first set.
    pub async fn credentials_of(&self, owner: Owner) -> Result<Vec<Credential>> {
        let (kind, id) = stored(owner);
        let rows: Vec<CredentialRow> = read!(self, |pool| sqlx::query_as(OF_OWNER)
            .bind(kind)
            .bind(id)
            .fetch_all(pool)
            .await?);
        rows.into_iter().map(|row| Ok(row.record()?.meta)).collect()
    }

    /// What may be told of an owner's credential for a provider, by its name.
    pub async fn credential_named(
        &self,
        owner: Owner,
        provider: &str,
        name: &str,
    ) -> Result<Option<Credential>> {
        let (kind, id) = stored(owner);
        let row: Option<CredentialRow> = read!(self, |pool| sqlx::query_as(ONE)
            .bind(kind)
            .bind(id)
            .bind(provider)
            .bind(name)
            .fetch_optional(pool)
            .await?);
        row.map(|row| Ok(row.record()?.meta)).transpose()
    }

    /// Whether an organization or the platform has a credential with this fingerprint.
    pub async fn shares_fingerprint(&self, fingerprint: &str) -> Result<bool> {
        let found: i64 = read!(self, |pool| sqlx::query_scalar(SHARED)
            .bind(fingerprint)
            .fetch_one(pool)
            .await?);
        Ok(found > 0)
    }

    /// A credential with its sealed secret.
    pub async fn sealed_credential(&self, id: CredentialId) -> Result<Option<CredentialRecord>> {
        let row: Option<CredentialRow> = read!(self, |pool| sqlx::query_as(BY_ID)
            .bind(id.0)
            .fetch_optional(pool)
            .await?);
        row.map(CredentialRow::record).transpose()
    }

    /// Every credential with its sealed secret, for the snapshot and for sealing again.
    pub async fn sealed_credentials(&self) -> Result<Vec<CredentialRecord>> {
        let rows: Vec<CredentialRow> =
            read!(self, |pool| sqlx::query_as(ALL).fetch_all(pool).await?);
        rows.into_iter().map(CredentialRow::record).collect()
    }

    /// Replaces a sealed secret by the same secret sealed anew, if it is still `old`.
    pub async fn reseal_credential(
        &self,
        id: CredentialId,
        old: &[u8],
        new: &[u8],
    ) -> Result<bool> {
        administer!(self, Credentials, |tx| {
            let query = sqlx::query(RESEAL).bind(id.0).bind(old).bind(new);
            let swapped = query.execute(&mut *tx).await?.rows_affected() > 0;
            (swapped, swapped)
        })
    }

    /// Switches a credential on or off. Either way its provider gets to judge it anew. `false` when
    /// that changes nothing.
    pub async fn enable_credential(&self, id: CredentialId, enabled: bool) -> Result<bool> {
        administer!(self, Credentials, |tx| {
            let query = sqlx::query(ENABLE).bind(id.0).bind(enabled);
            let changed = query.execute(&mut *tx).await?.rows_affected() > 0;
            (changed, changed)
        })
    }

    /// Notes that a credential's provider refuses it (`since`), or takes it again. `false` when that
    /// changes nothing.
    pub async fn mark_credential(
        &self,
        id: CredentialId,
        since: Option<Timestamp>,
    ) -> Result<bool> {
        administer!(self, Credentials, |tx| {
            let query = match since {
                Some(at) => sqlx::query(MARK).bind(id.0).bind(at.0),
                None => sqlx::query(CLEAR).bind(id.0),
            };
            let changed = query.execute(&mut *tx).await?.rows_affected() > 0;
            (changed, changed)
        })
    }

    /// Forgets a credential, and what is known of it as an account. `false` when there was none.
    pub async fn delete_credential(&self, id: CredentialId) -> Result<bool> {
        administer!(self, Credentials, |tx| {
            let account = sqlx::query(DELETE_ACCOUNT).bind(id.0);
            account.execute(&mut *tx).await?;
            let query = sqlx::query(DELETE_BY_ID).bind(id.0);
            let deleted = query.execute(&mut *tx).await?.rows_affected() > 0;
            (deleted, deleted)
        })
    }

    /// Forgets the managed credentials that the configuration file no longer states, and says how
    /// many they were.
    pub async fn keep_managed_credentials(&self, stated: &[CredentialId]) -> Result<u64> {
        administer!(self, Credentials, |tx| {
            let rows: Vec<CredentialRow> = sqlx::query_as(ALL).fetch_all(&mut *tx).await?;
            let stale = rows.iter().filter(|row| row.managed);
            let mut deleted = 0;
            for row in stale.filter(|row| !stated.contains(&CredentialId(row.id))) {
                sqlx::query(DELETE_BY_ID)
                    .bind(row.id)
                    .execute(&mut *tx)
                    .await?;
                deleted += 1;
            }
            (deleted, deleted > 0)
        })
    }
}
