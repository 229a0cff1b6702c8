//! Providers: whom the gateway may call.

mod input;

use std::collections::BTreeMap;

use axum::Json;
use axum::http::StatusCode;
use serde::Serialize;
use tollhouse_domain::audit::{Action, Subject, SubjectKind};
use tollhouse_domain::bridge::Holder;
use tollhouse_domain::bridge::health::State;
use tollhouse_domain::catalog;
use tollhouse_domain::credential::Owner;
use tollhouse_domain::pattern::Pattern;
use tollhouse_domain::provider::{AuthScheme, Provider};
use tollhouse_domain::time::Timestamp;
use tollhouse_wire::Protocol;
use tollhouse_wire::dialect::Quirk;
use utoipa::ToSchema;

use self::input::ProviderInput;
use super::auth::Admin;
use super::error::{ApiError, ErrorBody, Refused};
use super::input::{Body, Name, Nothing, Query};
use super::page::{self, List, PageQuery};
use crate::bridges::Seen;
use crate::clock;
use crate::snapshot::Snapshot;
use crate::state::Gateway;

/// A provider and how it is doing, as far as this replica has seen.
#[derive(Serialize, ToSchema)]
#[schema(as = Provider)]
pub(super) struct ProviderView {
    name: String,
    /// The base URL by protocol.
    #[schema(value_type = BTreeMap<String, String>)]
    endpoints: BTreeMap<Protocol, String>,
    /// `bearer`, `x-api-key` or `none`; absent: as the protocol has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    auth: Option<AuthScheme>,
    /// Whether every key that may name it may use it without anybody's credential.
    open: bool,
    /// What its keys start with.
    #[serde(skip_serializing_if = "Option::is_none")]
    key_prefix: Option<String>,
    /// Models it serves when no route names them.
    #[schema(value_type = Vec<String>)]
    models: Vec<Pattern>,
    /// How it departs from what its protocols take and give.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    quirks: Vec<Quirk>,
    /// Whether the configuration file states it.
    managed: bool,
    /// Whether the platform has a credential for it, or it needs none.
    configured: bool,
    state: ProviderState,
    /// What is known of it where it is a bridge to somebody's login.
    #[serde(skip_serializing_if = "Option::is_none")]
    bridge: Option<BridgeView>,
}

/// A bridge, as it was when it was last looked at.
#[derive(Serialize, ToSchema)]
#[schema(as = Bridge)]
struct BridgeView {
    /// The user whose login it is, and whose keys alone it serves; absent where it is the operator's.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    /// Whether whoever it belongs to has no account here yet: until then it serves nobody.
    ownerless: bool,
    /// What it says of itself, or what is wrong with its answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// When this replica looked, RFC 3339; absent before that.
    #[serde(skip_serializing_if = "Option::is_none")]
    checked_at: Option<String>,
}

/// How a provider is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ProviderState {
    /// Nothing is known against it.
    Ready,
    /// Some of its endpoints are left alone for a moment after failures or rate limits.
    Degraded,
    /// All of its endpoints are, or it is a bridge that nobody answers at.
    Unreachable,
    /// The platform has no credential for it; keys that bring their own still work. Of a bridge: nobody is
    /// logged in there.
    AuthRequired,
    /// It is a bridge that will take calls in a moment.
    Starting,
    /// It has no endpoint that could be called, or it is a bridge that was not looked at yet.
    Unknown,
}

impl From<State> for ProviderState {
    fn from(state: State) -> Self {
        match state {
            State::Ready => Self::Ready,
            State::Starting => Self::Starting,
            State::AuthRequired => Self::AuthRequired,
            State::Unreachable => Self::Unreachable,
        }
    }
}

/// What is said of a bridge whose calls go as `of_calls` tells: what it says itself, unless its calls fail
/// all the same.
fn state_of_bridge(seen: Option<State>, of_calls: ProviderState) -> ProviderState {
    match (seen, of_calls) {
        (None, _) => ProviderState::Unknown,
        (Some(State::Ready), of_calls) => of_calls,
        (Some(worse), _) => worse.into(),
    }
}

