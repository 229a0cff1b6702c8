//! Where a refusal inside a message points to.

use super::refusals::path;
use super::*;

/// Where a message is refused that is the third.
fn third(message: &Value) -> String {
    path(&saying(json!([
        {"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}, message,
    ])))
}

#[test]
fn refusals_inside_parts_name_the_place() {
    let part =
        |part: &Value| json!({"role": "user", "content": [{"type": "text", "text": "a"}, part]});
    for (message, expected) in [
        (part(&json!({"text": "x"})), "content[1].type"),
        (part(&json!({"type": "text"})), "content[1].text"),
        (part(&json!({"type": "text", "text": 1})), "content[1].text"),
        (
            part(&json!({"type": "video", "video": {}})),
            "content[1].type",
        ),
        (
            part(&json!({"type": "refusal", "refusal": "x"})),
            "content[1].type",
        ),
        (
            part(&json!({"type": "input_audio", "input_audio": {}})),
            "content[1].type",
        ),
        (part(&json!({"type": "image_url"})), "content[1].image_url"),
        (
            part(&json!({"type": "image_url", "image_url": "https://example.com"})),
            "content[1].image_url",
        ),
        (
            part(&json!({"type": "image_url", "image_url": {"url": "file:///etc/passwd"}})),
            "content[1].image_url.url",
        ),
        (
            part(&json!({"type": "image_url", "image_url": {"url": "data:image/tiff;base64,aa"}})),
            "content[1].image_url.url",
        ),
        (
            part(&json!({"type": "file", "file": {"file_id": "file-1"}})),
            "content[1].file.file_id",
        ),
        (
            part(&json!({"type": "file", "file": {"file_data": "JVBERi0="}})),
            "content[1].file.file_data",
        ),
        (
            part(&json!({"type": "file", "file": {"file_data": "data:application/zip;base64,aa"}})),
            "content[1].file.file_data",
        ),
        (
            part(&json!({"type": "file", "file": {}})),
            "content[1].file.file_data",
        ),
    ] {
        assert_eq!(
            third(&message),
            format!("messages[2].{expected}"),
            "{message}"
        );
    }
}

#[test]
fn refusals_inside_messages_name_the_place() {
    let call = |call: &Value| json!({"role": "assistant", "tool_calls": [call]});
    for (message, expected) in [
        (json!({"content": "x"}), "role"),
        (json!({"role": "model", "content": "x"}), "role"),
        (json!({"role": "user", "content": 3}), "content"),
        (json!({"role": "user", "content": [3]}), "content[0]"),
        (json!({"role": "user", "content": {}}), "content"),
        (
            json!({"role": "system", "content": [{"type": "image_url", "image_url": {"url": "https://a.b"}}]}),
            "content[0].type",
        ),
        (
            json!({"role": "assistant", "content": [{"type": "image_url"}]}),
            "content[0].type",
        ),
        (
            json!({"role": "assistant", "audio": {"id": "audio_1"}}),
            "audio",
        ),
        (json!({"role": "tool", "content": "x"}), "tool_call_id"),
        (json!({"role": "function", "content": "x"}), "name"),
        (
            json!({"role": "function", "name": "f", "content": "x"}),
            "name",
        ),
        (
            call(&json!({"function": {"name": "f", "arguments": "{}"}})),
            "tool_calls[0].id",
        ),
        (
            call(&json!({"id": "c", "type": "function"})),
            "tool_calls[0].function",
        ),
        (
            call(&json!({"id": "c", "type": "mcp"})),
            "tool_calls[0].type",
        ),
        (
            call(&json!({"id": "c", "type": "custom", "custom": {"name": "f"}})),
            "tool_calls[0].custom.input",
        ),
        (
            call(&json!({"id": "c", "function": {"name": "f", "arguments": {}}})),
            "tool_calls[0].function.arguments",
        ),
    ] {
        assert_eq!(
            third(&message),
            format!("messages[2].{expected}"),
            "{message}"
        );
    }
}

#[test]
fn arguments_that_are_no_object_do_not_end_the_conversation() {
    for arguments in [
        "{\"a\":\"cut",
        "[]",
        "3",
        "\"{}\"",
        "null",
        "{",
        "{}{}",
        "{\"a\":}",
        "nonsense",
    ] {
        let function = json!({"name": "f", "arguments": arguments});
        let modern = json!({"tool_calls": [{"id": "c", "function": function}]});
        for mut message in [modern, json!({"function_call": function})] {
            message["role"] = json!("assistant");
            read(&saying(json!([message])), |request| {
                let input = &call(&request.turns[0].parts[0]).input;
                let kept: Value = serde_json::from_str(input).unwrap();
                assert_eq!(kept, json!({"arguments": arguments}));
            });
        }
    }
}
