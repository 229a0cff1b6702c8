//! One number that tells replicas when to look again.

use crate::db::Store;
use crate::error::Result;

pub(crate) const RAISE: &str = "UPDATE revision SET value = value + 1 WHERE id = 1";

impl Store {
    /// Raised by every administrative write that changed something.
    pub async fn revision(&self) -> Result<i64> {
        Ok(read!(self, |pool| sqlx::query_scalar(
            "SELECT value FROM revision WHERE id = 1"
        )
        .fetch_one(pool)
        .await?))
    }
}
