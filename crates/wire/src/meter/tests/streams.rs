use super::*;

/// A Messages stream with thinking, a tool call, padding blanks and pings.
pub(super) const MESSAGES: &str = r#"event: message_start
data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-5-5","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":12,"cache_creation_input_tokens":100,"cache_read_input_tokens":2000,"cache_creation":{"ephemeral_5m_input_tokens":40,"ephemeral_1h_input_tokens":60},"output_tokens":1,"service_tier":"standard"}}     }

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}  }

event: ping
data: {"type": "ping"}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"12345"}       }

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"EqQBCgIYAhIM1gbcDa9GJwZA2b3hGgxBdjrkzLoky3dl1pk"}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"say \"usage\" \n and \u6f22"}}

event: ping
data: {"type": "ping"}

event: content_block_delta
data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"a\":1}"}}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":89,"output_tokens_details":{"thinking_tokens":30}}               }

event: message_stop
data: {"type":"message_stop"           }

"#;

pub(super) const CHAT: &str = r#"data: {"id":"","object":"chat.completion.chunk","created":0,"model":"","choices":[],"prompt_filter_results":[]}

data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1790000000,"model":"gpt-5.5-2026-10-01","choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"finish_reason":null}],"usage":null}

data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1790000000,"model":"gpt-5.5-2026-10-01","choices":[{"index":0,"delta":{"content":"Hello"},"logprobs":null,"finish_reason":null}],"usage":null,"obfuscation":"abc"}

data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1790000000,"model":"gpt-5.5-2026-10-01","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"write","arguments":"{\"usage\":1}"}}]},"finish_reason":null}],"usage":null}

data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1790000000,"model":"gpt-5.5-2026-10-01","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}],"usage":null}

data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1790000000,"model":"gpt-5.5-2026-10-01","choices":[],"usage":{"prompt_tokens":50,"completion_tokens":20,"total_tokens":70,"prompt_tokens_details":{"cached_tokens":32},"completion_tokens_details":{"reasoning_tokens":8}}}

data: [DONE]

"#;

pub(super) const RESPONSES: &str = r#"event: response.created
data: {"type":"response.created","sequence_number":0,"response":{"id":"resp_1","object":"response","status":"in_progress","error":null,"incomplete_details":null,"model":"gpt-5.5-2026-10-01","output":[],"tools":[{"type":"function","name":"usage"}],"usage":null}}

event: response.in_progress
data: {"type":"response.in_progress","sequence_number":1,"response":{"id":"resp_1","object":"response","status":"in_progress","error":null,"model":"gpt-5.5-2026-10-01","usage":null}}

event: response.output_item.added
data: {"type":"response.output_item.added","sequence_number":2,"output_index":0,"item":{"id":"msg_1","type":"message","status":"in_progress","content":[]}}

event: response.output_text.delta
data: {"type":"response.output_text.delta","sequence_number":3,"item_id":"msg_1","output_index":0,"content_index":0,"delta":"Hello, \"you\"","logprobs":[],"obfuscation":"xyzxyz"}

event: response.function_call_arguments.delta
data: {"type":"response.function_call_arguments.delta","sequence_number":4,"item_id":"fc_1","output_index":1,"delta":"{}"}

event: response.output_item.done
data: {"type":"response.output_item.done","sequence_number":5,"output_index":0,"item":{"id":"msg_1","type":"message","status":"completed","content":[{"type":"output_text","text":"Hello"}]}}

event: response.completed
data: {"type":"response.completed","sequence_number":6,"response":{"id":"resp_1","object":"response","status":"completed","error":null,"incomplete_details":null,"model":"gpt-5.5-2026-10-01","output":[{"id":"msg_1","status":"completed","usage":{"input_tokens":9}}],"usage":{"input_tokens":300,"input_tokens_details":{"cached_tokens":256},"output_tokens":40,"output_tokens_details":{"reasoning_tokens":24},"total_tokens":340}}}

"#;

#[test]
fn a_messages_stream_is_metered() {
    let metered = stream(Protocol::Messages, MESSAGES);
    let expected = Metered {
        usage: Usage {
            input: Some(12),
            cache_read: Some(2000),
            cache_write_5m: Some(40),
            cache_write_1h: Some(60),
            output: Some(89),
            reasoning: Some(30),
        },
        usage_raw: Some(
            r#"{"output_tokens":89,"output_tokens_details":{"thinking_tokens":30}}"#.into(),
        ),
        stop_reason: Some("tool_use".into()),
        model: Some("claude-sonnet-5-5".into()),
        upstream_id: Some("msg_1".into()),
        terminal: true,
        events: 11,
        // `12345`, `say "usage" ⏎ and 漢` (its `\u` escape counts three), `{"a":1}`
        output_bytes_hint: 5 + 21 + 7,
        ..Metered::default()
    };
    assert_eq!(metered, expected);
}

