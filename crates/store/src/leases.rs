//! The books of budgets that several replicas spend of. Only PostgreSQL has them: a process with a
//! SQLite file holds all of every budget.
//!
//! What is spent and held of one budget changes in two ways. [`Store::lease`] gives out and takes back,
//! one replica at a time for each budget. The ledger moves what calls cost from held to spent, in the
//! transaction that stores them; the sum stays the same, so that needs no lock.

use std::time::Duration;

use sqlx::{FromRow, PgConnection, SqliteConnection};
use tollhouse_domain::id::SessionId;
use tollhouse_domain::limits::{Books, BudgetWindow, Claim, Leased, Period, Scope};
use tollhouse_domain::money::Money;
use uuid::Uuid;

use crate::db::{Db, Store};
use crate::error::Result;
use crate::spend::Growth;

macro_rules! now {
    () => {
        "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)"
    };
}

// One lock for each budget, taken in one order; two budgets that share one only wait more.
const LOCK: &str = "SELECT pg_advisory_xact_lock(lock) FROM \
    (SELECT DISTINCT hashtextextended(kind || id::text || period || day, 7) AS lock \
     FROM UNNEST($1::text[], $2::uuid[], $3::text[], $4::bigint[]) AS asked (kind, id, period, day) \
     ORDER BY lock) AS ordered";
// The server gives up before whoever asks does: a question that is dropped midway leaves its connection
// waiting for the lock, and a few of those are all there are.
const PATIENCE: &str = "SET LOCAL lock_timeout = '4s'";
const EXPIRE: &str = concat!("DELETE FROM leases WHERE expires_at < ", now!());
const LOOK: &str = "SELECT asked.place, \
    CAST(COALESCE((SELECT SUM(spent) FROM spend WHERE scope_kind = asked.kind \
        AND scope_id = asked.id AND day BETWEEN asked.first AND asked.last), 0) AS BIGINT) AS spent, \
    CAST(COALESCE((SELECT SUM(held) FROM leases WHERE scope_kind = asked.kind \
        AND scope_id = asked.id AND period = asked.period AND first_day = asked.first \
        AND replica = $6), 0) AS BIGINT) AS mine, \
    CAST(COALESCE((SELECT SUM(held) FROM leases WHERE scope_kind = asked.kind \
        AND scope_id = asked.id AND period = asked.period AND first_day = asked.first \
        AND replica <> $6), 0) AS BIGINT) AS others \
    FROM UNNEST($1::text[], $2::uuid[], $3::text[], $4::bigint[], $5::bigint[]) \
        WITH ORDINALITY AS asked (kind, id, period, first, last, place) ORDER BY asked.place";
// By how much it changes and not to what: the ledger may be taking from it.
const HOLD: &str = concat!(
    "INSERT INTO leases (scope_kind, scope_id, period, first_day, last_day, replica, held, expires_at) \
     SELECT kind, id, period, first, last, $7, change, ",
    now!(),
    " + $8 FROM UNNEST($1::text[], $2::uuid[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[]) \
        AS asked (kind, id, period, first, last, change) \
     ORDER BY kind, id, period, first \
     ON CONFLICT (scope_kind, scope_id, period, first_day, replica) DO UPDATE SET \
        held = GREATEST(leases.held + excluded.held, 0), expires_at = excluded.expires_at"
);
const MOVE: &str = "UPDATE leases SET held = GREATEST(leases.held - moved.amount, 0) FROM \
    (SELECT held.scope_kind, held.scope_id, held.period, held.first_day, \
        CAST(SUM(grown.amount) AS BIGINT) AS amount \
     FROM leases AS held JOIN UNNEST($1::text[], $2::uuid[], $3::bigint[], $4::bigint[]) \
        AS grown (kind, id, day, amount) \
        ON held.scope_kind = grown.kind AND held.scope_id = grown.id \
        AND grown.day BETWEEN held.first_day AND held.last_day \
     WHERE held.replica = $5 GROUP BY 1, 2, 3, 4) AS moved \
    WHERE leases.replica = $5 AND leases.scope_kind = moved.scope_kind \
    AND leases.scope_id = moved.scope_id AND leases.period = moved.period \
    AND leases.first_day = moved.first_day";
const GIVE_UP: &str = "DELETE FROM leases WHERE replica = $1";

/// A look into the books of one budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// Whose money.
    pub scope: Scope,
    /// Over what.
    pub window: BudgetWindow,
    /// In which period.
    pub period: Period,
    /// How much it is.
    pub budget: Money,
    /// What the replica has to say.
    pub claim: Claim,
}

