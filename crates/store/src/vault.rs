//! What the vault keeps here: wrapped data keys, and settings that are themselves sealed. Nothing in
//! this file can open either.

use std::fmt;

use sqlx::FromRow;
use uuid::Uuid;

use crate::db::Store;
use crate::error::Result;

/// A data key, wrapped by a master key.
#[derive(Clone, PartialEq, Eq, FromRow)]
pub struct DataKeyRow {
    /// Its id; the newest sorts last.
    pub id: Uuid,
    /// The id of the master key that wraps it.
    pub master: Vec<u8>,
    /// The wrapped key.
    pub wrapped: Vec<u8>,
}

impl fmt::Debug for DataKeyRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataKeyRow")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// A sealed setting and its name.
#[derive(Clone, PartialEq, Eq, FromRow)]
pub struct SealedSetting {
    /// Its name.
    pub name: String,
    /// The sealed value.
    pub sealed: Vec<u8>,
}

impl fmt::Debug for SealedSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedSetting")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

const DATA_KEYS: &str = "SELECT id, master, wrapped FROM data_keys ORDER BY id";
const INSERT_DATA_KEY: &str = "INSERT INTO data_keys (id, master, wrapped) VALUES ($1, $2, $3)";
const REWRAP: &str = "UPDATE data_keys SET master = $3, wrapped = $4 WHERE id = $1 AND master = $2";
const SETTINGS: &str = "SELECT name, sealed FROM sealed_settings ORDER BY name";
const SETTING: &str = "SELECT sealed FROM sealed_settings WHERE name = $1";
const CLAIM: &str = "INSERT INTO sealed_settings (name, sealed) VALUES ($1, $2) \
    ON CONFLICT (name) DO NOTHING";
const RESEAL: &str = "UPDATE sealed_settings SET sealed = $3 WHERE name = $1 AND sealed = $2";

impl Store {
    /// Every data key, oldest first.
    pub async fn data_keys(&self) -> Result<Vec<DataKeyRow>> {
        Ok(read!(self, |pool| sqlx::query_as(DATA_KEYS)
            .fetch_all(pool)
            .await?))
    }

    /// Adds a data key.
    pub async fn insert_data_key(&self, row: &DataKeyRow) -> Result<()> {
        administer!(self, Settings, |tx| {
            let query = sqlx::query(INSERT_DATA_KEY).bind(row.id).bind(&row.master);
            query.bind(&row.wrapped).execute(&mut *tx).await?;
            ((), true)
        })
    }

    /// Adds a data key if there is none at all, and returns the one there is then: of replicas that
    /// start on an empty database together, all use the same.
    pub async fn insert_first_data_key(&self, row: &DataKeyRow) -> Result<Vec<DataKeyRow>> {
        administer!(self, Settings, |tx| {
            let stored: Vec<DataKeyRow> = sqlx::query_as(DATA_KEYS).fetch_all(&mut *tx).await?;
            if stored.is_empty() {
                let query = sqlx::query(INSERT_DATA_KEY).bind(row.id).bind(&row.master);
                query.bind(&row.wrapped).execute(&mut *tx).await?;
                (vec![row.clone()], true)
            } else {
                (stored, false)
            }
        })
    }

    /// Replaces a data key's wrapping, if the master key `expected` still wraps it: a rotation that
    /// was cut short can run again, and two at once do no harm.
    pub async fn replace_data_key(&self, new: &DataKeyRow, expected: &[u8]) -> Result<bool> {
        administer!(self, Settings, |tx| {
            let query = sqlx::query(REWRAP).bind(new.id).bind(expected);
            let query = query.bind(&new.master).bind(&new.wrapped);
            let swapped = query.execute(&mut *tx).await?.rows_affected() > 0;
            (swapped, swapped)
        })
    }

    /// A sealed setting.
    pub async fn sealed_setting(&self, name: &str) -> Result<Option<Vec<u8>>> {
        Ok(read!(self, |pool| sqlx::query_scalar(SETTING)
            .bind(name)
            .fetch_optional(pool)
            .await?))
    }

    /// Every sealed setting, for sealing again.
    pub async fn sealed_settings(&self) -> Result<Vec<SealedSetting>> {
        Ok(read!(self, |pool| sqlx::query_as(SETTINGS)
            .fetch_all(pool)
            .await?))
    }

    /// Sets a sealed setting unless it is set, and returns the value that holds.
    pub async fn put_sealed_setting_if_absent(&self, name: &str, sealed: &[u8]) -> Result<Vec<u8>> {
        administer!(self, Settings, |tx| {
            let claim = sqlx::query(CLAIM).bind(name).bind(sealed);
            let claimed = claim.execute(&mut *tx).await?.rows_affected() > 0;
            let winner = sqlx::query_scalar(SETTING)
                .bind(name)
                .fetch_one(&mut *tx)
                .await?;
            (winner, claimed)
        })
    }

    /// Replaces a sealed setting by the same value sealed anew, if it is still `old`.
    pub async fn reseal_setting(&self, name: &str, old: &[u8], new: &[u8]) -> Result<bool> {
        administer!(self, Settings, |tx| {
            let query = sqlx::query(RESEAL).bind(name).bind(old).bind(new);
            let swapped = query.execute(&mut *tx).await?.rows_affected() > 0;
            (swapped, swapped)
        })
    }
}
