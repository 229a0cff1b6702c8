//! What is kept: of every protocol, whole and streamed, translated, compressed, refused, cut.

use std::io::Write;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use http::Method;
use http_body_util::BodyExt;
use tempfile::TempDir;
use tokio::sync::Notify;
use tollhouse_domain::call::Outcome;
use tollhouse_domain::capture::Kept;

use super::{ask, keeping, said};
use crate::support::client::Client;
use crate::support::dialect::{CHAT, DIALECTS, MESSAGES};
use crate::support::upstream::{ScriptedUpstream, Step, json, last_chunk, stream};
use crate::support::{TestGateway, configuration};

const SECRET: &str = "sk-ant-api03-aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3";

#[tokio::test]
async fn nothing_is_kept_unless_somebody_says_so() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start(&upstream.url).await;
    upstream.json(200, CHAT.answer);
    let client = Client::new(&gateway.url);
    client.post(CHAT.path, &[], CHAT.request("m", false)).await;
    let call = gateway.calls().await.remove(0);
    assert_eq!(call.capture, None);
    let path = format!("/api/v1/calls/{}/capture", call.id);
    let answer = ask(&gateway, Method::GET, &path).await;
    assert_eq!(answer.status, 404);
    assert!(answer.text().contains("Nothing was to be kept"));
    gateway.stop().await;
}

#[tokio::test]
async fn what_was_sent_and_what_came_is_kept_byte_for_byte() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = keeping(&upstream, "bodies = \"full\"").await;
    let client = Client::new(&gateway.url);
    for dialect in &DIALECTS {
        for streamed in [false, true] {
            if streamed {
                let events = stream(dialect.events);
                upstream.script(vec![Step::Write([events, last_chunk()].concat())]);
            } else {
                upstream.json(200, dialect.answer);
            }
            let body = dialect.request("m", streamed);
            let headers = [("content-type", "application/json")];
            let answer = client.post(dialect.path, &headers, body.clone()).await;
            assert_eq!(answer.status, 200);
            let said = said(&gateway).await;
            assert_eq!(said["request"]["body"], body);
            assert_eq!(said["response"]["body"], answer.text());
            let bytes = answer.body.len();
            assert_eq!(said["response"]["bytes"], bytes);
            let event_stream = said["response"]["content_type"] == "text/event-stream";
            assert_eq!(event_stream, streamed);
            for side in ["request", "response"] {
                for name in ["truncated", "redacted", "base64"] {
                    assert_eq!(said[side][name], false, "{side} {name}");
                }
            }
            assert_eq!(gateway.calls().await[0].capture, Some(Kept::Full));
        }
    }
    gateway.stop().await;
}

