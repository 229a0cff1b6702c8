//! Calls whose target speaks another protocol: the answer is the caller's own in every respect.

mod bad;
mod choice;
mod count;
mod loss;
mod odd;
mod said;

use http_body_util::BodyExt;
use serde_json::Value;
use tempfile::TempDir;
use tollhouse_domain::call::{Mode, Outcome};
use tollhouse_wire::Protocol;

use self::said::{SAID, Said};
use crate::support::client::{Answer, Client};
use crate::support::dialect::{DIALECTS, Dialect};
use crate::support::upstream::{ScriptedUpstream, Step, last_chunk, stream};
use crate::support::{KEY, TestGateway, UPSTREAM_KEY, configuration};

/// A gateway whose one provider speaks only `protocol`; `extra` are lines of its table.
async fn only(upstream: &str, protocol: Protocol, extra: &str) -> TestGateway {
    let data_dir = TempDir::new().unwrap();
    let text = text(upstream, protocol, extra, &data_dir);
    TestGateway::from_text(&text, data_dir).await
}

fn text(upstream: &str, protocol: Protocol, extra: &str, data_dir: &TempDir) -> String {
    let all = format!(
        "endpoints = {{ messages = \"{upstream}\", chat = \"{upstream}/v1\", responses = \"{upstream}/v1\" }}"
    );
    let base = match protocol {
        Protocol::Messages => upstream.to_owned(),
        Protocol::Chat | Protocol::Responses => format!("{upstream}/v1"),
    };
    let one = format!("endpoints = {{ {protocol} = \"{base}\" }}\n{extra}");
    configuration(upstream, data_dir.path(), "").replace(&all, &one)
}

/// Every pair of a caller and an upstream that differ.
fn pairs() -> impl Iterator<Item = (&'static Dialect, &'static Said)> {
    DIALECTS.iter().flat_map(|caller| {
        SAID.iter()
            .filter(|said| said.protocol != caller.protocol)
            .map(move |said| (caller, said))
    })
}

/// What a caller reads out of an answer: its text, and the tokens in and out.
pub(crate) fn read(protocol: Protocol, answer: &Answer, streamed: bool) -> (String, [u64; 2]) {
    let data: Vec<Value> = if streamed {
        answer
            .text()
            .lines()
            .filter_map(|line| line.strip_prefix("data: "))
            .filter(|data| *data != "[DONE]")
            .map(|data| serde_json::from_str(data).unwrap())
            .collect()
    } else {
        vec![answer.json()]
    };
    let texts = |path: &str| -> String {
        data.iter()
            .filter_map(|data| data.pointer(path)?.as_str())
            .collect()
    };
    let last = |path: &str| {
        data.iter()
            .rev()
            .find_map(|data| data.pointer(path)?.as_u64())
    };
    let (text, input, output) = match (protocol, streamed) {
        (Protocol::Messages, true) => {
            ("/delta/text", "/usage/input_tokens", "/usage/output_tokens")
        }
        (Protocol::Messages, false) => (
            "/content/0/text",
            "/usage/input_tokens",
            "/usage/output_tokens",
        ),
        (Protocol::Chat, true) => (
            "/choices/0/delta/content",
            "/usage/prompt_tokens",
            "/usage/completion_tokens",
        ),
        (Protocol::Chat, false) => (
            "/choices/0/message/content",
            "/usage/prompt_tokens",
            "/usage/completion_tokens",
        ),
        (Protocol::Responses, true) => (
            "/delta",
            "/response/usage/input_tokens",
            "/response/usage/output_tokens",
        ),
        (Protocol::Responses, false) => (
            "/output/0/content/0/text",
            "/usage/input_tokens",
            "/usage/output_tokens",
        ),
    };
    (texts(text), [last(input).unwrap(), last(output).unwrap()])
}

/// A request of `caller` that asks for everything this suite looks at.
pub(crate) fn request(caller: &Dialect, streamed: bool) -> String {
    let body = caller.request("asked", streamed);
    if caller.protocol == Protocol::Chat && streamed {
        body.replace(
            "\"stream\":true",
            "\"stream\":true,\"stream_options\":{\"include_usage\":true}",
        )
    } else {
        body
    }
}

#[tokio::test]
async fn every_pair_says_the_same_streamed_and_whole() {
    for (caller, said) in pairs() {
        let upstream = ScriptedUpstream::start().await;
        let gateway = only(&upstream.url, said.protocol, "").await;
        for streamed in [true, false] {
            said.script(&upstream, streamed);
            let client = Client::new(&gateway.url);
            let answer = client
                .post(caller.path, &[], request(caller, streamed))
                .await;
            let pair = format!("{} to {}, {streamed}", caller.protocol, said.protocol);
            assert_eq!(answer.status, 200, "{pair}: {}", answer.text());
            let (text, tokens) = read(caller.protocol, &answer, streamed);
            assert_eq!(
                (text.as_str(), tokens),
                ("hello wide world", [3, 9]),
                "{pair}"
            );
            assert_eq!(answer.text().contains(caller.terminal), streamed, "{pair}");
            assert_eq!(answer.header("x-tollhouse-mode"), Some("translated"));
            assert_eq!(
                answer.header("x-tollhouse-protocol"),
                Some(said.protocol.as_str())
            );
            assert_eq!(answer.header("x-tollhouse-model"), Some("asked"));
            assert_eq!(answer.header(caller.request_id()), Some("req-up"), "{pair}");
            let content = answer.header("content-type").unwrap();
            assert_eq!(content.starts_with("text/event-stream"), streamed);

            let calls = gateway.calls_when(1 + usize::from(!streamed)).await;
            let call = &calls[0];
            assert_eq!(
                (call.mode, call.outcome),
                (Mode::Translated, Outcome::Success)
            );
            assert_eq!(
                (call.protocol, call.protocol_sent),
                (Some(caller.protocol), Some(said.protocol))
            );
            assert_eq!(
                (call.usage.total_input(), call.usage.output),
                (Some(3), Some(9))
            );
            assert_eq!(call.bytes_out, answer.body.len() as u64);
            assert_eq!(call.upstream_request_id.as_deref(), Some("req-up"));
            assert_eq!((call.stream, call.attempts), (streamed, 1));
        }
        assert_eq!(upstream.seen().len(), 2, "nothing is asked twice");
        gateway.stop().await;
    }
}

