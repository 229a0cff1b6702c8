//! Organizations, and who is in them.

pub(super) mod members;

use axum::Json;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use tollhouse_domain::audit::{Action, Note, Subject, SubjectKind};
use tollhouse_domain::id::OrgId;
use tollhouse_domain::limits::Limits;
use tollhouse_domain::provider::valid_name;
use tollhouse_domain::tenancy::{Membership, Org, Role};
use tollhouse_domain::time::Timestamp;
use utoipa::ToSchema;

use super::auth::{Admin, Signed};
use super::error::{ApiError, ErrorBody, Refused};
use super::input::{Body, Name, Nothing, Payload, Query};
use super::page::{self, List, PageQuery};
use super::users::find_person;
use crate::{clock, ids};

/// An organization.
#[derive(Serialize, ToSchema)]
#[schema(as = Org)]
pub(super) struct OrgView {
    #[schema(value_type = String, example = "org_01890a5d7c4e7d1f8a3b000000000000")]
    id: OrgId,
    name: String,
    /// What whoever asks is in it.
    #[schema(value_type = String)]
    role: Role,
    #[schema(value_type = String)]
    created_at: Timestamp,
    /// Since when nothing of it works.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    disabled_at: Option<Timestamp>,
}

impl OrgView {
    fn new(org: &Org, role: Role) -> Self {
        Self {
            id: org.id,
            name: org.name.clone(),
            role,
            created_at: org.created_at,
            disabled_at: org.disabled_at,
        }
    }
}

/// An organization to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewOrg {
    /// 1 to 64 of `a-z`, `0-9`, `-` and `_`; no other organization has it.
    #[serde(default)]
    #[schema(required = true)]
    name: String,
    /// The user who is to own it, by id or address.
    owner: Option<String>,
}

/// What is to be different about an organization. What is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OrgChange {
    /// 1 to 64 of `a-z`, `0-9`, `-` and `_`; no other organization has it.
    name: Option<String>,
    /// Whether nothing of it works: no key, no credential, no member's access.
    disabled: Option<bool>,
}

impl Payload for NewOrg {}
impl Payload for OrgChange {}

fn name(text: String) -> Result<String, ApiError> {
    if valid_name(&text) {
        return Ok(text);
    }
    let message = "Expected 1 to 64 of a-z, 0-9, `-` and `_`.";
    Err(ApiError::invalid("name", message))
}

/// Organizations that whoever asks is in; for administrators of the installation, all of them.
#[utoipa::path(
    get, path = "/orgs", tag = "people", operation_id = "list_orgs", params(PageQuery),
    responses((status = 200, body = List<OrgView>), Refused),
)]
pub(super) async fn list(
    signed: Signed,
    Query(query): Query<PageQuery>,
) -> Result<Json<List<OrgView>>, ApiError> {
    let view = |org: &Org| Some(OrgView::new(org, signed.role_in(org.id)?));
    let seen = signed.people().orgs().filter_map(view).collect();
    Ok(Json(page::slice(seen, &query, |org: &OrgView| {
        org.id.to_string()
    })))
}

/// Makes an organization.
#[utoipa::path(
    post, path = "/orgs", tag = "people", operation_id = "create_org", request_body = NewOrg,
    responses(
        (status = 201, body = OrgView),
        (status = 409, description = "The name is taken", body = ErrorBody),
        Refused,
    ),
)]
pub(super) async fn create(
    admin: Admin,
    Query(Nothing {}): Query<Nothing>,
    Body(input): Body<NewOrg>,
) -> Result<(StatusCode, Json<OrgView>), ApiError> {
    let now = clock::now();
    let org = Org {
        id: OrgId(ids::uuid(now)),
        name: name(input.name)?,
        limits: Limits::default(),
        budgets: Vec::new(),
        created_at: now,
        disabled_at: None,
    };
    let owner = input.owner.as_deref();
    let owner = owner.map(|text| find_person(&admin, "owner", text));
    let owner = owner.transpose()?;
    let store = admin.store().noted(note(&admin, Action::OrgCreate, &org));
    store.insert_org(&org).await?;
    if let Some(owner) = owner {
        let member = Membership {
            org: org.id,
            user: owner.id,
            role: Role::Owner,
            since: now,
        };
        members::put(&admin, &owner, member).await?;
    }
    admin.refresh().await?;
    Ok((StatusCode::CREATED, Json(OrgView::new(&org, Role::Owner))))
}

