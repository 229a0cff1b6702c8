//! Personal tokens of the control plane: for programs, and for the command line elsewhere.

use axum::Json;
use axum::extract::{FromRequestParts, Path};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize, Serializer};
use tollhouse_domain::audit::{Action, Note, Subject, SubjectKind};
use tollhouse_domain::id::{TokenId, UserId};
use tollhouse_domain::tenancy::User;
use tollhouse_domain::time::Timestamp;
use tollhouse_store::{ApiToken, Store, TokenScope};
use tollhouse_vault::{Secret, new_api_token, prefix};
use utoipa::ToSchema;

use super::{find, in_each, manages, name};
use crate::admin::auth::Signed;
use crate::admin::error::{ApiError, ErrorBody, Refused};
use crate::admin::input::{Body, Id, Nothing, Payload, Query};
use crate::admin::keys::ExpiresIn;
use crate::admin::page::{self, List, PageQuery};
use crate::{clock, ids};

/// The most tokens of one user that work at the same time.
const MOST: usize = 100;

/// A personal token; everything about it but its secret.
#[derive(Serialize, ToSchema)]
#[schema(as = Token)]
pub(in crate::admin) struct TokenView {
    #[schema(value_type = String, example = "tok_01890a5d7c4e7d1f8a3b000000000000")]
    id: TokenId,
    name: String,
    /// The first characters of the secret.
    prefix: String,
    /// `read`, `write` or `admin`: what it may do of what its user may.
    #[schema(value_type = String)]
    scope: TokenScope,
    /// Whether it works.
    active: bool,
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
}

impl TokenView {
    fn new(token: ApiToken, now: Timestamp) -> Self {
        Self {
            active: works(&token, now),
            id: token.id,
            name: token.name,
            prefix: token.prefix,
            scope: token.scope,
            created_at: token.created_at,
            expires_at: token.expires_at,
            revoked_at: token.revoked_at,
            last_used_at: token.last_used_at,
        }
    }
}

fn works(token: &ApiToken, now: Timestamp) -> bool {
    token.revoked_at.is_none() && token.expires_at.is_none_or(|at| at > now)
}

/// A token that was just made, and its secret for the only time.
#[derive(Serialize, ToSchema)]
pub(in crate::admin) struct CreatedToken {
    #[serde(flatten)]
    token: TokenView,
    /// What to send as `Authorization: Bearer`. It is not stored and cannot be shown again.
    #[serde(serialize_with = "expose")]
    #[schema(value_type = String)]
    secret: Secret,
}

/// For answers that give a secret out.
pub(in crate::admin) fn expose<S: Serializer>(
    secret: &Secret,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

/// A token to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct NewToken {
    /// What its user calls it: 1 to 100 characters.
    #[serde(default)]
    #[schema(required = true)]
    name: String,
    /// `read` looks; `write` also makes and changes what is the user's own; `admin` does everything
    /// the user may. `write` unless said.
    #[schema(value_type = Option<String>)]
    scope: Option<TokenScope>,
    /// Seconds, or text: a number with `s`, `m`, `h` or `d`. For ever when left out, but never longer
    /// than the token that it is made with.
    #[schema(example = "90d")]
    expires_in: Option<ExpiresIn>,
}

impl Payload for NewToken {}

/// A user and one of their tokens, as a path names them.
pub(in crate::admin) struct Place {
    user: UserId,
    token: TokenId,
}

impl<S: Send + Sync> FromRequestParts<S> for Place {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let missing = || ApiError::missing("There is nothing with this id.");
        let found = Path::<(String, String)>::from_request_parts(parts, state).await;
        let Path((user, token)) = found.map_err(|_| missing())?;
        let (user, token) = (user.parse(), token.parse());
        let (user, token) = (user.map_err(|_| missing())?, token.map_err(|_| missing())?);
        Ok(Self { user, token })
    }
}

/// Makes a token for a user: oneself, or whoever one administers. `secret` is in this answer and in no
/// other.
#[utoipa::path(
    post, path = "/users/{id}/tokens", tag = "people", operation_id = "create_token",
    params(("id" = String, Path)), request_body = NewToken,
    responses((status = 201, body = CreatedToken), (status = 404, body = ErrorBody), Refused),
)]
pub(in crate::admin) async fn create(
    signed: Signed,
    Id(id): Id<UserId>,
    Query(Nothing {}): Query<Nothing>,
    Body(input): Body<NewToken>,
) -> Result<(StatusCode, Json<CreatedToken>), ApiError> {
    let user = holder(&signed, id)?;
    make(&signed, &user, input).await
}

