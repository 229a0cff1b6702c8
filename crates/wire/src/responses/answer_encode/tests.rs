//! What is written, read by a strict reader.

mod items;
mod laws;
pub(in crate::responses) mod reader;
mod response;
pub(in crate::responses) mod script;

use std::borrow::Cow;

use serde_json::{Value, json};

use super::{StreamEncoder, encode_whole};
use crate::Usage;
use crate::answer::{Answer, Event, Opening, Stop, StopReason};
use crate::conversation::{Hit, Kind, Origin, Token, ToolName};
use crate::failure::{Class, Failure};
use crate::responses::compaction;
use crate::translate::Reply;
use reader::read;

pub(in crate::responses) fn reply() -> Reply {
    Reply {
        id: "0192-7f".into(),
        request_id: "call_1".into(),
        created: 1_790_000_000,
        vendor: "anthropic".into(),
        usage_in_stream: false,
        show_thoughts: true,
        compact: false,
        echo: r#""instructions":null,"tools":[],"temperature":0.5"#.into(),
    }
}

pub(in crate::responses) fn stream(events: &[Event<'_>], reply: &Reply) -> Vec<u8> {
    let mut encoder = StreamEncoder::new(reply.clone());
    let mut out = Vec::new();
    for event in events {
        encoder.event(event, &mut out);
    }
    out
}

pub(in crate::responses) fn gather(events: &[Event<'_>]) -> Answer {
    let mut answer = Answer::default();
    for event in events {
        answer.take(event.clone());
    }
    answer
}

fn whole(events: &[Event<'_>], reply: &Reply) -> Value {
    serde_json::from_slice(&encode_whole(&gather(events), reply)).unwrap()
}

fn start() -> Event<'static> {
    Event::Start {
        id: "msg_1".into(),
        model: "m-1".into(),
        usage: Usage::default(),
    }
}

fn open(block: usize, content: Opening<'static>) -> Event<'static> {
    Event::Open { block, content }
}

fn call(block: usize, kind: Kind) -> Event<'static> {
    let tool = ToolName {
        name: "t".into(),
        namespace: None,
        kind,
    };
    let id = format!("call_{block}").into();
    open(block, Opening::Call { id, tool })
}

fn close(block: usize) -> Event<'static> {
    Event::Close { block }
}

/// A whole answer around some blocks.
fn answer(blocks: Vec<Event<'static>>, reason: StopReason) -> Vec<Event<'static>> {
    let mut events = vec![start()];
    events.extend(blocks);
    events.extend([Event::Stop(Stop::because(reason)), Event::End]);
    events
}

/// The response at the end of the stream, which obeys the protocol and agrees with the whole answer.
fn response(blocks: Vec<Event<'static>>, reason: StopReason, reply: &Reply) -> Value {
    let events = answer(blocks, reason);
    let read = read(&stream(&events, reply));
    assert_eq!(read.response, whole(&events, reply));
    read.response
}

fn output(blocks: Vec<Event<'static>>) -> Value {
    response(blocks, StopReason::EndTurn, &reply())["output"].clone()
}

fn failure() -> Failure<'static> {
    Failure {
        class: Class::RateLimited,
        message: "Rate limited, try again in 1.5s".into(),
        code: None,
        param: None,
    }
}