#[tokio::test]
async fn the_upstream_gets_its_own_protocol_and_one_credential() {
    for (caller, said) in pairs() {
        let upstream = ScriptedUpstream::start().await;
        let gateway = only(&upstream.url, said.protocol, "").await;
        said.script(&upstream, true);
        let headers = [
            ("anthropic-beta", "x"),
            ("openai-organization", "o"),
            ("cookie", "a=b"),
            ("x-tollhouse-tags", "a=b"),
            ("user-agent", "agent/1"),
        ];
        let client = Client::new(&gateway.url);
        let path = format!("{}?beta=true", caller.path);
        client.post(&path, &headers, request(caller, true)).await;
        let seen = upstream.last();
        assert_eq!(seen.line(), format!("POST {} HTTP/1.1", said.path));
        assert_eq!(seen.header("content-type"), ["application/json"]);
        assert_eq!(seen.header("accept-encoding"), ["identity"]);
        assert_eq!(seen.header("user-agent"), ["agent/1"]);
        let version = seen.header("anthropic-version");
        assert_eq!(
            version.len(),
            usize::from(said.protocol == Protocol::Messages)
        );
        for foreign in [
            "anthropic-beta",
            "openai-organization",
            "cookie",
            "x-tollhouse-tags",
        ] {
            assert!(seen.header(foreign).is_empty(), "{foreign}");
        }
        let everything = format!("{}{}", seen.head, String::from_utf8_lossy(&seen.body));
        assert!(!everything.contains(KEY));
        assert_eq!(seen.head.matches(UPSTREAM_KEY).count(), 1);
        let body: Value = serde_json::from_slice(&seen.body).unwrap();
        assert_eq!(
            (&body["model"], &body["stream"]),
            (&"asked".into(), &true.into())
        );
        gateway.stop().await;
    }
}

#[tokio::test]
async fn a_vendor_that_only_streams_serves_those_who_do_not_and_the_other_way_round() {
    for (caller, said) in pairs() {
        for (quirk, upstream_streams) in [("stream_only", true), ("no_stream", false)] {
            let upstream = ScriptedUpstream::start().await;
            let quirks = format!("quirks = [\"{quirk}\"]");
            let gateway = only(&upstream.url, said.protocol, &quirks).await;
            for streamed in [true, false] {
                said.script(&upstream, upstream_streams);
                let client = Client::new(&gateway.url);
                let answer = client
                    .post(caller.path, &[], request(caller, streamed))
                    .await;
                assert_eq!(answer.status, 200, "{}", answer.text());
                let found = read(caller.protocol, &answer, streamed);
                assert_eq!(found, ("hello wide world".to_owned(), [3, 9]));
                assert_eq!(answer.text().contains(caller.terminal), streamed);
                let body: Value = serde_json::from_slice(&upstream.last().body).unwrap();
                let asked = body.get("stream").and_then(Value::as_bool).unwrap_or(false);
                assert_eq!(asked, upstream_streams, "{quirk}");
            }
            gateway.stop().await;
        }
    }
}

#[tokio::test]
async fn a_stream_is_passed_on_event_by_event() {
    for (caller, said) in pairs() {
        let upstream = ScriptedUpstream::start().await;
        let gateway = only(&upstream.url, said.protocol, "").await;
        let gate = std::sync::Arc::new(tokio::sync::Notify::new());
        let (first, rest) = said.events.split_at(said.first_text + 1);
        upstream.script(vec![
            Step::Write(stream(first)),
            Step::Gate(std::sync::Arc::clone(&gate)),
            Step::Write(crate::support::upstream::chunk(rest.concat().as_bytes())),
            Step::Write(last_chunk()),
        ]);
        let client = Client::new(&gateway.url);
        let asked = client.request(http::Method::POST, caller.path, &[], request(caller, true));
        let mut body = client.send(asked).await.into_body();
        let mut seen = String::new();
        // The text has to come through while the upstream still holds back the rest.
        while !seen.contains("hello") {
            let frame = body.frame().await.expect("more").unwrap();
            seen.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
        }
        assert!(!seen.contains(caller.terminal));
        gate.notify_one();
        let rest = body.collect().await.unwrap().to_bytes();
        assert!(
            std::str::from_utf8(&rest)
                .unwrap()
                .contains(caller.terminal)
        );
        gateway.stop().await;
    }
}
