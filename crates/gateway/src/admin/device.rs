//! Letting a device in by a code, as RFC 8628 has it, but for JSON in place of forms.
//!
//! The device asks for two codes here, shows one and waits with the other. Whoever is signed in answers
//! on a page (`pages/device.rs`). The token is made when it is given out, so that nothing keeps it.

use aws_lc_rs::rand;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use tollhouse_domain::audit::{Action, Actor, Note, Subject, SubjectKind};
use tollhouse_domain::device::{self, Grant, Poll, TOKEN_LIFE};
use tollhouse_domain::id::{DeviceId, TokenId};
use tollhouse_domain::tenancy::User;
use tollhouse_domain::time::Timestamp;
use tollhouse_store::{ApiToken, DeviceGrant, TokenScope};
use tollhouse_vault::{KeyDigester, Secret, new_api_token, new_device_code, prefix};
use utoipa::ToSchema;

use super::Control;
use super::auth::From;
use super::error::{ApiError, DeviceRefusal, ErrorBody, Refused};
use super::input::{Body, Nothing, Payload, Query};
use super::users;
use super::users::tokens::{expose, has_room};
use crate::{clock, ids};

/// What a device is called that says nothing of itself.
const UNNAMED: &str = "a device";

/// A device that asks.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DeviceRequest {
    /// What it calls itself, such as the machine's name: 1 to 100 characters.
    name: Option<String>,
}

impl Payload for DeviceRequest {
    const LIMIT: usize = 4 * 1024;
}

/// A device's two codes.
#[derive(Serialize, ToSchema)]
pub(super) struct DeviceCodes {
    /// What the device asks with; a secret.
    #[serde(serialize_with = "expose")]
    #[schema(value_type = String)]
    device_code: Secret,
    /// What somebody types.
    #[schema(example = "BCDF-GHJK")]
    user_code: String,
    /// Where they type it.
    verification_uri: String,
    /// The same with the code in it.
    verification_uri_complete: String,
    /// For how many seconds.
    expires_in: u64,
    /// How many seconds the device waits between two questions.
    interval: u64,
}

/// A device that asks whether somebody let it in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DeviceQuestion {
    device_code: String,
}

impl Payload for DeviceQuestion {
    const LIMIT: usize = 4 * 1024;
}

/// A device's token.
#[derive(Serialize, ToSchema)]
pub(super) struct DeviceToken {
    /// What to send as `Authorization: Bearer`. It is not stored and cannot be shown again.
    #[serde(serialize_with = "expose")]
    #[schema(value_type = String)]
    access_token: Secret,
    /// `Bearer`.
    token_type: &'static str,
    /// After how many seconds it stops working.
    expires_in: u64,
    /// `read`, `write` or `admin`.
    #[schema(value_type = String)]
    scope: TokenScope,
    /// The token's id, to end it with.
    #[schema(value_type = String)]
    id: TokenId,
}

/// What a typed code is looked up by.
pub(super) fn code_digest(digester: &KeyDigester, code: &str) -> [u8; 32] {
    digester.digest(&format!("device/typed/v1/{code}"))
}

fn device_digest(digester: &KeyDigester, code: &str) -> [u8; 32] {
    digester.digest(&format!("device/kept/v1/{code}"))
}

/// Begins to let a device in: gives it a code to show, and one to ask with.
#[utoipa::path(
    post, path = "/device/code", tag = "people", operation_id = "ask_to_be_let_in", security(()),
    request_body = DeviceRequest,
    responses(
        (status = 200, body = DeviceCodes),
        (status = 429, description = "Too many from one address, or altogether", body = ErrorBody),
        Refused,
    ),
)]
pub(super) async fn ask(
    State(control): State<Control>,
    from: From,
    Query(Nothing {}): Query<Nothing>,
    Body(input): Body<DeviceRequest>,
) -> Result<Json<DeviceCodes>, ApiError> {
    let (gateway, now) = (&control.gateway, clock::now());
    let name = users::name(input.name.as_deref().unwrap_or(UNNAMED))?;
    control.doors.device(from.0, now)?;
    let mut random = [0; 32];
    rand::fill(&mut random).map_err(ApiError::internal)?;
    let no_code = || ApiError::internal("the system's random numbers give no code");
    let user_code = device::code(&random).ok_or_else(no_code)?;
    let device_code = new_device_code();
    let device = DeviceGrant {
        id: DeviceId(ids::uuid(now)),
        name,
        from: from.0,
        grant: Grant::begin(now),
        approved: None,
    };
    let digester = gateway.digester();
    let digests = (
        device_digest(digester, device_code.expose()),
        code_digest(digester, &user_code),
    );
    if !gateway.store().open_device(&device, digests).await? {
        return Err(ApiError::TooSoon(device::LIFE));
    }
    let verification_uri = format!("{}/device", gateway.public_url().trim_end_matches('/'));
    Ok(Json(DeviceCodes {
        device_code,
        verification_uri_complete: format!("{verification_uri}?code={user_code}"),
        verification_uri,
        user_code,
        expires_in: device::LIFE.as_secs(),
        interval: device::INTERVAL.as_secs(),
    }))
}