#[test]
fn a_chat_stream_is_metered() {
    let metered = stream(Protocol::Chat, CHAT);
    assert_eq!(
        metered.usage,
        Usage {
            input: Some(18),
            cache_read: Some(32),
            output: Some(20),
            reasoning: Some(8),
            ..Usage::default()
        }
    );
    assert_eq!(metered.stop_reason.as_deref(), Some("tool_calls"));
    assert_eq!(metered.model.as_deref(), Some("gpt-5.5-2026-10-01"));
    assert_eq!(metered.upstream_id.as_deref(), Some("chatcmpl-1"));
    assert!(metered.terminal && metered.error.is_none() && !metered.quarantined);
    assert_eq!((metered.events, metered.output_bytes_hint), (7, 5 + 11));
}

#[test]
fn a_responses_stream_is_metered() {
    let metered = stream(Protocol::Responses, RESPONSES);
    assert_eq!(
        metered.usage,
        Usage {
            input: Some(44),
            cache_read: Some(256),
            output: Some(40),
            reasoning: Some(24),
            ..Usage::default()
        }
    );
    assert_eq!(metered.stop_reason.as_deref(), Some("completed"));
    assert_eq!(metered.upstream_id.as_deref(), Some("resp_1"));
    assert!(metered.terminal && metered.error.is_none() && !metered.quarantined);
    assert_eq!((metered.events, metered.output_bytes_hint), (7, 12 + 2));
}

#[test]
fn a_cut_messages_stream_keeps_what_it_began_with() {
    let (cut, _) = MESSAGES.split_once("event: message_delta").unwrap();
    let metered = stream(Protocol::Messages, cut);
    assert_eq!(metered.usage.input, Some(12));
    assert_eq!(metered.usage.output, Some(1));
    assert_eq!(metered.stop_reason, None);
    assert!(metered.output_bytes_hint > 0 && !metered.terminal);
}

