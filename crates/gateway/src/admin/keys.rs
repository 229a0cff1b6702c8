//! Virtual keys.

mod input;
mod life;
pub(super) mod renewal;
mod whose;

use axum::Json;
use axum::http::StatusCode;
use serde::{Serialize, Serializer};
use tollhouse_domain::audit::{Action, Note, Subject, SubjectKind};
use tollhouse_domain::credential::CredentialSource;
use tollhouse_domain::id::{KeyId, OrgId, UserId};
use tollhouse_domain::key::{KeyState, VirtualKey};
use tollhouse_domain::pattern::Pattern;
use tollhouse_domain::tenancy::Visible;
use tollhouse_domain::time::Timestamp;
use tollhouse_vault::{Secret, new_virtual_key, prefix};
use utoipa::ToSchema;

pub(super) use self::input::CaptureInput;
use self::input::{KeyChange, KindInput, Known, Made, NewKey};
pub(super) use self::life::ExpiresIn;
use super::auth::Signed;
use super::error::{ApiError, ErrorBody, Refused};
use super::input::{Body, Id, Nothing, Query};
use super::page::{self, List, PageQuery};
use super::quota::{BudgetView, LimitsView};
use crate::capture::Captures;
use crate::snapshot::Snapshot;
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
    /// Whose key it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    owner: Option<UserId>,
    /// The organization it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    org: Option<OrgId>,
    kind: KindInput,
    /// The models it may use; absent means all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    models: Option<Vec<Pattern>>,
    /// The providers it may use; absent means all.
    #[serde(skip_serializing_if = "Option::is_none")]
    providers: Option<Vec<String>>,
    /// The routes it may use; absent means all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    routes: Option<Vec<Pattern>>,
    credentials: PolicyView,
    /// The one source of credentials that its calls draw on, fixed when it was minted.
    #[serde(skip_serializing_if = "Option::is_none")]
    credential_source: Option<&'static str>,
    limits: LimitsView,
    budget: Vec<BudgetView>,
    /// Whether a call that a translation would lose anything of is refused.
    strict: bool,
    /// What is kept of its calls' bodies, be it said of the key or of the installation.
    capture: CaptureInput,
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
    /// Until when the secret before the last rotation works too.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    grace_until: Option<Timestamp>,
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
    /// `captures`: what is kept where the key says nothing.
    fn new(key: VirtualKey, captures: &Captures, now: Timestamp) -> Self {
        let policy = key.credentials;
        Self {
            state: match key.state(now) {
                KeyState::Active => StateView::Active,
                KeyState::Expired => StateView::Expired,
                KeyState::Revoked => StateView::Revoked,
            },
            capture: captures.of(&key).into(),
            id: key.id,
            name: key.name,
            prefix: key.prefix,
            agent: key.agent,
            owner: key.owner,
            org: key.org,
            kind: key.kind.into(),
            models: key.models,
            providers: key.providers,
            routes: key.routes,
            credential_source: key.pinned_source.map(CredentialSource::as_str),
            limits: key.limits.into(),
            budget: key.budgets.into_iter().map(BudgetView::from).collect(),
            grace_until: key.grace_until.filter(|until| *until > now),
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

impl CreatedKey {
    pub(super) fn new(
        key: VirtualKey,
        secret: Secret,
        captures: &Captures,
        now: Timestamp,
    ) -> Self {
        let key = KeyView::new(key, captures, now);
        Self { key, secret }
    }
}

/// Makes a key. `secret` is in this answer and in no other. Members make keys of their own;
/// administrators of an organization make anybody's in it.
#[utoipa::path(
    post, path = "/keys", tag = "keys", operation_id = "create_key", request_body = NewKey,
    responses(
        (status = 201, body = CreatedKey),
        (status = 404, description = "There is no such organization", body = ErrorBody),
        (status = 413, body = ErrorBody),
        Refused,
    ),
)]
pub(super) async fn create(
    signed: Signed,
    Query(Nothing {}): Query<Nothing>,
    Body(input): Body<NewKey>,
) -> Result<(StatusCode, Json<CreatedKey>), ApiError> {
    let (now, snapshot) = (clock::now(), signed.snapshot());
    let secret = new_virtual_key();
    let whose = whose::new(&signed, input.owner.as_deref(), input.org.as_deref())?;
    let made = Made {
        id: KeyId(ids::uuid(now)),
        prefix: prefix(&secret),
        now,
        owner: whose.owner,
        org: whose.org,
        platform: signed.is_platform() && snapshot.people.orgs().next().is_none(),
    };
    let key = input.key(made, known(&snapshot))?;
    whose::check_grant(&signed, None, &key)?;
    whose::check_capture(&signed, None, &key)?;
    let digest = signed.digester().digest(secret.expose());
    let store = signed.store().noted(note(&signed, Action::KeyCreate, &key));
    let caps = signed.limiter().config().key_caps(now);
    store.insert_key_within(&key, digest, caps).await?;
    signed.refresh().await?;
    let created = CreatedKey::new(key, secret, signed.captures(), now);
    Ok((StatusCode::CREATED, Json(created)))
}

