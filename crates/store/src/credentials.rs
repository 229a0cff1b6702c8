//! Sealed upstream secrets. The table knows owners of three kinds; only the platform's have a way
//! in so far.

use sqlx::FromRow;
use tollhouse_domain::credential::{Credential, Owner};
use tollhouse_domain::id::CredentialId;
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

#[derive(FromRow)]
struct CredentialRow {
    id: Uuid,
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

impl From<CredentialRow> for CredentialRecord {
    fn from(row: CredentialRow) -> Self {
        let meta = Credential {
            id: CredentialId(row.id),
            owner: Owner::Platform,
            provider: row.provider,
            name: row.name,
            fingerprint: row.fingerprint,
            configured_at: Timestamp(row.configured_at),
            managed: row.managed,
            enabled: row.enabled,
            base_url: row.base_url,
            stale_since: row.stale_since.map(Timestamp),
        };
        Self {
            meta,
            sealed: row.sealed,
        }
    }
}

/// The owner id of what the platform owns.
const PLATFORM: Uuid = Uuid::nil();

macro_rules! select {
    () => {
        "SELECT id, provider, name, fingerprint, configured_at, managed, \
         enabled, base_url, stale_since, sealed FROM credentials \
         WHERE owner_kind = 'platform'"
    };
}

const ALL: &str = concat!(select!(), " ORDER BY id");
const ONE: &str = concat!(
    select!(),
    " AND owner_id = $1 AND provider = $2 AND name = $3"
);
const INSERT: &str = "INSERT INTO credentials (owner_kind, owner_id, id, provider, name, \
    fingerprint, configured_at, managed, sealed) \
    VALUES ('platform', $1, $2, $3, $4, $5, $6, $7, $8)";
const UPDATE: &str = "UPDATE credentials SET fingerprint = $5, configured_at = $6, managed = $7, \
    sealed = $8 WHERE owner_kind = 'platform' AND owner_id = $1 AND id = $2 AND provider = $3 \
    AND name = $4";
const RESEAL: &str = "UPDATE credentials SET sealed = $3 WHERE id = $1 AND sealed = $2";
const DELETE: &str = "DELETE FROM credentials WHERE owner_kind = 'platform' AND owner_id = $1 \
    AND provider = $2 AND name = $3";
const DELETE_BY_ID: &str = "DELETE FROM credentials WHERE id = $1";

impl Store {
    /// Sets the platform's credential of that provider and name. A secret is sealed for its row, so
    /// the row keeps its id when only the secret changes: look the id up with
    /// [`Store::credential`], seal for it, then put.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when another id holds that provider and name (someone else was
    /// faster: look it up and seal again), or when the id belongs to another credential.
    pub async fn put_credential(&self, record: &CredentialRecord) -> Result<()> {
        let meta = &record.meta;
        administer!(self, Credentials, |tx| {
            let stored: Option<CredentialRow> = sqlx::query_as(ONE)
                .bind(PLATFORM)
                .bind(&meta.provider)
                .bind(&meta.name)
                .fetch_optional(&mut *tx)
                .await?;
            let stored = stored.map(CredentialRecord::from);
            if stored
                .as_ref()
                .is_some_and(|stored| stored.meta.id != meta.id)
            {
                let (provider, name) = (&meta.provider, &meta.name);
                let what = format!("credential `{name}` of `{provider}` exists under another id");
                return Err(StoreError::Conflict { what });
            }
            sqlx::query(if stored.is_some() { UPDATE } else { INSERT })
                .bind(PLATFORM)
                .bind(meta.id.0)
                .bind(&meta.provider)
                .bind(&meta.name)
                .bind(&meta.fingerprint)
                .bind(meta.configured_at.0)
                .bind(meta.managed)
                .bind(&record.sealed)
                .execute(&mut *tx)
                .await?;
            ((), stored.as_ref() != Some(record))
        })
    }

    /// What may be told of every platform credential.
    pub async fn credentials(&self) -> Result<Vec<Credential>> {
        Ok(self
            .sealed_credentials()
            .await?
            .into_iter()
            .map(|record| record.meta)
            .collect())
    }

    /// What may be told of one platform credential.
    pub async fn credential(&self, provider: &str, name: &str) -> Result<Option<Credential>> {
        let row: Option<CredentialRow> = read!(self, |pool| sqlx::query_as(ONE)
            .bind(PLATFORM)
            .bind(provider)
            .bind(name)
            .fetch_optional(pool)
            .await?);
        Ok(row.map(|row| CredentialRecord::from(row).meta))
    }

    /// Every platform credential with its sealed secret, for the snapshot and for sealing again.
    pub async fn sealed_credentials(&self) -> Result<Vec<CredentialRecord>> {
        let rows: Vec<CredentialRow> =
            read!(self, |pool| sqlx::query_as(ALL).fetch_all(pool).await?);
        Ok(rows.into_iter().map(CredentialRecord::from).collect())
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

    /// Forgets the platform's credential of that provider and name. `false` when there was none.
    pub async fn delete_credential(&self, provider: &str, name: &str) -> Result<bool> {
        administer!(self, Credentials, |tx| {
            let query = sqlx::query(DELETE).bind(PLATFORM).bind(provider).bind(name);
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
