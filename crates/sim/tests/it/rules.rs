//! What each protocol refuses: the mark that a bad translation leaves.

use serde_json::{Value, json};
use tollhouse_sim::Sim;

use crate::client::{post, send, start};

/// Expects that the request is taken as it is, and refused with each of the changes.
async fn refuses(sim: &Sim, path: &str, good: &Value, changes: Vec<Value>) {
    let seen = post(sim, path, "", good).await;
    assert_eq!(seen.status, 200, "{}", seen.json());
    for change in changes {
        let mut body = good.clone();
        let fields = change.as_object().unwrap();
        body.as_object_mut().unwrap().extend(fields.clone());
        let seen = post(sim, path, "", &body).await;
        assert_eq!(seen.status, 400, "{change}");
    }
}

fn user(content: &Value) -> Value {
    json!({"messages": [{"role": "user", "content": content}]})
}

#[tokio::test]
async fn messages_keeps_its_rules() {
    let sim = start().await;
    let tool = json!({"name": "look", "input_schema": {"type": "object"}});
    let call = json!({"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}});
    let result = json!({"type": "tool_result", "tool_use_id": "toolu_1", "content": "x"});
    let text = json!({"type": "text", "text": "hello"});
    let marked = json!({"type": "text", "text": "hello", "cache_control": {"type": "ephemeral"}});
    let turns = |turn: Value, results: Value| {
        json!({"messages": [{"role": "user", "content": "go"},
            {"role": "assistant", "content": turn}, {"role": "user", "content": results}]})
    };
    let mut good = turns(json!([call]), json!([result, text]));
    good["model"] = json!("sim-echo");
    good["max_tokens"] = json!(3000);
    good["tools"] = json!([tool]);
    let enabled = json!({"type": "enabled", "budget_tokens": 1024});
    let mut bad_id = call.clone();
    bad_id["id"] = json!("call:1");
    let mut listed = call.clone();
    listed["input"] = json!([]);
    let changes = vec![
        turns(json!([call]), json!([text, result])),
        turns(json!([call]), json!("no result")),
        turns(json!([bad_id]), json!([result])),
        turns(json!([listed]), json!([result])),
        user(&json!([{"type": "text", "text": " "}])),
        user(&json!("")),
        user(&json!([])),
        user(&json!([{"type": "image_url", "image_url": {"url": "https://example.com"}}])),
        user(&json!([{"type": "tool_use", "id": "a", "name": "b", "input": {}}])),
        user(&json!([marked, marked, marked, marked, marked])),
        json!({"messages": [{"role": "assistant", "content": "hello"}]}),
        json!({"messages": [{"role": "user", "content": "hello"},
            {"role": "assistant", "content": "I "}]}),
        json!({"messages": [{"role": "user", "content": "hello"},
            {"role": "assistant", "content": [{"type": "thinking", "thinking": "hm", "signature": "x"}]},
            {"role": "user", "content": "hello"}]}),
        json!({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"},
            {"role": "system", "content": "c"}, {"role": "user", "content": "d"}]}),
        json!({"tools": [], "tool_choice": {"type": "auto"}}),
        json!({"tools": [tool, tool]}),
        json!({"tools": [{"name": "a.b", "input_schema": {"type": "object"}}]}),
        json!({"tools": [{"name": "a", "input_schema": {"type": "object", "anyOf": []}}]}),
        json!({"tools": [{"name": "a", "input_schema": {}}]}),
        json!({"tool_choice": {"type": "tool", "name": "other"}}),
        json!({"stop_sequences": ["\n"]}),
        json!({"metadata": {"team": "a"}}),
        json!({"temperature": 1.5}),
        json!({"thinking": {"type": "enabled", "budget_tokens": 1}}),
        json!({"thinking": enabled, "max_tokens": 1024}),
        json!({"thinking": enabled, "tool_choice": {"type": "any"}}),
        // The open tool turn does not begin with a thought.
        json!({"thinking": enabled}),
        json!({"reasoning_effort": "high"}),
        json!({"parallel_tool_calls": true}),
    ];
    refuses(&sim, "/v1/messages", &good, changes).await;
}

#[tokio::test]
async fn the_newer_version_of_messages_takes_no_sampling() {
    let sim = start().await;
    let body = json!({"model": "sim-echo", "max_tokens": 9, "temperature": 0.5,
        "messages": [{"role": "user", "content": "hello"}]});
    for (version, status) in [("2023-06-01", 200), ("2026-10-21", 400)] {
        let headers = [("anthropic-version", version)];
        let sent = send(
            &sim,
            hyper::Method::POST,
            "/v1/messages",
            &headers,
            body.to_string(),
        );
        assert_eq!(sent.await.unwrap().status, status, "{version}");
    }
}

#[tokio::test]
async fn chat_keeps_its_rules() {
    let sim = start().await;
    let call = |id: &str, name: &str, arguments: &str| json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}});
    let turns = |call: Value, id: &str, content: Value| {
        json!({"messages": [{"role": "user", "content": "go"},
            {"role": "assistant", "content": null, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": id, "content": content}]})
    };
    let mut good = turns(call("call_1", "look", "{}"), "call_1", json!("x"));
    good["model"] = json!("sim-echo");
    let long = "c".repeat(41);
    let image = json!([{"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}]);
    let changes = vec![
        turns(call(&long, "look", "{}"), &long, json!("x")),
        turns(call("call_1", "look", ""), "call_1", json!("x")),
        turns(call("call_1", "a.b", "{}"), "call_1", json!("x")),
        turns(call("call_1", "look", "{}"), "call_2", json!("x")),
        turns(call("call_1", "look", "{}"), "call_1", image),
        json!({"messages": [{"role": "assistant", "content": null}]}),
        json!({"messages": [{"role": "assistant", "content": "x", "tool_calls": []}]}),
        user(&json!(null)),
        user(&json!([{"type": "input_text", "text": "hello"}])),
        user(&json!([{"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}])),
        json!({"tool_choice": "auto"}),
        json!({"stop": ["a", "b", "c", "d", "e"]}),
        json!({"metadata": {"team": "a"}}),
        json!({"response_format": {"type": "json_schema"}}),
        json!({"reasoning_effort": "much"}),
        json!({"max_output_tokens": 100}),
        json!({"thinking": {"type": "adaptive"}}),
    ];
    refuses(&sim, "/v1/chat/completions", &good, changes).await;
}

#[tokio::test]
async fn responses_keeps_its_rules() {
    let sim = start().await;
    let call =
        json!({"type": "function_call", "call_id": "call_1", "name": "look", "arguments": "{}"});
    let output = json!({"type": "function_call_output", "call_id": "call_1", "output": "x"});
    let with = |item: &Value, field: &str, value: Value| {
        let mut item = item.clone();
        item[field] = value;
        item
    };
    let good = json!({"model": "sim-echo", "input": [call, output]});
    let changes = vec![
        json!({"input": [call]}),
        json!({"input": [output]}),
        json!({"input": [with(&call, "id", json!("call_1")), output]}),
        json!({"input": [with(&call, "arguments", json!("")), output]}),
        json!({"input": [with(&call, "call_id", json!("c".repeat(65))), output]}),
        json!({"input": [with(&call, "name", json!("far.look")), output]}),
        json!({"input": [call, with(&output, "output", json!({"x": 1}))]}),
        json!({"input": [call, with(&output, "output", json!([{"type": "text", "text": "x"}]))]}),
        json!({"input": [{"type": "reasoning", "summary": []}]}),
        json!({"input": [{"type": "reasoning", "id": "x_1", "summary": []}, call, output]}),
        json!({"input": [{"type": "tool_use"}]}),
        json!({"input": [{"role": "assistant", "content": [{"type": "input_text", "text": "x"}]}]}),
        json!({"input": [{"role": "user", "content": [{"type": "output_text", "text": "x"}]}]}),
        json!({"input": [{"role": "user", "content": [{"type": "input_file", "file_data": "x"}]}]}),
        json!({"tools": [{"type": "function", "name": "a.b"}]}),
        json!({"tools": [{"type": "custom", "name": "a"}, {"type": "function", "name": "a"}]}),
        json!({"include": ["everything"]}),
        json!({"max_output_tokens": 15}),
        json!({"stream": true, "stream_options": {"include_usage": true}}),
        json!({"stop": ["a"]}),
        json!({"max_tokens": 100}),
    ];
    refuses(&sim, "/v1/responses", &good, changes).await;
}

#[tokio::test]
async fn a_model_can_be_named_that_fails() {
    let sim = start().await;
    for (path, mut body) in crate::client::requests("sim-overflow", true) {
        let seen = post(&sim, path, "", &body).await;
        assert_eq!(seen.status, 400);
        if path == "/v1/messages" {
            let message = seen.json()["error"]["message"].to_string();
            assert!(message.contains("prompt is too long"), "{message}");
        } else {
            assert_eq!(seen.json()["error"]["code"], "context_length_exceeded");
        }
        body["model"] = json!("sim-status-529");
        assert_eq!(post(&sim, path, "", &body).await.status, 529);
    }
}
