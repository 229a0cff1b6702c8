//! How a bridge is, and that nothing outlives its request.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::{Bridge, CLAUDE, HI, SOON, claude, lives, send, until};
use crate::support::Place;

/// A program that starts another one and stays, deaf to being asked to end.
const STAYS: &str = r#"trap '' TERM
sh -c 'trap "" TERM; echo $$ > "$HOME/child.new"; mv "$HOME/child.new" "$HOME/child"; while :; do sleep 1; done' >/dev/null 2>&1 &
echo $$ > "$HOME/parent"
until [ -e "$HOME/child" ]; do sleep 0.02; done
: > "$HOME/both"
while :; do sleep 1; done"#;

fn at_work(bridge: &Bridge) {
    until("the program", || bridge.place.path("both").exists());
    assert!(lives(&bridge.place, "parent") && lives(&bridge.place, "child"));
}

fn gone(place: &Place) {
    until("its end", || {
        !lives(place, "parent") && !lives(place, "child")
    });
}

#[test]
fn a_client_that_leaves_ends_the_program_and_what_it_started() {
    for stream in [true, false] {
        let bridge = Bridge::start("claude", &claude(STAYS));
        bridge.ready();
        let body = format!(r#"{{"stream":{stream},{}"#, &HI[1..]);
        let bearer = bridge.bearer();
        let mut sent = send(
            &bridge.address,
            "POST /v1/chat/completions",
            &[("authorization", &bearer)],
            &body,
        );
        if stream {
            sent.read_until("Hel");
        }
        at_work(&bridge);
        drop(sent);
        gone(&bridge.place);
        // And makes room for others.
        assert_eq!(bridge.send("GET /health", &[], "").status, 200);
    }
}

#[test]
fn a_bridge_that_stops_ends_what_is_at_work() {
    let mut bridge = Bridge::start("claude", &claude(STAYS));
    bridge.ready();
    let bearer = bridge.bearer();
    let _sent = send(
        &bridge.address,
        "POST /v1/chat/completions",
        &[("authorization", &bearer)],
        HI,
    );
    at_work(&bridge);
    bridge.stop();
    gone(&bridge.place);
}

#[test]
fn time_is_up_for_a_program_that_stays() {
    let bridge = Bridge::start_with(Place::new(), "claude", &claude(STAYS), &["--timeout", "1"]);
    bridge.ready();
    let answer = bridge.ask(HI);
    assert_eq!(answer.status, 504, "{}", answer.body);
    gone(&bridge.place);
}

#[test]
fn further_requests_are_told_to_come_back() {
    let bridge = Bridge::start_with(
        Place::new(),
        "claude",
        &claude(STAYS),
        &["--concurrency", "1"],
    );
    bridge.ready();
    let bearer = bridge.bearer();
    let sent = send(
        &bridge.address,
        "POST /v1/chat/completions",
        &[("authorization", &bearer)],
        HI,
    );
    at_work(&bridge);
    let answer = bridge.ask(HI);
    assert_eq!(answer.status, 503, "{}", answer.body);
    assert!(answer.head.contains("retry-after: 5"), "{}", answer.head);
    drop(sent);
    gone(&bridge.place);
}

#[test]
fn an_answer_has_an_end() {
    // One line that never ends, and one piece after the other.
    let line = "head -c 11000000 /dev/zero | tr '\\0' x";
    let piece = r#"i=0; text=$(head -c 1000000 /dev/zero | tr '\0' x); while [ $i -lt 12 ]; do i=$((i+1)); printf '{"type":"stream_event","event":{"type":"content_block_delta","delta":{"type":"text_delta","text":"%s"}},"parent_tool_use_id":null}\n' "$text"; done"#;
    for more in [line, piece] {
        let bridge = Bridge::start("claude", &claude(more));
        bridge.ready();
        let answer = bridge.ask(HI);
        assert_eq!(answer.status, 502, "{}", answer.body);
        assert!(answer.body.contains("more than 10 MiB"), "{}", answer.body);
    }
}

#[test]
fn it_says_how_it_is_and_never_falls_over() {
    let bridge = Bridge::start("claude", &claude(":"));
    let ready = bridge.health(|answer| answer.status == 200).json();
    assert_eq!(
        (&ready["status"], &ready["provider"], &ready["configured"]),
        (&"ready".into(), &"claude".into(), &true.into())
    );
    assert_eq!(ready["detail"], "2.1.330 (Claude Code)");

    let place = Place::new();
    place.write("out", "");
    let bridge = Bridge::start_with(
        place,
        "claude",
        &claude(
            "echo '{\"type\":\"result\",\"is_error\":true,\"api_error_status\":401,\"result\":\"Please run /login\"}'; exit 1",
        ),
        &[],
    );
    let out = bridge.health(|answer| answer.body.contains("auth_required"));
    assert_eq!(
        (out.status, &out.json()["configured"]),
        (503, &false.into())
    );
    assert!(out.body.contains("claude auth login"), "{}", out.body);
    assert_eq!(bridge.ask(&HI.replace("say hello", "x")).status, 424);
    // Somebody logs in.
    fs::remove_file(bridge.place.path("out")).unwrap();
    bridge.ready();

    let mut nothing = Bridge::start("claude", "#!/bin/sh\nexit 1\n");
    fs::remove_file(nothing.place.path("bin/claude")).unwrap();
    let away = nothing.health(|answer| answer.body.contains("not installed"));
    assert_eq!(away.json()["status"], "unreachable");
    let answer = nothing.ask(HI);
    assert_eq!(answer.status, 502, "{}", answer.body);
    nothing.stop();
}

/// The gateway waits for 1.2 seconds, and a program that hangs is no reason to be taken for nobody.
#[test]
fn a_program_that_hangs_does_not_hold_up_what_the_bridge_says() {
    let place = Place::new();
    let hangs = CLAUDE.replace(
        "--version)",
        "--version) until [ -e \"$HOME/go\" ]; do sleep 0.05; done;",
    );
    let bridge = Bridge::start_with(place, "claude", &hangs.replace("MORE", ":"), &[]);
    let answer = bridge.send("GET /health", &[], "");
    assert_eq!(answer.status, 503);
    assert_eq!(answer.json()["status"], "starting", "{}", answer.body);
    bridge.place.write("go", "");
    bridge.ready();
}

/// A program is asked about itself again and again: what it leaves behind each time would add up.
#[test]
fn nothing_is_left_of_a_program_that_hangs_when_it_is_asked_about_itself() {
    let hangs = CLAUDE.replace(
        "--version)",
        "--version) [ -e \"$HOME/child\" ] || { sh -c 'echo $$ > \"$HOME/child.new\"; mv \"$HOME/child.new\" \"$HOME/child\"; while :; do sleep 1; done' >/dev/null 2>&1 & wait; };",
    );
    let bridge = Bridge::start("claude", &hangs.replace("MORE", ":"));
    until("the program", || bridge.place.path("child").exists());
    bridge.health(|answer| !answer.body.contains("starting"));
    until("its end", || !lives(&bridge.place, "child"));
}

#[test]
fn what_a_program_says_of_itself_is_read_as_far_as_it_matters() {
    let endless = CLAUDE.replace(
        "--version)",
        "--version) head -c 300000000 /dev/zero | tr '\\0' x; exit 0 ;;\nnever)",
    );
    let bridge = Bridge::start("claude", &endless.replace("MORE", ":"));
    let health = bridge.health(|answer| !answer.body.contains("starting"));
    assert_eq!(health.json()["configured"], true, "{}", health.body);
    let status = format!("/proc/{}/status", bridge.running.as_ref().unwrap().id());
    let status = fs::read_to_string(status).unwrap();
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let most: u64 = most
        .unwrap()
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .unwrap();
    assert!(most < 150_000, "{most} KiB");
}

/// Connections that say nothing keep nobody out for ever, and there is an end to them.
#[test]
fn so_many_connections_and_no_more() {
    let bridge = Bridge::start("claude", &claude(":"));
    bridge.ready();
    let mut idle: Vec<_> = (0..64)
        .map(|_| TcpStream::connect(&bridge.address).unwrap())
        .collect();
    let mut late = TcpStream::connect(&bridge.address).unwrap();
    let request = format!("GET /health HTTP/1.1\r\nhost: {}\r\n\r\n", bridge.address);
    late.write_all(request.as_bytes()).unwrap();
    let mut said = [0; 12];
    late.set_read_timeout(Some(Duration::from_millis(300)))
        .unwrap();
    late.read_exact(&mut said).unwrap_err();
    // One leaves.
    idle.pop();
    late.set_read_timeout(Some(SOON)).unwrap();
    late.read_exact(&mut said).unwrap();
    assert_eq!(&said, b"HTTP/1.1 200");
}

/// Somebody else's answer of any length is none of a bridge's, and is not read to its end.
#[test]
fn what_answers_at_length_is_no_bridge() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut place = Place::new();
    let url = format!("http://{}", listener.local_addr().unwrap());
    place.set("CLAUDE_BRIDGE_URL", &url);
    let answering = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = [0; 1024];
        assert!(stream.read(&mut asked).unwrap() > 0);
        let ready = r#"{"status":"ready","provider":"claude"}"#;
        let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        let mut last = stream.write_all(format!("{head}26\r\n{ready}\r\n").as_bytes());
        while last.is_ok() {
            last = stream.write_all(format!("400\r\n{}\r\n", " ".repeat(1024)).as_bytes());
        }
    });
    let rows: Value = serde_json::from_str(&place.ok(&["bridge", "list", "--json"])).unwrap();
    answering.join().unwrap();
    assert_eq!(rows[0]["state"], "unreachable");
    let detail = rows[0]["detail"].as_str().unwrap();
    assert!(detail.contains("too long"), "{detail}");
}

