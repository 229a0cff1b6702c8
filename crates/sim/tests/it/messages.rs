use serde_json::{Value, json};

use crate::client::{Seen, post, requests, start};

/// Rebuilds the message from its events, checking the protocol's rules on the way.
fn assemble(seen: &Seen) -> Value {
    let events = seen.events();
    let (mut message, mut open, mut stopped) = (Value::Null, false, false);
    let mut json = String::new();
    for (name, data) in &events {
        assert_eq!(name.as_deref(), data["type"].as_str());
        assert!(!stopped, "an event after message_stop");
        let blocks = message["content"].as_array().map_or(0, Vec::len);
        match data["type"].as_str().unwrap() {
            "ping" => {}
            "message_start" => message = data["message"].clone(),
            "content_block_start" => {
                assert!(!open, "two blocks open");
                assert_eq!(data["index"], blocks);
                open = true;
                json.clear();
                let content = message["content"].as_array_mut().unwrap();
                content.push(data["content_block"].clone());
            }
            "content_block_delta" => {
                assert!(open);
                let block = &mut message["content"][blocks - 1];
                let delta = &data["delta"];
                match delta["type"].as_str().unwrap() {
                    "text_delta" => append(&mut block["text"], &delta["text"]),
                    "thinking_delta" => append(&mut block["thinking"], &delta["thinking"]),
                    "signature_delta" => block["signature"] = delta["signature"].clone(),
                    "input_json_delta" => json += delta["partial_json"].as_str().unwrap(),
                    other => panic!("{other}"),
                }
            }
            "content_block_stop" => {
                assert!(open);
                open = false;
                if !json.is_empty() {
                    let input = serde_json::from_str(&json).unwrap();
                    message["content"][blocks - 1]["input"] = input;
                }
            }
            "message_delta" => {
                for (key, value) in data["delta"].as_object().unwrap() {
                    message[key] = value.clone();
                }
                for (key, value) in data["usage"].as_object().unwrap() {
                    message["usage"][key] = value.clone();
                }
            }
            "message_stop" => stopped = true,
            other => panic!("{other}"),
        }
    }
    assert!(stopped && !open);
    message
}

fn append(to: &mut Value, more: &Value) {
    *to = Value::String(format!(
        "{}{}",
        to.as_str().unwrap(),
        more.as_str().unwrap()
    ));
}

fn without_ids(mut message: Value) -> Value {
    message["id"].take();
    for block in message["content"].as_array_mut().unwrap() {
        block["id"].take();
    }
    message
}

#[tokio::test]
async fn streamed_and_whole_agree() {
    let sim = start().await;
    for model in ["sim-echo", "sim-think", "sim-tool"] {
        let mut body = requests(model, true)[0].1.clone();
        body["tools"] = json!([{"name": "look", "input_schema": {"type": "object",
            "properties": {"n": {"type": "integer"}}, "required": ["n"]}}]);
        let streamed = post(&sim, "/v1/messages?beta=true", "", &body).await;
        // One byte longer as `false`: keep the size, and with it the usage.
        body["stream"] = json!(false);
        body["model"] = json!(model);
        let whole = post(&sim, "/v1/messages", "", &body).await.json();
        let mut streamed = without_ids(assemble(&streamed));
        let mut whole = without_ids(whole);
        streamed["usage"]["input_tokens"].take();
        whole["usage"]["input_tokens"].take();
        for usage in [&mut streamed["usage"], &mut whole["usage"]] {
            usage["cache_creation_input_tokens"].take();
            usage["cache_creation"].take();
        }
        assert_eq!(streamed, whole, "{model}");
    }
}

#[tokio::test]
async fn a_tool_without_arguments_streams_no_json() {
    let sim = start().await;
    let mut body = requests("sim-tool", true)[0].1.clone();
    body["tools"] = json!([{"name": "now", "input_schema": {"type": "object"}}]);
    let seen = post(&sim, "/v1/messages", "", &body).await;
    let message = assemble(&seen);
    assert_eq!(message["content"][1]["input"], json!({}));
    assert_eq!(message["stop_reason"], "tool_use");
}

#[tokio::test]
async fn usage_is_deterministic_and_reads_the_cache_on_later_turns() {
    let sim = start().await;
    let first = requests("sim-echo", false)[0].1.clone();
    let bytes = first.to_string().len();
    let usage = post(&sim, "/v1/messages", "", &first).await.json()["usage"].clone();
    let total = bytes / 4;
    assert_eq!(usage["cache_creation_input_tokens"], total / 2);
    assert_eq!(usage["cache_read_input_tokens"], 0);
    assert_eq!(usage["input_tokens"], total - total / 2);
    assert_eq!(usage["output_tokens"], 3);

    let mut second = first;
    second["messages"] = json!([{"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}]);
    let usage = post(&sim, "/v1/messages", "", &second).await.json()["usage"].clone();
    assert!(usage["cache_read_input_tokens"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn changed_reasoning_is_refused() {
    let sim = start().await;
    let mut body = requests("sim-think", false)[0].1.clone();
    let answer = post(&sim, "/v1/messages", "", &body).await.json();
    let mut history = vec![body["messages"][0].clone()];
    history.push(json!({"role": "assistant", "content": answer["content"]}));
    history.push(json!({"role": "user", "content": "go on"}));
    body["messages"] = history.clone().into();
    assert_eq!(post(&sim, "/v1/messages", "", &body).await.status, 200);
    body["messages"][1]["content"][0]["thinking"] = json!("something else");
    let seen = post(&sim, "/v1/messages", "", &body).await;
    assert_eq!(seen.status, 400);
    assert_eq!(seen.json()["error"]["type"], "invalid_request_error");
}

#[tokio::test]
async fn is_as_strict_as_the_vendor() {
    let sim = start().await;
    let good = requests("sim-echo", false)[0].1.clone();
    let mut bad = Vec::new();
    for (key, value) in [
        ("max_tokens", Value::Null),
        ("messages", json!([])),
        ("messages", json!([{"role": "assistant", "content": "x"}])),
        (
            "messages",
            json!([{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "x"}]}]),
        ),
        (
            "messages",
            json!([{"role": "user", "content": "x"},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "n", "input": {}}]},
            {"role": "user", "content": "no result"}]),
        ),
    ] {
        let mut body = good.clone();
        body[key] = value;
        bad.push(body);
    }
    for body in bad {
        let seen = post(&sim, "/v1/messages", "", &body).await;
        assert_eq!(seen.status, 400, "{body}");
        assert_eq!(seen.json()["type"], "error");
        assert_eq!(seen.json()["request_id"], seen.header("request-id"));
    }
}

#[tokio::test]
async fn max_tokens_ends_the_answer() {
    let sim = start().await;
    let mut body = requests("sim-echo", true)[0].1.clone();
    body["max_tokens"] = json!(2);
    let message = assemble(&post(&sim, "/v1/messages", "", &body).await);
    assert_eq!(message["content"][0]["text"], "hello wide");
    assert_eq!(message["stop_reason"], "max_tokens");
}

#[tokio::test]
async fn counts_tokens_as_it_bills_them() {
    let sim = start().await;
    let body = json!({"model": "sim-echo", "messages": [{"role": "user", "content": "hello"}]});
    let seen = post(&sim, "/v1/messages/count_tokens?beta=true", "", &body).await;
    assert_eq!(
        seen.json(),
        json!({"input_tokens": body.to_string().len() / 4})
    );
}
