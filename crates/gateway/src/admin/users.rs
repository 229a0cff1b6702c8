//! People and services.

pub(super) mod own_tokens;
pub(super) mod tokens;

use axum::Json;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use tollhouse_domain::audit::{Action, Note, Subject, SubjectKind};
use tollhouse_domain::id::{OrgId, UserId};
use tollhouse_domain::limits::Limits;
use tollhouse_domain::tenancy::{Membership, Role, Standing, User, UserKind};
use tollhouse_domain::time::Timestamp;
use utoipa::ToSchema;

use super::auth::{Signed, holds};
use super::error::{ApiError, ErrorBody, Refused};
use super::input::{Body, Change, Id, Nothing, Payload, Query};
use super::page::{self, List, PageQuery};
use crate::{clock, ids};

/// The most characters of a name.
const MAX_NAME: usize = 100;
/// The most characters of an address, as mail has it.
const MAX_EMAIL: usize = 254;

/// A person or a service.
#[derive(Serialize, ToSchema)]
#[schema(as = User)]
pub(super) struct UserView {
    #[schema(value_type = String, example = "user_01890a5d7c4e7d1f8a3b000000000000")]
    id: UserId,
    /// `person` or `service`.
    #[schema(value_type = String)]
    kind: UserKind,
    name: String,
    /// Of others, only for who administers an organization that they are in.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// Whether they administer the whole installation. Of others, only for who does so too.
    #[serde(skip_serializing_if = "Option::is_none")]
    admin: Option<bool>,
    /// Where they are: of others, the organizations that whoever asks is in too.
    orgs: Vec<RoleView>,
    #[schema(value_type = String)]
    created_at: Timestamp,
    /// Since when neither they nor anything of theirs works.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    disabled_at: Option<Timestamp>,
}

/// What somebody is in an organization.
#[derive(Serialize, ToSchema)]
#[schema(as = OrgRole)]
pub(super) struct RoleView {
    #[schema(value_type = String)]
    id: OrgId,
    name: String,
    #[schema(value_type = String)]
    role: Role,
}

impl UserView {
    pub(super) fn new(signed: &Signed, user: &User) -> Self {
        let people = signed.people();
        let own = signed.user().is_some_and(|me| me.id == user.id);
        let role = |(id, role): &(OrgId, Role)| {
            (own || signed.role_in(*id).is_some()).then_some(())?;
            let name = people.org(*id)?.name.clone();
            Some(RoleView {
                id: *id,
                name,
                role: *role,
            })
        };
        let near = own || signed.is_platform();
        let roles = people.roles(user.id).iter();
        let administers = roles
            .clone()
            .any(|(org, _)| signed.role_in(*org) >= Some(Role::Admin));
        Self {
            id: user.id,
            kind: user.kind,
            name: user.name.clone(),
            email: user.email.clone().filter(|_| near || administers),
            admin: near.then_some(user.admin),
            orgs: roles.filter_map(role).collect(),
            created_at: user.created_at,
            disabled_at: user.disabled_at,
        }
    }
}

/// What a user is.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = UserKind)]
enum KindInput {
    /// Somebody who can sign in.
    #[default]
    Person,
    /// An agent or a program: it owns keys and credentials and never signs in.
    Service,
}

/// A user to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewUser {
    /// What people call them: 1 to 100 characters.
    #[serde(default)]
    #[schema(required = true)]
    name: String,
    #[serde(default)]
    kind: KindInput,
    /// Their address; people need one to sign in, services have none.
    email: Option<String>,
    /// Whether they are to administer the whole installation.
    #[serde(default)]
    admin: bool,
    /// The organization they join, by id or name. An administrator of an organization makes services
    /// for it; people are made by administrators of the installation.
    org: Option<String>,
    /// What they are to be there; `member` unless said.
    #[schema(value_type = Option<String>)]
    role: Option<Role>,
}

