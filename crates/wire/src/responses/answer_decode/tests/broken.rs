//! Errors, and what is not the protocol.

use super::*;

#[test]
fn errors_are_read_in_every_form() {
    let error =
        json!({"type": "tokens", "code": "rate_limit_exceeded", "message": "slow", "param": null});
    let nested = json!({"type": "error", "sequence_number": 2, "error": error});
    let flat =
        json!({"type": "error", "code": "rate_limit_exceeded", "message": "slow", "param": null});
    let failed = json!({"type": "response.failed", "response": {"id": "resp_1", "status": "failed", "error":
        {"code": "rate_limit_exceeded", "message": "slow"}}});
    let bare = json!({"error": error});
    for event in [&nested, &flat, &failed, &bare] {
        // What follows the error is not read any more.
        let failure = answer(&[created(), event.clone(), failed.clone()])
            .failure
            .unwrap();
        assert_eq!(failure.class, Class::RateLimited, "{event}");
        assert_eq!(failure.message, "slow");
    }
    for body in [&failed["response"], &bare] {
        assert_eq!(
            whole(body).unwrap().failure.unwrap().class,
            Class::RateLimited
        );
    }
    let silent = json!({"type": "response.failed", "response": {"error": null}});
    assert_eq!(answer(&[silent]).failure.unwrap().class, Class::Server);
}

#[test]
fn what_is_not_the_protocol_is_malformed() {
    let begun = added(0, &json!({"type": "message", "id": "msg_1"}));
    for broken in [
        vec![delta("output_text", 0, "x")],
        vec![json!({"type": "response.output_text.delta", "item_id": "msg_1", "delta": "x"})],
        vec![begun.clone(), delta("function_call_arguments", 0, "x")],
        vec![begun.clone(), begun.clone()],
        vec![
            begun.clone(),
            done(0, &message("x")),
            delta("output_text", 0, "y"),
        ],
        vec![
            begun.clone(),
            delta("output_text", 0, "x"),
            delta("refusal", 0, "y"),
        ],
        vec![
            begun.clone(),
            json!({"type": "response.output_text.delta", "output_index": 0}),
        ],
        vec![
            begun,
            json!({"type": "response.output_text.delta", "output_index": 0, "delta": 5}),
        ],
        vec![json!({"type": "response.output_item.added", "output_index": 0})],
        vec![added(0, &json!({"type": "function_call", "call_id": "c"}))],
        vec![
            json!({"type": "response.output_item.added", "output_index": -1, "item": {"type": "message"}}),
        ],
        vec![json!("text")],
    ] {
        assert!(events(&middle(broken.clone())).is_err(), "{broken:?}");
    }
    for body in [
        json!({}),
        json!({"status": "in_progress", "output": []}),
        json!({"status": "completed", "output": {}}),
        json!("text"),
    ] {
        assert!(whole(&body).is_err(), "{body}");
    }
}

#[test]
fn a_cut_stream_is_malformed() {
    let stream = [created(), done(0, &message("x"))];
    assert_eq!(events(&stream).err(), Some(Malformed::TRUNCATED));
    assert_eq!(events(&[]).err(), Some(Malformed::TRUNCATED));
}

#[test]
fn unknown_events_and_the_end_mark_of_chat_are_passed_over() {
    let answer = answer(&middle(vec![
        json!({"type": "response.new_thing.delta", "output_index": "?", "delta": [1], "item": 3}),
        json!({"something": "else"}),
        json!({"type": "keepalive"}),
    ]));
    assert!(answer.blocks.is_empty() && answer.ended);
    let mut decoder = StreamDecoder::default();
    for data in [&b"[DONE]"[..], b" ", b""] {
        let frame = Frame { event: None, data };
        assert!(decoder.frame(frame, &mut |_| panic!("an event")).is_ok());
    }
}

#[test]
fn an_event_without_a_type_has_its_name() {
    let mut decoder = StreamDecoder::default();
    let data = completed(&json!([message("x")]));
    let data = json!({"response": data["response"]}).to_string();
    let frame = Frame {
        event: Some(b"response.completed"),
        data: data.as_bytes(),
    };
    let mut ended = false;
    decoder
        .frame(frame, &mut |event| ended |= matches!(event, Event::End))
        .unwrap();
    assert!(ended);
}

#[test]
fn nothing_that_was_said_is_in_debug_output() {
    let mut decoder = StreamDecoder::default();
    let data = added(0, &json!({"type": "message", "id": "secret"})).to_string();
    let frame = Frame {
        event: None,
        data: data.as_bytes(),
    };
    decoder.frame(frame, &mut |_| {}).unwrap();
    assert!(!format!("{decoder:?}").contains("secret"));
}
