//! Routes: which targets answer for a model.

pub(super) mod dry_run;
mod input;

use axum::Json;
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use serde::Serialize;
use tollhouse_domain::audit::{Action, Subject, SubjectKind};
use tollhouse_domain::pattern::Pattern;
use tollhouse_domain::route::{Route, Target};
use tollhouse_store::RoutesTag;
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
    responses(
        (
            status = 200, body = List<RouteView>,
            headers(("etag" = String, description = "Tells these routes from others: for `if-match`")),
        ),
        Refused,
    ),
)]
pub(super) async fn list(
    admin: Admin,
    Query(Nothing {}): Query<Nothing>,
) -> Result<impl IntoResponse, ApiError> {
    let routes = admin.store().routes().await?;
    let tag = format!("\"{}\"", RoutesTag::of(&routes)?.as_str());
    let list = List::whole(routes.into_iter().map(RouteView::from).collect());
    Ok(([(header::ETAG, tag)], Json(list)))
}

/// Makes the routes be these, but for those of the configuration file: rows marked as managed are
/// passed over, so that what GET answered can be edited and put back. With `if-match` only if nobody changed them since.
#[utoipa::path(
    put, path = "/routes", tag = "routes", operation_id = "replace_routes", request_body = RoutesInput,
    params(("if-match" = Option<String>, Header, description = "The `etag` of the routes that these take the place of")),
    responses(
        (
            status = 200, body = List<RouteView>,
            headers(("etag" = String, description = "Of the routes as they are now")),
        ),
        (status = 412, description = "The routes are not those that `if-match` names", body = ErrorBody),
        (status = 409, description = "The configuration file states a route for that model", body = ErrorBody),
        Refused,
    ),
)]
pub(super) async fn replace(
    admin: Admin,
    Query(Nothing {}): Query<Nothing>,
    headers: HeaderMap,
    Body(input): Body<RoutesInput>,
) -> Result<impl IntoResponse, ApiError> {
    let routes = input.routes(admin.snapshot().providers())?;
    let note = admin.note(Action::RoutesReplace, Subject::of(SubjectKind::Routes));
    let note = note.with("routes", routes.len() as u64);
    let store = admin.store().noted(note);
    match named(&headers) {
        None => store.replace_routes(&routes).await?,
        Some(read) => store.replace_routes_of(&read, &routes).await?,
    }
    admin.refresh().await?;
    list(admin, Query(Nothing {})).await
}

/// The routes that a request is about, if it says so: `*` means whatever there are. What cannot be read is none of
/// them, so that nothing is overwritten by a mistake.
fn named(headers: &HeaderMap) -> Option<Vec<RoutesTag>> {
    let values = headers.get_all(header::IF_MATCH).iter();
    let values: Vec<&str> = values.map(|value| value.to_str().unwrap_or("")).collect();
    if values.is_empty() || values.iter().any(|value| value.trim() == "*") {
        return None;
    }
    let tags = values.iter().flat_map(|value| value.split(','));
    Some(tags.map(|tag| RoutesTag::printed(ours(tag))).collect())
}

/// A tag as it was before somebody on the way compressed what it is of: that makes it weak (`W/"x"`) or says so at its
/// end (`"x-gzip"`), and clients send it back like that. It is a digest of the routes, so however weak it is, it names
/// no others; and there is no `-` in it.
fn ours(tag: &str) -> &str {
    let tag = tag.trim();
    let tag = tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"');
    tag.split_once('-').map_or(tag, |(ours, _)| ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_precondition_that_does_not_read_is_one_that_does_not_hold() {
        let named = |values: &[&str]| {
            let values = values.iter().map(|value| value.parse().unwrap());
            named(&values.map(|value| (header::IF_MATCH, value)).collect())
        };
        let tags = |tags: &[&str]| Some(tags.iter().copied().map(RoutesTag::printed).collect());
        assert_eq!(named(&[]), None);
        assert_eq!(named(&["*"]), None);
        assert_eq!(named(&["\"a\", \"b\"", "\"c\""]), tags(&["a", "b", "c"]));
        assert_eq!(named(&[""]), tags(&[""]));
        assert_eq!(named(&["W/"]), tags(&[""]));
    }

    #[test]
    fn a_tag_that_a_proxy_wrote_anew_is_the_one_it_was() {
        for tag in [
            "\"a1\"",
            "W/\"a1\"",
            "\"a1-gzip\"",
            "W/\"a1-br\"",
            " W/\"a1\" ",
        ] {
            assert_eq!(ours(tag), "a1", "{tag}");
        }
    }
}
