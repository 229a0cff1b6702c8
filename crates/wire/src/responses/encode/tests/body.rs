//! The members of the body, row by row.

use super::*;
use crate::conversation::Location;
use crate::responses::decode_count_answer;

#[test]
fn the_least_there_is() {
    let request = Request {
        model: "m".into(),
        ..Request::default()
    };
    assert_eq!(
        written(&request),
        (
            json!({"model": "m", "input": [], "include": ["reasoning.encrypted_content"],
                   "store": false, "stream": false}),
            String::new()
        )
    );
}

#[test]
fn all_options() {
    let passage = |text: &'static str| Passage {
        text: text.into(),
        cache: None,
    };
    let request = Request {
        system: vec![passage("one"), passage("two")],
        parallel_calls: Some(false),
        max_output: Some(16),
        sampling: crate::conversation::Sampling {
            temperature: Some(0.5),
            top_p: Some(0.25),
            ..Default::default()
        },
        verbosity: Some(Verbosity::Low),
        user: Some("u".into()),
        cache_key: Some("k".into()),
        cache_retention: Some("24h".into()),
        service_tier: Some("flex".into()),
        metadata: Some(raw(r#"{"a":"b"}"#)),
        store: Some(true),
        stream: true,
        ..Request::default()
    };
    assert_eq!(
        written(&request).0,
        json!({"model": "", "instructions": "one\n\ntwo", "input": [], "parallel_tool_calls": false,
            "max_output_tokens": 16, "temperature": 0.5, "top_p": 0.25, "text": {"verbosity": "low"},
            "safety_identifier": "u", "prompt_cache_key": "k", "prompt_cache_retention": "24h",
            "service_tier": "flex", "metadata": {"a": "b"}, "store": true,
            "include": ["reasoning.encrypted_content"], "stream": true})
    );
}

#[test]
fn reasoning_is_summarized_unless_it_is_not_to_be_shown() {
    for (effort, shown, expected) in [
        (None, None, Value::Null),
        (None, Some(false), Value::Null),
        (None, Some(true), json!({"summary": "auto"})),
        (Some(Effort::None), Some(true), json!({"effort": "none"})),
        (
            Some(Effort::High),
            None,
            json!({"effort": "high", "summary": "auto"}),
        ),
        (Some(Effort::Max), Some(false), json!({"effort": "max"})),
    ] {
        let request = Request {
            reasoning: Reasoning {
                effort,
                shown,
                thinking: None,
            },
            ..Request::default()
        };
        assert_eq!(
            written(&request).0["reasoning"],
            expected,
            "{effort:?} {shown:?}"
        );
    }
}

#[test]
fn forms_of_the_answer() {
    let form = |format| {
        let request = Request {
            format: Some(format),
            ..Request::default()
        };
        written(&request).0["text"]["format"].take()
    };
    assert_eq!(form(Format::Text), json!({"type": "text"}));
    assert_eq!(form(Format::JsonObject), json!({"type": "json_object"}));
    let schema = raw(r#"{"type":"object"}"#);
    let named = Format::JsonSchema {
        name: Some("n".into()),
        description: Some("d".into()),
        schema,
        strict: Some(true),
    };
    let bare = Format::JsonSchema {
        name: None,
        description: None,
        schema,
        strict: None,
    };
    let named_form = json!({"type": "json_schema", "name": "n", "description": "d",
                            "schema": {"type": "object"}, "strict": true});
    assert_eq!(form(named), named_form);
    let bare_form = json!({"type": "json_schema", "name": "answer", "schema": {"type": "object"}});
    assert_eq!(form(bare), bare_form);
}

#[test]
fn tools_always_say_whether_they_are_strict() {
    let client = |name: &'static str, kind| ClientTool {
        name: ToolName {
            kind,
            ..ToolName::function(name)
        },
        ..ClientTool::default()
    };
    let function = ClientTool {
        description: Some("d".into()),
        schema: Some(Cow::Borrowed(raw(r#"{"b": 1.0}"#))),
        strict: Some(true),
        ..client("f", Kind::Function)
    };
    let freeform = ClientTool {
        grammar: Some(Grammar {
            syntax: "lark".into(),
            definition: "start: x".into(),
        }),
        ..client("p", Kind::Freeform)
    };
    let search = WebSearch {
        allowed_domains: vec!["a.org".into()],
        user_location: Some(Location {
            region: Some("Bavaria".into()),
            ..Location::default()
        }),
        context_size: Some("low".into()),
        ..WebSearch::default()
    };
    let limited = WebSearch {
        max_uses: Some(3),
        ..WebSearch::default()
    };
    let request = Request {
        tools: vec![
            Tool::Client(function),
            Tool::Client(client("bare", Kind::Function)),
            Tool::Client(freeform),
            Tool::Client(client("q", Kind::Freeform)),
            Tool::WebSearch(search),
            Tool::WebSearch(limited),
        ],
        ..Request::default()
    };
    let (body, losses) = written(&request);
    assert_eq!(
        body["tools"],
        json!([
            {"type": "function", "name": "f", "description": "d", "parameters": {"b": 1.0}, "strict": true},
            {"type": "function", "name": "bare", "strict": false,
             "parameters": {"type": "object", "properties": {}}},
            {"type": "custom", "name": "p",
             "format": {"type": "grammar", "syntax": "lark", "definition": "start: x"}},
            {"type": "custom", "name": "q"},
            {"type": "web_search", "filters": {"allowed_domains": ["a.org"]},
             "user_location": {"type": "approximate", "region": "Bavaria"}, "search_context_size": "low"},
            {"type": "web_search"},
        ])
    );
    assert_eq!(losses, "search_options");
}

#[test]
fn choices() {
    let freeform = ToolName {
        kind: Kind::Freeform,
        ..ToolName::function("p")
    };
    for (choice, expected) in [
        (Choice::Auto, json!("auto")),
        (Choice::Required, json!("required")),
        (Choice::None, json!("none")),
        (Choice::WebSearch, json!({"type": "web_search"})),
        (
            Choice::One(ToolName::function("f")),
            json!({"type": "function", "name": "f"}),
        ),
        (
            Choice::Among {
                required: true,
                tools: vec![ToolName::function("f"), freeform],
            },
            json!({"type": "allowed_tools", "mode": "required", "tools": [
                {"type": "function", "name": "f"}, {"type": "custom", "name": "p"}]}),
        ),
    ] {
        let request = Request {
            choice: Some(choice),
            ..Request::default()
        };
        assert_eq!(written(&request).0["tool_choice"], expected);
    }
}

#[test]
fn counting_sends_the_prompt_alone() {
    let request = Request {
        model: "m".into(),
        turns: vec![turn(Role::User, vec![Part::text("hi")])],
        tools: vec![Tool::WebSearch(WebSearch::default())],
        max_output: Some(16),
        store: Some(true),
        stream: true,
        user: Some("u".into()),
        cache_key: Some("k".into()),
        ..Request::default()
    };
    let mut losses = Losses::default();
    let body = encode_count(&request, &target(), &mut losses).unwrap();
    assert_eq!(
        serde_json::from_slice::<Value>(&body).unwrap(),
        json!({"model": "m", "tools": [{"type": "web_search"}], "input": [
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}]})
    );
}

#[test]
fn a_count_is_read() {
    let answer = br#"{"object":"response.input_tokens","input_tokens":123}"#;
    assert_eq!(decode_count_answer(answer), Some(123));
    for other in [
        "",
        "{}",
        "[]",
        r#"{"input_tokens":"1"}"#,
        r#"{"input_tokens":-1}"#,
    ] {
        assert_eq!(decode_count_answer(other.as_bytes()), None);
    }
}
