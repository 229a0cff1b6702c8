use super::*;

pub(super) const ANSWERS: [&str; 3] = [
    r#"{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-5-5","content":[{"type":"text","text":"{\"usage\":{\"input_tokens\":1}}"},{"type":"tool_use","input":{"usage":7,"model":"x"}}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":5,"cache_read_input_tokens":6,"output_tokens":7}}"#,
    r#" {"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"gpt-5.5","choices":[{"index":0,"message":{"role":"assistant","content":"usage","finish_reason":"no"},"logprobs":null,"finish_reason":"stop"},{"index":1,"finish_reason":"length"}],"usage":{"prompt_tokens":5,"completion_tokens":7,"total_tokens":12,"prompt_tokens_details":{"cached_tokens":4}}}
"#,
    r#"{"id":"resp_1","object":"response","status":"completed","error":null,"incomplete_details":null,"model":"gpt-5.5","output":[{"id":"rs_1","type":"reasoning","status":"x"}],"usage":{"input_tokens":5,"input_tokens_details":{"cached_tokens":1},"output_tokens":7,"output_tokens_details":{"reasoning_tokens":2},"total_tokens":12}}"#,
];

fn whole(protocol: Protocol, body: &str) -> Metered {
    meter(Meter::whole(protocol), &[body.as_bytes()])
}

#[test]
fn an_answer_of_each_protocol_is_metered() {
    let expected = [
        ("msg_1", "claude-sonnet-5-5", "end_turn", Some(5), Some(6)),
        ("chatcmpl-1", "gpt-5.5", "stop", Some(1), Some(4)),
        ("resp_1", "gpt-5.5", "completed", Some(4), Some(1)),
    ];
    for ((protocol, body), (id, model, stop, input, read)) in
        Protocol::ALL.into_iter().zip(ANSWERS).zip(expected)
    {
        let metered = whole(protocol, body);
        assert_eq!(metered.upstream_id.as_deref(), Some(id));
        assert_eq!(metered.model.as_deref(), Some(model));
        assert_eq!(metered.stop_reason.as_deref(), Some(stop));
        assert_eq!(
            (metered.usage.input, metered.usage.cache_read),
            (input, read)
        );
        assert_eq!(metered.usage.output, Some(7));
        assert!(metered.terminal && metered.error.is_none() && !metered.quarantined);
        let raw = metered.usage_raw.unwrap();
        assert!(body.contains(&raw) && raw.starts_with('{') && raw.ends_with('}'));
    }
}

#[test]
fn a_cut_answer_is_not_terminal() {
    for (protocol, body) in Protocol::ALL.into_iter().zip(ANSWERS) {
        for end in 0..body.trim_end().len() {
            assert!(!whole(protocol, &body[..end]).terminal);
        }
    }
    assert!(!whole(Protocol::Chat, "{} trailing").terminal);
}

#[test]
fn embeddings_are_metered_and_counting_is_not_billed() {
    let body = r#"{"object":"list","data":[{"embedding":[0.1,-2e-3],"index":0}],"model":"e","usage":{"prompt_tokens":8,"total_tokens":8}}"#;
    let metered = whole(Protocol::Chat, body);
    assert_eq!(
        metered.usage,
        Usage {
            input: Some(8),
            ..Usage::default()
        }
    );
    let counted = whole(Protocol::Messages, r#"{"input_tokens":2095}"#);
    assert!(counted.usage.is_empty() && counted.terminal && counted.usage_raw.is_none());
    let counted = whole(
        Protocol::Responses,
        r#"{"object":"response.input_tokens","input_tokens":11}"#,
    );
    assert!(counted.usage.is_empty());
}

#[test]
fn errors_are_read_in_every_form() {
    let cases = [
        (
            r#"{"type":"error","error":{"type":"rate_limit_error","message":"m"},"request_id":"req_1"}"#,
            [Some("rate_limit_error"), None, Some("m")],
        ),
        (
            r#"{"error":{"message":"m","type":"invalid_request_error","param":null,"code":"model_not_found"}}"#,
            [
                Some("invalid_request_error"),
                Some("model_not_found"),
                Some("m"),
            ],
        ),
        (
            r#"{"code":"quota","error":"m"}"#,
            [None, Some("quota"), Some("m")],
        ),
        (r#"{"detail":"Not Found"}"#, [None, None, Some("Not Found")]),
        (
            r#"{"detail":{"code":"x","message":"m"}}"#,
            [None, Some("x"), Some("m")],
        ),
        (
            r#"{"detail":[{"type":"missing","loc":["body"],"msg":"Field required"}]}"#,
            [Some("missing"), None, Some("Field required")],
        ),
    ];
    for (body, expected) in cases {
        for protocol in Protocol::ALL {
            let error = whole(protocol, body).error.expect(body);
            let found = [
                error.kind.as_deref(),
                error.code.as_deref(),
                error.message.as_deref(),
            ];
            assert_eq!(found, expected, "{body}");
        }
    }
    assert_eq!(
        whole(
            Protocol::Responses,
            r#"{"error":null,"detail":null,"code":1}"#
        )
        .error,
        None
    );
    let failed =
        r#"{"id":"resp_1","status":"failed","error":{"code":"server_error","message":"m"}}"#;
    let failed = whole(Protocol::Responses, failed);
    assert_eq!(failed.error.unwrap().code.as_deref(), Some("server_error"));
    assert_eq!(failed.stop_reason.as_deref(), Some("failed"));
}

#[test]
fn long_texts_are_bounded() {
    let body = format!(
        r#"{{"error":{{"message":"{}","code":"c"}}}}"#,
        "é".repeat(700)
    );
    let error = whole(Protocol::Chat, &body).error.unwrap();
    assert_eq!(error.message.unwrap(), "é".repeat(256));

    let body = format!(
        r#"{{"usage":{{"prompt_tokens":1,"x":"{}"}}}}"#,
        "y".repeat(5000)
    );
    let metered = whole(Protocol::Chat, &body);
    assert!(metered.quarantined && metered.usage_raw.is_none());

    let mut meter = Meter::whole(Protocol::Messages);
    meter.push(br#"{"id":"msg_1","content":[{"text":""#);
    (0..1000).for_each(|_| meter.push(&[b'z'; 10_000]));
    meter.push(br#""}],"usage":{"output_tokens":3}}"#);
    assert!(meter.terminal());
    assert_eq!(meter.finish().usage.output, Some(3));
}
