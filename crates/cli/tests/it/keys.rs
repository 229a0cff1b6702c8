//! Keys, credentials and the record, against a running server.

use crate::support::{Place, snapshot};

#[test]
fn a_key_lives_and_dies() {
    let mut place = Place::new();
    let (_demo, _) = place.demo();
    let arguments = [
        "key",
        "create",
        "--name",
        "laptop",
        "--model",
        "sim-*",
        "--agent",
        "me",
        "--expires",
        "30d",
    ];
    let made = place.run(&arguments);
    snapshot!(place, made);
    let secret = String::from_utf8(made.stdout).unwrap().trim().to_owned();
    snapshot!(place, place.run(&["key", "list"]));
    let list = place.ok(&["key", "list"]);
    let id = list.split('\t').next().unwrap();
    snapshot!(place, place.run(&["key", "show", id]));
    assert!(!list.contains(&secret) && !place.ok(&["key", "show", id, "--json"]).contains(&secret));
    place.set("TOLLHOUSE_KEY", &secret);
    assert!(place.ok(&["env", "opencode"]).contains("sim-coder"));
    snapshot!(place, place.run(&["key", "revoke", id]));
    assert_eq!(place.run(&["env", "opencode"]).status.code(), Some(1));
    assert!(place.ok(&["key", "show", id]).contains("state\trevoked"));
    snapshot!(place, place.run(&["key", "show", "key_nobody"]));
    snapshot!(
        place,
        place.run(&["key", "create", "--name", "x", "--model", "a*b"])
    );
}

#[test]
fn credentials_come_by_standard_input() {
    let mut place = Place::new();
    let (_demo, _) = place.demo();
    let set = place.run_with(
        &["credential", "set", "sim", "--name", "spare"],
        "  canary-1\n",
    );
    snapshot!(place, set);
    let list = place.ok(&["credential", "list"]);
    assert!(
        list.contains("sim\tspare\tready") && !list.contains("canary"),
        "{list}"
    );
    assert!(
        place
            .ok(&["credential", "test", "sim"])
            .contains("ok\ttrue")
    );
    snapshot!(
        place,
        place.run_with(&["credential", "set", "sim"], "two\nlines")
    );
    snapshot!(place, place.run_with(&["credential", "set", "sim"], ""));
    snapshot!(
        place,
        place.run(&["credential", "set", "sim", "on-the-command-line"])
    );
    place.ok(&["credential", "remove", "sim", "--name", "spare"]);
    place.ok(&["credential", "remove", "sim", "--name", "spare"]);
    assert!(!place.ok(&["credential", "list"]).contains("spare"));
}

#[test]
fn the_record_is_listed_added_up_and_filtered() {
    let mut place = Place::new();
    let (_demo, _) = place.demo();
    place.program("claude", crate::demo::CLIENT);
    for _ in 0..3 {
        assert_eq!(place.ok(&["run", "claude"]), "200\n");
    }
    let calls = place.ok(&["calls"]);
    assert_eq!(calls.lines().count(), 3, "{calls}");
    assert_eq!(place.ok(&["calls", "--limit", "2"]).lines().count(), 2);
    assert_eq!(place.ok(&["calls", "--model", "nobody"]), "");
    assert_eq!(place.ok(&["calls", "--from", "2999-01-01"]), "");
    // Whose credential it was, and of what kind.
    assert!(
        calls
            .lines()
            .all(|line| line.ends_with("\tplatform api_key")),
        "{calls}"
    );
    let id = calls.split('\t').nth(1).unwrap();
    assert!(place.ok(&["call", "show", id]).contains("outcome\tsuccess"));
    assert!(
        place
            .ok(&["calls", "show", id, "--json"])
            .contains("\"model_requested\":\"sim-echo\"")
    );
    assert!(
        place
            .ok(&["usage", "--by", "model"])
            .starts_with("sim-echo\t3\t0\t")
    );
    let sessions = place.ok(&["session", "list"]);
    let session = sessions.split('\t').nth(1).unwrap();
    assert!(place.ok(&["session", "show", session]).contains("caller\t"));
    for listing in ["providers", "routes", "models", "usage", "calls"] {
        let text = place.ok(&[listing, "--json"]);
        let page: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert!(
            page["data"].as_array().is_some_and(|rows| !rows.is_empty()),
            "{listing}"
        );
    }
    assert!(place.ok(&["prices", "list"]).contains("simulated: made up"));
    assert!(
        place
            .ok(&["proxy", "info"])
            .contains("path\tPOST /v1/messages messages")
    );
    assert!(place.ok(&["openapi"]).contains("\"openapi\": \"3.1"));
    snapshot!(place, place.run(&["usage", "--by", "moon"]));
    snapshot!(place, place.run(&["calls", "--outcome", "odd"]));
}
