use serde_json::{Value, json};

use super::*;

mod random;
mod tell;

use tell::{Law, line, stream, whole};

fn start() -> Value {
    json!({"type": "message_start", "message": {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [],
        "stop_reason": null, "usage": {"input_tokens": 10, "cache_read_input_tokens": 4, "output_tokens": 1}}})
}

fn begin(index: u64, block: &Value) -> Value {
    json!({"type": "content_block_start", "index": index, "content_block": block})
}

fn delta(index: u64, delta: &Value) -> Value {
    json!({"type": "content_block_delta", "index": index, "delta": delta})
}

fn stop(index: u64) -> Value {
    json!({"type": "content_block_stop", "index": index})
}

fn finish(reason: &str, output: u64) -> [Value; 2] {
    [
        json!({"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": null}, "usage": {"output_tokens": output}}),
        json!({"type": "message_stop"}),
    ]
}

/// The events of `middle`, between a start and an end.
fn answer(middle: &[Value]) -> Vec<String> {
    let mut events = vec![start()];
    events.extend_from_slice(middle);
    events.extend(finish("end_turn", 7));
    let (lines, end) = stream(&events);
    assert_eq!(end, Ok(()));
    assert_eq!(lines[0], "start msg_1 m 10/4/-/1");
    let body = &lines[1..lines.len() - 3];
    assert_eq!(
        lines[lines.len() - 3..],
        ["usage 10/4/-/7", "stop EndTurn None", "end"]
    );
    body.to_vec()
}

#[test]
fn thoughts_texts_and_calls_are_told_piece_by_piece() {
    let lines = answer(&[
        begin(
            0,
            &json!({"type": "thinking", "thinking": "", "signature": ""}),
        ),
        json!({"type": "ping"}),
        delta(0, &json!({"type": "thinking_delta", "thinking": "hm"})),
        delta(0, &json!({"type": "signature_delta", "signature": "early"})),
        delta(0, &json!({"type": "signature_delta", "signature": "sig"})),
        stop(0),
        begin(1, &json!({"type": "redacted_thinking", "data": "dark"})),
        stop(1),
        begin(2, &json!({"type": "text", "text": ""})),
        delta(2, &json!({"type": "text_delta", "text": "Hé\n"})),
        delta(2, &json!({"type": "text_delta", "text": ""})),
        delta(2, &json!({"type": "text_delta", "text": "llo"})),
        delta(
            2,
            &json!({"type": "citations_delta", "citation": {"type": "web_search_result_location", "url": "u", "title": "t"}}),
        ),
        delta(
            2,
            &json!({"type": "citations_delta", "citation": {"type": "char_location", "document_index": 0}}),
        ),
        stop(2),
        begin(
            3,
            &json!({"type": "tool_use", "id": "toolu_1", "name": "read", "input": {}}),
        ),
        delta(3, &json!({"type": "input_json_delta", "partial_json": ""})),
        delta(
            3,
            &json!({"type": "input_json_delta", "partial_json": "{\"a\":"}),
        ),
        delta(
            3,
            &json!({"type": "input_json_delta", "partial_json": "1}"}),
        ),
        stop(3),
    ]);
    assert_eq!(
        lines,
        [
            "open 0 thought",
            "alive",
            "delta 0 hm",
            "seal 0 Signature sig",
            "close 0",
            "open 1 thought",
            "seal 1 Redacted dark",
            "close 1",
            "open 2 text",
            "delta 2 Hé\n",
            "delta 2 llo",
            "cite 2 t=u",
            "close 2",
            "open 3 call toolu_1 read",
            "delta 3 {\"a\":",
            "delta 3 1}",
            "close 3",
        ]
    );
}

#[test]
fn a_call_has_its_input_from_wherever_it_comes() {
    let call = |input: Value| json!({"type": "tool_use", "id": "t", "name": "n", "input": input});
    for (block, pieces, expected) in [
        (call(json!({})), vec![], None),
        (call(json!({})), vec![""], None),
        (call(Value::Null), vec!["{}"], Some("delta 0 {}")),
        (call(json!({"a": 1})), vec![], Some("delta 0 {\"a\":1}")),
        (
            call(json!({"a": 1})),
            vec!["{\"a\":1}"],
            Some("delta 0 {\"a\":1}"),
        ),
        (call(json!("")), vec![], None),
    ] {
        let mut events = vec![begin(0, &block)];
        let piece = |piece| {
            delta(
                0,
                &json!({"type": "input_json_delta", "partial_json": piece}),
            )
        };
        events.extend(pieces.iter().map(piece));
        events.push(stop(0));
        let mut lines = vec!["open 0 call t n"];
        lines.extend(expected);
        lines.push("close 0");
        assert_eq!(answer(&events), lines, "{block} {pieces:?}");
    }
}

