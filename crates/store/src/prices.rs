//! Imported prices. Those of the embedded catalog are not here.

use sqlx::FromRow;
use tollhouse_domain::price::Price;

use crate::convert::{from_json, to_json};
use crate::db::Store;
use crate::error::Result;

/// What a model costs, and who says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPrice {
    /// The model's name as upstreams spell it.
    pub model: String,
    /// The provider whose price this is; absent means any.
    pub provider: Option<String>,
    /// The rates.
    pub price: Price,
    /// Where the price was found: a file's name or a URL.
    pub source: String,
    /// The day on which it held, as `2026-11-22`.
    pub dated: String,
}

#[derive(PartialEq, FromRow)]
struct PriceRow {
    model: String,
    provider: String,
    price: String,
    source: String,
    dated: String,
}

const ALL: &str = "SELECT model, provider, price, source, dated FROM prices";
const ONE: &str = "SELECT model, provider, price, source, dated FROM prices \
    WHERE model = $1 AND provider = $2";
const DELETE: &str = "DELETE FROM prices WHERE model = $1 AND provider = $2";
const PUT: &str = "INSERT INTO prices (model, provider, price, source, dated) \
    VALUES ($1, $2, $3, $4, $5) ON CONFLICT (model, provider) DO UPDATE SET \
    price = excluded.price, source = excluded.source, dated = excluded.dated";

impl Store {
    /// Adds or replaces prices by model and provider, all or none. Returns how many were new or
    /// different.
    pub async fn put_prices(&self, prices: &[StoredPrice]) -> Result<u64> {
        let rows = prices
            .iter()
            .map(|price| {
                Ok(PriceRow {
                    model: price.model.clone(),
                    provider: price.provider.clone().unwrap_or_default(),
                    price: to_json("a price", &price.price)?,
                    source: price.source.clone(),
                    dated: price.dated.clone(),
                })
            })
            .collect::<Result<Vec<_>>>()?;
        administer!(self, Prices, |tx| {
            let mut different = 0;
            for row in &rows {
                let query = sqlx::query_as(ONE).bind(&row.model).bind(&row.provider);
                let stored: Option<PriceRow> = query.fetch_optional(&mut *tx).await?;
                if stored.as_ref() == Some(row) {
                    continue;
                }
                different += 1;
                sqlx::query(PUT)
                    .bind(&row.model)
                    .bind(&row.provider)
                    .bind(&row.price)
                    .bind(&row.source)
                    .bind(&row.dated)
                    .execute(&mut *tx)
                    .await?;
            }
            (different, different > 0)
        })
    }

    /// Takes back the imported price of a model at a provider, or the one that names no provider; whether there was one.
    pub async fn delete_price(&self, model: &str, provider: Option<&str>) -> Result<bool> {
        let provider = provider.unwrap_or_default();
        administer!(self, Prices, |tx| {
            let query = sqlx::query(DELETE).bind(model).bind(provider);
            let deleted = query.execute(&mut *tx).await?.rows_affected() > 0;
            (deleted, deleted)
        })
    }

    /// Every imported price, by model and provider.
    pub async fn prices(&self) -> Result<Vec<StoredPrice>> {
        let mut rows: Vec<PriceRow> =
            read!(self, |pool| sqlx::query_as(ALL).fetch_all(pool).await?);
        rows.sort_by(|a, b| (&a.model, &a.provider).cmp(&(&b.model, &b.provider)));
        rows.into_iter()
            .map(|row| {
                Ok(StoredPrice {
                    model: row.model,
                    provider: (!row.provider.is_empty()).then_some(row.provider),
                    price: from_json("a price", &row.price)?,
                    source: row.source,
                    dated: row.dated,
                })
            })
            .collect()
    }
}
