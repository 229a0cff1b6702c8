//! Virtual keys.

mod input;
mod life;

use axum::Json;
use axum::http::StatusCode;
use serde::{Serialize, Serializer};
use tollhouse_domain::audit::{Action, Note, Subject, SubjectKind};
use tollhouse_domain::id::KeyId;
use tollhouse_domain::key::{KeyState, VirtualKey};
use tollhouse_domain::pattern::Pattern;
use tollhouse_domain::time::Timestamp;
use tollhouse_vault::{Secret, new_virtual_key, prefix};
use utoipa::ToSchema;

use self::input::{KeyChange, KindInput, NewKey};
pub(super) use self::life::ExpiresIn;
use super::auth::Admin;
use super::error::{ApiError, ErrorBody, Refused};
use super::input::{Body, Id, Nothing, Query};
use super::page::{self, List, PageQuery};
use crate::{clock, ids};

/// A virtual key; everything about it but its secret.
#[derive(Serialize, ToSchema)]
#[schema(as = Key)]
pub(super) struct KeyView {
    #[schema(value_type = String, example = "key_01890a5d7c4e7d1f8a3b000000000000")]
    id: KeyId,
    name: String,
    /// The first characters of the secret.
    prefix: String,
    /// The named consumer that its calls are attributed to.
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<String>,
    kind: KindInput,
    /// The models it may use; absent means all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    models: Option<Vec<Pattern>>,
    /// The providers it may use; absent means all.
    #[serde(skip_serializing_if = "Option::is_none")]
    providers: Option<Vec<String>>,
    credentials: PolicyView,
    /// Whether a call that a translation would lose anything of is refused.
    strict: bool,
    state: StateView,
    #[schema(value_type = String)]
    created_at: Timestamp,
    /// When it stops working by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    expires_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    revoked_at: Option<Timestamp>,
    /// To the minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    last_used_at: Option<Timestamp>,
    /// Whether the configuration file states it.
    managed: bool,
}

/// Whose credentials a key may draw on.
#[derive(Serialize, ToSchema)]
#[schema(as = CredentialPolicy)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four independent yes-or-no's of the contract"
)]
struct PolicyView {
    /// The client's own, sent along with the call.
    client: bool,
    /// Those of the key's user.
    user: bool,
    /// Those of the organization.
    org: bool,
    /// The platform's.
    platform: bool,
}

/// Whether a key works.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = KeyState)]
enum StateView {
    Active,
    Expired,
    Revoked,
}

impl KeyView {
    fn new(key: VirtualKey, now: Timestamp) -> Self {
        let policy = key.credentials;
        Self {
            state: match key.state(now) {
                KeyState::Active => StateView::Active,
                KeyState::Expired => StateView::Expired,
                KeyState::Revoked => StateView::Revoked,
            },
            id: key.id,
            name: key.name,
            prefix: key.prefix,
            agent: key.agent,
            kind: key.kind.into(),
            models: key.models,
            providers: key.providers,
            credentials: PolicyView {
                client: policy.client,
                user: policy.user,
                org: policy.org,
                platform: policy.platform,
            },
            strict: key.strict,
            created_at: key.created_at,
            expires_at: key.expires_at,
            revoked_at: key.revoked_at,
            last_used_at: key.last_used_at,
            managed: key.managed,
        }
    }
}

/// A key that was just made, and its secret for the only time.
#[derive(Serialize, ToSchema)]
pub(super) struct CreatedKey {
    #[serde(flatten)]
    key: KeyView,
    /// What the agent sends. It is not stored and cannot be shown again.
    #[serde(serialize_with = "expose")]
    #[schema(value_type = String)]
    secret: Secret,
}

fn expose<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

/// Makes a key. `secret` is in this answer and in no other.
#[utoipa::path(
    post, path = "/keys", tag = "keys", operation_id = "create_key", request_body = NewKey,
    responses((status = 201, body = CreatedKey), (status = 413, body = ErrorBody), Refused),
)]
pub(super) async fn create(
    admin: Admin,
    Query(Nothing {}): Query<Nothing>,
    Body(input): Body<NewKey>,
) -> Result<(StatusCode, Json<CreatedKey>), ApiError> {
    let now = clock::now();
    let secret = new_virtual_key();
    let (id, prefix) = (KeyId(ids::uuid(now)), prefix(&secret));
    let key = input.key(id, prefix, now, admin.snapshot().providers())?;
    let digest = admin.digester().digest(secret.expose());
    let store = admin.store().noted(note(&admin, Action::KeyCreate, &key));
    store.insert_key(&key, digest).await?;
    admin.refresh().await?;
    let key = KeyView::new(key, now);
    Ok((StatusCode::CREATED, Json(CreatedKey { key, secret })))
}

