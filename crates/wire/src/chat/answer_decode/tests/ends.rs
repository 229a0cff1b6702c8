use super::*;

const HELLO: &[u8] =
    br#"{"id":"i","model":"m","choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":null}]}"#;
const FINISH: &[u8] =
    br#"{"id":"i","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
const USAGE: &[u8] = br#"{"id":"i","model":"m","choices":[],
    "usage":{"prompt_tokens":10,"completion_tokens":4,"total_tokens":14,
    "prompt_tokens_details":{"cached_tokens":7},"completion_tokens_details":{"reasoning_tokens":3}}}"#;

fn ended(rest: &str) -> String {
    lines(&format!("start i m\n0 text\n0 + hi\n0 close\n{rest}"))
}

#[test]
fn the_end_follows_the_usage() {
    let usage = "usage (3) (7) (4) (3)\nstop EndTurn\nend";
    assert_eq!(stream(&[HELLO, FINISH, USAGE, b"[DONE]"]), ended(usage));
    // Not every server says that it is done.
    assert_eq!(stream(&[HELLO, FINISH, USAGE]), ended(usage));
    assert_eq!(stream(&[HELLO, FINISH]), ended("stop EndTurn\nend"));
    // What comes after the end is not part of the answer.
    assert_eq!(
        stream(&[HELLO, FINISH, b"[DONE]", HELLO, b"junk"]),
        ended("stop EndTurn\nend")
    );
}

#[test]
fn usage_is_found_wherever_it_stands() {
    let usage = r#","usage":{"prompt_tokens":5,"completion_tokens":2}"#;
    let extension = r#","x_groq":{"usage":{"prompt_tokens":5,"completion_tokens":2}}"#;
    for (in_choice, in_chunk) in [(usage, ""), ("", usage), ("", extension)] {
        let choice = format!(r#"{{"delta":{{}},"finish_reason":"stop"{in_choice}}}"#);
        let finish = format!(r#"{{"choices":[{choice}]{in_chunk}}}"#);
        assert_eq!(
            stream(&[HELLO, finish.as_bytes(), b"[DONE]"]),
            ended("usage (5) None (2) None\nstop EndTurn\nend")
        );
    }
}

#[test]
fn a_later_usage_replaces_an_earlier_one_whole() {
    let plain = br#"{"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":4}}"#;
    assert_eq!(
        stream(&[USAGE, HELLO, FINISH, plain]),
        ended("usage (10) None (4) None\nstop EndTurn\nend")
    );
}

#[test]
fn an_answer_without_a_finish_was_cut() {
    let cut = "start i m\n0 text\n0 + hi\n! the stream ended before its last event\n";
    assert_eq!(stream(&[HELLO]), cut);
    assert_eq!(stream(&[HELLO, USAGE, b"[DONE]"]), cut);
    assert_eq!(stream(&[]), "! the stream ended before its last event\n");
}

#[test]
fn chunks_that_say_nothing_are_skipped() {
    let filter: &[u8] = br#"{"id":"","model":"","choices":[],"prompt_filter_results":[]}"#;
    let empty: &[u8] =
        br#"{"id":"i","model":"m","choices":[{"index":0,"delta":null,"finish_reason":""}]}"#;
    assert_eq!(
        stream(&[
            filter, b"", b" ", empty, HELLO, filter, empty, FINISH, empty
        ]),
        ended("stop EndTurn\nend")
    );
}

#[test]
fn reasons_to_stop() {
    let reason = |said: &[Value], word: &str| {
        let said = deltas(said, word);
        said.lines()
            .find_map(|line| line.strip_prefix("stop ").map(str::to_owned))
            .unwrap()
    };
    let call = [json!({"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f"}}]})];
    for (word, alone, after_a_call) in [
        ("stop", StopReason::EndTurn, StopReason::ToolUse),
        ("eos", StopReason::EndTurn, StopReason::ToolUse),
        ("tool_calls", StopReason::ToolUse, StopReason::ToolUse),
        ("function_call", StopReason::ToolUse, StopReason::ToolUse),
        ("length", StopReason::MaxTokens, StopReason::MaxTokens),
        ("content_filter", StopReason::Refusal, StopReason::Refusal),
    ] {
        assert_eq!(reason(&[], word), format!("{alone:?}"), "{word}");
        assert_eq!(reason(&call, word), format!("{after_a_call:?}"), "{word}");
    }
}

