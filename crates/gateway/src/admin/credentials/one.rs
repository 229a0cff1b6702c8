//! One credential by its id, whosever it is.

use axum::Json;
use axum::http::StatusCode;
use serde::Deserialize;
use tollhouse_domain::audit::Action;
use tollhouse_domain::credential::{Credential, Owner};
use tollhouse_domain::id::CredentialId;
use tollhouse_domain::tenancy::Role;
use tollhouse_store::CredentialRecord;
use utoipa::ToSchema;

use super::{CredentialView, note, refuse_managed};
use crate::admin::auth::Signed;
use crate::admin::error::{ApiError, ErrorBody, Refused};
use crate::admin::input::{Body, Id, Nothing, Payload, Query};
use crate::clock;

/// What is to be different about a credential.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct CredentialChange {
    /// Whether calls may draw on it. While the only one of its owner for a provider is switched off,
    /// their calls are refused: nobody else's is used in its place. Either way its provider judges it
    /// anew.
    enabled: bool,
}

impl Payload for CredentialChange {}

/// What is known of a credential.
#[utoipa::path(
    get, path = "/credentials/{id}", tag = "credentials", operation_id = "show_credential_by_id", params(("id" = String, Path)),
    responses((status = 200, body = CredentialView), (status = 404, body = ErrorBody), Refused),
)]
pub(in crate::admin) async fn show(
    signed: Signed,
    Id(id): Id<CredentialId>,
    Query(Nothing {}): Query<Nothing>,
) -> Result<Json<CredentialView>, ApiError> {
    let record = find(&signed, id, Role::Viewer).await?;
    let view = CredentialView::new(record.meta, &signed, clock::now());
    Ok(Json(view))
}

/// Switches a credential on or off.
#[utoipa::path(
    patch, path = "/credentials/{id}", tag = "credentials", operation_id = "change_credential", params(("id" = String, Path)),
    request_body = CredentialChange,
    responses(
        (status = 200, body = CredentialView),
        (status = 404, body = ErrorBody),
        (status = 409, description = "Stated by the configuration file", body = ErrorBody),
        Refused,
    ),
)]
pub(in crate::admin) async fn change(
    signed: Signed,
    Id(id): Id<CredentialId>,
    Query(Nothing {}): Query<Nothing>,
    Body(input): Body<CredentialChange>,
) -> Result<Json<CredentialView>, ApiError> {
    let mut meta = find(&signed, id, Role::Admin).await?.meta;
    refuse_managed(Some(&meta).filter(|_| !input.enabled))?;
    let note = noted(&signed, Action::CredentialChange, &meta);
    let store = signed.store().noted(note.with("enabled", input.enabled));
    let telling = signed.pools().telling().await;
    store.enable_credential(id, input.enabled).await?;
    signed.pools().forget(id);
    drop(telling);
    signed.refresh().await?;
    (meta.enabled, meta.stale_since) = (input.enabled, None);
    Ok(Json(CredentialView::new(meta, &signed, clock::now())))
}

/// Forgets a credential.
#[utoipa::path(
    delete, path = "/credentials/{id}", tag = "credentials", operation_id = "delete_credential_by_id", params(("id" = String, Path)),
    responses(
        (status = 204),
        (status = 404, body = ErrorBody),
        (status = 409, description = "Stated by the configuration file", body = ErrorBody),
        Refused,
    ),
)]
pub(in crate::admin) async fn delete(
    signed: Signed,
    Id(id): Id<CredentialId>,
    Query(Nothing {}): Query<Nothing>,
) -> Result<StatusCode, ApiError> {
    let meta = find(&signed, id, Role::Admin).await?.meta;
    refuse_managed(Some(&meta))?;
    let note = noted(&signed, Action::CredentialDelete, &meta);
    signed.store().noted(note).delete_credential(id).await?;
    signed.pools().forget(id);
    signed.refresh().await?;
    Ok(StatusCode::NO_CONTENT)
}

fn noted(signed: &Signed, action: Action, meta: &Credential) -> tollhouse_domain::audit::Note {
    note(signed, action, meta.owner, &meta.provider, &meta.name)
}

/// A credential, for who may go near it: one's own; an organization's as `role` there; the platform's
/// as an administrator of the installation. For others it is not there.
pub(super) async fn find(
    signed: &Signed,
    id: CredentialId,
    role: Role,
) -> Result<CredentialRecord, ApiError> {
    let missing = || ApiError::missing("There is no credential with this id.");
    let record = signed.store().sealed_credential(id).await?;
    let record = record.ok_or_else(missing)?;
    may(signed, record.meta.owner, role, missing)?;
    Ok(record)
}

/// Whether they may go near what is `owner`'s; `missing` says that there is no such thing.
pub(in crate::admin) fn may(
    signed: &Signed,
    owner: Owner,
    role: Role,
    missing: impl Fn() -> ApiError,
) -> Result<(), ApiError> {
    match owner {
        Owner::User(user) if signed.user().is_some_and(|me| me.id == user) => Ok(()),
        Owner::User(_) | Owner::Platform if signed.is_platform() => Ok(()),
        Owner::User(_) | Owner::Platform => Err(missing()),
        Owner::Org(org) if signed.role_in(org).is_none() => Err(missing()),
        Owner::Org(org) => signed.in_org(org, role),
    }
}
