//! `audit`: listed, exported, and verified here and there.

use std::fs;

use crate::serve::{CONFIG, serve};
use crate::support::{Place, mode, snapshot};

/// A name that is looked for in the database file, and one as long to put in its place.
const NAME: &str = "audited-key-0451";
const OTHER: &str = "renamed-key-0451";

fn place() -> Place {
    let place = Place::new();
    place.write("tollhouse.toml", CONFIG);
    place
}

fn head(place: &Place) -> String {
    let said = place.ok(&["audit", "verify"]);
    let head = said.lines().find_map(|line| line.strip_prefix("head "));
    head.unwrap().to_owned()
}

#[test]
fn what_was_done_is_listed_exported_and_verified() {
    let place = place();
    let server = serve(&place);
    place.ok(&["key", "create", "--name", NAME]);
    let first = head(&place);
    place.ok(&["key", "create", "--name", "second"]);
    let listed = place.ok(&["audit", "list", "--action", "key.create", "--limit", "1"]);
    assert_eq!(listed.lines().count(), 1, "{listed}");
    let cells = "\toperator\t127.0.0.1\tkey.create\tsecond";
    assert!(listed.contains(cells), "{listed}");
    place.ok(&["audit", "export", "--output", "trail.jsonl"]);
    assert_eq!(mode(&place.path("trail.jsonl")), 0o600);
    assert_eq!(place.ok(&["audit", "export"]), place.read("trail.jsonl"));
    let again = place.run(&["audit", "export", "--output", "trail.jsonl"]);
    assert_eq!(again.status.code(), Some(1));
    let last = head(&place);
    assert_ne!(first, last);
    server.stop();

    // Without a server.
    for head in [&first, &last] {
        let said = place.ok(&["audit", "verify", "trail.jsonl", "--head", head]);
        assert!(said.contains(&last), "{said}");
    }
    snapshot!(
        place,
        place.run(&["audit", "verify", "trail.jsonl", "--head", "x"])
    );
    let unknown = "0".repeat(64);
    let said = place.run(&["audit", "verify", "trail.jsonl", "--head", &unknown]);
    assert_eq!(said.status.code(), Some(1));

    let whole = place.read("trail.jsonl");
    let edits = [
        ("altered", whole.replacen(NAME, OTHER, 1)),
        ("missing", without(&whole, 2)),
        (
            "unreadable",
            whole.replacen("\"seq\":2,", "\"seq\":2,\"more\":1,", 1),
        ),
        ("reordered", whole.repeat(2)),
    ];
    for (fault, edited) in edits {
        place.write("edited.jsonl", &edited);
        let said = place.run(&["audit", "verify", "edited.jsonl"]);
        let text = String::from_utf8_lossy(&said.stderr).into_owned();
        assert_eq!(said.status.code(), Some(1), "{text}");
        assert!(text.contains(&format!("is {fault}")), "{fault}: {text}");
    }
    // Cut short, which only a head that was kept shows.
    let lines = whole.lines().count();
    place.write("edited.jsonl", &without(&whole, lines));
    place.ok(&["audit", "verify", "edited.jsonl"]);
    let said = place.run(&["audit", "verify", "edited.jsonl", "--head", &last]);
    assert!(String::from_utf8_lossy(&said.stderr).contains("is truncated"));
}

/// The text without its nth line.
fn without(text: &str, line: usize) -> String {
    let lines = text.split_inclusive('\n').zip(1..);
    lines
        .filter(|(_, n)| *n != line)
        .map(|(text, _)| text)
        .collect()
}

#[test]
fn an_edit_behind_the_servers_back_is_named() {
    let place = place();
    let server = serve(&place);
    place.ok(&["key", "create", "--name", NAME]);
    place.ok(&["audit", "verify"]);
    server.stop();
    // Everything is in the one file now, and nothing in it knows what the bytes of a name should be.
    let path = place.path("tollhouse-data/tollhouse.db");
    let mut bytes = fs::read(&path).unwrap();
    let places: Vec<usize> = (0..bytes.len() - NAME.len())
        .filter(|at| bytes[*at..].starts_with(NAME.as_bytes()))
        .collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at..at + OTHER.len()].copy_from_slice(OTHER.as_bytes());
    }
    fs::write(&path, bytes).unwrap();
    let server = serve(&place);
    snapshot!(place, place.run(&["audit", "verify"]));
    server.stop();
}
