use serde_json::{Value, json};

use super::{decode, decode_count};
use crate::conversation::Request;
use crate::loss::Loss;

mod calls;
mod directives;
mod documents;
mod laws;
mod options;
mod searches;
mod tools;
mod turns;

/// A body with the members of `extra` added to, or put in place of, the necessary ones.
fn body(extra: Value) -> Vec<u8> {
    let mut body = json!({
        "model": "claude-sonnet-4-6",
        "max_tokens": 1024,
        "messages": [{"role": "user", "content": "Hi"}],
    });
    let Value::Object(extra) = extra else {
        panic!("not an object")
    };
    body.as_object_mut().unwrap().extend(extra);
    body.to_string().into_bytes()
}

/// A body with these blocks in one message of `role`.
fn said(role: &str, content: Value) -> Vec<u8> {
    let mut message = json!({"role": role});
    message["content"] = content;
    body(json!({"messages": [message]}))
}

#[track_caller]
fn read(body: &[u8]) -> Request<'_> {
    match decode(body) {
        Ok(request) => request,
        Err(unfit) => panic!("refused: {}", unfit.sentence()),
    }
}

/// Where and why a body is refused.
#[track_caller]
fn refused(body: &[u8]) -> (String, String) {
    match decode(body) {
        Ok(_) => panic!("taken"),
        Err(unfit) => (unfit.path, unfit.message),
    }
}

#[track_caller]
fn refused_at(body: &[u8], path: &str) {
    let (found, message) = refused(body);
    assert_eq!(found, path, "{message}");
    assert!(!message.is_empty());
}

fn losses(request: &Request<'_>) -> Vec<Loss> {
    request.losses.iter().collect()
}

#[test]
fn what_every_request_needs_is_asked_for_by_name() {
    for (name, path) in [
        ("model", "model"),
        ("max_tokens", "max_tokens"),
        ("messages", "messages"),
    ] {
        refused_at(&body(json!({name: null})), path);
    }
    refused_at(&body(json!({"messages": []})), "messages");
    refused_at(&body(json!({"max_tokens": 0})), "max_tokens");
}

#[test]
fn what_cannot_be_read_is_located() {
    let cases = [
        (
            json!({"max_tokens": "many"}),
            "max_tokens",
            "must be a whole number, not negative",
        ),
        (json!({"model": 5}), "model", "must be a string"),
        (
            json!({"temperature": []}),
            "temperature",
            "must be a number",
        ),
        (json!({"tools": {}}), "tools", "must be a list"),
        (json!({"tools": [5]}), "tools[0]", "must be an object"),
        (
            json!({"stream": "yes"}),
            "stream",
            "must be `true` or `false`",
        ),
        (
            json!({"system": 5}),
            "system",
            "must be a string or a list of content blocks",
        ),
        (
            json!({"messages": [{"role": 1}]}),
            "messages[0].role",
            "must be a string",
        ),
        (
            json!({"stop_sequences": ["a", 2]}),
            "stop_sequences[1]",
            "must be a string",
        ),
        (
            json!({"messages": [{"role": "user", "content": [{"type": "text", "text": {}}]}]}),
            "messages[0].content[0].text",
            "must be a string",
        ),
        (
            json!({"messages": [{"role": "user", "content": [
                {"type": "image", "source": {"type": "base64", "data": 7}}]}]}),
            "messages[0].content[0].source.data",
            "must be a string",
        ),
    ];
    for (extra, path, message) in cases {
        assert_eq!(refused(&body(extra)), (path.to_owned(), message.to_owned()));
    }
}

#[test]
fn what_is_no_object_is_refused_as_a_whole() {
    for broken in [
        "",
        "{",
        "[]",
        "null",
        "5",
        "\"x\"",
        "{} {}",
        "{\"model\":\"a\",}",
    ] {
        refused_at(broken.as_bytes(), "");
    }
    refused_at(b"{\"model\":\"\xff\"}", "");
    let deep = r#"[{"content":"#.repeat(100_000);
    refused_at(format!(r#"{{"messages":{deep}"#).as_bytes(), "");
}

#[test]
fn null_counts_as_absent() {
    let names = [
        "system",
        "tools",
        "tool_choice",
        "stop_sequences",
        "temperature",
        "top_p",
        "top_k",
        "thinking",
        "output_config",
        "output_format",
        "metadata",
        "cache_control",
        "stream",
        "service_tier",
        "speed",
        "diagnostics",
        "inference_geo",
        "context_management",
        "container",
        "mcp_servers",
        "safeguards",
        "something_new",
    ];
    let nulls: serde_json::Map<_, _> = names
        .into_iter()
        .map(|name| (name.to_owned(), Value::Null))
        .collect();
    assert!(read(&body(Value::Object(nulls))).losses.is_empty());
}

#[test]
fn a_token_count_needs_no_output_limit() {
    let count = body(json!({"max_tokens": null, "system": "S"}));
    refused_at(&count, "max_tokens");
    let request = decode_count(&count).unwrap();
    assert!(request.max_output.is_none() && request.system[0].text == "S");
    assert_eq!(decode_count(b"{}").unwrap_err().path, "model");
}