/// What is to be different about a user. What is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UserChange {
    /// What people call them: 1 to 100 characters.
    name: Option<String>,
    /// Their address; null for none.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    email: Change<String>,
    /// Whether they administer the whole installation.
    admin: Option<bool>,
    /// Whether neither they nor anything of theirs works.
    disabled: Option<bool>,
}

impl Payload for NewUser {}
impl Payload for UserChange {}

/// What somebody or something of theirs is called.
pub(super) fn name(text: &str) -> Result<String, ApiError> {
    let text = text.trim();
    let length = text.chars().count();
    if (1..=MAX_NAME).contains(&length) && !text.chars().any(char::is_control) {
        return Ok(text.to_owned());
    }
    let message = format!("Expected 1 to {MAX_NAME} characters without line breaks.");
    Err(ApiError::invalid("name", message))
}

/// An address as it is compared: trimmed, its ASCII letters in lower case. Other letters stay as they are:
/// some of them fold to ASCII ones, and would make two addresses one.
pub(super) fn email(text: &str) -> Result<String, ApiError> {
    let text = text.trim().to_ascii_lowercase();
    let plain = |c: char| !c.is_whitespace() && !c.is_control();
    let parts = text.split_once('@');
    let sound = parts.is_some_and(|(local, host)| {
        !local.is_empty() && !host.is_empty() && !host.contains('@') && text.chars().all(plain)
    });
    if sound && text.len() <= MAX_EMAIL {
        return Ok(text);
    }
    let message = "Expected an address such as name@example.com.";
    Err(ApiError::invalid("email", message))
}

/// Users: for administrators of the installation all of them; for others themselves and everybody in
/// their organizations.
#[utoipa::path(
    get, path = "/users", tag = "people", operation_id = "list_users", params(PageQuery),
    responses((status = 200, body = List<UserView>), Refused),
)]
pub(super) async fn list(
    signed: Signed,
    Query(query): Query<PageQuery>,
) -> Result<Json<List<UserView>>, ApiError> {
    let users = signed.people().users();
    let seen = users.filter(|user| sees(&signed, user.id)).cloned();
    let part = page::slice(seen.collect(), &query, |user: &User| user.id.to_string());
    Ok(Json(part.map(|user| UserView::new(&signed, &user))))
}

/// Makes a user. How a person gets in is said in docs/people.md: a password set by an administrator, or
/// single sign-on.
#[utoipa::path(
    post, path = "/users", tag = "people", operation_id = "create_user", request_body = NewUser,
    responses(
        (status = 201, body = UserView),
        (status = 404, description = "No such organization", body = ErrorBody),
        (status = 409, description = "The address is somebody's already", body = ErrorBody),
        Refused,
    ),
)]
pub(super) async fn create(
    signed: Signed,
    Query(Nothing {}): Query<Nothing>,
    Body(input): Body<NewUser>,
) -> Result<(StatusCode, Json<UserView>), ApiError> {
    let now = clock::now();
    let org = input.org.as_deref().map(|text| signed.org(text));
    let org = org.transpose()?;
    let role = input.role.unwrap_or(Role::Member);
    let kind = match input.kind {
        KindInput::Person => UserKind::Person,
        KindInput::Service => UserKind::Service,
    };
    match (kind, org) {
        (UserKind::Service, Some(org)) => signed.in_org(org, role.max(Role::Admin))?,
        (UserKind::Service, None) | (UserKind::Person, _) => signed.platform()?,
    }
    let address = input.email.as_deref().map(email).transpose()?;
    match (kind, &address) {
        (UserKind::Person, None) => {
            let message = "People need an address to sign in with.";
            return Err(ApiError::invalid("email", message));
        }
        (UserKind::Service, Some(_)) => {
            let message = "Services never sign in and have no address; leave it out.";
            return Err(ApiError::invalid("email", message));
        }
        (UserKind::Person, Some(_)) | (UserKind::Service, None) => {}
    }
    if input.admin {
        signed.platform()?;
    }
    if input.admin && kind == UserKind::Service {
        let message = "Services do not administer the installation.";
        return Err(ApiError::invalid("admin", message));
    }
    let user = User {
        id: UserId(ids::uuid(now)),
        kind,
        name: name(&input.name)?,
        email: address,
        admin: input.admin,
        limits: Limits::default(),
        budgets: Vec::new(),
        created_at: now,
        disabled_at: None,
    };
    let note = note(&signed, Action::UserCreate, &user).in_org(org);
    signed.store().noted(note).insert_user(&user).await?;
    if let Some(org) = org {
        let subject = Subject::id(SubjectKind::Member, user.id).called(user.name.as_str());
        let note = signed.note(Action::MemberPut, subject).in_org(Some(org));
        let store = signed.store().noted(note.with("role", role.as_str()));
        let since = now;
        let member = Membership {
            org,
            user: user.id,
            role,
            since,
        };
        let judge = |standing: Standing, _| holds(signed.role_by(standing), role.max(Role::Admin));
        let by = signed.user().map(|user| user.id);
        store.put_member(member, by, judge).await??;
    }
    signed.refresh().await?;
    let signed = signed.again();
    Ok((StatusCode::CREATED, Json(UserView::new(&signed, &user))))
}

