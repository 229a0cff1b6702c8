//! Reading requests as clients send them.

use serde_json::{Value, json};

use super::*;
use crate::conversation::{
    CacheMark, Call, Choice, Kind, Outcome, Part, Role, Source, Thought, Tool,
};

mod fields;
mod media;
mod places;
mod reasoning;
mod refusals;
mod tools;

/// Decodes a body that has to be fine.
fn read<T>(body: &Value, look: impl FnOnce(Request<'_>) -> T) -> T {
    let body = body.to_string();
    look(decode(body.as_bytes()).unwrap_or_else(|unfit| panic!("{}", unfit.sentence())))
}

/// A body with these messages.
fn saying(messages: Value) -> Value {
    let mut body = json!({"model": "m"});
    body["messages"] = messages;
    body
}

/// A body with one more member.
fn with(name: &str, value: Value) -> Value {
    let mut body = saying(json!([{"role": "user", "content": "hi"}]));
    body[name] = value;
    body
}

fn texts<'p>(parts: &'p [Part<'_>]) -> Vec<&'p str> {
    let texts = parts.iter().map(|part| match part {
        Part::Text(said) => &*said.text,
        _ => panic!("not a text"),
    });
    texts.collect()
}

fn call<'p, 'a>(part: &'p Part<'a>) -> &'p Call<'a> {
    match part {
        Part::Call(call) => call,
        _ => panic!("not a call"),
    }
}

fn outcome<'p, 'a>(part: &'p Part<'a>) -> &'p Outcome<'a> {
    match part {
        Part::Outcome(outcome) => outcome,
        _ => panic!("not an outcome"),
    }
}

#[test]
fn a_coding_agents_request_is_read() {
    let body = json!({
        "model": "gpt-5.4",
        "max_completion_tokens": 32000,
        "messages": [
            {"role": "system", "content": "You are an agent."},
            {"role": "user", "content": "List the files."},
            {"role": "assistant", "content": "", "reasoning_content": "I should look.", "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": "bash", "arguments": "{\"command\":\"ls\"}"}},
                {"id": "call_2", "type": "function", "function": {"name": "pwd", "arguments": ""}},
            ]},
            {"role": "tool", "tool_call_id": "call_1", "content": "a\nb"},
            {"role": "tool", "tool_call_id": "call_2", "content": [{"type": "text", "text": "/"}]},
            {"role": "user", "content": [{"type": "text", "text": "And now?"}]},
        ],
        "tools": [{"type": "function", "function": {
            "name": "bash", "description": "Runs.", "parameters": {"type": "object", "properties": {}}
        }}],
        "tool_choice": "auto",
        "stream": true,
        "stream_options": {"include_usage": true},
    });
    read(&body, |request| {
        assert_eq!(request.model, "gpt-5.4");
        assert_eq!(request.max_output, Some(32000));
        assert!(request.stream && request.usage_in_stream && request.losses.is_empty());
        assert_eq!(request.system[0].text, "You are an agent.");
        let roles: Vec<Role> = request.turns.iter().map(|turn| turn.role).collect();
        assert_eq!(roles, [Role::User, Role::Assistant, Role::User]);
        let said = &request.turns[1].parts;
        assert_eq!(said.len(), 3, "a thought and two calls, no empty text");
        assert!(
            matches!(&said[0], Part::Thought(Thought { text, token: None }) if text == "I should look.")
        );
        assert_eq!(call(&said[1]).input, r#"{"command":"ls"}"#);
        assert_eq!(call(&said[2]).input, "{}");
        let back = &request.turns[2].parts;
        assert_eq!(outcome(&back[0]).id, "call_1");
        assert_eq!(texts(&outcome(&back[0]).parts), ["a\nb"]);
        assert_eq!(texts(&outcome(&back[1]).parts), ["/"]);
        assert_eq!(texts(&back[2..]), ["And now?"]);
        assert!(request.choice == Some(Choice::Auto) && request.tools.len() == 1);
    });
}

#[test]
fn leading_instructions_are_the_system_and_later_ones_stay_in_place() {
    let body = saying(json!([
        {"role": "system", "content": "one"},
        {"role": "developer", "content": [{"type": "text", "text": "two"}, {"type": "text", "text": "three"}]},
        {"role": "user", "content": "hi"},
        {"role": "developer", "content": "four"},
        {"role": "system", "content": "five"},
        {"role": "assistant", "content": "ho"},
    ]));
    read(&body, |request| {
        let system: Vec<&str> = request
            .system
            .iter()
            .map(|passage| &*passage.text)
            .collect();
        assert_eq!(system, ["one", "two", "three"]);
        assert_eq!(request.turns[1].role, Role::System);
        assert_eq!(texts(&request.turns[1].parts), ["four", "five"]);
        assert_eq!(request.turns.len(), 3);
    });
}

