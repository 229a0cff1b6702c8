//! What calls came to, by hours and days. The sums grow in the transaction that stores the calls, and only by
//! calls that were not there before, so they say what the ledger says however often a batch is sent.
//!
//! What tells calls apart is a *series*: its columns are those of calls that can be filtered or grouped by, but
//! for the session. Sums are kept at several levels, of which each tells apart less than the one before; tags have
//! levels of their own.

mod insert;
mod level;
mod rebuild;
mod series;

use std::collections::{BTreeMap, HashMap};

use tollhouse_domain::latency::{RANGES, range};
use tollhouse_domain::tags::Tags;
use tollhouse_domain::time::Timestamp;
use uuid::Uuid;

use crate::calls::CallRow;
use crate::db::Store;
use crate::error::Result;
use crate::usage::{COUNTERS, Interval, counter_names};
pub(crate) use insert::AddRollups;
pub(crate) use level::{Asked, Level, Whole};
pub use rebuild::Verified;
use series::Series;

/// How many columns there are of what calls came to: the sums, and what the dearest call cost.
pub(crate) const WIDTH: usize = COUNTERS.len() + 2 * (1 + RANGES) + 1;
/// Where `cost` is among them.
const COST: usize = 9;
/// The column that is no sum. Absent where `cost` is there, it is not known.
pub(crate) const MOST: &str = "cost_most";
/// The largest sum: another of what one batch can come to still fits above it, and a sum that overflowed would
/// hold up the ledger.
const MAX_SUM: i64 = 8_000_000_000_000_000_000;
const MAX_BATCH: i64 = 1_000_000_000_000_000_000;
/// Longer than any call takes, and still whole in what it is measured in.
const MAX_MS: f64 = 1e12;

const WHOLE: &str = "SELECT whole FROM usage_state WHERE id = 1";
const DELETE: &str = "DELETE FROM usage_rollups WHERE (kind, at, series) IN \
    (SELECT kind, at, series FROM usage_rollups WHERE kind IN (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12) AND at < $1 LIMIT $2)";
// No index says which sums a series has, so they are gone through, and once.
const DELETE_SERIES: &str = "DELETE FROM usage_series WHERE id IN \
    (SELECT id FROM usage_series EXCEPT SELECT series FROM usage_rollups)";

/// The columns' names.
fn columns() -> impl Iterator<Item = &'static str> {
    counter_names().chain([MOST])
}

/// One call's part in each sum, or many calls': absent where nothing is known.
pub(crate) type Sums = [Option<i64>; WIDTH];

/// Sums of a batch: by kind, time and series.
#[derive(Default)]
pub(crate) struct Rollups {
    /// In the order in which they are stored everywhere, so that two replicas never wait for each other in a
    /// circle.
    pub(crate) sums: BTreeMap<(i64, i64, Uuid), Sums>,
    pub(crate) series: BTreeMap<Uuid, Series>,
}

impl Rollups {
    /// Adds a call, itself and under each of its tags, to its hour, its day, or both. [`Rollups::widen`] does the
    /// rest, once for all of them.
    pub(crate) fn add(&mut self, row: &CallRow, tags: &Tags, intervals: &[Interval]) {
        let one = sums(row);
        let mut grow = |level: Level, series: Series| {
            let id = self.know(series);
            for interval in intervals {
                let key = (level.kind(*interval), interval.begin(row.at), id);
                together(self.sums.entry(key).or_insert([None; WIDTH]), &one);
            }
        };
        let series = Series::of(row);
        for (name, value) in tags {
            for level in [Level::TagUsers, Level::TagOrgs] {
                grow(level, series.wider(level).tagged(name, value));
            }
        }
        grow(Level::Keys, series);
    }

    /// Adds what sums by key come to where less is told apart.
    pub(crate) fn widen(&mut self) {
        let mut ids = HashMap::new();
        let sums = std::mem::take(&mut self.sums);
        let mut wide = BTreeMap::new();
        for ((kind, at, id), one) in &sums {
            let of_keys = [Interval::Hour, Interval::Day];
            let interval = of_keys.into_iter().find(|i| *kind == Level::Keys.kind(*i));
            let (Some(interval), Some(series)) = (interval, self.series.get(id)) else {
                continue;
            };
            if !ids.contains_key(id) {
                let wider = Level::WIDER.map(|level| series.wider(level));
                ids.insert(*id, wider.map(|series| self.know(series)));
            }
            for (level, id) in Level::WIDER.into_iter().zip(&ids[id]) {
                let key = (level.kind(interval), *at, *id);
                together(wide.entry(key).or_insert([None; WIDTH]), one);
            }
        }
        self.sums = sums;
        self.sums.append(&mut wide);
    }

    fn know(&mut self, series: Series) -> Uuid {
        let id = series.id();
        self.series.entry(id).or_insert(series);
        id
    }
}

