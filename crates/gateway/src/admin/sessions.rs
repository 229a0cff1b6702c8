//! The record by conversation.

use axum::Json;
use serde::Serialize;
use tollhouse_domain::call::Call;
use tollhouse_domain::id::{CallId, KeyId, SessionId};
use tollhouse_domain::time::Timestamp;
use tollhouse_store::{CallFilter, SessionRow};
use utoipa::ToSchema;

use super::auth::Signed;
use super::error::{ApiError, ErrorBody, Refused};
use super::input::{Id, Query};
use super::page::{self, List, PageQuery};
use super::record::{RecordQuery, caught_up};
use super::show::{CallSchema, TotalsView};

/// One conversation.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
pub(super) struct SessionView {
    #[schema(value_type = String, example = "ses_01890a5d7c4e8d1f8a3b000000000000")]
    id: SessionId,
    /// The client's own name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// The virtual key's id.
    #[schema(value_type = String)]
    key: KeyId,
    /// The client application.
    caller: String,
    /// When its first call was admitted.
    #[schema(value_type = String)]
    first_at: Timestamp,
    /// When its last call was admitted.
    #[schema(value_type = String)]
    last_at: Timestamp,
    /// The models that answered, or failing that were asked.
    models: Vec<String>,
    #[serde(flatten)]
    totals: TotalsView,
}

impl From<SessionRow> for SessionView {
    fn from(row: SessionRow) -> Self {
        Self {
            id: row.session,
            name: row.session_name,
            key: row.key,
            caller: row.caller,
            first_at: row.first_at,
            last_at: row.last_at,
            models: row.models,
            totals: row.totals.into(),
        }
    }
}

/// One conversation and its calls.
#[derive(Serialize, ToSchema)]
pub(super) struct SessionWithCalls {
    session: SessionView,
    /// Its calls, newest first.
    #[schema(value_type = List<CallSchema>)]
    calls: List<Call>,
}

/// Sessions, latest activity first; sums are over the calls that pass the filters.
#[utoipa::path(
    get, path = "/sessions", tag = "record", operation_id = "list_sessions", params(RecordQuery),
    responses((status = 200, body = List<SessionView>), Refused),
)]
pub(super) async fn list(
    signed: Signed,
    Query(query): Query<RecordQuery>,
) -> Result<Json<List<SessionView>>, ApiError> {
    let wanted = page::ask::<CallId>(query.limit, query.cursor.as_ref())?;
    caught_up(&signed).await;
    let rows = signed
        .store()
        .sessions(&query.filter(signed.visible()), wanted)
        .await?;
    let part = page::cut(rows, query.limit, |row| row.last.to_string());
    Ok(Json(part.map(SessionView::from)))
}

/// One session and its calls, newest first; `limit` and `cursor` are about the calls.
#[utoipa::path(
    get, path = "/sessions/{id}", tag = "record", operation_id = "show_session", params(("id" = String, Path), PageQuery),
    responses((status = 200, body = SessionWithCalls), (status = 404, body = ErrorBody), Refused),
)]
pub(super) async fn show(
    signed: Signed,
    Id(id): Id<SessionId>,
    Query(query): Query<PageQuery>,
) -> Result<Json<SessionWithCalls>, ApiError> {
    let wanted = page::ask::<CallId>(query.limit, query.cursor.as_ref())?;
    caught_up(&signed).await;
    let session = signed.store().session(id, signed.visible()).await?;
    let session = session.ok_or_else(|| ApiError::missing("There is no session with this id."))?;
    let filter = CallFilter {
        session: Some(id),
        visible: signed.visible(),
        ..CallFilter::default()
    };
    let calls = signed.store().calls(&filter, wanted).await?;
    let calls = page::cut(calls, query.limit, |call| call.id.to_string());
    Ok(Json(SessionWithCalls {
        session: session.into(),
        calls,
    }))
}
