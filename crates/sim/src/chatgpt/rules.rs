//! What the `ChatGPT` backend refuses in a body that the Responses API would take.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::refusal::Refusal;

/// Parameters of the Responses API that do not exist here.
const UNSUPPORTED: [&str; 17] = [
    "max_output_tokens",
    "temperature",
    "top_p",
    "metadata",
    "previous_response_id",
    "stream_options",
    "prompt_cache_retention",
    "safety_identifier",
    "background",
    "conversation",
    "max_tool_calls",
    "prompt",
    "top_logprobs",
    "truncation",
    "user",
    "presence_penalty",
    "frequency_penalty",
];

/// Checks the body of a call; one for a compaction does not stream.
pub(super) fn check(body: &[u8], streams: bool) -> Result<(), Refusal> {
    let fields: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(body)
        .map_err(|_| Refusal::invalid("The request body is not a JSON object"))?;
    let is = |name: &str, text: &str| fields.get(name).is_some_and(|raw| raw.get() == text);
    let begins = |name: &str, with: char| {
        fields
            .get(name)
            .is_some_and(|raw| raw.get().starts_with(with))
    };
    if !begins("model", '"') {
        return refuse("Model is required");
    }
    if !fields.contains_key("instructions") {
        return refuse("Instructions are required");
    }
    if !begins("instructions", '"') {
        return refuse("Instructions are not valid");
    }
    if !begins("input", '[') {
        return refuse("Input must be a list");
    }
    if streams {
        if !is("store", "false") {
            return refuse("Store must be set to false");
        }
        if !is("stream", "true") {
            return refuse("Stream must be set to true");
        }
    }
    match UNSUPPORTED.iter().find(|name| fields.contains_key(**name)) {
        Some(name) => refuse(&format!("Unsupported parameter: {name}")),
        None => Ok(()),
    }
}

fn refuse(message: &str) -> Result<(), Refusal> {
    Err(Refusal::invalid(message))
}
