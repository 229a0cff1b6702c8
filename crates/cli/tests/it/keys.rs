//! Keys, credentials and the record, against a running server.

use std::fs;
use std::os::unix::fs::PermissionsExt;

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
    // Whose credential it was, of what kind, and what the call costs by list.
    assert!(
        calls
            .lines()
            .all(|line| line.contains("\tplatform api_key\t$0.0")),
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

#[test]
fn what_the_record_can_be_asked_can_be_typed() {
    let mut place = Place::new();
    let (_demo, _) = place.demo();
    place.program("claude", crate::demo::CLIENT);
    for _ in 0..2 {
        assert_eq!(place.ok(&["run", "claude"]), "200\n");
    }
    let call = place.ok(&["calls", "--limit", "1", "--json"]);
    let call: serde_json::Value = serde_json::from_str(&call).unwrap();
    let text = |name: &str| call["data"][0][name].as_str().unwrap().to_owned();
    let (id, credential) = (text("id"), text("credential_id"));
    for (filter, value, count) in [
        ("--credential", credential.as_str(), 2),
        ("--credential", "cred_00000000000000000000000000000000", 0),
        ("--source", "platform", 2),
        ("--endpoint", "messages", 2),
        ("--endpoint", "embeddings", 0),
        ("--id", id.as_str(), 1),
        ("--min-cost", "1000", 0),
        ("--tag", "none=such", 0),
        ("--error", "overloaded", 0),
        ("--user", "user_00000000000000000000000000000000", 0),
        ("--org", "org_00000000000000000000000000000000", 0),
        ("--outcome", "unsuccessful", 0),
    ] {
        let found = place.ok(&["calls", filter, value]);
        assert_eq!(found.lines().count(), count, "{filter}: {found}");
    }
    assert_eq!(place.ok(&["calls", "--fallback"]), "");
    assert_eq!(place.ok(&["calls", "--fallback=rate_limited"]), "");

    let lines = place.ok(&["calls", "export", "--format", "jsonl", "--id", &id]);
    let exported: serde_json::Value = serde_json::from_str(&lines).unwrap();
    assert_eq!(exported, call["data"][0]);
    let file = place.path("calls.csv");
    let export = ["calls", "export", "--output", "calls.csv"];
    assert_eq!(place.ok(&export), "");
    assert_eq!(place.read("calls.csv").lines().count(), 3);
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let again = place.run(&export);
    assert_eq!(again.status.code(), Some(1), "nothing is overwritten");

    let compared = place.ok(&[
        "usage",
        "--by",
        "model",
        "--from",
        "2020-01-01",
        "--compare",
    ]);
    assert!(compared.starts_with("sim-echo\t2\t"), "{compared}");
    assert!(
        compared.trim_end_matches('\n').ends_with("\t0\t0\t"),
        "{compared}"
    );
    let endless = place.run(&["usage", "--compare"]);
    assert_eq!(endless.status.code(), Some(2), "before when?");
}

#[test]
fn a_price_is_taken_back() {
    let mut place = Place::new();
    let (_demo, _) = place.demo();
    let entry = r#"{"litellm_provider":"lab","input_cost_per_token":1e-6,"mode":"chat"}"#;
    place.write("list.json", &format!(r#"{{"house-model":{entry}}}"#));
    place.ok(&["prices", "import", "list.json"]);
    let listed = place.ok(&["prices", "list"]);
    let row = listed.lines().find(|line| line.starts_with("house-model"));
    assert!(row.is_some_and(|row| row.ends_with("\tyes")), "{listed}");
    let remove = ["prices", "remove", "house-model", "--provider", "lab"];
    place.ok(&remove);
    assert!(!place.ok(&["prices", "list"]).contains("house-model"));
    assert_eq!(place.run(&remove).status.code(), Some(1));
}

#[test]
fn what_would_happen_to_a_call_is_said_and_does_not_happen() {
    let mut place = Place::new();
    let (_demo, _) = place.demo();
    let arguments = ["key", "create", "--name", "narrow", "--model", "sim-coder"];
    place.ok(&arguments);
    let list = place.ok(&["key", "list"]);
    let narrow = list.lines().find(|line| line.contains("narrow")).unwrap();
    let id = narrow.split('\t').next().unwrap();
    let told = place.ok(&["routes", "try", "sim-echo", "--tools"]);
    let first = "first\tsim/sim-echo (messages, passthrough), with the platform's credential";
    assert!(told.contains(first), "{told}");
    let told = place.ok(&[
        "route",
        "try",
        "sim-echo",
        "--key",
        id,
        "--protocol",
        "chat",
    ]);
    assert!(told.contains("refused\t403 permission_denied: "), "{told}");
    let told = place.ok(&["routes", "try", "sim-coder", "--key", id, "--json"]);
    assert!(told.contains(r#""first":0"#), "{told}");
    assert_eq!(place.ok(&["calls"]).lines().count(), 0, "nothing was sent");
}
