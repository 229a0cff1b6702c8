//! Keys whose calls are kept, and what they said.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::Place;

const SECRET: &str = "sk-ant-api03-aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3";

/// One call with a key.
fn call(url: &str, key: &str, text: &str) {
    let address = url.strip_prefix("http://").unwrap();
    let body = format!(
        r#"{{"model":"sim-echo","max_tokens":64,"messages":[{{"role":"user","content":"{text}"}}]}}"#
    );
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "POST /v1/messages HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\nx-api-key: {key}\r\nanthropic-version: 2023-06-01\r\n\
         x-tollhouse-session: mine\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// What a command prints, as soon as what calls said is stored.
#[expect(clippy::disallowed_methods, reason = "a test that waits must end")]
fn soon(place: &Place, arguments: &[&str]) -> String {
    let started = Instant::now();
    loop {
        let output = place.run(arguments);
        if output.status.success() {
            return String::from_utf8(output.stdout).unwrap();
        }
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("not stored yet"), "{said}");
        assert!(started.elapsed() < Duration::from_secs(20), "{said}");
    }
}

#[test]
fn what_a_call_said_is_shown_and_exported() {
    let mut place = Place::new();
    let (_demo, ready) = place.demo();
    let create = |name: &str, more: &[&str]| {
        let arguments = [&["key", "create", "--name", name], more].concat();
        place.ok(&arguments).trim().to_owned()
    };
    let key = create("kept", &["--capture", "redacted"]);
    let url = ready["url"].as_str().unwrap();
    call(url, &key, "first");
    call(url, &key, &format!("second {SECRET}"));
    let list = place.ok(&["calls", "--json"]);
    let list: Value = serde_json::from_str(&list).unwrap();
    let row = &list["data"][0];
    assert_eq!(row["capture"], "redacted");
    let id = row["id"].as_str().unwrap();
    let shown = soon(&place, &["calls", "show", id, "--bodies"]);
    for part in [
        "REQUEST (application/json, redacted)",
        "RESPONSE (application/json, redacted)",
        "second [redacted:provider_key]",
        "capture\tredacted",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let session = row["session"].as_str().unwrap();
    let exported = place.ok(&["session", "export", session]);
    assert!(!exported.contains("aB3dE5"));
    let lines = exported
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let lines: Vec<Value> = lines.collect();
    let asked = |line: &Value| line["said"]["request"]["body"].as_str().unwrap().to_owned();
    assert_eq!(lines.len(), 2);
    assert!(asked(&lines[0]).contains("first") && asked(&lines[1]).contains("second"));
    assert_eq!(lines[1]["call"]["id"], row["id"]);

    // Each turn once, to read and for programs.
    let told = place.ok(&["session", "export", session, "--format", "markdown"]);
    let at = |text: &str| {
        told.find(text)
            .unwrap_or_else(|| panic!("{text} in {told}"))
    };
    assert!(at("**user**\n\nfirst") < at("**assistant**") && at("first") < at("second [redacted"));
    let told = place.ok(&["session", "export", session, "--format", "json"]);
    let follows = told.lines().map(|line| {
        let line: Value = serde_json::from_str(line).unwrap();
        line["follows"].clone()
    });
    assert_eq!(follows.collect::<Vec<_>>(), ["first", "apart"]);

    // A key whose calls are not kept has nothing to show, and is exported all the same.
    let key = create("plain", &[]);
    call(url, &key, "third");
    let list = place.ok(&["calls", "--json"]);
    let list: Value = serde_json::from_str(&list).unwrap();
    let row = &list["data"][0];
    let id = row["id"].as_str().unwrap();
    let refused = place.run(&["calls", "show", id, "--bodies"]);
    assert_eq!(refused.status.code(), Some(1));
    let exported = place.ok(&["session", "export", row["session"].as_str().unwrap()]);
    let line: Value = serde_json::from_str(exported.trim()).unwrap();
    assert_eq!(
        (&line["call"]["id"], &line["said"]),
        (&row["id"], &Value::Null)
    );

    // What is kept can be changed, and taken back.
    let key = row["key"].as_str().unwrap();
    let edited = place.ok(&["key", "edit", key, "--capture", "full"]);
    assert!(edited.contains("capture\tfull"), "{edited}");
    let edited = place.ok(&["key", "edit", key, "--clear", "capture"]);
    assert!(edited.contains("capture\toff"), "{edited}");
}
