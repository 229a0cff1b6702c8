//! What holds for every body.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::dialect::Dialect;
use crate::loss::Losses;
use crate::messages::{decode, encode};
use crate::{Protocol, testing};

/// A body with something of everything.
fn rich() -> Value {
    json!({
        "model": "m", "max_tokens": 10, "stream": true, "temperature": 0.5, "top_k": 3,
        "system": [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}],
        "messages": [
            {"role": "user", "content": [
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "x"}},
                {"type": "document", "title": "t", "citations": {"enabled": true}, "source":
                    {"type": "content", "content": [{"type": "text", "text": "d"}]}},
                {"type": "search_result", "title": "t", "source": "s", "content": []}]},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "t", "signature": "s"},
                {"type": "redacted_thinking", "data": "d"},
                {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "q"}},
                {"type": "web_search_tool_result", "tool_use_id": "s", "content": [{"url": "u"}]},
                {"type": "tool_use", "id": "c", "name": "n", "input": {"a": 1}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c", "is_error": true,
                "content": [{"type": "tool_reference", "tool_name": "n"}]}]},
            {"role": "system", "content": "s"}],
        "tools": [{"name": "n", "description": "d", "strict": true, "input_schema":
                {"anyOf": [{"properties": {"a": {}}}, {"$ref": "#/$defs/x"}], "$defs": {"x": {}}}},
            {"type": "web_search_20250305", "name": "web_search", "max_uses": 1}],
        "tool_choice": {"type": "tool", "name": "n", "disable_parallel_tool_use": true},
        "thinking": {"type": "enabled", "budget_tokens": 1024, "display": "omitted"},
        "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": {}}},
        "metadata": {"user_id": "u"}, "stop_sequences": ["x"], "mcp_servers": [],
        "context_management": {"edits": [{"type": "clear_x"}]},
    })
}

/// Every value in `value`, by its pointer.
fn pointers(value: &Value, at: &str, all: &mut Vec<String>) {
    all.push(at.to_owned());
    match value {
        Value::Array(list) => {
            for (place, value) in list.iter().enumerate() {
                pointers(value, &format!("{at}/{place}"), all);
            }
        }
        Value::Object(members) => {
            for (key, value) in members {
                pointers(value, &format!("{at}/{}", key.replace('/', "~1")), all);
            }
        }
        _ => {}
    }
}

/// Whatever is read can be written.
fn there_and_back(bytes: &[u8]) {
    if let Ok(request) = decode(bytes) {
        let target = Dialect::new(Protocol::Messages, "v");
        if let Ok(out) = encode(&request, &target, &mut Losses::default()) {
            serde_json::from_slice::<Value>(&out).unwrap();
        }
    }
}

#[test]
fn the_rich_body_is_taken() {
    assert!(decode(rich().to_string().as_bytes()).is_ok());
    there_and_back(rich().to_string().as_bytes());
}

#[test]
fn errors_never_quote_what_was_said() {
    let mut all = Vec::new();
    pointers(&rich(), "", &mut all);
    let mut refusals = 0;
    for canary in [
        json!("canary, expected bird"),
        json!(["canary \" at line 3"]),
        json!({"type": "canary song"}),
    ] {
        for pointer in &all {
            let mut body = rich();
            *body.pointer_mut(pointer).unwrap() = canary.clone();
            if let Err(unfit) = decode(body.to_string().as_bytes()) {
                refusals += 1;
                assert!(
                    !unfit.sentence().contains("canary"),
                    "{pointer}: {}",
                    unfit.sentence()
                );
                assert!(
                    !unfit.sentence().contains("bird"),
                    "{pointer}: {}",
                    unfit.sentence()
                );
            }
        }
    }
    assert!(refusals > 100, "{refusals}");
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(value in testing::value(), at in any::<prop::sample::Index>()) {
        let mut all = Vec::new();
        pointers(&rich(), "", &mut all);
        let mut body = rich();
        *body.pointer_mut(at.get::<String>(&all)).unwrap() = value.clone();
        there_and_back(body.to_string().as_bytes());
        there_and_back(value.to_string().as_bytes());
    }

    #[test]
    fn a_cut_body_is_refused(at in any::<prop::sample::Index>()) {
        let body = rich().to_string();
        let cut = at.index(body.len());
        prop_assert!(decode(&body.as_bytes()[..cut]).is_err());
    }
}
