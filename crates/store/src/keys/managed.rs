//! Keys that the configuration file states.
//!
//! A key keeps its id for as long as its name is in the file, whatever else changes about it, so
//! that the ledger stays one story. A name that leaves the file retires its key; a name that comes
//! back revives it. What a person revoked stays revoked: the file may repeat that secret for ever
//! and it will not work again, under any name.

use tollhouse_domain::key::VirtualKey;
use tollhouse_domain::time::Timestamp;

use super::row::{KeyRow, bind_key, columns};
use super::{INSERT, UPDATE};
use crate::db::Store;
use crate::error::Result;

const RELEVANT: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM virtual_keys WHERE managed OR revoked_at IS NOT NULL ORDER BY id"
);
const RETIRE: &str = "UPDATE virtual_keys SET revoked_at = $2, retired = TRUE, \
    revision = (SELECT value FROM revision WHERE id = 1) WHERE id = $1";

impl Store {
    /// Makes the managed keys be those of the configuration file, in one step. The ids of `keys` are
    /// used only for names that are new. Returns the names that stay revoked because a person
    /// revoked their secret.
    ///
    /// # Errors
    /// [`crate::StoreError::Conflict`] when two keys share a name or a secret.
    pub async fn put_managed_keys(
        &self,
        keys: &[(VirtualKey, [u8; 32])],
        now: Timestamp,
    ) -> Result<Vec<String>> {
        let wanted = keys
            .iter()
            .map(|(key, digest)| KeyRow::new(key, *digest))
            .collect::<Result<Vec<KeyRow>>>()?;
        administer!(self, Keys, |tx| {
            let stored: Vec<KeyRow> = sqlx::query_as(RELEVANT).fetch_all(&mut *tx).await?;
            let plan = Plan::new(&stored, &wanted);
            for row in &plan.retire {
                sqlx::query(RETIRE)
                    .bind(row.id)
                    .bind(now.0)
                    .execute(&mut *tx)
                    .await?;
            }
            for row in &plan.update {
                bind_key!(sqlx::query(UPDATE), row)
                    .execute(&mut *tx)
                    .await?;
            }
            for row in &plan.insert {
                bind_key!(sqlx::query(INSERT), row)
                    .execute(&mut *tx)
                    .await?;
            }
            let changed = plan.changes();
            (plan.refused, changed)
        })
    }
}

/// What has to be done so that the file holds, in this order.
struct Plan<'a> {
    /// Live rows that the file no longer names, and those about to be updated: a name or a secret
    /// that moves from one key to another must be free before it is taken.
    retire: Vec<&'a KeyRow>,
    update: Vec<KeyRow>,
    insert: Vec<KeyRow>,
    /// Names whose secret a person revoked.
    refused: Vec<String>,
}

impl<'a> Plan<'a> {
    fn new(stored: &'a [KeyRow], wanted: &[KeyRow]) -> Self {
        let mut plan = Self {
            retire: Vec::new(),
            update: Vec::new(),
            insert: Vec::new(),
            refused: Vec::new(),
        };
        let ended = |row: &&KeyRow| row.revoked_at.is_some() && !row.retired;
        for key in wanted {
            if stored
                .iter()
                .filter(ended)
                .any(|row| row.digest == key.digest)
            {
                plan.refused.push(key.name.clone());
                continue;
            }
            let same_name = |row: &&KeyRow| row.managed && !ended(row) && row.name == key.name;
            match stored.iter().find(same_name) {
                None => plan.insert.push(KeyRow {
                    managed: true,
                    revoked_at: None,
                    ..key.clone()
                }),
                Some(row) => {
                    let new = row.restated(key);
                    if new != *row {
                        plan.update.push(new);
                    }
                }
            }
        }
        plan.retire = stored
            .iter()
            .filter(|row| row.managed && row.revoked_at.is_none())
            .filter(|row| {
                plan.update.iter().any(|new| new.id == row.id)
                    || plan.refused.contains(&row.name)
                    || !wanted.iter().any(|key| key.name == row.name)
            })
            .collect();
        plan
    }

    fn changes(&self) -> bool {
        !(self.retire.is_empty() && self.update.is_empty() && self.insert.is_empty())
    }
}
