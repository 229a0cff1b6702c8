//! `sim-coder-2` against stand-ins for agents whose tools somebody has translated.

use serde_json::{Value, json};

use crate::client::{post, start};

const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAADAAAAAgCAIAAADbtmxLAAAAAElFTkSuQmCC";
const PDF: &str = "JVBERi0xLjQKJSVFT0YK";
const ENV: &str = " - Primary working directory: /home/me/p\n";

#[tokio::test]
async fn leads_claude_code_whose_tools_are_functions() {
    let sim = start().await;
    let tools: Vec<Value> = ["Bash", "Read", "Write", "Edit"]
        .map(|name| json!({"type": "function", "function": {"name": name}}))
        .to_vec();
    let mut history = vec![
        json!({"role": "system", "content": ENV}),
        json!({"role": "user", "content": "Do the task."}),
    ];
    let mut names = Vec::new();
    let report = loop {
        let body = json!({"model": "sim-coder-2", "messages": history, "tools": tools,
            "reasoning_effort": "high"});
        let answer = post(&sim, "/v1/chat/completions", "", &body).await.json();
        let message = answer["choices"][0]["message"].clone();
        history.push(message.clone());
        let Some(calls) = message["tool_calls"].as_array() else {
            break message["content"].clone();
        };
        let round: Vec<&str> = calls
            .iter()
            .map(|call| call["function"]["name"].as_str().unwrap())
            .collect();
        names.push(round.join(" "));
        for call in calls {
            history.push(json!({"role": "tool", "tool_call_id": call["id"], "content": "ok"}));
        }
        if round == ["Read", "Read"] {
            // Tool messages cannot hold media, so they come after them.
            let image = json!({"url": format!("data:image/png;base64,{PNG}")});
            let data = format!("data:application/pdf;base64,{PDF}");
            history.push(json!({"role": "user", "content": [
                {"type": "image_url", "image_url": image},
                {"type": "file", "file": {"filename": "paper.pdf", "file_data": data}}]}));
        }
    };
    assert_eq!(names, ["Write Bash", "Read Read", "Edit"]);
    assert_eq!(
        report,
        "done: a picture of 48 by 32, a paper of 15 bytes, 3 thoughts"
    );
}

#[tokio::test]
async fn leads_codex_whose_program_tool_is_a_function() {
    let sim = start().await;
    let schema = json!({"type": "object", "properties": {"input": {"type": "string"}}});
    let tools = json!([{"name": "functions__exec", "input_schema": schema}]);
    let mut history = vec![json!({"role": "user", "content": "Do the task."})];
    let mut programs = Vec::new();
    let report = loop {
        let body = json!({"model": "sim-coder-2", "max_tokens": 99, "tools": tools,
            "messages": history, "thinking": {"type": "adaptive"},
            "tool_choice": {"type": "auto", "disable_parallel_tool_use": true}});
        let answer = post(&sim, "/v1/messages", "", &body).await.json();
        let content = answer["content"].as_array().unwrap().clone();
        history.push(json!({"role": "assistant", "content": content}));
        let [_thought, last] = content.as_slice() else {
            panic!("{content:?}");
        };
        if last["type"] == "text" {
            break last["text"].clone();
        }
        assert_eq!(last["name"], "functions__exec");
        let program = last["input"]["input"].as_str().unwrap().to_owned();
        let result = if program.contains("view_image") {
            json!([{"type": "image", "source":
                {"type": "base64", "media_type": "image/png", "data": PNG}}])
        } else {
            json!("ok")
        };
        programs.push(program);
        history.push(json!({"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": last["id"], "content": result}]}));
    };
    assert_eq!(programs.len(), 3);
    assert!(
        programs[0].contains("tools.exec_command"),
        "{}",
        programs[0]
    );
    assert!(
        programs[2].contains("*** Update File: hello.txt"),
        "{}",
        programs[2]
    );
    assert_eq!(report, "done: a picture of 48 by 32, no paper, 3 thoughts");
}

#[tokio::test]
async fn reports_what_has_not_arrived() {
    let sim = start().await;
    let body = json!({"model": "sim-look", "input": "What is there?"});
    let answer = post(&sim, "/v1/responses", "", &body).await.json();
    let report = &answer["output"][0]["content"][0]["text"];
    assert_eq!(report, "done: no picture, no paper, 0 thoughts");
}
