//! The sums' way in. As with calls, PostgreSQL wants an array per column, SQLite a statement of several rows.

use std::collections::HashSet;
use std::sync::LazyLock;

use sqlx::{AssertSqlSafe, PgConnection, SqliteConnection};
use uuid::Uuid;

use super::series::{COLUMNS, IDS, Series, TEXTS};
use super::{MAX_SUM, MOST, Rollups, Sums, WIDTH, columns};
use crate::error::Result;
use crate::usage::is_large;

/// "tollsums" in ASCII: who adds shares it, who recounts has it alone.
const LOCK: i64 = 0x746f_6c6c_7375_6d73;
/// Rows per statement for SQLite, largest first: few texts, so that each is prepared once.
const SQLITE_ROWS: [usize; 3] = [32, 4, 1];
/// Rows per statement for PostgreSQL, so that no message to it grows without bound.
const POSTGRES_ROWS: usize = 2_000;
/// Ids per question for SQLite.
const SQLITE_IDS: usize = 200;

const KNOWN_TO_POSTGRES: &str = "SELECT id FROM usage_series WHERE id = ANY($1)";

/// How the sums that are there grow. `least` and `most` are what the database calls the smaller and the larger of
/// two numbers.
fn grow(least: &str, most: &str) -> String {
    let column = |name: &str| {
        if name == MOST {
            // What was not known of some calls is not known of all.
            format!(
                "{name} = CASE WHEN usage_rollups.cost IS NOT NULL AND usage_rollups.{name} IS NULL THEN NULL \
                 ELSE COALESCE({most}(usage_rollups.{name}, excluded.{name}), usage_rollups.{name}, \
                 excluded.{name}) END"
            )
        } else if is_large(name) {
            format!(
                "{name} = CASE WHEN excluded.{name} IS NULL THEN usage_rollups.{name} \
                 WHEN usage_rollups.{name} IS NULL THEN excluded.{name} \
                 ELSE {least}(usage_rollups.{name}, {MAX_SUM} - excluded.{name}) + excluded.{name} END"
            )
        } else {
            format!(
                "{name} = COALESCE(usage_rollups.{name} + excluded.{name}, usage_rollups.{name}, \
                 excluded.{name})"
            )
        }
    };
    let columns: Vec<String> = columns().map(column).collect();
    format!(
        " ON CONFLICT (kind, at, series) DO UPDATE SET {}",
        columns.join(", ")
    )
}

/// Whether a column may be too large for a number of 32 bits.
fn is_wide(name: &str) -> bool {
    name == MOST || is_large(name)
}

fn insert() -> String {
    let names: Vec<&str> = columns().collect();
    format!(
        "INSERT INTO usage_rollups (kind, at, series, {})",
        names.join(", ")
    )
}

static INTO_SQLITE: LazyLock<[String; 3]> = LazyLock::new(|| {
    let row = format!("({})", vec!["?"; WIDTH + 3].join(", "));
    SQLITE_ROWS.map(|rows| {
        let values = vec![row.as_str(); rows].join(", ");
        format!("{} VALUES {values}{}", insert(), grow("MIN", "MAX"))
    })
});

static INTO_POSTGRES: LazyLock<String> = LazyLock::new(|| {
    let kinds = ["bigint", "bigint", "uuid"].into_iter();
    let sums = columns().map(|name| if is_wide(name) { "bigint" } else { "integer" });
    let arrays: Vec<String> = kinds
        .chain(sums)
        .zip(1..)
        .map(|(kind, n)| format!("${n}::{kind}[]"))
        .collect();
    format!(
        "{} SELECT * FROM UNNEST({}){}",
        insert(),
        arrays.join(", "),
        grow("LEAST", "GREATEST")
    )
});

static SERIES_INTO_SQLITE: LazyLock<String> = LazyLock::new(|| {
    let values = vec!["?"; 2 + IDS + TEXTS].join(", ");
    format!(
        "INSERT INTO usage_series (id, {COLUMNS}) VALUES ({values}) ON CONFLICT (id) DO NOTHING"
    )
});

static SERIES_INTO_POSTGRES: LazyLock<String> = LazyLock::new(|| {
    let kinds = ["uuid"; 1 + IDS]
        .into_iter()
        .chain(["bigint"])
        .chain(["text"; TEXTS]);
    let arrays: Vec<String> = kinds
        .zip(1..)
        .map(|(kind, n)| format!("${n}::{kind}[]"))
        .collect();
    format!(
        "INSERT INTO usage_series (id, {COLUMNS}) SELECT * FROM UNNEST({}) ON CONFLICT (id) DO NOTHING",
        arrays.join(", ")
    )
});

/// What is asked of a connection to add sums.
pub(crate) trait AddRollups {
    /// Keeps others from recounting meanwhile, or, `alone`, from adding, until the transaction ends.
    async fn hold_rollups(&mut self, alone: bool) -> Result<()>;
    /// Adds sums to those that are there.
    async fn add_rollups(&mut self, rollups: &Rollups) -> Result<()>;
}

