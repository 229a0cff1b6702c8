//! The one statement that adds calls up.

use sqlx::{Database, Encode, FromRow, QueryBuilder, Type};
use uuid::Uuid;

use super::counters::{Counter, SumsRow, counters};
use super::group::{GroupBy, Interval};
use super::{Question, UsageRow};
use crate::db::Store;
use crate::error::Result;

/// A group of a part of time, as it is read.
#[derive(FromRow)]
pub(super) struct GroupRow {
    bucket: Option<i64>,
    g1: Option<String>,
    g2: Option<String>,
    #[sqlx(flatten)]
    sums: SumsRow,
}

impl GroupRow {
    pub(super) fn printed(self, groups: &[GroupBy]) -> Result<(Option<i64>, UsageRow)> {
        let values = groups.iter().zip([self.g1, self.g2]);
        let print = |(group, value): (&GroupBy, Option<String>)| {
            value.map(|value| group.print(value)).transpose()
        };
        let row = UsageRow {
            groups: values.map(print).collect::<Result<_>>()?,
            totals: self.sums.into(),
            series: Vec::new(),
        };
        Ok((self.bucket, row))
    }
}

/// What is asked of the database.
pub(super) struct Query<'a> {
    pub(super) question: &'a Question,
    pub(super) groups: &'a [GroupBy],
    pub(super) interval: Option<Interval>,
    pub(super) limit: u32,
}

impl Query<'_> {
    /// The whole statement: each group's sums, as many groups as are wanted.
    pub(super) fn build<DB>(&self) -> QueryBuilder<DB>
    where
        DB: Database,
        Uuid: for<'q> Encode<'q, DB> + Type<DB>,
        i64: for<'q> Encode<'q, DB> + Type<DB>,
        String: for<'q> Encode<'q, DB> + Type<DB>,
    {
        let latency = self.question.latency;
        let text = |index: usize, name: &str| match self.groups.get(index) {
            Some(group) => group.text::<DB>(name),
            None => "CAST(NULL AS TEXT)".to_owned(),
        };
        let names = counters(latency).map(|(name, _)| name);
        let sum = |name: &str| format!("CAST(SUM({name}) AS BIGINT) AS {name}");
        let sums = counters(latency).map(|(name, _)| sum(name));
        let mut query = QueryBuilder::new(format!(
            "SELECT bucket, {} AS g1, {} AS g2, {} FROM (SELECT bucket, g1, g2, {} FROM (",
            text(0, "g1"),
            text(1, "g2"),
            names.collect::<Vec<_>>().join(", "),
            sums.collect::<Vec<_>>().join(", "),
        ));
        self.push_calls(&mut query);
        query.push(") AS parts GROUP BY bucket, g1, g2 ORDER BY ");
        query.push(match self.groups.first().and_then(GroupBy::time) {
            Some(_) => "g1 DESC",
            None => "calls DESC, g1, g2",
        });
        query.push(" LIMIT ").push_bind(i64::from(self.limit));
        query.push(") AS sums");
        query
    }

    /// Each call that is meant, by itself.
    fn push_calls<DB>(&self, query: &mut QueryBuilder<DB>)
    where
        DB: Database,
        Uuid: for<'q> Encode<'q, DB> + Type<DB>,
        i64: for<'q> Encode<'q, DB> + Type<DB>,
        String: for<'q> Encode<'q, DB> + Type<DB>,
    {
        query.push("SELECT ");
        match self.interval.map(Interval::micros) {
            Some(long) => query.push(format_args!("at / {long} * {long} AS bucket")),
            None => query.push("CAST(NULL AS BIGINT) AS bucket"),
        };
        for (index, name) in ["g1", "g2"].into_iter().enumerate() {
            query.push(", ");
            match self.groups.get(index) {
                Some(group) => group.push_to(query),
                None => {
                    query.push("CAST(NULL AS TEXT)");
                }
            }
            query.push(" AS ").push(name);
        }
        let one = |(name, one): Counter| format!(", {one} AS {name}");
        let all: String = counters(self.question.latency).map(one).collect();
        query.push(all).push(" FROM calls WHERE TRUE");
        self.question.filter.push_to(query);
    }
}

impl Store {
    /// Runs a query whole.
    pub(super) async fn groups(&self, query: &Query<'_>) -> Result<Vec<(Option<i64>, UsageRow)>> {
        let rows: Vec<GroupRow> = read!(self, |pool| {
            query.build().build_query_as().fetch_all(pool).await?
        });
        let rows = rows.into_iter().map(|row| row.printed(query.groups));
        rows.collect()
    }
}
