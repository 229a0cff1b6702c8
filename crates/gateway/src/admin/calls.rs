//! The record of calls.

mod csv;
pub(super) mod export;

use axum::Json;
use tollhouse_domain::call::Call;
use tollhouse_domain::id::CallId;

use super::auth::Signed;
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
    signed: Signed,
    Query(query): Query<RecordQuery>,
) -> Result<Json<List<Call>>, ApiError> {
    let wanted = page::ask::<CallId>(query.limit, query.cursor.as_ref())?;
    caught_up(&signed).await;
    let calls = signed
        .store()
        .calls(&query.filter(signed.visible()), wanted)
        .await?;
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
    signed: Signed,
    Id(id): Id<CallId>,
    Query(Nothing {}): Query<Nothing>,
) -> Result<Json<Call>, ApiError> {
    caught_up(&signed).await;
    let call = signed.store().call(id).await?;
    let visible = signed.visible();
    call.filter(|call| visible.sees(call.user, call.org))
        .map(Json)
        .ok_or_else(|| ApiError::missing("There is no call with this id."))
}
