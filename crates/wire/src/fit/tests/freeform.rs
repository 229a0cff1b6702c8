use super::tools::{of, restored};
use super::*;
use crate::conversation::Grammar;

fn freeform(quirks: &[Quirk], protocol: Protocol) -> (Request<'static>, Restore) {
    let name = ToolName {
        kind: Kind::Freeform,
        ..ToolName::function("apply_patch")
    };
    let mut request = Request {
        tools: vec![Tool::Client(ClientTool {
            name: name.clone(),
            description: Some("Edits files.".into()),
            grammar: Some(Grammar {
                syntax: "lark".into(),
                definition: "start: x".into(),
            }),
            ..ClientTool::default()
        })],
        turns: vec![
            assistant(vec![Part::Call(Call {
                id: "1".into(),
                tool: name,
                input: "a \"b\"\n".into(),
                cache: None,
            })]),
            user(vec![Part::Outcome(Outcome {
                id: "1".into(),
                kind: Kind::Freeform,
                parts: vec![],
                is_error: false,
                cache: None,
            })]),
        ],
        ..Request::default()
    };
    let target = Dialect::new(protocol, "v").with(quirks.iter().copied());
    let restore = fit(&mut request, &target, "").unwrap();
    (request, restore)
}

#[test]
fn freeform_tools_become_functions_where_they_must() {
    for (protocol, quirks, native) in [
        (Protocol::Messages, &[][..], false),
        (Protocol::Chat, &[], false),
        (Protocol::Chat, &[Quirk::CustomTools], true),
        (Protocol::Responses, &[], true),
    ] {
        let (request, restore) = freeform(quirks, protocol);
        assert_eq!(request.losses.contains(Loss::Grammar), !native);
        let kind = if native {
            Kind::Freeform
        } else {
            Kind::Function
        };
        let [Tool::Client(tool)] = &request.tools[..] else {
            panic!()
        };
        let Part::Call(call) = &request.turns[0].parts[0] else {
            panic!()
        };
        let Part::Outcome(outcome) = &request.turns[1].parts[0] else {
            panic!()
        };
        assert!(tool.name.kind == kind && call.tool.kind == kind && outcome.kind == kind);
        if native {
            assert!(tool.grammar.is_some() && call.input == "a \"b\"\n");
            continue;
        }
        let description =
            "Edits files.\n\n`input` is plain text that matches this lark grammar:\nstart: x";
        assert_eq!(tool.description.as_deref(), Some(description));
        let schema: serde_json::Value =
            serde_json::from_str(tool.schema.as_ref().unwrap().get()).unwrap();
        assert_eq!(schema["properties"]["input"]["type"], "string");
        assert_eq!(call.input, r#"{"input":"a \"b\"\n"}"#);
        assert_eq!(restored(&restore, "apply_patch"), "-/apply_patch Freeform");
    }
}

#[test]
fn a_tool_search_of_the_clients_is_a_function() {
    let search = ToolName {
        kind: Kind::ToolSearch,
        ..ToolName::default()
    };
    let mut request = Request {
        tools: vec![
            of(search),
            Tool::Client(ClientTool {
                name: ToolName::function("late"),
                deferred: true,
                ..ClientTool::default()
            }),
        ],
        ..Request::default()
    };
    let restore = fit(&mut request, &chat(&[]), "").unwrap();
    assert_eq!(request.losses.to_string(), "tool_search");
    assert_eq!(names(&request), ["tool_search", "late"]);
    let Tool::Client(tool) = &request.tools[0] else {
        panic!()
    };
    assert!(tool.name.kind == Kind::Function && tool.schema.is_some());
    let Tool::Client(late) = &request.tools[1] else {
        panic!()
    };
    assert!(!late.deferred);
    assert_eq!(restored(&restore, "tool_search"), "-/ ToolSearch");
}
