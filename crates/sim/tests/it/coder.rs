//! `sim-coder` against stand-ins for the real agents' tool lists.

use serde_json::{Value, json};
use tollhouse_sim::Sim;

use crate::client::{post, start};

const ENV: &str = "# Environment\n - Primary working directory: /home/me/p\n - Platform: linux";
const DONE: &str = "done: hello from tollhouse";

fn schema() -> Value {
    json!({"type": "object"})
}

/// Plays a Messages agent to the end; returns the calls of each turn.
async fn messages(sim: &Sim, tools: &[&str], env: &str, parallel: bool) -> Vec<Value> {
    let tools: Vec<Value> = tools
        .iter()
        .map(|name| json!({"name": name, "input_schema": schema()}))
        .collect();
    let mut history = vec![json!({"role": "user", "content": "Do the task."})];
    let mut turns = Vec::new();
    loop {
        let body = json!({"model": "sim-coder", "max_tokens": 99, "system": env, "tools": tools,
            "thinking": {"type": "adaptive"}, "messages": history,
            "tool_choice": {"type": "auto", "disable_parallel_tool_use": !parallel}});
        let answer = post(sim, "/v1/messages", "", &body).await.json();
        let content = answer["content"].as_array().unwrap().clone();
        assert_eq!(content[0]["type"], "thinking");
        let calls: Vec<Value> = content
            .iter()
            .filter(|block| block["type"] == "tool_use")
            .cloned()
            .collect();
        if calls.is_empty() {
            assert_eq!(content[1]["text"], DONE);
            return turns;
        }
        let results: Vec<Value> = calls
            .iter()
            .map(|call| json!({"type": "tool_result", "tool_use_id": call["id"], "content": "ok"}))
            .collect();
        history.push(json!({"role": "assistant", "content": content}));
        history.push(json!({"role": "user", "content": results}));
        turns.push(
            calls
                .iter()
                .map(|call| json!([call["name"], call["input"]]))
                .collect(),
        );
    }
}

#[tokio::test]
async fn leads_claude_code() {
    let sim = start().await;
    let path = "/home/me/p/hello.txt";
    let turns = messages(&sim, &["Bash", "Read", "Write"], ENV, true).await;
    assert_eq!(
        turns,
        [
            json!([["Write", {"file_path": path, "content": "hello from tollhouse"}]]),
            json!([
                ["Bash", {"command": "cat hello.txt", "description": "Show the file"}],
                ["Bash", {"command": "wc -c hello.txt", "description": "Count bytes"}]
            ]),
            json!([["Read", {"file_path": path}]]),
        ]
    );
    let turns = messages(&sim, &["Bash", "Read", "Write"], "", false).await;
    assert!(
        turns
            .iter()
            .all(|calls| calls[0][0] == "Bash" && calls[1].is_null()),
        "{turns:?}"
    );
}

#[tokio::test]
async fn leads_opencode_on_chat() {
    let sim = start().await;
    let tools: Vec<Value> = ["bash", "read", "write"]
        .iter()
        .map(|name| json!({"type": "function", "function": {"name": name, "parameters": schema()}}))
        .collect();
    let mut history = vec![
        json!({"role": "system", "content": "  Working directory: /p\n"}),
        json!({"role": "user", "content": "Do the task."}),
    ];
    let mut names = Vec::new();
    let text = loop {
        let body = json!({"model": "sim-coder", "messages": history, "tools": tools});
        let message =
            post(&sim, "/v1/chat/completions", "", &body).await.json()["choices"][0]["message"]
                .clone();
        history.push(message.clone());
        let Some(calls) = message["tool_calls"].as_array() else {
            break message["content"].clone();
        };
        for call in calls {
            history.push(json!({"role": "tool", "tool_call_id": call["id"], "content": "ok"}));
            names.push(call["function"]["name"].clone());
        }
    };
    assert_eq!(names, ["write", "bash", "bash", "read"]);
    assert_eq!(text, DONE);
    // The next prompt starts over.
    history.push(json!({"role": "user", "content": "Again."}));
    let body = json!({"model": "sim-coder", "messages": history, "tools": tools});
    let again = post(&sim, "/v1/chat/completions", "", &body).await.json();
    assert_eq!(
        again["choices"][0]["message"]["tool_calls"][0]["function"]["name"],
        "write"
    );
}

