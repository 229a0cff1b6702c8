//! Providers: whom the gateway may call.

mod bridge;
mod caller;
mod input;
mod taken;
mod view;

use axum::Json;
use axum::http::StatusCode;
use serde::Deserialize;
use tollhouse_domain::audit::{Action, Subject, SubjectKind};
use tollhouse_domain::catalog;
use tollhouse_domain::provider::Provider;

use self::caller::Caller;
use self::input::ProviderInput;
use self::view::ProviderView;
use super::auth::{Admin, Signed};
use super::error::{ApiError, ErrorBody, Refused};
use super::input::{Body, Name, Nothing, Query};
use super::page::{self, Cursor, Limit, List, PageQuery};
use crate::clock;

/// Which providers are meant, and to whom.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ProvidersQuery {
    /// The most rows to return.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000, default = 50)]
    limit: Limit,
    /// Where to go on: `next` of the part before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// States are those of calls in this organization: id or name. Else of calls anywhere.
    org: Option<String>,
}

/// Providers by name, and how each is doing for calls of whoever asks: with their own credentials, those of
/// their organizations and, for who administers the installation, the platform's. Addresses are for the
/// latter, and a bridge to somebody's login for them and for whose it is.
#[utoipa::path(
    get, path = "/providers", tag = "providers", operation_id = "list_providers", params(ProvidersQuery),
    responses(
        (status = 200, body = List<ProviderView>),
        (status = 404, description = "No such organization", body = ErrorBody),
        Refused,
    ),
)]
pub(super) async fn list(
    signed: Signed,
    Query(query): Query<ProvidersQuery>,
) -> Result<Json<List<ProviderView>>, ApiError> {
    let (snapshot, now) = (signed.snapshot(), clock::now());
    let ProvidersQuery { limit, cursor, org } = query;
    let caller = Caller::new(&signed, org.as_deref())?;
    let seen = snapshot.providers().values();
    let seen = seen.filter(|provider| caller.knows(provider));
    let part = page::slice(
        seen.collect(),
        &PageQuery { limit, cursor },
        |provider: &&Provider| provider.name.clone(),
    );
    let view = |provider: &Provider| ProviderView::new(provider, &signed, &snapshot, &caller, now);
    Ok(Json(part.map(view)))
}

/// Whether a provider is there for whoever asks: somebody else's login is not.
pub(super) fn knows(signed: &Signed, provider: &Provider) -> bool {
    Caller::new(signed, None).is_ok_and(|caller| caller.knows(provider))
}

/// Adds or replaces a provider. One of the catalog needs no endpoints. Loopback and private
/// addresses are fine: this is the operator speaking.
#[utoipa::path(
    put, path = "/providers/{name}", tag = "providers", operation_id = "put_provider", params(("name" = String, Path)),
    request_body = ProviderInput,
    responses(
        (status = 200, body = ProviderView),
        (status = 409, description = "Stated by the configuration file", body = ErrorBody),
        Refused,
    ),
)]
pub(super) async fn put(
    admin: Admin,
    Name(name): Name,
    Query(Nothing {}): Query<Nothing>,
    Body(input): Body<ProviderInput>,
) -> Result<Json<ProviderView>, ApiError> {
    let known = catalog::providers().map_err(ApiError::internal)?;
    let provider = input.provider(name, &known)?;
    let note = admin.note(Action::ProviderPut, subject(&provider.name));
    admin.store().noted(note).upsert_provider(&provider).await?;
    admin.refresh().await?;
    let caller = Caller::new(&admin, None)?;
    Ok(Json(ProviderView::new(
        &provider,
        &admin,
        &admin.snapshot(),
        &caller,
        clock::now(),
    )))
}

/// Forgets a provider. Refused while a route or a credential depends on it; doing it again changes
/// nothing.
#[utoipa::path(
    delete, path = "/providers/{name}", tag = "providers", operation_id = "delete_provider", params(("name" = String, Path)),
    responses(
        (status = 204),
        (status = 409, description = "In use, or stated by the configuration file", body = ErrorBody),
        Refused,
    ),
)]
pub(super) async fn delete(
    admin: Admin,
    Name(name): Name,
    Query(Nothing {}): Query<Nothing>,
) -> Result<StatusCode, ApiError> {
    let routes = admin.store().routes().await?;
    let leading = routes
        .iter()
        .find(|route| route.targets.iter().any(|to| to.provider == name));
    if let Some(route) = leading {
        let message = format!("The route `{}` leads there; change it first.", route.model);
        return Err(ApiError::Conflict(message));
    }
    // A credential must not lie in wait for whatever gets this name next.
    if admin
        .store()
        .sealed_credentials()
        .await?
        .iter()
        .any(|record| record.meta.provider == name)
    {
        let message = "Somebody has a credential for this provider; it must be removed first.";
        return Err(ApiError::Conflict(message.to_owned()));
    }
    let note = admin.note(Action::ProviderDelete, subject(&name));
    admin.store().noted(note).delete_provider(&name).await?;
    admin.refresh().await?;
    Ok(StatusCode::NO_CONTENT)
}

fn subject(name: &str) -> Subject {
    Subject::name(SubjectKind::Provider, name)
}
