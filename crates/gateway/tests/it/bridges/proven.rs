//! Nobody is told anything on a bridge's port before they prove that they know its secret.

use super::*;

/// How something that has taken a bridge's port goes about it.
struct Impostor {
    name: &'static str,
    /// What it says to a nonce, at its own address.
    proof: fn(&str, &str) -> String,
    detail: &'static str,
}

const NOT_PROVEN: &str = "did not prove that it knows the bridge's secret";

fn impostors() -> [Impostor; 6] {
    let at = |name, proof, detail| Impostor {
        name,
        proof,
        detail,
    };
    [
        at(
            "it says it is ready",
            |_, _| String::new(),
            "does not prove",
        ),
        at(
            "it guesses",
            |_, _| format!("{}: {}\r\n", proof::PROOF, "0".repeat(64)),
            "another secret",
        ),
        at(
            "it has another secret",
            |nonce, url| proof_of(&"x".repeat(40), url, nonce),
            "another secret",
        ),
        at(
            "it asks the bridge, which is somewhere else",
            |nonce, _| proof_of(&shared(), "http://127.0.0.1:3250", nonce),
            "another secret",
        ),
        at(
            "it has an old proof",
            |_, url| proof_of(&shared(), url, "an-earlier-nonce-of-the-gateway"),
            "another secret",
        ),
        at(
            "it has two",
            |nonce, url| {
                let other = proof_of(&shared(), "http://127.0.0.1:3250", nonce);
                proof_of(&shared(), url, nonce) + &other
            },
            "another secret",
        ),
    ]
}

/// Everything that was sent is a question for how it is.
fn told_nothing(upstream: &ScriptedUpstream, name: &str) {
    let seen = upstream.seen();
    assert!(!seen.is_empty(), "{name}: it was not even asked");
    for seen in seen {
        assert_eq!(seen.line(), "GET /health HTTP/1.1", "{name}");
        assert!(seen.header("authorization").is_empty(), "{name}");
        assert!(seen.body.is_empty(), "{name}");
        assert!(!seen.head.contains(&shared()), "{name}: {}", seen.head);
    }
}

#[tokio::test]
async fn who_does_not_prove_it_is_told_nothing() {
    for impostor in impostors() {
        let name = impostor.name;
        let upstream = ScriptedUpstream::start().await;
        let url = upstream.url.clone();
        upstream.proves(move |nonce| (impostor.proof)(nonce, &url));
        upstream.always("/health", json(200, &[], READY));
        let gateway = start(&upstream.url, "").await;
        let client = Client::new(&gateway.url);
        for path in [COMPLETIONS, "/proxy/claude-bridge/v1/chat/completions"] {
            let answer = client.post(path, &[], ASK).await;
            assert_eq!(answer.status, StatusCode::BAD_GATEWAY, "{name}: {path}");
            assert!(answer.text().contains(NOT_PROVEN), "{}", answer.text());
            assert_eq!(answer.json()["error"]["code"], "upstream_unreachable");
        }
        let row = shown(&client, |row| row["state"] != "unknown").await;
        assert_eq!(row["state"], "unreachable", "{name}: {row}");
        let detail = row["bridge"]["detail"].as_str().unwrap();
        assert!(detail.contains(impostor.detail), "{name}: {detail}");
        // Nor is it told when the secret is tried out.
        let page = admin(
            &client,
            http::Method::GET,
            "/api/v1/platform/credentials",
            "",
        )
        .await;
        let id = page["data"][0]["id"].as_str().unwrap();
        let test = format!("/api/v1/credentials/{id}/test");
        let tried = admin(&client, http::Method::POST, &test, "").await;
        assert_eq!(tried["ok"], false, "{name}: {tried}");
        assert!(tried["error"].as_str().unwrap().contains("did not prove"));
        told_nothing(&upstream, name);
        let rows = gateway.calls().await;
        assert_eq!(rows.len(), 2, "{name}");
        assert!(
            rows.iter().all(|row| row.outcome != Outcome::Success),
            "{name}"
        );
        gateway.stop().await;
    }
}

