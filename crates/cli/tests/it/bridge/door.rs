//! Who is let in, where it listens, and what is shared.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use tollhouse_domain::bridge::proof;
use tollhouse_vault::{Secret, is_proof};

use super::{Answer, Bridge, HI, claude};
use crate::support::{Place, mode, shown};

/// Names and values.
type Headers<'a> = &'a [(&'a str, &'a str)];

#[test]
fn only_who_knows_the_secret_is_served_and_no_web_page_is() {
    let bridge = Bridge::start("claude", &claude(":"));
    bridge.ready();
    let port = bridge.address.rsplit(':').next().unwrap().to_owned();
    let (bearer, almost) = (bridge.bearer(), bridge.bearer().replace("thb_", "thc_"));
    let evil = format!("evil.example:{port}");
    let local = format!("localhost:{port}");
    let good = ("authorization", bearer.as_str());
    let chat = "POST /v1/chat/completions";
    let cases: &[(&str, Headers<'_>, u16)] = &[
        (chat, &[], 401),
        (chat, &[("authorization", "Bearer ")], 401),
        (chat, &[("authorization", &almost)], 401),
        (chat, &[("authorization", &bearer[7..])], 401),
        (chat, &[("x-api-key", &bearer[7..])], 401),
        (chat, &[good, good], 401),
        ("GET /v1/models", &[], 401),
        ("GET /", &[], 401),
        // What has the secret can still be a page: by name, or by address.
        (chat, &[good, ("host", &evil)], 421),
        ("GET /health", &[("host", &evil)], 421),
        (chat, &[good, ("host", "localhost")], 421),
        (chat, &[good, ("origin", "http://localhost")], 403),
        (chat, &[good, ("origin", "null")], 403),
        ("GET /health", &[("origin", "https://evil.example")], 403),
        (
            "OPTIONS /v1/chat/completions",
            &[
                ("origin", "https://evil.example"),
                ("access-control-request-method", "POST"),
            ],
            403,
        ),
        ("GET /health", &[], 200),
        ("GET /health", &[("host", &local)], 200),
        ("GET /v1/models", &[good], 200),
        ("GET /v1/nothing", &[good], 404),
        ("DELETE /v1/chat/completions", &[good], 404),
    ];
    for (line, headers, status) in cases {
        let answer = bridge.send(line, headers, HI);
        assert_eq!(
            answer.status, *status,
            "{line} {headers:?}: {}",
            answer.body
        );
        assert!(
            !answer.head.to_ascii_lowercase().contains("access-control"),
            "{}",
            answer.head
        );
        assert!(!answer.body.contains(&bridge.secret));
    }
    assert!(
        !bridge.place.path("prompt").exists(),
        "the program was started"
    );
    let models = bridge.send("GET /v1/models", &[good], "").json();
    let ids: Vec<_> = models["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["haiku", "sonnet", "opus", "default"]);
}

/// The proof in an answer, if there is one.
fn proof_in(answer: &Answer) -> Option<&str> {
    let mut lines = answer.head.lines().filter_map(|line| line.split_once(": "));
    lines
        .find(|(name, _)| *name == proof::PROOF)
        .map(|(_, proof)| proof)
}

#[test]
fn it_proves_that_it_knows_the_secret_and_where_it_is() {
    let bridge = Bridge::start("claude", &claude(":"));
    bridge.ready();
    let ask = |nonces: &[&str]| {
        let headers: Vec<_> = nonces.iter().map(|nonce| (proof::NONCE, *nonce)).collect();
        bridge.send("GET /health", &headers, "")
    };
    let (secret, address) = (
        Secret::new(bridge.secret.clone()),
        bridge.address.parse().unwrap(),
    );
    for nonce in ["abcdefghijklmnop", "ponmlkjihgfedcba-_"] {
        let answer = ask(&[nonce]);
        assert_eq!(answer.status, 200, "{}", answer.body);
        let proof = proof_in(&answer).unwrap();
        assert!(is_proof(
            &secret,
            &proof::said(nonce, address),
            proof.as_bytes()
        ));
        assert!(!answer.head.contains(&bridge.secret));
    }
    // Where it is is not what a request says: a program elsewhere could have one passed on.
    let port = bridge.address.rsplit(':').next().unwrap();
    for host in [format!("localhost:{port}"), format!("[::1]:{port}")] {
        let nonce = "abcdefghijklmnop";
        let headers = [(proof::NONCE, nonce), ("host", host.as_str())];
        let answer = bridge.send("GET /health", &headers, "");
        let said = proof::said(nonce, address);
        let proof = proof_in(&answer).unwrap();
        assert!(is_proof(&secret, &said, proof.as_bytes()), "{host}");
    }
    // Nothing is proven to whom nothing is to be proven, or who asks for something else.
    assert_eq!(proof_in(&ask(&[])), None);
    for nonces in [
        &["short"][..],
        &["abcdefghijklmnop="],
        &["abcdefghijklmnop", "abcdefghijklmnop"],
    ] {
        let answer = ask(nonces);
        assert_eq!(
            (answer.status, proof_in(&answer)),
            (400, None),
            "{nonces:?}"
        );
    }
    let nonce = (proof::NONCE, "abcdefghijklmnop");
    for (line, headers) in [
        ("GET /v1/models", &[nonce][..]),
        ("POST /health", &[nonce]),
        ("GET /health", &[nonce, ("origin", "https://evil.example")]),
        ("GET /health", &[nonce, ("host", "evil.example:3250")]),
    ] {
        let answer = bridge.send(line, headers, "");
        assert_eq!(
            proof_in(&answer),
            None,
            "{line} {headers:?}: {}",
            answer.head
        );
    }
}

#[test]
fn it_listens_on_this_machine_and_nowhere_else() {
    let place = Place::new();
    place.program("claude", &claude(":"));
    for address in [
        "0.0.0.0:0",
        "[::]:0",
        "10.0.0.1:3250",
        "192.168.1.1:3250",
        "localhost:0",
        "3250",
    ] {
        let output = place.run(&["bridge", "claude", "--listen", address]);
        assert_eq!(
            output.status.code(),
            Some(2),
            "{address}: {}",
            shown(&output)
        );
    }
    assert!(
        !place
            .path(".config/tollhouse/bridge-claude.secret")
            .exists()
    );
}

/// Loopback has more addresses than one, and each is its bridge's own name.
#[test]
fn it_answers_wherever_on_this_machine_it_listens() {
    let place = Place::new();
    place.program("claude", &claude(":"));
    let arguments = ["bridge", "claude", "--listen", "127.0.0.2:0"];
    let running = place.start(&arguments, "bridge ");
    let address = running.ready.rsplit("//").next().unwrap();
    let host = |host: &str| super::send(address, "GET /health", &[("host", host)], "").whole();
    assert_ne!(host(address).status, 421);
    let other = address.replace("127.0.0.2", "127.0.0.3");
    assert_eq!(host(&other).status, 421);
    running.stop();
}

#[test]
fn the_secret_is_made_once_and_is_never_an_argument() {
    let mut bridge = Bridge::start("claude", &claude(":"));
    let path = bridge.place.path(".config/tollhouse/bridge-claude.secret");
    assert_eq!(mode(&path), 0o600);
    assert!(bridge.secret.starts_with("thb_") && bridge.secret.len() >= 43);
    bridge.stop();
    let Bridge {
        mut place, secret, ..
    } = bridge;
    let again = Bridge::start_with(place, "claude", &claude(":"), &[]);
    assert_eq!(again.secret, secret);
    place = again.place;
    let run = |place: &Place, secret: &str| {
        place.run(&[
            "bridge",
            "claude",
            "--listen",
            "127.0.0.1:0",
            "--secret",
            secret,
        ])
    };
    let output = run(&place, "thb_0123456789012345678901234567890123456789");
    assert_eq!(output.status.code(), Some(2), "{}", shown(&output));
    place.set("SHORT", "short");
    assert_eq!(run(&place, "env:SHORT").status.code(), Some(2));
    assert_eq!(run(&place, "env:NOT_SET").status.code(), Some(2));
    let open = place.write("open", &"s".repeat(40));
    fs::set_permissions(&open, Permissions::from_mode(0o644)).unwrap();
    let output = run(&place, "file:open");
    assert_eq!(output.status.code(), Some(1));
    assert!(
        shown(&output).contains("others can read it"),
        "{}",
        shown(&output)
    );
}

#[test]
fn a_port_that_is_taken_is_not_taken_for_a_bridge() {
    let bridge = Bridge::start("claude", &claude(":"));
    bridge.ready();
    let output = bridge
        .place
        .run(&["bridge", "claude", "--listen", &bridge.address]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        shown(&output).contains("the bridge with this secret runs there already (ready)"),
        "{}",
        shown(&output)
    );
    let mut stranger = Place::new();
    stranger.program("claude", &claude(":"));
    stranger.set("OTHER", &"another secret ".repeat(3));
    let arguments = [
        "bridge",
        "claude",
        "--secret",
        "env:OTHER",
        "--listen",
        &bridge.address,
    ];
    let output = stranger.run(&arguments);
    assert!(
        shown(&output).contains("does not prove that it knows this secret"),
        "{}",
        shown(&output)
    );
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = other.local_addr().unwrap().to_string();
    let output = bridge.place.run(&["bridge", "claude", "--listen", &taken]);
    assert!(
        shown(&output).contains("something that is no bridge"),
        "{}",
        shown(&output)
    );
}
