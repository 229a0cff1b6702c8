use serde_json::{Value, json};

use super::*;
use crate::answer::{Answer, Stop, StopReason};
use crate::conversation::{Kind as ToolKind, Origin, Token, ToolName};
use crate::failure::Class;
use crate::sse;

mod blocks;
mod law;
mod random;

use law::assemble;

fn reply() -> Reply {
    Reply {
        id: "01-ab".into(),
        request_id: "call_1".into(),
        created: 0,
        vendor: "acme".into(),
        usage_in_stream: false,
        show_thoughts: true,
        compact: false,
        echo: String::new(),
    }
}

fn hidden() -> Reply {
    Reply {
        show_thoughts: false,
        ..reply()
    }
}

fn start() -> Event<'static> {
    Event::Start {
        id: "up".into(),
        model: "m".into(),
        usage: Usage::default(),
    }
}

fn open(block: usize, content: Opening<'static>) -> Event<'static> {
    Event::Open { block, content }
}

fn call(id: &'static str) -> Opening<'static> {
    Opening::Call {
        id: id.into(),
        tool: ToolName {
            name: "run".into(),
            namespace: None,
            kind: ToolKind::Function,
        },
    }
}

fn seal(block: usize, token: Token<'static>) -> Event<'static> {
    Event::Seal { block, token }
}

fn close(block: usize) -> Event<'static> {
    Event::Close { block }
}

fn searched() -> Event<'static> {
    Event::Searched {
        id: "ws_1".into(),
        query: "rust".into(),
        hits: vec![Hit {
            url: "https://a".into(),
            title: "A".into(),
        }],
    }
}

fn stop(reason: StopReason) -> Event<'static> {
    Event::Stop(Stop::because(reason))
}

fn bytes(reply: Reply, events: &[Event<'static>]) -> Vec<u8> {
    let mut encoder = StreamEncoder::new(reply);
    let mut out = Vec::new();
    for event in events {
        encoder.event(event, &mut out).unwrap();
    }
    out
}

fn frames(stream: &[u8]) -> Vec<Value> {
    let mut frames = Vec::new();
    let mut decoder = sse::Decoder::new(1 << 24);
    decoder.push(stream, |frame| {
        let data: Value = serde_json::from_slice(frame.data).unwrap();
        let name = frame.event.map(|name| std::str::from_utf8(name).unwrap());
        assert_eq!(name, data["type"].as_str());
        frames.push(data);
    });
    assert!(decoder.at_boundary());
    frames
}

/// The message that a stream of these events adds up to; the whole answer must be the same.
fn message(reply: &Reply, events: &[Event<'static>]) -> Value {
    let streamed = assemble(&frames(&bytes(reply.clone(), events))).unwrap();
    let mut answer = Answer::default();
    for event in events {
        answer.take(event.clone());
    }
    let whole: Value = serde_json::from_slice(&encode_whole(&answer, reply)).unwrap();
    assert_eq!(streamed, whole);
    streamed
}

/// The content and the reason of what stands between a start and an end.
fn content(reply: &Reply, middle: Vec<Event<'static>>, reason: StopReason) -> (Value, Value) {
    let mut events = vec![start()];
    events.extend(middle);
    events.extend([stop(reason), Event::End]);
    let message = message(reply, &events);
    (message["content"].clone(), message["stop_reason"].clone())
}

#[test]
fn a_stream_is_written_event_by_event() {
    let usage = Usage {
        input: Some(10),
        cache_read: Some(3),
        cache_write_5m: Some(2),
        cache_write_1h: Some(1),
        output: Some(7),
        reasoning: Some(5),
    };
    let told = frames(&bytes(
        reply(),
        &[
            Event::Start {
                id: "up".into(),
                model: "m".into(),
                usage: Usage {
                    input: Some(9),
                    ..Usage::default()
                },
            },
            Event::Alive,
            open(0, Opening::Text),
            Event::delta(0, "a\n\"b"),
            close(0),
            stop(StopReason::MaxTokens),
            Event::Usage(usage),
            Event::End,
            Event::Alive,
        ],
    ));
    let zeros = json!({"input_tokens": 9, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
        "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
        "output_tokens": 0, "output_tokens_details": {"thinking_tokens": 0},
        "server_tool_use": {"web_search_requests": 0, "web_fetch_requests": 0}, "service_tier": null});
    let full = json!({"input_tokens": 10, "cache_creation_input_tokens": 3, "cache_read_input_tokens": 3,
        "cache_creation": {"ephemeral_5m_input_tokens": 2, "ephemeral_1h_input_tokens": 1},
        "output_tokens": 7, "output_tokens_details": {"thinking_tokens": 5},
        "server_tool_use": {"web_search_requests": 0, "web_fetch_requests": 0}, "service_tier": null});
    assert_eq!(
        told,
        [
            json!({"type": "message_start", "message": {"id": "msg_01-ab", "type": "message", "role": "assistant", "model": "m",
                "content": [], "stop_reason": null, "stop_sequence": null, "usage": zeros}}),
            json!({"type": "ping"}),
            json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
            json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "a\n\"b"}}),
            json!({"type": "content_block_stop", "index": 0}),
            json!({"type": "message_delta", "delta": {"stop_reason": "max_tokens", "stop_sequence": null}, "usage": full}),
            json!({"type": "message_stop"}),
        ]
    );
}

