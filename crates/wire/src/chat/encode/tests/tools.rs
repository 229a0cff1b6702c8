//! Tools and choices.

use super::*;
use crate::conversation::{Choice, ClientTool, Grammar, Location, Tool, WebSearch};

fn function<'a>(name: &'a str, schema: &'a str, strict: Option<bool>) -> Tool<'a> {
    Tool::Client(ClientTool {
        name: ToolName::function(name),
        description: Some("d".into()),
        schema: Some(Cow::Borrowed(raw(schema))),
        strict,
        ..ClientTool::default()
    })
}

fn freeform(grammar: Option<Grammar<'_>>) -> Tool<'_> {
    Tool::Client(ClientTool {
        name: ToolName {
            kind: Kind::Freeform,
            ..ToolName::function("c")
        },
        grammar,
        ..ClientTool::default()
    })
}

#[test]
fn tools_keep_their_schema_as_it_came() {
    let mut request = hi();
    request.tools = vec![
        function("f", r#"{"b": 1.0, "a": 2}"#, Some(true)),
        function("g", "{}", Some(false)),
    ];
    let body = encode(&request, &dialect(PLAIN), &mut Losses::default()).unwrap();
    let body = String::from_utf8(body).unwrap();
    assert!(body.contains(r#"{"type":"function","function":{"name":"f","description":"d","parameters":{"b": 1.0, "a": 2},"strict":true}}"#), "{body}");
    assert!(
        body.contains(
            r#"{"type":"function","function":{"name":"g","description":"d","parameters":{}}}"#
        ),
        "{body}"
    );
}

#[test]
fn free_text_tools_nest_their_grammar() {
    let mut request = hi();
    request.tools = vec![
        freeform(None),
        freeform(Some(Grammar {
            syntax: "lark".into(),
            definition: "start: X".into(),
        })),
    ];
    let (body, _) = written(&request, [Quirk::CustomTools]);
    assert_eq!(
        body["tools"],
        json!([
            {"type": "custom", "custom": {"name": "c"}},
            {"type": "custom", "custom": {"name": "c", "format": {
                "type": "grammar", "grammar": {"syntax": "lark", "definition": "start: X"}
            }}},
        ])
    );
}

#[test]
fn choices_are_written_in_every_form() {
    let free = ToolName {
        kind: Kind::Freeform,
        ..ToolName::function("c")
    };
    let f = json!({"type": "function", "function": {"name": "f"}});
    let c = json!({"type": "custom", "custom": {"name": "c"}});
    for (choice, expected) in [
        (Choice::Auto, json!("auto")),
        (Choice::Required, json!("required")),
        (Choice::None, json!("none")),
        (Choice::One(ToolName::function("f")), f.clone()),
        (Choice::One(free.clone()), c.clone()),
        (
            Choice::Among {
                required: true,
                tools: vec![ToolName::function("f"), free],
            },
            json!({"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [f, c]}}),
        ),
        (
            Choice::Among {
                required: false,
                tools: vec![],
            },
            json!({"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": []}}),
        ),
    ] {
        let mut request = hi();
        request.tools = vec![function("f", "{}", None)];
        request.choice = Some(choice);
        assert_eq!(written(&request, PLAIN).0["tool_choice"], expected);
        request.tools.clear();
        assert!(written(&request, PLAIN).0.get("tool_choice").is_none());
    }
}

#[test]
fn parallel_calls_stand_only_beside_tools() {
    let mut request = hi();
    request.parallel_calls = Some(false);
    assert!(
        written(&request, PLAIN)
            .0
            .get("parallel_tool_calls")
            .is_none()
    );
    request.tools = vec![function("f", "{}", None)];
    assert_eq!(written(&request, PLAIN).0["parallel_tool_calls"], false);
    assert!(
        written(&request, [Quirk::NoParallelCalls])
            .0
            .get("parallel_tool_calls")
            .is_none()
    );
}

#[test]
fn a_web_search_is_an_option_of_the_request() {
    let mut request = hi();
    request.tools = vec![Tool::WebSearch(WebSearch {
        user_location: Some(Location {
            city: Some("Oslo".into()),
            ..Location::default()
        }),
        context_size: Some("low".into()),
        ..WebSearch::default()
    })];
    request.choice = Some(Choice::Auto);
    let (body, losses) = written(&request, PLAIN);
    strict(&body);
    assert_eq!(
        body["web_search_options"],
        json!({
            "search_context_size": "low",
            "user_location": {"type": "approximate", "approximate": {"city": "Oslo"}},
        })
    );
    assert!(body.get("tools").is_none() && losses.is_empty());
    request.tools = vec![Tool::WebSearch(WebSearch {
        max_uses: Some(3),
        ..WebSearch::default()
    })];
    let (body, losses) = written(&request, PLAIN);
    assert_eq!(
        (&body["web_search_options"], &*losses),
        (&json!({}), &[Loss::SearchOptions][..])
    );
}
