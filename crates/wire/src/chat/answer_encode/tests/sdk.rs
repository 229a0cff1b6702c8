//! Reading a stream as the vendor's SDK does, and more strictly where that is lenient.

use super::*;

/// What a stream adds up to.
pub(super) struct Accumulated {
    /// The message, in the shape of a whole answer's.
    pub message: Value,
    pub finish_reason: Value,
    /// The usage chunk's.
    pub usage: Option<Value>,
}

/// Checks the grammar of a stream that came to its end, and adds it up.
pub(super) fn accumulate(stream: &[u8], reply: &Reply) -> Accumulated {
    let mut lines = lines(stream);
    assert_eq!(lines.pop().as_deref(), Some("[DONE]"));
    let mut message = Value::Null;
    let (mut finish_reason, mut usage, mut calls) = (None, None, 0);
    for (place, line) in lines.iter().enumerate() {
        let chunk: Value = serde_json::from_str(line).unwrap();
        assert_eq!(chunk["id"], format!("chatcmpl-{}", reply.id));
        assert_eq!(chunk["object"], "chat.completion.chunk");
        assert_eq!(chunk["created"], reply.created);
        assert_eq!(chunk["model"], "some-model");
        let choices = chunk["choices"].as_array().unwrap();
        if choices.is_empty() {
            assert!(reply.usage_in_stream && finish_reason.is_some() && usage.is_none());
            usage = Some(chunk["usage"].clone());
            continue;
        }
        let unasked = reply.usage_in_stream.then_some(&Value::Null);
        assert_eq!(chunk.get("usage"), unasked);
        assert!(choices.len() == 1 && finish_reason.is_none() && choices[0]["index"] == 0);
        let delta = &choices[0]["delta"];
        assert_eq!(delta.get("role").is_some(), place == 0);
        check_calls(delta, &mut calls);
        add(&mut message, delta);
        match &choices[0]["finish_reason"] {
            Value::Null => {}
            reason => {
                assert_eq!(delta, &json!({}));
                finish_reason = Some(reason.clone());
            }
        }
    }
    Accumulated {
        message: as_whole(message),
        finish_reason: finish_reason.unwrap(),
        usage,
    }
}

/// The first fragment of an index has everything, the others only input.
fn check_calls(delta: &Value, calls: &mut usize) {
    for fragment in delta
        .get("tool_calls")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let index = usize::try_from(fragment["index"].as_u64().unwrap()).unwrap();
        assert!(index <= *calls, "a gap between the calls");
        let is_first = index == *calls;
        *calls += usize::from(is_first);
        let (kind, input) = match fragment.get("custom") {
            Some(_) => ("custom", "input"),
            None => ("function", "arguments"),
        };
        assert!(fragment[kind][input].is_string());
        if is_first {
            assert!(fragment["id"].is_string() && fragment[kind]["name"].is_string());
            assert_eq!(fragment["type"], kind);
        } else {
            assert_eq!(fragment.as_object().unwrap().len(), 2);
            assert_eq!(fragment[kind].as_object().unwrap().len(), 1);
        }
    }
}

/// The SDK's rule: texts are joined, lists of objects by their `index`.
fn add(sum: &mut Value, delta: &Value) {
    match (sum, delta) {
        (Value::Object(sum), Value::Object(delta)) => {
            for (key, value) in delta {
                match sum.get_mut(key) {
                    Some(old) if !old.is_null() && key != "index" && key != "type" => {
                        add(old, value);
                    }
                    _ => {
                        sum.insert(key.clone(), value.clone());
                    }
                }
            }
        }
        (Value::String(sum), Value::String(delta)) => sum.push_str(delta),
        (Value::Array(sum), Value::Array(delta)) => {
            for entry in delta {
                let index = entry["index"]
                    .as_u64()
                    .expect("entries of joined lists have an index");
                let index = usize::try_from(index).unwrap();
                match sum.get_mut(index) {
                    Some(old) => add(old, entry),
                    None => sum.insert(index, entry.clone()),
                }
            }
        }
        (sum @ Value::Null, delta) => *sum = delta.clone(),
        _ => panic!("values that cannot be joined"),
    }
}

/// Streams cannot say `null` for what never came, and number their calls.
fn as_whole(mut message: Value) -> Value {
    let members = message.as_object_mut().unwrap();
    members.entry("refusal").or_insert(Value::Null);
    if members["content"] == "" {
        members.insert("content".to_owned(), Value::Null);
    }
    let calls = members.get_mut("tool_calls").and_then(Value::as_array_mut);
    for call in calls.into_iter().flatten() {
        call.as_object_mut().unwrap().remove("index");
    }
    message
}
