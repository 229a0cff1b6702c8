//! Messages, and where they are taken from.

use super::*;

#[test]
fn a_stream_is_read() {
    let answer = answer(&middle(vec![
        added(0, &json!({"type": "message", "id": "msg_1", "content": []})),
        json!({"type": "response.content_part.added", "output_index": 0, "content_index": 0,
            "part": {"type": "output_text", "text": ""}}),
        delta("output_text", 0, "Hel"),
        delta("output_text", 0, "lo"),
        json!({"type": "response.output_text.done", "output_index": 0, "content_index": 0, "text": "Hello"}),
        json!({"type": "response.content_part.done", "output_index": 0, "content_index": 0,
            "part": {"type": "output_text", "text": "Hello", "annotations": []}}),
        done(0, &message("Hello")),
    ]));
    assert_eq!((&*answer.id, &*answer.model), ("resp_1", "gpt-x"));
    assert_eq!(answer.blocks.len(), 1);
    assert_eq!(answer.blocks[0].text, "Hello");
    let usage = Usage {
        input: Some(6),
        cache_read: Some(4),
        output: Some(7),
        reasoning: Some(2),
        ..Usage::default()
    };
    assert!(answer.usage == usage);
    assert_eq!(answer.stop.unwrap().reason, StopReason::EndTurn);
}

#[test]
fn text_that_no_delta_brought_comes_from_the_event_that_ends_it() {
    let begun = added(0, &json!({"type": "message", "id": "msg_1"}));
    let text_done = json!({"type": "response.output_text.done", "output_index": 0, "content_index": 0, "text": "x"});
    let part_done = json!({"type": "response.content_part.done", "output_index": 0, "content_index": 0,
        "part": {"type": "output_text", "text": "x"}});
    for ending in [
        vec![begun.clone(), text_done.clone()],
        vec![begun.clone(), part_done.clone()],
        vec![begun.clone(), done(0, &message("x"))],
        vec![done(0, &message("x"))],
        vec![begun, text_done, part_done, done(0, &message("x"))],
    ] {
        let answer = answer(&middle(ending));
        assert_eq!(answer.blocks.len(), 1);
        assert_eq!(answer.blocks[0].text, "x");
    }
}

#[test]
fn refusals_and_sources_are_read() {
    let citation = json!({"type": "url_citation", "url": "https://e.example/", "title": "E", "start_index": 0});
    let answer = answer(&middle(vec![
        added(0, &json!({"type": "message", "id": "msg_1"})),
        delta("output_text", 0, "x"),
        json!({"type": "response.output_text.annotation.added", "output_index": 0, "content_index": 0,
            "annotation_index": 0, "annotation": citation}),
        json!({"type": "response.content_part.done", "output_index": 0, "content_index": 0, "part":
            {"type": "output_text", "text": "x", "annotations": [citation, {"type": "file_citation"}, citation]}}),
        json!({"type": "response.refusal.delta", "output_index": 0, "content_index": 1, "delta": "no"}),
        json!({"type": "response.refusal.done", "output_index": 0, "content_index": 1, "refusal": "no"}),
    ]));
    assert_eq!(answer.blocks[0].sources.len(), 2);
    assert_eq!(answer.blocks[0].sources[0].title, "E");
    assert!(matches!(answer.blocks[1].content, Content::Refusal));
    assert_eq!(answer.blocks[1].text, "no");
    assert_eq!(answer.stop.unwrap().reason, StopReason::Refusal);
}

#[test]
fn items_that_only_the_last_event_has_are_read_from_it() {
    let output = json!([message("x"), function("{\"a\":1}")]);
    for stream in [
        vec![created(), completed(&output)],
        vec![created(), done(0, &message("x")), completed(&output)],
        vec![
            created(),
            added(0, &json!({"type": "message", "id": "msg_1"})),
            completed(&output),
        ],
        vec![completed(&output)],
    ] {
        let answer = answer(&stream);
        assert_eq!(answer.blocks.len(), 2);
        assert_eq!(answer.blocks[0].text, "x");
        assert_eq!(answer.blocks[1].text, "{\"a\":1}");
        assert_eq!(answer.stop.unwrap().reason, StopReason::ToolUse);
    }
}

#[test]
fn items_are_found_by_their_place_or_else_by_their_id() {
    let by_id = json!({"type": "response.output_text.delta", "item_id": "msg_1", "delta": "a"});
    let renamed = json!({"type": "response.output_text.delta", "item_id": "changed", "output_index": 0, "delta": "b"});
    let begun =
        json!({"type": "response.output_item.added", "item": {"type": "message", "id": "msg_1"}});
    let ended =
        json!({"type": "response.output_item.done", "item": {"type": "message", "id": "msg_1"}});
    let answer = answer(&middle(vec![begun, by_id, renamed, ended]));
    assert_eq!(answer.blocks.len(), 1);
    assert_eq!(answer.blocks[0].text, "ab");
}

#[test]
fn an_incomplete_answer_says_why() {
    for (details, reason) in [
        (
            json!({"reason": "max_output_tokens"}),
            StopReason::MaxTokens,
        ),
        (json!({"reason": "content_filter"}), StopReason::Refusal),
        (Value::Null, StopReason::MaxTokens),
    ] {
        let response = json!({"id": "resp_1", "model": "m", "status": "incomplete",
            "incomplete_details": details, "output": [function("{}")]});
        let event = json!({"type": "response.incomplete", "response": response});
        assert_eq!(answer(&[created(), event]).stop.unwrap().reason, reason);
        assert_eq!(whole(&response).unwrap().stop.unwrap().reason, reason);
    }
}
