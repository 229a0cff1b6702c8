//! Credentials by whose they are: one's own, an organization's, the platform's.

use axum::Json;
use axum::extract::{FromRequestParts, Path};
use axum::http::StatusCode;
use axum::http::request::Parts;
use tollhouse_domain::address::{BadUrl, check_base_url};
use tollhouse_domain::audit::Action;
use tollhouse_domain::credential::{CredentialKind, Owner};
use tollhouse_domain::tenancy::Role;
use tollhouse_vault::Secret;

use super::{CredentialInput, CredentialView, Which, check, no_provider, note, refuse_managed};
use crate::admin::auth::{Admin, Signed};
use crate::admin::error::{ApiError, ErrorBody, Refused, sentence};
use crate::admin::input::{Body, Name, Query};
use crate::admin::page::{self, List, PageQuery};
use crate::clock;
use crate::start::apply::{Placed, put_credential};

/// What the administration of an account is done with, and never a person's own calls.
const ORGANIZATION_KEYS: [&str; 3] = ["sk-ant-admin", "sk-admin-", "sk-svcacct-"];

/// An organization and a provider, as a path names them.
pub(in crate::admin) struct Place {
    org: String,
    provider: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Place {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let found = Path::<(String, String)>::from_request_parts(parts, state).await;
        let missing = |_| ApiError::missing("There is nothing with this name.");
        let Path((org, provider)) = found.map_err(missing)?;
        Ok(Self { org, provider })
    }
}

/// An organization's credentials, for whoever is at least `role` there.
fn of_org(signed: &Signed, text: &str, role: Role) -> Result<Owner, ApiError> {
    let org = signed.org(text)?;
    signed.in_org(org, role)?;
    Ok(Owner::Org(org))
}

fn mine(signed: &Signed) -> Result<Owner, ApiError> {
    Ok(Owner::User(signed.me()?.id))
}

/// Every credential of the platform.
#[utoipa::path(
    get, path = "/platform/credentials", tag = "credentials", operation_id = "list_credentials", params(PageQuery),
    responses((status = 200, body = List<CredentialView>), Refused),
)]
pub(in crate::admin) async fn list(
    admin: Admin,
    Query(query): Query<PageQuery>,
) -> Result<Json<List<CredentialView>>, ApiError> {
    listed(&admin, Owner::Platform, query).await
}

/// One's own credentials.
#[utoipa::path(
    get, path = "/me/credentials", tag = "credentials", operation_id = "list_my_credentials", params(PageQuery),
    responses((status = 200, body = List<CredentialView>), Refused),
)]
pub(in crate::admin) async fn list_mine(
    signed: Signed,
    Query(query): Query<PageQuery>,
) -> Result<Json<List<CredentialView>>, ApiError> {
    let owner = mine(&signed)?;
    listed(&signed, owner, query).await
}

/// An organization's credentials.
#[utoipa::path(
    get, path = "/orgs/{org}/credentials", tag = "credentials", operation_id = "list_org_credentials",
    params(("org" = String, Path), PageQuery),
    responses((status = 200, body = List<CredentialView>), (status = 404, body = ErrorBody), Refused),
)]
pub(in crate::admin) async fn list_orgs(
    signed: Signed,
    Name(org): Name,
    Query(query): Query<PageQuery>,
) -> Result<Json<List<CredentialView>>, ApiError> {
    let owner = of_org(&signed, &org, Role::Viewer)?;
    listed(&signed, owner, query).await
}

/// What is known of one credential of the platform, also when there is none.
#[utoipa::path(
    get, path = "/platform/credentials/{provider}", tag = "credentials", operation_id = "show_credential",
    params(("provider" = String, Path), Which),
    responses((status = 200, body = CredentialView), (status = 404, body = ErrorBody), Refused),
)]
pub(in crate::admin) async fn show(
    admin: Admin,
    Name(provider): Name,
    Query(which): Query<Which>,
) -> Result<Json<CredentialView>, ApiError> {
    shown(&admin, Owner::Platform, provider, which).await
}

/// What is known of one of one's own credentials, also when there is none.
#[utoipa::path(
    get, path = "/me/credentials/{provider}", tag = "credentials", operation_id = "show_my_credential",
    params(("provider" = String, Path), Which),
    responses((status = 200, body = CredentialView), (status = 404, body = ErrorBody), Refused),
)]
pub(in crate::admin) async fn show_mine(
    signed: Signed,
    Name(provider): Name,
    Query(which): Query<Which>,
) -> Result<Json<CredentialView>, ApiError> {
    let owner = mine(&signed)?;
    shown(&signed, owner, provider, which).await
}

