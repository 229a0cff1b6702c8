use super::*;

#[test]
fn text_thought_and_refusal_close_each_other() {
    let said = deltas(
        &[
            json!({"role": "assistant", "content": ""}),
            json!({"reasoning_content": "hm"}),
            json!({"reasoning_content": "m", "content": ""}),
            json!({"content": "Hel"}),
            json!({"content": "lo", "reasoning_content": null}),
            json!({"reasoning": "so"}),
            json!({"refusal": "No."}),
        ],
        "stop",
    );
    let expected = "0 thought
        0 + hm
        0 + m
        0 seal
        0 close
        1 text
        1 + Hel
        1 + lo
        1 close
        2 thought
        2 + so
        2 seal
        2 close
        3 refusal
        3 + No.
        3 close
        stop Refusal
        end";
    assert_eq!(said, lines(expected));
}

#[test]
fn a_delta_with_everything_is_read_in_the_order_of_a_model() {
    let said = deltas(
        &[json!({
            "tool_calls": [{"index": 0, "id": "c", "function": {"name": "f", "arguments": "{}"}}],
            "content": "text",
            "reasoning": "thought",
            "reasoning_content": "thought",
            "reasoning_details": [{"type": "reasoning.text", "text": "thought"}],
        })],
        "tool_calls",
    );
    let expected = "0 thought
        0 + thought
        0 seal
        0 close
        1 text
        1 + text
        1 close
        2 call c f
        2 + {}
        2 close
        stop ToolUse
        end";
    assert_eq!(said, lines(expected));
}

#[test]
fn content_may_be_a_list_of_parts() {
    let thinking = json!({"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]});
    let text = |text: &str| json!({"type": "text", "text": text});
    let said = deltas(
        &[
            json!({"content": [thinking]}),
            json!({"content": [text("a"), {"type": "reference"}, text("b")]}),
        ],
        "stop",
    );
    let expected = "0 thought
        0 + hm
        0 seal
        0 close
        1 text
        1 + a
        1 + b
        1 close
        stop EndTurn
        end";
    assert_eq!(said, lines(expected));
}

#[test]
fn sources_belong_to_the_text_that_is_open() {
    let source = json!([{"type": "url_citation", "url_citation":
        {"url": "https://a", "title": "A", "start_index": 0, "end_index": 4}}, {"type": "other"}]);
    let said = deltas(
        &[
            json!({"annotations": source}),
            json!({"content": "text"}),
            json!({"content": "", "annotations": source}),
        ],
        "stop",
    );
    let expected = "0 text
        0 + text
        0 cite https://a A
        0 close
        stop EndTurn
        end";
    assert_eq!(said, lines(expected));
}

#[test]
fn escapes_are_text() {
    let delta = |content: &str| {
        format!(r#"{{"choices":[{{"delta":{{"content":"{content}"}},"finish_reason":"stop"}}]}}"#)
    };
    let said = stream(&[delta(r#"a\t\u00e9\"\ud83d\ude00"#).as_bytes()]);
    assert!(said.contains("0 + a\té\"😀\n"), "{said}");
    let broken = stream(&[delta(r"\ud83d").as_bytes()]);
    assert!(
        broken.ends_with("! a text has a broken escape\n"),
        "{broken}"
    );
}

#[test]
fn other_choices_are_not_the_answer() {
    let choices = json!([
        {"index": 1, "delta": {"content": "second"}, "finish_reason": "length"},
        {"index": 0, "delta": {"content": "first"}, "finish_reason": "stop"},
    ]);
    let late = json!([{"index": 1, "delta": {"content": "x"}}]);
    assert_eq!(
        stream(&[&chunk(&choices), &chunk(&late)]),
        "start chatcmpl-1 m\n0 text\n0 + first\n0 close\nstop EndTurn\nend\n"
    );
}
