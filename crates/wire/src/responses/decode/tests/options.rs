//! What is asked for beside the conversation, one test for each row.

use super::*;
use crate::conversation::{Effort, Format, Verbosity};

/// What `check` finds in the request that these members make.
#[track_caller]
fn check(members: &Value, check: impl Fn(&Request<'_>) -> bool) {
    let body = body(members);
    assert!(check(&decode(body.as_bytes()).unwrap()), "{members}");
}

#[test]
fn limits_sampling_and_probabilities() {
    check(&json!({"max_output_tokens": 5}), |r| {
        r.max_output == Some(5)
    });
    check(&json!({"temperature": 0.5, "top_p": 1}), |r| {
        r.sampling.temperature == Some(0.5) && r.sampling.top_p == Some(1.0)
    });
    check(
        &json!({"frequency_penalty": 0.1, "presence_penalty": 0.2}),
        |r| r.sampling.frequency_penalty == Some(0.1) && r.sampling.presence_penalty == Some(0.2),
    );
    check(&json!({"top_logprobs": 0}), |r| r.losses.is_empty());
    check(&json!({"parallel_tool_calls": false}), |r| {
        r.parallel_calls == Some(false)
    });
}

#[test]
fn the_form_of_the_answer() {
    check(&json!({"text": {"verbosity": "high"}}), |r| {
        r.verbosity == Some(Verbosity::High) && r.format.is_none()
    });
    check(&json!({"text": {"format": {"type": "text"}}}), |r| {
        matches!(r.format, Some(Format::Text))
    });
    check(&json!({"text": {"format": {"type": "json_object"}}}), |r| {
        matches!(r.format, Some(Format::JsonObject))
    });
    let schema = json!({"type": "json_schema", "name": "n", "strict": true, "schema": {"a": 1}});
    check(&json!({"text": {"format": schema}}), |r| match &r.format {
        Some(Format::JsonSchema {
            name,
            description,
            schema,
            strict,
        }) => {
            name.as_deref() == Some("n")
                && description.is_none()
                && schema.get() == r#"{"a":1}"#
                && *strict == Some(true)
        }
        _ => false,
    });
}

#[test]
fn reasoning() {
    for effort in Effort::ALL {
        check(&json!({"reasoning": {"effort": effort.as_str()}}), |r| {
            r.reasoning.effort == Some(effort) && r.reasoning.shown.is_none()
        });
    }
    check(&json!({"reasoning": {"summary": "auto"}}), |r| {
        r.reasoning.shown == Some(true)
    });
    check(
        &json!({"reasoning": {"generate_summary": "concise"}}),
        |r| r.reasoning.shown == Some(true),
    );
    check(&json!({"reasoning": {"summary": "none"}}), |r| {
        r.reasoning.shown == Some(false)
    });
    check(
        &json!({"reasoning": {"summary": null, "effort": null}}),
        |r| r.reasoning == crate::conversation::Reasoning::default(),
    );
}

#[test]
fn who_where_and_how() {
    check(&json!({"user": "u", "safety_identifier": "s"}), |r| {
        r.user.as_deref() == Some("s")
    });
    check(&json!({"user": "u"}), |r| r.user.as_deref() == Some("u"));
    check(&json!({"metadata": {"a": "b"}}), |r| {
        r.metadata.unwrap().get() == r#"{"a":"b"}"#
    });
    check(
        &json!({"prompt_cache_key": "k", "prompt_cache_retention": "24h"}),
        |r| r.cache_key.as_deref() == Some("k") && r.cache_retention.as_deref() == Some("24h"),
    );
    check(&json!({"service_tier": "flex"}), |r| {
        r.service_tier.as_deref() == Some("flex")
    });
    check(&json!({"store": true, "stream": true}), |r| {
        r.store == Some(true) && r.stream
    });
}

#[test]
fn what_does_no_harm_is_lost_by_name() {
    for (members, names) in [
        (json!({"truncation": "auto"}), "truncation"),
        (json!({"truncation": "disabled"}), ""),
        (json!({"max_tool_calls": 2}), "max_tool_calls"),
        (json!({"include": ["reasoning.encrypted_content"]}), ""),
        (json!({"include": ["web_search_call.results"]}), "include"),
        (
            json!({"context_management": [{"type": "compaction"}]}),
            "context_management",
        ),
        (json!({"context_management": []}), ""),
        (
            json!({"reasoning": {"context": "all_turns"}}),
            "reasoning_mode",
        ),
        (json!({"reasoning": {"context": "auto"}}), ""),
        (json!({"reasoning": {"mode": "pro"}}), "reasoning_mode"),
        (
            json!({"stream_options": {"include_obfuscation": true}}),
            "stream_options",
        ),
        (
            json!({"stream_options": {"include_obfuscation": false}}),
            "",
        ),
        (
            json!({"prompt_cache_options": {}}),
            "prompt_cache_retention",
        ),
        (json!({"moderation": {}}), "moderation"),
        (json!({"client_metadata": {"a": "b"}}), ""),
        (
            json!({"background": false, "previous_response_id": null, "whatever": null}),
            "",
        ),
        (
            json!({"tools": [{"type": "web_search", "external_web_access": true}]}),
            "",
        ),
        (
            json!({"tools": [{"type": "web_search", "external_web_access": false}]}),
            "search_options",
        ),
        (
            json!({"tools": [{"type": "function", "name": "f", "allowed_callers": ["x"]}]}),
            "tool_options",
        ),
    ] {
        assert_eq!(lost(&members), names, "{members}");
    }
}
