//! Sums over the ledger.

mod among;
mod counters;
mod group;
mod parts;
mod query;
mod slices;

use std::collections::{BTreeMap, HashSet};

use tollhouse_domain::latency::Histogram;
use tollhouse_domain::money::Money;
use tollhouse_domain::time::Timestamp;
use tollhouse_wire::usage::Usage;

use crate::calls::CallFilter;
use crate::db::Store;
use crate::error::Result;
pub(crate) use counters::{COUNTERS, SumsRow, counter_names, is_large, sums};
pub use group::{GroupBy, Interval};
use parts::Part;
use query::Query;

/// The most points of a series that are put together: groups times parts of the range.
pub const MOST_POINTS: u32 = 100_000;
/// The most groups that are found first and added up then.
const FEW_GROUPS: u32 = 100;

/// What is to be added up.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Question {
    /// By what: nothing, one thing, or two together. A part of time goes with nothing else.
    pub groups: Vec<GroupBy>,
    /// Also by parts of time, each group and everything.
    pub interval: Option<Interval>,
    /// Which calls.
    pub filter: CallFilter,
    /// The most groups to return.
    pub limit: u32,
    /// Whether latencies are wanted.
    pub latency: bool,
    /// The groups that are wanted, if not the busiest, of a question without an interval. The totals are those of all
    /// groups even so.
    pub among: Option<Vec<Group>>,
}

/// A group's values, in the order of [`Question::groups`], as printed everywhere: an id with its prefix, a time as
/// RFC 3339 for the beginning of the day or hour. Absent for the calls that have none.
pub type Group = Vec<Option<String>>;

/// How long calls took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Latency {
    /// From admission to the first byte of the answer's body.
    pub ttft: Histogram,
    /// From admission to the end.
    pub duration: Histogram,
}

/// What a number of calls come to. A sum leaves out what is unknown, and is itself absent when
/// nothing is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
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
    /// Bytes of request bodies.
    pub bytes_in: u64,
    /// Bytes of answers.
    pub bytes_out: u64,
    /// Upstream requests made.
    pub attempts: u64,
    /// How long they took; absent unless asked for.
    pub latency: Option<Box<Latency>>,
}

impl Totals {
    /// Both together.
    pub fn add(&mut self, other: &Self) {
        let count = |sum: &mut u64, more: u64| *sum = sum.saturating_add(more);
        let known = |sum: &mut Option<u64>, more: Option<u64>| {
            if let Some(more) = more {
                *sum = Some(sum.unwrap_or(0).saturating_add(more));
            }
        };
        let money = |sum: &mut Option<Money>, more: Option<Money>| {
            if let Some(more) = more {
                *sum = Some(sum.unwrap_or_default().saturating_add(more));
            }
        };
        count(&mut self.calls, other.calls);
        count(&mut self.errors, other.errors);
        count(&mut self.estimated, other.estimated);
        known(&mut self.usage.input, other.usage.input);
        known(&mut self.usage.cache_read, other.usage.cache_read);
        known(&mut self.usage.cache_write_5m, other.usage.cache_write_5m);
        known(&mut self.usage.cache_write_1h, other.usage.cache_write_1h);
        known(&mut self.usage.output, other.usage.output);
        known(&mut self.usage.reasoning, other.usage.reasoning);
        money(&mut self.cost, other.cost);
        money(&mut self.list_cost, other.list_cost);
        count(&mut self.calls_without_cost, other.calls_without_cost);
        count(&mut self.bytes_in, other.bytes_in);
        count(&mut self.bytes_out, other.bytes_out);
        count(&mut self.attempts, other.attempts);
        if let Some(more) = &other.latency {
            let latency = self.latency.get_or_insert_default();
            latency.ttft.add(&more.ttft);
            latency.duration.add(&more.duration);
        }
    }
}

/// One group and its sums.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageRow {
    /// Which.
    pub groups: Group,
    /// The sums.
    pub totals: Totals,
    /// The same by parts of time, in its order, where those are asked for. Parts without calls are left
    /// out.
    pub series: Vec<(Timestamp, Totals)>,
}

/// The answer to a [`Question`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// The busiest groups, busiest first, or the newest days or hours in the order of time.
    pub rows: Vec<UsageRow>,
    /// Everything that was asked about, also what is in no listed group.
    pub totals: Totals,
    /// The same by parts of time, where those are asked for.
    pub series: Vec<(Timestamp, Totals)>,
}

impl Store {
    /// Adds calls up. `None` when an interval and groups make more than [`MOST_POINTS`].
    pub async fn usage(&self, question: &Question) -> Result<Option<Report>> {
        let question = &Question {
            filter: self.by_ids(&question.filter).await?,
            ..question.clone()
        };
        match question.interval {
            Some(interval) => self.usage_over_time(question, interval).await,
            None => self.usage_at_once(question).await.map(Some),
        }
    }

    /// Everything that passes `filter`, added up.
    pub async fn totals(&self, filter: &CallFilter) -> Result<Totals> {
        let question = Question {
            filter: filter.clone(),
            ..Question::default()
        };
        self.total(&question).await
    }

