//! Small named values.

use crate::db::Store;
use crate::error::Result;

const GET: &str = "SELECT value FROM settings WHERE name = $1";
const PUT: &str = "INSERT INTO settings (name, value) VALUES ($1, $2) \
    ON CONFLICT (name) DO UPDATE SET value = excluded.value";

impl Store {
    /// The value of a setting, such as `admin.token_digest`.
    pub async fn setting(&self, name: &str) -> Result<Option<String>> {
        Ok(read!(self, |pool| sqlx::query_scalar(GET)
            .bind(name)
            .fetch_optional(pool)
            .await?))
    }

    /// Sets a setting.
    pub async fn put_setting(&self, name: &str, value: &str) -> Result<()> {
        administer!(self, Settings, |tx| {
            let stored: Option<String> = sqlx::query_scalar(GET)
                .bind(name)
                .fetch_optional(&mut *tx)
                .await?;
            sqlx::query(PUT)
                .bind(name)
                .bind(value)
                .execute(&mut *tx)
                .await?;
            ((), stored.as_deref() != Some(value))
        })
    }
}
