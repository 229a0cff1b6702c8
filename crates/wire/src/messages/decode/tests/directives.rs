//! What messages of the system direct beside what they say, and other blocks of newer clients.

use serde_json::{Value, json};

use super::{body, losses, read, refused_at, said};
use crate::conversation::{CacheMark, Choice, Effort, Part, Request, Role, Said, Tool, ToolName};
use crate::loss::Loss;

/// A body with these messages between two of the user.
fn between(messages: &[Value]) -> Value {
    let mut all = vec![json!({"role": "user", "content": "a"})];
    all.extend_from_slice(messages);
    all.push(json!({"role": "assistant", "content": "b"}));
    all.push(json!({"role": "user", "content": "c"}));
    json!({"messages": all})
}

fn texts<'r>(request: &'r Request<'_>) -> Vec<&'r str> {
    let parts = request.turns.iter().flat_map(|turn| &turn.parts);
    let texts = parts.map(|part| match part {
        Part::Text(said) => &*said.text,
        _ => panic!("not a text"),
    });
    texts.collect()
}

#[test]
fn the_last_effort_of_the_system_is_the_requests() {
    let bytes = body(between(&[
        json!({"role": "system", "output_config": {"effort": "max"}}),
        json!({"role": "system", "content": [], "output_config": {"effort": "low"}}),
        json!({"role": "system", "content": "x", "output_config": {}}),
    ]));
    let request = read(&bytes);
    assert_eq!(request.reasoning.effort, Some(Effort::Low));
    assert_eq!(texts(&request), ["a", "x", "b", "c"]);
    assert!(request.turns.len() == 4 && request.losses.is_empty());
    let mut bytes = between(&[json!({"role": "system", "output_config": {"effort": "low"}})]);
    bytes["output_config"] = json!({"effort": "high"});
    assert_eq!(read(&body(bytes)).reasoning.effort, Some(Effort::Low));
}

#[test]
fn directives_that_cannot_be_followed_are_refused_where_they_stand() {
    for (message, path) in [
        (
            json!({"output_config": {"effort": "huge"}}),
            "output_config.effort",
        ),
        (
            json!({"output_config": {"format": {}}}),
            "output_config.format",
        ),
        (json!({"content": "x", "clear_at": "noon"}), "clear_at"),
        (json!({}), "content"),
        (
            json!({"content": [{"type": "tool_addition"}]}),
            "content[0].tool",
        ),
        (
            json!({"content": [{"type": "tool_addition", "tool": {"type": "tool_reference"}}]}),
            "content[0].tool.name",
        ),
        (
            json!({"content": [{"type": "tool_removal", "tool": {"type": "mcp_toolset_reference"}}]}),
            "content[0].tool.type",
        ),
        (
            json!({"content": [{"type": "tool_addition", "tool": {
                "type": "tool_definition", "definition": {"type": "bash_20250124", "name": "bash"}}}]}),
            "content[0].tool.definition.type",
        ),
    ] {
        let mut message = message;
        message["role"] = json!("system");
        refused_at(&body(between(&[message])), &format!("messages[1].{path}"));
    }
    let only = json!({"messages": [{"role": "system", "output_config": {"effort": "low"}}]});
    refused_at(&body(only), "messages");
    let block = json!([{"type": "tool_removal", "tool": {"type": "tool_reference", "name": "x"}}]);
    refused_at(&said("user", block), "messages[0].content[0].type");
}

#[test]
fn what_is_meant_for_one_answer_goes_with_the_next_message_of_the_user() {
    let system =
        |text: &str, until: Value| json!({"role": "system", "content": text, "clear_at": until});
    let mut messages = between(&[
        system("gone", json!("next_user_message")),
        system("stays", json!("never")),
        system("stays too", json!(null)),
    ]);
    let list = messages["messages"].as_array_mut().unwrap();
    list.push(system("still here", json!("next_user_message")));
    let bytes = body(messages);
    let request = read(&bytes);
    assert_eq!(
        texts(&request),
        ["a", "stays", "stays too", "b", "c", "still here"]
    );
    assert!(request.losses.is_empty());
}

#[test]
fn tools_that_come_and_go_are_told() {
    let definition = json!({"name": "new", "description": "D", "input_schema": {"type": "object"}});
    let mark = json!({"type": "ephemeral"});
    let mut messages = between(&[
        json!({"role": "system", "clear_at": "next_user_message", "content": [
            {"type": "text", "text": "gone"},
            {"type": "tool_addition", "tool": {"type": "tool_reference", "name": "x"}},
            {"type": "tool_removal", "tool": {"type": "tool_reference", "name": "y"}, "cache_control": mark},
            {"type": "tool_addition", "tool": {"type": "tool_definition", "definition": {"name": "new"}}},
            {"type": "tool_addition", "tool": {"type": "tool_definition", "definition": definition}},
        ]}),
    ]);
    messages["tools"] = json!([{"name": "x"}, {"name": "y"}]);
    messages["tool_choice"] = json!({"type": "tool", "name": "new"});
    let bytes = body(messages);
    let request = read(&bytes);
    assert_eq!(request.turns[1].role, Role::System);
    let text = |text: &'static str, cache| {
        Part::Text(Said {
            text: text.into(),
            cache,
        })
    };
    assert!(
        request.turns[1].parts
            == [
                text("Tool now available: x", None),
                text("Tool no longer available: y", Some(CacheMark::Short)),
                text("Tool now available: new", None),
                text("Tool now available: new", None),
            ]
    );
    let [_, _, Tool::Client(new)] = request.tools.as_slice() else {
        panic!("other tools")
    };
    assert!(new.name == ToolName::function("new") && new.description.as_deref() == Some("D"));
    assert!(request.choice == Some(Choice::One(ToolName::function("new"))));
    assert_eq!(losses(&request), [Loss::ToolSearch]);
}

#[test]
fn other_members_of_a_message_are_a_loss() {
    for (member, value) in [
        ("something_new", json!(1)),
        ("output_config", json!({"effort": "low"})),
        ("clear_at", json!("never")),
    ] {
        let mut message = json!({"role": "user", "content": "a"});
        message[member] = value;
        let bytes = body(json!({"messages": [message]}));
        let request = read(&bytes);
        assert_eq!(losses(&request), [Loss::MessageOptions], "{member}");
        assert_eq!(request.reasoning.effort, None);
    }
    let nothing = json!({"messages": [{"role": "user", "content": "a", "something_new": null}]});
    assert!(read(&body(nothing)).losses.is_empty());
}

#[test]
fn a_summary_that_can_be_read_is_text_and_a_mark_of_a_fallback_is_nothing() {
    let info = json!({"model": "m"});
    let bytes = said(
        "assistant",
        json!([
            {"type": "compaction", "content": "So far.", "cache_control": {"type": "ephemeral"}},
            {"type": "compaction", "content": null},
            {"type": "fallback", "from": info, "to": info},
            {"type": "text", "text": "On."},
        ]),
    );
    let request = read(&bytes);
    assert_eq!(texts(&request), ["So far.", "On."]);
    assert!(request.losses.is_empty());
    let sealed = json!([{"type": "compaction", "content": null, "encrypted_content": "x"}]);
    refused_at(&said("assistant", sealed), "messages[0].content[0].content");
}