#[tokio::test]
async fn of_a_translated_call_the_clients_own_bodies_are_kept() {
    let upstream = ScriptedUpstream::start().await;
    let data_dir = TempDir::new().unwrap();
    let url = &upstream.url;
    let all = format!(
        "endpoints = {{ messages = \"{url}\", chat = \"{url}/v1\", responses = \"{url}/v1\" }}"
    );
    let one = format!("endpoints = {{ chat = \"{url}/v1\" }}");
    let text = configuration(url, data_dir.path(), "").replace(&all, &one);
    let text = text + "[capture]\nbodies = \"full\"";
    let gateway = TestGateway::from_text(&text, data_dir).await;
    let client = Client::new(&gateway.url);
    for (asked, streams) in [(false, false), (true, true), (false, true), (true, false)] {
        if streams {
            let events = stream(CHAT.events);
            upstream.script(vec![Step::Write([events, last_chunk()].concat())]);
        } else {
            upstream.json(200, CHAT.answer);
        }
        let body = MESSAGES.request("m", asked);
        let answer = client.post(MESSAGES.path, &[], body.clone()).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let said = said(&gateway).await;
        assert_eq!(said["request"]["body"], body);
        assert_eq!(said["response"]["body"], answer.text());
    }
    // The upstream's error, in the client's envelope.
    upstream.json(400, r#"{"error":{"message":"no"}}"#);
    let answer = client
        .post(MESSAGES.path, &[], MESSAGES.request("m", false))
        .await;
    assert_eq!(said(&gateway).await["response"]["body"], answer.text());
    gateway.stop().await;
}

#[tokio::test]
async fn compressed_bodies_are_kept_as_what_they_say() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = keeping(&upstream, "bodies = \"full\"").await;
    let client = Client::new(&gateway.url);
    let gzip = |text: &str| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let body = CHAT.request("m", false);
    let mut answer = json(200, &[("content-encoding", "gzip")], "");
    let head = String::from_utf8(answer.split_off(0)).unwrap();
    let zipped = gzip(CHAT.answer);
    let head = head.replace(
        "content-length: 0",
        &format!("content-length: {}", zipped.len()),
    );
    for path in [
        "/v1/chat/completions",
        "/proxy/lab/v1/chat/completions",
        "/proxy/lab/v1/other",
    ] {
        upstream.script(vec![Step::Write([head.as_bytes(), &zipped].concat())]);
        let headers = [("content-encoding", "gzip")];
        let answer = client.post(path, &headers, gzip(&body)).await;
        assert_eq!(answer.body, zipped);
        let said = said(&gateway).await;
        assert_eq!(said["request"]["body"], body, "{path}");
        assert_eq!(said["response"]["body"], CHAT.answer, "{path}");
        assert_eq!(said["response"]["bytes"], zipped.len());
        assert!(said["response"]["content_encoding"].is_null());
    }
    // What is no text comes in base64.
    upstream.script(vec![Step::Write(
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n\xff\x00".to_vec(),
    )]);
    client.post("/proxy/lab/v1/files", &[], vec![0xfe]).await;
    let said = said(&gateway).await;
    assert_eq!(said["request"]["body"], "/g==");
    assert_eq!(said["response"]["body"], "/wA=");
    assert_eq!(said["response"]["base64"], true);
    gateway.stop().await;
}

#[tokio::test]
async fn bodies_are_bounded() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = keeping(&upstream, "bodies = \"full\"\nmax_body = \"50\"").await;
    let client = Client::new(&gateway.url);
    let events = stream(MESSAGES.events);
    upstream.script(vec![Step::Write([events, last_chunk()].concat())]);
    let body = MESSAGES.request("m", true) + &" ".repeat(100);
    let answer = client.post(MESSAGES.path, &[], body.clone()).await;
    let said = said(&gateway).await;
    for (side, whole) in [("request", body.as_str()), ("response", &answer.text())] {
        assert_eq!(said[side]["body"], whole[..50], "{side}");
        assert_eq!(said[side]["truncated"], true);
        assert_eq!(said[side]["bytes"], whole.len());
    }
    gateway.stop().await;
}

#[tokio::test]
async fn secrets_are_taken_out_even_if_they_are_said_in_pieces() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = keeping(&upstream, "bodies = \"redacted\"").await;
    let client = Client::new(&gateway.url);
    let [start, delta, rest @ ..] = MESSAGES.events else {
        panic!("events")
    };
    let (head, tail) = SECRET.split_at(12);
    let pieces = [head, tail].map(|piece| delta.replace("hello wide world", piece));
    let mut events = vec![(*start).to_owned()];
    events.extend(pieces);
    events.extend(rest.iter().map(|event| (*event).to_owned()));
    upstream.script(vec![Step::Write([stream(&events), last_chunk()].concat())]);
    let body = MESSAGES.request("m", true).replace("hi", SECRET);
    assert!(body.contains(SECRET));
    let answer = client.post(MESSAGES.path, &[], body.clone()).await;
    // The client and the upstream have it as it was.
    assert!(answer.text().contains(tail));
    assert_eq!(upstream.last().body, body.as_bytes());
    let said = said(&gateway).await;
    let label = "[redacted:provider_key]";
    assert_eq!(said["request"]["body"], body.replace(SECRET, label));
    let told = said["response"]["body"].as_str().unwrap();
    assert!(told.contains(label) && !told.contains(tail), "{told}");
    assert_eq!(said["response"]["redacted"], true);
    assert_eq!(gateway.calls().await[0].capture, Some(Kept::Redacted));
    gateway.stop().await;
}

