//! The ledger.

pub(crate) mod columns;
mod filter;
mod insert;
mod row;
mod search;

use sqlx::QueryBuilder;
use tollhouse_domain::call::Call;
use tollhouse_domain::id::{CallId, KeyId};
use tollhouse_domain::time::Timestamp;
use uuid::Uuid;

use crate::db::Store;
use crate::error::Result;
use crate::options::Page;
use crate::rollups::AddRollups;
use columns::{names, select_calls};
pub use filter::{CallFilter, Ended, TurnedElsewhere};
pub(crate) use filter::{beside, push_tag};
pub(crate) use row::{CallRow, bounded};
pub use row::{MAX_COST, MAX_COUNT, MAX_TEXT};
pub(crate) use search::Piece;

const ONE: &str = concat!(select_calls!(), " WHERE id = $1");
const BY_OBJECT: &str = concat!(
    select_calls!(),
    " WHERE upstream_object = $1 AND key_id = $2 ORDER BY id DESC LIMIT 1"
);
const DELETE_BEFORE: &str = "DELETE FROM calls WHERE id IN \
    (SELECT id FROM calls WHERE at < $1 ORDER BY at LIMIT $2)";
const FORGOTTEN: &str = "UPDATE usage_state SET forgotten_before = $1 \
    WHERE id = 1 AND forgotten_before < $1";

impl Store {
    /// The calls that pass `filter`, newest first: by id, which is the order of admission.
    pub async fn calls(&self, filter: &CallFilter, page: Page<CallId>) -> Result<Vec<Call>> {
        let wanted = usize::try_from(page.limit).unwrap_or(usize::MAX);
        let mut found: Vec<CallRow> = Vec::new();
        let mut search = self.search(filter, page.after).await?;
        while found.len() < wanted
            && let Some(piece) = search.next().await?
        {
            let limit = i64::try_from(wanted - found.len()).unwrap_or(i64::MAX);
            let mut rows: Vec<CallRow> = read!(self, |pool| {
                let mut query = QueryBuilder::new(concat!(select_calls!(), " WHERE id < "));
                query.push_bind(piece.below);
                query.push(" AND id >= ").push_bind(piece.from);
                filter.push_to(&mut query);
                query.push(" ORDER BY id DESC LIMIT ").push_bind(limit);
                query.build_query_as().fetch_all(pool).await?
            });
            found.append(&mut rows);
        }
        found.into_iter().map(CallRow::call).collect()
    }

    /// The calls that pass `filter`, oldest first; a page begins after the last call of the one before.
    pub async fn calls_since(&self, filter: &CallFilter, page: Page<CallId>) -> Result<Vec<Call>> {
        let above = page.after.map_or(Uuid::nil(), |id| id.0);
        let rows: Vec<CallRow> = read!(self, |pool| {
            let mut query = QueryBuilder::new(concat!(select_calls!(), " WHERE id > "));
            query.push_bind(above);
            filter.push_to(&mut query);
            query
                .push(" ORDER BY id LIMIT ")
                .push_bind(i64::from(page.limit));
            query.build_query_as().fetch_all(pool).await?
        });
        rows.into_iter().map(CallRow::call).collect()
    }

    /// One call.
    pub async fn call(&self, id: CallId) -> Result<Option<Call>> {
        let row: Option<CallRow> = read!(self, |pool| sqlx::query_as(ONE)
            .bind(id.0)
            .fetch_optional(pool)
            .await?);
        row.map(CallRow::call).transpose()
    }

    /// The newest call of `key` whose answer was the upstream's object of that id.
    pub async fn call_by_upstream_object(&self, object: &str, key: KeyId) -> Result<Option<Call>> {
        let object = bounded(object);
        let row: Option<CallRow> = read!(self, |pool| sqlx::query_as(BY_OBJECT)
            .bind(&object)
            .bind(key.0)
            .fetch_optional(pool)
            .await?);
        row.map(CallRow::call).transpose()
    }

    /// Forgets at most `limit` of the calls admitted before `before`, oldest first, and says how
    /// many. Retention asks again until it is fewer than `limit`, so that no delete holds the
    /// database for long.
    pub async fn delete_calls_before(&self, before: Timestamp, limit: u32) -> Result<u64> {
        transact!(self, |tx| {
            // Sums that are being recounted need their calls.
            tx.hold_rollups(false).await?;
            let query = sqlx::query(DELETE_BEFORE)
                .bind(before.0)
                .bind(i64::from(limit));
            let deleted = query.execute(&mut *tx).await?.rows_affected();
            if deleted > 0 {
                let noted = sqlx::query(FORGOTTEN).bind(before.0);
                noted.execute(&mut *tx).await?;
            }
            (deleted, deleted > 0)
        })
    }
}
