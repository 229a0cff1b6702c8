//! The two databases, and the macros that expand one body for both.

mod open;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgPool;
use sqlx::sqlite::SqlitePool;
use tollhouse_domain::audit::Note;

use crate::error::{Result, StoreError};
use crate::options::{DatabaseUrl, StoreOptions};
use open::{NEWEST_MIGRATION, open_postgres, open_sqlite};

/// How often what lost a race is tried again.
pub(crate) const RETRIES: u32 = 5;

/// Everything that outlives the process. Clones share their connections.
#[derive(Clone)]
pub struct Store {
    pub(crate) db: Db,
    /// What administrative writes leave in the audit trail; without one there are none.
    pub(crate) notes: Arc<[Note]>,
}

impl fmt::Debug for Store {
    /// Pools know how to connect, password and all, so they are left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({})", self.kind())
    }
}

#[derive(Clone)]
pub(crate) enum Db {
    /// One writer, because SQLite has one lock for it: waiting in our queue is fair and silent,
    /// waiting in SQLite's is polling.
    Sqlite { read: SqlitePool, write: SqlitePool },
    /// Readers and writers share.
    Postgres(PgPool),
}

/// Runs one expression on a pool that reads.
macro_rules! read {
    ($store:expr, |$pool:ident| $body:expr) => {
        match &$store.db {
            crate::db::Db::Sqlite { read: $pool, .. } => $body,
            crate::db::Db::Postgres($pool) => $body,
        }
    };
}

/// Runs one block in a transaction. The block gives its value and whether it changed anything; when
/// it did not, or fails, nothing is committed. A transaction that lost a race is run again, so the
/// block must not consume what it uses.
macro_rules! transact {
    (@on $pool:ident, $begin:literal, |$tx:ident| $body:block) => {
        async {
            let mut transaction = $pool.begin_with($begin).await?;
            let $tx = &mut *transaction;
            let (value, changed) = $body;
            if changed {
                transaction.commit().await?;
            } else {
                transaction.rollback().await?;
            }
            Ok::<_, crate::error::StoreError>(value)
        }
        .await
    };
    ($store:expr, |$tx:ident| $body:block) => {{
        let mut attempt = 0;
        loop {
            let result = match &$store.db {
                crate::db::Db::Sqlite { write, .. } => {
                    transact!(@on write, "BEGIN IMMEDIATE", |$tx| $body)
                }
                crate::db::Db::Postgres(pool) => transact!(@on pool, "BEGIN", |$tx| $body),
            };
            match result {
                Err(error) if crate::db::again(&error, &mut attempt).await => {}
                result => break result,
            }
        }
    }};
}

/// [`transact!`] that raises the revision, with it that of the section it touches, and adds to the audit
/// trail what the store was told of who does it (see [`Store::noted`]). The revision comes first: on
/// PostgreSQL that row is then the lock which puts administrative writes of all replicas in one order.
/// The trail comes last.
macro_rules! administer {
    ($store:expr, $section:ident, |$tx:ident| $body:block) => {{
        let notes = $store.notes()?;
        transact!($store, |$tx| {
            sqlx::query(crate::revision::RAISE)
                .execute(&mut *$tx)
                .await?;
            sqlx::query(crate::revision::RAISE_SECTION)
                .bind(crate::revision::Section::$section.as_str())
                .execute(&mut *$tx)
                .await?;
            let (value, changed) = $body;
            if changed {
                crate::audit::Trail::append(&mut *$tx, notes).await?;
            }
            (value, changed)
        })
    }};
}

/// Waits a little and says yes, unless `error` is no lost race or there have been too many.
pub(crate) async fn again(error: &StoreError, attempt: &mut u32) -> bool {
    if !error.lost_race() || *attempt >= RETRIES {
        return false;
    }
    tokio::time::sleep(Duration::from_millis(5 << *attempt)).await;
    *attempt += 1;
    true
}

impl Store {
    /// Opens the database with the usual options, brings its schema up to date and checks it. Before
    /// anything administrative is written through it, it must be told who does so: [`Store::noted`].
    pub async fn open(url: &DatabaseUrl) -> Result<Self> {
        Self::open_with(url, &StoreOptions::default()).await
    }

    /// Opens the database. Processes that open one at the same moment take turns.
    pub async fn open_with(url: &DatabaseUrl, options: &StoreOptions) -> Result<Self> {
        let db = match url {
            DatabaseUrl::Sqlite(path) => open_sqlite(path, options).await?,
            DatabaseUrl::Postgres(url) => open_postgres(url, options).await?,
        };
        let notes = Arc::from([]);
        Ok(Self { db, notes })
    }

    /// `sqlite` or `postgres`.
    pub const fn kind(&self) -> &'static str {
        match self.db {
            Db::Sqlite { .. } => "sqlite",
            Db::Postgres(_) => "postgres",
        }
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        let _one: i64 = read!(self, |pool| sqlx::query_scalar("SELECT CAST(1 AS BIGINT)")
            .fetch_one(pool)
            .await?);
        Ok(())
    }

    /// The version of the schema: the number of its last migration.
    pub async fn schema_version(&self) -> Result<i64> {
        Ok(read!(self, |pool| sqlx::query_scalar(NEWEST_MIGRATION)
            .fetch_one(pool)
            .await?))
    }

    /// Waits for what is running and closes every connection, of clones too.
    pub async fn close(self) {
        match self.db {
            Db::Sqlite { read, write } => {
                // The writer last: the last connection to leave folds the write-ahead log in.
                read.close().await;
                write.close().await;
            }
            Db::Postgres(pool) => pool.close().await,
        }
    }
}
