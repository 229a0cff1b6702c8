//! What Codex 0.169 sends, recorded and shortened: both of its dialects.

use super::*;
use crate::conversation::{Effort, Verbosity};

const CLASSIC: &str = include_str!("codex_classic.json");
const LITE: &str = include_str!("codex_lite.json");

#[test]
fn classic_tools_are_all_there() {
    let request = decode(CLASSIC.as_bytes()).unwrap();
    assert_eq!(
        tool_lines(&request),
        [
            "function exec_command schema loose",
            "function write_stdin schema loose",
            "function multi_agent_v1/close_agent schema loose",
            "function multi_agent_v1/resume_agent schema loose",
            "freeform apply_patch lark",
            "tool_search tool_search schema",
            "web search + -",
        ]
    );
}

#[test]
fn classic_turns_stand_in_order() {
    let request = decode(CLASSIC.as_bytes()).unwrap();
    let lines = turns(&request);
    let heads: Vec<String> = lines
        .iter()
        .map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(
        heads,
        [
            "instructions: You",
            "instructions: <skills_instructions>\n##",
            "instructions: <permissions",
            "instructions: <tools>\nDeferred",
            "instructions: Groups",
            "user: text",
            "user: text",
            "assistant: thought",
            "assistant: call",
            "user: outcome",
            "assistant: thought",
            "assistant: call",
            "assistant: call",
            "user: outcome",
            "user: outcome",
            "assistant: thought",
            "assistant: call",
            "user: outcome",
        ]
    );
    assert!(lines[7].contains("Cipher of ? item rs_sim"), "{}", lines[7]);
}

#[test]
fn classic_options_and_losses() {
    let request = decode(CLASSIC.as_bytes()).unwrap();
    assert!(request.stream && request.store == Some(false) && !request.compact);
    assert_eq!(request.reasoning.effort, Some(Effort::Medium));
    assert_eq!(request.verbosity, Some(Verbosity::Low));
    assert_eq!(request.parallel_calls, Some(true));
    assert!(matches!(request.choice, Some(Choice::Auto)));
    assert!(
        request
            .cache_key
            .as_deref()
            .unwrap()
            .starts_with("0192a0b1")
    );
    // It asks for pictures among what is found.
    assert_eq!(losses(&request), "search_options");
}

#[test]
fn lite_tools_travel_as_an_item() {
    let request = decode(LITE.as_bytes()).unwrap();
    assert_eq!(
        tool_lines(&request),
        [
            "freeform functions/exec lark",
            "function functions/wait schema loose",
            "function clock/sleep schema loose",
            "function collaboration/followup_task schema loose",
            "function collaboration/interrupt_agent schema loose",
        ]
    );
    assert_eq!(request.parallel_calls, Some(false));
    assert_eq!(losses(&request), "reasoning_mode");
}

#[test]
fn lite_calls_are_free_text_with_lists_as_outputs() {
    let request = decode(LITE.as_bytes()).unwrap();
    let lines = turns(&request);
    let call = lines.iter().find(|line| line.contains(": call ")).unwrap();
    assert!(
        call.contains("freeform functions/exec const result = await"),
        "{call}"
    );
    let outcome = lines
        .iter()
        .rfind(|line| line.contains(": outcome "))
        .unwrap();
    assert!(
        outcome.contains("Freeform [text Script completed"),
        "{outcome}"
    );
    assert!(
        outcome.ends_with(" | text hello from tollhouse]"),
        "{outcome}"
    );
    // The item that carries the tools does not end the instructions; what groups are for is told there.
    assert!(request.system.len() == 7, "{}", request.system.len());
    assert_eq!(
        request.system[6].text,
        "Groups of tools:\n- clock: Tools for reading and waiting on time.\n\
         - collaboration: Tools for spawning and managing sub-agents."
    );
}