/// One user.
#[utoipa::path(
    get, path = "/users/{id}", tag = "people", operation_id = "show_user", params(("id" = String, Path)),
    responses((status = 200, body = UserView), (status = 404, body = ErrorBody), Refused),
)]
pub(super) async fn show(
    signed: Signed,
    Id(id): Id<UserId>,
    Query(Nothing {}): Query<Nothing>,
) -> Result<Json<UserView>, ApiError> {
    let user = find(&signed, id)?;
    Ok(Json(UserView::new(&signed, &user)))
}

/// Changes a user. Everybody may change their own name; administrators of an organization change and
/// switch off services that are nowhere else; the rest takes an administrator of the installation.
#[utoipa::path(
    patch, path = "/users/{id}", tag = "people", operation_id = "change_user", params(("id" = String, Path)),
    request_body = UserChange,
    responses(
        (status = 200, body = UserView),
        (status = 404, body = ErrorBody),
        (status = 409, description = "The address is somebody's already, or they are the last owner", body = ErrorBody),
        Refused,
    ),
)]
pub(super) async fn change(
    signed: Signed,
    Id(id): Id<UserId>,
    Query(Nothing {}): Query<Nothing>,
    Body(input): Body<UserChange>,
) -> Result<Json<UserView>, ApiError> {
    let user = find(&signed, id)?;
    let own_name = signed.user().is_some_and(|me| me.id == id)
        && matches!(input.email, Change::Keep)
        && input.admin.is_none()
        && input.disabled.is_none();
    if !own_name {
        manages(&signed, &user)?;
    }
    if !matches!(input.email, Change::Keep) || input.admin.is_some() {
        signed.platform()?;
    }
    let new_name = input.name.as_deref().map(name).transpose()?;
    let mut address = user.email.clone();
    let keeps_address = matches!(input.email, Change::Keep);
    input.email.over(&mut address, |text| email(&text))?;
    if user.kind == UserKind::Service && (address.is_some() || input.admin == Some(true)) {
        let message = "Services have no address and do not administer the installation.";
        return Err(ApiError::invalid("email", message));
    }
    let now = clock::now();
    let action = match input.disabled {
        Some(true) => Action::UserDisable,
        Some(false) | None => Action::UserChange,
    };
    let change = |user: &mut User| {
        if let Some(name) = &new_name {
            user.name.clone_from(name);
        }
        if !keeps_address {
            user.email.clone_from(&address);
        }
        user.admin = input.admin.unwrap_or(user.admin);
        match input.disabled {
            Some(true) => user.disabled_at = user.disabled_at.or(Some(now)),
            Some(false) => user.disabled_at = None,
            None => {}
        }
    };
    let store = signed.store().noted_all(notes(&signed, action, &user));
    let user = if input.admin.is_some() {
        store.settle_user(user.id, change).await?
    } else {
        store.change_user(user.id, change).await?
    };
    signed.refresh().await?;
    Ok(Json(UserView::new(&signed, &user)))
}

