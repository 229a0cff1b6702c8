//! A copy of everything, taken while the gateway serves.

use std::path::Path;

use crate::db::{Db, Store};
use crate::error::{Result, StoreError};

impl Store {
    /// Writes a consistent copy of a SQLite database to a new file that only its owner reads.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the file is there already; [`StoreError::Unsupported`] on
    /// PostgreSQL, which has its own tools.
    pub async fn backup(&self, to: &Path) -> Result<()> {
        let Db::Sqlite { read, .. } = &self.db else {
            return Err(StoreError::Unsupported(
                "a PostgreSQL database is backed up with pg_dump (schema `tollhouse`)",
            ));
        };
        let path = to
            .to_str()
            .ok_or(StoreError::Unsupported("the path must be valid UTF-8"))?;
        // SQLite writes into an empty file as it finds it, so its mode is settled here.
        let mut open = std::fs::OpenOptions::new();
        open.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
        if let Err(error) = open.open(to) {
            return Err(match error.kind() {
                std::io::ErrorKind::AlreadyExists => {
                    StoreError::conflict(format!("{path} is there already"))
                }
                _ => StoreError::Open {
                    what: path.to_owned(),
                    source: error.into(),
                },
            });
        }
        let copied = sqlx::query("VACUUM INTO $1").bind(path).execute(read).await;
        if let Err(error) = copied {
            // Half a backup is worse than none. That the copy failed is what matters, not this.
            drop(std::fs::remove_file(to));
            return Err(error.into());
        }
        Ok(())
    }
}
