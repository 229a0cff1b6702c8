//! Turns as items, row by row.

use super::*;

#[test]
fn messages_by_role() {
    let (items, losses) = items(vec![
        turn(Role::User, vec![Part::text("a"), Part::text("b")]),
        turn(
            Role::Assistant,
            vec![Part::text("c"), Part::Refusal("d".into())],
        ),
        turn(Role::System, vec![Part::text("e")]),
        turn(Role::User, vec![]),
    ]);
    assert_eq!(
        items,
        json!([
            {"type": "message", "role": "user", "content": [
                {"type": "input_text", "text": "a"}, {"type": "input_text", "text": "b"}]},
            {"type": "message", "role": "assistant", "content": [
                {"type": "output_text", "text": "c"}, {"type": "refusal", "refusal": "d"}]},
            {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "e"}]},
        ])
    );
    assert_eq!(losses, "");
}

#[test]
fn images_and_documents() {
    let url = |url: &'static str| Source::Url(url.into());
    let mut explained = document(Source::Plain("body".into()), Some("Title"));
    explained.context = Some("context".into());
    let (items, losses) = items(vec![turn(
        Role::User,
        vec![
            image(None),
            Part::Image(Image {
                source: url("https://e.org/a.png"),
                detail: Some("low".into()),
                cache: None,
                place: Place::default(),
            }),
            Part::Document(document(pdf(), None)),
            Part::Document(document(pdf(), Some("Report"))),
            Part::Document(document(pdf(), Some("a.pdf"))),
            Part::Document(document(url("https://e.org/a.pdf"), Some("a.pdf"))),
            Part::Document(explained),
        ],
    )]);
    let data = "data:application/pdf;base64,JVBE";
    assert_eq!(
        items[0]["content"],
        json!([
            {"type": "input_image", "image_url": "data:image/png;base64,iVBO", "detail": "auto"},
            {"type": "input_image", "image_url": "https://e.org/a.png", "detail": "low"},
            {"type": "input_file", "filename": "document.pdf", "file_data": data},
            {"type": "input_file", "filename": "Report.pdf", "file_data": data},
            {"type": "input_file", "filename": "a.pdf", "file_data": data},
            {"type": "input_file", "file_url": "https://e.org/a.pdf"},
            {"type": "input_text", "text": "context"},
            {"type": "input_text", "text": "Title\n\nbody"},
        ])
    );
    assert_eq!(losses, "document_context");
}

#[test]
fn calls_stand_where_they_were_made() {
    let (items, _) = items(vec![
        turn(
            Role::Assistant,
            vec![
                Part::text("first"),
                call("c1", Kind::Function, r#"{"a":1}"#),
                call("c2", Kind::Function, ""),
                Part::text("then"),
                call("c3", Kind::Freeform, "*** Begin"),
            ],
        ),
        turn(
            Role::User,
            vec![
                outcome("c1", Kind::Function, false, vec![Part::text("done")]),
                outcome("c2", Kind::Function, false, vec![]),
                outcome(
                    "c3",
                    Kind::Freeform,
                    false,
                    vec![Part::text("a"), Part::text("b")],
                ),
                Part::text("next"),
            ],
        ),
    ]);
    let said = |role: &str, kind: &str, text: &str| json!({"type": "message", "role": role, "content": [{"type": kind, "text": text}]});
    assert_eq!(
        items,
        json!([
            said("assistant", "output_text", "first"),
            {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{\"a\":1}"},
            {"type": "function_call", "call_id": "c2", "name": "f", "arguments": "{}"},
            said("assistant", "output_text", "then"),
            {"type": "custom_tool_call", "call_id": "c3", "name": "f", "input": "*** Begin"},
            {"type": "function_call_output", "call_id": "c1", "output": "done"},
            {"type": "function_call_output", "call_id": "c2", "output": ""},
            {"type": "custom_tool_call_output", "call_id": "c3", "output": "a\nb"},
            said("user", "input_text", "next"),
        ])
    );
}

#[test]
fn outputs_with_media_are_lists_and_failures_say_so() {
    let output = |parts, failed| {
        let part = outcome("c", Kind::Function, failed, parts);
        let (mut items, _) = items(vec![turn(Role::User, vec![part])]);
        items[0]["output"].take()
    };
    let picture =
        json!({"type": "input_image", "image_url": "data:image/png;base64,iVBO", "detail": "auto"});
    let text = |text: &str| json!({"type": "input_text", "text": text});
    assert_eq!(
        output(vec![Part::text("see"), image(None)], false),
        json!([text("see"), picture])
    );
    assert_eq!(
        output(vec![Part::text("see"), image(None)], true),
        json!([text("Error: see"), picture])
    );
    assert_eq!(
        output(vec![image(None)], true),
        json!([text("Error:"), picture])
    );
    assert_eq!(output(vec![Part::text("no")], true), json!("Error: no"));
    assert_eq!(output(vec![], true), json!("Error: "));
}

#[test]
fn thoughts_go_back_to_who_issued_them_before_what_they_led_to() {
    let (items, losses) = items(vec![turn(
        Role::Assistant,
        vec![
            thought("why", Origin::Cipher, "openai", "rs_1"),
            thought("", Origin::Cipher, "openai", "other"),
            call("c1", Kind::Function, "{}"),
        ],
    )]);
    assert_eq!(
        items,
        json!([
            {"type": "reasoning", "id": "rs_1", "encrypted_content": "cipher",
             "summary": [{"type": "summary_text", "text": "why"}]},
            {"type": "reasoning", "encrypted_content": "cipher", "summary": []},
            {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
        ])
    );
    assert_eq!(losses, "");
}

#[test]
fn thoughts_of_others_and_those_that_led_to_nothing_are_left_out() {
    for parts in [
        vec![
            thought("a", Origin::Cipher, "other", "rs_1"),
            Part::text("x"),
        ],
        vec![
            thought("a", Origin::Signature, "openai", ""),
            Part::text("x"),
        ],
        vec![Part::Thought(Thought::default()), Part::text("x")],
        vec![
            Part::text("x"),
            thought("a", Origin::Cipher, "openai", "rs_1"),
        ],
    ] {
        let (items, losses) = items(vec![turn(Role::Assistant, parts)]);
        assert_eq!(items.as_array().unwrap().len(), 1, "{items}");
        assert!(items[0]["type"] == "message" && losses == "reasoning_history");
    }
}

#[test]
fn searches_are_told_without_ids() {
    let search = |query: &'static str, urls: &[&'static str]| {
        let hits = urls.iter().map(|url| Hit {
            url: (*url).into(),
            title: "t".into(),
        });
        Part::Search(Search {
            id: "ws_1".into(),
            query: query.into(),
            hits: hits.collect(),
        })
    };
    let parts = vec![
        search("rust", &["https://a.org"]),
        search("", &["https://b.org"]),
    ];
    let (items, _) = items(vec![turn(Role::Assistant, parts)]);
    assert_eq!(
        items,
        json!([
            {"type": "web_search_call", "status": "completed", "action": {"type": "search",
                "query": "rust", "sources": [{"type": "url", "url": "https://a.org"}]}},
            {"type": "web_search_call", "status": "completed",
             "action": {"type": "open_page", "url": "https://b.org"}},
        ])
    );
}
