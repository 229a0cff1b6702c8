//! Everything that can go wrong with stored data, and whether trying again can help.

use sqlx::postgres::PgDatabaseError;

/// This crate's results.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such row.
    #[error("not found")]
    NotFound,
    /// The write contradicts what is stored; `what` is a sentence for whoever asked.
    #[error("{what}")]
    Conflict {
        /// The contradiction.
        what: String,
    },
    /// What is to be replaced is not what it was when it was read.
    #[error("changed meanwhile")]
    Changed,
    /// The database could not be opened.
    #[error("cannot open the database ({what})")]
    Open {
        /// Which one, without any password.
        what: String,
        /// Why not.
        source: sqlx::Error,
    },
    /// The database did not answer, or refused.
    #[error("the database failed")]
    Unavailable(#[source] sqlx::Error),
    /// A newer release has been here.
    #[error(
        "database schema {found} is newer than this tollhouse knows ({known}): use a newer release"
    )]
    NewerSchema {
        /// The schema's version.
        found: i64,
        /// The newest that this release knows.
        known: i64,
    },
    /// Stored data does not read.
    #[error("stored data does not read: {what}")]
    Corrupt {
        /// What, without its content.
        what: String,
    },
    /// An administrative write, and nobody said who makes it.
    #[error("an administrative write has to say who makes it")]
    Unnoted,
    /// This kind of database cannot do it; says what to do instead.
    #[error("{0}")]
    Unsupported(&'static str),
}

impl StoreError {
    pub(crate) fn conflict(what: impl Into<String>) -> Self {
        Self::Conflict { what: what.into() }
    }

    pub(crate) fn corrupt(what: impl Into<String>) -> Self {
        Self::Corrupt { what: what.into() }
    }

    /// Whether the same request may succeed later without anyone changing it: the database is away,
    /// busy, full or read-only.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unavailable(error) | Self::Open { source: error, .. } => transient(error),
            Self::NotFound
            | Self::Conflict { .. }
            | Self::Changed
            | Self::NewerSchema { .. }
            | Self::Corrupt { .. }
            | Self::Unnoted
            | Self::Unsupported(_) => false,
        }
    }

    /// Whether the transaction lost a race and is worth running again at once.
    pub(crate) fn lost_race(&self) -> bool {
        let Self::Unavailable(sqlx::Error::Database(error)) = self else {
            return false;
        };
        matches!(error.code().as_deref(), Some("40P01" | "40001"))
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::RowNotFound => Self::NotFound,
            sqlx::Error::Database(cause) if cause.is_unique_violation() => {
                Self::conflict(format!("already there: {}", cause.message()))
            }
            sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::Decode(_)
            | sqlx::Error::ColumnNotFound(_)
            | sqlx::Error::ColumnIndexOutOfBounds { .. } => Self::corrupt(error.to_string()),
            _ => Self::Unavailable(error),
        }
    }
}

fn transient(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed => true,
        sqlx::Error::Database(cause) => {
            let code = cause.code().unwrap_or_default();
            if cause.try_downcast_ref::<PgDatabaseError>().is_some() {
                transient_in_postgres(&code)
            } else {
                code.parse().is_ok_and(transient_in_sqlite)
            }
        }
        _ => false,
    }
}

/// By class of SQLSTATE: lost connection, lost race, out of resources, wrong state, operator's
/// doing, trouble outside; and a read-only transaction, which a standby is until it is promoted.
fn transient_in_postgres(code: &str) -> bool {
    code == "25006"
        || ["08", "40", "53", "55", "57", "58"]
            .iter()
            .any(|class| code.starts_with(class))
}

/// By primary result code: busy, locked, out of memory, read-only, interrupted, I/O, full,
/// cannot open, lock protocol, schema changed.
const fn transient_in_sqlite(extended: i32) -> bool {
    matches!(extended & 0xff, 5..=10 | 13..=15 | 17)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_waiting_from_hopeless() {
        let cases = [
            (StoreError::Unavailable(sqlx::Error::PoolTimedOut), true),
            (StoreError::Unavailable(sqlx::Error::PoolClosed), false),
            (
                StoreError::Open {
                    what: "x".into(),
                    source: sqlx::Error::WorkerCrashed,
                },
                true,
            ),
            (StoreError::NotFound, false),
            (StoreError::conflict("x"), false),
            (StoreError::corrupt("x"), false),
            (StoreError::NewerSchema { found: 2, known: 1 }, false),
            (StoreError::Unnoted, false),
            (StoreError::Unsupported("x"), false),
        ];
        for (error, expected) in cases {
            assert_eq!(error.is_transient(), expected, "{error:?}");
        }
    }

    #[test]
    fn knows_the_codes() {
        for code in ["08006", "40P01", "53100", "57P01", "25006"] {
            assert!(transient_in_postgres(code), "{code}");
        }
        for code in ["23505", "42601", "25001", "22021"] {
            assert!(!transient_in_postgres(code), "{code}");
        }
        for code in [5, 8, 10, 13, 517, 8458] {
            assert!(transient_in_sqlite(code), "{code}");
        }
        for code in [1, 11, 19, 26, 2067] {
            assert!(!transient_in_sqlite(code), "{code}");
        }
    }
}
