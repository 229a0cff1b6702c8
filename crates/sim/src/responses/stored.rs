//! Responses that were stored: fetching, deleting, cancelling, listing their input.

use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    object::{Object, Status},
    request::Request,
};
use crate::{refusal::Refusal, reply::Reply, route::Call, sse};

#[derive(Debug)]
pub(crate) struct Stored {
    object: Object,
    input: Vec<Box<RawValue>>,
}

impl Stored {
    pub(super) fn new(object: Object, request: &Request) -> Self {
        Self {
            object,
            input: request.raw_items().map(ToOwned::to_owned).collect(),
        }
    }
}

#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are the protocol's")]
struct Deleted<'a> {
    id: &'a str,
    object: &'static str,
    deleted: bool,
}

#[derive(Serialize)]
struct InputItems<'a> {
    object: &'static str,
    data: Vec<&'a RawValue>,
    first_id: Option<&'static str>,
    last_id: Option<&'static str>,
    has_more: bool,
}

pub(super) fn route(
    call: &Call<'_>,
    method: &str,
    id: &str,
    rest: &[&str],
) -> Result<Reply, Refusal> {
    let shelf = &call.shared.responses;
    let reply = match (method, rest) {
        ("GET", []) => shelf.with(id, |stored| Reply::ok(sse::json(&stored.object))),
        ("DELETE", []) => shelf.remove(id).map(|_| {
            Reply::ok(sse::json(&Deleted {
                id,
                object: "response.deleted",
                deleted: true,
            }))
        }),
        ("POST", ["cancel"]) => shelf.with(id, |stored| {
            stored.object = stored.object.in_state(Status::Cancelled);
            Reply::ok(sse::json(&stored.object))
        }),
        // Newest first, as the vendor lists them.
        ("GET", ["input_items"]) => shelf.with(id, |stored| {
            Reply::ok(sse::json(&InputItems {
                object: "list",
                data: stored.input.iter().rev().map(AsRef::as_ref).collect(),
                first_id: None,
                last_id: None,
                has_more: false,
            }))
        }),
        _ => return Err(Refusal::not_found("this operation").kind("not_found_error")),
    };
    reply.ok_or_else(|| {
        Refusal::not_found(&format!("Response with id '{id}'")).kind("response_not_found")
    })
}
