//! Routes: which targets answer for a model.

pub(super) mod dry_run;
mod input;

use axum::Json;
use serde::Serialize;
use tollhouse_domain::audit::{Action, Subject, SubjectKind};
use tollhouse_domain::pattern::Pattern;
use tollhouse_domain::route::{Route, Target};
use utoipa::ToSchema;

use self::input::{RoutesInput, TargetSchema};
use super::auth::Admin;
use super::error::{ApiError, ErrorBody, Refused};
use super::input::{Body, Nothing, Query};
use super::page::List;

/// A model pattern and its targets, first choice first.
#[derive(Serialize, ToSchema)]
#[schema(as = Route)]
pub(super) struct RouteView {
    /// A name, a prefix ending in `*`, or `*` alone.
    #[schema(value_type = String, example = "claude-*")]
    model: Pattern,
    #[schema(value_type = Vec<TargetSchema>)]
    targets: Vec<Target>,
    /// Whether the configuration file states it.
    managed: bool,
}

impl From<Route> for RouteView {
    fn from(route: Route) -> Self {
        Self {
            model: route.model,
            targets: route.targets,
            managed: route.managed,
        }
    }
}

/// All routes, the configuration file's first, in the order in which they were written.
#[utoipa::path(
    get, path = "/routes", tag = "routes", operation_id = "list_routes",
    responses((status = 200, body = List<RouteView>), Refused),
)]
pub(super) async fn list(
    admin: Admin,
    Query(Nothing {}): Query<Nothing>,
) -> Result<Json<List<RouteView>>, ApiError> {
    let routes = admin.store().routes().await?;
    Ok(Json(List::whole(
        routes.into_iter().map(RouteView::from).collect(),
    )))
}

/// Makes the routes be these, but for those of the configuration file: rows marked as managed are
/// passed over, so that what GET answered can be edited and put back.
#[utoipa::path(
    put, path = "/routes", tag = "routes", operation_id = "replace_routes", request_body = RoutesInput,
    responses(
        (status = 200, body = List<RouteView>),
        (status = 409, description = "The configuration file states a route for that model", body = ErrorBody),
        Refused,
    ),
)]
pub(super) async fn replace(
    admin: Admin,
    Query(Nothing {}): Query<Nothing>,
    Body(input): Body<RoutesInput>,
) -> Result<Json<List<RouteView>>, ApiError> {
    let routes = input.routes(admin.snapshot().providers())?;
    let note = admin.note(Action::RoutesReplace, Subject::of(SubjectKind::Routes));
    let note = note.with("routes", routes.len() as u64);
    admin.store().noted(note).replace_routes(&routes).await?;
    admin.refresh().await?;
    list(admin, Query(Nothing {})).await
}
