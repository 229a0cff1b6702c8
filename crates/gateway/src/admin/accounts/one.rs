//! One account by its id.

use axum::Json;
use axum::http::StatusCode;
use tollhouse_domain::audit::Action;
use tollhouse_domain::id::CredentialId;
use tollhouse_domain::tenancy::Role;
use tollhouse_store::AccountRecord;

use super::{AccountView, used};
use crate::accounts::Renewing;
use crate::admin::auth::Signed;
use crate::admin::credentials::{note, one};
use crate::admin::error::{ApiError, ErrorBody, Refused};
use crate::admin::input::{Id, Nothing, Query};
use crate::clock;

/// What is known of an account.
#[utoipa::path(
    get, path = "/accounts/{id}", tag = "accounts", operation_id = "show_account", params(("id" = String, Path)),
    responses((status = 200, body = AccountView), (status = 404, body = ErrorBody), Refused),
)]
pub(in crate::admin) async fn show(
    signed: Signed,
    Id(id): Id<CredentialId>,
    Query(Nothing {}): Query<Nothing>,
) -> Result<Json<AccountView>, ApiError> {
    let record = find(&signed, id).await?;
    Ok(Json(AccountView::new(record, &signed, clock::now())))
}

/// Takes an account out of use. Its login is kept and goes on being renewed. While it is the only credential
/// of its owner for its provider, their calls are refused: nobody else's is used in its place.
#[utoipa::path(
    post, path = "/accounts/{id}/pause", tag = "accounts", operation_id = "pause_account",
    params(("id" = String, Path)),
    responses((status = 200, body = AccountView), (status = 404, body = ErrorBody), Refused),
)]
pub(in crate::admin) async fn pause(
    signed: Signed,
    Id(id): Id<CredentialId>,
    Query(Nothing {}): Query<Nothing>,
) -> Result<Json<AccountView>, ApiError> {
    enable(&signed, id, false).await
}

/// Puts an account back into use that was paused.
#[utoipa::path(
    post, path = "/accounts/{id}/resume", tag = "accounts", operation_id = "resume_account",
    params(("id" = String, Path)),
    responses((status = 200, body = AccountView), (status = 404, body = ErrorBody), Refused),
)]
pub(in crate::admin) async fn resume(
    signed: Signed,
    Id(id): Id<CredentialId>,
    Query(Nothing {}): Query<Nothing>,
) -> Result<Json<AccountView>, ApiError> {
    enable(&signed, id, true).await
}

/// Ends an account's rest before its time: for a plan that was extended, or a limit that was lifted.
#[utoipa::path(
    post, path = "/accounts/{id}/wake", tag = "accounts", operation_id = "wake_account",
    params(("id" = String, Path)),
    responses((status = 200, body = AccountView), (status = 404, body = ErrorBody), Refused),
)]
pub(in crate::admin) async fn wake(
    signed: Signed,
    Id(id): Id<CredentialId>,
    Query(Nothing {}): Query<Nothing>,
) -> Result<Json<AccountView>, ApiError> {
    let note = noted(&signed, Action::AccountChange, &find(&signed, id).await?);
    let store = signed.store().noted(note.with("woken", true));
    let telling = signed.pools().telling().await;
    store.wake_account(id).await?;
    signed.pools().forget(id);
    drop(telling);
    now(&signed, id).await
}

/// Renews an account's tokens now. The answer says how it stands then; where its authority is in trouble, when
/// it is tried again. At most once in five seconds.
#[utoipa::path(
    post, path = "/accounts/{id}/refresh", tag = "accounts", operation_id = "refresh_account",
    params(("id" = String, Path)),
    responses(
        (status = 200, body = AccountView),
        (status = 404, body = ErrorBody),
        (status = 409, description = "There is nothing to renew it with", body = ErrorBody),
        (status = 429, description = "Renewed by hand a moment ago", body = ErrorBody),
        Refused,
    ),
)]
pub(in crate::admin) async fn refresh(
    signed: Signed,
    Id(id): Id<CredentialId>,
    Query(Nothing {}): Query<Nothing>,
) -> Result<Json<AccountView>, ApiError> {
    let record = find(&signed, id).await?;
    used(&signed, record.credential.meta.owner)?;
    if record.facts.lasts_unrenewed(clock::now()) {
        let message = "Its provider gave nothing to renew this login with. It works until its token ends: sign in \
            again then.";
        return Err(ApiError::Conflict(message.into()));
    }
    let caller = signed.user().map(|user| user.id);
    let tests = &signed.control().tests;
    tests.begin(id, caller, clock::monotonic())?;
    // What comes of it is noted as the program's own, which may have begun it before.
    let note = noted(&signed, Action::AccountChange, &record).with("refresh", "by hand");
    signed.store().remember(note).await?;
    let outcome = Renewing(&signed).outcome(id, record.facts.generation);
    // How it ended is with the account, whatever it was.
    let _ended = outcome.await;
    now(&signed, id).await
}

/// Forgets an account. It stays signed in at its provider until its tokens end; sign it out there to end
/// them at once.
#[utoipa::path(
    delete, path = "/accounts/{id}", tag = "accounts", operation_id = "delete_account",
    params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody), Refused),
)]
pub(in crate::admin) async fn delete(
    signed: Signed,
    Id(id): Id<CredentialId>,
    Query(Nothing {}): Query<Nothing>,
) -> Result<StatusCode, ApiError> {
    let record = find(&signed, id).await?;
    let note = noted(&signed, Action::CredentialDelete, &record);
    signed.store().noted(note).delete_credential(id).await?;
    signed.pools().forget(id);
    signed.refresh().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn enable(
    signed: &Signed,
    id: CredentialId,
    enabled: bool,
) -> Result<Json<AccountView>, ApiError> {
    let note = noted(signed, Action::CredentialChange, &find(signed, id).await?);
    let store = signed.store().noted(note.with("enabled", enabled));
    let telling = signed.pools().telling().await;
    store.enable_credential(id, enabled).await?;
    signed.pools().forget(id);
    drop(telling);
    now(signed, id).await
}

/// An account as it is after a change.
async fn now(signed: &Signed, id: CredentialId) -> Result<Json<AccountView>, ApiError> {
    signed.refresh().await?;
    let record = find(signed, id).await?;
    Ok(Json(AccountView::new(record, signed, clock::now())))
}

fn noted(signed: &Signed, action: Action, record: &AccountRecord) -> tollhouse_domain::audit::Note {
    let meta = &record.credential.meta;
    note(signed, action, meta.owner, &meta.provider, &meta.name)
}

/// An account, for whoever may change it.
pub(super) async fn find(signed: &Signed, id: CredentialId) -> Result<AccountRecord, ApiError> {
    let missing = || ApiError::missing("There is no account with this id.");
    let record = signed.store().account(id).await?.ok_or_else(missing)?;
    one::may(signed, record.credential.meta.owner, Role::Admin, missing)?;
    Ok(record)
}
