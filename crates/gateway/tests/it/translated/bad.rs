//! What goes wrong: the caller hears of it in its own protocol, and the ledger too.

use std::sync::Arc;

use http_body_util::BodyExt;
use tokio::sync::Notify;
use tollhouse_domain::call::Outcome;
use tollhouse_wire::Protocol;

use super::said::{SAID, Said};
use super::{only, pairs, request};
use crate::support::SOON;
use crate::support::client::{Answer, Client};
use crate::support::dialect::{CHAT, DIALECTS, Dialect, MESSAGES, RESPONSES};
use crate::support::upstream::{ScriptedUpstream, Step, chunk, json, last_chunk, stream};

fn error_of(protocol: Protocol, kind: &str, code: &str, message: &str) -> String {
    match protocol {
        Protocol::Messages => {
            format!(r#"{{"type":"error","error":{{"type":"{kind}","message":"{message}"}}}}"#)
        }
        Protocol::Chat | Protocol::Responses => format!(
            r#"{{"error":{{"message":"{message}","type":"{kind}","param":null,"code":"{code}"}}}}"#
        ),
    }
}

async fn refused(caller: &Dialect, said: &Said, status: u16, body: &str) -> Answer {
    let upstream = ScriptedUpstream::start().await;
    let gateway = only(&upstream.url, said.protocol, "").await;
    upstream.script(vec![Step::Write(json(
        status,
        &[("retry-after", "7")],
        body,
    ))]);
    let client = Client::new(&gateway.url);
    let answer = client.post(caller.path, &[], request(caller, true)).await;
    let calls = gateway.calls_when(1).await;
    assert_eq!(calls[0].outcome, Outcome::UpstreamError);
    assert_eq!(calls[0].status, Some(answer.status.as_u16()));
    assert_eq!(
        answer.header("retry-after"),
        Some("7"),
        "it says when to come back"
    );
    assert_eq!(answer.header("content-type"), Some("application/json"));
    gateway.stop().await;
    answer
}

#[tokio::test]
async fn an_error_is_told_in_the_callers_envelope() {
    for (caller, said) in pairs() {
        let body = error_of(
            said.protocol,
            "rate_limit_error",
            "rate_limit_exceeded",
            "slow down",
        );
        let answer = refused(caller, said, 429, &body).await;
        assert_eq!(answer.status, 429);
        let expected = match caller.protocol {
            Protocol::Messages => "rate_limit_error",
            Protocol::Chat | Protocol::Responses => "rate_limit_exceeded",
        };
        assert_eq!(caller.error_name(&answer.json()), expected);
        assert!(
            answer.text().contains("slow down"),
            "in the provider's words"
        );
    }
}

#[tokio::test]
async fn a_full_window_is_told_in_the_words_each_client_acts_on() {
    for (caller, said) in pairs() {
        let message = match said.protocol {
            Protocol::Messages => "prompt is too long: 210000 tokens > 200000 maximum",
            Protocol::Chat | Protocol::Responses => {
                "This model's maximum context length is 200000 tokens. However, your messages resulted in 210000 tokens."
            }
        };
        let body = error_of(
            said.protocol,
            "invalid_request_error",
            "context_length_exceeded",
            message,
        );
        let answer = refused(caller, said, 400, &body).await;
        assert_eq!(answer.status, 400);
        let (json, text) = (answer.json(), answer.text());
        match caller.protocol {
            Protocol::Messages => {
                assert!(
                    text.contains("prompt is too long: 210000 tokens > 200000 maximum"),
                    "{text}"
                );
            }
            Protocol::Chat | Protocol::Responses => {
                assert_eq!(caller.error_name(&json), "context_length_exceeded");
            }
        }
    }
}

#[tokio::test]
async fn the_gateways_refused_credential_is_not_taken_for_the_callers() {
    for (caller, said) in pairs() {
        let body = error_of(
            said.protocol,
            "authentication_error",
            "invalid_api_key",
            "bad key",
        );
        let answer = refused(caller, said, 401, &body).await;
        assert!(
            answer
                .text()
                .contains("The provider refused the credential"),
            "{}",
            answer.text()
        );
    }
}

#[tokio::test]
async fn an_error_page_is_an_error_of_the_callers_protocol() {
    for (caller, said) in pairs() {
        let answer = refused(caller, said, 502, "<html>Bad Gateway</html>").await;
        assert_eq!(answer.status, 502);
        assert!(!answer.text().contains("html"));
        let expected = match caller.protocol {
            Protocol::Messages => "api_error",
            Protocol::Chat | Protocol::Responses => "server_error",
        };
        assert_eq!(answer.json()["error"]["type"], expected);
    }
}

#[tokio::test]
async fn an_answer_that_is_none_is_a_502() {
    for (caller, said) in pairs() {
        for body in ["", "{", "[]", "<html></html>", "{\"id\":1}"] {
            let upstream = ScriptedUpstream::start().await;
            let gateway = only(&upstream.url, said.protocol, "").await;
            upstream.json(200, body);
            let client = Client::new(&gateway.url);
            let answer = client.post(caller.path, &[], request(caller, false)).await;
            assert_eq!(answer.status, 502, "{body}: {}", answer.text());
            caller.error_name(&answer.json());
            let calls = gateway.calls_when(1).await;
            assert_eq!((calls.len(), calls[0].outcome), (1, Outcome::UpstreamError));
            gateway.stop().await;
        }
    }
}

/// What hostile or broken upstreams send after a proper beginning.
fn broken_rests() -> Vec<(&'static str, Vec<u8>)> {
    let mut endless = b"data: ".to_vec();
    endless.resize(40 * 1024 * 1024, b'x');
    vec![
        ("nothing more", Vec::new()),
        ("garbage", b"data: {\"type\":\n\n".to_vec()),
        (
            "invalid utf-8",
            b"data: {\"type\":\"\xff\xfe\"}\n\n".to_vec(),
        ),
        ("not json", b"data: <html>\n\n".to_vec()),
        ("an endless line", endless),
    ]
}

#[tokio::test]
async fn a_broken_stream_ends_in_an_error_of_the_callers_protocol() {
    for (caller, said) in pairs() {
        for (what, rest) in broken_rests() {
            let upstream = ScriptedUpstream::start().await;
            let gateway = only(&upstream.url, said.protocol, "").await;
            let begun = &said.events[..=said.first_text];
            upstream.script(vec![
                Step::Write(stream(begun)),
                Step::Write(if rest.is_empty() { rest } else { chunk(&rest) }),
                Step::Write(last_chunk()),
            ]);
            let client = Client::new(&gateway.url);
            let asked = client.request(http::Method::POST, caller.path, &[], request(caller, true));
            let (answer, cut) = client.seen(asked).await;
            let (text, pair) = (
                answer.text(),
                format!("{what}: {} to {}", caller.protocol, said.protocol),
            );
            assert!(cut, "{pair}: the connection says so as well");
            assert!(
                text.contains("hello wide"),
                "{pair}: what came is passed on"
            );
            assert!(!text.contains(caller.terminal), "{pair}: {text}");
            let told = match caller.protocol {
                Protocol::Messages => "event: error\n",
                Protocol::Chat => "data: {\"error\":",
                Protocol::Responses => "event: response.failed\n",
            };
            assert_eq!(text.matches(told).count(), 1, "{pair}: {text}");
            let calls = gateway.calls_when(1).await;
            assert_eq!(
                (calls.len(), calls[0].outcome),
                (1, Outcome::StreamError),
                "{pair}"
            );
            assert!(calls[0].error.is_some() && calls[0].estimated, "{pair}");
            gateway.stop().await;
        }
    }
}

#[tokio::test]
async fn what_came_in_one_piece_with_the_break_is_passed_on() {
    for (caller, said) in pairs() {
        let upstream = ScriptedUpstream::start().await;
        let gateway = only(&upstream.url, said.protocol, "").await;
        let begun = said.events[..=said.first_text].concat();
        let piece = format!("{begun}data: <html>\n\n");
        upstream.script(vec![
            Step::Write(stream(&[piece])),
            Step::Write(last_chunk()),
        ]);
        let client = Client::new(&gateway.url);
        let asked = client.request(http::Method::POST, caller.path, &[], request(caller, true));
        let (answer, cut) = client.seen(asked).await;
        assert!(
            cut && answer.text().contains("hello wide"),
            "{}",
            answer.text()
        );
        assert!(answer.text().contains("error"), "{}", answer.text());
        let calls = gateway.calls_when(1).await;
        assert_eq!(calls[0].bytes_out, answer.body.len() as u64);
        gateway.stop().await;
    }
}

#[tokio::test]
async fn a_delta_before_its_start_is_not_passed_on() {
    // A delta without its block, and one without its item.
    for (said, caller, delta) in [(&SAID[0], &CHAT, 2), (&SAID[2], &MESSAGES, 3)] {
        let upstream = ScriptedUpstream::start().await;
        let gateway = only(&upstream.url, said.protocol, "").await;
        upstream.script(vec![
            Step::Write(stream(&[said.events[0], said.events[delta]])),
            Step::Write(last_chunk()),
        ]);
        let client = Client::new(&gateway.url);
        let asked = client.request(http::Method::POST, caller.path, &[], request(caller, true));
        let (answer, _) = client.seen(asked).await;
        assert!(!answer.text().contains("hello"), "{}", answer.text());
        let calls = gateway.calls_when(1).await;
        assert_eq!(calls[0].outcome, Outcome::StreamError);
        gateway.stop().await;
    }
}

#[tokio::test]
async fn a_broken_stream_put_together_for_a_caller_that_does_not_stream_is_a_502() {
    for (caller, said) in pairs() {
        let upstream = ScriptedUpstream::start().await;
        let gateway = only(&upstream.url, said.protocol, "quirks = [\"stream_only\"]").await;
        let begun = &said.events[..=said.first_text];
        upstream.script(vec![Step::Write(stream(begun)), Step::Write(last_chunk())]);
        let client = Client::new(&gateway.url);
        let answer = client.post(caller.path, &[], request(caller, false)).await;
        assert_eq!(answer.status, 502, "{}", answer.text());
        let calls = gateway.calls_when(1).await;
        assert_eq!((calls.len(), calls[0].outcome), (1, Outcome::UpstreamError));
        gateway.stop().await;
    }
}

#[tokio::test]
async fn what_cannot_be_carried_is_refused_by_name_and_never_sent() {
    let cases = [
        (
            &CHAT,
            Protocol::Messages,
            r#"{"model":"m","messages":[{"role":"user","content":"x"}],"n":2}"#,
            "n",
        ),
        (
            &CHAT,
            Protocol::Responses,
            r#"{"model":"m","messages":[{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"","format":"wav"}}]}]}"#,
            "messages[0].content[0].type",
        ),
        (
            &RESPONSES,
            Protocol::Messages,
            r#"{"model":"m","input":"x","previous_response_id":"resp_1"}"#,
            "previous_response_id",
        ),
        (
            &RESPONSES,
            Protocol::Chat,
            r#"{"model":"m","input":"x","tools":[{"type":"code_interpreter"}]}"#,
            "tools[0].type",
        ),
        (
            &MESSAGES,
            Protocol::Chat,
            r#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":[{"type":"image","source":{"type":"file","file_id":"f"}}]}]}"#,
            "messages[0].content[0].source.type",
        ),
        (
            &MESSAGES,
            Protocol::Responses,
            r#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":5}]}"#,
            "messages[0].content",
        ),
    ];
    for (caller, protocol, body, path) in cases {
        let upstream = ScriptedUpstream::start().await;
        let gateway = only(&upstream.url, protocol, "").await;
        let client = Client::new(&gateway.url);
        let answer = client.post(caller.path, &[], body.to_owned()).await;
        assert_eq!(answer.status, 400, "{}", answer.text());
        let json = answer.json();
        let message = json["error"]["message"].as_str().unwrap();
        assert!(message.contains(&format!("`{path}`")), "{message}");
        if caller.protocol != Protocol::Messages {
            assert_eq!(json["error"]["param"], path);
        }
        assert!(upstream.seen().is_empty());
        let calls = gateway.calls_when(1).await;
        assert_eq!((calls.len(), calls[0].outcome), (1, Outcome::Refused));
        gateway.stop().await;
    }
}

#[tokio::test]
async fn a_caller_that_leaves_takes_the_upstream_request_with_it() {
    for (caller, said) in pairs() {
        for streamed in [true, false] {
            let upstream = ScriptedUpstream::start().await;
            let quirks = "quirks = [\"stream_only\"]";
            let gateway = only(&upstream.url, said.protocol, quirks).await;
            let gone = Arc::new(Notify::new());
            upstream.script(vec![
                Step::Write(stream(&said.events[..=said.first_text])),
                Step::AwaitClose(Arc::clone(&gone)),
            ]);
            let client = Client::new(&gateway.url);
            let asked = client.request(
                http::Method::POST,
                caller.path,
                &[],
                request(caller, streamed),
            );
            if streamed {
                let mut body = client.send(asked).await.into_body();
                body.frame().await.unwrap().unwrap();
            } else {
                let waiting = client.send(asked);
                let both = async { upstream.wait_seen(1).await };
                tokio::select! { _ = waiting => panic!("an answer"), () = both => {} }
            }
            drop(client);
            tokio::time::timeout(SOON, gone.notified())
                .await
                .expect("the upstream is let go");
            let calls = gateway.calls_when(1).await;
            assert_eq!(
                (calls.len(), calls[0].outcome),
                (1, Outcome::ClientDisconnect)
            );
            gateway.stop().await;
        }
    }
}

#[tokio::test]
async fn an_error_inside_the_stream_is_passed_on_once() {
    for (caller, said) in pairs() {
        let dialect = DIALECTS
            .iter()
            .find(|d| d.protocol == said.protocol)
            .unwrap();
        let upstream = ScriptedUpstream::start().await;
        let gateway = only(&upstream.url, said.protocol, "").await;
        let events: Vec<&str> = said.events[..=said.first_text]
            .iter()
            .copied()
            .chain([dialect.in_band_error])
            .collect();
        upstream.script(vec![
            Step::Write(stream(&events)),
            Step::Write(last_chunk()),
        ]);
        let client = Client::new(&gateway.url);
        let asked = client.request(http::Method::POST, caller.path, &[], request(caller, true));
        let (answer, _) = client.seen(asked).await;
        let text = answer.text();
        assert!(!text.contains(caller.terminal), "{text}");
        let told = match caller.protocol {
            Protocol::Messages => "event: error\n",
            Protocol::Chat => "data: {\"error\":",
            Protocol::Responses => "event: response.failed\n",
        };
        assert_eq!(text.matches(told).count(), 1, "{text}");
        let calls = gateway.calls_when(1).await;
        assert_eq!(calls[0].outcome, Outcome::StreamError);
        assert_eq!(calls[0].error.as_deref(), Some(dialect.in_band_code));
        gateway.stop().await;
    }
}
