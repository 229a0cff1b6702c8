//! What is refused, and where the refusal points to.

use proptest::prelude::*;

use super::*;
use crate::testing;

fn refused(body: &[u8]) -> Unfit {
    match decode(body) {
        Ok(_) => panic!("taken: {}", String::from_utf8_lossy(body)),
        Err(unfit) => unfit,
    }
}

/// Where a body is refused.
pub(super) fn path(body: &Value) -> String {
    let unfit = refused(body.to_string().as_bytes());
    assert!(unfit.message.len() > 10, "{unfit}");
    unfit.path
}

#[test]
fn top_level_refusals_name_the_field() {
    let grammar =
        json!([{"type": "custom", "custom": {"name": "c", "format": {"type": "grammar"}}}]);
    let lark = json!([{"type": "custom", "custom": {"name": "c", "format": {"type": "lark"}}}]);
    for (name, value, expected) in [
        ("n", json!(2), "n"),
        ("n", json!(0), "n"),
        ("logit_bias", json!({"50256": -100}), "logit_bias"),
        ("logit_bias", json!(3), "logit_bias"),
        ("audio", json!({"voice": "x"}), "audio"),
        ("modalities", json!(["text", "audio"]), "modalities[1]"),
        ("unheard_of", json!(1), "unheard_of"),
        ("stop", json!(3), "stop"),
        ("stop", json!(["a", 3]), "stop[1]"),
        ("temperature", json!("hot"), "temperature"),
        ("max_tokens", json!(-1), "max_tokens"),
        ("stream", json!("yes"), "stream"),
        ("metadata", json!("x"), "metadata"),
        ("reasoning_effort", json!("huge"), "reasoning_effort"),
        ("verbosity", json!("loud"), "verbosity"),
        (
            "response_format",
            json!({"type": "xml"}),
            "response_format.type",
        ),
        ("response_format", json!({}), "response_format.type"),
        (
            "response_format",
            json!({"type": "json_schema"}),
            "response_format.json_schema",
        ),
        (
            "response_format",
            json!({"type": "json_schema", "json_schema": {}}),
            "response_format.json_schema.schema",
        ),
        ("tool_choice", json!("any"), "tool_choice"),
        ("tool_choice", json!({"type": "tool"}), "tool_choice.type"),
        (
            "tool_choice",
            json!({"type": "function"}),
            "tool_choice.function",
        ),
        (
            "tool_choice",
            json!({"type": "custom", "custom": {"name": 1}}),
            "tool_choice.custom.name",
        ),
        (
            "tool_choice",
            json!({"type": "allowed_tools", "allowed_tools": {"mode": "x", "tools": []}}),
            "tool_choice.allowed_tools.mode",
        ),
        (
            "tool_choice",
            json!({"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [{"type": "function", "function": {}}]}}),
            "tool_choice.allowed_tools.tools[0].function.name",
        ),
        ("function_call", json!("required"), "function_call"),
        ("function_call", json!({}), "function_call.name"),
        ("functions", json!([{}]), "functions[0].name"),
        ("tools", json!({}), "tools"),
        ("tools", json!([{"type": "web_search"}]), "tools[0].type"),
        (
            "tools",
            json!([{"type": "function", "function": {"name": "f", "parameters": []}}]),
            "tools[0].function.parameters",
        ),
        ("tools", json!([{"type": "function"}]), "tools[0].function"),
        ("tools", grammar, "tools[0].custom.format.grammar"),
        ("tools", lark, "tools[0].custom.format.type"),
        ("messages", json!([]), "messages"),
        ("messages", json!(null), "messages"),
        ("model", json!(null), "model"),
    ] {
        assert_eq!(path(&with(name, value.clone())), expected, "{value}");
    }
    let mut both = with("max_tokens", json!(1));
    both["max_completion_tokens"] = json!(1);
    assert_eq!(path(&both), "max_tokens");
}

#[test]
fn refusals_say_what_is_allowed_and_quote_nothing() {
    for (body, sentence) in [
        (
            with("stream", json!("secret, expected x at line 3")),
            "`stream`: expected a boolean",
        ),
        (
            with("n", json!("secret")),
            "`n`: expected a whole number of 0 or more",
        ),
        (with("tools", json!("secret")), "`tools`: expected an array"),
        (
            with("metadata", json!("secret")),
            "`metadata`: expected an object",
        ),
        (
            saying(json!([{"role": "secret"}])),
            "`messages[0].role`: expected `system`, `developer`, `user`, `assistant`, `tool` or `function`",
        ),
        (
            saying(json!([{"role": "user", "content": [{"type": "text", "text": {"secret": 1}}]}])),
            "`messages[0].content[0].text`: expected a string",
        ),
        (
            saying(json!(["secret"])),
            "`messages[0]`: expected a message object",
        ),
    ] {
        assert_eq!(refused(body.to_string().as_bytes()).sentence(), sentence);
    }
    let twice = br#"{"model":"m","messages":[],"stream":true,"stream":false}"#;
    assert_eq!(refused(twice).message, "duplicate field `stream`");
}

#[test]
fn what_is_no_json_object_is_refused() {
    for body in [
        &b""[..],
        b"[]",
        b"3",
        b"{",
        b"{} {}",
        b"\xff",
        b"{\"model\":\"m\",}",
        b"null",
    ] {
        let unfit = refused(body);
        assert!(!unfit.message.is_empty());
    }
    let deep = format!("{{\"model\":\"m\",\"messages\":{}", "[".repeat(100_000));
    refused(deep.as_bytes());
}

proptest! {
    #[test]
    fn whatever_comes_is_taken_or_refused(members in testing::members(), style in any::<usize>()) {
        let _ = decode(testing::render(&members, style).as_bytes());
    }

    #[test]
    fn whatever_bytes_come_are_taken_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(&bytes);
    }
}

#[test]
fn probabilities_are_refused() {
    assert_eq!(path(&with("logprobs", json!(true))), "logprobs");
    assert_eq!(path(&with("top_logprobs", json!(3))), "top_logprobs");
}
