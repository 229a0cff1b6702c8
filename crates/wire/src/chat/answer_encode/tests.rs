use serde_json::{Map, Value, json};

use super::*;
use crate::answer::{Answer, Stop};
use crate::conversation::Hit;
use crate::failure::{Class, Failure};
use crate::sse;

mod ends;
mod laws;
mod random;
mod said;
mod sdk;

fn reply() -> Reply {
    Reply {
        id: "01ab".to_owned(),
        request_id: "call_1".into(),
        created: 1_700_000_000,
        vendor: "vendor".to_owned(),
        usage_in_stream: false,
        show_thoughts: true,
        compact: false,
        echo: String::new(),
    }
}

fn start() -> Event<'static> {
    Event::Start {
        id: "msg_1".into(),
        model: "some-model".into(),
        usage: Usage::default(),
    }
}

fn open(block: usize, content: Opening<'static>) -> Event<'static> {
    Event::Open { block, content }
}

fn call(block: usize, id: &'static str, name: &'static str, kind: Kind) -> Event<'static> {
    let tool = ToolName {
        name: name.into(),
        namespace: None,
        kind,
    };
    let id = id.into();
    open(block, Opening::Call { id, tool })
}

fn close(block: usize) -> Event<'static> {
    Event::Close { block }
}

fn ending(reason: StopReason) -> [Event<'static>; 2] {
    [Event::Stop(Stop::because(reason)), Event::End]
}

/// What the caller gets of these events.
fn stream(reply: Reply, events: &[Event<'_>]) -> Vec<u8> {
    let (mut encoder, mut out) = (StreamEncoder::new(reply), Vec::new());
    for event in events {
        encoder.event(event, &mut out);
    }
    out
}

/// The data of its events.
fn lines(stream: &[u8]) -> Vec<String> {
    let (mut decoder, mut lines) = (sse::Decoder::new(1 << 20), Vec::new());
    decoder.push(stream, |frame| {
        assert_eq!(frame.event, None);
        lines.push(String::from_utf8(frame.data.to_vec()).unwrap());
    });
    assert!(decoder.at_boundary());
    lines
}

/// The deltas of a stream, without the role and the finish.
fn deltas(stream: &[u8]) -> Vec<Value> {
    let mut deltas: Vec<Value> = lines(stream)
        .iter()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter_map(|mut chunk| Some(chunk.pointer_mut("/choices/0/delta")?.take()))
        .collect();
    assert_eq!(
        deltas.remove(0),
        json!({"role": "assistant", "content": ""})
    );
    assert_eq!(deltas.pop(), Some(json!({})));
    deltas
}

fn whole(reply: &Reply, events: &[Event<'_>]) -> Value {
    let mut answer = Answer::default();
    for event in events {
        answer.take(event.clone());
    }
    serde_json::from_slice(&encode_whole(&answer, reply)).unwrap()
}

fn with_ending(mut events: Vec<Event<'static>>, reason: StopReason) -> Vec<Event<'static>> {
    events.insert(0, start());
    events.extend(ending(reason));
    events
}