/// One organization, by id or by name.
#[utoipa::path(
    get, path = "/orgs/{org}", tag = "people", operation_id = "show_org", params(("org" = String, Path)),
    responses((status = 200, body = OrgView), (status = 404, body = ErrorBody), Refused),
)]
pub(super) async fn show(
    signed: Signed,
    Name(text): Name,
    Query(Nothing {}): Query<Nothing>,
) -> Result<Json<OrgView>, ApiError> {
    let org = find(&signed, &text, Role::Viewer)?;
    let role = signed.role_in(org.id).unwrap_or(Role::Viewer);
    Ok(Json(OrgView::new(&org, role)))
}

/// Changes an organization. Takes its owner; only an administrator of the installation can switch it
/// on again.
#[utoipa::path(
    patch, path = "/orgs/{org}", tag = "people", operation_id = "change_org", params(("org" = String, Path)),
    request_body = OrgChange,
    responses(
        (status = 200, body = OrgView),
        (status = 404, body = ErrorBody),
        (status = 409, description = "The name is taken", body = ErrorBody),
        Refused,
    ),
)]
pub(super) async fn change(
    signed: Signed,
    Name(text): Name,
    Query(Nothing {}): Query<Nothing>,
    Body(input): Body<OrgChange>,
) -> Result<Json<OrgView>, ApiError> {
    let org = find(&signed, &text, Role::Owner)?;
    let new = input.name.map(name).transpose()?;
    if let Some(new) = new.as_deref().filter(|new| *new != org.name) {
        leaves_mapping(&signed, [&org.name, new])?;
    }
    let now = clock::now();
    let action = match input.disabled {
        Some(true) => Action::OrgDisable,
        Some(false) | None => Action::OrgChange,
    };
    let change = |org: &mut Org| {
        if let Some(new) = &new {
            org.name.clone_from(new);
        }
        match input.disabled {
            Some(true) => org.disabled_at = org.disabled_at.or(Some(now)),
            Some(false) => org.disabled_at = None,
            None => {}
        }
    };
    let org = write(&signed, action, &org, change).await?;
    Ok(Json(OrgView::new(&org, Role::Owner)))
}

/// Whose people single sign-on sends to a name is for the installation to say: only its administrators
/// take one of these names, or leave it.
fn leaves_mapping(signed: &Signed, names: [&str; 2]) -> Result<(), ApiError> {
    let mapped = |name: &&str| {
        let provider = signed.identity_provider();
        provider.is_some_and(|provider| provider.config().policy.names(name))
    };
    if signed.is_platform() || !names.iter().any(mapped) {
        return Ok(());
    }
    let message = "Single sign-on sends people to an organization of this name: only an administrator of \
        this installation may rename it.";
    Err(ApiError::Forbidden(message.into()))
}

/// Switches an organization off: nothing of it works any more, and its record stays. Doing it again
/// changes nothing.
#[utoipa::path(
    delete, path = "/orgs/{org}", tag = "people", operation_id = "disable_org", params(("org" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody), Refused),
)]
pub(super) async fn disable(
    signed: Signed,
    Name(text): Name,
    Query(Nothing {}): Query<Nothing>,
) -> Result<StatusCode, ApiError> {
    let org = find(&signed, &text, Role::Owner)?;
    let now = clock::now();
    let off = |org: &mut Org| org.disabled_at = org.disabled_at.or(Some(now));
    write(&signed, Action::OrgDisable, &org, off).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a change to what is stored by now, and says what there is then.
async fn write(
    signed: &Signed,
    action: Action,
    org: &Org,
    change: impl Fn(&mut Org),
) -> Result<Org, ApiError> {
    let store = signed.store().noted(note(signed, action, org));
    let changed = store.change_org(org.id, change).await?;
    signed.refresh().await?;
    Ok(changed)
}

/// The organization that a path names, for who is at least `role` in it.
pub(super) fn find(signed: &Signed, text: &str, role: Role) -> Result<Org, ApiError> {
    let id = signed.org(text)?;
    signed.in_org(id, role)?;
    let org = signed.people().org(id).cloned();
    org.ok_or_else(|| ApiError::missing("There is no such organization."))
}

fn note(signed: &Signed, action: Action, org: &Org) -> Note {
    let subject = Subject::id(SubjectKind::Org, org.id).called(org.name.as_str());
    signed.note(action, subject).in_org(Some(org.id))
}
