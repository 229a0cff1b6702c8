//! Bodies over the limit: the client really gets to read why, however it sends.

use http::{Method, Request};
use http_body_util::Full;

use crate::support::client::Client;
use crate::support::dialect::DIALECTS;
use crate::support::raw::{Raw, body, status};
use crate::support::upstream::ScriptedUpstream;
use crate::support::{KEY, TestGateway};

const MIB: usize = 1 << 20;

#[tokio::test]
async fn thirty_three_megabytes_announced() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start(&upstream.url).await;
    let client = Client::new(&gateway.url);
    for dialect in &DIALECTS {
        let sent = vec![b' '; 33 * MIB];
        let request: Request<Full<bytes::Bytes>> =
            client.request(Method::POST, dialect.path, &[], sent);
        let answer = client.whole(request).await;
        assert_eq!(answer.status, 413);
        assert_eq!(dialect.error_name(&answer.json()), "request_too_large");
    }
    assert!(upstream.seen().is_empty());
    gateway.stop().await;
}

#[tokio::test]
async fn thirty_three_megabytes_in_chunks() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start(&upstream.url).await;
    let client = Client::new(&gateway.url);
    let pieces = vec![vec![b' '; MIB]; 33];
    let answer = client.post_pieces("/v1/messages", &[], pieces, false).await;
    assert_eq!(answer.status, 413);
    assert_eq!(answer.json()["error"]["type"], "request_too_large");
    gateway.stop().await;
}

#[tokio::test]
async fn a_client_that_reads_only_when_all_is_written() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start_with(&upstream.url, "max_body = \"1MiB\"").await;
    for length in [MIB + 1, 2 * MIB, 3 * MIB, 24 * MIB] {
        for chunked in [false, true] {
            let framing = if chunked {
                "transfer-encoding: chunked".to_owned()
            } else {
                format!("content-length: {length}")
            };
            let head = format!(
                "POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-api-key: {KEY}\r\nconnection: close\r\n{framing}\r\n\r\n"
            );
            let mut client = Raw::connect(&gateway.url).await;
            client.send(head).await;
            if chunked {
                client.send(format!("{length:x}\r\n")).await;
            }
            client.send_whole(vec![b' '; length]).await;
            if chunked {
                client.send("\r\n0\r\n\r\n").await;
            }
            let answer = client.rest().await;
            assert_eq!(status(&answer), 413, "{length} {chunked}: {answer:?}");
            assert_eq!(body(&answer)["error"]["type"], "request_too_large");
        }
    }
    gateway.stop().await;
}

#[tokio::test]
async fn exactly_the_limit_passes() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start_with(&upstream.url, "max_body = \"1MiB\"").await;
    let client = Client::new(&gateway.url);
    let text = "{\"model\":\"m\"}";
    let sent = format!("{text}{}", " ".repeat(MIB - text.len()));
    for announced in [true, false] {
        upstream.json(200, "{}");
        let pieces = sent
            .as_bytes()
            .chunks(100_000)
            .map(<[u8]>::to_vec)
            .collect();
        let answer = client
            .post_pieces("/v1/messages", &[], pieces, announced)
            .await;
        assert_eq!(answer.status, 200);
        assert_eq!(upstream.last().body.len(), MIB);
    }
    let pieces = vec![sent.clone().into_bytes(), b" ".to_vec()];
    let answer = client.post_pieces("/v1/messages", &[], pieces, false).await;
    assert_eq!(answer.status, 413);
    gateway.stop().await;
}

#[tokio::test]
async fn a_refusal_for_another_reason_waits_for_the_body_too() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start(&upstream.url).await;
    let length = 24 * MIB;
    let unknown = "th-00000000000000000000000000000000";
    let cases = [
        ("/v1/messages", unknown, 401),
        ("/v1/messages/batches", unknown, 401),
        ("/v1/responses", unknown, 401),
        ("/proxy/up/v1/messages", unknown, 401),
        ("/proxy/nobody/v1/messages", KEY, 404),
    ];
    for (path, key, expected) in cases {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nx-api-key: {key}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
        );
        let mut client = Raw::connect(&gateway.url).await;
        client.send(head).await;
        client.send_whole(vec![b' '; length]).await;
        let answer = client.rest().await;
        assert_eq!(status(&answer), expected, "{path}: {answer:?}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn who_waits_to_be_asked_for_a_body_is_refused_at_once() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start(&upstream.url).await;
    let head = "POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-api-key: th-0\r\nexpect: 100-continue\r\ncontent-length: 9\r\n\r\n";
    let mut client = Raw::connect(&gateway.url).await;
    client.send(head).await;
    let answer = client.rest().await;
    assert_eq!(status(&answer), 401, "{answer:?}");
    gateway.stop().await;
}
