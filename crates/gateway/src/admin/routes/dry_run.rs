//! What would happen to a request: which route answers for it, where it would go and with whose credential,
//! what it would lose, and what limits say. Nothing is sent, held, written or remembered.

mod suppose;
mod view;

use std::sync::Arc;

use axum::Json;
use tollhouse_domain::credential::CredentialPolicy;
use tollhouse_domain::id::KeyId;
use tollhouse_domain::key::{KeyKind, VirtualKey};
use tollhouse_domain::limits::Limits;
use tollhouse_domain::time::Timestamp;

use self::suppose::DryRunInput;
use self::view::DryRunView;
use super::input::meant;
use crate::admin::auth::Signed;
use crate::admin::error::{ApiError, ErrorBody, Refused};
use crate::admin::input::{Body, Nothing, Query};
use crate::admin::keys;
use crate::clock;
use crate::proxy::preview::{Supposed, preview};
use crate::proxy::resolve::Hearer;

/// What would happen to a request, said without doing it: nothing is sent, held against limits, written, or
/// remembered of it. Members ask of their own keys, and administrators of an organization of its keys; without a key,
/// or with `routes` that are supposed, administrators of the installation. The credentials that it would draw on
/// are named to whoever may see them, and never shown.
#[utoipa::path(
    post, path = "/routes/dry-run", tag = "routes", operation_id = "dry_run", request_body = DryRunInput,
    responses(
        (status = 200, body = DryRunView),
        (status = 404, description = "No such key, or not for whoever asks", body = ErrorBody),
        (status = 409, description = "The configuration file states one of `routes`", body = ErrorBody),
        Refused,
    ),
)]
pub(in crate::admin) async fn dry_run(
    signed: Signed,
    Query(Nothing {}): Query<Nothing>,
    Body(mut input): Body<DryRunInput>,
) -> Result<Json<DryRunView>, ApiError> {
    may_suppose(&signed, &input)?;
    let inference = input.inference()?;
    let body = input.body(inference)?;
    let session = input.session()?;
    let at = clock::now();
    let key = match input.key {
        Some(id) => keys::theirs(&signed, id).await?,
        None => anybody(at),
    };
    let supposed = Supposed {
        hearer: hearer(&signed, &key),
        key: Arc::new(key),
        inference,
        session,
        body,
        at,
    };
    let mut snapshot = signed.snapshot();
    if let Some(rows) = input.routes.take() {
        let routes = meant(rows, "routes", snapshot.providers())?;
        let routes = signed.store().routes_with(&routes).await?;
        snapshot = Arc::new(snapshot.with_routes(&routes));
    }
    let told = preview(&signed, &snapshot, supposed).await;
    let view = DryRunView::new(&told, inference.protocol(), &signed, at).await?;
    Ok(Json(view))
}

/// The platform's credentials and its routes are for those who administer the installation to try.
fn may_suppose(signed: &Signed, input: &DryRunInput) -> Result<(), ApiError> {
    let message = match (signed.is_platform(), input.key, &input.routes) {
        (true, ..) | (false, Some(_), None) => return Ok(()),
        (false, None, _) => {
            "Name a key of yours in `key`: only an administrator of this installation may ask without one."
        }
        (false, Some(_), Some(_)) => {
            "Leave `routes` out: only an administrator of this installation may try other routes than those that hold."
        }
    };
    Err(ApiError::Forbidden(message.into()))
}

/// Whoever administers an organization is not told of what its members have for themselves.
fn hearer(signed: &Signed, key: &VirtualKey) -> Hearer {
    let user = signed.user().map(|user| user.id);
    if signed.is_platform() || user == key.owner {
        Hearer::Caller
    } else {
        Hearer::Manager
    }
}

/// A key in no organization that may use everything, and draws on the platform's credentials.
fn anybody(at: Timestamp) -> VirtualKey {
    VirtualKey {
        id: KeyId(uuid::Uuid::nil()),
        name: "dry run".to_owned(),
        prefix: String::new(),
        owner: None,
        org: None,
        agent: None,
        kind: KeyKind::Standard,
        models: None,
        providers: None,
        routes: None,
        credentials: CredentialPolicy {
            platform: true,
            ..CredentialPolicy::default()
        },
        pinned_source: None,
        limits: Limits::default(),
        budgets: Vec::new(),
        strict: false,
        capture: None,
        created_at: at,
        expires_at: None,
        revoked_at: None,
        grace_until: None,
        last_used_at: None,
        managed: false,
    }
}
