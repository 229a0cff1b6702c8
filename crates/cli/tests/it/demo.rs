//! `demo`: everything at once.

use crate::support::{Place, mode, snapshot};

#[test]
fn once_makes_one_call_per_protocol_and_leaves_nothing() {
    let place = Place::new();
    snapshot!(place, place.run(&["demo", "--once", "--port", "0"]));
    let left: Vec<_> = std::fs::read_dir(place.path("")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn once_as_json_are_ledger_rows() {
    let place = Place::new();
    let text = place.ok(&["demo", "--once", "--port", "0", "--json"]);
    let page: serde_json::Value = serde_json::from_str(&text).unwrap();
    let rows = page["data"].as_array().unwrap();
    let told: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row["protocol"].as_str().unwrap(),
                row["usage"]["input"].as_u64().unwrap() > 0,
            )
        })
        .collect();
    assert_eq!(
        told,
        [("messages", true), ("chat", true), ("responses", true)]
    );
    assert!(
        rows.iter()
            .all(|row| row["stream"] == true && row["cost_usd"].is_string())
    );
}

#[test]
fn begins_with_something_to_look_at() {
    let mut place = Place::new();
    let arguments = ["demo", "--port", "0", "--ready-file", "ready.json"];
    let demo = place.start(&arguments, "Tollhouse demo at");
    let ready: serde_json::Value = serde_json::from_str(&place.read("ready.json")).unwrap();
    place.set("TOLLHOUSE_URL", ready["url"].as_str().unwrap());
    place.set("TOLLHOUSE_TOKEN", ready["admin_token"].as_str().unwrap());
    let usage = place.ok(&["usage", "--by", "caller"]);
    for caller in ["claude-code", "codex", "opencode"] {
        assert!(usage.contains(caller), "{usage}");
    }
    demo.stop();
}

#[test]
fn takes_no_password_on_the_command_line() {
    let place = Place::new();
    let arguments = ["demo", "--database", "postgres://me:secret@127.0.0.1:9/x"];
    let refused = place.run(&arguments);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(
        said.contains("env:NAME") && !said.contains("secret"),
        "{said}"
    );
}

#[test]
fn says_what_to_paste_shows_calls_and_cleans_up() {
    let mut place = Place::new();
    let (mut demo, ready) = place.demo();
    assert_eq!(mode(&place.path("ready.json")), 0o600);
    let data = std::path::PathBuf::from(ready["data_dir"].as_str().unwrap());
    assert!(data.join("tollhouse.db").exists());
    let mut page = String::new();
    while !page.ends_with("Calls as they end (Ctrl-C ends the demo):\n") {
        page.push_str(&demo.line());
        page.push('\n');
    }
    let url = ready["url"].as_str().unwrap();
    for client in ["curl -N", "claude --model", "codex -c", "opencode run -m"] {
        assert!(page.contains(client), "{client}: {page}");
    }
    assert!(page.contains(&format!("{url}/v1")), "{page}");
    let admin = ready["admin_token"].as_str().unwrap();
    let dashboard = format!("{url}/dashboard/#token={admin}\n");
    assert!(page.contains(&dashboard), "{page}");
    place.program("claude", CLIENT);
    place.ok(&["run", "claude"]);
    let line = demo.line();
    assert!(
        line.contains("sim-echo") && line.ends_with("success"),
        "{line}"
    );
    assert!(line.contains('$'), "{line}");
    demo.stop();
    assert!(!data.exists() && !place.path("ready.json").exists());
}

/// A client that makes one call with nothing but a shell and Python.
pub(crate) const CLIENT: &str = r#"#!/usr/bin/env python3
import json, os, urllib.request
body = {"model": "sim-echo", "max_tokens": 8, "messages": [{"role": "user", "content": "hi"}]}
request = urllib.request.Request(
    os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages",
    data=json.dumps(body).encode(),
    headers={
        "authorization": "Bearer " + os.environ["ANTHROPIC_AUTH_TOKEN"],
        "anthropic-version": "2023-06-01",
        "content-type": "application/json",
    },
)
print(urllib.request.urlopen(request).status)
"#;
