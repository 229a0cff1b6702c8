//! Sums over the ledger.

use sqlx::{FromRow, QueryBuilder};
use tollhouse_domain::id::{KeyId, OrgId, SessionId, UserId};
use tollhouse_domain::money::Money;
use tollhouse_domain::time::Timestamp;
use tollhouse_wire::usage::Usage;
use uuid::Uuid;

use crate::calls::CallFilter;
use crate::convert::{amount, uncount};
use crate::db::Store;
use crate::error::Result;

/// What calls are added up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupBy {
    /// The model asked for.
    Model,
    /// The model that the answer says served it.
    ModelServed,
    /// The provider.
    Provider,
    /// The virtual key.
    Key,
    /// The user whose key it is.
    User,
    /// The organization that the key belongs to.
    Org,
    /// The client application.
    Caller,
    /// The named consumer.
    Agent,
    /// The conversation.
    Session,
    /// How the calls ended.
    Outcome,
    /// The day of admission, UTC.
    Day,
    /// The hour of admission.
    Hour,
}

/// What is read in place of a group's value, by the type it has in the tables.
enum Grouping {
    Text(&'static str),
    Id(&'static str, fn(Uuid) -> String),
    Time(&'static str),
}

impl GroupBy {
    fn grouping(self) -> Grouping {
        match self {
            Self::Model => Grouping::Text("model_requested"),
            Self::ModelServed => Grouping::Text("model_served"),
            Self::Provider => Grouping::Text("provider"),
            Self::Caller => Grouping::Text("caller"),
            Self::Agent => Grouping::Text("agent"),
            Self::Outcome => Grouping::Text("outcome"),
            Self::Key => Grouping::Id("key_id", |id| KeyId(id).to_string()),
            Self::User => Grouping::Id("user_id", |id| UserId(id).to_string()),
            Self::Org => Grouping::Id("org_id", |id| OrgId(id).to_string()),
            Self::Session => Grouping::Id("session_id", |id| SessionId(id).to_string()),
            Self::Day => Grouping::Time("at / 86400000000 * 86400000000"),
            Self::Hour => Grouping::Time("at / 3600000000 * 3600000000"),
        }
    }
}

/// What a number of calls come to. A sum leaves out what is unknown, and is itself absent when
/// nothing is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// How many there are.
    pub calls: u64,
    /// How many failed: neither succeeded nor were left by the client.
    pub errors: u64,
    /// How many have an estimate in their usage.
    pub estimated: u64,
    /// Tokens.
    pub usage: Usage,
    /// What they cost whoever owns the credentials.
    pub cost: Option<Money>,
    /// What they would cost at list price.
    pub list_cost: Option<Money>,
    /// How many have no known cost, and are not in `cost`.
    pub calls_without_cost: u64,
}

/// One group and its sums.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageRow {
    /// The group's value as printed everywhere: an id with its prefix, a time as RFC 3339 for the
    /// beginning of the day or hour. Absent for the calls that have none.
    pub group: Option<String>,
    /// The sums.
    pub totals: Totals,
}

macro_rules! sums {
    () => {
        "COUNT(*) AS calls, \
         CAST(SUM(CASE WHEN outcome IN ('success', 'client_disconnect') THEN 0 ELSE 1 END) \
            AS BIGINT) AS errors, \
         CAST(SUM(CASE WHEN estimated THEN 1 ELSE 0 END) AS BIGINT) AS estimated, \
         CAST(SUM(tokens_input) AS BIGINT) AS tokens_input, \
         CAST(SUM(tokens_cache_read) AS BIGINT) AS tokens_cache_read, \
         CAST(SUM(tokens_cache_write_5m) AS BIGINT) AS tokens_cache_write_5m, \
         CAST(SUM(tokens_cache_write_1h) AS BIGINT) AS tokens_cache_write_1h, \
         CAST(SUM(tokens_output) AS BIGINT) AS tokens_output, \
         CAST(SUM(tokens_reasoning) AS BIGINT) AS tokens_reasoning, \
         CAST(SUM(cost) AS BIGINT) AS cost, \
         CAST(SUM(list_cost) AS BIGINT) AS list_cost, \
         COUNT(*) - COUNT(cost) AS calls_without_cost"
    };
}

pub(crate) use sums;

#[derive(FromRow)]
pub(crate) struct SumsRow {
    calls: i64,
    errors: i64,
    estimated: i64,
    tokens_input: Option<i64>,
    tokens_cache_read: Option<i64>,
    tokens_cache_write_5m: Option<i64>,
    tokens_cache_write_1h: Option<i64>,
    tokens_output: Option<i64>,
    tokens_reasoning: Option<i64>,
    cost: Option<i64>,
    list_cost: Option<i64>,
    calls_without_cost: i64,
}

impl From<SumsRow> for Totals {
    fn from(row: SumsRow) -> Self {
        Self {
            calls: uncount(row.calls),
            errors: uncount(row.errors),
            estimated: uncount(row.estimated),
            usage: Usage {
                input: row.tokens_input.map(uncount),
                cache_read: row.tokens_cache_read.map(uncount),
                cache_write_5m: row.tokens_cache_write_5m.map(uncount),
                cache_write_1h: row.tokens_cache_write_1h.map(uncount),
                output: row.tokens_output.map(uncount),
                reasoning: row.tokens_reasoning.map(uncount),
            },
            cost: amount(row.cost),
            list_cost: amount(row.list_cost),
            calls_without_cost: uncount(row.calls_without_cost),
        }
    }
}

#[derive(FromRow)]
struct GroupRow<G> {
    group_value: Option<G>,
    #[sqlx(flatten)]
    sums: SumsRow,
}

impl<G> GroupRow<G> {
    fn printed(self, print: impl FnOnce(G) -> String) -> UsageRow {
        UsageRow {
            group: self.group_value.map(print),
            totals: self.sums.into(),
        }
    }
}

/// The groups of one column type, as rows of `$type`.
macro_rules! groups {
    ($store:expr, $type:ty, $expression:expr, $order:literal, $filter:expr, $limit:expr) => {{
        let rows: Vec<GroupRow<$type>> = read!($store, |pool| {
            let mut query = QueryBuilder::new("SELECT ");
            query.push($expression);
            query.push(concat!(
                " AS group_value, ",
                sums!(),
                " FROM calls WHERE TRUE"
            ));
            $filter.push_to(&mut query);
            query.push(concat!(" GROUP BY 1 ORDER BY ", $order, " LIMIT "));
            query.push_bind(i64::from($limit));
            query.build_query_as().fetch_all(pool).await?
        });
        rows
    }};
}

impl Store {
    /// The calls that pass `filter`, added up by `group_by`: the busiest `limit` groups, busiest
    /// first, or the newest `limit` days or hours in the order of time. Hours and days without calls
    /// are left out.
    pub async fn usage(
        &self,
        group_by: GroupBy,
        filter: &CallFilter,
        limit: u32,
    ) -> Result<Vec<UsageRow>> {
        let mut rows: Vec<UsageRow> = match group_by.grouping() {
            Grouping::Text(column) => groups!(
                self,
                String,
                column,
                "calls DESC, group_value",
                filter,
                limit
            )
            .into_iter()
            .map(|row| row.printed(|text| text))
            .collect(),
            Grouping::Id(column, print) => {
                groups!(self, Uuid, column, "calls DESC, group_value", filter, limit)
                    .into_iter()
                    .map(|row| row.printed(print))
                    .collect()
            }
            Grouping::Time(bucket) => {
                let rows = groups!(self, i64, bucket, "group_value DESC", filter, limit);
                let newest_last = rows.into_iter().rev();
                return Ok(newest_last
                    .map(|row| row.printed(|at| Timestamp(at).to_string()))
                    .collect());
            }
        };
        // Databases disagree on how text sorts, and where nothing does.
        rows.sort_by(|a, b| (b.totals.calls, &a.group).cmp(&(a.totals.calls, &b.group)));
        Ok(rows)
    }

    /// Everything that passes `filter`, added up.
    pub async fn totals(&self, filter: &CallFilter) -> Result<Totals> {
        let row: SumsRow = read!(self, |pool| {
            // Without calls a sum is NULL, where a count should be zero.
            let mut query = QueryBuilder::new(concat!(
                "SELECT calls, COALESCE(errors, 0) AS errors, COALESCE(estimated, 0) AS estimated, \
                 tokens_input, tokens_cache_read, tokens_cache_write_5m, tokens_cache_write_1h, \
                 tokens_output, tokens_reasoning, cost, list_cost, calls_without_cost FROM (SELECT ",
                sums!(),
                " FROM calls WHERE TRUE"
            ));
            filter.push_to(&mut query);
            query.push(") AS sums");
            query.build_query_as().fetch_one(pool).await?
        });
        Ok(row.into())
    }
}