/// Keys, newest first, revoked and expired ones included: the caller's own and those of their
/// organizations.
#[utoipa::path(
    get, path = "/keys", tag = "keys", operation_id = "list_keys", params(PageQuery),
    responses((status = 200, body = List<KeyView>), Refused),
)]
pub(super) async fn list(
    signed: Signed,
    Query(query): Query<PageQuery>,
) -> Result<Json<List<KeyView>>, ApiError> {
    let wanted = page::ask::<KeyId>(query.limit, query.cursor.as_ref())?;
    let keys = match signed.visible() {
        Visible::All => signed.store().keys(wanted).await?,
        Visible::Of { user, .. } => signed.store().keys_seen_by(user, wanted).await?,
    };
    let now = clock::now();
    let part = page::cut(keys, query.limit, |key| key.id.to_string());
    Ok(Json(
        part.map(|key| KeyView::new(key, signed.captures(), now)),
    ))
}

/// One key.
#[utoipa::path(
    get, path = "/keys/{id}", tag = "keys", operation_id = "show_key", params(("id" = String, Path)),
    responses((status = 200, body = KeyView), (status = 404, body = ErrorBody), Refused),
)]
pub(super) async fn show(
    signed: Signed,
    Id(id): Id<KeyId>,
    Query(Nothing {}): Query<Nothing>,
) -> Result<Json<KeyView>, ApiError> {
    let key = find(&signed, id).await?;
    Ok(Json(KeyView::new(key, signed.captures(), clock::now())))
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
    signed: Signed,
    Id(id): Id<KeyId>,
    Query(Nothing {}): Query<Nothing>,
    Body(input): Body<KeyChange>,
) -> Result<Json<KeyView>, ApiError> {
    let (now, snapshot) = (clock::now(), signed.snapshot());
    let change = |key: &mut VirtualKey| {
        check_changeable(&signed, key)?;
        let before = key.clone();
        whose::changed(&signed, key, &input)?;
        input.clone().apply(key, now, known(&snapshot))?;
        whose::check_grant(&signed, Some(&before), key)?;
        whose::check_capture(&signed, Some(&before), key)
    };
    let mut key = find(&signed, id).await?;
    let before = key.org;
    change(&mut key)?;
    let mut note = note(&signed, Action::KeyChange, &key);
    if before != key.org {
        note = note.with("moved", true);
    }
    // Where it was and where it is: each reads of it.
    let notes = note.in_each(before.into_iter().chain(key.org));
    let store = signed.store().noted_all(notes);
    let caps = signed.limiter().config().key_caps(now);
    // Judged once more, by what is stored at that moment.
    let key = store.change_key(id, caps, change).await??;
    signed.refresh().await?;
    Ok(Json(KeyView::new(key, signed.captures(), now)))
}

/// Revokes a key, for good and at once. Doing it again changes nothing. A key that the configuration
/// file states can be revoked too, and stays so.
#[utoipa::path(
    delete, path = "/keys/{id}", tag = "keys", operation_id = "revoke_key", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody), Refused),
)]
pub(super) async fn revoke(
    signed: Signed,
    Id(id): Id<KeyId>,
    Query(Nothing {}): Query<Nothing>,
) -> Result<StatusCode, ApiError> {
    let key = theirs(&signed, id).await?;
    let store = signed.store().noted(note(&signed, Action::KeyRevoke, &key));
    store.revoke_key(id, clock::now()).await?;
    // Also when it was revoked before: then an earlier attempt may have ended between the two.
    signed.refresh().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What keys can be restricted to.
fn known(snapshot: &Snapshot) -> Known<'_> {
    Known {
        providers: snapshot.providers(),
        routes: snapshot.routes(),
    }
}

/// What is done to a key, for the audit trail.
fn note(signed: &Signed, action: Action, key: &VirtualKey) -> Note {
    let subject = Subject::id(SubjectKind::Key, key.id).called(key.name.as_str());
    signed.note(action, subject).in_org(key.org)
}

/// A key that the caller may see. To everybody else it is not there.
async fn find(signed: &Signed, id: KeyId) -> Result<VirtualKey, ApiError> {
    let key = signed.store().key(id).await?;
    key.filter(|key| signed.visible().sees(key.owner, key.org))
        .ok_or_else(|| ApiError::missing("There is no key with this id."))
}

/// A key that is the caller's to manage.
pub(super) async fn theirs(signed: &Signed, id: KeyId) -> Result<VirtualKey, ApiError> {
    let key = find(signed, id).await?;
    signed.may_change(key.owner, key.org)?;
    Ok(key)
}

/// Whether a key is the caller's to manage, and not at its end.
fn check_changeable(signed: &Signed, key: &VirtualKey) -> Result<(), ApiError> {
    signed.may_change(key.owner, key.org)?;
    if key.revoked_at.is_some() {
        let message = "This key was revoked, which is for good.";
        return Err(ApiError::Conflict(message.into()));
    }
    Ok(())
}