/// Both together, in the first.
fn together(sums: &mut Sums, one: &Sums) {
    let most = WIDTH - 1;
    let unknown = |sums: &Sums| sums[COST].is_some() && sums[most].is_none();
    let dearest = if unknown(sums) || unknown(one) {
        None
    } else {
        sums[most].max(one[most])
    };
    for (sum, one) in sums.iter_mut().zip(one) {
        if let Some(one) = one {
            let more = sum.unwrap_or(0).saturating_add(*one);
            *sum = Some(more.clamp(-MAX_BATCH, MAX_BATCH));
        }
    }
    sums[most] = dearest;
}

/// What a call adds to each counter, in the order of [`columns`]. What is added to by nothing is left absent, which
/// takes no room.
fn sums(row: &CallRow) -> Sums {
    let failed = !matches!(row.outcome.as_str(), "success" | "client_disconnect");
    let one = |yes: bool| yes.then_some(1);
    let mut sums = [None; WIDTH];
    sums[..COUNTERS.len()].copy_from_slice(&[
        Some(1),
        one(failed),
        one(row.estimated),
        row.tokens_input,
        row.tokens_cache_read,
        row.tokens_cache_write_5m,
        row.tokens_cache_write_1h,
        row.tokens_output,
        row.tokens_reasoning,
        row.cost,
        row.list_cost,
        one(row.cost.is_none()),
        Some(row.bytes_in),
        Some(row.bytes_out),
        Some(row.attempts),
    ]);
    sums[WIDTH - 1] = row.cost;
    let (_, latencies) = sums.split_at_mut(COUNTERS.len());
    let halves = latencies.chunks_exact_mut(1 + RANGES);
    for (half, ms) in halves.zip([row.ttft_ms, row.duration_ms]) {
        if let Some(ms) = ms.filter(|ms| (0.0..=MAX_MS).contains(ms)) {
            #[expect(clippy::cast_possible_truncation, reason = "bounded just above")]
            let micros = (ms * 1e3).round() as i64;
            half[0] = Some(micros);
            half[1 + range(ms)] = Some(1);
        }
    }
    sums
}

impl Store {
    /// Whether every call that there is has been added up in every way. It is not so in an installation that had
    /// calls before there were these sums, until [`Store::rebuild_rollups`].
    pub async fn rollups_are_whole(&self) -> Result<bool> {
        Ok(self.whole().await? == Whole::Everything)
    }

    /// Which sums may be asked.
    pub(crate) async fn whole(&self) -> Result<Whole> {
        let whole: i64 = read!(self, |pool| sqlx::query_scalar(WHOLE)
            .fetch_one(pool)
            .await?);
        Ok(match whole {
            0 => Whole::Nothing,
            1 => Whole::First,
            _ => Whole::Everything,
        })
    }

    /// Forgets at most `limit` of the sums of days that were over `before`, and says how many. Retention asks
    /// again until there are none, so that no delete holds up the ledger for long.
    pub async fn delete_rollups_before(&self, before: Timestamp, limit: u32) -> Result<u64> {
        let before = Interval::Day.begin(before.0);
        transact!(self, |tx| {
            tx.hold_rollups(true).await?;
            let query = sqlx::query(DELETE).bind(before).bind(i64::from(limit));
            let deleted = query.execute(&mut *tx).await?.rows_affected();
            (deleted, deleted > 0)
        })
    }

    /// Forgets what told calls apart of which no sums are left.
    pub async fn delete_idle_series(&self) -> Result<u64> {
        transact!(self, |tx| {
            // Nobody may be about to add to a series that goes.
            tx.hold_rollups(true).await?;
            let query = sqlx::query(DELETE_SERIES);
            let deleted = query.execute(&mut *tx).await?.rows_affected();
            (deleted, deleted > 0)
        })
    }
}

#[cfg(test)]
mod tests {
    use sqlx::{AssertSqlSafe, Row as _};

    use super::*;
    use crate::db::Db;
    use crate::options::DatabaseUrl;

    /// All series are told from the sums by going through these once, not once for each.
    #[tokio::test]
    async fn idle_series_do_not_cost_the_ledger_its_lock_for_hours() {
        let dir = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::Sqlite(dir.path().join("tollhouse.db"));
        let store = Store::open(&url).await.unwrap();
        let Db::Sqlite { read, .. } = &store.db else {
            panic!("SQLite was asked for")
        };
        let explain = format!("EXPLAIN QUERY PLAN {DELETE_SERIES}");
        let plan = sqlx::query(AssertSqlSafe(explain)).fetch_all(read).await;
        let plan: Vec<String> = plan
            .unwrap()
            .iter()
            .map(|step| step.get("detail"))
            .collect();
        assert!(
            !plan.iter().any(|step| step.contains("CORRELATED")),
            "{plan:?}"
        );
    }
}