#[test]
fn what_the_open_block_allows_is_written_at_once() {
    let mut encoder = StreamEncoder::new(reply());
    let mut said = |event: Event<'static>| {
        let mut out = Vec::new();
        encoder.event(&event, &mut out).unwrap();
        frames(&out)
            .iter()
            .map(|frame| frame["type"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
            .join(" ")
    };
    let (begun, more, ended) = (
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
    );
    assert_eq!(said(start()), "message_start");
    assert_eq!(said(open(0, call("c0"))), begun);
    assert_eq!(said(open(1, call("c1"))), "");
    assert_eq!(said(Event::delta(1, "{\"b\":")), "");
    assert_eq!(said(Event::delta(0, "{}")), more);
    assert_eq!(said(searched()), "");
    assert_eq!(said(open(2, Opening::Text)), "");
    assert_eq!(said(Event::delta(2, "x")), "");
    assert_eq!(said(close(2)), "");
    // The second call goes on where it stands: its piece so far, then each as it comes.
    assert_eq!(said(close(0)), format!("{ended} {begun} {more}"));
    assert_eq!(said(Event::delta(1, "1}")), more);
    assert_eq!(
        said(close(1)),
        format!("{ended} {begun} {more} {ended} {begun} {ended} {begun} {more} {ended}")
    );
    assert_eq!(said(Event::Usage(Usage::default())), "");
    assert_eq!(said(stop(StopReason::ToolUse)), "");
    assert_eq!(said(Event::End), "message_delta message_stop");
}

#[test]
fn a_failure_is_the_last_word() {
    let failure = Failure {
        class: Class::RateLimited,
        message: "slow".into(),
        code: None,
        param: None,
    };
    let told = frames(&bytes(
        reply(),
        &[
            start(),
            open(0, Opening::Text),
            Event::delta(0, "x"),
            Event::Failed(failure),
            Event::delta(0, "y"),
            close(0),
            Event::End,
        ],
    ));
    assert_eq!(told.len(), 4);
    assert_eq!(
        told[3],
        json!({"type": "error", "error": {"type": "rate_limit_error", "message": "slow"}, "request_id": "call_1"})
    );
    assert!(assemble(&told).is_err());
}

#[test]
fn what_cannot_be_held_back_fails_the_answer() {
    let text = "x".repeat(1 << 20);
    let mut events = vec![start(), open(0, Opening::Text), open(1, Opening::Text)];
    events.extend((0..17).map(|_| Event::delta(1, text.clone())));
    events.push(close(0));
    let mut encoder = StreamEncoder::new(reply());
    let mut out = Vec::new();
    let mut results = events
        .iter()
        .map(|event| encoder.event(event, &mut out).is_ok());
    assert_eq!(results.position(|fine| !fine), Some(3 + 16));
    // Nothing is written by itself; the failure is left to be told.
    let failure = Failure {
        class: Class::Server,
        message: "too much".into(),
        code: None,
        param: None,
    };
    encoder.event(&Event::Failed(failure), &mut out).unwrap();
    encoder.event(&close(0), &mut out).unwrap();
    let told = frames(&out);
    assert_eq!(told.last().unwrap()["error"]["type"], "api_error");
    assert_eq!(told.len(), 2);
}

#[test]
fn events_without_sense_do_no_harm() {
    let senseless = [
        Event::delta(7, "x"),
        close(7),
        open(0, call("c")),
        seal(9, Token::fresh(Origin::Cipher, "", "")),
        Event::End,
    ];
    let told = assemble(&frames(&bytes(reply(), &senseless))).unwrap();
    assert_eq!(told["content"][0]["input"], json!({}));
    let late = [
        open(0, Opening::Text),
        open(1, Opening::Text),
        Event::delta(1, "x"),
        close(1),
        Event::delta(1, "late"),
        Event::End,
    ];
    let told = assemble(&frames(&bytes(reply(), &late))).unwrap();
    assert_eq!(told["content"], json!([{"type": "text", "text": "x"}]));
    assert!(!format!("{:?}", StreamEncoder::new(reply())).contains("acme"));
}
