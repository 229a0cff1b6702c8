//! Which top-level fields belong to which protocol.
//!
//! The vendors refuse every field they do not know. Here only a field of another protocol is
//! refused: that is what a bad translation leaves behind, while a field that nobody knows yet must
//! reach the provider untouched, and tests send such.

use std::collections::BTreeMap;

use serde::{Deserialize, de::IgnoredAny};

use crate::{refusal::Refusal, reply::Dialect};

const MESSAGES: &[&str] = &[
    "model",
    "messages",
    "system",
    "max_tokens",
    "stop_sequences",
    "temperature",
    "top_p",
    "top_k",
    "output_config",
    "output_format",
    "thinking",
    "tools",
    "tool_choice",
    "metadata",
    "cache_control",
    "service_tier",
    "speed",
    "stream",
    "container",
    "mcp_servers",
    "context_management",
    "diagnostics",
    "inference_geo",
    "user_profile_id",
];

const CHAT: &[&str] = &[
    "model",
    "messages",
    "max_completion_tokens",
    "max_tokens",
    "stop",
    "temperature",
    "top_p",
    "frequency_penalty",
    "presence_penalty",
    "seed",
    "logit_bias",
    "n",
    "logprobs",
    "top_logprobs",
    "response_format",
    "verbosity",
    "reasoning_effort",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "user",
    "safety_identifier",
    "metadata",
    "prompt_cache_key",
    "prompt_cache_retention",
    "prompt_cache_options",
    "service_tier",
    "store",
    "stream",
    "stream_options",
    "modalities",
    "audio",
    "prediction",
    "web_search_options",
    "moderation",
    "functions",
    "function_call",
];

const RESPONSES: &[&str] = &[
    "model",
    "input",
    "instructions",
    "max_output_tokens",
    "temperature",
    "top_p",
    "top_logprobs",
    "include",
    "text",
    "reasoning",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "max_tool_calls",
    "user",
    "safety_identifier",
    "metadata",
    "prompt_cache_key",
    "prompt_cache_retention",
    "prompt_cache_options",
    "service_tier",
    "store",
    "stream",
    "stream_options",
    "previous_response_id",
    "conversation",
    "prompt",
    "background",
    "truncation",
    "context_management",
    "moderation",
    "client_metadata",
];

/// A JSON object of which only the names matter.
#[derive(Deserialize, Default)]
#[expect(
    clippy::zero_sized_map_values,
    reason = "a set would be read from an array"
)]
pub(crate) struct Object(BTreeMap<String, IgnoredAny>);

impl Object {
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// Refuses a field that only other protocols have.
pub(crate) fn check(body: &[u8], dialect: Dialect) -> Result<(), Refusal> {
    let own = match dialect {
        Dialect::Messages => MESSAGES,
        Dialect::Chat => CHAT,
        Dialect::Responses | Dialect::ChatGpt => RESPONSES,
        // It refuses every field that it does not know.
        Dialect::Graph => &[],
    };
    let fields: Object = serde_json::from_slice(body)
        .map_err(|error| Refusal::invalid(format!("invalid request body: {error}")))?;
    for name in fields.names() {
        let foreign = [MESSAGES, CHAT, RESPONSES].concat().contains(&name);
        if foreign && !own.contains(&name) {
            return Err(Refusal::invalid(format!(
                "{name}: Extra inputs are not permitted"
            )));
        }
    }
    Ok(())
}

/// A name that a vendor takes for a tool.
pub(crate) fn check_name(name: &str, longest: usize) -> Result<(), Refusal> {
    if !name.is_empty() && name.len() <= longest && name.bytes().all(plain) {
        Ok(())
    } else {
        Err(Refusal::invalid(format!(
            "tool name `{name}` does not match ^[a-zA-Z0-9_-]{{1,{longest}}}$"
        )))
    }
}

pub(crate) fn plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// Arguments of a call: a string that holds a JSON object.
pub(crate) fn check_arguments(arguments: &str) -> Result<(), Refusal> {
    match serde_json::from_str::<Object>(arguments) {
        Ok(_) => Ok(()),
        Err(error) => Err(Refusal::invalid(format!(
            "the arguments of a tool call are not a JSON object: {error}"
        ))),
    }
}

pub(crate) fn check_effort(effort: &str) -> Result<(), Refusal> {
    match effort {
        "none" | "minimal" | "low" | "medium" | "high" | "xhigh" | "max" => Ok(()),
        _ => Err(Refusal::invalid(format!("unknown effort `{effort}`"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_fields_of_other_protocols_are_refused() {
        let body = br#"{"model":"m","messages":[],"from_the_future":1}"#;
        assert!(check(body, Dialect::Chat).is_ok());
        assert!(check(body, Dialect::Responses).is_err());
        let body = br#"{"model":"m","input":"x"}"#;
        assert!(check(body, Dialect::Responses).is_ok());
        assert!(check(body, Dialect::Messages).is_err());
    }

    #[test]
    fn names_and_arguments() {
        assert!(check_name("mcp__a-b", 64).is_ok());
        assert!(check_name("a.b", 64).is_err());
        assert!(check_name(&"a".repeat(65), 64).is_err());
        assert!(check_arguments("{}").is_ok());
        assert!(check_arguments("").is_err());
        assert!(check_arguments("[]").is_err());
    }
}