#[test]
fn errors_end_the_stream() {
    let coded: &[u8] = br#"{"error":{"message":"slow down","type":"requests","param":null,
        "code":"rate_limit_exceeded"}}"#;
    let failed = format!("failed {:?} slow down\n", Class::RateLimited);
    assert_eq!(
        stream(&[HELLO, coded, HELLO, b"[DONE]"]),
        format!("start i m\n0 text\n0 + hi\n{failed}")
    );
    let at_the_top: &[u8] = br#"{"object":"error","message":"no","type":"x","code":400}"#;
    assert!(stream(&[at_the_top]).starts_with("failed "));
    assert!(stream(&[br#"{"error":"broken","choices":[]}"#]).ends_with(" broken\n"));
    let by_reason = br#"{"choices":[{"delta":{},"finish_reason":"error"}]}"#;
    assert!(stream(&[HELLO, by_reason]).contains("failed Server "));
    let none = br#"{"error":null,"choices":[{"delta":{"content":"hi"},"finish_reason":"stop"}]}"#;
    assert!(stream(&[none]).ends_with("end\n"));
    for empty in ["{}", "{ }", "\"\"", "[]", "false", "0"] {
        let choices = r#"[{"delta":{"content":"hi"},"finish_reason":"stop"}]"#;
        let beside = format!(r#"{{"error":{empty},"choices":{choices}}}"#);
        assert!(stream(&[beside.as_bytes()]).ends_with("end\n"), "{empty}");
        let alone = format!(r#"{{"error":{empty},"choices":[]}}"#);
        assert!(
            stream(&[alone.as_bytes()]).starts_with("failed "),
            "{empty}"
        );
    }
}

#[test]
fn an_event_named_error_is_one() {
    let mut log = Log::default();
    let frame = Frame {
        event: Some(b"error"),
        data: br#"{"message":"overloaded"}"#,
    };
    let mut decoder = StreamDecoder::default();
    decoder.frame(frame, &mut |event| log.take(&event)).unwrap();
    assert!(
        log.0.starts_with("failed ") && log.0.ends_with(" overloaded\n"),
        "{}",
        log.0
    );
}

#[test]
fn what_is_no_chunk_is_malformed() {
    for junk in ["<html>", "{", "{\"choices\":[}"] {
        assert_eq!(
            stream(&[junk.as_bytes()]),
            "! a chunk is not JSON\n",
            "{junk}"
        );
    }
    let refusal = r#"{"choices":[{"delta":{"refusal":1}}]}"#;
    for wrong in ["1", "[1]", "null", r#"{"choices":{}}"#, refusal] {
        let said = stream(&[wrong.as_bytes()]);
        assert_eq!(
            said, "! a chunk has a member of the wrong type\n",
            "{wrong}"
        );
    }
}

#[test]
fn a_whole_answer_says_what_its_stream_says() {
    let message = json!({
        "role": "assistant", "content": "text", "refusal": null, "reasoning_content": "thought",
        "annotations": [{"type": "url_citation", "url_citation": {"url": "u", "title": "t"}}],
        "tool_calls": [
            {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}},
            {"id": "b", "type": "custom", "custom": {"name": "g", "input": "raw"}},
        ],
    });
    let choice = json!({"index": 0, "message": message, "finish_reason": "tool_calls"});
    let said = whole(&json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [choice],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
    }));
    assert!(
        said.ends_with("\nusage (3) None (2) None\nstop ToolUse\nend\n"),
        "{said}"
    );
    let streamed = deltas(&[message], "tool_calls");
    assert_eq!(
        said.replace("usage (3) None (2) None\n", ""),
        format!("start chatcmpl-1 m\n{streamed}")
    );
    assert!(
        said.contains("cite u t") && said.contains("3 custom b g\n3 + raw"),
        "{said}"
    );
}

#[test]
fn whole_answers_that_are_none() {
    let error = json!({"error": {"message": "no", "code": "model_not_found"}});
    assert!(whole(&error).starts_with("failed NotFound no"));
    assert_eq!(
        whole(&json!({"choices": []})),
        "! the answer has no choices\n"
    );
    assert_eq!(whole(&json!({})), "! the answer has no choices\n");
    // No reason is no sign of a cut: the body is whole.
    let body = json!({"id": "i", "model": "m", "choices": [{"message": {"content": "hi"}}]});
    assert_eq!(whole(&body), ended("stop EndTurn\nend"));
}

#[test]
fn nothing_said_is_printed() {
    let mut decoder = StreamDecoder::default();
    let delta = json!({"tool_calls": [{"index": 0, "function": {"arguments": "hush"}}]});
    let line = chunk(&json!([{"delta": delta}]));
    let frame = Frame {
        event: None,
        data: &line,
    };
    decoder.frame(frame, &mut |_| {}).unwrap();
    assert!(!format!("{decoder:?}").contains("hush"));
}
