//! A secret that was handed in is nowhere to be found again.

use std::fs;
use std::path::Path;

use crate::serve::CONFIG;
use crate::support::{Place, shown};

const CANARY: &str = "canary-7d1f8a3b-0123456789-abcdef";

/// Every file below a directory that holds the text.
fn holders(directory: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            holders(&path, found);
        } else if fs::read(&path).is_ok_and(|bytes| contains(&bytes)) {
            found.push(path.display().to_string());
        }
    }
}

fn contains(bytes: &[u8]) -> bool {
    bytes
        .windows(CANARY.len())
        .any(|window| window == CANARY.as_bytes())
}

fn command_lines() -> bool {
    let processes = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let mut lines = processes.filter_map(|process| fs::read(process.path().join("cmdline")).ok());
    lines.any(|line| contains(&line))
}

#[test]
fn the_search_itself_can_find() {
    let place = Place::new();
    place.write("a/b", &format!("x{CANARY}y"));
    let mut found = Vec::new();
    holders(&place.path(""), &mut found);
    assert_eq!(found.len(), 1);
}

#[test]
fn a_credential_is_on_no_disk_log_output_or_command_line() {
    let place = Place::new();
    place.write("tollhouse.toml", CONFIG);
    let server = place.start(&["serve", "--log", "trace"], "listening on");
    let set = place.run_with(&["credential", "set", "lab", "--json"], CANARY);
    assert!(set.status.success(), "{}", shown(&set));
    let mut said = shown(&set);
    for arguments in [
        &["credential", "list", "--json"][..],
        &["credential", "test", "lab"],
        &["providers", "--json"],
        &["check", "--json"],
        &["vault", "status"],
        &["calls", "--json"],
        &["openapi"],
    ] {
        said.push_str(&shown(&place.run(arguments)));
    }
    assert!(!command_lines());
    said.push_str(&server.stop());
    assert!(!said.contains(CANARY));
    assert!(
        said.contains("TRACE") || said.contains("DEBUG"),
        "the log says nothing"
    );
    let mut found = Vec::new();
    holders(&place.path(""), &mut found);
    assert!(found.is_empty(), "{found:?}");
}