impl AddRollups for SqliteConnection {
    async fn hold_rollups(&mut self, _alone: bool) -> Result<()> {
        // There is one writer, and this is it.
        Ok(())
    }

    async fn add_rollups(&mut self, rollups: &Rollups) -> Result<()> {
        let ids: Vec<Uuid> = rollups.series.keys().copied().collect();
        let mut known = HashSet::new();
        for chunk in ids.chunks(SQLITE_IDS) {
            let places = vec!["?"; chunk.len()].join(", ");
            let sql = format!("SELECT id FROM usage_series WHERE id IN ({places})");
            let mut query = sqlx::query_scalar::<_, Uuid>(AssertSqlSafe(sql));
            for id in chunk {
                query = query.bind(id);
            }
            // As many texts as there are lengths are not worth keeping.
            known.extend(query.persistent(false).fetch_all(&mut *self).await?);
        }
        for (id, series) in rollups.series.iter().filter(|(id, _)| !known.contains(id)) {
            let mut query = sqlx::query(AssertSqlSafe(SERIES_INTO_SQLITE.as_str())).bind(id);
            for id in series.ids {
                query = query.bind(id);
            }
            query = query.bind(series.status);
            for text in &series.texts {
                query = query.bind(text);
            }
            query.execute(&mut *self).await?;
        }
        let rows: Vec<_> = rollups.sums.iter().collect();
        let mut rows = rows.as_slice();
        for (size, sql) in SQLITE_ROWS.into_iter().zip(INTO_SQLITE.iter()) {
            while let Some((chunk, rest)) = rows.split_at_checked(size) {
                let mut query = sqlx::query(AssertSqlSafe(sql.as_str()));
                for ((kind, at, series), sums) in chunk {
                    query = query.bind(kind).bind(at).bind(series);
                    for sum in *sums {
                        query = query.bind(sum);
                    }
                }
                query.execute(&mut *self).await?;
                rows = rest;
            }
        }
        Ok(())
    }
}

impl AddRollups for PgConnection {
    async fn hold_rollups(&mut self, alone: bool) -> Result<()> {
        let sql = if alone {
            "SELECT pg_advisory_xact_lock($1)"
        } else {
            "SELECT pg_advisory_xact_lock_shared($1)"
        };
        sqlx::query(sql).bind(LOCK).execute(&mut *self).await?;
        Ok(())
    }

    async fn add_rollups(&mut self, rollups: &Rollups) -> Result<()> {
        let ids: Vec<Uuid> = rollups.series.keys().copied().collect();
        let known: Vec<Uuid> = sqlx::query_scalar(KNOWN_TO_POSTGRES)
            .bind(&ids)
            .fetch_all(&mut *self)
            .await?;
        let known: HashSet<Uuid> = known.into_iter().collect();
        let new = rollups.series.iter().filter(|(id, _)| !known.contains(id));
        let new: Vec<(&Uuid, &Series)> = new.collect();
        for chunk in new.chunks(POSTGRES_ROWS) {
            let mut query = sqlx::query(AssertSqlSafe(SERIES_INTO_POSTGRES.as_str()));
            query = query.bind(chunk.iter().map(|(id, _)| **id).collect::<Vec<_>>());
            for index in 0..IDS {
                let ids = chunk.iter().map(|(_, series)| series.ids[index]);
                query = query.bind(ids.collect::<Vec<_>>());
            }
            query = query.bind(chunk.iter().map(|(_, s)| s.status).collect::<Vec<_>>());
            for index in 0..TEXTS {
                let texts = chunk.iter().map(|(_, series)| series.texts[index].clone());
                query = query.bind(texts.collect::<Vec<_>>());
            }
            query.execute(&mut *self).await?;
        }
        let rows: Vec<(&(i64, i64, Uuid), &Sums)> = rollups.sums.iter().collect();
        for chunk in rows.chunks(POSTGRES_ROWS) {
            let mut query = sqlx::query(AssertSqlSafe(INTO_POSTGRES.as_str()))
                .bind(chunk.iter().map(|(key, _)| key.0).collect::<Vec<_>>())
                .bind(chunk.iter().map(|(key, _)| key.1).collect::<Vec<_>>())
                .bind(chunk.iter().map(|(key, _)| key.2).collect::<Vec<_>>());
            for (index, name) in columns().enumerate() {
                let sums = chunk.iter().map(|(_, sums)| sums[index]);
                query = if is_wide(name) {
                    query.bind(sums.collect::<Vec<_>>())
                } else {
                    // A batch is far smaller than what this holds.
                    let small = |sum: i64| i32::try_from(sum).unwrap_or(i32::MAX);
                    query.bind(sums.map(|sum| sum.map(small)).collect::<Vec<_>>())
                };
            }
            query.execute(&mut *self).await?;
        }
        Ok(())
    }
}
