//! `bootstrap`: lines for a shell, and files with their modes.

use std::os::unix::fs::PermissionsExt as _;

use crate::support::Place;

#[test]
fn what_the_server_lends_is_written_and_printed_once() {
    let mut place = Place::new();
    let (_demo, _) = place.demo();
    let root = place.path("client");
    let arguments = [
        "bootstrap",
        "codex",
        "--platform",
        "--model",
        "sim-echo",
        "--write",
        root.to_str().unwrap(),
    ];
    let lines = place.ok(&arguments);
    let held = lines.lines().filter(|line| line.contains("th-")).count();
    assert_eq!(held, 1, "{lines}");
    assert!(lines.contains("export TOLLHOUSE_KEY='th-") && lines.contains("unset OPENAI_API_KEY"));
    let file = root.join(".codex/config.toml");
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(!text.contains("th-"));
    let read: toml::Table = toml::from_str(&text).unwrap();
    assert_eq!(read["model"].as_str(), Some("sim-echo"));
    // What is there already is not touched.
    std::fs::write(&file, "mine").unwrap();
    assert_eq!(place.run(&arguments).status.code(), Some(1));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
}
