//! What no request may hold: wrong types, wrong words, things left out.

use super::*;

#[test]
fn unknown_members_are_refused_by_name() {
    at(&json!({"logit_bias": {}}), "logit_bias", "leave it out");
    at(&json!({"n": 2}), "n", "leave it out");
}

#[test]
fn wrong_types_are_told_with_their_path_and_without_what_was_found() {
    let user = |content: Value| json!({"input": [{"role": "user", "content": content}]});
    at(&json!({"stream": "secret"}), "stream", "expected a boolean");
    at(
        &json!({"max_output_tokens": "secret"}),
        "max_output_tokens",
        "expected a whole number",
    );
    at(
        &json!({"input": 1}),
        "input",
        "expected a string or a list of items",
    );
    at(
        &json!({"input": [{"role": 7}]}),
        "input[0].role",
        "expected a string",
    );
    at(&json!({"input": ["secret"]}), "input[0]", "expected ");
    at(
        &user(json!({})),
        "input[0].content",
        "expected a string or a list of parts",
    );
    at(
        &user(json!([{"type": "input_text", "text": 5}])),
        "input[0].content[0].text",
        "expected a string",
    );
    at(
        &json!({"tools": [{"type": "function", "name": ["secret"]}]}),
        "tools[0].name",
        "expected a string",
    );
    at(
        &json!({"text": {"format": {"type": 1}}}),
        "text.format.type",
        "expected a string",
    );
    at(&json!({"metadata": []}), "metadata", "expected an object");
    for members in [
        json!({"stream": "secret"}),
        json!({"model": {"secret": 1}, "input": []}),
    ] {
        assert!(!refused(&members).message.contains("secret"));
    }
}

#[test]
fn what_is_required_is_said_to_be() {
    let item = |item: Value| json!({"input": [item]});
    for (members, path) in [
        (json!({"model": null}), "model"),
        (json!({"input": null}), "input"),
        (item(json!({})), "input[0].type"),
        (item(json!({"type": "message"})), "input[0].role"),
        (item(json!({"role": "user"})), "input[0].content"),
        (
            item(json!({"role": "user", "content": [{}]})),
            "input[0].content[0].type",
        ),
        (
            item(json!({"type": "function_call", "call_id": "c"})),
            "input[0].name",
        ),
        (
            item(json!({"type": "function_call", "name": "f"})),
            "input[0].call_id",
        ),
        (
            item(json!({"type": "custom_tool_call", "name": "f"})),
            "input[0].input",
        ),
        (
            item(json!({"type": "function_call_output"})),
            "input[0].call_id",
        ),
        (
            item(json!({"type": "compaction"})),
            "input[0].encrypted_content",
        ),
        (json!({"tools": [{"name": "f"}]}), "tools[0].type"),
        (json!({"tools": [{"type": "function"}]}), "tools[0].name"),
        (
            json!({"tool_choice": {"type": "function"}}),
            "tool_choice.name",
        ),
        (
            json!({"text": {"format": {"type": "json_schema"}}}),
            "text.format.schema",
        ),
    ] {
        at(&members, path, "is required");
    }
}

#[test]
fn wrong_words_are_told_with_the_right_ones() {
    let user = |content: Value| json!({"input": [{"role": "user", "content": content}]});
    let image = |url: &str| user(json!([{"type": "input_image", "image_url": url}]));
    at(
        &json!({"input": [{"role": "tool", "content": ""}]}),
        "input[0].role",
        "`developer`",
    );
    at(
        &json!({"reasoning": {"effort": "huge"}}),
        "reasoning.effort",
        "`xhigh`",
    );
    at(
        &json!({"text": {"verbosity": "huge"}}),
        "text.verbosity",
        "`medium`",
    );
    at(
        &json!({"text": {"format": {"type": "xml"}}}),
        "text.format.type",
        "`json_schema`",
    );
    at(&json!({"tool_choice": "any"}), "tool_choice", "`required`");
    at(&json!({"top_logprobs": 1}), "top_logprobs", "leave it out");
    at(
        &json!({"include": ["a", "message.output_text.logprobs"]}),
        "include[1]",
        "leave it out",
    );
    at(
        &json!({"tools": [{"type": "function", "name": "f", "parameters": "x"}]}),
        "tools[0].parameters",
        "an object",
    );
    at(
        &json!({"text": {"format": {"type": "json_schema", "schema": "x"}}}),
        "text.format.schema",
        "an object",
    );
    at(
        &user(json!([{"type": "input_audio"}])),
        "input[0].content[0].type",
        "`input_image`",
    );
    for broken in [
        "data:image/png,raw",
        "data:;base64,aGk=",
        "data:image/png;base64,",
    ] {
        at(&image(broken), "input[0].content[0].image_url", "base64");
    }
    let item = json!({"role": "assistant", "content": [{"type": "input_image", "image_url": "x"}]});
    at(
        &json!({"input": [item]}),
        "input[0].content[0].type",
        "`output_text`",
    );
    let item = json!({"role": "system", "content": [{"type": "input_image", "image_url": "x"}]});
    at(
        &json!({"input": [item]}),
        "input[0].content[0].type",
        "`input_text`",
    );
    let items = json!([{"type": "compaction_trigger"}, {"role": "user", "content": "a"}]);
    at(&json!({"input": items}), "input[1].type", "last");
}

#[test]
fn a_body_that_is_no_json_object_is_refused() {
    for (body, words) in [
        (&b"{\"model\":"[..], "not valid JSON"),
        (b"[]", "expected an object"),
        (b"", "not valid JSON"),
        (b"{} x", "not valid JSON"),
        (b"{\"model\":\"\xff\"}", "UTF-8"),
        (b"{\"model\":\"m\",\"model\":\"n\"}", "duplicate"),
    ] {
        let unfit = decode(body).err().unwrap();
        assert!(unfit.message.contains(words), "{}", unfit.message);
    }
}
