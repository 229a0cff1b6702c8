//! What was said in a session, from what is kept of its calls: each turn once.
//!
//! It shows what single captures show, to the same people, and leaves the same entries in the audit trail
//! before they see it. What cannot be read is said per call.

mod read;
mod tools;
mod view;

use std::collections::BTreeMap;

use axum::Json;
use serde::Serialize;
use tollhouse_domain::audit::Action;
use tollhouse_domain::call::Call;
use tollhouse_domain::id::{CallId, SessionId};
use tollhouse_store::{CallFilter, Page};
use utoipa::ToSchema;

use self::read::{Past, Reading};
use self::tools::{ToolUse, Tools};
use self::view::CallView;
use super::auth::Signed;
use super::captures::{may_read, note};
use super::error::{ApiError, ErrorBody, Refused};
use super::input::{Id, Query};
use super::page::{self, Cursor, PageQuery};
use super::record::caught_up;

/// The most bytes of bodies that are read for one part; the call that goes beyond is its last.
const MOST_READ: usize = 32 << 20;
/// The most bytes of text in one part; the call that goes beyond is its last.
const MOST_SAID: usize = 4 << 20;
/// How many calls before a part are looked through for what was said before it.
const BEFORE: u32 = 200;
/// How many of them are read for each sub-agent, and for the conversation itself.
const BEFORE_READ: usize = 3;

/// What was said in a session, from some call on.
#[derive(Serialize, ToSchema)]
#[schema(as = Transcript)]
pub(super) struct TranscriptView {
    /// Its calls, oldest first, each with what it adds.
    data: Vec<CallView>,
    /// What to send as `cursor` for the part that follows; null at the end.
    #[schema(required = true)]
    next: Option<String>,
    /// The tools that were called in this part, as far as it could be read.
    tools: Vec<ToolUse>,
    /// Of how many calls in this part it is not, or not wholly, known what they said.
    unread: usize,
}

/// What was said in a session, each turn once: what calls said is kept only where capture is on. A part may hold
/// fewer calls than `limit`, for long ones. For the key's owner, administrators of its organization and of the
/// installation; each call that is read is in the audit trail.
#[utoipa::path(
    get, path = "/sessions/{id}/transcript", tag = "record", operation_id = "show_transcript",
    params(("id" = String, Path), PageQuery),
    responses((status = 200, body = TranscriptView), (status = 404, body = ErrorBody), Refused),
)]
pub(super) async fn show(
    signed: Signed,
    Id(id): Id<SessionId>,
    Query(query): Query<PageQuery>,
) -> Result<Json<TranscriptView>, ApiError> {
    let wanted = page::ask::<CallId>(query.limit, query.cursor.as_ref())?;
    caught_up(&signed).await;
    let filter = CallFilter {
        session: Some(id),
        visible: signed.visible(),
        ..CallFilter::default()
    };
    let calls = signed.store().calls_since(&filter, wanted).await?;
    if calls.is_empty() && wanted.after.is_none() {
        return Err(ApiError::missing("There is no session with this id."));
    }
    for call in &calls {
        may_read(&signed, call)?;
    }
    let mut told = Past::default();
    if let (Some(_), Some(first)) = (wanted.after, calls.first()) {
        for call in before(&signed, &filter, first.id).await? {
            told.take(&signed, &call).await?;
        }
    }
    let part = Part::read(&signed, calls, told, query.limit.get()).await?;
    signed.store().remember_all(&part.notes).await?;
    Ok(Json(part.view))
}

/// The calls before a part that what it says is compared with, oldest first.
async fn before(
    signed: &Signed,
    filter: &CallFilter,
    first: CallId,
) -> Result<Vec<Call>, ApiError> {
    let calls = signed.store().calls(filter, Page::after(BEFORE, first));
    let mut calls = calls.await?;
    let mut found = BTreeMap::<Option<String>, usize>::new();
    calls.retain(|call| {
        let of_branch = found.entry(call.subagent.clone()).or_default();
        *of_branch += usize::from(read::is_kept(call));
        read::is_kept(call) && *of_branch <= BEFORE_READ
    });
    calls.reverse();
    Ok(calls)
}

/// A part of a transcript, and what the audit trail is told before anybody sees it.
struct Part {
    view: TranscriptView,
    notes: Vec<tollhouse_domain::audit::Note>,
}

impl Part {
    /// Reads calls until there are `limit` of them, or enough of what they said.
    async fn read(
        signed: &Signed,
        calls: Vec<Call>,
        mut past: Past,
        limit: u32,
    ) -> Result<Self, ApiError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let (mut data, mut notes, mut tools) = (Vec::new(), Vec::new(), Tools::default());
        let (mut read, mut said, mut unread, mut last) = (0, 0, 0, None);
        let mut rest = calls.into_iter();
        while data.len() < limit
            && read < MOST_READ
            && said < MOST_SAID
            && let Some(call) = rest.next()
        {
            let Reading { view, bytes, uses } = past.take(signed, &call).await?;
            read += bytes;
            said += view.size();
            if view.is_shown() {
                notes.push(note(signed, Action::CaptureRead, &call));
            }
            unread += usize::from(view.is_unknown());
            tools.add(uses);
            last = Some(call.id);
            data.push(view);
        }
        let next = last.filter(|_| rest.next().is_some());
        let view = TranscriptView {
            data,
            next: next.map(|id| Cursor::print(&id.to_string())),
            tools: tools.counted(),
            unread,
        };
        Ok(Self { view, notes })
    }
}