/// The port is anybody's between two looks: that it was the bridge a moment ago says nothing.
#[tokio::test]
async fn a_port_that_changes_hands_between_two_looks_gets_no_call() {
    let upstream = upstream(READY).await;
    upstream.always(COMPLETIONS, json(200, &[], CHAT.answer));
    let gateway = start(&upstream.url, "probe_seconds = 3600").await;
    let client = Client::new(&gateway.url);
    shown(&client, |row| row["state"] == "ready").await;
    assert_eq!(client.post(COMPLETIONS, &[], ASK).await.status, 200);
    assert_eq!(calls(&upstream), 1);
    upstream.proves(|_| String::new());
    let answer = client.post(COMPLETIONS, &[], ASK).await;
    assert_eq!(answer.status, StatusCode::BAD_GATEWAY, "{}", answer.text());
    assert!(answer.text().contains(NOT_PROVEN), "{}", answer.text());
    assert_eq!(calls(&upstream), 1, "it was told something");
    let url = upstream.url.clone();
    upstream.proves(move |nonce| proof_of(&shared(), &url, nonce));
    // What an endpoint did once is not held against it for long, but for a moment.
    let again = async { while client.post(COMPLETIONS, &[], ASK).await.status != 200 {} };
    tokio::time::timeout(SOON, again).await.expect("it is back");
    gateway.stop().await;
}

#[tokio::test]
async fn no_nonce_comes_twice_and_each_call_has_a_proof_of_its_own() {
    let upstream = upstream(READY).await;
    upstream.always(COMPLETIONS, json(200, &[], CHAT.answer));
    let gateway = start(&upstream.url, "probe_seconds = 3600").await;
    let client = Client::new(&gateway.url);
    shown(&client, |row| row["state"] == "ready").await;
    for _ in 0..3 {
        assert_eq!(client.post(COMPLETIONS, &[], ASK).await.status, 200);
    }
    let seen = upstream.seen();
    let nonces: Vec<_> = seen
        .iter()
        .flat_map(|seen| seen.header(proof::NONCE))
        .collect();
    let distinct: std::collections::HashSet<_> = nonces.iter().collect();
    assert_eq!((nonces.len(), distinct.len()), (4, 4));
    assert!(nonces.iter().all(|nonce| nonce.len() == 43), "{nonces:?}");
    gateway.stop().await;
}

#[tokio::test]
async fn a_bridge_that_hangs_up_after_its_proof_is_told_nothing() {
    let upstream = knowing(json(200, &[("connection", "close")], READY)).await;
    let gateway = start(&upstream.url, "").await;
    let client = Client::new(&gateway.url);
    shown(&client, |row| row["state"] == "ready").await;
    let answer = client.post(COMPLETIONS, &[], ASK).await;
    assert_eq!(answer.status, StatusCode::BAD_GATEWAY, "{}", answer.text());
    assert!(
        answer.text().contains("has to stay open"),
        "{}",
        answer.text()
    );
    assert_eq!(calls(&upstream), 0);
    gateway.stop().await;
}

/// Whatever has the port, calls are not its to keep.
#[tokio::test]
async fn what_says_nothing_is_not_waited_for_and_told_nothing() {
    let upstream = ScriptedUpstream::start().await;
    upstream.always("/health", Vec::new());
    let gateway = start(&upstream.url, "").await;
    let client = Client::new(&gateway.url);
    let calling = client.post(COMPLETIONS, &[], ASK);
    let answer = tokio::time::timeout(SOON, calling).await.expect("an end");
    assert_eq!(answer.status, StatusCode::BAD_GATEWAY, "{}", answer.text());
    let word = "does not answer as a bridge does";
    assert!(answer.text().contains(word), "{}", answer.text());
    told_nothing(&upstream, "silent");
    gateway.stop().await;
}

#[tokio::test]
async fn the_configuration_may_say_that_a_bridge_need_not_prove_anything() {
    let upstream = ScriptedUpstream::start().await;
    upstream.always("/health", json(200, &[], READY));
    upstream.always(COMPLETIONS, json(200, &[], CHAT.answer));
    let gateway = start(&upstream.url, "proof = false").await;
    let client = Client::new(&gateway.url);
    shown(&client, |row| row["state"] == "ready").await;
    assert_eq!(client.post(COMPLETIONS, &[], ASK).await.status, 200);
    assert!(
        upstream
            .seen()
            .iter()
            .all(|seen| seen.header(proof::NONCE).is_empty())
    );
    gateway.stop().await;
}
