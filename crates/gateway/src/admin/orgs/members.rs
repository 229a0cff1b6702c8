//! Who is in an organization, and as what.

use axum::Json;
use axum::extract::{FromRequestParts, Path};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use tollhouse_domain::audit::{Action, Subject, SubjectKind};
use tollhouse_domain::id::{OrgId, UserId};
use tollhouse_domain::tenancy::{Membership, Role, Standing, User};
use tollhouse_domain::time::Timestamp;
use utoipa::ToSchema;

use super::find;
use crate::admin::auth::{Signed, holds};
use crate::admin::error::{ApiError, ErrorBody, Refused};
use crate::admin::input::{Body, Name, Nothing, Payload, Query};
use crate::admin::page::{self, Cursor, Limit, List, PageQuery};
use crate::admin::users::{find_person, manages};
use crate::clock;

/// Somebody in an organization.
#[derive(Serialize, ToSchema)]
#[schema(as = Member)]
pub(in crate::admin) struct MemberView {
    #[schema(value_type = String)]
    org: OrgId,
    org_name: String,
    #[schema(value_type = String)]
    user: UserId,
    name: String,
    /// `viewer`, `member`, `admin` or `owner`; each may do all that the one before it may.
    #[schema(value_type = String)]
    role: Role,
    #[schema(value_type = String)]
    since: Timestamp,
}

impl MemberView {
    fn new(signed: &Signed, member: &Membership) -> Option<Self> {
        let people = signed.people();
        Some(Self {
            org: member.org,
            org_name: people.org(member.org)?.name.clone(),
            user: member.user,
            name: people.user(member.user)?.name.clone(),
            role: member.role,
            since: member.since,
        })
    }

    fn place(&self) -> String {
        format!("{} {}", self.org, self.user)
    }
}

/// What somebody is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct MemberInput {
    /// `viewer`, `member`, `admin` or `owner`: at most one's own.
    #[schema(value_type = String)]
    role: Role,
}

impl Payload for MemberInput {}

/// An organization and one of its members, as a path names them.
pub(in crate::admin) struct Place {
    org: String,
    user: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Place {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let found = Path::<(String, String)>::from_request_parts(parts, state).await;
        let missing = |_| ApiError::missing("There is nothing with this name.");
        let Path((org, user)) = found.map_err(missing)?;
        Ok(Self { org, user })
    }
}

/// Which members are wanted.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::admin) struct MembersQuery {
    /// Of this organization, by id or name.
    org: Option<String>,
    /// This user, by id.
    #[param(value_type = Option<String>)]
    user: Option<UserId>,
    /// The most rows to return.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000, default = 50)]
    limit: Limit,
    /// Where to go on: `next` of the part before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
}

/// Everybody in the organizations that whoever asks is in.
#[utoipa::path(
    get, path = "/members", tag = "people", operation_id = "list_memberships", params(MembersQuery),
    responses((status = 200, body = List<MemberView>), (status = 404, body = ErrorBody), Refused),
)]
pub(in crate::admin) async fn all(
    signed: Signed,
    Query(query): Query<MembersQuery>,
) -> Result<Json<List<MemberView>>, ApiError> {
    let only = query.org.as_deref().map(|text| signed.org(text));
    let only = only.transpose()?;
    let people = signed.people();
    let orgs = people.orgs().map(|org| org.id);
    let orgs = orgs.filter(|org| only.is_none_or(|only| only == *org));
    let rows = orgs
        .filter(|org| signed.role_in(*org).is_some())
        .flat_map(|org| people.members(org))
        .filter(|member| query.user.is_none_or(|user| user == member.user))
        .filter_map(|member| MemberView::new(&signed, member))
        .collect();
    let page = PageQuery {
        limit: query.limit,
        cursor: query.cursor,
    };
    Ok(Json(page::slice(rows, &page, MemberView::place)))
}

/// Everybody in an organization.
#[utoipa::path(
    get, path = "/orgs/{org}/members", tag = "people", operation_id = "list_members",
    params(("org" = String, Path), PageQuery),
    responses((status = 200, body = List<MemberView>), (status = 404, body = ErrorBody), Refused),
)]
pub(in crate::admin) async fn list(
    signed: Signed,
    Name(text): Name,
    Query(query): Query<PageQuery>,
) -> Result<Json<List<MemberView>>, ApiError> {
    let org = find(&signed, &text, Role::Viewer)?;
    let members = signed.people().members(org.id).iter();
    let rows = members.filter_map(|member| MemberView::new(&signed, member));
    Ok(Json(page::slice(rows.collect(), &query, MemberView::place)))
}

