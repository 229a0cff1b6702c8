use serde_json::value::RawValue;

use super::*;
use crate::answer::{Event, Opening};
use crate::conversation::{Format, Place};

/// How the caller gets a call of `name` back.
pub(super) fn restored(restore: &Restore, name: &str) -> String {
    let mut restore = restore.clone();
    let mut seen = String::new();
    let tool = ToolName::function(name);
    let id = Cow::Borrowed("c");
    let content = Opening::Call { id, tool };
    restore.event(Event::Open { block: 0, content }, &mut |event| {
        if let Event::Open {
            content: Opening::Call { tool, .. },
            ..
        } = event
        {
            let space = tool.namespace.as_deref().unwrap_or("-");
            seen = format!("{space}/{} {:?}", tool.name, tool.kind);
        }
    });
    seen
}

pub(super) fn of(name: ToolName<'_>) -> Tool<'_> {
    Tool::Client(ClientTool {
        name,
        ..ClientTool::default()
    })
}

#[test]
fn names_are_flat_and_unique_and_come_back() {
    let mut request = Request {
        tools: vec![
            of(spaced("functions", "exec", Kind::Function)),
            of(spaced("functions", "read", Kind::Function)),
            of(spaced("collaboration", "spawn", Kind::Function)),
            tool("exec"),
        ],
        turns: vec![assistant(vec![
            call("1", "exec"),
            call("2", "read"),
            Part::Call(Call {
                id: "3".into(),
                tool: spaced("collaboration", "spawn", Kind::Function),
                input: "{}".into(),
                cache: None,
            }),
            call("4", "gone.by"),
            call("5", "collaboration__spawn"),
        ])],
        choice: Some(Choice::One(spaced("functions", "exec", Kind::Function))),
        ..Request::default()
    };
    let restore = fit(&mut request, &messages(&[]), "").unwrap();
    let expected = ["functions__exec", "read", "collaboration__spawn", "exec"];
    assert_eq!(names(&request), expected);
    let calls = "A[1:exec 2:read 3:collaboration__spawn 4:gone_by 5:collaboration__spawn]";
    assert_eq!(shape(&request), calls);
    assert!(request.choice == Some(Choice::One(ToolName::function("functions__exec"))));
    for (sent, original) in [
        ("functions__exec", "functions/exec Function"),
        ("read", "functions/read Function"),
        ("collaboration__spawn", "collaboration/spawn Function"),
        ("exec", "-/exec Function"),
        ("gone_by", "-/gone.by Function"),
        ("never heard of", "-/never heard of Function"),
    ] {
        assert_eq!(restored(&restore, sent), original);
    }
}

#[test]
fn long_and_strange_names_are_shortened_the_same_way_each_time() {
    let long = format!("mcp__server__{}", "long_name_".repeat(8));
    let other = format!("{long}x");
    let named = |names: &[&str]| {
        let tools = names.iter().map(|name| tool(name)).collect();
        let mut request = Request {
            tools,
            ..Request::default()
        };
        fit(&mut request, &chat(&[]), "").unwrap();
        super::names(&request)
    };
    let sent = named(&["a.b", "a_b", &long, &other]);
    assert_eq!(sent[1], "a_b");
    assert!(sent[0].starts_with("a_b_") && sent[0].len() == 12);
    assert!(sent[2].starts_with("mcp__server__long_name_") && sent[2].len() == 64);
    assert!(sent[3].len() == 64 && sent[3] != sent[2]);
    assert_eq!(
        named(&[&other, &long])[..],
        [sent[3].clone(), sent[2].clone()]
    );
}

#[test]
fn of_a_tool_that_is_told_twice_the_later_telling_counts() {
    let described = |text: &'static str| {
        Tool::Client(ClientTool {
            name: ToolName::function("a"),
            description: Some(text.into()),
            ..ClientTool::default()
        })
    };
    let tools = vec![described("old"), tool("b"), described("new")];
    let mut request = Request {
        tools,
        ..Request::default()
    };
    fit(&mut request, &messages(&[]), "").unwrap();
    assert_eq!(names(&request), ["a", "b"]);
    let Tool::Client(tool) = &request.tools[0] else {
        panic!()
    };
    assert_eq!(tool.description.as_deref(), Some("new"));
}

