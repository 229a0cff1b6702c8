//! What is counted of calls: the one list of it, for every statement that adds calls up.

use std::fmt::Write as _;
use std::sync::LazyLock;

use sqlx::{ColumnIndex, Decode, FromRow, Row, Type};
use tollhouse_domain::latency::{EDGES, Histogram, RANGES};
use tollhouse_wire::usage::Usage;

use super::{Latency, Totals};
use crate::convert::{amount, uncount};

/// A counter's name, and what one call adds to it: NULL where that is not known.
pub(crate) type Counter = (&'static str, &'static str);

/// What every answer says. `rollups::sums` says the same of a row.
pub(crate) const COUNTERS: [Counter; 15] = [
    ("calls", "1"),
    (
        "errors",
        "CASE WHEN outcome IN ('success', 'client_disconnect') THEN 0 ELSE 1 END",
    ),
    ("estimated", "CASE WHEN estimated THEN 1 ELSE 0 END"),
    ("tokens_input", "tokens_input"),
    ("tokens_cache_read", "tokens_cache_read"),
    ("tokens_cache_write_5m", "tokens_cache_write_5m"),
    ("tokens_cache_write_1h", "tokens_cache_write_1h"),
    ("tokens_output", "tokens_output"),
    ("tokens_reasoning", "tokens_reasoning"),
    ("cost", "cost"),
    ("list_cost", "list_cost"),
    (
        "calls_without_cost",
        "CASE WHEN cost IS NULL THEN 1 ELSE 0 END",
    ),
    ("bytes_in", "bytes_in"),
    ("bytes_out", "bytes_out"),
    ("attempts", "attempts"),
];

/// What is told of latencies, where they are asked for. `CASE` keeps what no clock says out of integers
/// that could not hold it.
pub(super) static LATENCIES: LazyLock<Vec<Counter>> = LazyLock::new(|| {
    let mut counters = Vec::new();
    for (name, column) in [("ttft", "ttft_ms"), ("duration", "duration_ms")] {
        let known = format!("{column} >= 0 AND {column} <= 1000000000000");
        counters.push((
            leak(format!("{name}_us")),
            leak(format!(
                "CASE WHEN {known} THEN CAST(ROUND({column} * 1000) AS BIGINT) END"
            )),
        ));
        for index in 0..RANGES {
            let mut one = format!("CASE WHEN {known}");
            let edges = [
                (index.checked_sub(1), ">="),
                (Some(index).filter(|index| *index < EDGES.len()), "<"),
            ];
            for (edge, compared) in edges {
                if let Some(edge) = edge {
                    let _infallible = write!(one, " AND {column} {compared} {:?}", EDGES[edge]);
                }
            }
            one.push_str(" THEN 1 END");
            counters.push((leak(format!("{name}_{index}")), leak(one)));
        }
    }
    counters
});

/// Made once, and as long-lived as the program.
fn leak(text: String) -> &'static str {
    text.leak()
}

/// Every counter that is asked for.
pub(super) fn counters(latency: bool) -> impl Iterator<Item = Counter> {
    let more: &'static [Counter] = if latency { &LATENCIES } else { &[] };
    COUNTERS.iter().chain(more).copied()
}

/// Every counter's name.
pub(crate) fn counter_names() -> impl Iterator<Item = &'static str> {
    counters(true).map(|(name, _)| name)
}

/// Whether a sum may be too large for a number of 32 bits.
pub(crate) fn is_large(name: &str) -> bool {
    name.ends_with("_us") || COUNTERS.iter().any(|(counter, _)| *counter == name)
}

/// Sums over the table of calls itself, by name.
pub(crate) fn sums() -> String {
    let sum = |(name, one): Counter| format!("CAST(SUM({one}) AS BIGINT) AS {name}");
    counters(false).map(sum).collect::<Vec<_>>().join(", ")
}

/// Sums as a row has them.
pub(crate) struct SumsRow(Totals);

impl From<SumsRow> for Totals {
    fn from(row: SumsRow) -> Self {
        row.0
    }
}

impl<'r, R: Row> FromRow<'r, R> for SumsRow
where
    &'static str: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    Option<i64>: Decode<'r, R::Database> + Type<R::Database>,
{
    fn from_row(row: &'r R) -> sqlx::Result<Self> {
        let sum = |name: &'static str| row.try_get::<Option<i64>, _>(name);
        let count = |name| sum(name).map(|sum| uncount(sum.unwrap_or(0)));
        let known = |name| sum(name).map(|sum| sum.map(uncount));
        Ok(Self(Totals {
            calls: count("calls")?,
            errors: count("errors")?,
            estimated: count("estimated")?,
            usage: Usage {
                input: known("tokens_input")?,
                cache_read: known("tokens_cache_read")?,
                cache_write_5m: known("tokens_cache_write_5m")?,
                cache_write_1h: known("tokens_cache_write_1h")?,
                output: known("tokens_output")?,
                reasoning: known("tokens_reasoning")?,
            },
            cost: amount(sum("cost")?),
            list_cost: amount(sum("list_cost")?),
            calls_without_cost: count("calls_without_cost")?,
            bytes_in: count("bytes_in")?,
            bytes_out: count("bytes_out")?,
            attempts: count("attempts")?,
            latency: latency(&sum)?,
        }))
    }
}

/// The latencies, in the order of [`LATENCIES`], where they were asked for.
fn latency(
    sum: &impl Fn(&'static str) -> sqlx::Result<Option<i64>>,
) -> sqlx::Result<Option<Box<Latency>>> {
    if matches!(sum("ttft_us"), Err(sqlx::Error::ColumnNotFound(_))) {
        return Ok(None);
    }
    let mut names = LATENCIES.iter().map(|(name, _)| *name);
    let mut next = || match names.next() {
        Some(name) => sum(name).map(|sum| uncount(sum.unwrap_or(0))),
        None => Ok(0),
    };
    let mut latency = Latency::default();
    for histogram in [&mut latency.ttft, &mut latency.duration] {
        let Histogram { counts, micros } = histogram;
        *micros = next()?;
        for count in counts {
            *count = next()?;
        }
    }
    Ok(Some(Box::new(latency)))
}