/// What is known of one of an organization's credentials, also when there is none.
#[utoipa::path(
    get, path = "/orgs/{org}/credentials/{provider}", tag = "credentials", operation_id = "show_org_credential",
    params(("org" = String, Path), ("provider" = String, Path), Which),
    responses((status = 200, body = CredentialView), (status = 404, body = ErrorBody), Refused),
)]
pub(in crate::admin) async fn show_orgs(
    signed: Signed,
    place: Place,
    Query(which): Query<Which>,
) -> Result<Json<CredentialView>, ApiError> {
    let owner = of_org(&signed, &place.org, Role::Viewer)?;
    shown(&signed, owner, place.provider, which).await
}

/// Sets a credential of the platform. The answer says everything about it but the secret.
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
pub(in crate::admin) async fn put(
    admin: Admin,
    Name(provider): Name,
    Query(which): Query<Which>,
    Body(input): Body<CredentialInput>,
) -> Result<Json<CredentialView>, ApiError> {
    set(&admin, Owner::Platform, provider, which, input).await
}

/// Sets one of one's own credentials: calls with one's own keys draw on it before anybody else's. A key
/// that belongs to an organization is refused here.
#[utoipa::path(
    put, path = "/me/credentials/{provider}", tag = "credentials", operation_id = "put_my_credential",
    params(("provider" = String, Path), Which), request_body = CredentialInput,
    responses(
        (status = 200, body = CredentialView),
        (status = 404, description = "No such provider", body = ErrorBody),
        Refused,
    ),
)]
pub(in crate::admin) async fn put_mine(
    signed: Signed,
    Name(provider): Name,
    Query(which): Query<Which>,
    Body(input): Body<CredentialInput>,
) -> Result<Json<CredentialView>, ApiError> {
    let owner = mine(&signed)?;
    personal(&signed, &input.api_key).await?;
    set(&signed, owner, provider, which, input).await
}

/// Sets a credential of an organization. Takes an administrator of it.
#[utoipa::path(
    put, path = "/orgs/{org}/credentials/{provider}", tag = "credentials", operation_id = "put_org_credential",
    params(("org" = String, Path), ("provider" = String, Path), Which), request_body = CredentialInput,
    responses(
        (status = 200, body = CredentialView),
        (status = 404, description = "No such organization or provider", body = ErrorBody),
        Refused,
    ),
)]
pub(in crate::admin) async fn put_orgs(
    signed: Signed,
    place: Place,
    Query(which): Query<Which>,
    Body(input): Body<CredentialInput>,
) -> Result<Json<CredentialView>, ApiError> {
    let owner = of_org(&signed, &place.org, Role::Admin)?;
    set(&signed, owner, place.provider, which, input).await
}

/// Forgets a credential of the platform. Doing it again changes nothing.
#[utoipa::path(
    delete, path = "/platform/credentials/{provider}", tag = "credentials", operation_id = "delete_credential",
    params(("provider" = String, Path), Which),
    responses(
        (status = 204),
        (status = 409, description = "Stated by the configuration file", body = ErrorBody),
        Refused,
    ),
)]
pub(in crate::admin) async fn delete(
    admin: Admin,
    Name(provider): Name,
    Query(which): Query<Which>,
) -> Result<StatusCode, ApiError> {
    forget(&admin, Owner::Platform, &provider, which).await
}

/// Forgets one of one's own credentials. Doing it again changes nothing.
#[utoipa::path(
    delete, path = "/me/credentials/{provider}", tag = "credentials", operation_id = "delete_my_credential",
    params(("provider" = String, Path), Which), responses((status = 204), Refused),
)]
pub(in crate::admin) async fn delete_mine(
    signed: Signed,
    Name(provider): Name,
    Query(which): Query<Which>,
) -> Result<StatusCode, ApiError> {
    let owner = mine(&signed)?;
    forget(&signed, owner, &provider, which).await
}

/// Forgets a credential of an organization. Takes an administrator of it. Doing it again changes nothing.
#[utoipa::path(
    delete, path = "/orgs/{org}/credentials/{provider}", tag = "credentials", operation_id = "delete_org_credential",
    params(("org" = String, Path), ("provider" = String, Path), Which),
    responses((status = 204), (status = 404, body = ErrorBody), Refused),
)]
pub(in crate::admin) async fn delete_orgs(
    signed: Signed,
    place: Place,
    Query(which): Query<Which>,
) -> Result<StatusCode, ApiError> {
    let owner = of_org(&signed, &place.org, Role::Admin)?;
    forget(&signed, owner, &place.provider, which).await
}

