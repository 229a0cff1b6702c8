//! The control plane: `/api/v1`, health and metrics.
//!
//! One endpoint family per file. Routes and their description are registered together, so that the
//! document of the API cannot say anything else than what is served. Everything below `/api` is closed
//! unless it is named here as open: a guard stands before the whole subtree, and handlers reach the
//! gateway only through the [`Admin`](auth::Admin) extractor.
//!
//! Decisions are not made here: input is read into types, handed to the domain or the store, and
//! what they say is shown.

mod accounts;
mod audit;
mod auth;
mod bootstrap;
mod budgets;
mod calls;
mod captures;
mod clients;
mod credentials;
mod device;
mod error;
mod input;
mod keys;
mod live;
mod models;
mod oidc;
mod orgs;
mod page;
mod pages;
mod prices;
mod probes;
mod providers;
mod quota;
mod record;
mod routes;
mod session;
mod sessions;
mod show;
mod transcript;
mod unknown;
mod usage;
mod users;

use std::sync::Arc;

use axum::body::Bytes;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use axum::routing::{any, get};
use axum::{Router, middleware};
use tokio_util::sync::CancellationToken;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Components, InfoBuilder, OpenApi, OpenApiBuilder};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::budgets::Views;
use self::credentials::Tests;
use self::live::watchers::Watchers;
use self::session::doors::Doors;
use crate::dashboard;
use crate::state::Gateway;

/// What the control plane's handlers share.
#[derive(Clone)]
pub(crate) struct Control {
    gateway: Gateway,
    /// When credentials were last tried out.
    tests: Arc<Tests>,
    /// How often who asked how budgets stand.
    views: Arc<Views>,
    /// Who watches calls as they come.
    watchers: Arc<Watchers>,
    /// What slows down whoever tries many passwords.
    doors: Arc<Doors>,
    /// Cancelled when the server stops: what would go on for ever ends then.
    closing: CancellationToken,
}

/// Everything that is not the data plane's. `closing` ends live views.
pub(crate) fn router(gateway: Gateway, closing: CancellationToken) -> Router {
    let control = Control {
        gateway,
        tests: Arc::default(),
        views: Arc::default(),
        watchers: Arc::default(),
        doors: Arc::default(),
        closing,
    };
    let guard = middleware::from_fn_with_state(control.clone(), auth::guard);
    let described = OpenApiRouter::with_openapi(description());
    let (closed, mut document) = described.nest("/api/v1", v1()).split_for_parts();
    let (open, of_open) = open().split_for_parts();
    document.merge(of_open);
    let closed = closed
        // The one path below `/api` that nesting leaves out.
        .route("/api/", any(unknown::api))
        .method_not_allowed_fallback(unknown::method)
        .layer(guard.clone());
    let open = open
        .route("/api/openapi.json", get(document_of(&document)))
        .merge(oidc::router())
        .method_not_allowed_fallback(unknown::method);
    let pages = pages::router().method_not_allowed_fallback(unknown::method);
    Router::new()
        .merge(closed)
        .merge(open)
        .merge(pages)
        .nest("/api", Router::new().fallback(unknown::api).layer(guard))
        .fallback(unknown::data_plane)
        .layer(middleware::map_response(harden))
        .with_state(control)
        // Its answers are nobody's in particular, and say themselves how long they may be kept.
        .merge(dashboard::router())
}

