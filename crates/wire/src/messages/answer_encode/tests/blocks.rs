//! What becomes of each kind of block, and of the reason to stop.

use super::*;

#[test]
fn a_thought_carries_its_token_or_a_mark_of_ours() {
    let token = Token::fresh(Origin::Cipher, "rs_1", "gAAA");
    let thought = |token: Option<Token<'static>>| {
        let mut events = vec![open(0, Opening::Thought), Event::delta(0, "hm")];
        events.extend(token.map(|token| seal(0, token)));
        events.push(close(0));
        events
    };
    for (reply, token, text, signature) in [
        (reply(), Some(token.clone()), "hm", "th1.c.acme.rs_1.gAAA"),
        (reply(), None, "hm", "th1.u.acme.."),
        (hidden(), Some(token), "", "th1.c.acme.rs_1.gAAA"),
        (hidden(), None, "", "th1.u.acme..hm"),
    ] {
        let (content, _) = content(&reply, thought(token), StopReason::EndTurn);
        let expected = json!([{"type": "thinking", "thinking": text, "signature": signature}]);
        assert_eq!(content, expected);
    }
}

#[test]
fn the_reason_follows_from_the_blocks() {
    use StopReason::{ContextWindow, EndTurn, MaxTokens, Pause, Refusal, ToolUse};
    let block = |content: Opening<'static>| vec![open(0, content), Event::delta(0, "{}"), close(0)];
    for (opening, reason, expected) in [
        (Opening::Text, EndTurn, "end_turn"),
        (Opening::Text, ToolUse, "end_turn"),
        (Opening::Text, Refusal, "refusal"),
        (Opening::Text, Pause, "pause_turn"),
        (
            Opening::Text,
            ContextWindow,
            "model_context_window_exceeded",
        ),
        (Opening::Refusal, EndTurn, "refusal"),
        (call("c"), EndTurn, "tool_use"),
        (call("c"), ToolUse, "tool_use"),
        (call("c"), MaxTokens, "max_tokens"),
    ] {
        assert_eq!(content(&reply(), block(opening), reason).1, expected);
    }
    let sequence = Event::Stop(Stop {
        reason: StopReason::StopSequence,
        sequence: Some("END".into()),
    });
    let told = message(&reply(), &[start(), sequence, Event::End]);
    assert_eq!(
        (&told["stop_reason"], &told["stop_sequence"]),
        (&json!("stop_sequence"), &json!("END"))
    );
    assert_eq!(
        message(&reply(), &[start(), Event::End])["stop_reason"],
        "end_turn"
    );
}

#[test]
fn calls_have_an_input_and_an_id_that_clients_take() {
    for (id, told) in [
        ("call_1", "call_1"),
        ("functions.run:0", "functions_run_0"),
        ("", "toolu_01-ab_0"),
    ] {
        let (content, _) = content(
            &reply(),
            vec![open(0, call(id)), close(0)],
            StopReason::ToolUse,
        );
        assert_eq!(
            content,
            json!([{"type": "tool_use", "id": told, "name": "run", "input": {}}])
        );
    }
}

#[test]
fn a_whole_call_keeps_what_is_no_object() {
    for text in ["{\"a\":", "[1]", "7", "{} {}"] {
        let mut answer = Answer::default();
        for event in [
            start(),
            open(0, call("c")),
            Event::delta(0, text),
            close(0),
            Event::End,
        ] {
            answer.take(event);
        }
        let whole: Value = serde_json::from_slice(&encode_whole(&answer, &reply())).unwrap();
        assert_eq!(
            whole["content"][0]["input"],
            json!({"unreadable_input": text})
        );
    }
}

#[test]
fn a_search_becomes_a_call_of_the_server_and_its_result() {
    let (content, reason) = content(&reply(), vec![searched()], StopReason::EndTurn);
    assert_eq!(
        content,
        json!([
            {"type": "server_tool_use", "id": "srvtoolu_ws_1", "name": "web_search", "input": {"query": "rust"}},
            {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_ws_1", "content": [
                {"type": "web_search_result", "url": "https://a", "title": "A", "encrypted_content": "", "page_age": null}]},
        ])
    );
    assert_eq!(reason, "end_turn");
    let nameless = Event::Searched {
        id: "".into(),
        query: "".into(),
        hits: vec![],
    };
    let events = [start(), nameless, open(0, call("")), close(0), Event::End];
    let told = message(&reply(), &events);
    assert_eq!(told["content"][0]["id"], "srvtoolu_01_ab_0");
    assert_eq!(told["content"][2]["id"], "toolu_01-ab_2");
    let told = message(&reply(), &[start(), searched(), searched(), Event::End]);
    assert_eq!(told["usage"]["server_tool_use"]["web_search_requests"], 2);
}

#[test]
fn empty_texts_are_never_written() {
    let empty = vec![
        open(0, Opening::Text),
        close(0),
        open(1, Opening::Refusal),
        Event::delta(1, ""),
        close(1),
        open(2, call("c")),
        close(2),
    ];
    let (content, reason) = content(&reply(), empty, StopReason::EndTurn);
    assert_eq!(content.as_array().unwrap().len(), 1);
    assert_eq!(reason, "tool_use");
}
