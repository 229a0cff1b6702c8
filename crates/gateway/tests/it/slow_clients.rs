//! Clients that keep a connection and send next to nothing. Time is paused once they have stopped, so
//! that it runs to whatever limit there is.

use tokio::time::{Instant, pause, resume};

use crate::support::client::Client;
use crate::support::raw::{Raw, body, status};
use crate::support::upstream::ScriptedUpstream;
use crate::support::{KEY, TestGateway};

/// What a client that sends `bytes` and then nothing is answered, and after how many seconds.
async fn stalled(bytes: &str) -> (String, u64) {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start(&upstream.url).await;
    let mut client = Raw::connect(&gateway.url).await;
    client.send(bytes).await;
    // A whole exchange on another connection: by its end the first one's bytes have been read.
    Client::new(&gateway.url).get("/healthz", &[]).await;
    pause();
    let start = Instant::now();
    let answer = client.rest().await;
    let seconds = start.elapsed().as_secs();
    resume();
    assert!(upstream.seen().is_empty());
    (answer, seconds)
}

#[tokio::test]
async fn half_a_head() {
    let (answer, seconds) = stalled("POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-a: ").await;
    assert!(answer.is_empty() || status(&answer) == 408, "{answer:?}");
    assert!((29..=31).contains(&seconds), "{seconds}");
}

#[tokio::test]
async fn nothing_at_all() {
    let (answer, seconds) = stalled("").await;
    assert_eq!(answer, "");
    assert!((29..=31).contains(&seconds), "{seconds}");
}

#[tokio::test]
async fn half_of_what_begins_http2() {
    let (answer, seconds) = stalled("PRI * HTTP/2.0\r\n").await;
    assert_eq!(answer, "");
    assert!((29..=31).contains(&seconds), "{seconds}");
}

#[tokio::test]
async fn half_a_body() {
    let head = format!("POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-api-key: {KEY}\r\n");
    for rest in [
        "content-length: 100\r\n\r\n{\"model\":",
        "transfer-encoding: chunked\r\n\r\n5\r\n{\"mod",
    ] {
        let (answer, seconds) = stalled(&format!("{head}{rest}")).await;
        assert_eq!(status(&answer), 400, "{answer:?}");
        assert_eq!(body(&answer)["error"]["type"], "invalid_request_error");
        assert!((29..=31).contains(&seconds), "{seconds}");
    }
}
