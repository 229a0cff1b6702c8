//! A new secret for a key, and more time for a scoped one.

use std::time::Duration;

use axum::Json;
use serde::Deserialize;
use tollhouse_domain::audit::Action;
use tollhouse_domain::id::KeyId;
use tollhouse_domain::key::{KeyKind, KeyState, LONGEST_GRACE, VirtualKey};
use tollhouse_store::KeyCaps;
use tollhouse_vault::{new_virtual_key, prefix};
use utoipa::ToSchema;

use super::input::SCOPED_FOR;
use super::life::ExpiresIn;
use super::whose::own_credentials;
use super::{CreatedKey, KeyView, check_changeable, find, note};
use crate::admin::auth::Signed;
use crate::admin::error::{ApiError, ErrorBody, Refused};
use crate::admin::input::{Body, Change, Id, Nothing, Payload, Query};
use crate::clock;

/// How long the old secret goes on working when nobody says.
const GRACE: Duration = Duration::from_hours(24);

/// How a key gets a new secret.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rotation {
    /// How long the old secret works beside the new one: a day unless said, thirty at most; null ends
    /// it at once.
    #[serde(default)]
    #[schema(value_type = Option<ExpiresIn>, example = "24h")]
    grace: Change<ExpiresIn>,
}

/// How a scoped key gets more time.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Renewal {
    /// Counted from now; two hours unless said.
    #[schema(example = "2h")]
    expires_in: Option<ExpiresIn>,
}

impl Payload for Rotation {}
impl Payload for Renewal {}

/// Gives a key a new secret, which is in this answer and in no other. The old one works until its
/// grace is over, or until the key is rotated again.
#[utoipa::path(
    post, path = "/keys/{id}/rotate", tag = "keys", operation_id = "rotate_key",
    params(("id" = String, Path)), request_body = Rotation,
    responses(
        (status = 200, body = CreatedKey),
        (status = 404, body = ErrorBody),
        (status = 409, description = "Revoked, expired, or stated by the configuration file", body = ErrorBody),
        Refused,
    ),
)]
pub(crate) async fn rotate(
    signed: Signed,
    Id(id): Id<KeyId>,
    Query(Nothing {}): Query<Nothing>,
    Body(input): Body<Rotation>,
) -> Result<Json<CreatedKey>, ApiError> {
    let now = clock::now();
    let grace = match input.grace {
        Change::Keep => Some(GRACE),
        Change::Clear => None,
        Change::Set(grace) => Some(grace.duration()),
    };
    if grace.is_some_and(|grace| grace > LONGEST_GRACE) {
        return Err(ApiError::invalid("grace", "Expected thirty days at most."));
    }
    let judge = |key: &VirtualKey| {
        check_changeable(&signed, key)?;
        if key.state(now) != KeyState::Active {
            return Err(ApiError::Conflict("This key has expired.".into()));
        }
        own_credentials(&signed, key)
    };
    let key = find(&signed, id).await?;
    judge(&key)?;
    let secret = new_virtual_key();
    let until = grace.map(|grace| now.plus(grace));
    let digest = signed.digester().digest(secret.expose());
    let store = signed.store().noted(note(&signed, Action::KeyRotate, &key));
    // Judged once more, by what is stored then: a key that has got another owner meanwhile is not the
    // one before's to have the secret of.
    let prefix = prefix(&secret);
    let rotated = store.rotate_key(id, digest, &prefix, until, judge);
    let key = rotated.await??;
    signed.refresh().await?;
    Ok(Json(CreatedKey::new(key, secret, signed.captures(), now)))
}

/// Gives a scoped key more time, up to seven days after it was made. A key that has ended stays so.
#[utoipa::path(
    post, path = "/keys/{id}/renew", tag = "keys", operation_id = "renew_key",
    params(("id" = String, Path)), request_body = Renewal,
    responses(
        (status = 200, body = KeyView),
        (status = 404, body = ErrorBody),
        (status = 409, description = "Not a scoped key, or one that has ended", body = ErrorBody),
        Refused,
    ),
)]
pub(crate) async fn renew(
    signed: Signed,
    Id(id): Id<KeyId>,
    Query(Nothing {}): Query<Nothing>,
    Body(input): Body<Renewal>,
) -> Result<Json<KeyView>, ApiError> {
    let now = clock::now();
    let wanted = input.expires_in.map_or(SCOPED_FOR, ExpiresIn::duration);
    let renew = |key: &mut VirtualKey| {
        check_changeable(&signed, key)?;
        let conflict = |message: &str| Err(ApiError::Conflict(message.to_owned()));
        let scoped = key.kind == KeyKind::Scoped;
        let Some(latest) = key.renewable_until().filter(|_| scoped) else {
            return conflict("Only scoped keys are renewed; change this one's expiry instead.");
        };
        if key.state(now) != KeyState::Active || latest <= now {
            return conflict("This key has ended; make a new one.");
        }
        key.expires_at = Some(now.plus(wanted).min(latest));
        Ok(())
    };
    let mut key = find(&signed, id).await?;
    renew(&mut key)?;
    let store = signed.store().noted(note(&signed, Action::KeyRenew, &key));
    let key = store.change_key(id, KeyCaps::NONE, renew).await??;
    signed.refresh().await?;
    Ok(Json(KeyView::new(key, signed.captures(), now)))
}