#[test]
fn a_compaction_trigger_asks_for_a_handoff() {
    let mut value: Value = serde_json::from_str(CLASSIC).unwrap();
    value["input"]
        .as_array_mut()
        .unwrap()
        .push(json!({"type": "compaction_trigger"}));
    let body = value.to_string();
    let request = decode(body.as_bytes()).unwrap();
    assert!(request.compact);
    assert_eq!(
        *turns(&request).last().unwrap(),
        format!("user: text {}", compaction::HANDOFF)
    );
    assert!(matches!(request.choice, Some(Choice::None)));
    assert!(request.format.is_none() && !request.tools.is_empty());
}

#[test]
fn our_summary_comes_back_as_words() {
    let sealed = compaction::seal_summary("All is \"well\".");
    let lines = said(&json!([
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "go on"}]},
        {"type": "compaction", "id": "cmp_1", "encrypted_content": sealed},
    ]));
    assert_eq!(lines.len(), 2);
    assert!(
        lines[1].starts_with("user: text Another model"),
        "{}",
        lines[1]
    );
    assert!(lines[1].ends_with("\n\nAll is \"well\"."), "{}", lines[1]);
}

#[test]
fn tools_found_by_searching_become_available() {
    let found = json!([{"type": "namespace", "name": "mcp__cal", "description": "A calendar.", "tools": [
        {"type": "function", "name": "add", "strict": false, "defer_loading": true, "parameters": {}},
        {"type": "function", "name": "list", "strict": false, "defer_loading": true, "parameters": {}},
    ]}]);
    let output = |id: &str, tools: &Value| {
        json!({"type": "tool_search_output", "call_id": id, "execution": "client",
               "status": "completed", "tools": tools})
    };
    let call = |id: &str| {
        json!({"type": "tool_search_call", "call_id": id, "execution": "client",
               "status": "completed", "arguments": {"query": "calendar", "limit": 2}})
    };
    let members = json!({
        "tools": [{"type": "tool_search", "execution": "client", "description": "d", "parameters": {}}],
        "input": [call("c1"), output("c1", &found), call("c2"), output("c2", &found),
                  call("c3"), output("c3", &json!([]))],
    });
    let body = body(&members);
    let request = decode(body.as_bytes()).unwrap();
    assert_eq!(
        tool_lines(&request),
        [
            "tool_search tool_search schema",
            "function mcp__cal/add schema loose",
            "function mcp__cal/list schema loose",
        ]
    );
    let words = "text These tools are now available:\n- add of mcp__cal\n- list of mcp__cal";
    let asked = r#"tool_search tool_search {"limit":2,"query":"calendar"}"#;
    assert_eq!(
        turns(&request),
        [
            "instructions: Groups of tools:\n- mcp__cal: A calendar.".to_owned(),
            format!("assistant: call c1 {asked}"),
            format!("user: outcome c1 ToolSearch [{words}]"),
            format!("assistant: call c2 {asked}"),
            format!("user: outcome c2 ToolSearch [{words}]"),
            format!("assistant: call c3 {asked}"),
            "user: outcome c3 ToolSearch [text No tools were found.]".to_owned(),
        ]
    );
    assert_eq!(losses(&request), "");
}

#[test]
fn agents_talk_as_the_user() {
    let lines = said(&json!([
        {"type": "agent_message", "author": "/root", "recipient": "/root/a",
         "content": [{"type": "input_text", "text": "hello"},
                     {"type": "encrypted_content", "encrypted_content": "Please look at the tests."}]},
    ]));
    assert_eq!(
        lines,
        [
            "user: text Message from /root to /root/a:",
            "user: text hello",
            "user: text Please look at the tests.",
        ]
    );
    let cipher = "gAAAAABo".repeat(8);
    let unfit = refused(
        &json!({"input": [{"type": "agent_message", "author": "/root", "content": [
        {"type": "encrypted_content", "encrypted_content": cipher}]}]}),
    );
    assert_eq!(unfit.path, "input[0].content[0].encrypted_content");
}
