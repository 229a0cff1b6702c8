//! What load balancers, monitors and people with a browser ask for. Open to all, and silent about
//! everything but this process and its store.

use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::{IntoResponse, Redirect, Response};

use super::Control;
use super::error::{ApiError, ErrorBody};
use crate::{clock, dashboard};

/// A store that takes longer is as good as none to a load balancer.
const PATIENCE: Duration = Duration::from_secs(1);

const FRONT_DOOR: &str = "This is Tollhouse, a gateway between coding agents and model providers.\n\
    Agents are pointed here with a virtual key: `tollhouse proxy info` says how.\n\
    People look at /dashboard/ with a browser.\n\
    The control plane is described at /api/openapi.json.\n";

/// Says what this is, and sends browsers on to the dashboard. Clients also ask for its head to see
/// whether anyone is there.
#[utoipa::path(
    get, path = "/", tag = "probes", security(()),
    responses(
        (status = 200, body = String),
        (status = 307, description = "To whoever accepts `text/html`: the dashboard"),
    ),
)]
pub(super) async fn front_door(method: Method, headers: HeaderMap) -> Response {
    let accepted = headers.get_all(header::ACCEPT).iter();
    let mut accepted = accepted.filter_map(|value| value.to_str().ok());
    let browser = method == Method::GET && accepted.any(|value| value.contains("text/html"));
    let vary = (header::VARY, HeaderValue::from_static("accept"));
    if browser {
        return ([vary], Redirect::temporary(dashboard::BASE)).into_response();
    }
    ([vary], FRONT_DOOR).into_response()
}

/// Whether the process is alive.
#[utoipa::path(get, path = "/healthz", tag = "probes", security(()), responses((status = 200, body = String)))]
pub(super) async fn alive() -> &'static str {
    "ok"
}

/// Whether new calls are welcome: the store answers and nobody asked to stop. Says nothing of any
/// vendor, so that a dead one takes no replica out of service.
#[utoipa::path(
    get, path = "/readyz", tag = "probes", security(()),
    responses((status = 200, body = String), (status = 503, body = ErrorBody)),
)]
pub(super) async fn ready(State(control): State<Control>) -> Result<&'static str, ApiError> {
    let gateway = &control.gateway;
    if gateway.0.draining.load(Ordering::Relaxed) {
        return Err(ApiError::Unavailable(None));
    }
    match tokio::time::timeout(PATIENCE, gateway.store().ping()).await {
        Ok(Ok(())) => Ok("ok"),
        Ok(Err(error)) => Err(ApiError::Unavailable(Some(error))),
        Err(_) => Err(ApiError::Unavailable(None)),
    }
}

/// Metrics in the text format of Prometheus and `OpenMetrics`.
#[utoipa::path(
    get, path = "/metrics", tag = "probes", security(()),
    responses((status = 200, content_type = "application/openmetrics-text", body = String)),
)]
pub(super) async fn metrics(State(control): State<Control>) -> Response {
    let gateway = &control.gateway;
    let (snapshot, now) = (gateway.snapshot(), clock::now());
    let accounts = snapshot.credentials().accounts().filter_map(|account| {
        let state = gateway.pools().account_state(account, now)?;
        Some((account.provider.as_str(), state))
    });
    let backlog = gateway.ledger().backlog_bytes();
    let text = gateway.metrics().print(backlog, accounts);
    let format = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    (
        [(header::CONTENT_TYPE, HeaderValue::from_static(format))],
        text,
    )
        .into_response()
}
