//! A copy of everything, taken while the gateway serves.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};

use crate::error::{Result, StoreError};
use crate::options::DatabaseUrl;

/// Writes a consistent copy of a SQLite database to a new file that only its owner reads. The database
/// is read and not touched: its schema stays as it is, for whichever release is serving from it.
///
/// # Errors
/// [`StoreError::Conflict`] when the file is there already; [`StoreError::Unsupported`] for
/// PostgreSQL, which has its own tools.
pub async fn backup(database: &DatabaseUrl, to: &Path) -> Result<()> {
    let DatabaseUrl::Sqlite(from) = database else {
        return Err(StoreError::Unsupported(
            "a PostgreSQL database is backed up with pg_dump (schema `tollhouse`)",
        ));
    };
    let path = to
        .to_str()
        .ok_or(StoreError::Unsupported("the path must be valid UTF-8"))?;
    let opening = |source| StoreError::Open {
        what: from.display().to_string(),
        source,
    };
    let options = SqliteConnectOptions::new()
        .filename(from)
        .read_only(true)
        .disable_statement_logging();
    let mut connection = options.connect().await.map_err(opening)?;
    new_file(to, path)?;
    if let Err(error) = copy(&mut connection, path).await {
        // Half a backup is worse than none. That the copy failed is what matters, not this.
        drop(std::fs::remove_file(to));
        return Err(error);
    }
    Ok(connection.close().await?)
}

async fn copy(connection: &mut SqliteConnection, path: &str) -> Result<()> {
    let copy = sqlx::query("VACUUM INTO $1").bind(path);
    copy.execute(connection).await?;
    Ok(())
}

/// SQLite writes into an empty file as it finds it, so its mode is settled here.
fn new_file(to: &Path, path: &str) -> Result<()> {
    let mut open = std::fs::OpenOptions::new();
    open.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
    match open.open(to) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            Err(StoreError::conflict(format!("{path} is there already")))
        }
        Err(error) => Err(StoreError::Open {
            what: path.to_owned(),
            source: error.into(),
        }),
    }
}
