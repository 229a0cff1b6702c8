//! What is read, of streams and of whole answers, and how it is taken when it is not what it should be.

mod broken;
mod grammar;
mod items;
mod laws;
mod text;

use serde_json::{Value, json};

use super::{StreamDecoder, decode_whole};
use crate::Usage;
use crate::answer::{Answer, Content, Event, Malformed, StopReason};
use crate::conversation::{Kind, Origin};
use crate::failure::Class;
use crate::sse::Frame;

/// Feeds events, each under the name of its type.
fn events(stream: &[Value]) -> Result<Vec<Event<'static>>, Malformed> {
    let mut decoder = StreamDecoder::default();
    let mut said = grammar::Keeper::default();
    for event in stream {
        let data = event.to_string();
        let frame = Frame {
            event: event["type"].as_str().map(str::as_bytes),
            data: data.as_bytes(),
        };
        decoder.frame(frame, &mut |event| said.take(event))?;
    }
    decoder.finish(&mut |event| said.take(event))?;
    Ok(said.events)
}

fn answer(stream: &[Value]) -> Answer {
    gather(events(stream).unwrap())
}

fn gather(events: Vec<Event<'static>>) -> Answer {
    let mut answer = Answer::default();
    for event in events {
        answer.take(event);
    }
    assert!(answer.ended || answer.failure.is_some());
    answer
}

fn whole(response: &Value) -> Result<Answer, Malformed> {
    let mut said = grammar::Keeper::default();
    decode_whole(response.to_string().as_bytes(), &mut |event| {
        said.take(event);
    })?;
    Ok(gather(said.events))
}

fn created() -> Value {
    json!({"type": "response.created", "sequence_number": 0,
        "response": {"id": "resp_1", "model": "gpt-x", "status": "in_progress", "output": []}})
}

fn completed(output: &Value) -> Value {
    json!({"type": "response.completed", "response":
        {"id": "resp_1", "model": "gpt-x", "status": "completed", "output": output,
        "usage": {"input_tokens": 10, "input_tokens_details": {"cached_tokens": 4}, "output_tokens": 7,
            "output_tokens_details": {"reasoning_tokens": 2}, "total_tokens": 17}}})
}

fn added(index: usize, item: &Value) -> Value {
    json!({"type": "response.output_item.added", "output_index": index, "item": item})
}

fn done(index: usize, item: &Value) -> Value {
    json!({"type": "response.output_item.done", "output_index": index, "item": item})
}

fn delta(kind: &str, index: usize, text: &str) -> Value {
    json!({"type": format!("response.{kind}.delta"), "output_index": index, "delta": text})
}

/// The middle of a stream between its first and last event.
fn middle(events: Vec<Value>) -> Vec<Value> {
    let mut stream = vec![created()];
    stream.extend(events);
    stream.push(completed(&json!([])));
    stream
}

fn message(text: &str) -> Value {
    json!({"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
        "content": [{"type": "output_text", "text": text, "annotations": [], "logprobs": []}]})
}

fn function(arguments: &str) -> Value {
    json!({"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "shell", "arguments": arguments})
}
