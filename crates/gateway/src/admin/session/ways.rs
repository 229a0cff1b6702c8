//! Which ways there are to sign in here, for whoever is not signed in yet.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::admin::Control;
use crate::admin::error::ApiError;
use crate::admin::input::{Nothing, Query};
use crate::state::Gateway;

/// The ways to sign in.
#[derive(Clone, Copy, Serialize, ToSchema)]
pub(in crate::admin) struct Ways {
    /// With an address and a password.
    pub(in crate::admin) password: bool,
    /// At `/oidc/start`.
    pub(in crate::admin) sso: bool,
    /// With the administrator's token.
    pub(in crate::admin) token: bool,
}

impl Ways {
    /// What this gateway is configured for.
    pub(in crate::admin) fn of(gateway: &Gateway) -> Self {
        Self {
            password: gateway.takes_passwords(),
            sso: gateway.identity_provider().is_some(),
            token: true,
        }
    }
}

/// Which ways to sign in there are.
#[utoipa::path(
    get, path = "/session/ways", tag = "people", operation_id = "list_sign_in_ways", security(()),
    responses((status = 200, body = Ways)),
)]
pub(in crate::admin) async fn show(
    State(control): State<Control>,
    Query(Nothing {}): Query<Nothing>,
) -> Result<Json<Ways>, ApiError> {
    Ok(Json(Ways::of(&control.gateway)))
}
