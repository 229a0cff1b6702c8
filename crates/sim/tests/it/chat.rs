use serde_json::{Value, json};

use crate::client::{Seen, post, requests, start};

fn tools() -> Value {
    json!([{"type": "function", "function": {"name": "look", "parameters": {"type": "object",
        "properties": {"where": {"type": "string"}}, "required": ["where"]}}}])
}

/// Rebuilds the message from its chunks the way SDK accumulators do.
fn assemble(seen: &Seen) -> (Value, Option<Value>) {
    assert!(seen.ends_with_done());
    let (mut text, mut calls, mut finish, mut usage) = (String::new(), Vec::new(), None, None);
    let mut ids = std::collections::BTreeSet::new();
    for (name, chunk) in seen.events() {
        assert_eq!(name, None);
        ids.insert(chunk["id"].to_string());
        assert!(usage.is_none(), "a chunk after the usage");
        let Some(choice) = chunk["choices"].get(0) else {
            usage = Some(chunk["usage"].clone());
            continue;
        };
        text += choice["delta"]["content"].as_str().unwrap_or_default();
        for part in choice["delta"]["tool_calls"]
            .as_array()
            .into_iter()
            .flatten()
        {
            let index = usize::try_from(part["index"].as_u64().unwrap()).unwrap();
            if index == calls.len() {
                calls.push(part.clone());
            } else {
                assert!(part.get("id").is_none() && part["function"].get("name").is_none());
                let so_far = calls[index]["function"]["arguments"].as_str().unwrap();
                let more = part["function"]["arguments"].as_str().unwrap();
                calls[index]["function"]["arguments"] = format!("{so_far}{more}").into();
            }
        }
        if let Some(reason) = choice["finish_reason"].as_str() {
            assert!(finish.replace(reason.to_owned()).is_none(), "two ends");
        }
    }
    assert_eq!(ids.len(), 1);
    (
        json!({"text": text, "calls": calls, "finish": finish}),
        usage,
    )
}

#[tokio::test]
async fn streams_text_and_usage_on_request_only() {
    let sim = start().await;
    let (path, mut body) = requests("sim-echo", true)[1].clone();
    let (message, usage) = assemble(&post(&sim, path, "", &body).await);
    assert_eq!(
        message,
        json!({"text": "hello wide world", "calls": [], "finish": "stop"})
    );
    assert_eq!(usage, None);

    body["stream_options"] = json!({"include_usage": true});
    let usage = assemble(&post(&sim, path, "", &body).await).1.unwrap();
    assert_eq!(usage["prompt_tokens"], body.to_string().len() / 4);
    assert_eq!(usage["completion_tokens"], 3);

    let (_, usage) = assemble(&post(&sim, path, "usage=none", &body).await);
    assert_eq!(usage, None);
}

#[tokio::test]
async fn streams_a_tool_call_once() {
    let sim = start().await;
    let (path, mut body) = requests("sim-tool", true)[1].clone();
    body["tools"] = tools();
    let (message, _) = assemble(&post(&sim, path, "", &body).await);
    assert_eq!(message["finish"], "tool_calls");
    assert_eq!(message["calls"][0]["function"]["name"], "look");
    assert_eq!(
        message["calls"][0]["function"]["arguments"],
        r#"{"where":"simulated"}"#
    );
}

#[tokio::test]
async fn whole_answers_have_the_same_content() {
    let sim = start().await;
    let (path, mut body) = requests("sim-tool", false)[1].clone();
    body["tools"] = tools();
    let answer = post(&sim, path, "", &body).await.json();
    let choice = &answer["choices"][0];
    assert_eq!(choice["finish_reason"], "tool_calls");
    assert_eq!(
        choice["message"]["tool_calls"][0]["function"]["name"],
        "look"
    );
    assert_eq!(
        answer["usage"]["total_tokens"],
        answer["usage"]["prompt_tokens"].as_u64().unwrap()
            + answer["usage"]["completion_tokens"].as_u64().unwrap()
    );

    let (path, body) = requests("sim-think", false)[1].clone();
    let message = post(&sim, path, "", &body).await.json()["choices"][0]["message"].clone();
    assert_eq!(message["content"], "hello wide world");
    assert!(message["reasoning_content"].is_string());
}

#[tokio::test]
async fn is_as_strict_as_the_vendor() {
    let sim = start().await;
    let (path, good) = requests("sim-echo", false)[1].clone();
    for (key, value) in [
        ("tools", json!([])),
        ("parallel_tool_calls", json!(false)),
        ("stream_options", json!({"include_usage": true})),
        (
            "messages",
            json!([{"role": "tool", "tool_call_id": "x", "content": ""}]),
        ),
        (
            "messages",
            json!([{"role": "user", "content": "x"}, {"role": "assistant", "tool_calls":
            [{"id": "c", "type": "function", "function": {"name": "n", "arguments": "{}"}}]}]),
        ),
    ] {
        let mut body = good.clone();
        body[key] = value;
        let seen = post(&sim, path, "", &body).await;
        assert_eq!(seen.status, 400, "{body}");
        let error = seen.json()["error"].clone();
        assert_eq!(error["type"], "invalid_request_error");
        assert!(error.get("param").is_some() && error.get("code").is_some());
    }
}

#[tokio::test]
async fn embeddings_come_as_floats_or_base64() {
    let sim = start().await;
    let body = json!({"model": "e", "input": ["a", "b"], "dimensions": 4});
    let floats = post(&sim, "/v1/embeddings", "", &body).await.json();
    assert_eq!(floats["data"][1]["index"], 1);
    assert_eq!(floats["data"][0]["embedding"].as_array().unwrap().len(), 4);
    assert_ne!(
        floats["data"][0]["embedding"],
        floats["data"][1]["embedding"]
    );
    let body = json!({"model": "e", "input": "a", "dimensions": 4, "encoding_format": "base64"});
    let text = post(&sim, "/v1/embeddings", "", &body).await.json();
    // 16 bytes.
    assert_eq!(text["data"][0]["embedding"].as_str().unwrap().len(), 24);
}
