//! Tools and choices.

use super::*;
use crate::conversation::ToolName;

#[test]
fn tools_are_read_in_every_form() {
    let body = with(
        "tools",
        json!([
            {"type": "function", "function": {"name": "a", "description": "d", "parameters": {"type": "object"}, "strict": true}},
            {"type": "function", "function": {"name": "b", "parameters": null}},
            {"type": "custom", "custom": {"name": "c", "format": {"type": "text"}}},
            {"type": "custom", "custom": {"name": "d", "description": "p", "format": {
                "type": "grammar", "grammar": {"syntax": "lark", "definition": "start: X"}
            }}},
        ]),
    );
    read(&body, |request| {
        let tools: Vec<_> = request
            .tools
            .iter()
            .map(|tool| match tool {
                Tool::Client(tool) => tool,
                Tool::WebSearch(_) => panic!("not a client's tool"),
            })
            .collect();
        let names: Vec<_> = tools
            .iter()
            .map(|tool| (&*tool.name.name, tool.name.kind))
            .collect();
        let (function, free) = (Kind::Function, Kind::Freeform);
        assert_eq!(
            names,
            [("a", function), ("b", function), ("c", free), ("d", free)]
        );
        assert_eq!(
            tools[0].schema.as_ref().unwrap().get(),
            r#"{"type":"object"}"#
        );
        assert_eq!(tools[0].description.as_deref(), Some("d"));
        assert_eq!((tools[0].strict, tools[1].strict), (Some(true), None));
        assert!(tools[1].schema.is_none() && tools[2].grammar.is_none());
        let grammar = tools[3].grammar.as_ref().unwrap();
        assert!(grammar.syntax == "lark" && grammar.definition == "start: X");
    });
}

#[test]
fn functions_of_old_are_tools() {
    let mut body = with("functions", json!([{"name": "f", "parameters": {}}]));
    body["function_call"] = json!({"name": "f"});
    read(&body, |request| {
        assert!(matches!(&request.tools[..], [Tool::Client(tool)] if tool.name.name == "f"));
        assert!(request.choice == Some(Choice::One(ToolName::function("f"))));
    });
    for (word, choice) in [("auto", Choice::Auto), ("none", Choice::None)] {
        read(&with("function_call", json!(word)), |request| {
            assert!(request.choice == Some(choice));
        });
    }
}

#[test]
fn choices_are_read_in_every_form() {
    let free = |name: &'static str| ToolName {
        kind: Kind::Freeform,
        ..ToolName::function(name)
    };
    for (written, choice) in [
        (json!("auto"), Choice::Auto),
        (json!("required"), Choice::Required),
        (json!("none"), Choice::None),
        (
            json!({"type": "function", "function": {"name": "f"}}),
            Choice::One(ToolName::function("f")),
        ),
        (
            json!({"type": "custom", "custom": {"name": "c"}}),
            Choice::One(free("c")),
        ),
        (
            json!({"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [
                {"type": "function", "function": {"name": "f"}}, {"type": "custom", "custom": {"name": "c"}},
            ]}}),
            Choice::Among {
                required: true,
                tools: vec![ToolName::function("f"), free("c")],
            },
        ),
        (
            json!({"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": []}}),
            Choice::Among {
                required: false,
                tools: vec![],
            },
        ),
    ] {
        read(&with("tool_choice", written.clone()), |request| {
            assert!(request.choice == Some(choice), "{written}");
        });
    }
}

#[test]
fn the_web_search_is_a_tool() {
    let options = json!({"search_context_size": "low", "user_location": {
        "type": "approximate", "approximate": {"country": "NO"}
    }});
    read(&with("web_search_options", options), |request| {
        let Tool::WebSearch(search) = &request.tools[0] else {
            panic!("not a search")
        };
        assert_eq!(search.context_size.as_deref(), Some("low"));
        let country = search.user_location.as_ref().unwrap().country.as_deref();
        assert_eq!(
            (country, search.place.path()),
            (Some("NO"), "web_search_options")
        );
        assert!(request.losses.is_empty());
    });
    read(&with("web_search_options", json!({})), |request| {
        assert!(request.tools.len() == 1 && request.losses.is_empty());
    });
}
