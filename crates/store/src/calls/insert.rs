//! The ledger's one way in. Here the databases differ, because what is fast does: PostgreSQL wants
//! one statement with an array per column, SQLite a statement of several rows, and each the same few
//! texts again and again, because those are prepared once.

use std::collections::HashSet;
use std::sync::{LazyLock, OnceLock};

use sqlx::{AssertSqlSafe, PgConnection, SqliteConnection};
use tollhouse_domain::audit;
use tollhouse_domain::call::Call;
use tollhouse_domain::id::CredentialId;
use uuid::Uuid;

use super::columns::{names, with_columns};
use super::row::CallRow;
use crate::audit::Trail;
use crate::db::Store;
use crate::error::Result;
use crate::leases::KeepBooks;
use crate::rollups::{AddRollups, Rollups};
use crate::spend::{AddSpend, Growth, growth};
use crate::usage::Interval;

/// Rows per statement for PostgreSQL, so that no message to it grows without bound.
const POSTGRES_ROWS: usize = 2_000;
/// Rows per statement for SQLite, largest first. Each statement is a trip to the thread that owns
/// the connection, which costs about as much as five rows.
const SQLITE_ROWS: [usize; 3] = [64, 8, 1];

macro_rules! postgres_types {
    (() $($name:ident: $_type:ty = $postgres:literal,)+) => { [$($postgres),+] };
}

macro_rules! bind_row {
    (($query:ident, $row:ident) $($name:ident: $_type:ty = $_postgres:literal,)+) => {
        $query = $query$(.bind(&$row.$name))+
    };
}

macro_rules! bind_arrays {
    (($query:expr, $rows:ident) $($name:ident: $type:ty = $_postgres:literal,)+) => {
        $query$(.bind($rows.iter().map(|row| row.$name.clone()).collect::<Vec<$type>>()))+
    };
}

static INTO_SQLITE: LazyLock<[String; 3]> = LazyLock::new(|| {
    let columns = with_columns!(postgres_types!()).len();
    let row = format!("({})", vec!["?"; columns].join(", "));
    SQLITE_ROWS.map(|rows| {
        format!(
            "INSERT INTO calls ({}) VALUES {} ON CONFLICT (id) DO NOTHING",
            with_columns!(names!()),
            vec![row.as_str(); rows].join(", ")
        )
    })
});

static INTO_POSTGRES: LazyLock<String> = LazyLock::new(|| {
    let arrays = with_columns!(postgres_types!())
        .iter()
        .zip(1..)
        .map(|(name, n)| format!("${n}::{name}[]"))
        .collect::<Vec<_>>();
    format!(
        "INSERT INTO calls ({}) SELECT * FROM UNNEST({}) ON CONFLICT (id) DO NOTHING",
        with_columns!(names!()),
        arrays.join(", ")
    )
});

// Whatever is no key: logins, and bridges to them.
const PLANS: &str = "SELECT id FROM credentials WHERE kind <> 'api_key'";

/// The credentials that are subscriptions, if any of the calls may have drawn on one.
macro_rules! plans {
    ($tx:ident, $calls:ident) => {{
        let found: Vec<Uuid> = if $calls.iter().any(|call| audit::may_be_by_plan(call)) {
            sqlx::query_scalar(PLANS).fetch_all(&mut *$tx).await?
        } else {
            Vec::new()
        };
        found.into_iter().map(CredentialId).collect::<Vec<_>>()
    }};
}

impl Store {
    /// Adds calls in one transaction and returns how many were new: a call whose id is there already
    /// is left as it is, so a batch may be sent again. Whatever follows from a call (see
    /// [`tollhouse_domain::audit::uses`]) is written with it, and so once.
    pub async fn insert_calls(&self, calls: &[Call]) -> Result<u64> {
        self.insert(calls, None).await
    }

    /// The same for calls that replica `me` carried and holds the money of (see [`Store::lease`]).
    pub async fn insert_calls_of(&self, me: Uuid, calls: &[Call]) -> Result<u64> {
        self.insert(calls, Some(me)).await
    }

