//! What was spent, by key, user, organization and session: sums that budgets are held against.
//!
//! They grow in the transaction that stores the calls, and only by calls that were not there before,
//! so they say what the ledger says however often a batch is sent.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, FromRow, PgConnection, SqliteConnection};
use tollhouse_domain::call::Call;
use tollhouse_domain::id::{KeyId, OrgId, SessionId, UserId};
use tollhouse_domain::limits::{Period, Scope, day};
use tollhouse_domain::money::Money;
use uuid::Uuid;

use crate::calls::MAX_COST;
use crate::db::Store;
use crate::error::{Result, StoreError};

const SINCE: &str = "SELECT scope_kind, scope_id, day, spent FROM spend \
    WHERE scope_kind <> 'session' AND (day = -1 OR day >= $1) ORDER BY scope_kind, scope_id, day";
const SESSIONS: &str = "SELECT scope_kind, scope_id, day, spent FROM spend \
    WHERE scope_kind = 'session' AND touched >= $1 ORDER BY touched DESC LIMIT $2";
const DELETE_DAYS: &str =
    "DELETE FROM spend WHERE scope_kind <> 'session' AND day >= 0 AND day < $1";
const DELETE_SESSIONS: &str = "DELETE FROM spend WHERE scope_kind = 'session' AND touched < $1";
// Keys that were only lent are forgotten, and with them what they spent.
const DELETE_KEYS: &str = "DELETE FROM spend WHERE scope_kind = 'key' AND touched < $1 \
    AND scope_id NOT IN (SELECT id FROM virtual_keys)";
// A sum that overflowed would be an error, and an error would hold up the ledger.
const INTO_POSTGRES: &str = "INSERT INTO spend (scope_kind, scope_id, day, spent, touched) \
    SELECT * FROM UNNEST($1::text[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[]) \
    ON CONFLICT (scope_kind, scope_id, day) DO UPDATE SET \
    spent = LEAST(spend.spent, 9000000000000000000 - excluded.spent) + excluded.spent, \
    touched = GREATEST(spend.touched, excluded.touched)";
const INTO_SQLITE: &str = "INSERT INTO spend (scope_kind, scope_id, day, spent, touched) VALUES ";
const GROW: &str = " ON CONFLICT (scope_kind, scope_id, day) DO UPDATE SET \
    spent = MIN(spend.spent, 9000000000000000000 - excluded.spent) + excluded.spent, \
    touched = MAX(spend.touched, excluded.touched)";
/// No sum is larger: nine thousand million dollars.
const MAX_SUM: i64 = 9_000_000_000_000_000_000;
/// Rows per statement for SQLite: few texts, so that each is prepared once.
const SQLITE_ROWS: [usize; 3] = [32, 4, 1];

/// What a scope spent on a day, or in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    /// Whose money.
    pub scope: Scope,
    /// The day, in days since the epoch; [`Period::ALWAYS`] for the total.
    pub day: Period,
    /// How much.
    pub amount: Money,
}

#[derive(FromRow)]
struct SpentRow {
    scope_kind: String,
    scope_id: Uuid,
    day: i64,
    spent: i64,
}

impl SpentRow {
    fn spent(self) -> Result<Spent> {
        let scope = match self.scope_kind.as_str() {
            "key" => Scope::Key(KeyId(self.scope_id)),
            "user" => Scope::User(UserId(self.scope_id)),
            "org" => Scope::Org(OrgId(self.scope_id)),
            "session" => Scope::Session(SessionId(self.scope_id)),
            _ => return Err(StoreError::corrupt("whose money was spent")),
        };
        Ok(Spent {
            scope,
            day: Period(self.day),
            amount: Money(self.spent),
        })
    }
}

impl Store {
    /// What keys, users and organizations spent, each day since `day` and in all.
    pub async fn spend_since(&self, day: Period) -> Result<Vec<Spent>> {
        let rows: Vec<SpentRow> = read!(self, |pool| sqlx::query_as(SINCE)
            .bind(day.0)
            .fetch_all(pool)
            .await?);
        rows.into_iter().map(SpentRow::spent).collect()
    }

