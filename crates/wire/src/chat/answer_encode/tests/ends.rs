use super::*;

#[test]
fn reasons_to_finish() {
    let reason = |events: Vec<Event<'static>>, reason| {
        let events = with_ending(events, reason);
        let whole = whole(&reply(), &events)["choices"][0]["finish_reason"].clone();
        let lines = lines(&stream(reply(), &events));
        let last: Value = serde_json::from_str(&lines[lines.len() - 2]).unwrap();
        assert_eq!(last["choices"][0]["finish_reason"], whole);
        whole
    };
    let called = || vec![call(0, "a", "f", Kind::Function), close(0)];
    for (stop, alone, after_a_call) in [
        (StopReason::EndTurn, "stop", "tool_calls"),
        (StopReason::StopSequence, "stop", "tool_calls"),
        (StopReason::Pause, "stop", "tool_calls"),
        (StopReason::ToolUse, "stop", "tool_calls"),
        (StopReason::MaxTokens, "length", "length"),
        (StopReason::ContextWindow, "length", "length"),
        (StopReason::Refusal, "content_filter", "content_filter"),
    ] {
        assert_eq!(reason(Vec::new(), stop), alone, "{stop:?}");
        assert_eq!(reason(called(), stop), after_a_call, "{stop:?}");
    }
}

#[test]
fn a_failure_is_the_last_thing_said_and_no_finish() {
    let failure = Failure {
        class: Class::RateLimited,
        message: "slow down".into(),
        code: None,
        param: None,
    };
    let events = [
        start(),
        open(0, Opening::Text),
        Event::delta(0, "hi"),
        Event::Failed(failure),
        Event::delta(0, "more"),
        Event::Alive,
        Event::End,
    ];
    let out = stream(reply(), &events);
    let lines = lines(&out);
    let last: Value = serde_json::from_str(lines.last().unwrap()).unwrap();
    assert_eq!(last["error"]["message"], "slow down");
    assert_eq!(last.as_object().map(Map::len), Some(1));
    assert_eq!(lines.len(), 3);
    let out = String::from_utf8(out).unwrap();
    assert!(!out.contains("[DONE]") && out.ends_with("\n\n"));
    assert_eq!(out.matches(r#""finish_reason":null"#).count(), 2);
}

#[test]
fn usage_is_told_to_those_who_asked_and_never_made_up() {
    let mut asking = reply();
    asking.usage_in_stream = true;
    let unknown = with_ending(Vec::new(), StopReason::EndTurn);
    assert_eq!(whole(&asking, &unknown).get("usage"), None);
    assert_eq!(lines(&stream(asking.clone(), &unknown)).len(), 3);

    let usage = Usage {
        input: Some(3),
        ..Usage::default()
    };
    let known = with_ending(vec![Event::Usage(usage)], StopReason::EndTurn);
    let counts = json!({"prompt_tokens": 3, "completion_tokens": 0, "total_tokens": 3});
    assert_eq!(whole(&asking, &known)["usage"], counts);
    let said = lines(&stream(asking, &known));
    let chunk: Value = serde_json::from_str(&said[2]).unwrap();
    assert_eq!((&chunk["choices"], &chunk["usage"]), (&json!([]), &counts));
    let out = String::from_utf8(stream(reply(), &known)).unwrap();
    assert!(!out.contains("usage"));
}

#[test]
fn what_breaks_the_grammar_breaks_nothing_else() {
    let events = [
        Event::delta(7, "x"),
        close(7),
        open(3, Opening::Text),
        Event::delta(3, "a"),
        Event::delta(9, "x"),
        Event::End,
    ];
    assert_eq!(deltas(&stream(reply(), &events)), [json!({"content": "a"})]);
}

#[test]
fn nothing_said_is_printed() {
    let mut encoder = StreamEncoder::new(reply());
    let events = with_ending(
        vec![
            call(0, "a", "hush", Kind::Function),
            Event::delta(0, "hush"),
        ],
        StopReason::ToolUse,
    );
    for event in &events {
        encoder.event(event, &mut Vec::new());
        assert!(!format!("{encoder:?}").contains("hush"));
    }
}
