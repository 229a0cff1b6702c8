//! The audit trail: who did what to what, when and from where.
//!
//! The whole of it is for administrators of the installation; an organization's administrators see what
//! concerns their organization.

pub(super) mod export;
mod query;

use std::net::IpAddr;

use axum::Json;
use serde::Serialize;
use tollhouse_domain::audit::chain::Head;
use tollhouse_domain::audit::{Action, Actor, Detail, Entry, Hash, Subject};
use tollhouse_domain::id::OrgId;
use tollhouse_domain::time::Timestamp;
use tracing::error;
use utoipa::ToSchema;

use self::query::AuditQuery;
use super::auth::{Admin, Signed};
use super::error::{ApiError, Refused};
use super::input::{Nothing, Query};
use super::page::{self, List};

/// One entry of the audit trail.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub(super) struct EntryView {
    /// Its number; the first is 1 and none is left out.
    seq: u64,
    #[schema(value_type = String)]
    at: Timestamp,
    #[schema(value_type = ActorSchema)]
    actor: Actor,
    /// What was done, such as `key.create`; docs/audit.md lists the words.
    #[schema(value_type = String)]
    action: Action,
    #[schema(value_type = SubjectSchema)]
    subject: Subject,
    /// The organization it concerns.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    org: Option<OrgId>,
    /// The address it was done from.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    from: Option<IpAddr>,
    /// What else is worth knowing: names and their text, number or yes-or-no.
    #[serde(skip_serializing_if = "Detail::is_empty")]
    #[schema(value_type = Option<Object>)]
    detail: Detail,
    /// The hash of the entry before it, 64 hexadecimal digits.
    #[schema(value_type = String)]
    prev: Hash,
    /// The hash of this one.
    #[schema(value_type = String)]
    hash: Hash,
}

impl From<Entry> for EntryView {
    fn from(entry: Entry) -> Self {
        Self {
            seq: entry.seq,
            at: entry.at,
            actor: entry.actor,
            action: entry.action,
            subject: entry.subject,
            org: entry.org,
            from: entry.from,
            detail: entry.detail,
            prev: entry.prev,
            hash: entry.hash,
        }
    }
}

/// Who did something.
#[derive(ToSchema)]
#[schema(as = AuditActor)]
#[expect(
    dead_code,
    reason = "describes `domain::audit::Actor`, which prints itself"
)]
struct ActorSchema {
    /// `operator`, `user`, `config`, `system`, `key` or `anonymous`.
    kind: String,
    id: Option<String>,
    /// What they were called then.
    name: Option<String>,
}

/// What something was done to.
#[derive(ToSchema)]
#[schema(as = AuditSubject)]
#[expect(
    dead_code,
    reason = "describes `domain::audit::Subject`, which prints itself"
)]
struct SubjectSchema {
    /// Such as `key`, `credential` or `user`.
    kind: String,
    id: Option<String>,
    /// What it was called then.
    name: Option<String>,
}

/// What was done, newest first. An organization's administrators name the organization.
#[utoipa::path(
    get, path = "/audit", tag = "audit", operation_id = "list_audit", params(AuditQuery),
    responses((status = 200, body = List<EntryView>), Refused),
)]
pub(super) async fn list(
    signed: Signed,
    Query(query): Query<AuditQuery>,
) -> Result<Json<List<EntryView>>, ApiError> {
    let filter = query.filter(&signed)?;
    let wanted = page::ask::<u64>(query.limit, query.cursor.as_ref())?;
    let rows = signed.store().audit(&filter, wanted).await?;
    let part = page::cut(rows, query.limit, |row| match row {
        Ok(entry) => entry.seq.to_string(),
        Err(seq) => seq.to_string(),
    });
    // A row that is no entry must not hide the others; the export names it.
    let part = part.keep(|row| row.inspect_err(|seq| error!(seq, "no audit entry")).ok());
    Ok(Json(part.map(EntryView::from)))
}

/// Where the trail ends: to be noted somewhere else, for then nothing before it can be changed, taken
/// out or written anew without it showing.
#[utoipa::path(
    get, path = "/audit/head", tag = "audit", operation_id = "audit_head",
    responses((status = 200, body = HeadView), Refused),
)]
pub(super) async fn head(
    admin: Admin,
    Query(Nothing {}): Query<Nothing>,
) -> Result<Json<HeadView>, ApiError> {
    let Head { seq, hash } = admin.store().audit_head().await?;
    Ok(Json(HeadView { seq, hash }))
}

/// The end of the audit trail.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditHead)]
pub(super) struct HeadView {
    /// The number of the last entry; 0 when there is none.
    seq: u64,
    /// Its hash.
    #[schema(value_type = String)]
    hash: Hash,
}