/// Makes a token for `user`.
pub(in crate::admin) async fn make(
    signed: &Signed,
    user: &User,
    input: NewToken,
) -> Result<(StatusCode, Json<CreatedToken>), ApiError> {
    let now = clock::now();
    let scope = input.scope.unwrap_or(TokenScope::Write);
    signed.hands_out(scope)?;
    has_room(signed.store(), user.id, now).await?;
    let secret = new_api_token();
    let token = ApiToken {
        id: TokenId(ids::uuid(now)),
        user: user.id,
        name: name(&input.name)?,
        prefix: prefix(&secret),
        scope,
        created_at: now,
        expires_at: signed.ends(input.expires_in.map(|life| now.plus(life.duration()))),
        revoked_at: None,
        last_used_at: None,
    };
    let digest = signed.digester().digest(secret.expose());
    let note = note(signed, Action::TokenCreate, user, token.id);
    let notes = in_each(signed, note.with("scope", scope.as_str()), user);
    let store = signed.store().noted_all(notes);
    store.insert_token(&token, digest).await?;
    signed.refresh().await?;
    let token = TokenView::new(token, now);
    Ok((StatusCode::CREATED, Json(CreatedToken { token, secret })))
}

/// Only a user goes on who may have one more token.
pub(in crate::admin) async fn has_room(
    store: &Store,
    user: UserId,
    now: Timestamp,
) -> Result<(), ApiError> {
    let theirs = store.tokens_of(user).await?;
    if theirs.iter().filter(|token| works(token, now)).count() < MOST {
        return Ok(());
    }
    let message = format!("There are {MOST} tokens that work; revoke one first.");
    Err(ApiError::Conflict(message))
}

/// A user's tokens, revoked and expired ones included.
#[utoipa::path(
    get, path = "/users/{id}/tokens", tag = "people", operation_id = "list_tokens",
    params(("id" = String, Path), PageQuery),
    responses((status = 200, body = List<TokenView>), (status = 404, body = ErrorBody), Refused),
)]
pub(in crate::admin) async fn list(
    signed: Signed,
    Id(id): Id<UserId>,
    Query(query): Query<PageQuery>,
) -> Result<Json<List<TokenView>>, ApiError> {
    let user = holder(&signed, id)?;
    part(&signed, user.id, &query).await
}

/// A part of a user's tokens.
pub(in crate::admin) async fn part(
    signed: &Signed,
    user: UserId,
    query: &PageQuery,
) -> Result<Json<List<TokenView>>, ApiError> {
    let now = clock::now();
    let tokens = signed.store().tokens_of(user).await?;
    let part = page::slice(tokens, query, |token| token.id.to_string());
    Ok(Json(part.map(|token| TokenView::new(token, now))))
}

/// Ends a token, for good and at once. Doing it again changes nothing.
#[utoipa::path(
    delete, path = "/users/{id}/tokens/{token}", tag = "people", operation_id = "revoke_token",
    params(("id" = String, Path), ("token" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody), Refused),
)]
pub(in crate::admin) async fn revoke(
    signed: Signed,
    place: Place,
    Query(Nothing {}): Query<Nothing>,
) -> Result<StatusCode, ApiError> {
    let user = holder(&signed, place.user)?;
    end(&signed, &user, place.token).await
}

/// Ends a token of `user`.
pub(in crate::admin) async fn end(
    signed: &Signed,
    user: &User,
    id: TokenId,
) -> Result<StatusCode, ApiError> {
    let theirs = signed.store().tokens_of(user.id).await?;
    if !theirs.iter().any(|token| token.id == id) {
        return Err(ApiError::missing("There is no token with this id."));
    }
    let note = note(signed, Action::TokenRevoke, user, id);
    let store = signed.store().noted_all(in_each(signed, note, user));
    store.revoke_token(user.id, id, clock::now()).await?;
    // Also when it was revoked before: then an earlier attempt may have ended between the two.
    signed.refresh().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whose tokens are meant: one's own, or of somebody one administers.
fn holder(signed: &Signed, id: UserId) -> Result<User, ApiError> {
    let user = find(signed, id)?;
    if signed.user().is_none_or(|me| me.id != id) {
        manages(signed, &user)?;
    }
    Ok(user)
}

fn note(signed: &Signed, action: Action, user: &User, token: TokenId) -> Note {
    let subject = Subject::id(SubjectKind::Token, token);
    let note = signed.note(action, subject);
    note.with("user", user.id.to_string())
}
