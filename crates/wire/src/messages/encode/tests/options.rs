//! Everything beside the conversation.

use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::{hello, schema, target, tool, written};
use crate::conversation::{
    CacheMark, Choice, ClientTool, Effort, Format, Location, Reasoning, Request, Sampling,
    Thinking, Tool, ToolName, WebSearch,
};
use crate::loss::{Loss, Losses};

fn with_tool<'a>(choice: Option<Choice<'a>>, parallel_calls: Option<bool>) -> Value {
    let tools = vec![Tool::Client(tool("a"))];
    let request: Request<'a> = Request {
        tools,
        choice,
        parallel_calls,
        ..hello()
    };
    written(&request).0["tool_choice"].take()
}

#[test]
fn every_choice_has_its_word() {
    let one = || Choice::One(ToolName::function("a"));
    let among = |required| Choice::Among {
        required,
        tools: vec![ToolName::function("a")],
    };
    let off = json!({"type": "auto", "disable_parallel_tool_use": true});
    for (choice, parallel, expected) in [
        (None, None, json!(null)),
        (None, Some(true), json!(null)),
        (None, Some(false), off.clone()),
        (Some(Choice::Auto), Some(true), json!({"type": "auto"})),
        (Some(Choice::Auto), Some(false), off),
        (Some(Choice::Required), None, json!({"type": "any"})),
        (
            Some(Choice::WebSearch),
            None,
            json!({"type": "tool", "name": "web_search"}),
        ),
        (Some(Choice::None), Some(false), json!({"type": "none"})),
        (Some(one()), None, json!({"type": "tool", "name": "a"})),
        (
            Some(one()),
            Some(false),
            json!({"type": "tool", "name": "a", "disable_parallel_tool_use": true}),
        ),
        (Some(among(true)), None, json!({"type": "any"})),
        (Some(among(false)), None, json!({"type": "auto"})),
    ] {
        assert_eq!(with_tool(choice, parallel), expected);
    }
}

#[test]
fn tools_are_written_with_all_they_say() {
    let client = ClientTool {
        description: Some("D".into()),
        schema: Some(schema(r#"{"type":"object","properties":{}}"#)),
        strict: Some(true),
        cache: Some(CacheMark::Short),
        ..tool("a")
    };
    let search = WebSearch {
        allowed_domains: vec!["a.org".into()],
        blocked_domains: vec!["b.org".into()],
        user_location: Some(Location {
            city: Some("Bern".into()),
            timezone: Some("Europe/Zurich".into()),
            ..Location::default()
        }),
        max_uses: Some(2),
        context_size: Some("low".into()),
        ..WebSearch::default()
    };
    let tools = vec![
        Tool::Client(client),
        Tool::Client(ClientTool {
            strict: Some(false),
            ..tool("b")
        }),
        Tool::WebSearch(search),
        Tool::WebSearch(WebSearch::default()),
    ];
    let (body, losses) = written(&Request { tools, ..hello() });
    let empty = json!({"type": "object", "properties": {}});
    let expected = json!([
        {"name": "a", "description": "D", "input_schema": empty, "strict": true,
         "cache_control": {"type": "ephemeral"}},
        {"name": "b", "input_schema": empty},
        {"type": "web_search_20250305", "name": "web_search", "max_uses": 2,
         "allowed_domains": ["a.org"], "blocked_domains": ["b.org"],
         "user_location": {"type": "approximate", "city": "Bern", "timezone": "Europe/Zurich"}},
        {"type": "web_search_20250305", "name": "web_search"},
    ]);
    assert_eq!(
        (&body["tools"], losses),
        (&expected, vec![Loss::SearchOptions])
    );
}

#[test]
fn sampling_stops_user_and_stream_are_written() {
    let request = Request {
        sampling: Sampling {
            temperature: Some(0.5),
            top_p: Some(0.25),
            top_k: Some(7),
            ..Sampling::default()
        },
        stop: vec!["a".into()],
        user: Some("u".into()),
        stream: true,
        ..hello()
    };
    let (body, _) = written(&request);
    assert_eq!(
        (&body["temperature"], &body["top_p"], &body["top_k"]),
        (&json!(0.5), &json!(0.25), &json!(7))
    );
    assert_eq!(body["stop_sequences"], json!(["a"]));
    assert_eq!(body["metadata"], json!({"user_id": "u"}));
    assert_eq!(body["stream"], true);
}

#[test]
fn a_blank_cannot_end_the_answer() {
    let request = Request {
        stop: vec!["a".into(), " \n".into()],
        ..hello()
    };
    let refused = super::encode(&request, &target(), &mut Losses::default()).unwrap_err();
    assert_eq!(refused.path, "stop");
}

#[test]
fn thinking_is_written_in_every_form() {
    for (thinking, shown, expected) in [
        (Thinking::Adaptive, None, json!({"type": "adaptive"})),
        (
            Thinking::Adaptive,
            Some(true),
            json!({"type": "adaptive", "display": "summarized"}),
        ),
        (
            Thinking::Budget(1024),
            Some(false),
            json!({"type": "enabled", "budget_tokens": 1024, "display": "omitted"}),
        ),
        (
            Thinking::BetweenTools,
            None,
            json!({"type": "between_tools"}),
        ),
        (Thinking::Disabled, Some(true), json!({"type": "disabled"})),
    ] {
        let reasoning = Reasoning {
            thinking: Some(thinking),
            shown,
            effort: None,
        };
        let (body, _) = written(&Request {
            reasoning,
            ..hello()
        });
        assert_eq!(body["thinking"], expected);
        assert!(body.get("output_config").is_none());
    }
    let shown = Reasoning {
        shown: Some(true),
        ..Reasoning::default()
    };
    assert!(
        written(&Request {
            reasoning: shown,
            ..hello()
        })
        .0
        .get("thinking")
        .is_none()
    );
}

#[test]
fn effort_and_form_share_a_place() {
    let raw: Box<RawValue> = RawValue::from_string(r#"{"type":"object"}"#.into()).unwrap();
    let format = |strict| {
        let (name, description) = (Some("n".into()), None);
        Some(Format::JsonSchema {
            name,
            description,
            schema: &raw,
            strict,
        })
    };
    let reasoning = Reasoning {
        effort: Some(Effort::High),
        ..Reasoning::default()
    };
    let (body, losses) = written(&Request {
        reasoning,
        format: format(Some(true)),
        ..hello()
    });
    let expected = json!({"effort": "high",
        "format": {"type": "json_schema", "schema": {"type": "object"}}});
    assert_eq!((&body["output_config"], losses), (&expected, vec![]));
    assert_eq!(
        written(&Request {
            format: format(Some(false)),
            ..hello()
        })
        .1,
        [Loss::Strict]
    );
    let text = Request {
        format: Some(Format::Text),
        ..hello()
    };
    assert!(written(&text).0.get("output_config").is_none());
}
