//! The Messages stream.

use serde_json::{Value, json};

use super::{Ending, Event, Heard, append, parse};

pub(super) fn hear(events: &[Event]) -> Heard {
    let mut ending = Ending::Open;
    let mut started = false;
    let mut open = false;
    let mut stop = Value::Null;
    let mut blocks: Vec<Value> = Vec::new();
    for (name, data) in events {
        let event = parse(data);
        let kind = event["type"].as_str().expect("a type");
        assert_eq!(name.as_deref(), Some(kind), "the name repeats the type");
        assert_eq!(ending, Ending::Open, "{kind} follows the end");
        assert!(
            started || matches!(kind, "message_start" | "error" | "ping"),
            "{kind} leads"
        );
        assert!(
            stop.is_null() || matches!(kind, "message_stop" | "ping" | "error"),
            "{kind}"
        );
        let here = event["index"]
            .as_u64()
            .map_or(usize::MAX, |index| index as usize);
        match kind {
            "ping" => {}
            "message_start" => assert!(!std::mem::replace(&mut started, true), "one start"),
            "content_block_start" => {
                assert!(!open && here == blocks.len(), "one block after the other");
                open = true;
                blocks.push(event["content_block"].clone());
            }
            "content_block_delta" => {
                assert!(
                    open && here + 1 == blocks.len(),
                    "a delta of the open block"
                );
                add(&mut blocks[here], &event["delta"]);
            }
            "content_block_stop" => {
                assert!(open && here + 1 == blocks.len(), "the open block stops");
                open = false;
            }
            "message_delta" => {
                assert!(!open, "all blocks are over");
                stop = event["delta"].clone();
                assert!(stop["stop_reason"].is_string() && event["usage"].is_object());
            }
            "message_stop" => {
                assert!(!stop.is_null(), "the reason comes first");
                ending = Ending::Done;
            }
            "error" => {
                assert!(
                    event["error"]["type"].is_string() && event["error"]["message"].is_string()
                );
                ending = Ending::Failed;
            }
            other => panic!("unknown: {other}"),
        }
    }
    let blocks: Vec<Value> = blocks.iter().map(content).collect();
    Heard {
        ending,
        said: json!({"content": blocks, "stop": stop["stop_reason"], "sequence": stop["stop_sequence"]}),
    }
}

pub(super) fn said(body: &Value) -> Value {
    assert_eq!(body["type"], "message");
    let blocks: Vec<Value> = body["content"]
        .as_array()
        .expect("a list")
        .iter()
        .map(content)
        .collect();
    json!({"content": blocks, "stop": body["stop_reason"], "sequence": body["stop_sequence"]})
}

fn add(block: &mut Value, delta: &Value) {
    let kind = delta["type"].as_str().expect("a type").to_owned();
    let (of, member) = match &*kind {
        "text_delta" => ("text", "text"),
        "thinking_delta" => ("thinking", "thinking"),
        "signature_delta" => ("thinking", "signature"),
        "input_json_delta" => ("tool_use", "partial_json"),
        other => panic!("unknown: {other}"),
    };
    let search = block["type"] == "server_tool_use" && of == "tool_use";
    assert!(block["type"] == of || search, "{kind} of {}", block["type"]);
    append(&mut block[member], &delta[member]);
}

/// A block without what a stream and a whole answer tell in different ways.
fn content(block: &Value) -> Value {
    let mut block = block.clone();
    if let Some(streamed) = block
        .as_object_mut()
        .and_then(|block| block.remove("partial_json"))
    {
        let input = streamed.as_str().unwrap_or_default().trim_ascii();
        block["input"] = match serde_json::from_str::<Value>(input) {
            Ok(object) if object.is_object() => object,
            _ if input.is_empty() => json!({}),
            // Whole, an input must be an object, and anything else is told in one.
            _ => json!({"unreadable_input": input}),
        };
    }
    block
}