    /// What the `limit` sessions spent that did so last, since `day`.
    pub async fn session_spend(&self, day: Period, limit: u32) -> Result<Vec<Spent>> {
        let rows: Vec<SpentRow> = read!(self, |pool| sqlx::query_as(SESSIONS)
            .bind(day.0)
            .bind(i64::from(limit))
            .fetch_all(pool)
            .await?);
        rows.into_iter().map(SpentRow::spent).collect()
    }

    /// Forgets days before `day`, sessions that spent nothing since, and keys that are no more.
    /// Totals of what still exists stay.
    pub async fn delete_spend_before(&self, day: Period) -> Result<u64> {
        transact!(self, |tx| {
            let mut deleted = 0;
            for sql in [DELETE_DAYS, DELETE_SESSIONS, DELETE_KEYS] {
                let query = sqlx::query(sql).bind(day.0);
                deleted += query.execute(&mut *tx).await?.rows_affected();
            }
            (deleted, deleted > 0)
        })
    }
}

/// A row of the table: what it grows by.
pub(crate) struct Growth {
    pub(crate) kind: &'static str,
    pub(crate) id: Uuid,
    pub(crate) day: i64,
    pub(crate) spent: i64,
    touched: i64,
}

/// What calls add to each sum, in one order everywhere, so that two replicas never wait for each
/// other in a circle.
pub(crate) fn growth<'a>(calls: impl Iterator<Item = &'a Call>) -> Vec<Growth> {
    let mut sums: BTreeMap<(&'static str, Uuid, i64), (i64, i64)> = BTreeMap::new();
    for call in calls {
        let charge = call.charge().min(MAX_COST).0;
        if charge == 0 {
            continue;
        }
        let today = day(call.at);
        let mut add = |kind, id, day| {
            let (sum, touched) = sums.entry((kind, id, day)).or_insert((0, today));
            *sum = sum.saturating_add(charge).min(MAX_SUM);
            *touched = today.max(*touched);
        };
        let whole = Period::ALWAYS.0;
        add("session", call.session.0, whole);
        let owners = [
            Some(("key", call.key.0)),
            call.user.map(|id| ("user", id.0)),
            call.org.map(|id| ("org", id.0)),
        ];
        for (kind, id) in owners.into_iter().flatten() {
            add(kind, id, today);
            add(kind, id, whole);
        }
    }
    let row = |((kind, id, day), (spent, touched))| Growth {
        kind,
        id,
        day,
        spent,
        touched,
    };
    sums.into_iter().map(row).collect()
}

/// What only this file asks of a connection.
pub(crate) trait AddSpend {
    async fn add_spend(&mut self, rows: &[Growth]) -> Result<()>;
}

impl AddSpend for SqliteConnection {
    async fn add_spend(&mut self, mut rows: &[Growth]) -> Result<()> {
        for size in SQLITE_ROWS {
            let values = vec!["(?, ?, ?, ?, ?)"; size].join(", ");
            let sql = format!("{INTO_SQLITE}{values}{GROW}");
            while let Some((chunk, rest)) = rows.split_at_checked(size) {
                let mut query = sqlx::query(AssertSqlSafe(sql.as_str()));
                for row in chunk {
                    query = query
                        .bind(row.kind)
                        .bind(row.id)
                        .bind(row.day)
                        .bind(row.spent)
                        .bind(row.touched);
                }
                query.execute(&mut *self).await?;
                rows = rest;
            }
        }
        Ok(())
    }
}

fn column<T>(rows: &[Growth], of: impl Fn(&Growth) -> T) -> Vec<T> {
    rows.iter().map(of).collect()
}

impl AddSpend for PgConnection {
    async fn add_spend(&mut self, rows: &[Growth]) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        sqlx::query(INTO_POSTGRES)
            .bind(column(rows, |row| row.kind.to_owned()))
            .bind(column(rows, |row| row.id))
            .bind(column(rows, |row| row.day))
            .bind(column(rows, |row| row.spent))
            .bind(column(rows, |row| row.touched))
            .execute(&mut *self)
            .await?;
        Ok(())
    }
}