/// Makes somebody a member, or changes what they are. A new member takes an administrator of the
/// installation, or of every organization that the service is in; another role an administrator of the
/// organization. Nobody gives a role above their own, and only owners change owners. The last owner
/// stays one.
#[utoipa::path(
    put, path = "/orgs/{org}/members/{user}", tag = "people", operation_id = "put_member",
    params(("org" = String, Path), ("user" = String, Path)), request_body = MemberInput,
    responses(
        (status = 200, body = MemberView),
        (status = 404, body = ErrorBody),
        (status = 409, description = "They are the last owner", body = ErrorBody),
        Refused,
    ),
)]
pub(in crate::admin) async fn set(
    signed: Signed,
    place: Place,
    Query(Nothing {}): Query<Nothing>,
    Body(input): Body<MemberInput>,
) -> Result<Json<MemberView>, ApiError> {
    let org = find(&signed, &place.org, Role::Admin)?;
    let user = find_person(&signed, "user", &place.user)?;
    let now = clock::now();
    let known = current(&signed, org.id, user.id);
    let member = Membership {
        org: org.id,
        user: user.id,
        role: input.role,
        since: known.map_or(now, |member| member.since),
    };
    put(&signed, &user, member).await?;
    signed.refresh().await?;
    Ok(Json(MemberView {
        org: org.id,
        org_name: org.name,
        user: user.id,
        name: user.name,
        role: member.role,
        since: member.since,
    }))
}

/// Ends a membership: one's own, or as an administrator of the organization. Doing it again changes
/// nothing. The last owner stays.
#[utoipa::path(
    delete, path = "/orgs/{org}/members/{user}", tag = "people", operation_id = "remove_member",
    params(("org" = String, Path), ("user" = String, Path)),
    responses(
        (status = 204),
        (status = 404, body = ErrorBody),
        (status = 409, description = "They are the last owner", body = ErrorBody),
        Refused,
    ),
)]
pub(in crate::admin) async fn remove(
    signed: Signed,
    place: Place,
    Query(Nothing {}): Query<Nothing>,
) -> Result<StatusCode, ApiError> {
    let org = find(&signed, &place.org, Role::Viewer)?;
    let me = signed.user().map(|user| user.id);
    if me.map(|id| id.to_string()).as_deref() != Some(place.user.as_str()) {
        signed.in_org(org.id, Role::Admin)?;
    }
    let user = find_person(&signed, "user", &place.user)?;
    let least = if me == Some(user.id) {
        Role::Viewer
    } else {
        Role::Admin
    };
    let judge = |standing: Standing, before: Option<Role>| match before {
        Some(role) => holds(signed.role_by(standing), role.max(least)),
        None => Ok(()),
    };
    let note = signed.note(Action::MemberRemove, subject(&user));
    let store = signed.store().noted(note.in_org(Some(org.id)));
    let removed = store.delete_member((org.id, user.id), me, judge);
    removed.await??;
    signed.refresh().await?;
    Ok(StatusCode::NO_CONTENT)
}

fn current(signed: &Signed, org: OrgId, user: UserId) -> Option<Membership> {
    let members = signed.people().members(org).iter();
    members.copied().find(|member| member.user == user)
}

/// Stores a membership, and who did it. Whether they may is judged by what is stored at that moment:
/// another request may have changed either of the two people since this one came.
pub(in crate::admin) async fn put(
    signed: &Signed,
    user: &User,
    member: Membership,
) -> Result<(), ApiError> {
    let judge = |standing: Standing, before: Option<Role>| {
        if before.is_none() {
            // Nobody is drawn into an organization by people they have nothing to do with.
            manages(signed, user)?;
        }
        let highest = before.map_or(member.role, |before| before.max(member.role));
        holds(signed.role_by(standing), highest.max(Role::Admin))
    };
    let note = signed.note(Action::MemberPut, subject(user));
    let note = note.in_org(Some(member.org));
    let store = signed
        .store()
        .noted(note.with("role", member.role.as_str()));
    let by = signed.user().map(|user| user.id);
    store.put_member(member, by, judge).await?
}

fn subject(user: &User) -> Subject {
    Subject::id(SubjectKind::Member, user.id).called(user.name.as_str())
}