#[test]
fn a_choice_needs_tools_and_a_target_that_knows_it() {
    let chosen = |choice, tools: &[&'static str]| Request {
        tools: tools.iter().map(|name| tool(name)).collect(),
        choice: Some(choice),
        parallel_calls: Some(false),
        ..Request::default()
    };
    let among = || Choice::Among {
        required: true,
        tools: vec![ToolName::function("b")],
    };
    for protocol in ALL {
        let target = Dialect::new(protocol, "v");
        let mut request = chosen(Choice::Auto, &[]);
        assert_eq!(lost(&mut request, &target), "");
        assert!(request.choice.is_none() && request.parallel_calls.is_none());
    }
    for target in [messages(&[]), chat(&[])] {
        let mut request = chosen(among(), &["a", "b"]);
        fit(&mut request, &target, "").unwrap();
        assert_eq!(names(&request), ["b"]);
        assert!(request.choice == Some(Choice::Required));
    }
    for target in [responses(), chat(&[Quirk::OpenaiFields])] {
        let mut request = chosen(among(), &["a", "b"]);
        fit(&mut request, &target, "").unwrap();
        assert!(request.choice == Some(among()) && request.tools.len() == 2);
    }
    let mut request = chosen(Choice::Auto, &["a"]);
    let target = chat(&[Quirk::NoParallelCalls]);
    assert_eq!(lost(&mut request, &target), "parallel_tool_calls");
    assert_eq!(request.parallel_calls, None);
}

#[test]
fn a_web_search_is_kept_where_the_target_has_one() {
    let searching = || Request {
        tools: vec![Tool::WebSearch(WebSearch::default())],
        choice: Some(Choice::Auto),
        ..Request::default()
    };
    for target in [
        responses(),
        chat(&[Quirk::OpenaiFields]),
        messages(&[Quirk::WebSearch]),
    ] {
        let mut request = searching();
        fit(&mut request, &target, "").unwrap();
        assert_eq!(names(&request), ["<web>"]);
        assert_eq!(request.choice.is_none(), target.protocol == Protocol::Chat);
    }
}

#[test]
fn a_web_search_is_left_out_where_it_is_not_the_point() {
    let searching = |others: &[Tool<'static>], choice| {
        let mut tools = others.to_vec();
        tools.push(Tool::WebSearch(WebSearch {
            place: Place::new("tools[1]", ""),
            ..WebSearch::default()
        }));
        Request {
            tools,
            choice,
            ..Request::default()
        }
    };
    for target in [chat(&[]), messages(&[])] {
        for refusing in [
            searching(&[], None),
            searching(&[], Some(Choice::Auto)),
            searching(&[tool("a")], Some(Choice::WebSearch)),
        ] {
            assert!(refused(refusing, &target).starts_with("`tools[1]`: "));
        }
        let mut request = searching(&[tool("a")], Some(Choice::Required));
        assert_eq!(lost(&mut request, &target), "web_search");
        assert_eq!(names(&request), ["a"]);
    }
}

#[test]
fn messages_take_one_list_of_domains() {
    for (allowed, blocked, kept, losses) in [
        (vec!["a"], vec!["b"], 0, "search_options"),
        (vec!["a"], vec![], 0, ""),
        (vec![], vec!["b"], 1, ""),
    ] {
        let domains = |list: Vec<&'static str>| list.into_iter().map(Cow::Borrowed).collect();
        let mut request = Request {
            tools: vec![Tool::WebSearch(WebSearch {
                allowed_domains: domains(allowed),
                blocked_domains: domains(blocked),
                ..WebSearch::default()
            })],
            ..Request::default()
        };
        assert_eq!(lost(&mut request, &messages(&[Quirk::WebSearch])), losses);
        let Tool::WebSearch(search) = &request.tools[0] else {
            panic!()
        };
        assert_eq!(search.blocked_domains.len(), kept);
    }
}

#[test]
fn only_schemas_that_leave_nothing_open_are_held_to() {
    let raw = |text: &str| RawValue::from_string(text.to_owned()).unwrap();
    let closed = raw(r#"{"type":"object","properties":{},"additionalProperties":false}"#);
    let open = raw(r#"{"type":"object"}"#);
    for (target, schema, strict, sent, losses) in [
        (responses(), &closed, Some(true), Some(true), ""),
        (responses(), &open, Some(true), Some(false), "strict"),
        (chat(&[]), &open, Some(true), Some(false), "strict"),
        (chat(&[]), &open, None, None, ""),
        (messages(&[]), &open, Some(true), Some(true), ""),
    ] {
        let mut request = Request {
            tools: vec![Tool::Client(ClientTool {
                schema: Some(Cow::Borrowed(schema)),
                strict,
                ..ClientTool::default()
            })],
            format: Some(Format::JsonSchema {
                name: None,
                description: None,
                schema,
                strict,
            }),
            ..Request::default()
        };
        assert_eq!(lost(&mut request, &target), losses);
        let (Tool::Client(tool), Some(Format::JsonSchema { strict, .. })) =
            (&request.tools[0], &request.format)
        else {
            panic!()
        };
        assert_eq!((tool.strict, *strict), (sent, sent));
    }
}
