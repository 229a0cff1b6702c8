//! The list of models, in the shape of the protocol the caller speaks.

use serde::Serialize;

use crate::{
    refusal::Refusal,
    reply::Reply,
    route::Call,
    shared::{CREATED, CREATED_RFC3339},
    sse,
};

pub(crate) const MODELS: [(&str, &str); 6] = [
    ("sim-echo", "Sim Echo"),
    ("sim-think", "Sim Think"),
    ("sim-tool", "Sim Tool"),
    ("sim-coder", "Sim Coder"),
    ("sim-coder-2", "Sim Coder 2"),
    ("sim-look", "Sim Look"),
];

#[derive(Serialize)]
struct MessagesModel {
    #[serde(rename = "type")]
    kind: &'static str,
    id: &'static str,
    display_name: &'static str,
    created_at: &'static str,
    max_input_tokens: u32,
    max_tokens: u32,
}

#[derive(Serialize)]
struct MessagesList {
    data: Vec<MessagesModel>,
    has_more: bool,
    first_id: Option<&'static str>,
    last_id: Option<&'static str>,
}

#[derive(Serialize)]
struct OpenAiModel {
    id: &'static str,
    object: &'static str,
    created: u64,
    owned_by: &'static str,
}

#[derive(Serialize)]
struct OpenAiList {
    object: &'static str,
    data: Vec<OpenAiModel>,
}

pub(crate) fn list(call: &Call<'_>) -> Reply {
    if !speaks_messages(call) {
        let data = MODELS.into_iter().map(openai).collect();
        return Reply::ok(sse::json(&OpenAiList {
            object: "list",
            data,
        }));
    }
    let limit = call
        .parameter("limit")
        .and_then(|limit| limit.parse().ok())
        .unwrap_or(20);
    let start = call
        .parameter("after_id")
        .and_then(|after| MODELS.iter().position(|(id, _)| *id == after))
        .map_or(0, |position| position + 1);
    let page: Vec<_> = MODELS.into_iter().skip(start).take(limit).collect();
    Reply::ok(sse::json(&MessagesList {
        has_more: start + page.len() < MODELS.len(),
        first_id: page.first().map(|(id, _)| *id),
        last_id: page.last().map(|(id, _)| *id),
        data: page.into_iter().map(messages).collect(),
    }))
}

pub(crate) fn get(call: &Call<'_>, id: &str) -> Result<Reply, Refusal> {
    let model = MODELS.into_iter().find(|(name, _)| *name == id);
    let model = model.ok_or_else(|| Refusal::not_found(id))?;
    Ok(Reply::ok(if speaks_messages(call) {
        sse::json(&messages(model))
    } else {
        sse::json(&openai(model))
    }))
}

fn speaks_messages(call: &Call<'_>) -> bool {
    call.headers.contains_key("anthropic-version") || call.headers.contains_key("x-api-key")
}

fn messages((id, display_name): (&'static str, &'static str)) -> MessagesModel {
    MessagesModel {
        kind: "model",
        id,
        display_name,
        created_at: CREATED_RFC3339,
        max_input_tokens: 200_000,
        max_tokens: 64_000,
    }
}

fn openai((id, _): (&'static str, &'static str)) -> OpenAiModel {
    OpenAiModel {
        id,
        object: "model",
        created: CREATED,
        owned_by: "sim",
    }
}
