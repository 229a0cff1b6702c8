//! Tools, and what the model must do with them.

use serde_json::{Value, json};

use super::{body, losses, read, refused, refused_at};
use crate::conversation::{CacheMark, Choice, Kind, Tool, ToolName};
use crate::loss::Loss;

fn tools(tools: Value) -> Vec<u8> {
    let mut extra = json!({});
    extra["tools"] = tools;
    body(extra)
}

#[test]
fn functions_are_read_with_all_they_say() {
    let bytes = tools(json!([
        {"type": "custom", "name": "a", "description": "D", "strict": true, "defer_loading": true,
         "input_schema": {"type": "object", "properties": {}},
         "cache_control": {"type": "ephemeral", "ttl": "1h"}},
        {"name": "b"},
    ]));
    let request = read(&bytes);
    let [Tool::Client(a), Tool::Client(b)] = request.tools.as_slice() else {
        panic!("others")
    };
    assert!(a.name == ToolName::function("a") && a.name.kind == Kind::Function);
    assert!(a.description.as_deref() == Some("D") && a.strict == Some(true) && a.deferred);
    assert_eq!(a.cache, Some(CacheMark::Hour));
    assert_eq!(
        a.schema.as_ref().unwrap().get(),
        r#"{"properties":{},"type":"object"}"#
    );
    assert!(b.schema.is_none() && b.strict.is_none() && b.description.is_none());
    assert!(request.losses.is_empty());
}

#[test]
fn broken_functions_are_located() {
    refused_at(
        &tools(json!([{"name": "a"}, {"type": "custom"}])),
        "tools[1].name",
    );
    refused_at(
        &tools(json!([{"name": "a", "input_schema": []}])),
        "tools[0].input_schema",
    );
    refused_at(
        &tools(json!([{"name": "a", "strict": "no"}])),
        "tools[0].strict",
    );
}

#[test]
fn options_of_a_tool_are_a_loss() {
    for (name, value) in [
        ("input_examples", json!([{}])),
        ("allowed_callers", json!(["direct"])),
        ("eager_input_streaming", json!(true)),
    ] {
        let bytes = tools(json!([{"name": "a", name: value}]));
        assert_eq!(losses(&read(&bytes)), [Loss::ToolOptions], "{name}");
    }
}

#[test]
fn a_web_search_of_any_date_is_a_web_search() {
    for kind in [
        "web_search_20250305",
        "web_search_20260209",
        "web_search_20261101",
    ] {
        let bytes = tools(json!([{"type": kind, "name": "web_search", "max_uses": 3,
            "allowed_domains": ["a.org"], "blocked_domains": ["b.org"],
            "user_location": {"type": "approximate", "city": "Bern"}}]));
        let request = read(&bytes);
        let [Tool::WebSearch(search)] = request.tools.as_slice() else {
            panic!("{kind}")
        };
        assert_eq!(search.max_uses, Some(3));
        assert!(search.allowed_domains == ["a.org"] && search.blocked_domains == ["b.org"]);
        let city = search.user_location.as_ref().unwrap().city.as_deref();
        assert_eq!((city, search.place.path()), (Some("Bern"), "tools[0]"));
        assert!(request.losses.is_empty());
    }
}

#[test]
fn a_tool_that_finds_tools_is_left_out() {
    let bytes =
        tools(json!([{"type": "tool_search_tool_bm25_20251119", "name": "t"}, {"name": "a"}]));
    let request = read(&bytes);
    assert_eq!(request.tools.len(), 1);
    assert_eq!(losses(&request), [Loss::ToolSearch]);
}

#[test]
fn tools_known_to_one_vendor_are_refused_by_name() {
    for kind in [
        "bash_20250124",
        "text_editor_20250728",
        "memory_20250818",
        "computer_20250124",
        "web_fetch_20250910",
        "code_execution_20250825",
        "mcp_toolset",
    ] {
        let (path, message) = refused(&tools(json!([{"name": "a"}, {"type": kind, "name": "b"}])));
        assert_eq!(path, "tools[1].type");
        assert!(
            message.contains(kind) && message.contains("input_schema"),
            "{message}"
        );
    }
}

#[test]
fn every_choice_has_its_word() {
    for (given, choice, parallel) in [
        (json!({"type": "auto"}), Choice::Auto, None),
        (json!({"type": "any"}), Choice::Required, None),
        (json!({"type": "none"}), Choice::None, None),
        (
            json!({"type": "tool", "name": "a"}),
            Choice::One(ToolName::function("a")),
            None,
        ),
        (
            json!({"type": "auto", "disable_parallel_tool_use": true}),
            Choice::Auto,
            Some(false),
        ),
        (
            json!({"type": "any", "disable_parallel_tool_use": false}),
            Choice::Required,
            None,
        ),
    ] {
        let bytes = body(json!({"tools": [{"name": "a"}], "tool_choice": given}));
        let request = read(&bytes);
        assert!(request.choice == Some(choice));
        assert_eq!(request.parallel_calls, parallel);
    }
    refused_at(
        &body(json!({"tool_choice": {"type": "tool"}})),
        "tool_choice.name",
    );
    refused_at(
        &body(json!({"tool_choice": {"type": "some"}})),
        "tool_choice.type",
    );
    refused_at(&body(json!({"tool_choice": {}})), "tool_choice.type");
    refused_at(&body(json!({"tool_choice": "auto"})), "tool_choice");
}

#[test]
fn the_web_search_is_chosen_by_its_name() {
    let search = json!({"type": "web_search_20250305", "name": "web_search"});
    let own = json!({"name": "web_search"});
    for (tools, expected) in [
        (json!([search]), Choice::WebSearch),
        (
            json!([search, own]),
            Choice::One(ToolName::function("web_search")),
        ),
        (
            json!([{"name": "a"}]),
            Choice::One(ToolName::function("web_search")),
        ),
    ] {
        let choice = json!({"type": "tool", "name": "web_search"});
        let bytes = body(json!({"tools": tools, "tool_choice": choice}));
        assert!(read(&bytes).choice == Some(expected), "{tools}");
    }
}