async fn listed(
    signed: &Signed,
    owner: Owner,
    query: PageQuery,
) -> Result<Json<List<CredentialView>>, ApiError> {
    let stored = signed.store().credentials_of(owner).await?;
    let part = page::slice(stored, &query, |row| {
        format!("{} {}", row.provider, row.name)
    });
    let now = clock::now();
    Ok(Json(part.map(|row| CredentialView::new(row, signed, now))))
}

async fn shown(
    signed: &Signed,
    owner: Owner,
    provider: String,
    which: Which,
) -> Result<Json<CredentialView>, ApiError> {
    let name = which.checked()?;
    let stored = signed.store().credential_named(owner, &provider, &name);
    Ok(Json(match stored.await? {
        Some(stored) => CredentialView::new(stored, signed, clock::now()),
        None if signed.snapshot().providers().contains_key(&provider) => {
            CredentialView::missing(owner, provider, name)
        }
        None => return Err(no_provider(&provider)),
    }))
}

async fn set(
    signed: &Signed,
    owner: Owner,
    provider: String,
    which: Which,
    input: CredentialInput,
) -> Result<Json<CredentialView>, ApiError> {
    let name = which.checked()?;
    let known = signed.snapshot();
    let row = known.providers().get(&provider);
    let row = row.ok_or_else(|| no_provider(&provider))?;
    let base_url = base_url(owner, input.base_url.as_deref())?;
    if base_url.is_none() {
        // What is behind another address has keys of its own.
        check(&input.api_key, row)?;
    }
    let stored = signed.store().credential_named(owner, &provider, &name);
    refuse_managed(stored.await?.as_ref())?;
    let note = note(signed, Action::CredentialPut, owner, &provider, &name);
    let note = note.with("fingerprint", input.api_key.fingerprint());
    let store = signed.store().noted(note);
    let placed = Placed {
        kind: CredentialKind::ApiKey,
        owner,
        provider: &provider,
        name: &name,
        base_url,
        managed: false,
    };
    let telling = signed.pools().telling().await;
    let most = signed.limiter().config().credentials_per_provider;
    let id = put_credential(&store, signed.vault(), placed, &input.api_key, most).await?;
    signed.pools().forget(id);
    drop(telling);
    signed.refresh().await?;
    shown(signed, owner, provider, Which { name }).await
}

/// The address that a credential names, if it may.
fn base_url(owner: Owner, given: Option<&str>) -> Result<Option<String>, ApiError> {
    let Some(text) = given else {
        return Ok(None);
    };
    match owner {
        Owner::User(_) => {
            let checked = check_base_url(text.trim());
            let wrong = |error: BadUrl| ApiError::invalid("base_url", sentence(&error.to_string()));
            checked.map(Some).map_err(wrong)
        }
        Owner::Org(_) | Owner::Platform => {
            let message = "Only credentials of one's own name an address; the provider's table \
                 names it for all others.";
            Err(ApiError::invalid("base_url", message))
        }
    }
}

async fn forget(
    signed: &Signed,
    owner: Owner,
    provider: &str,
    which: Which,
) -> Result<StatusCode, ApiError> {
    let name = which.checked()?;
    let stored = signed.store().credential_named(owner, provider, &name);
    let stored = stored.await?;
    refuse_managed(stored.as_ref())?;
    if let Some(stored) = stored {
        let note = note(signed, Action::CredentialDelete, owner, provider, &name);
        let store = signed.store().noted(note);
        store.delete_credential(stored.id).await?;
        signed.pools().forget(stored.id);
    }
    signed.refresh().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Refuses a key that is not a person's own, as far as that can be told: an administration key by how it
/// begins, and one that is kept here for an organization or the platform already.
async fn personal(signed: &Signed, secret: &Secret) -> Result<(), ApiError> {
    let administers = |start: &&str| secret.expose().starts_with(*start);
    let message = "This key belongs to an organization. Only a key of your own goes here; an \
         administrator sets an organization's with PUT /api/v1/orgs/{org}/credentials/{provider}.";
    if ORGANIZATION_KEYS.iter().any(administers) {
        return Err(ApiError::Forbidden(message.into()));
    }
    let store = signed.store();
    if store.shares_fingerprint(&secret.fingerprint()).await? {
        return Err(ApiError::Forbidden(message.into()));
    }
    Ok(())
}
