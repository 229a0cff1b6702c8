//! Providers. The configuration file's and the API's stand side by side; where both name one, the
//! file's holds and the other waits until the file lets go.

use std::collections::BTreeMap;

use sqlx::FromRow;
use tollhouse_domain::provider::Provider;

use crate::convert::{from_json, to_json};
use crate::db::Store;
use crate::error::{Result, StoreError};

#[derive(PartialEq, FromRow)]
struct ProviderRow {
    name: String,
    managed: bool,
    detail: String,
}

impl ProviderRow {
    fn new(provider: &Provider, managed: bool) -> Result<Self> {
        let detail = to_json(
            "a provider",
            &Provider {
                managed,
                ..provider.clone()
            },
        )?;
        Ok(Self {
            name: provider.name.clone(),
            managed,
            detail,
        })
    }
}

// In an order that the database's collation has no say in: unmanaged first.
const ALL: &str = "SELECT name, managed, detail FROM providers ORDER BY managed";
const MANAGED: &str = "SELECT name, managed, detail FROM providers WHERE managed";
const ONE: &str = "SELECT name, managed, detail FROM providers WHERE name = $1 ORDER BY managed";
const DELETE_MANAGED: &str = "DELETE FROM providers WHERE managed";
const DELETE: &str = "DELETE FROM providers WHERE name = $1 AND NOT managed";
const PUT: &str = "INSERT INTO providers (name, managed, detail) VALUES ($1, $2, $3) \
    ON CONFLICT (name, managed) DO UPDATE SET detail = excluded.detail";
const REPLACE: &str =
    "UPDATE providers SET detail = $2 WHERE name = $1 AND managed AND detail <> $2";

impl Store {
    /// Makes the managed providers be those of the configuration file.
    pub async fn put_managed_providers(&self, providers: &[Provider]) -> Result<()> {
        let mut wanted = BTreeMap::new();
        for provider in providers {
            let row = ProviderRow::new(provider, true)?;
            if wanted.insert(row.name.clone(), row).is_some() {
                return Err(StoreError::conflict(format!(
                    "provider `{}` twice",
                    provider.name
                )));
            }
        }
        administer!(self, Catalog, |tx| {
            let stored: Vec<ProviderRow> = sqlx::query_as(MANAGED).fetch_all(&mut *tx).await?;
            let same = stored.len() == wanted.len()
                && stored.iter().all(|row| wanted.get(&row.name) == Some(row));
            if !same {
                sqlx::query(DELETE_MANAGED).execute(&mut *tx).await?;
                for row in wanted.values() {
                    let query = sqlx::query(PUT).bind(&row.name).bind(row.managed);
                    query.bind(&row.detail).execute(&mut *tx).await?;
                }
            }
            ((), !same)
        })
    }

    /// Replaces one that the configuration file states, while it does. Whether that changed anything.
    pub async fn replace_managed_provider(&self, provider: &Provider) -> Result<bool> {
        let row = ProviderRow::new(provider, true)?;
        administer!(self, Catalog, |tx| {
            let query = sqlx::query(REPLACE).bind(&row.name).bind(&row.detail);
            let changed = query.execute(&mut *tx).await?.rows_affected() > 0;
            (changed, changed)
        })
    }

    /// Adds or replaces a provider that the file does not manage.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the configuration file manages that name.
    pub async fn upsert_provider(&self, provider: &Provider) -> Result<()> {
        let row = ProviderRow::new(provider, false)?;
        administer!(self, Catalog, |tx| {
            let stored: Vec<ProviderRow> = sqlx::query_as(ONE)
                .bind(&row.name)
                .fetch_all(&mut *tx)
                .await?;
            refuse_managed(&row.name, &stored)?;
            let query = sqlx::query(PUT)
                .bind(&row.name)
                .bind(row.managed)
                .bind(&row.detail);
            query.execute(&mut *tx).await?;
            ((), !stored.contains(&row))
        })
    }

    /// Forgets a provider that the file does not manage. `false` when there was none.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the configuration file manages that name.
    pub async fn delete_provider(&self, name: &str) -> Result<bool> {
        administer!(self, Catalog, |tx| {
            let stored: Vec<ProviderRow> =
                sqlx::query_as(ONE).bind(name).fetch_all(&mut *tx).await?;
            refuse_managed(name, &stored)?;
            let deleted = sqlx::query(DELETE).bind(name).execute(&mut *tx).await?;
            let deleted = deleted.rows_affected() > 0;
            (deleted, deleted)
        })
    }

    /// The providers that hold, by name.
    pub async fn providers(&self) -> Result<Vec<Provider>> {
        let rows: Vec<ProviderRow> =
            read!(self, |pool| sqlx::query_as(ALL).fetch_all(pool).await?);
        let mut holding = BTreeMap::new();
        for row in rows {
            let provider: Provider = from_json("a provider", &row.detail)?;
            holding.insert(row.name, provider);
        }
        Ok(holding.into_values().collect())
    }
}

fn refuse_managed(name: &str, stored: &[ProviderRow]) -> Result<()> {
    if stored.iter().any(|row| row.managed) {
        let what = format!("the configuration file manages the provider `{name}`");
        return Err(StoreError::Conflict { what });
    }
    Ok(())
}