/// Keys, newest first, revoked and expired ones included.
#[utoipa::path(
    get, path = "/keys", tag = "keys", operation_id = "list_keys", params(PageQuery),
    responses((status = 200, body = List<KeyView>), Refused),
)]
pub(super) async fn list(
    admin: Admin,
    Query(query): Query<PageQuery>,
) -> Result<Json<List<KeyView>>, ApiError> {
    let wanted = page::ask::<KeyId>(query.limit, query.cursor.as_ref())?;
    let keys = admin.store().keys(wanted).await?;
    let now = clock::now();
    let part = page::cut(keys, query.limit, |key| key.id.to_string());
    Ok(Json(part.map(|key| KeyView::new(key, now))))
}

/// One key.
#[utoipa::path(
    get, path = "/keys/{id}", tag = "keys", operation_id = "show_key", params(("id" = String, Path)),
    responses((status = 200, body = KeyView), (status = 404, body = ErrorBody), Refused),
)]
pub(super) async fn show(
    admin: Admin,
    Id(id): Id<KeyId>,
    Query(Nothing {}): Query<Nothing>,
) -> Result<Json<KeyView>, ApiError> {
    let key = find(&admin, id).await?;
    Ok(Json(KeyView::new(key, clock::now())))
}

/// Changes a key. What is left out stays; null takes a restriction, the agent or the expiry away.
#[utoipa::path(
    patch, path = "/keys/{id}", tag = "keys", operation_id = "change_key", params(("id" = String, Path)),
    request_body = KeyChange,
    responses(
        (status = 200, body = KeyView),
        (status = 404, body = ErrorBody),
        (status = 409, description = "Revoked, or stated by the configuration file", body = ErrorBody),
        Refused,
    ),
)]
pub(super) async fn change(
    admin: Admin,
    Id(id): Id<KeyId>,
    Query(Nothing {}): Query<Nothing>,
    Body(input): Body<KeyChange>,
) -> Result<Json<KeyView>, ApiError> {
    let now = clock::now();
    let mut key = find(&admin, id).await?;
    if key.revoked_at.is_some() {
        return Err(ApiError::Conflict(
            "This key was revoked, which is for good.".into(),
        ));
    }
    input.apply(&mut key, now, admin.snapshot().providers())?;
    let store = admin.store().noted(note(&admin, Action::KeyChange, &key));
    store.update_key(&key).await?;
    admin.refresh().await?;
    Ok(Json(KeyView::new(key, now)))
}

/// Revokes a key, for good and at once. Doing it again changes nothing. A key that the configuration
/// file states can be revoked too, and stays so.
#[utoipa::path(
    delete, path = "/keys/{id}", tag = "keys", operation_id = "revoke_key", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody), Refused),
)]
pub(super) async fn revoke(
    admin: Admin,
    Id(id): Id<KeyId>,
    Query(Nothing {}): Query<Nothing>,
) -> Result<StatusCode, ApiError> {
    let key = find(&admin, id).await?;
    let store = admin.store().noted(note(&admin, Action::KeyRevoke, &key));
    store.revoke_key(id, clock::now()).await?;
    // Also when it was revoked before: then an earlier attempt may have ended between the two.
    admin.refresh().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What is done to a key, for the audit trail.
fn note(admin: &Admin, action: Action, key: &VirtualKey) -> Note {
    let subject = Subject::id(SubjectKind::Key, key.id).called(key.name.as_str());
    admin.note(action, subject).in_org(key.org)
}

async fn find(admin: &Admin, id: KeyId) -> Result<VirtualKey, ApiError> {
    let key = admin.store().key(id).await?;
    key.ok_or_else(|| ApiError::missing("There is no key with this id."))
}