impl Asked {
    fn id(&self) -> Uuid {
        match self.scope {
            Scope::Global => Uuid::nil(),
            Scope::Org(id) => id.0,
            Scope::User(id) => id.0,
            Scope::Key(id) => id.0,
            Scope::Session(SessionId(id)) => id,
        }
    }

    /// The last day that counts. The period after it begins with the next.
    fn last(&self) -> i64 {
        self.window.last_day(self.period).0
    }
}

#[derive(FromRow)]
struct Row {
    spent: i64,
    mine: i64,
    others: i64,
}

impl Store {
    /// Looks into the books for replica `me`, one of `replicas`, and settles what it holds of each
    /// budget for the next `lifetime`. `None` where there are no books.
    pub async fn lease(
        &self,
        me: Uuid,
        replicas: u32,
        lifetime: Duration,
        asked: &[Asked],
    ) -> Result<Option<Vec<Leased>>> {
        if matches!(self.db, Db::Sqlite { .. }) {
            return Ok(None);
        }
        let answers = transact!(self, |tx| {
            let answers = tx.lease(me, replicas, lifetime, asked).await?;
            (answers, true)
        })?;
        Ok(Some(answers))
    }

    /// Gives back everything that replica `me` holds. All it spent must be stored.
    pub async fn give_up_leases(&self, me: Uuid) -> Result<()> {
        if let Db::Postgres(pool) = &self.db {
            sqlx::query(GIVE_UP).bind(me).execute(pool).await?;
        }
        Ok(())
    }
}

/// What the books ask of a connection.
pub(crate) trait KeepBooks {
    async fn lease(
        &mut self,
        me: Uuid,
        replicas: u32,
        lifetime: Duration,
        asked: &[Asked],
    ) -> Result<Vec<Leased>>;

    /// Moves what calls of replica `me` cost from held to spent.
    async fn move_held(&mut self, me: Uuid, rows: &[Growth]) -> Result<()>;
}

impl KeepBooks for SqliteConnection {
    async fn lease(&mut self, _: Uuid, _: u32, _: Duration, _: &[Asked]) -> Result<Vec<Leased>> {
        Ok(Vec::new())
    }

    async fn move_held(&mut self, _: Uuid, _: &[Growth]) -> Result<()> {
        Ok(())
    }
}

impl KeepBooks for PgConnection {
    async fn lease(
        &mut self,
        me: Uuid,
        replicas: u32,
        lifetime: Duration,
        asked: &[Asked],
    ) -> Result<Vec<Leased>> {
        let kinds = column(asked, |one| one.scope.kind().to_owned());
        let ids = column(asked, Asked::id);
        let windows = column(asked, |one| one.window.as_str().to_owned());
        let firsts = column(asked, |one| one.period.0);
        let lasts = column(asked, Asked::last);
        sqlx::query(PATIENCE).execute(&mut *self).await?;
        sqlx::query(LOCK)
            .bind(&kinds)
            .bind(&ids)
            .bind(&windows)
            .bind(&firsts)
            .execute(&mut *self)
            .await?;
        sqlx::query(EXPIRE).execute(&mut *self).await?;
        let rows: Vec<Row> = sqlx::query_as(LOOK)
            .bind(&kinds)
            .bind(&ids)
            .bind(&windows)
            .bind(&firsts)
            .bind(&lasts)
            .bind(me)
            .fetch_all(&mut *self)
            .await?;
        let settle = |(one, row): (&Asked, &Row)| {
            let books = Books {
                budget: one.budget,
                spent: Money(row.spent),
                mine: Money(row.mine),
                others: Money(row.others),
            };
            books.settle(one.claim, replicas)
        };
        let answers: Vec<Leased> = asked.iter().zip(&rows).map(settle).collect();
        let changes = answers
            .iter()
            .zip(&rows)
            .map(|(answer, row)| answer.held.0 - row.mine);
        sqlx::query(HOLD)
            .bind(&kinds)
            .bind(&ids)
            .bind(&windows)
            .bind(&firsts)
            .bind(&lasts)
            .bind(changes.collect::<Vec<i64>>())
            .bind(me)
            .bind(i64::try_from(lifetime.as_micros()).unwrap_or(i64::MAX))
            .execute(&mut *self)
            .await?;
        Ok(answers)
    }

    async fn move_held(&mut self, me: Uuid, rows: &[Growth]) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        sqlx::query(MOVE)
            .bind(column(rows, |row| row.kind.to_owned()))
            .bind(column(rows, |row| row.id))
            .bind(column(rows, |row| row.day))
            .bind(column(rows, |row| row.spent))
            .bind(me)
            .execute(&mut *self)
            .await?;
        Ok(())
    }
}

fn column<R, T>(rows: &[R], of: impl Fn(&R) -> T) -> Vec<T> {
    rows.iter().map(of).collect()
}
