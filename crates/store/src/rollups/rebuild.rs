//! Recounting: what the sums should be, from the calls that there are. An hour at a time, so that neither memory
//! nor the wait of those who add calls meanwhile grows with what there is.

use std::sync::LazyLock;

use sqlx::{AssertSqlSafe, FromRow, PgConnection, Row, SqliteConnection};
use tollhouse_domain::time::Timestamp;
use uuid::Uuid;

use super::{AddRollups, Kind, Rollups, Sums, WIDTH};
use crate::calls::CallRow;
use crate::calls::columns::{names, select_calls};
use crate::db::Store;
use crate::error::Result;
use crate::usage::{Interval, counter_names};

/// Calls read at a time.
const PAGE: i64 = 5_000;
/// The most differing times that are named.
const MOST_NAMED: usize = 20;

const FORGOTTEN: &str = "SELECT forgotten_before FROM usage_state WHERE id = 1";
const SET_WHOLE: &str = "UPDATE usage_state SET whole = 1 WHERE id = 1";
// One column each, because an index answers each at once.
const NEXT_CALL: &str = "SELECT MIN(at) FROM calls WHERE at >= $1";
const NEXT_HOUR: &str = "SELECT MIN(at) FROM usage_rollups WHERE kind = 1 AND at >= $1";
const NEXT_DAY: &str = "SELECT MIN(at) FROM usage_rollups WHERE kind = 2 AND at >= $1";
const NEXT_TAG_HOUR: &str = "SELECT MIN(at) FROM usage_rollups WHERE kind = 3 AND at >= $1";
const NEXT_TAG_DAY: &str = "SELECT MIN(at) FROM usage_rollups WHERE kind = 4 AND at >= $1";
/// Where there is something to count or to check.
const NEXT: [&str; 5] = [NEXT_CALL, NEXT_HOUR, NEXT_DAY, NEXT_TAG_HOUR, NEXT_TAG_DAY];
const CALLS: &str = concat!(
    select_calls!(),
    " WHERE at >= $1 AND at < $2 AND (at, id) > ($3, $4) ORDER BY at, id LIMIT $5"
);
const DELETE: &str = "DELETE FROM usage_rollups WHERE kind = $1 AND at = $2";

static STORED: LazyLock<String> = LazyLock::new(|| {
    let wide = |name: &str| format!("CAST({name} AS BIGINT) AS {name}");
    let columns = counter_names().map(wide).collect::<Vec<_>>().join(", ");
    format!("SELECT series, {columns} FROM usage_rollups WHERE kind = $1 AND at = $2")
});

/// A day is its hours together: `INSERT` with it makes days, comparing with it checks them.
static DAY_OF_HOURS: LazyLock<String> = LazyLock::new(|| {
    let sum = |name: &str| format!("CAST(SUM({name}) AS BIGINT) AS {name}");
    let columns = counter_names().map(sum).collect::<Vec<_>>().join(", ");
    format!(
        "SELECT series, {columns} FROM usage_rollups \
         WHERE kind = $1 AND at >= $2 AND at < $3 GROUP BY series"
    )
});

static INSERT_DAY: LazyLock<String> = LazyLock::new(|| {
    let columns = counter_names().collect::<Vec<_>>().join(", ");
    format!(
        "INSERT INTO usage_rollups (kind, at, series, {columns}) \
         SELECT $4, $5, series, {columns} FROM ({}) AS hours",
        *DAY_OF_HOURS
    )
});

/// What a recount found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verified {
    /// Hours that were recounted.
    pub hours: u64,
    /// Calls in them.
    pub calls: u64,
    /// Sums, of hours and of days, that are not what they should be.
    pub differing: u64,
    /// The first hours and days of those.
    pub at: Vec<Timestamp>,
}

impl Verified {
    fn differ(&mut self, at: i64, count: u64) {
        self.differing += count;
        if count > 0 && self.at.len() < MOST_NAMED && self.at.last() != Some(&Timestamp(at)) {
            self.at.push(Timestamp(at));
        }
    }
}

/// A row of sums.
struct StoredRow {
    series: Uuid,
    sums: Sums,
}

