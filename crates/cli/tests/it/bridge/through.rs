//! What becomes of a request.

use serde_json::{Value, json};

use super::{Bridge, CLAUDE, HI, claude, send};
use crate::support::{Place, mode};

const CODEX: &str = r#"#!/bin/sh
case "$1" in
--version) echo "codex-cli 0.169.0"; exit 0 ;;
login) exit 0 ;;
esac
for argument; do printf '%s\n' "$argument"; done > "$HOME/arguments"
cat > "$HOME/prompt"
echo '{"type":"thread.started","thread_id":"t"}'
echo '{"type":"item.completed","item":{"id":"1","type":"reasoning","text":"hm"}}'
echo '{"type":"item.completed","item":{"id":"2","type":"agent_message","text":"Hello"}}'
echo '{"type":"turn.completed","usage":{"input_tokens":10,"cached_input_tokens":4,"output_tokens":2,"reasoning_output_tokens":1}}'
"#;

#[test]
fn a_request_is_answered_by_the_program() {
    let mut bridge = Bridge::start("claude", &claude(":"));
    bridge.ready();
    let body = r#"{"model":"opus","messages":[{"role":"system","content":"be brief"},{"role":"user","content":"say hello"}]}"#;
    let answer = bridge.ask(body);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let said = answer.json();
    assert_eq!(said["object"], "chat.completion");
    assert_eq!(said["model"], "claude-opus-9");
    let choice = json!({"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"});
    assert_eq!(said["choices"], json!([choice]));
    let usage = json!({
        "prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17,
        "prompt_tokens_details": {"cached_tokens": 3},
    });
    assert_eq!(said["usage"], usage);

    let place = &bridge.place;
    assert_eq!(place.read("prompt"), "say hello");
    assert_eq!(place.read("system"), "be brief");
    assert_eq!(place.read("files"), "", "its directory is empty");
    let arguments = place.read("arguments");
    assert!(
        arguments.contains("--model\nopus\n") && arguments.contains("--tools\n\n"),
        "{arguments}"
    );
    let cmdlines = place.read("cmdlines");
    for secret in ["say hello", "be brief", bridge.secret.as_str()] {
        assert!(
            !cmdlines.contains(secret),
            "`{secret}` is on a command line"
        );
    }
    let env = place.read("env");
    assert!(
        !env.contains("canary-of-the-shell") && !env.contains(&bridge.secret),
        "{env}"
    );
    assert!(!env.contains("TOLLHOUSE_"), "{env}");
    assert!(env.contains("HOME=") && env.contains("PATH="));

    let said = bridge.stop();
    assert!(
        said.contains("may not serve anybody else's requests"),
        "{said}"
    );
    assert!(
        said.contains("[[bridge]]") && !said.contains(&bridge.secret),
        "{said}"
    );
    let left = std::fs::read_dir(bridge.place.path("")).unwrap();
    let names = left.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let left: Vec<_> = names
        .filter(|name| name.starts_with("tollhouse-bridge-"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_streamed_answer_comes_as_it_is_made() {
    let bridge = Bridge::start(
        "claude",
        &claude("until [ -e \"$HOME/go\" ]; do sleep 0.05; done"),
    );
    bridge.ready();
    let body = format!(
        r#"{{"stream":true,"stream_options":{{"include_usage":true}},{}"#,
        &HI[1..]
    );
    let bearer = bridge.bearer();
    let mut sent = send(
        &bridge.address,
        "POST /v1/chat/completions",
        &[("authorization", &bearer)],
        &body,
    );
    sent.read_until("Hel");
    bridge.place.write("go", "");
    sent.read_until("[DONE]");
    // Once more, to look at the whole of it.
    let answer = bridge.ask(&body);
    let events = answer.events();
    let (done, chunks) = events.split_last().unwrap();
    assert_eq!(*done, "[DONE]");
    let chunks: Vec<Value> = chunks
        .iter()
        .map(|chunk| serde_json::from_str(chunk).unwrap())
        .collect();
    let deltas: Vec<_> = chunks[..3]
        .iter()
        .map(|chunk| chunk["choices"][0]["delta"].clone())
        .collect();
    let expected = [
        json!({"role": "assistant", "content": "Hel"}),
        json!({"content": "lo"}),
        json!({}),
    ];
    assert_eq!(deltas, expected);
    assert_eq!(chunks[2]["choices"][0]["finish_reason"], "stop");
    assert_eq!(
        (&chunks[3]["choices"], &chunks[3]["usage"]["total_tokens"]),
        (&json!([]), &json!(17))
    );
    assert_eq!(chunks.len(), 4);
    assert!(chunks.iter().all(|chunk| chunk["id"] == chunks[0]["id"]));
}

#[test]
fn codex_is_asked_in_its_own_way() {
    let bridge = Bridge::start("codex", CODEX);
    bridge.ready();
    let body = r#"{"model":"default","messages":[{"role":"system","content":"be brief"},{"role":"user","content":"hi"}]}"#;
    let said = bridge.ask(body).json();
    assert_eq!(said["choices"][0]["message"]["content"], "Hello");
    assert_eq!(said["model"], "default");
    let usage = json!({
        "prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12,
        "prompt_tokens_details": {"cached_tokens": 4},
        "completion_tokens_details": {"reasoning_tokens": 1},
    });
    assert_eq!(said["usage"], usage);
    assert_eq!(bridge.place.read("prompt"), "System: be brief\n\nUser: hi");
    let arguments = bridge.place.read("arguments");
    assert!(
        arguments.starts_with("exec\n--json\n") && !arguments.contains("--model"),
        "{arguments}"
    );
}

#[test]
fn what_goes_wrong_is_told_by_what_it_means() {
    let key = "sk-ant-api03-canaryCANARY0123456789canaryCANARY0123456789";
    let result = |status: &str, text: &str| {
        format!(
            r#"echo '{{"type":"result","is_error":true,"api_error_status":{status},"result":"{text}"}}'; exit 1"#
        )
    };
    let cases = [
        (result("null", "no"), 502, "upstream_broken"),
        (result("429", "used up"), 429, "rate_limit_exceeded"),
        (result("404", "no such model"), 400, "invalid_request"),
        (
            result("401", &format!("wrong {key}")),
            424,
            "credential_missing",
        ),
        (
            "echo 'Not logged in' >&2; exit 1".to_owned(),
            424,
            "credential_missing",
        ),
        (
            format!("echo 'panic {key}' >&2; exit 3"),
            502,
            "upstream_broken",
        ),
        ("exit 0".to_owned(), 502, "upstream_broken"),
        ("kill -KILL $$".to_owned(), 502, "upstream_broken"),
        (
            format!("printf '{}' >&2; exit 1", "x".repeat(2_000)),
            502,
            "upstream_broken",
        ),
    ];
    for (ending, status, code) in cases {
        // Before anything was said.
        let bridge = Bridge::start(
            "claude",
            &CLAUDE.replace(
                "echo '{\"type\":\"system\"",
                &format!("{ending}\necho '{{\"type\":\"system\""),
            ),
        );
        bridge.ready();
        for stream in [false, true] {
            let body = format!(r#"{{"stream":{stream},{}"#, &HI[1..]);
            let answer = bridge.ask(&body);
            assert_eq!(answer.status, status, "{ending}: {}", answer.body);
            let error = &answer.json()["error"];
            assert_eq!(error["code"], code, "{ending}: {error}");
            let message = error["message"].as_str().unwrap();
            assert!(!message.contains("canary"), "{message}");
            assert!(message.chars().count() < 600, "{message}");
        }
    }
}

#[test]
fn a_stream_that_breaks_says_so_and_does_not_end_well() {
    let failure = r#"echo '{"type":"result","is_error":true,"api_error_status":529,"result":"overloaded"}'; exit 1"#;
    let bridge = Bridge::start("claude", &claude(failure));
    bridge.ready();
    let body = format!(r#"{{"stream":true,{}"#, &HI[1..]);
    let answer = bridge.ask(&body);
    assert_eq!(answer.status, 200);
    let events = answer.events();
    assert_eq!(events.len(), 2, "{events:?}");
    let error: Value = serde_json::from_str(events[1]).unwrap();
    assert!(
        error["error"]["message"]
            .as_str()
            .unwrap()
            .contains("overloaded"),
        "{error}"
    );
}

#[test]
fn what_a_program_cannot_do_is_refused_by_name() {
    let bridge = Bridge::start("claude", &claude(":"));
    let body = format!(
        r#"{{"tools":[{{"type":"function","function":{{"name":"f"}}}}],{}"#,
        &HI[1..]
    );
    let answer = bridge.ask(&body);
    assert_eq!(answer.status, 400, "{}", answer.body);
    assert_eq!(answer.json()["error"]["param"], "tools");
    assert_eq!(bridge.ask("{").status, 400);
    let huge = format!(r#"{{"model":"{}"}}"#, "m".repeat(9 << 20));
    assert_eq!(bridge.ask(&huge).status, 413);
    assert!(
        !bridge.place.path("prompt").exists(),
        "the program was started"
    );
}

/// Agent, gateway, bridge, program: the answer, and the one row that it leaves.
#[test]
fn a_call_through_the_gateway_leaves_one_row() {
    let bridge = Bridge::start("claude", &claude(":"));
    bridge.ready();
    let mut gateway = Place::new();
    let url = format!("http://{}", bridge.address);
    let secret = bridge.place.path(".config/tollhouse/bridge-claude.secret");
    assert_eq!(mode(&secret), 0o600);
    let key = "th-agents-key-0123456789abcdefghijklmnop";
    gateway.set("KEY", key);
    let config = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\ndata_dir = \"data\"\n\
         [[key]]\nname = \"agent\"\nsecret = \"env:KEY\"\n\
         [[bridge]]\nname = \"claude\"\nurl = \"{url}\"\nsecret = \"file:{}\"\n",
        secret.display()
    );
    gateway.write("tollhouse.toml", &config);
    let served = gateway.start(&["serve"], "listening on ");
    let address = served.ready.rsplit("//").next().unwrap().to_owned();
    let body = r#"{"model":"claude-bridge/opus","max_tokens":99,"messages":[{"role":"user","content":"say hello"}]}"#;
    // In another protocol, and streamed.
    let body = format!(r#"{{"stream":true,{}"#, &body[1..]);
    let answer = send(&address, "POST /v1/messages", &[("x-api-key", key)], &body).whole();
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(
        answer.body.contains("\"text\":\"Hel\"") && answer.body.contains("message_stop"),
        "{}",
        answer.body
    );
    let page: Value = serde_json::from_str(&gateway.ok(&["calls", "--json"])).unwrap();
    let rows = page["data"].as_array().unwrap();
    let [row] = &rows[..] else { panic!("{rows:?}") };
    assert_eq!(row["provider"], "claude-bridge");
    assert_eq!(row["outcome"], "success");
    assert_eq!(row["credential_source"], "platform");
    assert_eq!(row["model_served"], "claude-opus-9");
    assert_eq!(
        (&row["usage"]["output"], &row["usage"]["cache_read"]),
        (&json!(5), &json!(3))
    );
    assert_eq!(row["cost_usd"], "0", "{row}");
    assert_eq!(bridge.place.read("prompt"), "say hello");
    let providers: Value = serde_json::from_str(&gateway.ok(&["providers", "--json"])).unwrap();
    assert_eq!(
        providers["data"][0]["bridge"]["detail"], "2.1.330 (Claude Code)",
        "{providers}"
    );
    let listed = gateway.ok(&["providers"]);
    assert!(listed.contains("2.1.330 (Claude Code)"), "{listed}");
    let checked = gateway.ok(&["check"]);
    let line = format!(
        "claude-bridge: Claude Code at {}; owner: the operator's; has to prove",
        bridge.address
    );
    assert!(checked.contains(&line), "{checked}");
    served.stop();
}