/// Whether somebody let the device in: its token, once, or why there is none, as RFC 8628 names it:
/// `authorization_pending`, `slow_down`, `access_denied`, `expired_token` or `invalid_grant`.
#[utoipa::path(
    post, path = "/device/token", tag = "people", operation_id = "redeem_device", security(()),
    request_body = DeviceQuestion,
    responses(
        (status = 200, body = DeviceToken),
        (status = 409, description = "Whoever let it in has too many tokens", body = ErrorBody),
        (status = 429, description = "Too many questions from one address", body = ErrorBody),
        Refused,
    ),
)]
pub(super) async fn redeem(
    State(control): State<Control>,
    from: From,
    Query(Nothing {}): Query<Nothing>,
    Body(input): Body<DeviceQuestion>,
) -> Result<Json<DeviceToken>, ApiError> {
    let (store, now) = (control.gateway.store(), clock::now());
    control.doors.poll(from.0, now)?;
    let code = Secret::new(input.device_code);
    let digest = device_digest(control.gateway.digester(), code.expose());
    let found = store.poll_device(&digest, now).await?;
    let (poll, device) = found.ok_or(ApiError::Device(DeviceRefusal::Unknown))?;
    let refusal = match poll {
        Poll::Granted => return grant(&control, from, device, now).await.map(Json),
        Poll::Pending => DeviceRefusal::Pending,
        Poll::SlowDown => DeviceRefusal::SlowDown,
        Poll::Denied => DeviceRefusal::Denied,
        Poll::Expired => DeviceRefusal::Expired,
        Poll::Used => DeviceRefusal::Unknown,
    };
    Err(ApiError::Device(refusal))
}

/// Makes the token of a device that was let in.
async fn grant(
    control: &Control,
    from: From,
    device: DeviceGrant,
    now: Timestamp,
) -> Result<DeviceToken, ApiError> {
    let (gateway, denied) = (&control.gateway, || ApiError::Device(DeviceRefusal::Denied));
    let (user, scope) = device.approved.ok_or_else(denied)?;
    // As the store has them: this replica may not have heard of what became of them.
    let user = gateway.store().user(user).await?;
    let works = |user: &User| user.disabled_at.is_none();
    let user = user.filter(works).ok_or_else(denied)?;
    has_room(gateway.store(), user.id, now).await?;
    let secret = new_api_token();
    let token = ApiToken {
        id: TokenId(ids::uuid(now)),
        user: user.id,
        name: device.name,
        prefix: prefix(&secret),
        scope,
        created_at: now,
        expires_at: Some(now.plus(TOKEN_LIFE)),
        revoked_at: None,
        last_used_at: None,
    };
    let digest = gateway.digester().digest(secret.expose());
    let actor = Actor::user(user.id, user.name.as_str());
    let subject = Subject::id(SubjectKind::Token, token.id);
    let mut note = Note::new(now, actor, Action::TokenCreate, subject)
        .with("user", user.id.to_string())
        .with("scope", scope.as_str())
        .with("device", device.id.to_string());
    note.from = from.0;
    let store = gateway.store().noted(note);
    if !store.redeem_device(device.id, &token, digest).await? {
        return Err(ApiError::Device(DeviceRefusal::Unknown));
    }
    gateway.refresh().await?;
    Ok(DeviceToken {
        access_token: secret,
        token_type: "Bearer",
        expires_in: TOKEN_LIFE.as_secs(),
        scope,
        id: token.id,
    })
}