    async fn total(&self, question: &Question) -> Result<Totals> {
        let parts = self.parts(question, &[], None).await?;
        let query = Query {
            question,
            groups: &[],
            interval: None,
            limit: 1,
            parts: &parts,
            among: None,
            names_alone: false,
        };
        let row = self.groups(&query).await?.pop();
        Ok(row.map(|(_, row)| row.totals).unwrap_or_default())
    }

    async fn usage_at_once(&self, question: &Question) -> Result<Report> {
        let groups = &question.groups;
        let parts = self.parts(question, groups, None).await?;
        let mut query = Query {
            question,
            groups,
            interval: None,
            limit: match question.among {
                Some(_) => MOST_POINTS,
                None => question.limit.saturating_add(1),
            },
            parts: &parts,
            among: question.among.as_deref(),
            names_alone: false,
        };
        let busiest = self.busiest(&query).await?;
        query.among = query.among.or(busiest.as_deref());
        let rows = self.groups(&query).await?;
        let mut rows: Vec<UsageRow> = rows.into_iter().map(|(_, row)| row).collect();
        let wanted = usize::try_from(question.limit).unwrap_or(usize::MAX);
        // What has not the tag is in no group.
        let partial = query.among.is_some() || groups.iter().any(|group| group.tag().is_some());
        let totals = if partial || rows.len() > wanted {
            self.total(question).await?
        } else {
            sum(rows.iter().map(|row| &row.totals))
        };
        match &question.among {
            Some(among) => {
                let among: HashSet<&Group> = among.iter().collect();
                rows.retain(|row| among.contains(&row.groups));
            }
            None => rows.truncate(wanted),
        }
        if groups.iter().any(|group| group.time().is_some()) {
            rows.reverse();
        } else {
            in_order(&mut rows);
        }
        Ok(Report {
            rows,
            totals,
            series: Vec::new(),
        })
    }

    /// The groups that are wanted, where a few of very many are: what most of the rows would add to everything else
    /// is nobody's to see. One count of each row costs a quarter of all of them with latencies.
    async fn busiest(&self, query: &Query<'_>) -> Result<Option<Vec<Group>>> {
        let sums = |part: &Part| part.level.is_some() && part.within.is_none();
        let many = query.groups.iter().any(GroupBy::is_many) && query.parts.iter().all(sums);
        if !many || query.among.is_some() || query.question.limit > FEW_GROUPS {
            return Ok(None);
        }
        let names_alone = true;
        let names = self
            .names(&Query {
                names_alone,
                ..*query
            })
            .await?;
        // One more than are wanted is asked for: with no more, these are all.
        Ok((names.len() > query.question.limit as usize).then_some(names))
    }

    /// All of it in one pass over the rows, which is what costs.
    async fn usage_over_time(
        &self,
        question: &Question,
        interval: Interval,
    ) -> Result<Option<Report>> {
        let Some(mut report) = self.points(question, &question.groups, interval).await? else {
            return Ok(None);
        };
        if question.groups.iter().any(|group| group.tag().is_some()) {
            let Some(whole) = self.points(question, &[], interval).await? else {
                return Ok(None);
            };
            (report.totals, report.series) = (whole.totals, whole.series);
        }
        in_order(&mut report.rows);
        let wanted = usize::try_from(question.limit).unwrap_or(usize::MAX);
        report.rows.truncate(wanted);
        for row in &mut report.rows {
            row.series.sort_by_key(|(at, _)| *at);
        }
        Ok(Some(report))
    }

    async fn points(
        &self,
        question: &Question,
        groups: &[GroupBy],
        interval: Interval,
    ) -> Result<Option<Report>> {
        let parts = self.parts(question, groups, Some(interval)).await?;
        let query = Query {
            question,
            groups,
            interval: Some(interval),
            limit: MOST_POINTS + 1,
            parts: &parts,
            among: None,
            names_alone: false,
        };
        let points = self.groups(&query).await?;
        if points.len() > MOST_POINTS as usize {
            return Ok(None);
        }
        let mut rows = BTreeMap::<Vec<Option<String>>, UsageRow>::new();
        let mut series = BTreeMap::<Timestamp, Totals>::new();
        for (bucket, point) in points {
            let at = Timestamp(bucket.unwrap_or_default());
            series.entry(at).or_default().add(&point.totals);
            let groups = point.groups;
            let row = rows.entry(groups.clone()).or_insert_with(|| UsageRow {
                groups,
                totals: Totals::default(),
                series: Vec::new(),
            });
            row.totals.add(&point.totals);
            row.series.push((at, point.totals));
        }
        let rows: Vec<UsageRow> = rows.into_values().collect();
        Ok(Some(Report {
            totals: sum(rows.iter().map(|row| &row.totals)),
            rows,
            series: series.into_iter().collect(),
        }))
    }
}

/// Busiest first. Databases disagree on how text sorts, and where nothing does.
fn in_order(rows: &mut [UsageRow]) {
    rows.sort_by(|a, b| (b.totals.calls, &a.groups).cmp(&(a.totals.calls, &b.groups)));
}

fn sum<'a>(parts: impl Iterator<Item = &'a Totals>) -> Totals {
    let mut sum = Totals::default();
    for part in parts {
        sum.add(part);
    }
    sum
}
