use super::*;
use crate::translate::Unfit;

mod codex;
pub(in crate::responses) mod dump;
mod echo;
mod items;
mod laws;
mod mistakes;
mod options;
mod refusals;
mod tools;

use dump::{losses, tools as tool_lines, turns};
use serde_json::{Value, json};

/// A body with `members` beside a model and, unless given, an input.
fn body(members: &Value) -> String {
    let mut body = json!({"model": "m", "input": "hi"});
    for (name, value) in members.as_object().unwrap() {
        body[name] = value.clone();
    }
    body.to_string()
}

fn refused(members: &Value) -> Unfit {
    decode(body(members).as_bytes()).err().unwrap()
}

/// What a body with these input items is decoded to.
fn said(items: &Value) -> Vec<String> {
    turns(&decode(body(&json!({"input": items})).as_bytes()).unwrap())
}

fn lost(members: &Value) -> String {
    losses(&decode(body(members).as_bytes()).unwrap())
}

/// Such a body is refused at `path`, with these words among others.
#[track_caller]
fn at(members: &Value, path: &str, words: &str) {
    let unfit = refused(members);
    assert_eq!(unfit.path, path, "{members}");
    assert!(
        unfit.message.contains(words),
        "{}: {}",
        unfit.path,
        unfit.message
    );
}
