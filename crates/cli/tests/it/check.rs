//! `check`: what a configuration would do, and where it is wrong.

use crate::support::{Place, snapshot};

const GOOD: &str = r#"
[server]
listen = "127.0.0.1:7878"

[[provider]]
name = "anthropic"
api_key = "env:UPSTREAM"

[[provider]]
name = "lab"
endpoints = { chat = "http://127.0.0.1:9002/v1" }

[[key]]
name = "ci"
secret = "env:CI_KEY"

[[route]]
model = "claude-*"
targets = [ { provider = "anthropic" }, { provider = "lab", model = "qwen3" } ]
"#;

fn place(text: &str) -> Place {
    let mut place = Place::new();
    place.write("tollhouse.toml", text);
    place.set("UPSTREAM", "sk-ant-canary0123456789");
    place.set("CI_KEY", "th-0123456789abcdefghijklmnopqrstuvwxyz");
    place
}

#[test]
fn says_what_it_would_do_and_makes_nothing() {
    let place = place(GOOD);
    snapshot!(place, place.run(&["check"]));
    snapshot!(place, place.run(&["check", "--json"]));
    assert!(!place.path("tollhouse-data").exists());
}

#[test]
fn says_which_credential_is_not_there() {
    let place = place("[[provider]]\nname = \"openai\"\napi_key = \"env:NOWHERE\"\n");
    let said = place.ok(&["check"]);
    let line = "provider\topenai: chat, responses; credential configured: no (NOWHERE is not set)";
    assert!(said.lines().any(|said| said == line), "{said}");
    let json = place.ok(&["check", "--json"]);
    assert!(json.contains(r#""missing":"NOWHERE is not set""#), "{json}");
}

#[test]
fn flags_go_before_the_file() {
    let mut place = place(GOOD);
    place.set("TOLLHOUSE_DATABASE", "postgres://me:secret@db/x");
    let arguments = [
        "check",
        "--listen",
        "127.0.0.1:1234",
        "--data-dir",
        "elsewhere",
    ];
    snapshot!(place, place.run(&arguments));
}

#[test]
fn no_file_is_wrong_usage() {
    let place = Place::new();
    snapshot!(place, place.run(&["check"]));
    snapshot!(place, place.run(&["check", "--config", "missing.toml"]));
}

#[test]
fn mistakes_have_a_line() {
    let cases = [
        (
            "unknown key",
            "[server]\nlisten = \"127.0.0.1:1\"\nlissten = \"x\"\n",
        ),
        (
            "open to the world",
            "\n[server]\nlisten = \"0.0.0.0:7878\"\n",
        ),
        (
            "another vendor's key",
            "[[provider]]\nname = \"anthropic\"\napi_key = \"env:CI_KEY\"\n",
        ),
        (
            "a secret in the file",
            "[admin]\ntoken = \"canary-canary-canary-canary-canary-1\"\n",
        ),
        (
            "an unset variable",
            "[vault]\nmaster_key = \"env:NOWHERE\"\n",
        ),
        (
            "a route to nowhere",
            "[[route]]\nmodel = \"x\"\ntargets = [{ provider = \"y\" }]\n",
        ),
        (
            "a weak key",
            "[[key]]\nname = \"k\"\nsecret = \"env:UPSTREAM\"\n",
        ),
        ("no TOML", "[server\n"),
    ];
    let mut said = String::new();
    for (name, text) in cases {
        let output = place(text).run(&["check"]);
        assert_eq!(output.status.code(), Some(2), "{name}");
        assert!(output.stdout.is_empty(), "{name}");
        said.push_str(name);
        said.push_str(": ");
        said.push_str(&String::from_utf8_lossy(&output.stderr));
    }
    assert!(!said.contains("canary"), "{said}");
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(said) });
}

#[test]
fn a_password_on_the_command_line_is_refused() {
    let place = place(GOOD);
    snapshot!(
        place,
        place.run(&["check", "--database", "postgres://me:canary@db/x"])
    );
}