#[test]
fn searches_are_told_whole_and_unknown_blocks_not_at_all() {
    let result = json!({"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [
        {"type": "web_search_result", "url": "https://a", "title": "A", "encrypted_content": "x"},
        {"type": "something_else"}]});
    let lines = answer(&[
        begin(
            0,
            &json!({"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}}),
        ),
        delta(
            0,
            &json!({"type": "input_json_delta", "partial_json": "{\"query\":"}),
        ),
        delta(
            0,
            &json!({"type": "input_json_delta", "partial_json": "\"rust\"}"}),
        ),
        stop(0),
        begin(1, &result),
        stop(1),
        begin(
            2,
            &json!({"type": "server_tool_use", "id": "s", "name": "web_fetch", "input": {}}),
        ),
        delta(
            2,
            &json!({"type": "input_json_delta", "partial_json": "{}"}),
        ),
        stop(2),
        begin(3, &json!({"type": "brand_new", "text": 7})),
        delta(3, &json!({"type": "brand_new_delta", "text": 7})),
        stop(3),
        json!({"type": "brand_new_event", "index": "x", "delta": "y", "message": 1}),
        begin(4, &json!({"type": "text", "text": "after"})),
        delta(4, &json!({"type": "brand_new_delta"})),
        stop(4),
    ]);
    assert_eq!(
        lines,
        [
            "searched srvtoolu_1 rust A=https://a",
            "open 0 text",
            "delta 0 after",
            "close 0"
        ]
    );
    let failed = json!({"type": "web_search_tool_result", "tool_use_id": "q", "content": {"type": "web_search_tool_result_error", "error_code": "unavailable"}});
    let asked = json!({"type": "server_tool_use", "id": "q", "name": "web_search", "input": {"query": "whole"}});
    let lines = answer(&[begin(0, &asked), stop(0), begin(1, &failed), stop(1)]);
    assert_eq!(lines, ["searched q whole"]);
}

#[test]
fn usage_adds_up_and_the_last_reason_counts() {
    let (lines, end) = stream(&[
        start(),
        json!({"type": "message_delta", "delta": {"stop_reason": "max_tokens"}, "usage": {"output_tokens": 3}}),
        json!({"type": "message_delta", "delta": {"stop_reason": "stop_sequence", "stop_sequence": "X"}, "usage": {"input_tokens": 11, "output_tokens": 5}}),
        json!({"type": "message_delta", "delta": {"stop_reason": null}}),
        json!({"type": "message_stop"}),
        json!({"type": "ping"}),
    ]);
    assert_eq!(end, Ok(()));
    assert_eq!(
        lines[1..],
        [
            "usage 10/4/-/3",
            "usage 11/4/-/5",
            "stop StopSequence Some(\"X\")",
            "end"
        ]
    );
    for (word, reason) in [
        ("end_turn", "EndTurn"),
        ("tool_use", "ToolUse"),
        ("model_context_window_exceeded", "ContextWindow"),
        ("refusal", "Refusal"),
        ("pause_turn", "Pause"),
        ("brand_new", "EndTurn"),
    ] {
        let [delta, over] = finish(word, 1);
        let (lines, _) = stream(&[start(), delta, over]);
        assert_eq!(lines[2], format!("stop {reason} None"));
    }
}

#[test]
fn an_error_ends_the_answer() {
    let (lines, end) = stream(&[
        start(),
        json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}),
        json!({"type": "message_stop"}),
    ]);
    assert_eq!((lines.len(), end), (2, Ok(())));
    assert_eq!(lines[1], "failed Overloaded Overloaded");
    let body = json!({"type": "error", "error": {"type": "rate_limit_error", "message": "m"}});
    assert_eq!(whole(&body), ["failed RateLimited m"]);
}

#[test]
fn what_breaks_the_grammar_is_malformed() {
    let text = json!({"type": "text", "text": ""});
    let said = json!({"type": "text_delta", "text": "x"});
    let over = json!({"type": "message_stop"});
    for events in [
        vec![],
        vec![start()],
        vec![start(), begin(0, &text), delta(0, &said), stop(0)],
        vec![start(), start()],
        vec![over.clone()],
        vec![begin(0, &text)],
        vec![start(), delta(0, &said)],
        vec![start(), begin(0, &text), delta(1, &said)],
        vec![start(), begin(0, &text), begin(0, &text)],
        vec![start(), stop(0)],
        vec![start(), begin(0, &text), over],
        vec![
            start(),
            begin(0, &text),
            delta(0, &json!({"type": "thinking_delta", "thinking": "x"})),
        ],
        vec![
            start(),
            begin(0, &text),
            delta(0, &json!({"type": "text_delta", "text": 1})),
        ],
        vec![start(), begin(0, &json!({"type": "tool_use", "input": {}}))],
        vec![
            start(),
            json!({"type": "content_block_start", "content_block": text}),
        ],
        vec![start(), json!({"type": "content_block_delta", "index": 0})],
        vec![json!({"type": "message_start"})],
        vec![json!([1])],
    ] {
        assert!(stream(&events).1.is_err(), "{events:?}");
    }
    let cut = stream(&[start(), begin(0, &text)]).1;
    assert_eq!(cut, Err(Malformed::TRUNCATED));
    for body in [
        "",
        "{",
        "[]",
        "{}",
        r#"{"content":7}"#,
        r#"{"content":[7]}"#,
        "<html>",
    ] {
        assert!(
            decode_whole(body.as_bytes(), &mut |_| {}).is_err(),
            "{body}"
        );
    }
}

