use serde_json::{Value, json};

use crate::client::{Seen, get, post, requests, send, start};

const REQUIRED: [&str; 31] = [
    "id",
    "object",
    "created_at",
    "completed_at",
    "status",
    "incomplete_details",
    "model",
    "previous_response_id",
    "instructions",
    "output",
    "error",
    "tools",
    "tool_choice",
    "truncation",
    "parallel_tool_calls",
    "text",
    "top_p",
    "presence_penalty",
    "frequency_penalty",
    "top_logprobs",
    "temperature",
    "reasoning",
    "user",
    "usage",
    "max_output_tokens",
    "max_tool_calls",
    "store",
    "background",
    "service_tier",
    "metadata",
    "safety_identifier",
];

/// Checks the rules of a stream; returns its final response.
fn check(seen: &Seen) -> Value {
    let events = seen.events();
    let (mut items, mut texts): (Vec<Value>, Vec<String>) = (Vec::new(), Vec::new());
    for (number, (name, data)) in events.iter().enumerate() {
        assert_eq!(name.as_deref(), data["type"].as_str());
        assert_eq!(data["sequence_number"], number);
        if let Some(response) = data.get("response") {
            for field in REQUIRED {
                assert!(response.get(field).is_some(), "{field} is missing");
            }
            assert_eq!(response["id"], events[0].1["response"]["id"]);
        }
        let index = data["output_index"]
            .as_u64()
            .and_then(|it| usize::try_from(it).ok());
        match data["type"].as_str().unwrap() {
            "response.output_item.added" => {
                assert_eq!(index, Some(items.len()));
                items.push(data["item"].clone());
                texts.push(String::new());
            }
            "response.output_item.done" => {
                let index = index.unwrap();
                assert_eq!(items[index]["id"], data["item"]["id"]);
                assert_eq!(items[index]["type"], data["item"]["type"]);
                items[index] = data["item"].clone();
            }
            kind => {
                let Some(index) = index else { continue };
                assert_eq!(data["item_id"], items[index]["id"]);
                if let Some(delta) = data["delta"].as_str() {
                    texts[index] += delta;
                }
                if let Some(done) = ["text", "arguments", "input"]
                    .iter()
                    .find_map(|k| data[k].as_str())
                {
                    assert_eq!(done, texts[index], "{kind}");
                }
                assert!(!kind.starts_with("response.output_text") || data["logprobs"] == json!([]));
            }
        }
    }
    let last = &events.last().unwrap().1;
    assert_eq!(last["response"]["output"], Value::Array(items));
    last["response"].clone()
}

#[tokio::test]
async fn streams_keep_the_rules() {
    let sim = start().await;
    for model in ["sim-echo", "sim-think", "sim-tool"] {
        let (path, mut body) = requests(model, true)[2].clone();
        body["tools"] = json!([{"type": "namespace", "name": "group", "tools": [
            {"type": "custom", "name": "write"}]}, {"type": "web_search"}]);
        body["include"] = json!(["reasoning.encrypted_content"]);
        let response = check(&post(&sim, path, "", &body).await);
        assert_eq!(response["status"], "completed");
        assert_eq!(response["tools"], body["tools"]);
        assert_eq!(
            response["usage"]["input_tokens"],
            body.to_string().len() / 4
        );
        let kinds: Vec<_> = response["output"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["type"].clone())
            .collect();
        match model {
            "sim-think" => assert_eq!(kinds, ["reasoning", "message"]),
            "sim-tool" => {
                assert_eq!(kinds, ["message", "custom_tool_call"]);
                assert_eq!(response["output"][1]["namespace"], "group");
            }
            _ => assert_eq!(kinds, ["message"]),
        }
    }
}

#[tokio::test]
async fn only_the_final_reasoning_token_counts() {
    let sim = start().await;
    let (path, mut body) = requests("sim-think", true)[2].clone();
    body["include"] = json!(["reasoning.encrypted_content"]);
    let seen = post(&sim, path, "", &body).await;
    let announced = seen.events()[2].1["item"]["encrypted_content"].clone();
    let item = check(&seen)["output"][0].clone();
    assert_ne!(announced, item["encrypted_content"]);
    let user = json!({"role": "user", "content": "hi"});
    let reply = json!({"role": "assistant", "content": [{"type": "output_text", "text": "x"}]});
    body["input"] = json!([user, item, reply, user]);
    assert_eq!(post(&sim, path, "", &body).await.status, 200);
    body["input"][1]["encrypted_content"] = announced;
    assert_eq!(post(&sim, path, "", &body).await.status, 400);
}

#[tokio::test]
async fn length_makes_it_incomplete() {
    let sim = start().await;
    let (path, mut body) = requests("sim-echo", true)[2].clone();
    body["input"] = json!("word ".repeat(20));
    body["max_output_tokens"] = json!(16);
    let seen = post(&sim, path, "", &body).await;
    assert_eq!(
        seen.events().last().unwrap().1["type"],
        "response.incomplete"
    );
    assert_eq!(
        check(&seen)["incomplete_details"]["reason"],
        "max_output_tokens"
    );
    body["max_output_tokens"] = json!(15);
    assert_eq!(post(&sim, path, "", &body).await.status, 400);
}

#[tokio::test]
async fn stored_responses_can_be_used() {
    let sim = start().await;
    let (path, mut body) = requests("sim-echo", false)[2].clone();
    body["background"] = json!(true);
    let queued = post(&sim, path, "", &body).await.json();
    assert_eq!(queued["status"], "queued");
    let id = queued["id"].as_str().unwrap();
    let own = format!("{path}/{id}");
    assert_eq!(get(&sim, &own).await.json()["status"], "completed");
    let items = get(&sim, &format!("{own}/input_items")).await.json();
    assert_eq!(items["data"], body["input"]);
    let next = json!({"model": "sim-echo", "input": "and", "previous_response_id": id});
    let next = post(&sim, path, "", &next).await.json();
    assert!(
        next["usage"]["input_tokens_details"]["cached_tokens"]
            .as_u64()
            .unwrap()
            > 0
    );
    let canceled = post(&sim, &format!("{own}/cancel"), "", &json!({}))
        .await
        .json();
    assert_eq!(canceled["status"], "cancelled");
    let gone = send(&sim, hyper::Method::DELETE, &own, &[], "")
        .await
        .unwrap();
    assert_eq!(gone.json()["deleted"], true);
    assert_eq!(
        get(&sim, &own).await.json()["error"]["code"],
        "response_not_found"
    );

    body["store"] = json!(false);
    let id = post(&sim, path, "", &body).await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(get(&sim, &format!("{path}/{id}")).await.status, 404);
}

#[tokio::test]
async fn counts_compacts_and_refuses_sockets() {
    let sim = start().await;
    let (path, body) = requests("sim-echo", false)[2].clone();
    let count = post(&sim, &format!("{path}/input_tokens"), "", &body)
        .await
        .json();
    assert_eq!(count["input_tokens"], body.to_string().len() / 4);
    let compacted = post(&sim, &format!("{path}/compact"), "", &body)
        .await
        .json();
    assert_eq!(compacted["output"][0], body["input"][0]);
    assert_eq!(compacted["output"][1]["type"], "compaction");
    let mut trigger = body.clone();
    trigger["stream"] = json!(true);
    trigger["input"] = json!([body["input"][0], {"type": "compaction_trigger"}]);
    let response = check(&post(&sim, path, "", &trigger).await);
    assert_eq!(response["output"][0]["type"], "compaction");
    assert_eq!(get(&sim, path).await.status, 426);
}
