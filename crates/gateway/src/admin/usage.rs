//! The record added up.

use std::collections::HashMap;

use axum::Json;
use serde::Serialize;
use tollhouse_domain::time::Timestamp;
use tollhouse_store::{MOST_POINTS, Question, Report, Totals, UsageRow};
use utoipa::ToSchema;

use super::auth::Signed;
use super::error::{ApiError, Refused};
use super::input::Query;
use super::record::{UsageQuery, caught_up};
use super::show::TotalsView;
use crate::clock;

/// Sums by group, and over everything.
#[derive(Serialize, ToSchema)]
pub(super) struct UsageReport {
    /// The groups: the busiest first, or days and hours in the order of time.
    data: Vec<UsageGroup>,
    /// All calls that pass the filters, whether or not their group is listed.
    totals: TotalsView,
    /// All of them by hours or days, with `interval`. Those without calls are left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    series: Option<Vec<UsagePoint>>,
    /// The range before, with `compare`.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<PreviousRange>,
}

/// One group.
#[derive(Serialize, ToSchema)]
struct UsageGroup {
    /// The group's first value; a time is the beginning of its day or hour. Null for calls that have none.
    group: Option<String>,
    /// Its values, in the order of `group_by`.
    groups: Vec<Option<String>>,
    #[serde(flatten)]
    totals: TotalsView,
    /// The same by hours or days, with `interval`. Those without calls are left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    series: Option<Vec<UsagePoint>>,
    /// The same in the range before, with `compare`.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<TotalsView>,
}

/// An hour or a day.
#[derive(Serialize, ToSchema)]
struct UsagePoint {
    /// When it begins.
    #[schema(value_type = String)]
    at: Timestamp,
    #[serde(flatten)]
    totals: TotalsView,
}

/// The range of the same length before.
#[derive(Serialize, ToSchema)]
struct PreviousRange {
    #[schema(value_type = String)]
    from: Timestamp,
    /// Where it ends and the one that was asked for begins.
    #[schema(value_type = String)]
    to: Timestamp,
    totals: TotalsView,
}

/// Calls, tokens, cost and latency by group, over time, and beside the time before.
#[utoipa::path(
    get, path = "/usage", tag = "record", operation_id = "report_usage", params(UsageQuery),
    responses((status = 200, body = UsageReport), Refused),
)]
pub(super) async fn report(
    signed: Signed,
    Query(query): Query<UsageQuery>,
) -> Result<Json<UsageReport>, ApiError> {
    let question = Question {
        filter: query.filter(signed.visible()),
        interval: query.interval,
        limit: query.limit.get(),
        latency: query.latency,
        groups: query.group_by.0,
        among: None,
    };
    let of_time = question.groups.iter().any(|group| group.time().is_some());
    if of_time && (query.interval.is_some() || query.compare.is_some()) {
        let message = "Days and hours as groups have no interval and are compared with nothing.";
        return Err(ApiError::invalid("group_by", message));
    }
    let before = query.compare.map(|_| previous(&question)).transpose()?;
    caught_up(&signed).await;
    let report = ask(&signed, &question).await?;
    let before = match before {
        Some(mut before) => {
            // Beside what is shown, however many there were.
            before.among = Some(report.rows.iter().map(|row| row.groups.clone()).collect());
            Some((ask(&signed, &before).await?, before))
        }
        None => None,
    };
    Ok(Json(show(report, before, query.interval.is_some())))
}

async fn ask(signed: &Signed, question: &Question) -> Result<Report, ApiError> {
    let report = signed.store().usage(question).await?;
    report.ok_or_else(|| {
        let message = format!(
            "This makes more than {MOST_POINTS} points; ask for days, a shorter range, or fewer groups."
        );
        ApiError::invalid("interval", message)
    })
}

/// The same question about the range of the same length before.
fn previous(question: &Question) -> Result<Question, ApiError> {
    let from = question.filter.from;
    let from = from.ok_or_else(|| ApiError::invalid("from", "A comparison needs a beginning."))?;
    let to = question.filter.to.unwrap_or_else(clock::now);
    let mut before = question.clone();
    before.filter.from = Some(from.minus(to.since(from)));
    before.filter.to = Some(from);
    before.interval = None;
    Ok(before)
}

fn show(report: Report, before: Option<(Report, Question)>, over_time: bool) -> UsageReport {
    let points = |series: Vec<(Timestamp, Totals)>| {
        let point = |(at, totals): (Timestamp, Totals)| UsagePoint {
            at,
            totals: totals.into(),
        };
        over_time.then(|| series.into_iter().map(point).collect())
    };
    let compared = before.is_some();
    let mut previous_rows = HashMap::new();
    let previous = before.map(|(then, question)| {
        previous_rows.extend(then.rows.into_iter().map(|row| (row.groups, row.totals)));
        PreviousRange {
            from: question.filter.from.unwrap_or_default(),
            to: question.filter.to.unwrap_or_default(),
            totals: then.totals.into(),
        }
    });
    let group = |row: UsageRow| UsageGroup {
        previous: compared.then(|| previous_rows.remove(&row.groups).unwrap_or_default().into()),
        group: row.groups.first().cloned().flatten(),
        groups: row.groups,
        totals: row.totals.into(),
        series: points(row.series),
    };
    UsageReport {
        data: report.rows.into_iter().map(group).collect(),
        totals: report.totals.into(),
        series: points(report.series),
        previous,
    }
}
