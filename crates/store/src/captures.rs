//! What calls said, sealed by somebody else. Nothing in this file can open it.

use std::fmt;

use tollhouse_domain::id::CallId;
use tollhouse_domain::time::Timestamp;

use crate::audit::Trail;
use crate::db::Store;
use crate::error::Result;

/// Both bodies of a call, sealed.
#[derive(Clone, PartialEq, Eq)]
pub struct CaptureRow {
    /// The call.
    pub call: CallId,
    /// When it was admitted.
    pub at: Timestamp,
    /// The sealed bodies.
    pub sealed: Vec<u8>,
}

impl fmt::Debug for CaptureRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CaptureRow")
            .field("call", &self.call)
            .finish_non_exhaustive()
    }
}

const INSERT: &str = "INSERT INTO captures (call_id, at, sealed) VALUES ($1, $2, $3) \
    ON CONFLICT (call_id) DO NOTHING";
const ONE: &str = "SELECT sealed FROM captures WHERE call_id = $1";
const DELETE: &str = "DELETE FROM captures WHERE call_id = $1";
const DELETE_BEFORE: &str = "DELETE FROM captures WHERE call_id IN \
    (SELECT call_id FROM captures WHERE at < $1 ORDER BY at LIMIT $2)";

impl Store {
    /// Adds what calls said, in one transaction. What is there already is left as it is, so that the same
    /// may be sent again. Like the ledger's rows, no administrative write.
    pub async fn insert_captures(&self, rows: &[CaptureRow]) -> Result<()> {
        transact!(self, |tx| {
            for row in rows {
                let query = sqlx::query(INSERT).bind(row.call.0).bind(row.at.0);
                query.bind(&row.sealed).execute(&mut *tx).await?;
            }
            ((), !rows.is_empty())
        })
    }

    /// What a call said, sealed.
    pub async fn capture(&self, call: CallId) -> Result<Option<Vec<u8>>> {
        Ok(read!(self, |pool| sqlx::query_scalar(ONE)
            .bind(call.0)
            .fetch_optional(pool)
            .await?))
    }

    /// Forgets what a call said, on somebody's word: the trail has it in the same transaction. It is no part
    /// of the configuration, and so of no revision. `false` when there was nothing.
    ///
    /// # Errors
    /// [`StoreError::Unnoted`](crate::StoreError::Unnoted) for a store that was not told who does this.
    pub async fn delete_capture(&self, call: CallId) -> Result<bool> {
        let notes = self.notes()?;
        transact!(self, |tx| {
            let done = sqlx::query(DELETE).bind(call.0).execute(&mut *tx).await?;
            let deleted = done.rows_affected() > 0;
            if deleted {
                tx.append(notes).await?;
            }
            (deleted, deleted)
        })
    }

    /// Forgets what at most `limit` calls said that were admitted before `before`, oldest first, and says
    /// how many they were.
    pub async fn delete_captures_before(&self, before: Timestamp, limit: u32) -> Result<u64> {
        transact!(self, |tx| {
            let query = sqlx::query(DELETE_BEFORE).bind(before.0);
            let done = query.bind(i64::from(limit)).execute(&mut *tx).await?;
            let deleted = done.rows_affected();
            (deleted, deleted > 0)
        })
    }
}