    async fn insert(&self, calls: &[Call], me: Option<Uuid>) -> Result<u64> {
        // In one order everywhere, so that two replicas never wait for each other in a circle.
        let mut calls: Vec<&Call> = calls.iter().collect();
        calls.sort_unstable_by_key(|call| call.id);
        let new = |call: &&Call| CallRow::new(call);
        let rows = calls.iter().map(new).collect::<Result<Vec<_>>>()?;
        let rollups = OnceLock::new();
        let all_new = transact!(self, |tx| {
            tx.hold_rollups(false).await?;
            let all = tx.insert(&rows).await? == rows.len() as u64;
            if all {
                tx.add_rollups(rollups.get_or_init(|| rolled_up(calls.iter().zip(&rows))))
                    .await?;
                tx.count(&growth(calls.iter().copied()), me).await?;
                // Last of all: see `crate::audit`.
                let plans = plans!(tx, calls);
                tx.append(&audit::uses(calls.iter().copied(), &plans))
                    .await?;
            }
            (all, all)
        })?;
        if all_new {
            return Ok(rows.len() as u64);
        }
        // Some are there already, after a restart or a lost answer. They are told apart, which takes
        // longer.
        transact!(self, |tx| {
            tx.hold_rollups(false).await?;
            let mut inserted = tx.insert_telling(&rows).await?;
            let count = inserted.len() as u64;
            // Of an id that is there twice, the first was taken.
            let new = calls.iter().zip(&rows);
            let new: Vec<_> = new
                .filter(|(call, _)| inserted.remove(&call.id.0))
                .collect();
            tx.add_rollups(&rolled_up(new.iter().copied())).await?;
            let new: Vec<&Call> = new.into_iter().map(|(call, _)| *call).collect();
            tx.count(&growth(new.iter().copied()), me).await?;
            let plans = plans!(tx, new);
            tx.append(&audit::uses(new.into_iter(), &plans)).await?;
            (count, count > 0)
        })
    }
}

/// What new calls add to each sum.
fn rolled_up<'a>(calls: impl Iterator<Item = (&'a &'a Call, &'a CallRow)>) -> Rollups {
    let mut rollups = Rollups::default();
    for (call, row) in calls {
        rollups.add(row, &call.tags, &[Interval::Hour, Interval::Day]);
    }
    rollups.widen();
    rollups
}

/// Adds to what was spent, and takes it from what was held.
trait Count: AddSpend + KeepBooks {
    async fn count(&mut self, grown: &[Growth], me: Option<Uuid>) -> Result<()> {
        self.add_spend(grown).await?;
        match me {
            Some(me) => self.move_held(me, grown).await,
            None => Ok(()),
        }
    }
}

impl Count for SqliteConnection {}
impl Count for PgConnection {}

/// What only this file asks of a connection.
trait InsertCalls {
    /// Inserts the rows that are not there yet and returns how many.
    async fn insert(&mut self, rows: &[CallRow]) -> Result<u64>;
    /// Inserts the rows that are not there yet and returns their ids.
    async fn insert_telling(&mut self, rows: &[CallRow]) -> Result<HashSet<Uuid>>;
}

impl InsertCalls for SqliteConnection {
    async fn insert(&mut self, mut rows: &[CallRow]) -> Result<u64> {
        let mut inserted = 0;
        for (size, sql) in SQLITE_ROWS.into_iter().zip(INTO_SQLITE.iter()) {
            while let Some((chunk, rest)) = rows.split_at_checked(size) {
                let mut query = sqlx::query(AssertSqlSafe(sql.as_str()));
                for row in chunk {
                    with_columns!(bind_row!(query, row));
                }
                inserted += query.execute(&mut *self).await?.rows_affected();
                rows = rest;
            }
        }
        Ok(inserted)
    }

    async fn insert_telling(&mut self, rows: &[CallRow]) -> Result<HashSet<Uuid>> {
        let [.., one] = &*INTO_SQLITE;
        let mut inserted = HashSet::new();
        for row in rows {
            let mut query = sqlx::query(AssertSqlSafe(one.as_str()));
            with_columns!(bind_row!(query, row));
            if query.execute(&mut *self).await?.rows_affected() > 0 {
                inserted.insert(row.id);
            }
        }
        Ok(inserted)
    }
}

impl InsertCalls for PgConnection {
    async fn insert(&mut self, rows: &[CallRow]) -> Result<u64> {
        let mut inserted = 0;
        for chunk in rows.chunks(POSTGRES_ROWS) {
            let query = sqlx::query(AssertSqlSafe(INTO_POSTGRES.as_str()));
            let query = with_columns!(bind_arrays!(query, chunk));
            inserted += query.execute(&mut *self).await?.rows_affected();
        }
        Ok(inserted)
    }

    async fn insert_telling(&mut self, rows: &[CallRow]) -> Result<HashSet<Uuid>> {
        let sql = format!("{} RETURNING id", *INTO_POSTGRES);
        let mut inserted = HashSet::new();
        for chunk in rows.chunks(POSTGRES_ROWS) {
            let query = sqlx::query_scalar(AssertSqlSafe(sql.as_str()));
            let query = with_columns!(bind_arrays!(query, chunk));
            let ids: Vec<Uuid> = query.fetch_all(&mut *self).await?;
            inserted.extend(ids);
        }
        Ok(inserted)
    }
}
