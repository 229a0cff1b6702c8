//! `db`: copies out and in.

use crate::serve::{CONFIG, serve};
use crate::support::{Place, mode, snapshot};

fn place() -> Place {
    let place = Place::new();
    place.write("tollhouse.toml", CONFIG);
    place
}

#[test]
fn migrate_makes_the_schema() {
    let place = place();
    snapshot!(place, place.run(&["db", "backup", "copy.db"]));
    assert!(
        place
            .ok(&["db", "migrate"])
            .starts_with("the schema is at version ")
    );
    assert_eq!(mode(&place.path("tollhouse-data")), 0o700);
}

#[test]
fn what_was_backed_up_comes_back() {
    let place = place();
    let server = serve(&place);
    place.ok(&["key", "create", "--name", "before"]);
    snapshot!(place, place.run(&["db", "backup", "copy.db"]));
    assert_eq!(mode(&place.path("copy.db")), 0o600);
    assert_eq!(
        place.run(&["db", "backup", "copy.db"]).status.code(),
        Some(1)
    );
    place.ok(&["key", "create", "--name", "after"]);
    snapshot!(place, place.run(&["db", "restore", "copy.db", "--force"]));
    server.stop();
    snapshot!(place, place.run(&["db", "restore", "copy.db"]));
    snapshot!(place, place.run(&["db", "restore", "copy.db", "--force"]));
    assert_eq!(mode(&place.path("tollhouse-data/tollhouse.db")), 0o600);
    let server = serve(&place);
    let keys = place.ok(&["key", "list"]);
    assert!(
        keys.contains("\tbefore\t") && !keys.contains("\tafter\t"),
        "{keys}"
    );
    server.stop();
    // And back again, from what was kept beside.
    place.ok(&[
        "db",
        "restore",
        "tollhouse-data/tollhouse.db.replaced",
        "--force",
    ]);
    let server = serve(&place);
    assert!(place.ok(&["key", "list"]).contains("\tafter\t"));
    server.stop();
}

#[test]
fn a_file_that_is_no_backup_changes_nothing() {
    let place = place();
    place.ok(&["vault", "init"]);
    place.write(
        "rubbish",
        "not a database, but long enough to be taken for one at first sight\n",
    );
    let output = place.run(&["db", "restore", "rubbish", "--force"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(!place.path("tollhouse-data/tollhouse.db.restoring").exists());
    assert!(place.ok(&["vault", "status"]).contains("opens\tyes"));
}

#[test]
fn a_backup_under_another_master_key_is_refused() {
    let place = place();
    place.ok(&["vault", "init"]);
    place.ok(&["db", "backup", "copy.db"]);
    place.ok(&["vault", "rotate"]);
    snapshot!(place, place.run(&["db", "restore", "copy.db", "--force"]));
    assert!(place.ok(&["vault", "status"]).contains("opens\tyes"));
}

#[test]
fn sums_are_verified_and_made_anew() {
    let place = place();
    let server = serve(&place);
    assert_eq!(
        place.ok(&["db", "rollup", "--verify"]),
        "the sums are right: 0 calls in 0 hours\n"
    );
    // What is asked for is said, and one thing alone.
    for wrong in [
        &["db", "rollup"][..],
        &["db", "rollup", "--verify", "--rebuild"],
    ] {
        assert_eq!(place.run(wrong).status.code(), Some(2));
    }
    let database = place.path("tollhouse-data/tollhouse.db");
    let sql = |sql: &str| {
        let script = format!(
            "import sqlite3; d = sqlite3.connect({:?}); d.execute({sql:?}); d.commit()",
            database.to_str().unwrap()
        );
        let mut python = std::process::Command::new("python3");
        assert!(python.args(["-c", &script]).status().unwrap().success());
    };
    sql("INSERT INTO usage_rollups (kind, at, series, calls) VALUES (1, 0, zeroblob(16), 7)");
    let output = place.run(&["db", "rollup", "--verify"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        text.contains("sums are wrong, of the hours or days from 1970-01-01T00:00:00"),
        "{text}"
    );
    place.ok(&["db", "rollup", "--rebuild"]);
    place.ok(&["db", "rollup", "--verify"]);
    sql("UPDATE usage_state SET whole = 0");
    assert_eq!(
        place.run(&["db", "rollup", "--verify"]).status.code(),
        Some(1)
    );
    server.stop();
}

/// Whoever backs up is not the server, and does not have its secrets.
#[test]
fn the_database_is_all_that_its_commands_need() {
    let place = place();
    let server = serve(&place);
    place.ok(&["key", "create", "--name", "kept"]);
    server.stop();
    let text = format!(
        "{CONFIG}api_key = \"env:NOT_SET\"\n[admin]\ntoken = \"file:/not/there\"\n\
         [vault]\nmaster_key = \"env:NOT_SET_EITHER\"\n"
    );
    place.write("tollhouse.toml", &text);
    assert_eq!(place.run(&["check"]).status.code(), Some(2));
    place.ok(&["db", "backup", "one.db"]);
    place.ok(&["db", "migrate"]);
    // The master key is what a restore is checked against; it needs that, and nothing more.
    let refused = place.run(&["db", "restore", "one.db", "--force"]);
    assert_eq!(refused.status.code(), Some(2));
    std::fs::remove_file(place.path("tollhouse.toml")).unwrap();
    assert_eq!(
        place.run(&["db", "backup", "two.db"]).status.code(),
        Some(2)
    );
    place.ok(&["db", "backup", "two.db", "--data-dir", "tollhouse-data"]);
    place.ok(&["vault", "status", "--data-dir", "tollhouse-data"]);
    place.ok(&[
        "db",
        "restore",
        "two.db",
        "--force",
        "--data-dir",
        "tollhouse-data",
    ]);
    place.write("tollhouse.toml", CONFIG);
    let server = serve(&place);
    assert!(place.ok(&["key", "list"]).contains("\tkept\t"));
    let restored = place.ok(&["audit", "list", "--action", "database.restore"]);
    assert_eq!(restored.lines().count(), 1, "{restored}");
    place.ok(&["audit", "verify"]);
    server.stop();
}
