//! Tools and the choice among them.

use super::*;
use crate::conversation::{Kind, Tool, ToolName};

fn listed(tools: &Value) -> Vec<String> {
    tool_lines(&decode(body(&json!({"tools": tools})).as_bytes()).unwrap())
}

#[test]
fn functions_groups_free_text_and_searches() {
    let tools = json!([
        {"type": "function", "name": "f", "description": "d", "strict": false, "parameters": {}},
        {"type": "function", "name": "bare", "strict": null, "parameters": null},
        {"type": "function", "name": "late", "strict": true, "parameters": {}, "defer_loading": true},
        {"type": "namespace", "name": "n", "description": "", "tools": [
            {"type": "function", "name": "g", "strict": false, "parameters": {}},
            {"type": "custom", "name": "c", "format": {"type": "text"}}]},
        {"type": "custom", "name": "p",
         "format": {"type": "grammar", "syntax": "regex", "definition": "a+"}},
        {"type": "web_search_preview", "search_context_size": "low"},
        {"type": "web_search", "filters": {"allowed_domains": ["a.org"], "blocked_domains": ["b.org"]}},
        {"type": "tool_search"},
    ]);
    assert_eq!(
        listed(&tools),
        [
            "function f schema loose",
            "function bare",
            "function late schema strict deferred",
            "function n/g schema loose",
            "freeform n/c",
            "freeform p regex",
            "web search + - low",
            "web search +a.org -b.org",
        ]
    );
    assert_eq!(lost(&json!({"tools": tools})), "tool_search");
}

#[test]
fn strict_left_out_means_true_where_the_schema_takes_it() {
    let closed = json!({"type": "object", "additionalProperties": false, "required": ["a"],
        "properties": {"a": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/b"}]}},
        "$defs": {"b": {"type": "object", "additionalProperties": false, "properties": {}}}});
    let mut open = closed.clone();
    open["$defs"]["b"]["additionalProperties"] = json!(true);
    let mut optional = closed.clone();
    optional["required"] = json!([]);
    let mut item = closed.clone();
    item["properties"]["a"] = json!({"type": "array", "items": {"type": "object"}});
    let mut all = closed.clone();
    all["properties"]["a"] = json!({"allOf": []});
    for (schema, line) in [
        (closed, "function f schema strict"),
        (open, "function f schema"),
        (optional, "function f schema"),
        (item, "function f schema"),
        (all, "function f schema"),
        (json!({}), "function f schema"),
    ] {
        let tools = json!([{"type": "function", "name": "f", "parameters": schema}]);
        assert_eq!(listed(&tools), [line], "{schema}");
    }
}

#[test]
fn a_schema_without_end_is_not_looked_through() {
    let depth = 20_000;
    let nested = [&*r#"{"items":"#.repeat(depth), "{}", &*"}".repeat(depth)].concat();
    let body = format!(
        r#"{{"model":"m","input":[],"tools":[{{"type":"function","name":"f","parameters":{nested}}}]}}"#
    );
    let request = decode(body.as_bytes()).unwrap();
    assert_eq!(tool_lines(&request), ["function f schema"]);
    let closed = format!(
        r#"{{"type":"object","additionalProperties":false,"required":["a"],"properties":{{"a":{nested}}}}}"#
    );
    let body = body.replace(&nested, &closed);
    let request = decode(body.as_bytes()).unwrap();
    assert_eq!(tool_lines(&request), ["function f schema"]);
}

#[test]
fn tools_of_the_conversation_do_not_replace_those_of_the_request() {
    let members = json!({
        "tools": [{"type": "function", "name": "f", "strict": true, "parameters": {}}],
        "input": [{"type": "additional_tools", "role": "developer", "tools": [
            {"type": "function", "name": "f", "strict": false, "parameters": {}},
            {"type": "function", "name": "g", "strict": false, "parameters": {}}]}],
    });
    let lines = ["function f schema strict", "function g schema loose"];
    assert_eq!(
        tool_lines(&decode(body(&members).as_bytes()).unwrap()),
        lines
    );
}

#[test]
fn descriptions_and_schemas_stay_as_they_came() {
    let body = r#"{"model":"m","input":[],"tools":[{"type":"function","name":"f","description":"d\n",
        "parameters":{ "b":1.0, "a" : [] }}]}"#;
    let request = decode(body.as_bytes()).unwrap();
    let Some(Tool::Client(tool)) = request.tools.first() else {
        panic!()
    };
    assert_eq!(tool.description.as_deref(), Some("d\n"));
    assert_eq!(
        tool.schema.as_ref().unwrap().get(),
        r#"{ "b":1.0, "a" : [] }"#
    );
}

#[test]
fn the_choice_in_all_its_forms() {
    let freeform = ToolName {
        kind: Kind::Freeform,
        ..ToolName::function("p")
    };
    let search = ToolName {
        kind: Kind::ToolSearch,
        ..ToolName::function("tool_search")
    };
    let grouped = ToolName {
        namespace: Some("n".into()),
        ..ToolName::function("f")
    };
    let among = |required, tools| Choice::Among { required, tools };
    for (written, choice) in [
        (json!("auto"), Choice::Auto),
        (json!("required"), Choice::Required),
        (json!("none"), Choice::None),
        (json!({"type": "web_search_preview"}), Choice::WebSearch),
        (
            json!({"type": "function", "name": "f", "namespace": "n"}),
            Choice::One(grouped),
        ),
        (
            json!({"type": "custom", "name": "p"}),
            Choice::One(freeform.clone()),
        ),
        (json!({"type": "tool_search"}), Choice::One(search)),
        (
            json!({"type": "allowed_tools", "mode": "required", "tools": [
                {"type": "function", "name": "f"}, {"type": "custom", "name": "p"}]}),
            among(true, vec![ToolName::function("f"), freeform]),
        ),
        (
            json!({"type": "allowed_tools", "tools": []}),
            among(false, vec![]),
        ),
    ] {
        let body = body(&json!({"tool_choice": written}));
        assert!(
            decode(body.as_bytes()).unwrap().choice == Some(choice),
            "{written}"
        );
    }
}
