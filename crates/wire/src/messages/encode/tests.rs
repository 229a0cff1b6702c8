use std::borrow::Cow;

use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::encode;
use crate::Protocol;
use crate::conversation::{ClientTool, Part, Request, Role, Tool, ToolName, Turn};
use crate::dialect::Dialect;
use crate::loss::{Loss, Losses};

mod laws;
mod options;
mod schemas;
mod thoughts;
mod turns;

/// A request with these turns.
fn request<'a>(turns: impl IntoIterator<Item = (Role, Vec<Part<'a>>)>) -> Request<'a> {
    let turns = turns
        .into_iter()
        .map(|(role, parts)| Turn { role, parts })
        .collect();
    Request {
        model: "m".into(),
        max_output: Some(100),
        turns,
        ..Request::default()
    }
}

/// The least request.
fn hello<'a>() -> Request<'a> {
    request([(Role::User, vec![Part::text("Hi")])])
}

fn target() -> Dialect {
    Dialect::new(Protocol::Messages, "v")
}

#[track_caller]
fn written(request: &Request<'_>) -> (Value, Vec<Loss>) {
    let mut losses = Losses::default();
    match encode(request, &target(), &mut losses) {
        Ok(body) => (
            serde_json::from_slice(&body).unwrap(),
            losses.iter().collect(),
        ),
        Err(unfit) => panic!("refused: {}", unfit.sentence()),
    }
}

fn schema(text: &str) -> Cow<'static, RawValue> {
    Cow::Owned(RawValue::from_string(text.to_owned()).unwrap())
}

/// A tool of that name.
fn tool(name: &str) -> ClientTool<'_> {
    ClientTool {
        name: ToolName::function(name),
        ..ClientTool::default()
    }
}

#[test]
fn the_least_request_says_no_more_than_it_must() {
    let expected = json!({
        "model": "m",
        "max_tokens": 100,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}],
    });
    assert_eq!(written(&hello()), (expected, vec![]));
}

#[test]
fn an_output_limit_is_always_sent() {
    let request = Request {
        max_output: None,
        ..hello()
    };
    assert_eq!(
        written(&request).0["max_tokens"],
        Dialect::DEFAULT_MAX_OUTPUT
    );
}

#[test]
fn without_tools_there_is_no_choice() {
    let choice = Some(crate::conversation::Choice::Auto);
    let mut request = Request {
        choice,
        parallel_calls: Some(false),
        ..hello()
    };
    assert!(written(&request).0.get("tool_choice").is_none());
    request.tools.push(Tool::Client(tool("a")));
    let expected = json!({"type": "auto", "disable_parallel_tool_use": true});
    assert_eq!(written(&request).0["tool_choice"], expected);
}
