//! `serve`: starting, being found, stopping.

use rustix::process::Signal;

use crate::support::{Place, Running, mode, snapshot};

pub(crate) const CONFIG: &str = r#"
[server]
listen = "127.0.0.1:0"

[[provider]]
name = "lab"
endpoints = { chat = "http://127.0.0.1:9/v1" }
"#;

pub(crate) fn serve(place: &Place) -> Running {
    place.start(&["serve"], "listening on http://127.0.0.1:")
}

#[test]
fn this_users_commands_find_the_server() {
    let place = Place::new();
    place.write("tollhouse.toml", CONFIG);
    let server = serve(&place);
    let profile = place.path(".config/tollhouse/profile.toml");
    assert_eq!(mode(&profile), 0o600);
    let text = place.read(".config/tollhouse/profile.toml");
    let token = place.read("tollhouse-data/admin.token");
    assert!(
        !text.contains(token.trim()) && text.contains("token_file"),
        "{text}"
    );
    assert_eq!(place.ok(&["providers"]).split('\t').next(), Some("lab"));
    server.stop();
    assert_eq!(place.run(&["providers"]).status.code(), Some(1));
}

#[test]
fn a_token_of_the_configurations_is_not_copied() {
    let mut place = Place::new();
    place.write(
        "tollhouse.toml",
        &format!("{CONFIG}\n[admin]\ntoken = \"env:TOKEN\"\n"),
    );
    place.set("TOKEN", "canary-canary-canary-canary-canary-1");
    let server = serve(&place);
    assert!(
        !place
            .read(".config/tollhouse/profile.toml")
            .contains("canary")
    );
    snapshot!(place, place.run(&["providers"]));
    place.set("TOLLHOUSE_TOKEN", "canary-canary-canary-canary-canary-1");
    assert!(place.ok(&["providers"]).starts_with("lab\t"));
    server.stop();
}

#[test]
fn interrupt_ends_it_well() {
    let place = Place::new();
    place.write("tollhouse.toml", CONFIG);
    let server = serve(&place);
    server.signal(Signal::INT);
    let (status, _) = server.wait();
    assert!(status.success());
}

#[test]
fn the_log_is_json_when_asked_for() {
    let place = Place::new();
    place.write("tollhouse.toml", CONFIG);
    let arguments = ["serve", "--log", "info", "--log-format", "json"];
    let said = place.start(&arguments, "listening").stop();
    for line in said.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(line["message"].is_string());
    }
    assert!(!said.is_empty());
    assert_eq!(place.run(&["serve", "--log", "=="]).status.code(), Some(2));
}

#[test]
fn a_second_server_on_the_data_and_a_missing_key_are_failures() {
    let place = Place::new();
    place.write("tollhouse.toml", CONFIG);
    let server = serve(&place);
    let second = place.run(&["serve"]);
    assert_eq!(second.status.code(), Some(1));
    server.stop();
    std::fs::rename(
        place.path("tollhouse-data/master.key"),
        place.path("elsewhere"),
    )
    .unwrap();
    snapshot!(place, place.run(&["serve", "--log", "error"]));
    assert!(!place.path("tollhouse-data/master.key").exists());
}

#[test]
fn a_missing_credential_is_said_once_and_waited_for() {
    let mut place = Place::new();
    let named = CONFIG.replace("endpoints", "api_key = \"env:NOWHERE\"\nendpoints");
    let waits = "the configuration names credentials that are not there";
    let said = |place: &Place, text: &str| {
        place.write("tollhouse.toml", text);
        place.start(&["serve"], "listening").stop()
    };
    let text = said(&place, &named);
    assert_eq!(text.matches(waits).count(), 1, "{text}");
    assert!(text.contains("lab (NOWHERE is not set)"), "{text}");
    // Without a word about any, it is still worth one.
    let text = said(&place, CONFIG);
    assert_eq!(text.matches("no credential for any provider").count(), 1);
    let open = CONFIG.replace("endpoints", "auth = \"none\"\nendpoints");
    assert!(!said(&place, &open).contains("WARN"));
    place.set("NOWHERE", "upstream-key-canary");
    let text = said(&place, &named);
    assert!(!text.contains("WARN") && !text.contains("canary"), "{text}");
    place.set("NOWHERE", "");
    let text = said(&place, &named);
    assert!(
        text.contains("lab (env:NOWHERE: the secret is empty)"),
        "{text}"
    );
}