#[test]
fn neighbors_of_the_same_role_are_one_turn() {
    let body = saying(json!([
        {"role": "user", "content": "a"},
        {"role": "user", "content": [{"type": "text", "text": "b"}]},
        {"role": "assistant", "content": "c"},
        {"role": "assistant", "content": [{"type": "text", "text": "d"}]},
    ]));
    read(&body, |request| {
        assert_eq!(texts(&request.turns[0].parts), ["a", "b"]);
        assert_eq!(texts(&request.turns[1].parts), ["c", "d"]);
    });
}

#[test]
fn what_the_model_said_is_read_in_every_form() {
    for (message, kinds) in [
        (json!({"content": null}), ""),
        (json!({}), ""),
        (json!({"content": ""}), ""),
        (json!({"content": "a"}), "t"),
        (json!({"content": "a", "refusal": "b"}), "tr"),
        (json!({"content": null, "refusal": ""}), ""),
        (
            json!({"content": [{"type": "refusal", "refusal": "no"}, {"type": "text", "text": "a"}]}),
            "rt",
        ),
        (json!({"content": "a", "reasoning": "b"}), "ht"),
        (
            json!({"content": "a", "reasoning_content": "", "tool_calls": null}),
            "t",
        ),
        (
            json!({"content": "a", "reasoning_content": "b", "tool_calls": []}),
            "ht",
        ),
        (
            json!({"tool_calls": [{"id": "c", "function": {"name": "f", "arguments": " {} "}}]}),
            "c",
        ),
    ] {
        let mut message = message;
        message["role"] = json!("assistant");
        read(&saying(json!([message])), |request| {
            let found: String = request.turns[0].parts.iter().map(kind).collect();
            assert_eq!(found, kinds, "{message}");
        });
    }
}

fn kind(part: &Part<'_>) -> char {
    match part {
        Part::Text(_) => 't',
        Part::Image(_) => 'i',
        Part::Document(_) => 'd',
        Part::Thought(_) => 'h',
        Part::Call(_) => 'c',
        Part::Outcome(_) => 'o',
        Part::Refusal(_) => 'r',
        Part::Search(_) => 's',
    }
}

#[test]
fn free_text_calls_and_their_results_are_freeform() {
    let body = saying(json!([
        {"role": "assistant", "tool_calls": [
            {"id": "c1", "type": "custom", "custom": {"name": "patch", "input": "*** Begin"}},
            {"id": "c2", "type": "function", "function": {"name": "f", "arguments": "{}"}},
        ]},
        {"role": "tool", "tool_call_id": "c1", "content": ""},
        {"role": "tool", "tool_call_id": "c2", "content": null},
    ]));
    read(&body, |request| {
        let calls = &request.turns[0].parts;
        assert_eq!(call(&calls[0]).tool.kind, Kind::Freeform);
        assert_eq!(call(&calls[0]).input, "*** Begin");
        assert_eq!(call(&calls[1]).tool.kind, Kind::Function);
        let outcomes = &request.turns[1].parts;
        assert_eq!(outcome(&outcomes[0]).kind, Kind::Freeform);
        assert_eq!(outcome(&outcomes[1]).kind, Kind::Function);
        assert!(outcome(&outcomes[0]).parts.is_empty());
        assert!(outcome(&outcomes[1]).parts.is_empty());
    });
}

#[test]
fn a_function_call_of_old_gets_an_id_that_its_result_shares() {
    let body = saying(json!([
        {"role": "assistant", "content": null, "function_call": {"name": "f", "arguments": "{\"a\":1}"}},
        {"role": "function", "name": "f", "content": "done"},
        {"role": "assistant", "content": null, "function_call": {"name": "f", "arguments": "{}"}},
        {"role": "function", "name": "f", "content": "again"},
    ]));
    read(&body, |request| {
        let ids: Vec<&str> = [0, 2]
            .map(|turn| &*call(&request.turns[turn].parts[0]).id)
            .into();
        assert_ne!(ids[0], ids[1]);
        assert_eq!(outcome(&request.turns[1].parts[0]).id, ids[0]);
        assert_eq!(outcome(&request.turns[3].parts[0]).id, ids[1]);
        assert_eq!(texts(&outcome(&request.turns[3].parts[0]).parts), ["again"]);
    });
}

#[test]
fn texts_borrow_from_the_body() {
    let body =
        br#"{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"long"}]}]}"#;
    let request = decode(body).unwrap();
    let Part::Text(said) = &request.turns[0].parts[0] else {
        panic!("not a text")
    };
    assert!(matches!(said.text, std::borrow::Cow::Borrowed(_)));
}
