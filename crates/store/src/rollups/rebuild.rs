//! Recounting: what the sums should be, from the calls that there are. An hour at a time, so that neither memory
//! nor the wait of those who add calls meanwhile grows with what there is.

use std::sync::LazyLock;

use sqlx::{AssertSqlSafe, FromRow, PgConnection, Row, SqliteConnection};
use tollhouse_domain::time::Timestamp;
use uuid::Uuid;

use super::series::{COLUMNS, SeriesRow};
use super::{AddRollups, Level, MOST, Rollups, Sums, WIDTH, columns};
use crate::calls::CallRow;
use crate::calls::columns::{names, select_calls};
use crate::db::Store;
use crate::error::Result;
use crate::usage::Interval;

/// Calls read at a time.
const PAGE: i64 = 5_000;
/// The most differing times that are named.
const MOST_NAMED: usize = 20;

const FORGOTTEN: &str = "SELECT forgotten_before FROM usage_state WHERE id = 1";
const SET_WHOLE: &str = "UPDATE usage_state SET whole = 2 WHERE id = 1";
// One kind each, because an index answers each at once.
const NEXT_CALL: &str = "SELECT MIN(at) FROM calls WHERE at >= $1";
const NEXT_SUM: &str = "SELECT MIN(at) FROM usage_rollups WHERE at >= $1 AND kind = $2";
const CALLS: &str = concat!(
    select_calls!(),
    " WHERE at >= $1 AND at < $2 AND (at, id) > ($3, $4) ORDER BY at, id LIMIT $5"
);
const DELETE: &str = "DELETE FROM usage_rollups WHERE kind = $1 AND at = $2";

static STORED: LazyLock<String> = LazyLock::new(|| {
    let wide = |name: &str| format!("CAST({name} AS BIGINT) AS {name}");
    let columns = columns().map(wide).collect::<Vec<_>>().join(", ");
    format!("SELECT series, {columns} FROM usage_rollups WHERE kind = $1 AND at = $2")
});

/// What told apart what is in [`STORED`].
static STORED_SERIES: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT id, {COLUMNS} FROM usage_series WHERE id IN \
         (SELECT series FROM usage_rollups WHERE kind = $1 AND at = $2)"
    )
});

/// A day is its hours together: `INSERT` with it makes days, comparing with it checks them.
static DAY_OF_HOURS: LazyLock<String> = LazyLock::new(|| {
    let together = |name: &str| {
        if name == MOST {
            // What is not known of some hours is not known of the day.
            format!("CASE WHEN COUNT(cost) = COUNT({name}) THEN MAX({name}) END AS {name}")
        } else {
            format!("CAST(SUM({name}) AS BIGINT) AS {name}")
        }
    };
    let columns = columns().map(together).collect::<Vec<_>>().join(", ");
    format!(
        "SELECT series, {columns} FROM usage_rollups \
         WHERE kind = $1 AND at >= $2 AND at < $3 GROUP BY series"
    )
});

