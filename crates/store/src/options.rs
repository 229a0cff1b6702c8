//! What a store is opened with, and how long lists are asked for in parts.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// Where the data is.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file, made when it is not there.
    Sqlite(PathBuf),
    /// A `postgres://…` URL. It may hold a password, so it never prints.
    Postgres(String),
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => f.debug_tuple("Sqlite").field(path).finish(),
            Self::Postgres(_) => f.write_str("Postgres(..)"),
        }
    }
}

/// How many connections a store may hold, and how patient it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreOptions {
    /// SQLite: connections that read. There is always exactly one that writes.
    pub sqlite_readers: u32,
    /// PostgreSQL: connections in all. Small on purpose: the hot path needs none, and a database
    /// is shared by every replica.
    pub postgres_connections: u32,
    /// How long a query waits for a connection, or for another process's write to a SQLite file.
    pub patience: Duration,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            sqlite_readers: 4,
            postgres_connections: 8,
            patience: Duration::from_secs(10),
        }
    }
}

/// A part of a list that is ordered newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page<C> {
    /// The most rows to return.
    pub limit: u32,
    /// The last row of the part before; absent for the first part.
    pub after: Option<C>,
}

impl<C> Page<C> {
    /// The newest `limit` rows.
    pub const fn first(limit: u32) -> Self {
        Self { limit, after: None }
    }

    /// The `limit` rows that follow `after`.
    pub const fn after(limit: u32, after: C) -> Self {
        Self {
            limit,
            after: Some(after),
        }
    }
}