/// Switches a user off: they are signed out, and none of their keys and credentials works; the record
/// stays. Doing it again changes nothing.
#[utoipa::path(
    delete, path = "/users/{id}", tag = "people", operation_id = "disable_user", params(("id" = String, Path)),
    responses(
        (status = 204),
        (status = 404, body = ErrorBody),
        (status = 409, description = "They are the last owner of an organization", body = ErrorBody),
        Refused,
    ),
)]
pub(super) async fn disable(
    signed: Signed,
    Id(id): Id<UserId>,
    Query(Nothing {}): Query<Nothing>,
) -> Result<StatusCode, ApiError> {
    let user = find(&signed, id)?;
    manages(&signed, &user)?;
    let now = clock::now();
    let off = |user: &mut User| user.disabled_at = user.disabled_at.or(Some(now));
    let notes = notes(&signed, Action::UserDisable, &user);
    signed.store().noted_all(notes).change_user(id, off).await?;
    signed.refresh().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whether somebody may be seen at all.
fn sees(signed: &Signed, user: UserId) -> bool {
    let own = signed.user().is_some_and(|me| me.id == user);
    let shared = || {
        let roles = signed.people().roles(user).iter();
        roles.clone().any(|(org, _)| signed.role_in(*org).is_some())
    };
    signed.is_platform() || own || shared()
}

/// Only who may manage somebody goes on.
pub(super) fn manages(signed: &Signed, user: &User) -> Result<(), ApiError> {
    let roles = signed.people().roles(user.id);
    let all_mine = !roles.is_empty()
        && roles
            .iter()
            .all(|(org, role)| signed.in_org(*org, Role::Admin.max(*role)).is_ok());
    if user.kind == UserKind::Service && all_mine {
        return Ok(());
    }
    signed.platform()
}

/// The user with this id, for who may see them.
pub(super) fn find(signed: &Signed, id: UserId) -> Result<User, ApiError> {
    let user = signed.people().user(id).filter(|_| sees(signed, id));
    user.cloned()
        .ok_or_else(|| ApiError::missing("There is no user with this id."))
}

/// The user that is meant by id or, for administrators of the installation, by address: others could
/// find out so whose address is known here.
pub(super) fn find_person(signed: &Signed, field: &str, text: &str) -> Result<User, ApiError> {
    let people = signed.people();
    let by_id = text.parse().ok().and_then(|id| people.user(id));
    let by_email = || {
        let text = text.trim().to_ascii_lowercase();
        let mut users = people.users().filter(|_| signed.is_platform());
        users.find(|user| user.email.as_deref() == Some(text.as_str()))
    };
    by_id.or_else(by_email).cloned().ok_or_else(|| {
        ApiError::missing(format!("There is no such user; `{field}` takes their id."))
    })
}

/// The same of whoever is there already. What is done to a service is told to every organization that it
/// is in; a person is theirs and the installation's.
pub(super) fn notes(signed: &Signed, action: Action, user: &User) -> Vec<Note> {
    in_each(signed, note(signed, action, user), user)
}

fn in_each(signed: &Signed, note: Note, user: &User) -> Vec<Note> {
    let roles = match user.kind {
        UserKind::Service => signed.people().roles(user.id),
        UserKind::Person => &[],
    };
    note.in_each(roles.iter().map(|(org, _)| *org))
}

/// What is done to a user, for the audit trail.
pub(super) fn note(signed: &Signed, action: Action, user: &User) -> Note {
    let subject = Subject::id(SubjectKind::User, user.id).called(user.name.as_str());
    signed.note(action, subject)
}
