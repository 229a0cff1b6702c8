//! One's own personal tokens.

use axum::Json;
use axum::http::StatusCode;
use tollhouse_domain::id::TokenId;

use super::tokens::{self, CreatedToken, NewToken, TokenView};
use crate::admin::auth::{Leaving, Signed};
use crate::admin::error::{ApiError, ErrorBody, Refused};
use crate::admin::input::{Body, Id, Nothing, Query};
use crate::admin::page::{List, PageQuery};

/// Makes a token of one's own. `secret` is in this answer and in no other.
#[utoipa::path(
    post, path = "/me/tokens", tag = "people", operation_id = "create_my_token", request_body = NewToken,
    responses((status = 201, body = CreatedToken), Refused),
)]
pub(in crate::admin) async fn create(
    signed: Signed,
    Query(Nothing {}): Query<Nothing>,
    Body(input): Body<NewToken>,
) -> Result<(StatusCode, Json<CreatedToken>), ApiError> {
    let me = signed.me()?.clone();
    tokens::make(&signed, &me, input).await
}

/// One's own tokens, revoked and expired ones included.
#[utoipa::path(
    get, path = "/me/tokens", tag = "people", operation_id = "list_my_tokens", params(PageQuery),
    responses((status = 200, body = List<TokenView>), Refused),
)]
pub(in crate::admin) async fn list(
    signed: Signed,
    Query(query): Query<PageQuery>,
) -> Result<Json<List<TokenView>>, ApiError> {
    tokens::part(&signed, signed.me()?.id, &query).await
}

/// Ends a token of one's own, for good and at once. Any token may end itself, also one that may only
/// read. Doing it again changes nothing.
#[utoipa::path(
    delete, path = "/me/tokens/{token}", tag = "people", operation_id = "revoke_my_token",
    params(("token" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody), Refused),
)]
pub(in crate::admin) async fn revoke(
    Leaving(signed): Leaving,
    Id(token): Id<TokenId>,
    Query(Nothing {}): Query<Nothing>,
) -> Result<StatusCode, ApiError> {
    if signed.own_token() != Some(token) {
        signed.writes()?;
    }
    let me = signed.me()?.clone();
    tokens::end(&signed, &me, token).await
}
