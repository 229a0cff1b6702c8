//! The one statement that adds calls up.

use sqlx::{Database, Encode, FromRow, QueryBuilder, Type};
use tollhouse_domain::time::Timestamp;
use uuid::Uuid;

use super::counters::{Counter, SumsRow, counters};
use super::group::{GroupBy, Interval};
use super::parts::{Part, Seen};
use super::slices::{Slice, Source};
use super::{Group, Question, UsageRow};
use crate::calls::{CallFilter, beside, bounded, push_tag};
use crate::db::Store;
use crate::error::Result;
use crate::sessions::push_sessions;

/// A group of a part of time, as it is read.
#[derive(FromRow)]
pub(super) struct GroupRow {
    bucket: Option<i64>,
    g1: Option<String>,
    g2: Option<String>,
    #[sqlx(flatten)]
    sums: SumsRow,
}

fn printed(groups: &[GroupBy], values: [Option<String>; 2]) -> Result<Group> {
    let print = |(group, value): (&GroupBy, Option<String>)| {
        value.map(|value| group.print(value)).transpose()
    };
    groups.iter().zip(values).map(print).collect()
}

impl GroupRow {
    pub(super) fn printed(self, groups: &[GroupBy]) -> Result<(Option<i64>, UsageRow)> {
        let row = UsageRow {
            groups: printed(groups, [self.g1, self.g2])?,
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
    /// Where the sums come from.
    pub(super) parts: &'a [Part],
    /// Of these groups alone.
    pub(super) among: Option<&'a [Group]>,
    /// Whether how many calls there are is all that is counted.
    pub(super) names_alone: bool,
}

/// A group, and nothing of what it comes to.
#[derive(FromRow)]
struct NameRow {
    g1: Option<String>,
    g2: Option<String>,
}

impl Query<'_> {
    fn is_of_nothing(&self) -> bool {
        let nothing = |part: &Part| part.slices.is_empty() || part.sessions.as_deref() == Some(&[]);
        self.among.is_some_and(<[Group]>::is_empty) || self.parts.iter().all(nothing)
    }

    /// What is counted; how many calls there are comes first.
    fn counted(&self) -> impl Iterator<Item = Counter> {
        let most = if self.names_alone { 1 } else { usize::MAX };
        counters(self.question.latency).take(most)
    }

    /// The whole statement: each group's sums, as many groups as are wanted.
    fn build<DB>(&self) -> Result<QueryBuilder<DB>>
    where
        DB: Database,
        Uuid: for<'q> Encode<'q, DB> + Type<DB>,
        i64: for<'q> Encode<'q, DB> + Type<DB>,
        String: for<'q> Encode<'q, DB> + Type<DB>,
    {
        let text = |index: usize, name: &str| match self.groups.get(index) {
            Some(group) => group.text::<DB>(name),
            None => "CAST(NULL AS TEXT)".to_owned(),
        };
        let names = self.counted().map(|(name, _)| name);
        let sum = |name: &str| format!("CAST(SUM({name}) AS BIGINT) AS {name}");
        let sums = self.counted().map(|(name, _)| sum(name));
        let mut query = QueryBuilder::new(format!(
            "SELECT bucket, {} AS g1, {} AS g2, {} FROM (SELECT bucket, g1, g2, {} FROM (",
            text(0, "g1"),
            text(1, "g2"),
            names.collect::<Vec<_>>().join(", "),
            sums.collect::<Vec<_>>().join(", "),
        ));
        let mut between = "";
        for part in self.parts {
            for slice in &part.slices {
                query.push(between);
                between = " UNION ALL ";
                self.push_slice(&mut query, part, *slice)?;
            }
        }
        query.push(") AS parts GROUP BY bucket, g1, g2 ORDER BY ");
        query.push(match self.groups.first().and_then(GroupBy::time) {
            Some(_) => "g1 DESC",
            None => "calls DESC, g1, g2",
        });
        query.push(" LIMIT ").push_bind(i64::from(self.limit));
        query.push(") AS sums");
        Ok(query)
    }

    /// The calls of a piece of the range, or their sums.
    fn push_slice<DB>(&self, query: &mut QueryBuilder<DB>, part: &Part, slice: Slice) -> Result<()>
    where
        DB: Database,
        Uuid: for<'q> Encode<'q, DB> + Type<DB>,
        i64: for<'q> Encode<'q, DB> + Type<DB>,
        String: for<'q> Encode<'q, DB> + Type<DB>,
    {
        let of_calls = slice.source == Source::Calls;
        query.push("SELECT ");
        match self.interval.map(Interval::micros) {
            Some(long) => query.push(format_args!("at / {long} * {long} AS bucket")),
            None => query.push("CAST(NULL AS BIGINT) AS bucket"),
        };
        for (index, name) in ["g1", "g2"].into_iter().enumerate() {
            query.push(", ");
            match self.groups.get(index) {
                Some(group) if of_calls => group.push_to(query),
                Some(group) => {
                    query.push(group.of_series());
                }
                None => {
                    query.push("CAST(NULL AS TEXT)");
                }
            }
            query.push(" AS ").push(name);
        }
        for (name, one) in self.counted() {
            query.push(", ").push(if of_calls { one } else { name });
            query.push(" AS ").push(name);
        }
        let mut filter = CallFilter {
            from: slice.from.map(Timestamp),
            to: slice.to.map(Timestamp),
            ..self.question.filter.clone()
        };
        self.push_source(
            query,
            part,
            slice,
            filter.tag.take_if(|_| slice.source != Source::Calls),
        );
        // The calls at the ends of a range, which are those of an hour at most.
        let few = match (slice.source, slice.from, slice.to) {
            (Source::Calls, Some(from), Some(to)) => to - from <= Interval::Hour.micros(),
            _ => false,
        };
        let visible = match part.seen {
            Seen::All => None,
            Seen::OfOrgs | Seen::Own => Some(std::mem::take(&mut filter.visible)),
        };
        if let Some(visible) = visible {
            let owner = if few { beside(query) } else { "" };
            part.seen.push_to(&visible, query, owner);
        }
        if let Some(sessions) = &part.sessions {
            push_sessions(query, sessions);
        }
        // Of an error, these are fewer still.
        if part.sessions.is_some() || few && !filter.is_marked() {
            filter.push_beside(query);
        } else {
            filter.push_to(query);
        }
        self.push_among(query, of_calls)
    }

    /// The condition that what is added up is of certain groups. With two, each for itself is of one of them: a few
    /// more than are meant pass, and are less busy.
    fn push_among<DB>(&self, query: &mut QueryBuilder<DB>, of_calls: bool) -> Result<()>
    where
        DB: Database,
        Uuid: for<'q> Encode<'q, DB> + Type<DB>,
        i64: for<'q> Encode<'q, DB> + Type<DB>,
        String: for<'q> Encode<'q, DB> + Type<DB>,
    {
        let Some(among) = self.among else {
            return Ok(());
        };
        for (index, group) in self.groups.iter().enumerate() {
            let column = |query: &mut QueryBuilder<DB>| {
                if of_calls {
                    // Of a session there are few calls, and of the rest fewer in the range than for ever.
                    if matches!(group, GroupBy::Key | GroupBy::User | GroupBy::Org) {
                        let owner = beside(query);
                        query.push(owner);
                    }
                    group.push_to(query);
                } else {
                    query.push(group.of_series());
                }
            };
            let values = among.iter().map(|values| values.get(index)?.as_deref());
            group.push_among(query, column, values)?;
        }
        Ok(())
    }

    /// Where a piece is read from, and its condition on tags. `with` is the tag that sums are filtered by.
    fn push_source<DB>(
        &self,
        query: &mut QueryBuilder<DB>,
        part: &Part,
        slice: Slice,
        with: Option<(String, String)>,
    ) where
        DB: Database,
        String: for<'q> Encode<'q, DB> + Type<DB>,
    {
        let tag = self.groups.iter().find_map(GroupBy::tag);
        match (slice.source, part.level) {
            (Source::Sums(interval), Some(level)) => {
                // In this order, where SQLite is concerned; PostgreSQL finds out.
                let lookups = part.looked_up(slice);
                query.push(match &lookups {
                    Some(_) => " FROM usage_series CROSS JOIN usage_rollups",
                    None => " FROM usage_rollups CROSS JOIN usage_series",
                });
                query.push(" WHERE usage_series.id = series AND kind = ");
                // Spliced, because the plan depends on it, and it is a number of ours. So are times.
                query.push(level.kind(interval));
                if let Some(lookups) = lookups.filter(|lookups| !lookups.is_empty()) {
                    let at: Vec<String> = lookups.iter().map(i64::to_string).collect();
                    query.push(" AND at IN (").push(at.join(", ")).push(")");
                    query.push(level.series());
                }
                if let Some(tag) = tag {
                    query.push(" AND tag_name = ").push_bind(bounded(tag));
                }
                if let Some((name, value)) = with {
                    query.push(" AND tag_name = ").push_bind(bounded(&name));
                    query.push(" AND tag_value = ").push_bind(bounded(&value));
                }
            }
            (Source::Sums(_), None) | (Source::Calls, _) => {
                query.push(" FROM calls WHERE TRUE");
                if let Some(tag) = tag {
                    query.push(" AND ");
                    push_tag(query, tag);
                    query.push(" IS NOT NULL");
                }
            }
        }
    }
}

impl Store {
    /// Runs a query whole.
    pub(super) async fn groups(&self, query: &Query<'_>) -> Result<Vec<(Option<i64>, UsageRow)>> {
        if query.is_of_nothing() {
            return Ok(Vec::new());
        }
        let rows: Vec<GroupRow> = read!(self, |pool| {
            query.build()?.build_query_as().fetch_all(pool).await?
        });
        let rows = rows.into_iter().map(|row| row.printed(query.groups));
        rows.collect()
    }

    /// Which groups there are, busiest first.
    pub(super) async fn names(&self, query: &Query<'_>) -> Result<Vec<Group>> {
        if query.is_of_nothing() {
            return Ok(Vec::new());
        }
        let rows: Vec<NameRow> = read!(self, |pool| {
            query.build()?.build_query_as().fetch_all(pool).await?
        });
        let rows = rows.into_iter();
        let name = |NameRow { g1, g2 }| printed(query.groups, [g1, g2]);
        rows.map(name).collect()
    }
}
