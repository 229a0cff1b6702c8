//! What the model thought.

use serde_json::json;

use super::turns::{blocks, call, text};
use super::{request, written};
use crate::conversation::{Origin, Part, Role, Thought, Token};
use crate::loss::Loss;

fn thought(text: &'static str, origin: Origin, value: &'static str) -> Part<'static> {
    Part::Thought(Thought {
        text: text.into(),
        token: Some(Token::fresh(origin, "", value)),
    })
}

#[test]
fn thoughts_are_the_blocks_that_the_vendor_wrote() {
    let parts = vec![
        thought("Hm", Origin::Signature, "sig"),
        thought("", Origin::Redacted, "data"),
        Part::text("x"),
        thought("Ah", Origin::Signature, "more"),
    ];
    let expected = json!([
        {"type": "thinking", "thinking": "Hm", "signature": "sig"},
        {"type": "redacted_thinking", "data": "data"},
        text("x"),
        {"type": "thinking", "thinking": "Ah", "signature": "more"},
    ]);
    assert_eq!(blocks(Role::Assistant, parts), (expected, vec![]));
}

#[test]
fn a_thought_opens_its_turn() {
    let parts = vec![
        Part::text("x"),
        thought("1", Origin::Signature, "a"),
        thought("2", Origin::Signature, "b"),
        call("{}"),
    ];
    let (found, _) = blocks(Role::Assistant, parts);
    let kinds: Vec<_> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|block| &block["type"])
        .collect();
    assert_eq!(kinds, ["thinking", "thinking", "text", "tool_use"]);
    assert_eq!(found[0]["thinking"], "1");
}

#[test]
fn thoughts_that_the_vendor_cannot_know_are_left_out() {
    for origin in [Origin::Cipher, Origin::Unsigned] {
        let parts = vec![thought("t", origin, "v"), Part::text("x")];
        let expected = (json!([text("x")]), vec![Loss::ReasoningHistory]);
        assert_eq!(blocks(Role::Assistant, parts), expected);
    }
    let bare = Part::Thought(Thought {
        text: "t".into(),
        token: None,
    });
    let (body, losses) = written(&request([
        (Role::Assistant, vec![bare]),
        (Role::User, vec![]),
    ]));
    assert_eq!(
        (&body["messages"], losses),
        (&json!([]), vec![Loss::ReasoningHistory])
    );
}