impl<'r, R: Row> FromRow<'r, R> for StoredRow
where
    usize: sqlx::ColumnIndex<R>,
    Uuid: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    Option<i64>: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
{
    fn from_row(row: &'r R) -> sqlx::Result<Self> {
        let mut sums = [None; WIDTH];
        for (sum, index) in sums.iter_mut().zip(1_usize..) {
            *sum = row.try_get(index)?;
        }
        Ok(Self {
            series: row.try_get(0_usize)?,
            sums,
        })
    }
}

/// What recounting asks of a connection.
trait Recount: AddRollups {
    async fn number(&mut self, sql: &'static str, from: i64) -> Result<Option<i64>>;
    /// The sums of an hour by its calls, and how many these are.
    async fn count(&mut self, hour: i64) -> Result<(Rollups, u64)>;
    async fn stored(&mut self, sql: &'static str, values: &[i64]) -> Result<Vec<StoredRow>>;
    async fn run(&mut self, sql: &'static str, values: &[i64]) -> Result<()>;
}

macro_rules! recount {
    ($connection:ty) => {
        impl Recount for $connection {
            async fn number(&mut self, sql: &'static str, from: i64) -> Result<Option<i64>> {
                let mut query = sqlx::query_scalar(sql);
                if sql.contains("$1") {
                    query = query.bind(from);
                }
                Ok(query.fetch_one(&mut *self).await?)
            }

            async fn count(&mut self, hour: i64) -> Result<(Rollups, u64)> {
                let end = hour.saturating_add(Interval::Hour.micros());
                let (mut rollups, mut calls) = (Rollups::default(), 0);
                let mut after = (i64::MIN, Uuid::nil());
                loop {
                    let query = sqlx::query_as(CALLS).bind(hour).bind(end);
                    let query = query.bind(after.0).bind(after.1).bind(PAGE);
                    let rows: Vec<CallRow> = query.fetch_all(&mut *self).await?;
                    let Some(last) = rows.last() else {
                        return Ok((rollups, calls));
                    };
                    after = (last.at, last.id);
                    for row in rows {
                        rollups.add(&row, &row.tags()?, &[Interval::Hour]);
                        calls += 1;
                    }
                }
            }

            async fn stored(
                &mut self,
                sql: &'static str,
                values: &[i64],
            ) -> Result<Vec<StoredRow>> {
                let mut query = sqlx::query_as(AssertSqlSafe(sql));
                for value in values {
                    query = query.bind(value);
                }
                Ok(query.fetch_all(&mut *self).await?)
            }

            async fn run(&mut self, sql: &'static str, values: &[i64]) -> Result<()> {
                let mut query = sqlx::query(AssertSqlSafe(sql));
                for value in values {
                    query = query.bind(value);
                }
                query.execute(&mut *self).await?;
                Ok(())
            }
        }
    };
}

recount!(SqliteConnection);
recount!(PgConnection);

/// The first hour at or after `from` that can be recounted and has calls or sums.
async fn next_hour(connection: &mut impl Recount, from: i64) -> Result<Option<i64>> {
    let forgotten = connection.number(FORGOTTEN, 0).await?.unwrap_or(0);
    // An hour of which calls may be gone is left as it is.
    let whole = Interval::Hour.begin(forgotten.saturating_add(Interval::Hour.micros() - 1));
    let from = from.max(whole);
    let mut next = None;
    for sql in NEXT {
        if let Some(at) = connection.number(sql, from).await? {
            next = Some(next.map_or(at, |next: i64| next.min(at)));
        }
    }
    Ok(next.map(|at| Interval::Hour.begin(at)))
}

/// The hour's sums anew, and with them its day's.
async fn rebuild_hour(connection: &mut impl Recount, hour: i64) -> Result<u64> {
    let (rollups, calls) = connection.count(hour).await?;
    for kind in [Kind::Hour, Kind::TagHour] {
        connection.run(DELETE, &[kind.number(), hour]).await?;
    }
    connection.add_rollups(&rollups).await?;
    Ok(calls)
}

/// The day's sums anew, from those of its hours.
async fn rebuild_day(connection: &mut impl Recount, day: i64) -> Result<()> {
    let end = day.saturating_add(Interval::Day.micros());
    for (hours, days) in [(Kind::Hour, Kind::Day), (Kind::TagHour, Kind::TagDay)] {
        connection.run(DELETE, &[days.number(), day]).await?;
        let values = [hours.number(), day, end, days.number(), day];
        connection.run(INSERT_DAY.as_str(), &values).await?;
    }
    Ok(())
}

/// How many rows are in one list and not, or otherwise, in the other.
fn differences(mut one: Vec<(Uuid, Sums)>, other: Vec<StoredRow>) -> u64 {
    let mut other: Vec<_> = other
        .into_iter()
        .map(|row| (row.series, row.sums))
        .collect();
    one.sort_unstable_by_key(|(series, _)| *series);
    other.sort_unstable_by_key(|(series, _)| *series);
    let mut differing = 0;
    let (mut one, mut other) = (one.into_iter().peekable(), other.into_iter().peekable());
    loop {
        let order = match (one.peek(), other.peek()) {
            (None, None) => return differing,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(a), Some(b)) => a.0.cmp(&b.0),
        };
        let a = order.is_le().then(|| one.next()).flatten();
        let b = order.is_ge().then(|| other.next()).flatten();
        if a != b {
            differing += 1;
        }
    }
}

async fn verify_hour(connection: &mut impl Recount, hour: i64, found: &mut Verified) -> Result<()> {
    let (rollups, calls) = connection.count(hour).await?;
    found.hours += 1;
    found.calls += calls;
    for kind in [Kind::Hour, Kind::TagHour] {
        let of_kind = rollups
            .sums
            .iter()
            .filter(|((number, ..), _)| *number == kind.number());
        let should = of_kind.map(|((_, _, series), sums)| (*series, *sums));
        let stored = connection
            .stored(STORED.as_str(), &[kind.number(), hour])
            .await?;
        found.differ(hour, differences(should.collect(), stored));
    }
    Ok(())
}

async fn verify_day(connection: &mut impl Recount, day: i64, found: &mut Verified) -> Result<()> {
    let end = day.saturating_add(Interval::Day.micros());
    for (hours, days) in [(Kind::Hour, Kind::Day), (Kind::TagHour, Kind::TagDay)] {
        let values = [hours.number(), day, end];
        let should = connection.stored(DAY_OF_HOURS.as_str(), &values).await?;
        let should = should.into_iter().map(|row| (row.series, row.sums));
        let stored = connection
            .stored(STORED.as_str(), &[days.number(), day])
            .await?;
        found.differ(day, differences(should.collect(), stored));
    }
    Ok(())
}

impl Store {
    /// Makes the sums anew from the calls that there are, and says how many those are. What is older than the
    /// oldest call that may be gone stays. Calls may be added meanwhile.
    pub async fn rebuild_rollups(&self) -> Result<u64> {
        let (mut from, mut calls, mut day) = (i64::MIN, 0, None);
        loop {
            let done = transact!(self, |tx| {
                tx.hold_rollups(true).await?;
                let hour = next_hour(&mut *tx, from).await?;
                let today = hour.map(|hour| Interval::Day.begin(hour));
                if let Some(over) = day.filter(|_| day != today) {
                    rebuild_day(&mut *tx, over).await?;
                }
                let counted = match hour {
                    Some(hour) => rebuild_hour(&mut *tx, hour).await?,
                    None => {
                        sqlx::query(SET_WHOLE).execute(&mut *tx).await?;
                        0
                    }
                };
                ((hour, today, counted), true)
            })?;
            let (Some(hour), today, counted) = done else {
                return Ok(calls);
            };
            calls += counted;
            day = today;
            from = hour.saturating_add(Interval::Hour.micros());
        }
    }

    /// Counts again, and compares with the sums. Calls may be added meanwhile.
    pub async fn verify_rollups(&self) -> Result<Verified> {
        let (mut from, mut found, mut day) = (i64::MIN, Verified::default(), None);
        loop {
            let (hour, after) = transact!(self, |tx| {
                tx.hold_rollups(true).await?;
                let mut after = found.clone();
                let hour = next_hour(&mut *tx, from).await?;
                let today = hour.map(|hour| Interval::Day.begin(hour));
                if let Some(over) = day.filter(|_| day != today) {
                    verify_day(&mut *tx, over, &mut after).await?;
                }
                if let Some(hour) = hour {
                    verify_hour(&mut *tx, hour, &mut after).await?;
                }
                ((hour, after), false)
            })?;
            found = after;
            let Some(hour) = hour else {
                return Ok(found);
            };
            day = Some(Interval::Day.begin(hour));
            from = hour.saturating_add(Interval::Hour.micros());
        }
    }
}