#[test]
fn what_there_is_is_listed_bridges_before_programs() {
    let bridge = Bridge::start("claude", &claude(":"));
    bridge.ready();
    // As it would be on a machine where the program is not installed, and the bridge is somewhere else.
    let mut place = Place::new();
    let url = format!("http://{}", bridge.address);
    place.set("CLAUDE_BRIDGE_URL", &url);
    for name in [
        "CHATGPT",
        "COPILOT",
        "CODEX",
        "GEMINI",
        "AIDER",
        "M365_COPILOT",
    ] {
        place.set(&format!("{name}_BRIDGE_URL"), "http://127.0.0.1:1");
    }
    place.program(
        "codex",
        "#!/bin/sh\n[ \"$1\" != login ] || exit 1\necho 'codex-cli 1.2'\n",
    );
    place.program("gemini", "#!/bin/sh\nexit 3\n");
    let rows: Value = serde_json::from_str(&place.ok(&["bridge", "list", "--json"])).unwrap();
    let row = |id: &str| {
        rows.as_array()
            .unwrap()
            .iter()
            .find(|row| row["id"] == id)
            .unwrap()
            .clone()
    };
    let claude = row("claude");
    assert_eq!(
        (&claude["state"], &claude["installed"], &claude["served"]),
        (&"ready".into(), &false.into(), &true.into())
    );
    assert_eq!(claude.get("logged_in"), None);
    assert_eq!(
        claude.get("proven"),
        None,
        "nothing is known here that it could prove"
    );
    let codex = row("codex");
    assert_eq!(
        (&codex["state"], &codex["version"], &codex["logged_in"]),
        (
            &"unreachable".into(),
            &"codex-cli 1.2".into(),
            &false.into()
        )
    );
    let gemini = row("gemini");
    assert_eq!(
        (
            &gemini["installed"],
            gemini.get("version"),
            gemini.get("logged_in")
        ),
        (&true.into(), None, None)
    );
    assert_eq!(row("m365-copilot").get("installed"), None);
    let table = place.ok(&["bridge", "list"]);
    assert_eq!(table.lines().count(), 7);
    // Where its secret is kept, it is asked to prove that it knows it.
    for (secret, proven) in [(bridge.secret.as_str(), true), (&"x".repeat(43), false)] {
        let kept = place.write(".config/tollhouse/bridge-claude.secret", secret);
        fs::set_permissions(&kept, fs::Permissions::from_mode(0o600)).unwrap();
        let rows: Value = serde_json::from_str(&place.ok(&["bridge", "list", "--json"])).unwrap();
        let claude = &rows.as_array().unwrap()[0];
        assert_eq!(
            (&claude["id"], &claude["proven"]),
            (&"claude".into(), &proven.into())
        );
    }
}