/// Plays a Responses agent; returns the kind, name and input of each call.
async fn responses(sim: &Sim, fields: &Value, first: Vec<Value>) -> Vec<Value> {
    let mut input = first;
    input.push(json!({"type": "message", "role": "user", "content":
        [{"type": "input_text", "text": "Do the task."}]}));
    let mut calls = Vec::new();
    loop {
        let mut body = fields.clone();
        body["model"] = json!("sim-coder");
        body["input"] = input.clone().into();
        body["store"] = json!(false);
        body["include"] = json!(["reasoning.encrypted_content"]);
        let output = post(sim, "/v1/responses", "", &body).await.json()["output"].clone();
        let before = calls.len();
        let mut results = Vec::new();
        for item in output.as_array().unwrap() {
            input.push(item.clone());
            let kind = item["type"].as_str().unwrap();
            if kind == "message" {
                assert_eq!(item["content"][0]["text"], DONE);
            } else if let Some(id) = item.get("call_id") {
                results
                    .push(json!({"type": format!("{kind}_output"), "call_id": id, "output": "ok"}));
                let text = item.get("arguments").or(item.get("input")).unwrap();
                calls.push(json!([kind, item["name"], item["namespace"], text]));
            }
        }
        input.extend(results);
        if calls.len() == before {
            return calls;
        }
    }
}

#[tokio::test]
async fn leads_codex_in_its_classic_dialect() {
    let sim = start().await;
    let fields = json!({"reasoning": {"summary": "auto"}, "parallel_tool_calls": false,
        "tools": [{"type": "function", "name": "exec_command", "parameters": schema()},
            {"type": "custom", "name": "apply_patch"}, {"type": "web_search"}]});
    let calls = responses(&sim, &fields, Vec::new()).await;
    let commands: Vec<Value> = calls
        .iter()
        .map(|call| serde_json::from_str(call[3].as_str().unwrap()).unwrap())
        .collect();
    assert_eq!(
        commands,
        [
            json!({"cmd": "printf 'hello from tollhouse' > hello.txt"}),
            json!({"cmd": "cat hello.txt && wc -c hello.txt"}),
            json!({"cmd": "cat hello.txt"}),
        ]
    );
}

#[tokio::test]
async fn leads_codex_in_its_lite_dialect() {
    let sim = start().await;
    let first = json!({"type": "additional_tools", "role": "developer", "tools": [
        {"type": "namespace", "name": "functions", "tools": [{"type": "custom", "name": "exec"}]}]});
    let fields = json!({"parallel_tool_calls": false});
    let calls = responses(&sim, &fields, vec![first]).await;
    assert_eq!(calls.len(), 3);
    assert_eq!(
        calls[2],
        json!([
            "custom_tool_call",
            "exec",
            "functions",
            "const result = await tools.exec_command({\"cmd\":\"cat hello.txt\"});\ntext(result.output);\n"
        ])
    );
}

#[tokio::test]
async fn knows_every_shell() {
    let sim = start().await;
    for (name, input) in [
        ("shell_command", json!({"command": "cat hello.txt"})),
        (
            "shell",
            json!({"command": ["bash", "-lc", "cat hello.txt"]}),
        ),
        (
            "local_shell",
            json!({"command": ["bash", "-lc", "cat hello.txt"]}),
        ),
    ] {
        let fields = json!({"tools": [{"type": "function", "name": name, "parameters": schema()}]});
        let calls = responses(&sim, &fields, Vec::new()).await;
        let last: Value = serde_json::from_str(calls.last().unwrap()[3].as_str().unwrap()).unwrap();
        assert_eq!(last, input, "{name}");
    }
}

#[tokio::test]
async fn without_tools_it_writes_a_title() {
    let sim = start().await;
    let body = json!({"model": "sim-coder", "input": "Generate a title"});
    let answer = post(&sim, "/v1/responses", "", &body).await.json();
    assert_eq!(answer["output"][0]["content"][0]["text"], "Write hello.txt");
}

#[tokio::test]
async fn a_script_can_choose_the_model() {
    let sim = start().await;
    let body = json!({"model": "gpt-6.1-sol", "input": "Generate a title"});
    let answer = post(&sim, "/v1/responses", "model=sim-coder", &body)
        .await
        .json();
    assert_eq!(answer["output"][0]["content"][0]["text"], "Write hello.txt");
    assert_eq!(answer["model"], "gpt-6.1-sol");
}
