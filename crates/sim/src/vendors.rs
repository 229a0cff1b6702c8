//! The vendors' sign-ins and the backends of their subscriptions, each on its own paths.

use bytes::Bytes;
use http::request;

use crate::{authority, chatgpt, copilot, graph, route::Planned, shared::Shared};

/// The answer, if the path is one of theirs.
pub(crate) fn answer(shared: &Shared, head: &request::Parts, body: &Bytes) -> Option<Planned> {
    let path: Vec<&str> = head.uri.path().trim_start_matches('/').split('/').collect();
    authority::answer(shared, head, body, &path)
        .or_else(|| chatgpt::answer(shared, head, body, &path))
        .or_else(|| copilot::answer(shared, head, body, &path))
        .or_else(|| graph::answer(shared, head, body, &path))
}