impl ProviderView {
    fn new(provider: &Provider, gateway: &Gateway, snapshot: &Snapshot, now: Timestamp) -> Self {
        let needs = |protocol: &Protocol| provider.auth_for(*protocol) != AuthScheme::None;
        let owner = provider.bridge.and_then(Holder::owner);
        let configured = snapshot
            .credentials()
            .pool(owner.unwrap_or(Owner::Platform), &provider.name)
            .is_some_and(|pool| !pool.members.is_empty())
            || !provider.endpoints.keys().any(needs);
        let unwell = |protocol: &&Protocol| {
            gateway
                .health()
                .cooling(&provider.name, **protocol, now)
                .is_some()
        };
        let endpoints = provider.endpoints.len();
        let unwell = provider.endpoints.keys().filter(unwell).count();
        let of_calls = state(configured, endpoints, unwell);
        let seen = gateway.bridges().seen(&provider.name);
        let seen_state = seen.as_ref().map(|seen| seen.health.state);
        Self {
            name: provider.name.clone(),
            endpoints: provider.endpoints.clone(),
            auth: provider.auth,
            open: provider.is_open(),
            key_prefix: provider.key_prefix.clone(),
            models: provider.models.clone(),
            quirks: provider.quirks.clone(),
            managed: provider.managed,
            configured,
            state: match provider.bridge {
                Some(_) => state_of_bridge(seen_state, of_calls),
                None => of_calls,
            },
            bridge: provider.bridge.map(|holder| BridgeView::new(holder, seen)),
        }
    }
}

impl BridgeView {
    fn new(holder: Holder, seen: Option<Seen>) -> Self {
        Self {
            owner: match holder {
                Holder::User(id) => Some(id.to_string()),
                Holder::Platform | Holder::Nobody => None,
            },
            ownerless: holder == Holder::Nobody,
            checked_at: seen.as_ref().map(|seen| seen.at.to_string()),
            detail: seen.and_then(|seen| seen.health.detail),
        }
    }
}

/// What to say of a provider with so many endpoints, so many of them unwell.
fn state(configured: bool, endpoints: usize, unwell: usize) -> ProviderState {
    match (configured, unwell) {
        _ if endpoints == 0 => ProviderState::Unknown,
        (false, _) => ProviderState::AuthRequired,
        (true, 0) => ProviderState::Ready,
        (true, unwell) if unwell < endpoints => ProviderState::Degraded,
        (true, _) => ProviderState::Unreachable,
    }
}

/// Providers by name.
#[utoipa::path(
    get, path = "/providers", tag = "providers", operation_id = "list_providers", params(PageQuery),
    responses((status = 200, body = List<ProviderView>), Refused),
)]
pub(super) async fn list(
    admin: Admin,
    Query(query): Query<PageQuery>,
) -> Result<Json<List<ProviderView>>, ApiError> {
    let (snapshot, now) = (admin.snapshot(), clock::now());
    let view = |provider: &Provider| ProviderView::new(provider, &admin, &snapshot, now);
    let rows = snapshot.providers().values().map(view).collect();
    Ok(Json(page::slice(rows, &query, |row| row.name.clone())))
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
    Ok(Json(ProviderView::new(
        &provider,
        &admin,
        &admin.snapshot(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_says_the_worst_that_is_known() {
        assert_eq!(state(true, 0, 0), ProviderState::Unknown);
        assert_eq!(state(false, 2, 1), ProviderState::AuthRequired);
        assert_eq!(state(true, 2, 0), ProviderState::Ready);
        assert_eq!(state(true, 2, 1), ProviderState::Degraded);
        assert_eq!(state(true, 2, 2), ProviderState::Unreachable);
    }

    #[test]
    fn a_bridge_is_as_it_says_unless_its_calls_fail() {
        let (ready, away) = (ProviderState::Ready, ProviderState::Unreachable);
        for (seen, of_calls, expected) in [
            (None, ready, ProviderState::Unknown),
            (Some(State::Ready), ready, ready),
            (Some(State::Ready), away, away),
            (Some(State::Starting), away, ProviderState::Starting),
            (
                Some(State::AuthRequired),
                ready,
                ProviderState::AuthRequired,
            ),
            (Some(State::Unreachable), ready, away),
        ] {
            assert_eq!(
                state_of_bridge(seen, of_calls),
                expected,
                "{seen:?} {of_calls:?}"
            );
        }
    }
}
