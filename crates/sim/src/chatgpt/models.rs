//! `GET /backend-api/codex/models`.

use http::{StatusCode, request};
use serde::Serialize;

use super::Detail;
use crate::{models::MODELS, reply::Reply, sse};

#[derive(Serialize)]
struct List {
    models: Vec<Model>,
}

#[derive(Serialize)]
struct Model {
    slug: &'static str,
    display_name: &'static str,
    description: &'static str,
    default_reasoning_level: &'static str,
    supported_reasoning_levels: [Level; 3],
    visibility: &'static str,
    supported_in_api: bool,
    priority: usize,
    context_window: u32,
}

#[derive(Serialize)]
struct Level {
    effort: &'static str,
    description: &'static str,
}

/// The list; a client must say its version, or it gets none.
pub(super) fn list(head: &request::Parts) -> Reply {
    let query = head.uri.query().unwrap_or_default();
    let says = |(name, value): (_, std::borrow::Cow<'_, str>)| {
        name == "client_version" && !value.is_empty()
    };
    if !form_urlencoded::parse(query.as_bytes()).any(says) {
        let detail = "client_version is required";
        return Reply::json(StatusCode::BAD_REQUEST, sse::json(&Detail { detail }));
    }
    let level = |effort| Level {
        effort,
        description: "",
    };
    let models = MODELS.iter().enumerate();
    let models = models.map(|(priority, (slug, display_name))| Model {
        slug,
        display_name,
        description: "",
        default_reasoning_level: "medium",
        supported_reasoning_levels: [level("low"), level("medium"), level("high")],
        visibility: "list",
        supported_in_api: true,
        priority,
        context_window: 200_000,
    });
    let mut reply = Reply::ok(sse::json(&List {
        models: models.collect(),
    }));
    reply.header("etag", "\"sim-models-1\"");
    reply
}
