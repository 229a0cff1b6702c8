//! What becomes of answers that are not as they should be.

use serde_json::{Value, json};

use super::*;

const MESSAGES: &str =
    r#"{"model":"m","max_tokens":2000,"messages":[{"role":"user","content":"x"}],"stream":true}"#;
const CHAT: &str = r#"{"model":"m","messages":[{"role":"user","content":"x"}],"stream":true}"#;
const RESPONSES: &str = r#"{"model":"m","input":"x","stream":true}"#;

fn answering(caller: Protocol, upstream: Protocol, body: &str) -> Answering {
    let target = Dialect::new(upstream, "lab");
    prepare(caller, body.as_bytes(), &target, &OCCASION)
        .unwrap()
        .answering
}

/// A translator that has read these events, and what it wrote.
fn run(answering: Answering, events: &[Value]) -> (Translator, String) {
    let mut translator = answering.stream();
    let mut out = Vec::new();
    for event in events {
        let line = format!("data: {event}\n\n");
        translator.push(line.as_bytes(), &mut out).unwrap();
    }
    translator.finish(&mut out).unwrap();
    (translator, String::from_utf8(out).unwrap())
}

fn chunk(delta: &Value, reason: Option<&str>) -> Value {
    json!({"id": "c", "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})
}

#[test]
fn a_hidden_thought_is_kept_in_its_token() {
    let hiding = MESSAGES.replace(
        r#""stream""#,
        r#""thinking":{"type":"adaptive","display":"omitted"},"stream""#,
    );
    let said = [
        chunk(&json!({"reasoning_content": "a plan"}), None),
        chunk(&json!({"content": "hi"}), Some("stop")),
    ];
    let hidden = answering(Protocol::Messages, Protocol::Chat, &hiding);
    let (_, out) = run(hidden.clone(), &said);
    let signature = r#""signature":"th1.u.lab..a plan""#;
    assert!(
        out.contains(signature) && !out.contains("thinking_delta"),
        "{out}"
    );
    let message = json!({"reasoning_content": "a plan", "content": "hi"});
    let body = json!({"choices": [{"message": message, "finish_reason": "stop"}]});
    let whole = Answering {
        stream: false,
        ..hidden
    };
    let Finished::Answer(whole) = whole.whole(body.to_string().as_bytes()).unwrap() else {
        panic!("it has not failed");
    };
    assert!(String::from_utf8(whole).unwrap().contains(signature));
}

#[test]
fn text_amid_a_call_leaves_the_call_whole() {
    let call = |arguments: &str, name: Option<&str>| {
        let function = json!({"name": name, "arguments": arguments});
        chunk(
            &json!({"tool_calls": [{"index": 0, "id": name.map(|_| "a"), "function": function}]}),
            None,
        )
    };
    let said = [
        call("{\"a\":", Some("f")),
        chunk(&json!({"content": "\n"}), None),
        call("1}", None),
        chunk(&json!({}), Some("tool_calls")),
    ];
    let (_, out) = run(
        answering(Protocol::Messages, Protocol::Chat, MESSAGES),
        &said,
    );
    let rest = out.find(r#""partial_json":"1}""#).unwrap();
    assert!(rest < out.find("content_block_stop").unwrap(), "{out}");
    let (_, out) = run(
        answering(Protocol::Responses, Protocol::Chat, RESPONSES),
        &said,
    );
    assert!(out.contains(r#""arguments":"{\"a\":1}""#), "{out}");
}

#[test]
fn half_a_character_is_no_end() {
    let text = |half: &str| {
        format!(
            r#"data: {{"choices":[{{"delta":{{"content":"{half}"}},"finish_reason":"stop"}}]}}{}"#,
            "\n\n"
        )
    };
    let answering = answering(Protocol::Messages, Protocol::Chat, MESSAGES);
    let mut out = Vec::new();
    let mut translator = answering.clone().stream();
    for half in [r"a\ud83d", r"\ude00b"] {
        translator.push(text(half).as_bytes(), &mut out).unwrap();
    }
    translator.finish(&mut out).unwrap();
    let out = String::from_utf8(out).unwrap();
    assert!(
        out.contains("\"a\u{fffd}\"") && out.contains("\"\u{fffd}b\""),
        "{out}"
    );
    let whole = br#"{"choices":[{"message":{"content":"\ud83d"},"finish_reason":"stop"}]}"#;
    assert!(matches!(answering.whole(whole), Ok(Finished::Answer(_))));
}

#[test]
fn calls_without_ids_get_ones_that_belong_to_the_answer() {
    let function = json!({"name": "f", "arguments": "{}"});
    let said = [chunk(
        &json!({"tool_calls": [{"index": 0, "id": "", "function": function}]}),
        Some("stop"),
    )];
    for (caller, body, id) in [
        (Protocol::Messages, MESSAGES, "toolu_1_0"),
        (Protocol::Responses, RESPONSES, "call_1_0"),
    ] {
        let (_, out) = run(answering(caller, Protocol::Chat, body), &said);
        assert!(out.contains(&format!("\"{id}\"")), "{out}");
    }
    let call = json!({"type": "function_call", "name": "f", "arguments": "{}"});
    let body = json!({"status": "completed", "output": [call]});
    for stream in [true, false] {
        let answering = Answering {
            stream,
            ..answering(Protocol::Chat, Protocol::Responses, CHAT)
        };
        let Ok(Finished::Answer(out)) = answering.whole(body.to_string().as_bytes()) else {
            panic!("it has not failed");
        };
        let out = String::from_utf8(out).unwrap();
        assert!(out.contains(r#""id":"call_1_0""#), "{out}");
    }
}

#[test]
fn a_translator_tells_how_the_answer_ended() {
    let done = [chunk(&json!({"content": "hi"}), Some("stop"))];
    let (translator, _) = run(
        answering(Protocol::Messages, Protocol::Chat, MESSAGES),
        &done,
    );
    assert!(translator.ended() && translator.failed().is_none());
    let failed = [json!({"error": {"message": "no", "code": "rate_limit_exceeded"}})];
    let (translator, _) = run(
        answering(Protocol::Messages, Protocol::Chat, MESSAGES),
        &failed,
    );
    assert_eq!(translator.failed(), Some(Class::RateLimited));
}

#[test]
fn a_summary_that_says_nothing_is_a_failure() {
    let body = r#"{"model":"m","input":[{"role":"user","content":"x"},{"type":"compaction_trigger"}],"stream":true}"#;
    let compaction = answering(Protocol::Responses, Protocol::Chat, body);
    let said = [chunk(&json!({"content": " "}), Some("stop"))];
    let (translator, out) = run(compaction.clone(), &said);
    assert!(out.contains("response.failed"), "{out}");
    assert_eq!(translator.failed(), Some(Class::Server));
    let mut gather = compaction.clone().gather();
    let line = format!("data: {}\n\ndata: [DONE]\n\n", said[0]);
    gather.push(line.as_bytes(), &mut Vec::new()).unwrap();
    assert_eq!(gather.failed(), Some(Class::Server));
    assert!(matches!(gather.gathered(), Finished::Failed(_)));
    let body = br#"{"choices":[{"message":{"content":""},"finish_reason":"stop"}]}"#;
    for stream in [true, false] {
        let whole = Answering {
            stream,
            ..compaction.clone()
        };
        assert!(matches!(whole.whole(body), Ok(Finished::Failed(_))));
    }
}

#[test]
fn a_cut_answer_has_ended_however_its_upstream_ends() {
    let item = |place: u64, item: &Value| json!({"type": "response.output_item.done", "output_index": place, "item": item});
    let call = item(
        0,
        &json!({"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}),
    );
    let text = item(
        1,
        &json!({"type": "message", "content": [{"type": "output_text", "text": "hi END more"}]}),
    );
    let failed = json!({"type": "response.failed", "response": {"error": {"code": "server_error", "message": "x"}}});
    let chat = CHAT.replace(r#""stream""#, r#""stop":["END"],"stream""#);
    let messages = MESSAGES.replace(r#""stream""#, r#""stop_sequences":["END"],"stream""#);
    for (caller, body, alone, after_a_call) in [
        (
            Protocol::Chat,
            &chat,
            r#""finish_reason":"stop""#,
            r#""finish_reason":"tool_calls""#,
        ),
        (
            Protocol::Messages,
            &messages,
            r#""stop_reason":"stop_sequence","stop_sequence":"END""#,
            r#""stop_reason":"tool_use","stop_sequence":null"#,
        ),
    ] {
        // Broken off, failed, and cut by what is no event.
        for end in [None, Some(failed.clone()), Some(json!("junk"))] {
            for (before, reason) in [(None, alone), (Some(call.clone()), after_a_call)] {
                let events: Vec<Value> = before
                    .into_iter()
                    .chain([text.clone()])
                    .chain(end.clone())
                    .collect();
                let (translator, out) = run(answering(caller, Protocol::Responses, body), &events);
                assert!(out.contains(reason) && !out.contains("more"), "{out}");
                assert!(translator.ended() && translator.failed().is_none());
            }
        }
    }
}

#[test]
fn the_length_of_an_answer_is_bounded_in_every_way() {
    let start = json!({"type": "message_start", "message": {"id": "m"}});
    let block = |index: usize, block: &Value| json!({"type": "content_block_start", "index": index, "content_block": block});
    let stop = |index: usize| json!({"type": "content_block_stop", "index": index});
    let broken = |events: &mut dyn Iterator<Item = Value>| {
        let mut translator = answering(Protocol::Chat, Protocol::Messages, CHAT).stream();
        let mut out = Vec::new();
        for event in [start.clone()].into_iter().chain(events) {
            let line = format!("data: {event}\n\n");
            if let Err(broken) = translator.push(line.as_bytes(), &mut out) {
                return broken.0;
            }
        }
        panic!("it is taken");
    };
    let text = json!({"type": "text", "text": "a"});
    let mut texts = (0..5000).flat_map(|index| [block(index, &text), stop(index)]);
    assert_eq!(broken(&mut texts), "the answer has too many blocks");
    let long = json!({"type": "redacted_thinking", "data": "x".repeat(1 << 22)});
    let mut thoughts = (0..20).flat_map(|index| [block(index, &long), stop(index)]);
    assert_eq!(broken(&mut thoughts), "the answer is too long");
}