/// What only the administrator may use.
fn v1() -> OpenApiRouter<Control> {
    OpenApiRouter::default()
        .routes(routes!(keys::create, keys::list))
        .routes(routes!(keys::show, keys::change, keys::revoke))
        .routes(routes!(keys::renewal::rotate))
        .routes(routes!(keys::renewal::renew))
        .routes(routes!(bootstrap::bootstrap))
        .merge(credentials())
        .merge(accounts())
        .routes(routes!(credentials::trial::test))
        .routes(routes!(providers::list))
        .routes(routes!(providers::put, providers::delete))
        .routes(routes!(routes::list, routes::replace))
        .routes(routes!(routes::dry_run::dry_run))
        .routes(routes!(models::list))
        .routes(routes!(prices::list, prices::put, prices::delete))
        .routes(routes!(prices::import))
        .routes(routes!(calls::list))
        .routes(routes!(calls::show))
        .routes(routes!(captures::show, captures::delete))
        .routes(routes!(calls::export::export))
        .routes(routes!(sessions::list))
        .routes(routes!(sessions::show))
        .routes(routes!(transcript::show))
        .routes(routes!(usage::report))
        .routes(routes!(session::open, session::close))
        .routes(routes!(session::ways::show))
        .routes(routes!(session::me))
        .routes(routes!(device::ask))
        .routes(routes!(device::redeem))
        .routes(routes!(session::change))
        .routes(routes!(session::give))
        .routes(routes!(users::create, users::list))
        .routes(routes!(users::show, users::change, users::disable))
        .routes(routes!(users::tokens::create, users::tokens::list))
        .routes(routes!(users::tokens::revoke))
        .routes(routes!(users::own_tokens::create, users::own_tokens::list))
        .routes(routes!(users::own_tokens::revoke))
        .routes(routes!(orgs::create, orgs::list))
        .routes(routes!(orgs::show, orgs::change, orgs::disable))
        .routes(routes!(orgs::members::all))
        .routes(routes!(orgs::members::list))
        .routes(routes!(orgs::members::set, orgs::members::remove))
        .routes(routes!(budgets::list))
        .routes(routes!(budgets::of_org, budgets::limit_org))
        .routes(routes!(budgets::of_user, budgets::limit_user))
        .routes(routes!(live::live))
        .routes(routes!(audit::list))
        .routes(routes!(audit::export::export))
        .routes(routes!(audit::head))
        .routes(routes!(clients::proxy_info))
}

/// Credentials, by whose they are and by id.
fn credentials() -> OpenApiRouter<Control> {
    use credentials::{one, owned};
    OpenApiRouter::default()
        .routes(routes!(owned::list))
        .routes(routes!(owned::show, owned::put, owned::delete))
        .routes(routes!(owned::list_mine))
        .routes(routes!(
            owned::show_mine,
            owned::put_mine,
            owned::delete_mine
        ))
        .routes(routes!(owned::list_orgs))
        .routes(routes!(
            owned::show_orgs,
            owned::put_orgs,
            owned::delete_orgs
        ))
        .routes(routes!(one::show, one::change, one::delete))
}

/// Accounts, and signing in with them.
fn accounts() -> OpenApiRouter<Control> {
    use accounts::{import, one, sign_in};
    OpenApiRouter::default()
        .routes(routes!(accounts::list))
        .routes(routes!(sign_in::begin))
        .routes(routes!(sign_in::show, sign_in::cancel))
        .routes(routes!(sign_in::finish))
        .routes(routes!(import::import))
        .routes(routes!(one::show, one::delete))
        .routes(routes!(one::pause))
        .routes(routes!(one::resume))
        .routes(routes!(one::wake))
        .routes(routes!(one::refresh))
}

/// What anyone may use.
fn open() -> OpenApiRouter<Control> {
    OpenApiRouter::default()
        .routes(routes!(probes::front_door))
        .routes(routes!(probes::alive))
        .routes(routes!(probes::ready))
        .routes(routes!(probes::metrics))
}

fn description() -> OpenApi {
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("The administrator's token."))
        .build();
    let mut components = Components::new();
    components.add_security_scheme("admin", SecurityScheme::Http(bearer));
    let info = InfoBuilder::new()
        .title("Tollhouse")
        .description(Some(
            "The control plane of Tollhouse, a gateway for coding agents.",
        ))
        .version(env!("CARGO_PKG_VERSION"))
        .build();
    OpenApiBuilder::new()
        .info(info)
        .components(Some(components))
        .security(Some([SecurityRequirement::new::<_, [&str; 0], &str>(
            "admin",
            [],
        )]))
        .build()
}

/// Answers with the document, which never changes while the process lives.
fn document_of(
    document: &OpenApi,
) -> impl Fn() -> std::future::Ready<Response> + Clone + Send + Sync + 'static {
    // The document is made of plain values; the snapshot test would see an empty one.
    let text = Bytes::from(document.to_pretty_json().unwrap_or_default());
    move || {
        let json = HeaderValue::from_static("application/json");
        let mut response = Response::new(axum::body::Body::from(text.clone()));
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        std::future::ready(response)
    }
}

/// Answers of the control plane are for the caller alone, and exactly what they say they are.
async fn harden(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    response
}
