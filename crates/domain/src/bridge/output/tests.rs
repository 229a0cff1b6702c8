use super::*;

/// What a run comes to: its text, and how it ended.
fn read(form: Form, lines: &str) -> (String, Option<Result<Done, Failure>>, Option<String>) {
    let (mut reader, mut text) = (Reader::new(form), String::new());
    for line in lines.lines() {
        let end = match reader.line(line.as_bytes()) {
            Event::Nothing => continue,
            Event::Text(piece) => {
                text.push_str(&piece);
                continue;
            }
            Event::Done(done) => Ok(done),
            Event::Whole(whole, done) => {
                text.push_str(&whole);
                Ok(done)
            }
            Event::Failed(failure) => Err(failure),
        };
        return (text, Some(end), reader.model().map(str::to_owned));
    }
    (text, None, reader.model().map(str::to_owned))
}

/// Claude Code 2.1.330 against the simulated provider; members that nothing reads are left out.
const CLAUDE: &str = r#"{"type":"system","subtype":"init","cwd":"/tmp/x","tools":[],"mcp_servers":[],"model":"sim-echo","uuid":"e"}
{"type":"system","subtype":"status","status":"requesting","session_id":"c"}
{"type":"stream_event","event":{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"sim-echo","content":[],"usage":{"input_tokens":216,"output_tokens":1}}},"session_id":"c","parent_tool_use_id":null,"ttft_ms":13}
{"type":"stream_event","event":{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}},"parent_tool_use_id":null}
{"type":"stream_event","event":{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Say "}},"parent_tool_use_id":null}
{"type":"stream_event","event":{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}},"parent_tool_use_id":null}
{"type":"stream_event","event":{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"sub-agent"}},"parent_tool_use_id":"toolu_1"}
{"type":"stream_event","event":{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hello."}},"parent_tool_use_id":null}
{"type":"assistant","message":{"id":"msg_1","role":"assistant","model":"sim-echo","content":[{"type":"text","text":"Say hello."}],"usage":{"input_tokens":216}},"parent_tool_use_id":null}
{"type":"stream_event","event":{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":5}},"parent_tool_use_id":null}
{"type":"stream_event","event":{"type":"message_stop"},"parent_tool_use_id":null}
{"duration_api_ms":26,"stop_reason":"end_turn","total_cost_usd":0.002206,"usage":{"input_tokens":216,"cache_creation_input_tokens":217,"cache_read_input_tokens":3,"output_tokens":5,"service_tier":"standard"},"is_error":false,"num_turns":1,"subtype":"success","api_error_status":null,"result":"Say hello.","type":"result"}"#;

/// The same with nobody logged in.
const CLAUDE_OUT: &str = r#"{"type":"system","subtype":"init","cwd":"/tmp/x","tools":[],"model":"sim-echo"}
{"type":"assistant","message":{"id":"4","model":"<synthetic>","role":"assistant","stop_reason":"stop_sequence","content":[{"type":"text","text":"Not logged in · Please run /login"}]},"parent_tool_use_id":null,"error":"authentication_failed","is_api_error_message":true}
{"type":"result","is_error":true,"subtype":"success","api_error_status":null,"result":"Not logged in · Please run /login"}"#;

/// Codex 0.169.0 against the simulated provider.
const CODEX: &str = r#"{"type":"thread.started","thread_id":"01a2"}
{"type":"item.completed","item":{"id":"item_0","type":"error","message":"Model metadata for `sim-echo` not found."}}
{"type":"turn.started"}
{"type":"error","message":"Reconnecting... 1/5 (stream disconnected before completion)"}
{"type":"item.completed","item":{"id":"item_1","type":"reasoning","text":"hm"}}
{"type":"item.completed","item":{"id":"item_2","type":"agent_message","text":"Say hello."}}
{"type":"item.completed","item":{"id":"item_3","type":"agent_message","text":"And bye."}}
{"type":"turn.completed","usage":{"input_tokens":9291,"cached_input_tokens":91,"cache_write_input_tokens":200,"output_tokens":5,"reasoning_output_tokens":0}}"#;

const CODEX_REFUSED: &str = r#"{"type":"turn.started"}
{"type":"error","message":"Reconnecting... 1/5 (unexpected status 401 Unauthorized: invalid bearer token)"}"#;

#[test]
fn claude_codes_answer_is_put_together_from_its_pieces() {
    let (text, end, model) = read(Form::Claude, CLAUDE);
    assert_eq!(
        (text.as_str(), model.as_deref()),
        ("Say hello.", Some("sim-echo"))
    );
    let usage = Usage {
        input: Some(216),
        cache_read: Some(3),
        cache_write_5m: Some(217),
        output: Some(5),
        ..Usage::default()
    };
    assert_eq!(end, Some(Ok(Done { usage, cut: false })));
    let cut = CLAUDE.replace(
        r#""stop_reason":"end_turn","total"#,
        r#""stop_reason":"max_tokens","total"#,
    );
    assert!(matches!(
        read(Form::Claude, &cut).1,
        Some(Ok(Done { cut: true, .. }))
    ));
}

#[test]
fn an_answer_that_came_in_no_pieces_comes_whole() {
    let last = CLAUDE.lines().last().unwrap();
    let (text, end, _) = read(Form::Claude, last);
    assert_eq!(text, "Say hello.");
    assert!(matches!(end, Some(Ok(_))));
    // What the program does not say is not known, and is not zero.
    let bare = r#"{"type":"result","is_error":false,"result":"x"}"#;
    assert_eq!(read(Form::Claude, bare).1, Some(Ok(Done::default())));
}

#[test]
fn codexs_answer_is_its_messages() {
    let (text, end, model) = read(Form::Codex, CODEX);
    assert_eq!((text.as_str(), model), ("Say hello.\n\nAnd bye.", None));
    let usage = Usage {
        input: Some(9000),
        cache_read: Some(91),
        cache_write_5m: Some(200),
        output: Some(5),
        reasoning: Some(0),
        ..Usage::default()
    };
    assert_eq!(end, Some(Ok(Done { usage, cut: false })));
}

#[test]
fn a_failure_says_what_to_do_about_it() {
    let retry = r#"{"type":"system","subtype":"api_retry","attempt":1,"error_status":401,"error":"authentication_failed"}"#;
    let busy = r#"{"type":"system","subtype":"api_retry","attempt":1,"error_status":529,"error":"overloaded"}"#;
    let limited = r#"{"type":"assistant","message":{"content":[{"type":"text","text":"You've hit your limit"}]},"error":"rate_limit"}"#;
    let result = |status: &str| {
        format!(r#"{{"type":"result","is_error":true,"api_error_status":{status},"result":"no"}}"#)
    };
    let codex =
        |message: &str| format!(r#"{{"type":"turn.failed","error":{{"message":"{message}"}}}}"#);
    let cases = [
        (Form::Claude, CLAUDE_OUT.to_owned(), Some(Why::Auth)),
        (Form::Claude, retry.to_owned(), Some(Why::Auth)),
        (Form::Claude, busy.to_owned(), None),
        (Form::Claude, limited.to_owned(), Some(Why::Limited)),
        (Form::Claude, result("401"), Some(Why::Auth)),
        (Form::Claude, result("429"), Some(Why::Limited)),
        (Form::Claude, result("404"), Some(Why::Request)),
        (Form::Claude, result("500"), Some(Why::Other)),
        (Form::Claude, result("null"), Some(Why::Other)),
        (Form::Codex, CODEX_REFUSED.to_owned(), Some(Why::Auth)),
        (
            Form::Codex,
            codex("unexpected status 401 Unauthorized: x"),
            Some(Why::Auth),
        ),
        (
            Form::Codex,
            codex("You've hit your usage limit."),
            Some(Why::Limited),
        ),
        (
            Form::Codex,
            codex("The 'x' model is not supported when using Codex with a ChatGPT account."),
            Some(Why::Request),
        ),
        (Form::Codex, codex("stream disconnected"), Some(Why::Other)),
    ];
    for (form, lines, expected) in cases {
        let end = read(form, &lines).1;
        let why = end.map(|end| end.err().unwrap().why);
        assert_eq!(why, expected, "{lines}");
    }
    assert_eq!(
        read(Form::Claude, CLAUDE_OUT)
            .1
            .unwrap()
            .err()
            .unwrap()
            .text,
        "Not logged in · Please run /login"
    );
    assert_eq!(complaint(" Not logged in\n").why, Why::Auth);
    assert_eq!(complaint("panicked").why, Why::Other);
}

#[test]
fn what_is_not_understood_is_passed_over() {
    let odd = "\u{0}\n{}\n[]\n{\"type\":\"new\"}\n{\"type\":7}\nplain text\n{\"type\":\"result\"\n{\"type\":\"stream_event\"}\n{\"type\":\"turn.completed\"}";
    for form in [Form::Claude, Form::Codex] {
        assert_eq!(read(form, odd), (String::new(), None, None));
    }
}
