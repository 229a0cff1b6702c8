//! Paths and methods that do not exist, each answered as its plane answers.

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use tollhouse_domain::id::CallId;
use tollhouse_wire::{ErrorKind, Protocol};

use super::Control;
use super::error::ApiError;
use crate::proxy::refusal::Refusal;
use crate::{clock, ids, names};

/// Something below `/api`.
pub(super) async fn api() -> ApiError {
    ApiError::missing("There is nothing at this path; GET /api/openapi.json lists what there is.")
}

/// A known path, another method.
pub(super) async fn method() -> ApiError {
    ApiError::Method
}

/// Anything else is taken for a client's call, and answered in a form that clients read.
pub(super) async fn data_plane(State(control): State<Control>, headers: HeaderMap) -> Response {
    let protocol = if headers.contains_key(names::ANTHROPIC_VERSION) {
        Protocol::Messages
    } else {
        Protocol::Chat
    };
    let refusal = Refusal::new(ErrorKind::NotFound, "There is nothing at this path.");
    control.gateway.metrics().refused(refusal.kind);
    let id = CallId(ids::uuid(clock::now()));
    refusal.response(protocol, id).map(Body::new)
}
