use super::*;

#[test]
fn a_stream_byte_for_byte() {
    let mut reply = reply();
    reply.usage_in_stream = true;
    let usage = Usage {
        input: Some(10),
        cache_read: Some(5),
        cache_write_5m: Some(2),
        cache_write_1h: Some(1),
        output: Some(7),
        reasoning: Some(3),
    };
    let events = [
        start(),
        Event::Alive,
        open(0, Opening::Text),
        Event::delta(0, "a\"\n"),
        close(0),
        Event::Usage(usage),
        Event::Stop(Stop::because(StopReason::EndTurn)),
        Event::End,
        Event::Alive,
        Event::End,
    ];
    let head = r#"data: {"id":"chatcmpl-01ab","object":"chat.completion.chunk","created":1700000000,"model":"some-model","choices":["#;
    let expected = [
        head,
        r#"{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null}"#,
        "\n\n: keep-alive\n\n",
        head,
        r#"{"index":0,"delta":{"content":"a\"\n"},"finish_reason":null}],"usage":null}"#,
        "\n\n",
        head,
        r#"{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}"#,
        "\n\n",
        head,
        r#"],"usage":{"prompt_tokens":18,"completion_tokens":7,"total_tokens":25,"#,
        r#""prompt_tokens_details":{"cached_tokens":5,"cache_write_tokens":3},"#,
        r#""completion_tokens_details":{"reasoning_tokens":3}}}"#,
        "\n\ndata: [DONE]\n\n",
    ];
    assert_eq!(
        String::from_utf8(stream(reply, &events)).unwrap(),
        expected.concat()
    );
}

#[test]
fn a_whole_answer_byte_for_byte() {
    let events = with_ending(
        vec![open(0, Opening::Text), Event::delta(0, "hi"), close(0)],
        StopReason::MaxTokens,
    );
    let mut answer = Answer::default();
    for event in events {
        answer.take(event);
    }
    let expected = concat!(
        r#"{"id":"chatcmpl-01ab","object":"chat.completion","created":1700000000,"model":"some-model","#,
        r#""choices":[{"index":0,"message":{"role":"assistant","content":"hi","refusal":null},"#,
        r#""logprobs":null,"finish_reason":"length"}]}"#,
    );
    assert_eq!(
        String::from_utf8(encode_whole(&answer, &reply())).unwrap(),
        expected
    );
}

#[test]
fn calls_are_named_once_and_numbered_by_their_opening() {
    let events = with_ending(
        vec![
            call(0, "a", "read", Kind::Function),
            call(1, "b", "patch", Kind::Freeform),
            Event::delta(1, "*** Begin"),
            Event::delta(0, "{\"p\":"),
            Event::delta(0, ""),
            Event::delta(0, "1}"),
            close(0),
            close(1),
        ],
        StopReason::ToolUse,
    );
    let fragment = |fragment: Value| json!({"tool_calls": [fragment]});
    assert_eq!(
        deltas(&stream(reply(), &events)),
        [
            fragment(json!({"index": 0, "id": "a", "type": "function",
                "function": {"name": "read", "arguments": ""}})),
            fragment(json!({"index": 1, "id": "b", "type": "custom",
                "custom": {"name": "patch", "input": ""}})),
            fragment(json!({"index": 1, "custom": {"input": "*** Begin"}})),
            fragment(json!({"index": 0, "function": {"arguments": "{\"p\":"}})),
            fragment(json!({"index": 0, "function": {"arguments": "1}"}})),
        ]
    );
    assert_eq!(
        whole(&reply(), &events)["choices"][0]["message"],
        json!({"role": "assistant", "content": null, "refusal": null, "tool_calls": [
            {"id": "a", "type": "function", "function": {"name": "read", "arguments": "{\"p\":1}"}},
            {"id": "b", "type": "custom", "custom": {"name": "patch", "input": "*** Begin"}},
        ]})
    );
}

#[test]
fn a_call_without_input_has_an_empty_object() {
    let events = with_ending(
        vec![
            call(0, "a", "list", Kind::Function),
            close(0),
            call(1, "b", "note", Kind::Freeform),
            close(1),
        ],
        StopReason::ToolUse,
    );
    let deltas = deltas(&stream(reply(), &events));
    assert_eq!(deltas.len(), 3);
    assert_eq!(
        deltas[1],
        json!({"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]})
    );
    let calls = &whole(&reply(), &events)["choices"][0]["message"]["tool_calls"];
    assert_eq!(calls[0]["function"]["arguments"], "{}");
    assert_eq!(calls[1]["custom"]["input"], "");
}

#[test]
fn thoughts_are_shown_to_those_who_want_them() {
    let events = with_ending(
        vec![
            open(0, Opening::Thought),
            Event::delta(0, "hm"),
            close(0),
            open(1, Opening::Text),
            Event::delta(1, "hi"),
            close(1),
        ],
        StopReason::EndTurn,
    );
    assert_eq!(
        deltas(&stream(reply(), &events)),
        [json!({"reasoning_content": "hm"}), json!({"content": "hi"})]
    );
    let mut hiding = reply();
    hiding.show_thoughts = false;
    let message = &whole(&hiding, &events)["choices"][0]["message"];
    assert_eq!(message.get("reasoning_content"), None);
    assert_eq!(deltas(&stream(hiding, &events)), [json!({"content": "hi"})]);
}

#[test]
fn sources_have_the_range_of_their_text_and_come_in_one_chunk() {
    let source = |url: &'static str| Hit {
        url: url.into(),
        title: "T".into(),
    };
    let events = with_ending(
        vec![
            open(0, Opening::Text),
            Event::delta(0, "né 😀"),
            close(0),
            Event::Searched {
                id: "s".into(),
                query: "q".into(),
                hits: vec![source("u")],
            },
            open(1, Opening::Text),
            Event::Cite {
                block: 1,
                source: source("a"),
            },
            Event::delta(1, "cited"),
            Event::Cite {
                block: 1,
                source: source("b"),
            },
            close(1),
        ],
        StopReason::EndTurn,
    );
    let annotation = |url: &str| {
        let citation = json!({"url": url, "title": "T", "start_index": 4, "end_index": 9});
        json!({"type": "url_citation", "url_citation": citation})
    };
    let annotations = json!([annotation("a"), annotation("b")]);
    let said = deltas(&stream(reply(), &events));
    assert_eq!(said[2..], [json!({"annotations": annotations})]);
    let whole = whole(&reply(), &events);
    assert_eq!(whole["choices"][0]["message"]["annotations"], annotations);
    assert_eq!(whole["choices"][0]["message"]["content"], "né 😀cited");
}

#[test]
fn texts_side_by_side_are_not_mixed() {
    let events = with_ending(
        vec![
            open(0, Opening::Text),
            open(1, Opening::Text),
            open(2, Opening::Thought),
            Event::delta(1, "b"),
            Event::delta(0, "a"),
            Event::delta(2, "hm"),
            Event::delta(1, "b"),
            close(1),
            Event::delta(0, "a"),
            close(0),
            close(2),
        ],
        StopReason::EndTurn,
    );
    assert_eq!(
        deltas(&stream(reply(), &events)),
        [
            json!({"content": "a"}),
            json!({"reasoning_content": "hm"}),
            json!({"content": "a"}),
            json!({"content": "bb"}),
        ]
    );
}
