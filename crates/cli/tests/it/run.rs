//! `run`: a client that records how it was started.

use rustix::process::Signal;

use crate::serve::{CONFIG, serve};
use crate::support::{Place, shown, snapshot};

/// Writes down its environment, its arguments and every command line on the machine.
const RECORDER: &str = r#"#!/bin/sh
env > "$RECORD/env"
for argument; do printf '%s\n' "$argument"; done > "$RECORD/arguments"
cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' '\n' > "$RECORD/cmdlines"
"#;

struct Recorded {
    env: Vec<(String, String)>,
    arguments: Vec<String>,
    cmdlines: String,
}

impl Recorded {
    fn get(&self, name: &str) -> Option<&str> {
        self.env
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

fn place(client: &str, end: &str) -> (Place, crate::support::Running) {
    let mut place = Place::new();
    place.program(client, &format!("{RECORDER}{end}\n"));
    let (demo, _) = place.demo();
    let record = place.path("");
    place.set("RECORD", record.to_str().unwrap());
    // What a developer's shell may hold, and no agent should see.
    for name in [
        "ANTHROPIC_API_KEY",
        "OPENAI_API_KEY",
        "CODEX_API_KEY",
        "CLAUDE_CODE_OAUTH_TOKEN",
    ] {
        place.set(name, "canary-of-a-vendor");
    }
    place.set("CLAUDE_CODE_USE_BEDROCK", "1");
    (place, demo)
}

fn recorded(place: &Place) -> Recorded {
    let env = place.read("env");
    let pairs = env.lines().filter_map(|line| line.split_once('='));
    Recorded {
        env: pairs
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        arguments: place.read("arguments").lines().map(str::to_owned).collect(),
        cmdlines: place.read("cmdlines"),
    }
}

/// The one virtual key in the client's environment; nothing of a vendor's, nothing of ours, and the
/// key on no command line.
fn only_key(recorded: &Recorded) -> (String, String) {
    let keys: Vec<_> = recorded
        .env
        .iter()
        .filter(|(_, value)| value.starts_with("th-"))
        .collect();
    let [(name, key)] = keys[..] else {
        panic!("{} keys", keys.len())
    };
    assert!(
        !recorded
            .env
            .iter()
            .any(|(_, value)| value.contains("canary-of-a-vendor"))
    );
    assert_eq!(recorded.get("TOLLHOUSE_TOKEN"), None);
    assert!(
        !recorded.cmdlines.contains(key.as_str()),
        "the key is on a command line"
    );
    (name.clone(), key.clone())
}

fn is_revoked(place: &mut Place, key: &str) -> bool {
    place.set("TOLLHOUSE_KEY", key);
    let list = place.ok(&["key", "list"]);
    let row = list.lines().find(|row| row.contains("\tscoped\t")).unwrap();
    let refused = place.run(&["env", "opencode"]).status.code() == Some(1);
    row.contains("\trevoked\t") && refused
}

#[test]
fn claude_gets_one_credential_and_its_exit_code_passes() {
    let (mut place, _demo) = place("claude", "exit 7");
    let output = place.run(&[
        "run",
        "claude",
        "--model",
        "sim-coder",
        "--",
        "-p",
        "hello world",
    ]);
    assert_eq!(output.status.code(), Some(7));
    let recorded = recorded(&place);
    let (name, key) = only_key(&recorded);
    assert_eq!(name, "ANTHROPIC_AUTH_TOKEN");
    assert_eq!(recorded.get("CLAUDE_CODE_OAUTH_TOKEN"), None);
    assert_eq!(recorded.get("CLAUDE_CODE_USE_BEDROCK"), None);
    assert_eq!(recorded.get("CLAUDE_CODE_GATEWAY_HINT_HEADERS"), Some("1"));
    assert_eq!(
        recorded.get("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"),
        Some("1")
    );
    assert_eq!(
        recorded.get("ANTHROPIC_BASE_URL"),
        recorded.get("TOLLHOUSE_URL")
    );
    assert_eq!(
        recorded.arguments,
        ["--model", "sim-coder", "-p", "hello world"]
    );
    assert!(is_revoked(&mut place, &key));
}

/// A client with its own sign-in: it keeps that, and the key stands beside it in a header of its own.
#[test]
fn with_its_own_login_claude_keeps_it_and_gets_the_key_beside_it() {
    let (mut place, _demo) = place("claude", "exit 0");
    place.set("ANTHROPIC_CUSTOM_HEADERS", "x-theirs: 1");
    let output = place.run(&["run", "claude", "--own-login", "--", "-p", "hi"]);
    assert_eq!(output.status.code(), Some(0));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("the vendor's terms"), "{said}");
    let recorded = recorded(&place);
    // `env` prints a value of two lines on two.
    assert_eq!(
        recorded.get("ANTHROPIC_CUSTOM_HEADERS"),
        Some("x-theirs: 1")
    );
    let env = place.read("env");
    let mut keys = env
        .lines()
        .filter_map(|line| line.strip_prefix("x-tollhouse-key: "));
    let key = keys.next().unwrap();
    assert!(key.starts_with("th-") && keys.next().is_none());
    assert!(
        !recorded.cmdlines.contains(key),
        "the key is on a command line"
    );
    for (name, kept) in [
        ("ANTHROPIC_API_KEY", true),
        ("CLAUDE_CODE_OAUTH_TOKEN", true),
        ("ANTHROPIC_AUTH_TOKEN", false),
        ("OPENAI_API_KEY", false),
        ("CODEX_API_KEY", false),
        ("CLAUDE_CODE_USE_BEDROCK", false),
        ("TOLLHOUSE_TOKEN", false),
    ] {
        assert_eq!(recorded.get(name).is_some(), kept, "{name}");
    }
    let list = place.ok(&["key", "list", "--json"]);
    let rows: serde_json::Value = serde_json::from_str(&list).unwrap();
    let rows = rows["data"].as_array().or(rows.as_array()).unwrap();
    let row = rows.iter().find(|row| row["kind"] == "scoped").unwrap();
    let lent = serde_json::json!({"client": true, "user": false, "org": false, "platform": false});
    assert_eq!(row["credentials"], lent);
}

#[test]
fn with_its_own_login_codex_sends_the_key_in_a_header() {
    let (place, _demo) = place("codex", "exit 0");
    let output = place.run(&["run", "codex", "--own-login", "--", "exec", "hi"]);
    assert_eq!(output.status.code(), Some(0));
    let recorded = recorded(&place);
    let said = |text: &str| recorded.arguments.iter().any(|argument| argument == text);
    assert!(said(
        "model_providers.tollhouse.env_http_headers.x-tollhouse-key=\"TOLLHOUSE_KEY\""
    ));
    assert!(said("model_providers.tollhouse.requires_openai_auth=true"));
    assert!(
        !recorded
            .arguments
            .iter()
            .any(|argument| argument.contains("env_key"))
    );
    let key = recorded.get("TOLLHOUSE_KEY").unwrap();
    assert!(key.starts_with("th-") && !recorded.cmdlines.contains(key));
    assert_eq!(recorded.get("ANTHROPIC_API_KEY"), None, "not this client's");
    let no = place.run(&["run", "qwen", "--own-login"]);
    assert_eq!(no.status.code(), Some(2));
}

/// What would be refused call by call is said before the client starts.
#[test]
fn a_login_of_its_own_is_not_offered_where_the_operator_forbids_it() {
    for (clients, code, said) in [
        ("none", 1, "clients bring nothing of their own"),
        ("api_keys", 0, "API keys alone"),
        ("any", 0, "the vendor's terms"),
    ] {
        let place = Place::new();
        let forbidden = format!("{CONFIG}[accounts]\nclients = \"{clients}\"\n");
        place.write("tollhouse.toml", &forbidden);
        place.program("claude", "#!/bin/sh\n");
        let server = serve(&place);
        let output = place.run(&["run", "claude", "--own-login"]);
        assert_eq!(output.status.code(), Some(code), "{}", shown(&output));
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(error.contains(said), "{error}");
        let keys = place.ok(&["key", "list"]);
        assert_eq!(keys.is_empty(), code == 1, "{keys}");
        server.stop();
    }
}

#[test]
fn codex_is_told_by_arguments() {
    let (mut place, _demo) = place("codex", "exit 0");
    let output = place.run(&["run", "codex", "--", "exec", "hi"]);
    assert_eq!(output.status.code(), Some(0));
    let recorded = recorded(&place);
    let (name, key) = only_key(&recorded);
    assert_eq!(name, "TOLLHOUSE_KEY");
    let url = recorded.get("TOLLHOUSE_URL").unwrap();
    let base = format!("model_providers.tollhouse.base_url=\"{url}/v1\"");
    assert!(
        recorded.arguments.contains(&base),
        "{:?}",
        recorded.arguments
    );
    assert!(
        recorded
            .arguments
            .ends_with(&["exec".to_owned(), "hi".to_owned()])
    );
    assert!(is_revoked(&mut place, &key));
}

#[test]
fn opencode_is_told_by_a_configuration_without_the_key() {
    let (mut place, _demo) = place("opencode", "exit 0");
    assert!(
        place
            .run(&["run", "opencode", "--model", "sim-echo"])
            .status
            .success()
    );
    let recorded = recorded(&place);
    let (name, key) = only_key(&recorded);
    assert_eq!(name, "TOLLHOUSE_KEY");
    let config = recorded.get("OPENCODE_CONFIG_CONTENT").unwrap();
    let config: serde_json::Value = serde_json::from_str(config).unwrap();
    assert_eq!(config["model"], "tollhouse/sim-echo");
    assert!(config["provider"]["tollhouse"]["models"]["sim-coder"].is_object());
    assert!(is_revoked(&mut place, &key));
}

#[test]
fn signals_pass_and_the_key_ends_with_the_client() {
    // The sleeper is started and can be ended before anyone is told, and holds none of our pipes:
    // one that outlived the shell would keep them open.
    let wait =
        "sleep 60 >/dev/null 2>&1 &\ntrap \"kill $!; exit 42\" TERM\necho ready\nwait\nexit 1";
    let (mut place, _demo) = place("claude", wait);
    let running = place.start(&["run", "claude"], "ready");
    let (_, key) = only_key(&recorded(&place));
    running.signal(Signal::TERM);
    let (status, _) = running.wait();
    assert_eq!(status.code(), Some(42));
    assert!(is_revoked(&mut place, &key));
}

#[test]
fn a_killed_client_is_reported_as_shells_do_and_its_key_ends() {
    let (mut place, _demo) = place("claude", "kill -KILL $$");
    assert_eq!(place.run(&["run", "claude"]).status.code(), Some(137));
    let (_, key) = only_key(&recorded(&place));
    assert!(is_revoked(&mut place, &key));
}

#[test]
fn a_client_that_is_not_there_leaves_no_key_behind() {
    let mut place = Place::new();
    let (_demo, _) = place.demo();
    snapshot!(place, place.run(&["run", "codex"]));
    let list = place.ok(&["key", "list"]);
    assert!(
        !list.lines().any(|row| row.contains("\tscoped\tactive")),
        "{list}"
    );
}

#[test]
fn what_the_key_may_do_is_said_on_the_command_line() {
    let (place, _demo) = place("claude", "exit 0");
    place.ok(&["run", "claude", "--name", "review", "--expires", "1h"]);
    let list = place.ok(&["key", "list", "--json"]);
    let page: serde_json::Value = serde_json::from_str(&list).unwrap();
    let key = &page["data"][0];
    assert_eq!(
        (key["name"].as_str(), key["kind"].as_str()),
        (Some("review"), Some("scoped"))
    );
    assert_eq!(
        place
            .run(&["run", "claude", "--expires", "soon"])
            .status
            .code(),
        Some(1)
    );
}

#[test]
fn a_key_outlives_its_first_expiry_while_the_client_runs() {
    let wait = "echo ready\nuntil [ -e \"$RECORD/go\" ]; do sleep 0.05; done";
    let (mut place, _demo) = place("claude", wait);
    let running = place.start(&["run", "claude", "--expires", "3s"], "ready");
    let (_, key) = only_key(&recorded(&place));
    let expiry = || {
        let page = place.ok(&["key", "list", "--json"]);
        let page: serde_json::Value = serde_json::from_str(&page).unwrap();
        let key = &page["data"][0];
        assert_eq!(key["state"], "active", "it died under the client");
        key["expires_at"].as_str().unwrap().to_owned()
    };
    let first = expiry();
    // Text that sorts as time does: the test ends when the key is renewed, or with it.
    while expiry() == first {}
    place.write("go", "");
    assert_eq!(running.wait().0.code(), Some(0));
    assert!(is_revoked(&mut place, &key));
}
