//! The platform's credentials: written, tried out, removed, and never shown.

pub(super) mod trial;

use axum::Json;
use axum::http::StatusCode;
use serde::{Deserialize, Deserializer, Serialize};
use tollhouse_domain::audit::{Action, Note, Subject, SubjectKind};
use tollhouse_domain::credential::Credential;
use tollhouse_domain::id::CredentialId;
use tollhouse_domain::provider::{Provider, valid_name};
use tollhouse_domain::time::Timestamp;
use tollhouse_vault::Secret;
use utoipa::ToSchema;

pub(super) use self::trial::Tests;
use super::auth::Admin;
use super::error::{ApiError, ErrorBody, Refused};
use super::input::{Body, Name, Nothing, Payload, Query};
use super::page::{self, List, PageQuery};
use crate::snapshot::{OpenCredential, Snapshot};
use crate::start::apply::put_credential;

/// What may be known of a credential.
#[derive(Serialize, ToSchema)]
#[schema(as = Credential)]
pub(super) struct CredentialView {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "cred_01890a5d7c4e7d1f8a3b000000000000")]
    id: Option<CredentialId>,
    provider: String,
    name: String,
    configured: bool,
    /// When the secret was last set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    configured_at: Option<Timestamp>,
    /// Eight digits that tell two secrets apart and reveal neither.
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
    state: CredentialState,
    /// Whether the configuration file states it.
    managed: bool,
}

/// Whether a credential is in use.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum CredentialState {
    /// Calls to its provider carry it.
    Ready,
    /// It is kept, and another one of its provider is used.
    Standby,
    /// It is kept and cannot be used: it does not open, or its provider is gone.
    Unusable,
    /// There is none.
    Missing,
}

impl CredentialView {
    fn new(stored: Credential, snapshot: &Snapshot) -> Self {
        let state = match snapshot.platform(&stored.provider) {
            _ if !snapshot.providers().contains_key(&stored.provider) => CredentialState::Unusable,
            Some(used) if used.id == stored.id => CredentialState::Ready,
            Some(_) => CredentialState::Standby,
            None => CredentialState::Unusable,
        };
        Self {
            id: Some(stored.id),
            provider: stored.provider,
            name: stored.name,
            configured: true,
            configured_at: Some(stored.configured_at),
            fingerprint: Some(stored.fingerprint),
            state,
            managed: stored.managed,
        }
    }

    fn missing(provider: String, name: String) -> Self {
        Self {
            id: None,
            provider,
            name,
            configured: false,
            configured_at: None,
            fingerprint: None,
            state: CredentialState::Missing,
            managed: false,
        }
    }
}

/// Which of a provider's credentials is meant.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Its name, when there are several.
    #[serde(default = "default_name")]
    #[param(value_type = Option<String>, default = "default")]
    name: String,
}

fn default_name() -> String {
    "default".to_owned()
}

impl Which {
    fn checked(self) -> Result<String, ApiError> {
        if valid_name(&self.name) {
            return Ok(self.name);
        }
        Err(ApiError::invalid(
            "name",
            "Expected 1 to 64 of a-z, 0-9, `-` and `_`.",
        ))
    }
}

/// A secret to be kept.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CredentialInput {
    /// The provider's own API key. White space around it is dropped; at most 4 KiB.
    #[serde(deserialize_with = "secret")]
    #[schema(value_type = String, write_only)]
    api_key: Secret,
}

impl Payload for CredentialInput {}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    let text = zeroize::Zeroizing::new(String::deserialize(deserializer)?);
    Secret::parse(&text).map_err(serde::de::Error::custom)
}

/// Whether `secret` can be a key of `provider`.
fn check(secret: &Secret, provider: &Provider) -> Result<(), ApiError> {
    // A header could carry more than this, but no vendor's key has it: it is a slip of the clipboard.
    if !secret.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
        let message = "A key has letters, digits and signs of ASCII only, and no spaces.";
        return Err(ApiError::invalid("api_key", message));
    }
    match &provider.key_prefix {
        Some(prefix) if !secret.expose().starts_with(prefix.as_str()) => {
            let message = format!("Keys of `{}` start with `{prefix}`.", provider.name);
            Err(ApiError::invalid("api_key", message))
        }
        _ => Ok(()),
    }
}