static INSERT_DAY: LazyLock<String> = LazyLock::new(|| {
    let columns = columns().collect::<Vec<_>>().join(", ");
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
    async fn number(&mut self, sql: &'static str, values: &[i64]) -> Result<Option<i64>>;
    /// The sums of an hour by its calls, and how many these are.
    async fn count(&mut self, hour: i64) -> Result<(Rollups, u64)>;
    async fn stored(&mut self, sql: &'static str, values: &[i64]) -> Result<Vec<StoredRow>>;
    async fn series(&mut self, sql: &'static str, values: &[i64]) -> Result<Vec<SeriesRow>>;
    async fn run(&mut self, sql: &'static str, values: &[i64]) -> Result<()>;
}

macro_rules! recount {
    ($connection:ty) => {
        impl Recount for $connection {
            async fn number(&mut self, sql: &'static str, values: &[i64]) -> Result<Option<i64>> {
                let mut query = sqlx::query_scalar(sql);
                for value in values {
                    query = query.bind(value);
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
                        rollups.widen();
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

            async fn series(
                &mut self,
                sql: &'static str,
                values: &[i64],
            ) -> Result<Vec<SeriesRow>> {
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

/// The first hour whose calls are all there still. Before it, only sums can be made of sums.
async fn first_whole(connection: &mut impl Recount) -> Result<i64> {
    let forgotten = connection.number(FORGOTTEN, &[]).await?.unwrap_or(0);
    Ok(Interval::Hour.begin(forgotten.saturating_add(Interval::Hour.micros() - 1)))
}

/// The first hour at or after `from` that has calls or sums.
async fn next_hour(connection: &mut impl Recount, from: i64) -> Result<Option<i64>> {
    let mut next = connection.number(NEXT_CALL, &[from]).await?;
    for level in Level::ALL {
        for interval in [Interval::Hour, Interval::Day] {
            let values = [from, level.kind(interval)];
            if let Some(at) = connection.number(NEXT_SUM, &values).await? {
                next = Some(next.map_or(at, |next: i64| next.min(at)));
            }
        }
    }
    Ok(next.map(|at| Interval::Hour.begin(at)))
}

/// What an hour's sums should be at some levels, and how many calls they are of where those were counted.
async fn should_be(
    connection: &mut impl Recount,
    hour: i64,
) -> Result<(&'static [Level], Rollups, Option<u64>)> {
    if hour >= first_whole(connection).await? {
        let (rollups, calls) = connection.count(hour).await?;
        return Ok((&Level::ALL, rollups, Some(calls)));
    }
    let values = [Level::Keys.kind(Interval::Hour), hour];
    let mut rollups = Rollups::default();
    for row in connection.stored(STORED.as_str(), &values).await? {
        let key = (values[0], hour, row.series);
        rollups.sums.insert(key, row.sums);
    }
    for row in connection.series(STORED_SERIES.as_str(), &values).await? {
        rollups.series.insert(row.id, row.series);
    }
    rollups.widen();
    rollups.sums.retain(|(kind, ..), _| *kind != values[0]);
    Ok((&Level::WIDER, rollups, None))
}

/// The hour's sums anew, and with them its day's.
async fn rebuild_hour(connection: &mut impl Recount, hour: i64) -> Result<u64> {
    let (levels, rollups, calls) = should_be(connection, hour).await?;
    for level in levels {
        let values = [level.kind(Interval::Hour), hour];
        connection.run(DELETE, &values).await?;
    }
    connection.add_rollups(&rollups).await?;
    Ok(calls.unwrap_or(0))
}

/// The levels at which a day's sums are made of those of its hours: of one whose calls are gone, the sums by key and
/// by tag beside users are all that is left.
async fn of_day(connection: &mut impl Recount, day: i64) -> Result<&'static [Level]> {
    let last = day.saturating_add(Interval::Day.micros() - Interval::Hour.micros());
    let whole = last >= first_whole(connection).await?;
    Ok(if whole { &Level::ALL } else { &Level::WIDER })
}

/// The day's sums anew, from those of its hours.
async fn rebuild_day(connection: &mut impl Recount, day: i64) -> Result<()> {
    let end = day.saturating_add(Interval::Day.micros());
    for level in of_day(connection, day).await? {
        let (hours, days) = (level.kind(Interval::Hour), level.kind(Interval::Day));
        connection.run(DELETE, &[days, day]).await?;
        let values = [hours, day, end, days, day];
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
    let (levels, rollups, calls) = should_be(connection, hour).await?;
    found.hours += u64::from(calls.is_some());
    found.calls += calls.unwrap_or(0);
    for level in levels {
        let kind = level.kind(Interval::Hour);
        let of_kind = rollups.sums.iter().filter(|((of, ..), _)| *of == kind);
        let should = of_kind.map(|((_, _, series), sums)| (*series, *sums));
        let stored = connection.stored(STORED.as_str(), &[kind, hour]).await?;
        found.differ(hour, differences(should.collect(), stored));
    }
    Ok(())
}

async fn verify_day(connection: &mut impl Recount, day: i64, found: &mut Verified) -> Result<()> {
    let end = day.saturating_add(Interval::Day.micros());
    for level in of_day(connection, day).await? {
        let (hours, days) = (level.kind(Interval::Hour), level.kind(Interval::Day));
        let values = [hours, day, end];
        let should = connection.stored(DAY_OF_HOURS.as_str(), &values).await?;
        let should = should.into_iter().map(|row| (row.series, row.sums));
        let stored = connection.stored(STORED.as_str(), &[days, day]).await?;
        found.differ(day, differences(should.collect(), stored));
    }
    Ok(())
}

impl Store {
    /// Makes the sums anew from the calls that there are, and says how many those are. Of what is older than the
    /// oldest call that may be gone, those by key stay, and those that tell apart less are made of them. Calls may be
    /// added meanwhile.
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
