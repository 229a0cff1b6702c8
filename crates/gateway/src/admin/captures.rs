//! What calls said, where that is kept.
//!
//! Nobody reads it without an entry in the audit trail, which is written first. Who may see a call need
//! not be one who may see what it said: see [`may_read`].

use axum::Json;
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use tollhouse_domain::audit::{Action, Note, Subject, SubjectKind};
use tollhouse_domain::call::Call;
use tollhouse_domain::capture::{Capture, Kept};
use tollhouse_domain::id::CallId;
use tollhouse_domain::tenancy::Role;
use utoipa::ToSchema;

use super::auth::Signed;
use super::error::{ApiError, ErrorBody, Refused};
use super::input::{Id, Nothing, Query};
use super::record::caught_up;
use crate::capture::{self, ContentError, Said, Side};

/// What a call said.
#[derive(Serialize, ToSchema)]
#[schema(as = CapturedCall)]
pub(super) struct CapturedView {
    #[schema(value_type = String, example = "call_01890a5d7c4e7d1f8a3b000000000000")]
    call: CallId,
    /// What the client sent.
    request: BodyView,
    /// What the client got.
    response: BodyView,
}

/// One body.
#[derive(Serialize, ToSchema)]
#[schema(as = CapturedBody)]
struct BodyView {
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<String>,
    /// How it is still compressed; as a rule that is undone.
    #[serde(skip_serializing_if = "Option::is_none")]
    content_encoding: Option<String>,
    /// The text; base64 if it is none.
    body: String,
    /// Whether `body` is base64.
    base64: bool,
    /// How many bytes crossed.
    bytes: u64,
    /// Whether there was more of it than is kept.
    truncated: bool,
    /// Whether what looked like a secret was taken out.
    redacted: bool,
}

impl BodyView {
    fn new(side: Side, mode: Capture) -> Self {
        let (body, base64) = match String::from_utf8(side.bytes) {
            Ok(text) => (text, false),
            Err(error) => (STANDARD.encode(error.as_bytes()), true),
        };
        Self {
            content_type: side.content_type,
            content_encoding: side.encoding,
            body,
            base64,
            bytes: side.total,
            truncated: side.cut,
            redacted: mode == Capture::Redacted,
        }
    }
}

/// What a call said, where that is kept. For the key's owner, administrators of its organization and of the
/// installation; each time it is asked for is in the audit trail.
#[utoipa::path(
    get, path = "/calls/{id}/capture", tag = "record", operation_id = "show_capture", params(("id" = String, Path)),
    responses(
        (status = 200, body = CapturedView),
        (status = 404, description = "No such call, or nothing is kept of it", body = ErrorBody),
        Refused,
    ),
)]
pub(super) async fn show(
    signed: Signed,
    Id(id): Id<CallId>,
    Query(Nothing {}): Query<Nothing>,
) -> Result<Json<CapturedView>, ApiError> {
    let call = find(&signed, id).await?;
    may_read(&signed, &call)?;
    let said = read(&signed, &call).await?;
    let said = said.ok_or_else(|| nothing(&call))?;
    let note = note(&signed, Action::CaptureRead, &call);
    signed.store().remember(note).await?;
    Ok(Json(CapturedView {
        call: id,
        request: BodyView::new(said.request, said.mode),
        response: BodyView::new(said.answer, said.mode),
    }))
}

/// Forgets what a call said; its row stays. For the owner of a key that is in no organization, else for
/// administrators of the organization or the installation. Doing it again changes nothing.
#[utoipa::path(
    delete, path = "/calls/{id}/capture", tag = "record", operation_id = "delete_capture",
    params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody), Refused),
)]
pub(super) async fn delete(
    signed: Signed,
    Id(id): Id<CallId>,
    Query(Nothing {}): Query<Nothing>,
) -> Result<StatusCode, ApiError> {
    let call = find(&signed, id).await?;
    match call.org {
        Some(org) => signed.in_org(org, Role::Admin)?,
        None => signed.may_change(call.user, None)?,
    }
    let note = note(&signed, Action::CaptureDelete, &call);
    signed.store().noted(note).delete_capture(id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A call that the caller may see.
async fn find(signed: &Signed, id: CallId) -> Result<Call, ApiError> {
    caught_up(signed).await;
    let call = signed.store().call(id).await?;
    let visible = signed.visible();
    call.filter(|call| visible.sees(call.user, call.org))
        .ok_or_else(|| ApiError::missing("There is no call with this id."))
}

/// Whether the caller may see what a call said: who made it, and who administers the organization or the
/// installation. Members and viewers see each other's calls, and not this.
pub(super) fn may_read(signed: &Signed, call: &Call) -> Result<(), ApiError> {
    let own = call.user.is_some() && call.user == signed.user().map(|user| user.id);
    let administers = call
        .org
        .is_some_and(|org| signed.role_in(org) >= Some(Role::Admin));
    if own || administers || signed.is_platform() {
        return Ok(());
    }
    let message = "What a call said is for its key's owner, and for administrators of the \
         organization.";
    Err(ApiError::Forbidden(message.into()))
}

/// What a call said, if that is here.
pub(super) async fn read(signed: &Signed, call: &Call) -> Result<Option<Said>, ApiError> {
    if call.capture.is_none_or(|kept| kept == Kept::Dropped) {
        return Ok(None);
    }
    let Some(sealed) = signed.store().capture(call.id).await? else {
        return Ok(None);
    };
    let (gateway, id) = (signed.control().gateway.clone(), call.id);
    let opening = move || capture::open(gateway.vault(), id, sealed);
    // Milliseconds of work for a long one.
    let opened = tokio::task::spawn_blocking(opening).await;
    let said: Result<Said, ContentError> = opened.map_err(ApiError::internal)?;
    said.map(Some).map_err(ApiError::internal)
}

fn nothing(call: &Call) -> ApiError {
    ApiError::missing(why_nothing(call))
}

/// Why there is nothing to show of what a call said.
pub(super) const fn why_nothing(call: &Call) -> &'static str {
    match call.capture {
        None => "Nothing was to be kept of what this call said.",
        Some(Kept::Dropped) => "There was no room to keep what this call said.",
        Some(Kept::Redacted | Kept::Full) => {
            "What this call said is not here: not stored yet, deleted, or lost in a crash."
        }
    }
}

pub(super) fn note(signed: &Signed, action: Action, call: &Call) -> Note {
    let note = signed.note(action, Subject::id(SubjectKind::Call, call.id));
    let note = note
        .in_org(call.org)
        .with("session", call.session.to_string());
    match call.user {
        Some(user) => note.with("owner", user.to_string()),
        None => note,
    }
}