/// Every credential of the platform.
#[utoipa::path(
    get, path = "/platform/credentials", tag = "credentials", operation_id = "list_credentials", params(PageQuery),
    responses((status = 200, body = List<CredentialView>), Refused),
)]
pub(super) async fn list(
    admin: Admin,
    Query(query): Query<PageQuery>,
) -> Result<Json<List<CredentialView>>, ApiError> {
    let snapshot = admin.snapshot();
    let stored = admin.store().credentials().await?;
    let part = page::slice(stored, &query, |row| {
        format!("{} {}", row.provider, row.name)
    });
    Ok(Json(part.map(|row| CredentialView::new(row, &snapshot))))
}

/// What is known of one credential, also when there is none.
#[utoipa::path(
    get, path = "/platform/credentials/{provider}", tag = "credentials", operation_id = "show_credential",
    params(("provider" = String, Path), Which),
    responses((status = 200, body = CredentialView), (status = 404, body = ErrorBody), Refused),
)]
pub(super) async fn show(
    admin: Admin,
    Name(provider): Name,
    Query(which): Query<Which>,
) -> Result<Json<CredentialView>, ApiError> {
    let (name, snapshot) = (which.checked()?, admin.snapshot());
    Ok(Json(
        match admin.store().credential(&provider, &name).await? {
            Some(stored) => CredentialView::new(stored, &snapshot),
            None if snapshot.providers().contains_key(&provider) => {
                CredentialView::missing(provider, name)
            }
            None => return Err(no_provider()),
        },
    ))
}

/// Sets a credential. The answer says everything about it but the secret.
#[utoipa::path(
    put, path = "/platform/credentials/{provider}", tag = "credentials", operation_id = "put_credential",
    params(("provider" = String, Path), Which), request_body = CredentialInput,
    responses(
        (status = 200, body = CredentialView),
        (status = 404, description = "No such provider", body = ErrorBody),
        (status = 409, description = "Stated by the configuration file", body = ErrorBody),
        Refused,
    ),
)]
pub(super) async fn put(
    admin: Admin,
    Name(provider): Name,
    Query(which): Query<Which>,
    Body(input): Body<CredentialInput>,
) -> Result<Json<CredentialView>, ApiError> {
    let name = which.checked()?;
    let known = admin.snapshot();
    let row = known.providers().get(&provider).ok_or_else(no_provider)?;
    check(&input.api_key, row)?;
    refuse_managed(&admin, &provider, &name).await?;
    let secret = &input.api_key;
    let note = note(&admin, Action::CredentialPut, &provider, &name);
    let note = note.with("fingerprint", secret.fingerprint());
    put_credential(
        &admin.store().noted(note),
        admin.vault(),
        &provider,
        &name,
        secret,
        false,
    )
    .await?;
    admin.refresh().await?;
    show(admin, Name(provider), Query(Which { name })).await
}

/// Forgets a credential. Doing it again changes nothing.
#[utoipa::path(
    delete, path = "/platform/credentials/{provider}", tag = "credentials", operation_id = "delete_credential",
    params(("provider" = String, Path), Which),
    responses(
        (status = 204),
        (status = 409, description = "Stated by the configuration file", body = ErrorBody),
        Refused,
    ),
)]
pub(super) async fn delete(
    admin: Admin,
    Name(provider): Name,
    Query(which): Query<Which>,
) -> Result<StatusCode, ApiError> {
    let name = which.checked()?;
    refuse_managed(&admin, &provider, &name).await?;
    let note = note(&admin, Action::CredentialDelete, &provider, &name);
    let store = admin.store().noted(note);
    store.delete_credential(&provider, &name).await?;
    admin.refresh().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What is done to a credential of the platform, for the audit trail.
fn note(admin: &Admin, action: Action, provider: &str, name: &str) -> Note {
    let subject = Subject::name(SubjectKind::Credential, name);
    admin.note(action, subject).with("provider", provider)
}

fn no_provider() -> ApiError {
    ApiError::missing("There is no such provider; GET /api/v1/providers lists them.")
}

async fn refuse_managed(admin: &Admin, provider: &str, name: &str) -> Result<(), ApiError> {
    let stored = admin.store().credential(provider, name).await?;
    if stored.is_some_and(|stored| stored.managed) {
        let message = "The configuration file states this credential; change it there.";
        return Err(ApiError::Conflict(message.to_owned()));
    }
    Ok(())
}
