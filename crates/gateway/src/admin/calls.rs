//! The record of calls.

use axum::Json;
use tollhouse_domain::call::Call;
use tollhouse_domain::id::CallId;

use super::auth::Admin;
use super::error::{ApiError, ErrorBody, Refused};
use super::input::{Id, Nothing, Query};
use super::page::{self, List};
use super::record::{RecordQuery, caught_up};
use super::show::CallSchema;

/// Calls, newest first.
#[utoipa::path(
    get, path = "/calls", tag = "record", operation_id = "list_calls", params(RecordQuery),
    responses((status = 200, body = List<CallSchema>), Refused),
)]
pub(super) async fn list(
    admin: Admin,
    Query(query): Query<RecordQuery>,
) -> Result<Json<List<Call>>, ApiError> {
    let wanted = page::ask::<CallId>(query.limit, query.cursor.as_ref())?;
    caught_up(&admin).await;
    let calls = admin.store().calls(&query.filter(), wanted).await?;
    Ok(Json(page::cut(calls, query.limit, |call| {
        call.id.to_string()
    })))
}

/// One call.
#[utoipa::path(
    get, path = "/calls/{id}", tag = "record", operation_id = "show_call", params(("id" = String, Path)),
    responses((status = 200, body = CallSchema), (status = 404, body = ErrorBody), Refused),
)]
pub(super) async fn show(
    admin: Admin,
    Id(id): Id<CallId>,
    Query(Nothing {}): Query<Nothing>,
) -> Result<Json<Call>, ApiError> {
    caught_up(&admin).await;
    let call = admin.store().call(id).await?;
    call.map(Json)
        .ok_or_else(|| ApiError::missing("There is no call with this id."))
}
