//! The Chat stream.

use serde_json::{Value, json};

use super::{Ending, Event, Heard, append, parse};

pub(super) fn hear(events: &[Event]) -> Heard {
    let mut ending = Ending::Open;
    let mut usage = false;
    let mut said = json!({"content": null, "refusal": null, "calls": [], "stop": null});
    for (name, data) in events {
        assert!(name.is_none(), "chunks have no names");
        assert_eq!(ending, Ending::Open, "{data} follows the end");
        if data == "[DONE]" {
            assert!(!said["stop"].is_null(), "the reason comes first");
            ending = Ending::Done;
            continue;
        }
        let chunk = parse(data);
        if chunk["error"].is_object() {
            assert!(chunk["error"]["message"].is_string());
            ending = Ending::Failed;
            continue;
        }
        assert_eq!(chunk["object"], "chat.completion.chunk");
        let choices = chunk["choices"].as_array().expect("choices");
        assert!(!usage, "the usage is last");
        match &choices[..] {
            [] => {
                assert!(!said["stop"].is_null() && chunk["usage"].is_object());
                usage = true;
            }
            [choice] => {
                assert!(said["stop"].is_null(), "nothing follows the reason");
                add(&mut said, &choice["delta"]);
                said["stop"] = choice["finish_reason"].clone();
            }
            _ => panic!("one choice"),
        }
    }
    Heard { ending, said }
}

pub(super) fn said(body: &Value) -> Value {
    assert_eq!(body["object"], "chat.completion");
    let choice = &body["choices"][0];
    let mut said = json!({"content": null, "refusal": null, "calls": [], "stop": null});
    let mut message = choice["message"].clone();
    for (index, call) in message["tool_calls"]
        .as_array_mut()
        .into_iter()
        .flatten()
        .enumerate()
    {
        call["index"] = json!(index);
    }
    add(&mut said, &message);
    said["stop"] = choice["finish_reason"].clone();
    said
}

fn add(said: &mut Value, delta: &Value) {
    for member in ["content", "refusal", "reasoning_content"] {
        if delta[member].as_str().is_some_and(|text| !text.is_empty()) {
            append(&mut said[member], &delta[member]);
        }
    }
    if delta["annotations"].is_array() {
        assert!(said["annotations"].is_null(), "sources come once");
        said["annotations"] = delta["annotations"].clone();
    }
    for call in delta["tool_calls"].as_array().into_iter().flatten() {
        let place = call["index"].as_u64().expect("an index") as usize;
        let calls = said["calls"].as_array_mut().expect("a list");
        assert!(place <= calls.len(), "calls are numbered in order");
        if place == calls.len() {
            assert!(call["id"].is_string() && call["type"].is_string());
            calls.push(json!({"id": call["id"], "type": call["type"]}));
        }
        let kind = calls[place]["type"].as_str().expect("a type").to_owned();
        let input = if kind == "custom" {
            "input"
        } else {
            "arguments"
        };
        let piece = &call[&kind];
        if piece["name"].is_string() {
            append(&mut calls[place]["name"], &piece["name"]);
        }
        if piece[input].is_string() {
            append(&mut calls[place][input], &piece[input]);
        }
    }
}
