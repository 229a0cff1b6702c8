//! Compressed bodies: passed as they came wherever possible, read only to look.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use tollhouse_domain::call::Outcome;

use crate::support::client::Client;
use crate::support::dialect::{CHAT, MESSAGES};
use crate::support::upstream::{ScriptedUpstream, Step, stream};
use crate::support::{TestGateway, configuration};

const BODY: &str = "{ \"model\" : \"asked\",\"messages\":[],\"x\":1.0 }";

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn encodings() -> [(&'static str, Vec<u8>); 2] {
    [
        ("gzip", gzip(BODY.as_bytes())),
        ("zstd", zstd::encode_all(BODY.as_bytes(), 3).unwrap()),
    ]
}

#[tokio::test]
async fn compressed_requests_pass_as_they_came_and_are_read() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start(&upstream.url).await;
    for (encoding, body) in encodings() {
        upstream.json(200, MESSAGES.answer);
        let headers = [("content-encoding", encoding)];
        let answer = Client::new(&gateway.url)
            .post("/v1/messages", &headers, body.clone())
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let seen = upstream.last();
        assert_eq!(seen.body, body);
        assert_eq!(seen.header("content-encoding"), [encoding]);
        let call = gateway.calls().await.remove(0);
        assert_eq!(call.model_requested.as_deref(), Some("asked"));
        assert_eq!(call.bytes_in, body.len() as u64);
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_cut_answer_is_estimated_from_what_was_inside() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start(&upstream.url).await;
    let body = CHAT.request(&"m".repeat(4_000), true);
    let packed = gzip(body.as_bytes());
    assert!(packed.len() < body.len() / 8);
    upstream.script(vec![Step::Write(stream(&CHAT.events[..1])), Step::Close]);
    let client = Client::new(&gateway.url);
    let headers = [("content-encoding", "gzip")];
    let request = client.request(http::Method::POST, CHAT.path, &headers, packed.clone());
    let (_, cut) = client.seen(request).await;
    assert!(cut);
    let call = gateway.calls_when(1).await.remove(0);
    assert_eq!((call.outcome, call.estimated), (Outcome::StreamError, true));
    assert_eq!(call.bytes_in, packed.len() as u64);
    assert_eq!(call.usage.input, Some((body.len() as u64).div_ceil(4)));
    gateway.stop().await;
}

#[tokio::test]
async fn a_rename_sends_what_was_inside() {
    let upstream = ScriptedUpstream::start().await;
    let data_dir = tempfile::TempDir::new().unwrap();
    let text = configuration(&upstream.url, data_dir.path(), "").replace(
        "{ provider = \"lab\" }",
        "{ provider = \"lab\", model = \"sent\" }",
    );
    let gateway = TestGateway::from_text(&text, data_dir).await;
    for (encoding, body) in encodings() {
        upstream.json(200, CHAT.answer);
        let headers = [("content-encoding", encoding)];
        let client = Client::new(&gateway.url);
        let answer = client.post("/v1/chat/completions", &headers, body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let (seen, expected) = (upstream.last(), BODY.replace("asked", "sent"));
        assert_eq!(seen.body, expected.as_bytes());
        assert!(seen.header("content-encoding").is_empty());
        assert_eq!(seen.header("content-length"), [expected.len().to_string()]);
    }
    gateway.stop().await;
}

#[tokio::test]
async fn everything_with_a_body_takes_compressed_ones() {
    let upstream = ScriptedUpstream::start().await;
    let data_dir = tempfile::TempDir::new().unwrap();
    let text = configuration(&upstream.url, data_dir.path(), "").replace(
        "secret = \"env:KEY\"",
        "secret = \"env:KEY\"\nmodels = [\"asked\"]",
    );
    let gateway = TestGateway::from_text(&text, data_dir).await;
    let client = Client::new(&gateway.url);
    let batch = br#"{"requests":[{"custom_id":"a","params":{"model":"asked"}}]}"#;
    for (path, plain) in [
        ("/v1/messages/batches", batch.as_slice()),
        ("/proxy/lab/v1/messages", BODY.as_bytes()),
    ] {
        upstream.json(200, r#"{"id":"msgbatch_1"}"#);
        let body = gzip(plain);
        let answer = client
            .post(path, &[("content-encoding", "gzip")], body.clone())
            .await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        assert_eq!(upstream.last().body, body, "{path}");
    }
    let hidden = gzip(BODY.replace("asked", "forbidden").as_bytes());
    let headers = [("content-encoding", "gzip")];
    let answer = client
        .post("/proxy/lab/v1/messages", &headers, hidden)
        .await;
    assert_eq!(
        answer.status, 403,
        "compression hides no model from the allow-list"
    );
    gateway.stop().await;
}

#[tokio::test]
async fn what_does_not_decode_or_decodes_to_too_much_is_refused() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start_with(&upstream.url, "max_body = \"1MiB\"").await;
    let client = Client::new(&gateway.url);
    let bomb = vec![b' '; 2 << 20];
    let bombs = [
        ("gzip", gzip(&bomb)),
        ("zstd", zstd::encode_all(&bomb[..], 3).unwrap()),
    ];
    for (encoding, body) in bombs {
        let answer = client
            .post("/v1/messages", &[("content-encoding", encoding)], body)
            .await;
        assert_eq!(answer.status, 413, "{encoding}");
        assert_eq!(answer.json()["error"]["type"], "request_too_large");
    }
    for (encoding, body) in [
        ("gzip", BODY),
        ("zstd", BODY),
        ("br", BODY),
        ("gzip, zstd", BODY),
    ] {
        let answer = client
            .post("/v1/messages", &[("content-encoding", encoding)], body)
            .await;
        assert_eq!(answer.status, 400, "{encoding}");
        assert_eq!(answer.json()["error"]["type"], "invalid_request_error");
    }
    assert!(upstream.seen().is_empty());
    gateway.stop().await;
}

#[tokio::test]
async fn an_answer_compressed_unasked_passes_and_is_not_guessed_at() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start(&upstream.url).await;
    let body = gzip(MESSAGES.answer.as_bytes());
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    upstream.script(vec![
        Step::Write(head.into_bytes()),
        Step::Write(body.clone()),
    ]);
    let headers = [("accept-encoding", "gzip, br")];
    let answer = Client::new(&gateway.url)
        .post("/v1/messages", &headers, BODY)
        .await;
    assert_eq!(answer.body, body);
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    assert_eq!(upstream.last().header("accept-encoding"), ["identity"]);
    let call = gateway.calls().await.remove(0);
    assert_eq!(call.outcome, Outcome::Success);
    assert!(call.usage.is_empty() && call.cost_usd.is_none());
    gateway.stop().await;
}
