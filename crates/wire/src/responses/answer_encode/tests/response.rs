//! The response around the items, and the stream around the response.

use super::*;

#[test]
fn each_stop_has_its_status() {
    let text = || vec![open(0, Opening::Text), Event::delta(0, "x"), close(0)];
    let refusal = || vec![open(0, Opening::Refusal), Event::delta(0, "no"), close(0)];
    let max = json!({"reason": "max_output_tokens"});
    let filter = json!({"reason": "content_filter"});
    for (blocks, reason, status, details) in [
        (text(), StopReason::EndTurn, "completed", Value::Null),
        (text(), StopReason::StopSequence, "completed", Value::Null),
        (text(), StopReason::ToolUse, "completed", Value::Null),
        (text(), StopReason::Pause, "completed", Value::Null),
        (text(), StopReason::MaxTokens, "incomplete", max.clone()),
        (text(), StopReason::ContextWindow, "incomplete", max),
        (text(), StopReason::Refusal, "incomplete", filter),
        (refusal(), StopReason::Refusal, "completed", Value::Null),
    ] {
        let response = response(blocks, reason, &reply());
        assert_eq!(response["status"], status, "{reason:?}");
        assert_eq!(response["incomplete_details"], details, "{reason:?}");
    }
}

#[test]
fn counts_include_the_cache() {
    let usage = Usage {
        input: Some(10),
        cache_read: Some(100),
        cache_write_5m: Some(20),
        cache_write_1h: Some(3),
        output: Some(7),
        reasoning: Some(5),
    };
    let response = response(vec![Event::Usage(usage)], StopReason::EndTurn, &reply());
    assert_eq!(
        response["usage"],
        json!({
            "input_tokens": 133,
            "input_tokens_details": {"cached_tokens": 100, "cache_write_tokens": 23},
            "output_tokens": 7,
            "output_tokens_details": {"reasoning_tokens": 5},
            "total_tokens": 140,
        })
    );
}

#[test]
fn counts_that_nobody_gave_are_zero() {
    let response = response(vec![], StopReason::EndTurn, &reply());
    assert_eq!(
        response["usage"],
        json!({
            "input_tokens": 0,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": 0,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 0,
        })
    );
}

#[test]
fn a_response_has_every_member_that_the_protocol_requires() {
    let mut reply = reply();
    reply.echo = crate::responses::echo(br#"{"model":"m","input":"x","temperature":0.5}"#).unwrap();
    let response = response(vec![], StopReason::EndTurn, &reply);
    for member in reader::REQUIRED {
        assert!(response.get(member).is_some(), "{member}");
    }
    assert_eq!(response["temperature"], 0.5);
    assert_eq!(response["id"], "resp_0192-7f");
    assert_eq!(response["model"], "m-1");
}

#[test]
fn a_summary_is_one_sealed_item() {
    let compacting = Reply {
        compact: true,
        ..reply()
    };
    let blocks = vec![
        open(0, Opening::Thought),
        Event::delta(0, "hm"),
        close(0),
        open(1, Opening::Text),
        Event::delta(1, "what was "),
        Event::delta(1, "said"),
        close(1),
    ];
    let told = response(blocks, StopReason::EndTurn, &compacting);
    assert_eq!(told["output"].as_array().unwrap().len(), 1);
    assert_eq!(told["output"][0]["type"], "compaction");
    let sealed = told["output"][0]["encrypted_content"].as_str().unwrap();
    assert_eq!(compaction::open_summary(sealed), Some("what was said"));

    let none = response(
        vec![call(0, Kind::Function), close(0)],
        StopReason::ToolUse,
        &compacting,
    );
    assert_eq!(none["status"], "failed");
    assert_eq!(none["error"]["code"], "server_error");
}

#[test]
fn a_failure_before_the_beginning_is_still_a_stream() {
    let read = read(&stream(&[Event::Failed(failure())], &reply()));
    assert_eq!(read.types[0], "response.created");
    assert_eq!(read.types.last().unwrap(), "response.failed");
    assert_eq!(
        read.response["error"],
        json!({"code": "rate_limit_exceeded", "message": "Rate limited, try again in 1.5s"})
    );
}

#[test]
fn signs_of_life_are_comments() {
    assert_eq!(stream(&[Event::Alive], &reply()), b": keep-alive\n\n");
}

#[test]
fn what_is_said_is_not_in_debug_output() {
    let mut encoder = StreamEncoder::new(reply());
    let mut out = Vec::new();
    for event in [start(), open(0, Opening::Text), Event::delta(0, "secret")] {
        encoder.event(&event, &mut out);
    }
    assert!(!format!("{encoder:?}").contains("secret"));
}

#[test]
fn pieces_are_sent_as_they_come() {
    let mut encoder = StreamEncoder::new(reply());
    let mut out = Vec::new();
    encoder.event(&start(), &mut out);
    encoder.event(&open(0, Opening::Text), &mut out);
    for piece in ["a", "b"] {
        out.clear();
        let text = Cow::Borrowed(piece);
        encoder.event(&Event::Delta { block: 0, text }, &mut out);
        let out = String::from_utf8_lossy(&out);
        assert!(out.contains(&format!("\"delta\":\"{piece}\"")), "{out}");
    }
}