#[test]
fn events_may_lack_either_of_their_names() {
    let mut decoder = StreamDecoder::default();
    let mut lines = Vec::new();
    for (event, data) in [
        (
            None,
            br#"{"type":"message_start","message":{"id":"a"}}"#.as_slice(),
        ),
        (
            Some(b"message_delta".as_slice()),
            br#"{"delta":{"stop_reason":"end_turn"}}"#,
        ),
        (Some(b"message_stop".as_slice()), b"{}"),
        (None, b"[DONE]"),
    ] {
        let frame = Frame { event, data };
        decoder
            .frame(frame, &mut |event| lines.push(line(&event)))
            .unwrap();
    }
    assert_eq!(lines, ["start a  -/-/-/-", "stop EndTurn None", "end"]);
}

#[test]
fn an_end_without_a_reason_is_none() {
    let (_, end) = stream(&[start(), json!({"type": "message_stop"})]);
    assert_eq!(end, Err(Malformed::TRUNCATED));
    // A body that is whole JSON was not cut.
    let lines = whole(&json!({"id": "m", "content": []}));
    assert_eq!(lines[1..], ["stop EndTurn None", "end"]);
}

#[test]
fn calls_without_an_id_of_their_own_have_none() {
    let call = |id: &Value| json!({"type": "tool_use", "id": id, "name": "n", "input": {}});
    let lines = answer(&[
        begin(0, &call(&json!("a"))),
        stop(0),
        begin(1, &call(&json!("a"))),
        stop(1),
        begin(2, &call(&Value::Null)),
        stop(2),
    ]);
    let opened: Vec<&String> = lines
        .iter()
        .filter(|line| line.starts_with("open"))
        .collect();
    assert!(opened[0].contains(" a "), "{opened:?}");
    assert!(
        !opened[1].contains(" a ") && !opened[2].contains(" a "),
        "{opened:?}"
    );
}

#[test]
fn there_is_an_end_to_blocks_that_are_open() {
    let open = |index: u64| begin(index, &json!({"type": "brand_new"}));
    let mut events = vec![start()];
    events.extend((0..=MOST_BLOCKS as u64).map(open));
    assert_eq!(stream(&events).1, Err(Malformed::TOO_MANY));
}

#[test]
fn a_whole_answer_is_the_stream_it_could_have_been() {
    let lines = whole(
        &json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [
        {"type": "thinking", "thinking": "hm", "signature": "sig"},
        {"type": "redacted_thinking", "data": "dark"},
        {"type": "server_tool_use", "id": "q", "name": "web_search", "input": {"query": "rust"}},
        {"type": "web_search_tool_result", "tool_use_id": "q", "content": [{"url": "u", "title": "t"}]},
        {"type": "text", "text": "Hi", "citations": [{"url": "u", "title": "t"}]},
        {"type": "brand_new"},
        {"type": "tool_use", "id": "t1", "name": "n", "input": {"a": [1, 2]}},
        {"type": "tool_use", "id": "t2", "name": "n", "input": {}}],
        "stop_reason": "tool_use", "stop_sequence": null,
        "usage": {"input_tokens": 1, "cache_creation_input_tokens": 2, "output_tokens": 3}}),
    );
    assert_eq!(
        lines,
        [
            "start msg_1 m 1/-/2/3",
            "open 0 thought",
            "delta 0 hm",
            "seal 0 Signature sig",
            "close 0",
            "open 1 thought",
            "seal 1 Redacted dark",
            "close 1",
            "searched q rust t=u",
            "open 2 text",
            "delta 2 Hi",
            "cite 2 t=u",
            "close 2",
            "open 3 call t1 n",
            "delta 3 {\"a\":[1,2]}",
            "close 3",
            "open 4 call t2 n",
            "close 4",
            "usage 1/-/2/3",
            "stop ToolUse None",
            "end",
        ]
    );
}
