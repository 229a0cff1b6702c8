//! Credentials by whose they are, as somebody with a token of their own sees them.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use crate::support::{Place, snapshot};

/// Asks the control plane as its administrator.
fn ask(ready: &Value, line: &str, body: &str) -> Value {
    let text = |name: &str| ready[name].as_str().unwrap();
    let address = text("url").strip_prefix("http://").unwrap();
    let (method, path) = line.split_once(' ').unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "{method} /api/v1{path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
         authorization: Bearer {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        text("admin_token"),
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 20"), "{line}: {answer}");
    serde_json::from_str(body).unwrap()
}

/// A member of `acme`: their token.
fn member(ready: &Value) -> String {
    ask(ready, "POST /orgs", r#"{"name":"acme"}"#);
    let user = ask(
        ready,
        "POST /users",
        r#"{"name":"ada","email":"ada@example.org"}"#,
    );
    let id = user["id"].as_str().unwrap();
    let path = format!("PUT /orgs/acme/members/{id}");
    ask(ready, &path, r#"{"role":"member"}"#);
    let path = format!("POST /users/{id}/tokens");
    let token = ask(ready, &path, r#"{"name":"t","scope":"write"}"#);
    token["secret"].as_str().unwrap().to_owned()
}

const PUT: [&str; 3] = ["credential", "set", "sim"];

#[test]
fn everybody_keeps_their_own() {
    let mut place = Place::new();
    let (_demo, ready) = place.demo();
    let token = member(&ready);
    let acme = [&PUT[..], &["--org", "acme"]].concat();
    snapshot!(place, place.run_with(&acme, "canary-of-acme\n"));
    snapshot!(place, place.run(&["credential", "list", "--me"]));
    let both = ["credential", "list", "--me", "--org", "acme"];
    snapshot!(place, place.run(&both));

    place.set("TOLLHOUSE_TOKEN", &token);
    let mine = [&PUT[..], &["--me"]].concat();
    let set = place.run_with(&mine, "canary-of-ada\n");
    assert!(set.status.success());
    let list = place.ok(&["credential", "list", "--me"]);
    assert!(list.starts_with("sim\tdefault\tready"), "{list}");
    assert_eq!(list.lines().count(), 1, "{list}");
    let seen = place.ok(&["credential", "list", "--org", "acme"]);
    assert!(
        seen.starts_with("sim\tdefault\tready") && seen != list,
        "{seen}"
    );
    assert!(!(list + &seen).contains("canary"));
    let elsewhere = [&mine[..], &["--name", "b", "--base-url"]].concat();
    let away = [&elsewhere[..], &["https://llm.example.org/v1"]].concat();
    let set = place.run_with(&away, "canary-b\n");
    assert!(String::from_utf8_lossy(&set.stdout).contains("base_url\thttps://llm.example.org/v1"));
    let inside = [&elsewhere[..], &["https://127.0.0.1/"]].concat();
    assert_eq!(place.run_with(&inside, "canary-b\n").status.code(), Some(1));
    // Who may look may not change.
    snapshot!(place, place.run_with(&acme, "canary-2\n"));
    for verb in ["disable", "test", "remove"] {
        let refused = place.run(&["credential", verb, "sim", "--org", "acme"]);
        assert_eq!(refused.status.code(), Some(1), "{verb}");
    }
    assert_eq!(place.run(&["credential", "list"]).status.code(), Some(1));
}

#[test]
fn one_is_switched_off_and_on_and_removed() {
    let mut place = Place::new();
    let (_demo, _) = place.demo();
    let spare = |verb| ["credential", verb, "sim", "--name", "spare"];
    assert_eq!(place.run(&spare("disable")).status.code(), Some(1));
    assert!(place.ok(&spare("show")).contains("configured\tfalse"));
    assert!(place.run_with(&spare("set"), "canary-1\n").status.success());
    for (verb, state) in [
        ("disable", "disabled"),
        ("disable", "disabled"),
        ("enable", "ready"),
    ] {
        let said = place.ok(&spare(verb));
        assert!(said.contains(&format!("state\t{state}")), "{said}");
        assert_eq!(said, place.ok(&spare("show")));
    }
    place.ok(&spare("remove"));
    assert!(place.ok(&spare("show")).contains("state\tmissing"));
}
