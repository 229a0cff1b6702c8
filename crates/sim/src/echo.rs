//! `/echo`: what arrived, as JSON.

use http::request;
use serde::Serialize;

use crate::{reply::Reply, route::Call, sse};

#[derive(Serialize)]
struct Echo<'a> {
    method: &'a str,
    path: &'a str,
    query: &'a str,
    headers: Vec<(&'a str, String)>,
    body_length: usize,
    body: String,
}

/// The body is text as far as it is UTF-8.
pub(crate) fn reply(call: &Call<'_>, head: &request::Parts) -> Reply {
    let headers = head
        .headers
        .iter()
        .map(|(name, value)| {
            (
                name.as_str(),
                String::from_utf8_lossy(value.as_bytes()).into(),
            )
        })
        .collect();
    Reply::ok(sse::json(&Echo {
        method: head.method.as_str(),
        path: head.uri.path(),
        query: call.query,
        headers,
        body_length: call.body.len(),
        body: String::from_utf8_lossy(call.body).into(),
    }))
}
