//! The record added up.

use axum::Json;
use serde::Serialize;
use tollhouse_store::UsageRow;
use utoipa::ToSchema;

use super::auth::Signed;
use super::error::{ApiError, Refused};
use super::input::Query;
use super::record::{UsageQuery, caught_up};
use super::show::TotalsView;

/// Sums by group, and over everything.
#[derive(Serialize, ToSchema)]
pub(super) struct UsageReport {
    /// The groups: the busiest first, or days and hours in the order of time.
    data: Vec<UsageGroup>,
    /// All calls that pass the filters, whether or not their group is listed.
    totals: TotalsView,
}

/// One group.
#[derive(Serialize, ToSchema)]
struct UsageGroup {
    /// The group's value; a time is the beginning of its day or hour. Null for calls that have none.
    group: Option<String>,
    #[serde(flatten)]
    totals: TotalsView,
}

impl From<UsageRow> for UsageGroup {
    fn from(row: UsageRow) -> Self {
        Self {
            group: row.group,
            totals: row.totals.into(),
        }
    }
}

/// Calls, tokens and cost by group.
#[utoipa::path(
    get, path = "/usage", tag = "record", operation_id = "report_usage", params(UsageQuery),
    responses((status = 200, body = UsageReport), Refused),
)]
pub(super) async fn report(
    signed: Signed,
    Query(query): Query<UsageQuery>,
) -> Result<Json<UsageReport>, ApiError> {
    caught_up(&signed).await;
    let filter = query.filter(signed.visible());
    let rows = signed
        .store()
        .usage(query.group_by, &filter, query.limit.get())
        .await?;
    let totals = signed.store().totals(&filter).await?;
    let data = rows.into_iter().map(UsageGroup::from).collect();
    Ok(Json(UsageReport {
        data,
        totals: totals.into(),
    }))
}
