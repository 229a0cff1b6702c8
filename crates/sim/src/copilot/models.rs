//! `GET /models`: each says which endpoints serve it.

use bytes::Bytes;
use http::request;
use serde::Serialize;

use super::admit;
use crate::{models::MODELS, reply::Reply, route::Planned, shared::Shared, sse};

#[derive(Serialize)]
struct List {
    object: &'static str,
    data: Vec<Model>,
}

#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are the vendor's")]
struct Model {
    id: &'static str,
    name: &'static str,
    object: &'static str,
    vendor: &'static str,
    version: &'static str,
    preview: bool,
    model_picker_enabled: bool,
    capabilities: Capabilities,
    supported_endpoints: &'static [&'static str],
}

#[derive(Serialize)]
struct Capabilities {
    family: &'static str,
    object: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    limits: Limits,
    supports: Supports,
}

#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are the vendor's")]
struct Limits {
    max_context_window_tokens: u32,
    max_output_tokens: u32,
    max_prompt_tokens: u32,
}

#[derive(Serialize)]
struct Supports {
    streaming: bool,
    tool_calls: bool,
    vision: bool,
}

pub(super) fn list(shared: &Shared, request: (&request::Parts, &Bytes)) -> Planned {
    admit(shared, request, |_| {
        let data = MODELS.into_iter().map(|(id, name)| Model {
            id,
            name,
            object: "model",
            vendor: "Sim",
            version: id,
            preview: false,
            model_picker_enabled: true,
            capabilities: Capabilities {
                family: id,
                object: "model_capabilities",
                kind: "chat",
                limits: Limits {
                    max_context_window_tokens: 200_000,
                    max_output_tokens: 64_000,
                    max_prompt_tokens: 128_000,
                },
                supports: Supports {
                    streaming: true,
                    tool_calls: true,
                    vision: true,
                },
            },
            supported_endpoints: &["/chat/completions", "/responses", "/v1/messages"],
        });
        Planned::plain(Reply::ok(sse::json(&List {
            object: "list",
            data: data.collect(),
        })))
    })
}