#[tokio::test]
async fn of_a_refused_call_what_the_client_was_told_is_kept() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = keeping(&upstream, "bodies = \"full\"").await;
    let client = Client::new(&gateway.url);
    let body = r#"{"messages":[]}"#;
    let answer = client.post(MESSAGES.path, &[], body).await;
    assert_eq!(answer.status, 400);
    let told = said(&gateway).await;
    assert_eq!(told["request"]["body"], body);
    assert_eq!(told["response"]["body"], answer.text());
    assert_eq!(gateway.calls().await[0].outcome, Outcome::Refused);
    // An upstream that is not there.
    upstream.script(vec![Step::Close]);
    let answer = client
        .post(MESSAGES.path, &[], MESSAGES.request("m", false))
        .await;
    assert_eq!(answer.status, 502);
    assert_eq!(said(&gateway).await["response"]["body"], answer.text());
    gateway.stop().await;
}

#[tokio::test]
async fn of_a_cut_answer_what_the_client_saw_is_kept() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = keeping(&upstream, "bodies = \"full\"").await;
    let client = Client::new(&gateway.url);
    for dialect in &DIALECTS {
        let events = stream(&dialect.events[..2]);
        upstream.script(vec![Step::Write(events), Step::Close]);
        let body = dialect.request("m", true);
        let request = client.request(Method::POST, dialect.path, &[], body);
        let (answer, cut) = client.seen(request).await;
        assert!(cut);
        assert_eq!(gateway.calls().await[0].outcome, Outcome::StreamError);
        let said = said(&gateway).await;
        // With the error that we put at its end.
        assert_eq!(said["response"]["body"], answer.text());
    }
    gateway.stop().await;
}

#[tokio::test]
async fn of_an_answer_that_its_client_left_the_beginning_is_kept() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = keeping(&upstream, "bodies = \"full\"").await;
    let gone = Arc::new(Notify::new());
    let events = stream(&MESSAGES.events[..2]);
    upstream.script(vec![
        Step::Write(events),
        Step::AwaitClose(Arc::clone(&gone)),
    ]);
    let client = Client::new(&gateway.url);
    let request = client.request(
        Method::POST,
        MESSAGES.path,
        &[],
        MESSAGES.request("m", true),
    );
    let mut incoming = client.send(request).await.into_body();
    let mut seen = Vec::new();
    while seen.len() < MESSAGES.events[..2].concat().len() {
        seen.extend(
            incoming
                .frame()
                .await
                .unwrap()
                .unwrap()
                .into_data()
                .unwrap(),
        );
    }
    drop(incoming);
    gone.notified().await;
    let call = gateway.calls_when(1).await.remove(0);
    assert_eq!(call.outcome, Outcome::ClientDisconnect);
    let said = said(&gateway).await;
    assert_eq!(said["response"]["body"], MESSAGES.events[..2].concat());
    gateway.stop().await;
}

#[tokio::test]
async fn a_call_there_is_no_room_for_goes_on_and_says_so() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = keeping(&upstream, "bodies = \"full\"\nmax_memory = \"1KiB\"").await;
    upstream.json(200, CHAT.answer);
    let client = Client::new(&gateway.url);
    let answer = client.post(CHAT.path, &[], CHAT.request("m", false)).await;
    assert_eq!(answer.text(), CHAT.answer);
    let call = gateway.calls().await.remove(0);
    assert_eq!(call.capture, Some(Kept::Dropped));
    let path = format!("/api/v1/calls/{}/capture", call.id);
    let answer = ask(&gateway, Method::GET, &path).await;
    assert_eq!(answer.status, 404);
    assert!(answer.text().contains("no room"), "{}", answer.text());
    let metrics = client.get("/metrics", &[]).await.text();
    assert!(metrics.contains("tollhouse_captures_dropped_total 1\n"));
    gateway.stop().await;
}
