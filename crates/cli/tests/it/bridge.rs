//! `bridge`: real processes, with scripts in the place of the programs that hold a login.

mod door;
mod lives;
mod through;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Place, Running};

/// How long what must happen at once may take on a busy machine.
const SOON: Duration = Duration::from_secs(20);

/// Claude Code as it prints, with what it was given written down. Says no more than it is asked to: who is
/// logged in is the file `out`, and what comes after the first piece waits for the file `go`.
const CLAUDE: &str = r#"#!/bin/sh
case "$1" in
--version) echo "2.1.330 (Claude Code)"; exit 0 ;;
auth) [ ! -e "$HOME/out" ]; exit ;;
esac
env > "$HOME/env"
ls -A > "$HOME/files"
for argument; do printf '%s\n' "$argument"; done > "$HOME/arguments"
while [ $# -gt 0 ]; do
    [ "$1" != --system-prompt-file ] || cp "$2" "$HOME/system"
    shift
done
cat > "$HOME/prompt"
cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' '\n' > "$HOME/cmdlines"
echo '{"type":"system","subtype":"init","cwd":"/x"}'
echo '{"type":"stream_event","event":{"type":"message_start","message":{"model":"claude-opus-9"}},"parent_tool_use_id":null}'
echo '{"type":"stream_event","event":{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hel"}},"parent_tool_use_id":null}'
MORE
echo '{"type":"stream_event","event":{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"lo"}},"parent_tool_use_id":null}'
printf '{"type":"result","is_error":false,"stop_reason":"end_turn","result":"Hello","usage":{"input_tokens":7,"cache_creation_input_tokens":2,"cache_read_input_tokens":3,"output_tokens":5}}'
"#;

/// What the program does after its first piece.
fn claude(more: &str) -> String {
    CLAUDE.replace("MORE", more)
}

/// A bridge to a scripted program, on a port of its own.
struct Bridge {
    place: Place,
    running: Option<Running>,
    address: String,
    secret: String,
}

impl Bridge {
    fn start(id: &str, program: &str) -> Self {
        Self::start_with(Place::new(), id, program, &[])
    }

    fn start_with(mut place: Place, id: &str, program: &str, more: &[&str]) -> Self {
        place.program(id, program);
        // What a shell that works through a gateway holds, and the program must not see.
        for name in [
            "ANTHROPIC_BASE_URL",
            "ANTHROPIC_AUTH_TOKEN",
            "OPENAI_API_KEY",
            "TOLLHOUSE_KEY",
        ] {
            place.set(name, "canary-of-the-shell");
        }
        let mut arguments = vec!["bridge", id, "--listen", "127.0.0.1:0"];
        arguments.extend(more);
        let running = place.start(&arguments, "bridge ");
        let address = running.ready.rsplit("//").next().unwrap().to_owned();
        let secret = place.read(&format!(".config/tollhouse/bridge-{id}.secret"));
        Self {
            place,
            running: Some(running),
            address,
            secret: secret.trim().to_owned(),
        }
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.secret)
    }

    fn ask(&self, body: &str) -> Answer {
        let bearer = self.bearer();
        self.send(
            "POST /v1/chat/completions",
            &[("authorization", &bearer)],
            body,
        )
    }

    fn send(&self, line: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        send(&self.address, line, headers, body).whole()
    }

    /// What it says of itself, once that is as `right` wants it.
    fn health(&self, right: impl Fn(&Answer) -> bool) -> Answer {
        let mut last = None;
        until("the health that is waited for", || {
            let answer = self.send("GET /health", &[], "");
            let found = right(&answer);
            last = Some(answer);
            found
        });
        last.unwrap()
    }

    fn ready(&self) {
        self.health(|answer| answer.status == 200);
    }

    fn stop(&mut self) -> String {
        self.running.take().unwrap().stop()
    }
}

/// An answer, read to its end.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The data of its events.
    fn events(&self) -> Vec<&str> {
        self.body
            .split("\n\n")
            .filter_map(|event| event.strip_prefix("data: "))
            .collect()
    }
}

/// A request under way.
struct Sent(BufReader<TcpStream>);

fn send(address: &str, line: &str, headers: &[(&str, &str)], body: &str) -> Sent {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    let host = if headers.iter().any(|(name, _)| *name == "host") {
        String::new()
    } else {
        format!("host: {address}\r\n")
    };
    let headers = headers.iter().fold(String::new(), |all, (name, value)| {
        all + name + ": " + value + "\r\n"
    });
    let length = body.len();
    let request = format!(
        "{line} HTTP/1.1\r\n{host}{headers}connection: close\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    Sent(BufReader::new(stream))
}

impl Sent {
    /// Reads lines until one has `text` in it.
    fn read_until(&mut self, text: &str) {
        let mut line = String::new();
        while !line.contains(text) {
            line.clear();
            assert!(
                self.0.read_line(&mut line).unwrap() > 0,
                "it ended before {text}"
            );
        }
    }

    fn whole(mut self) -> Answer {
        let mut all = String::new();
        self.0.read_to_string(&mut all).unwrap();
        let (head, body) = all.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let body = if head
            .to_ascii_lowercase()
            .contains("transfer-encoding: chunked")
        {
            unchunked(body)
        } else {
            body.to_owned()
        };
        Answer {
            status,
            head: head.to_owned(),
            body,
        }
    }
}

fn unchunked(mut text: &str) -> String {
    let mut out = String::new();
    while let Some((size, rest)) = text.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        out.push_str(&rest[..size]);
        if size == 0 {
            break;
        }
        text = &rest[size + 2..];
    }
    out
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let start = tollhouse_clock();
    while !done() {
        assert!(start.elapsed() < SOON, "{what} never came");
        std::thread::yield_now();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test that waits has to know for how long"
)]
fn tollhouse_clock() -> Instant {
    Instant::now()
}

/// Whether a process whose number a script wrote down is at work.
fn lives(place: &Place, name: &str) -> bool {
    let pid = place.read(name);
    let state = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    // One that nobody has waited for yet is as dead as one that is gone.
    !state.is_empty() && !state.contains(") Z ")
}

const HI: &str = r#"{"model":"opus","messages":[{"role":"user","content":"say hello"}]}"#;
