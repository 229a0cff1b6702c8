//! Instructions, turns, calls and results.

use super::*;

/// The messages that are written.
pub(super) fn messages(request: &Request<'_>, quirks: impl IntoIterator<Item = Quirk>) -> Value {
    let (mut body, _) = written(request, quirks);
    strict(&body);
    body["messages"].take()
}

fn passage(text: &str) -> Passage<'_> {
    Passage {
        text: text.into(),
        cache: None,
    }
}

#[test]
fn instructions_are_one_message_ahead_and_messages_later() {
    let mut request = saying([
        (Role::User, vec![Part::text("hi")]),
        (
            Role::System,
            vec![Part::text("c"), Part::text(""), Part::text("d")],
        ),
    ]);
    request.system = vec![passage("a"), passage(""), passage("b")];
    let expected = |role: &str| {
        json!([
            {"role": role, "content": "a\n\nb"},
            {"role": "user", "content": "hi"},
            {"role": role, "content": "c\n\nd"},
        ])
    };
    assert_eq!(messages(&request, PLAIN), expected("system"));
    assert_eq!(
        messages(&request, [Quirk::DeveloperRole]),
        expected("developer")
    );
    request.system = vec![passage("")];
    assert_eq!(messages(&request, PLAIN)[0]["role"], "user");
}

#[test]
fn results_come_first_and_the_rest_of_the_turn_is_one_message() {
    let failed = Outcome {
        is_error: true,
        ..outcome("c3", vec![Part::text("no")])
    };
    let request = saying([
        (Role::User, vec![Part::text("go")]),
        (
            Role::Assistant,
            vec![
                call("c1", "f", "{}", Kind::Function),
                call("c2", "f", "", Kind::Function),
                call("c3", "f", "{\"a\": 1}", Kind::Function),
            ],
        ),
        (
            Role::User,
            vec![
                Part::Outcome(outcome("c1", vec![Part::text("a"), Part::text("b")])),
                Part::Outcome(outcome("c2", vec![])),
                Part::Outcome(failed),
                image(base64("image/png", "aGk=")),
                Part::text("see"),
            ],
        ),
    ]);
    assert_eq!(
        messages(&request, PLAIN),
        json!([
            {"role": "user", "content": "go"},
            {"role": "assistant", "content": null, "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}},
                {"id": "c2", "type": "function", "function": {"name": "f", "arguments": "{}"}},
                {"id": "c3", "type": "function", "function": {"name": "f", "arguments": "{\"a\": 1}"}},
            ]},
            {"role": "tool", "tool_call_id": "c1", "content": "a\nb"},
            {"role": "tool", "tool_call_id": "c2", "content": ""},
            {"role": "tool", "tool_call_id": "c3", "content": "Error: no"},
            {"role": "user", "content": [
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}},
                {"type": "text", "text": "see"},
            ]},
        ])
    );
}

#[test]
fn free_text_calls_are_custom() {
    let request = saying([(
        Role::Assistant,
        vec![call("c1", "patch", "*** \"x\"", Kind::Freeform)],
    )]);
    assert_eq!(
        messages(&request, [Quirk::CustomTools])[0]["tool_calls"],
        json!([
            {"id": "c1", "type": "custom", "custom": {"name": "patch", "input": "*** \"x\""}},
        ])
    );
}

#[test]
fn thoughts_go_where_the_target_wants_them() {
    let thought = |text: &'static str| {
        Part::Thought(Thought {
            text: text.into(),
            token: None,
        })
    };
    let request = saying([(
        Role::Assistant,
        vec![thought("hm"), thought("so"), Part::text("yes")],
    )]);
    let (body, losses) = written(&request, [Quirk::ReasoningContent]);
    assert_eq!(
        body["messages"][0],
        json!({"role": "assistant", "content": "yes", "reasoning_content": "hm\n\nso"})
    );
    assert!(losses.is_empty());
    let (body, losses) = written(&request, [Quirk::ReasoningField]);
    assert_eq!(
        body["messages"][0],
        json!({"role": "assistant", "content": "yes", "reasoning": "hm\n\nso"})
    );
    assert!(losses.is_empty());
    let (body, losses) = written(&request, PLAIN);
    assert_eq!(
        body["messages"][0],
        json!({"role": "assistant", "content": "yes"})
    );
    assert_eq!(losses, [Loss::ReasoningHistory]);
}

#[test]
fn a_turn_of_the_model_that_says_nothing_is_left_out() {
    let thought = Part::Thought(Thought {
        text: "hm".into(),
        token: None,
    });
    let mut request = hi();
    for parts in [vec![], vec![Part::text("")], vec![thought]] {
        request.turns.push(Turn {
            role: Role::Assistant,
            parts,
        });
    }
    assert_eq!(
        messages(&request, [Quirk::ReasoningContent]),
        json!([{"role": "user", "content": "hi"}])
    );
}

#[test]
fn texts_of_the_model_are_joined() {
    for (texts, whole) in [
        (vec!["One.", "Two."], "One.\n\nTwo."),
        (
            vec!["The sky is", " blue", ", they say", ". "],
            "The sky is blue, they say. ",
        ),
        (vec!["See:\n", "- a"], "See:\n- a"),
        (vec!["Done.", "**Next**"], "Done.\n\n**Next**"),
        (vec!["", "a", ""], "a"),
    ] {
        let parts = texts.iter().map(|text| Part::text(*text)).collect();
        let request = saying([(Role::Assistant, parts)]);
        assert_eq!(messages(&request, PLAIN)[0]["content"], whole);
    }
}

#[test]
fn a_refusal_has_its_own_place() {
    let request = saying([(Role::Assistant, vec![Part::Refusal("no".into())])]);
    assert_eq!(
        messages(&request, PLAIN)[0],
        json!({"role": "assistant", "content": null, "refusal": "no"})
    );
}

#[test]
fn an_earlier_search_is_told() {
    let search = Search {
        id: "ws".into(),
        query: "rust".into(),
        hits: vec![crate::conversation::Hit {
            url: "https://r.org".into(),
            title: "R".into(),
        }],
    };
    let request = saying([(
        Role::Assistant,
        vec![Part::text("Looking."), Part::Search(search)],
    )]);
    let (body, losses) = written(&request, PLAIN);
    assert_eq!(
        body["messages"][0]["content"],
        "Looking.\n\n[Web search: rust]\n- R: https://r.org"
    );
    assert_eq!(losses, [Loss::SearchHistory]);
}