#[test]
fn present_counts_overwrite_and_absent_ones_stay() {
    let delta = |usage: &str| {
        let text = format!(
            "data: {{\"type\":\"message_start\",\"message\":{{\"usage\":{{\"input_tokens\":0,\"output_tokens\":1,\"cache_read_input_tokens\":5}}}}}}\n\n\
             data: {{\"type\":\"message_delta\",\"delta\":{{}},\"usage\":{usage}}}\n\n"
        );
        let usage = stream(Protocol::Messages, &text).usage;
        (usage.input, usage.cache_read, usage.output)
    };
    assert_eq!(delta(r#"{"output_tokens":3}"#), (Some(0), Some(5), Some(3)));
    assert_eq!(
        delta(r#"{"input_tokens":70,"cache_read_input_tokens":0}"#),
        (Some(70), Some(0), Some(1))
    );
    assert_eq!(delta("null"), (Some(0), Some(5), Some(1)));
    assert_eq!(
        delta(r#"{"input_tokens":null,"output_tokens":4}"#),
        (Some(0), Some(5), Some(4))
    );
}

#[test]
fn chat_usage_is_found_wherever_servers_put_it() {
    let usage = r#"{"prompt_tokens":3,"completion_tokens":2}"#;
    for text in [
        format!(
            "data: {{\"choices\":[{{\"delta\":{{\"content\":\"x\"}},\"finish_reason\":\"stop\"}}],\"usage\":{usage}}}\n\n"
        ),
        format!(
            "data: {{\"choices\":[{{\"delta\":{{}},\"usage\" : {usage}}}]}}\n\ndata: {{\"usage\":null}}\n\n"
        ),
        format!("data: {{\"x_groq\":{{\"id\":\"r\",\"usage\":\t{usage}}}}}\n\n"),
        format!(
            "data: {{\"usage\":{{\"prompt_tokens\":1}}}}\n\ndata: {{\"usage\":{usage}}}\n\ndata: {{\"usage\":{{}}}}\n\n"
        ),
    ] {
        // Past the first chunks, so that only the quick look decides what is read.
        let filler = "data: {\"id\":\"a\",\"model\":\"m\",\"choices\":[{\"delta\":{\"content\":\"x\"}}],\"usage\":null}\n\n".repeat(9);
        let metered = stream(Protocol::Chat, &(filler + &text));
        assert_eq!(
            (metered.usage.input, metered.usage.output),
            (Some(3), Some(2)),
            "{text}"
        );
    }
}

#[test]
fn only_the_protocols_own_end_is_terminal() {
    let done = "data: [DONE]\n\n";
    assert!(!stream(Protocol::Messages, done).terminal);
    assert!(!stream(Protocol::Responses, done).terminal);
    assert!(stream(Protocol::Chat, "data: [DONE]").terminal);
    for name in ["completed", "incomplete", "failed"] {
        let text = format!("data: {{ \"type\" :\"response.{name}\",\"response\":{{}}}}\n\n");
        assert!(stream(Protocol::Responses, &text).terminal, "{name}");
    }
    // The type may be missing from the data, come late, or be written in escapes.
    for text in [
        "event: message_stop\ndata: {}\n\n",
        "data: {\"a\":1,\"type\":\"message_stop\"}\n\n",
        "data: {\"type\":\"message\\u005fstop\"}\n\n",
        "data: {\"t\\u0079pe\":\"message_stop\"}\n\n",
    ] {
        assert!(stream(Protocol::Messages, text).terminal, "{text}");
    }
    assert!(
        !stream(
            Protocol::Messages,
            "data: {\"type\":\"ping\",\"x\":\"message_stop\"}\n\n"
        )
        .terminal
    );
}

#[test]
fn an_incomplete_response_says_why() {
    let text = r#"data: {"type":"response.incomplete","response":{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"}}}"#;
    assert_eq!(
        stream(Protocol::Responses, text).stop_reason.as_deref(),
        Some("max_output_tokens")
    );
}

#[test]
fn in_band_errors_are_read_in_every_form() {
    let cases = [
        (
            Protocol::Messages,
            "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n",
            [Some("overloaded_error"), None, Some("Overloaded")],
        ),
        (Protocol::Messages, "event: error\ndata: {}\n\n", [None; 3]),
        (
            Protocol::Chat,
            "data: {\"error\":{\"message\":\"slow down\",\"type\":\"t\",\"param\":null,\"code\":429}}\n\n",
            [Some("t"), Some("429"), Some("slow down")],
        ),
        (
            Protocol::Chat,
            "data: {\"error\":\"bad\"}\n\n",
            [None, None, Some("bad")],
        ),
        (
            Protocol::Responses,
            "data: {\"type\":\"error\",\"sequence_number\":3,\"error\":{\"type\":\"a\",\"code\":\"b\",\"message\":\"c\"}}\n\n",
            [Some("a"), Some("b"), Some("c")],
        ),
        (
            Protocol::Responses,
            "data: {\"type\":\"error\",\"sequence_number\":3,\"code\":\"b\",\"message\":\"c\",\"param\":null}\n\n",
            [None, Some("b"), Some("c")],
        ),
        (
            Protocol::Responses,
            "data: {\"type\":\"response.failed\",\"response\":{\"status\":\"failed\",\"error\":{\"code\":\"b\",\"message\":\"c\"}}}\n\n",
            [None, Some("b"), Some("c")],
        ),
    ];
    for (protocol, text, expected) in cases {
        let mut meter = Meter::stream(protocol);
        meter.push(text.as_bytes());
        assert!(meter.ended(), "{text}");
        let error = meter.finish().error.expect(text);
        assert_eq!(
            [
                error.kind.as_deref(),
                error.code.as_deref(),
                error.message.as_deref()
            ],
            expected,
            "{text}"
        );
    }
}

#[test]
fn what_is_said_of_a_plan_is_kept_as_it_came_and_the_last_word_counts() {
    let first = r#"{"type":"codex.rate_limits","rate_limits":{"primary":{"used_percent":1}}}"#;
    let last = r#"{ "type" : "codex.rate_limits","rate_limits":{"primary":{"used_percent":2}},"sequence_number":7}"#;
    let nameless = r#"{"rate_limits":{"primary":{"used_percent":3}},"type":"codex.rate_limits"}"#;
    let huge = format!(
        r#"{{"type":"codex.rate_limits","rate_limits":"{}"}}"#,
        "x".repeat(LIMITS_LIMIT)
    );
    for (said, kept) in [
        (vec![], None),
        (vec![first], Some(first)),
        (vec![first, last], Some(last)),
        (vec![first, nameless], Some(nameless)),
        (vec![first, &huge], Some(first)),
    ] {
        let mut stream = String::new();
        for event in &said {
            stream.extend(["event: codex.rate_limits\ndata: ", event, "\n\n"]);
        }
        stream.push_str(RESPONSES);
        let mut meter = Meter::stream(Protocol::Responses);
        meter.push(stream.as_bytes());
        let metered = meter.finish();
        let found = metered.limits.as_deref().map(String::from_utf8_lossy);
        assert_eq!(found.as_deref(), kept);
        // Nothing else is changed by it.
        let mut plain = Meter::stream(Protocol::Responses);
        plain.push(RESPONSES.as_bytes());
        let expected = Metered {
            limits: metered.limits.clone(),
            events: metered.events,
            ..plain.finish()
        };
        assert_eq!(metered, expected);
    }
}
