use std::future::poll_fn;

use tokio::time::Instant;
use tollhouse_wire::Protocol;
use tollhouse_wire::dialect::Dialect;
use tollhouse_wire::translate::{Occasion, prepare};

use super::*;

/// A stream from a Chat upstream to a caller of `protocol`.
fn translated(protocol: Protocol, body: &str) -> Text {
    let occasion = Occasion {
        model: None,
        session: "s",
        id: "1",
        request: "call_1",
        now: 0,
    };
    let target = match protocol {
        Protocol::Chat => Protocol::Responses,
        Protocol::Messages | Protocol::Responses => Protocol::Chat,
    };
    let dialect = Dialect::new(target, "lab");
    let prepared = prepare(protocol, body.as_bytes(), &dialect, &occasion).unwrap();
    Text::new(Change::Translated(Box::new(prepared.answering.stream())))
}

#[tokio::test(start_paused = true)]
async fn a_client_that_hears_nothing_gets_a_sign_of_life_again_and_again() {
    let messages =
        r#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"x"}],"stream":true}"#;
    let chat = r#"{"model":"m","messages":[{"role":"user","content":"x"}],"stream":true}"#;
    let responses = r#"{"model":"m","input":"x","stream":true}"#;
    for (protocol, body, sign) in [
        (
            Protocol::Messages,
            messages,
            "event: ping\ndata: {\"type\":\"ping\"}\n\n",
        ),
        (Protocol::Chat, chat, ": keep-alive\n\n"),
        (Protocol::Responses, responses, ": keep-alive\n\n"),
    ] {
        let mut text = translated(protocol, body);
        let start = Instant::now();
        for times in 1..=3 {
            let bytes = poll_fn(|context| text.poll_keep_alive(context)).await;
            assert_eq!(bytes, sign);
            assert_eq!(start.elapsed(), PULSE * times);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_hears_something_is_left_alone() {
    let body =
        r#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"x"}],"stream":true}"#;
    let mut text = translated(Protocol::Messages, body);
    let waiting = poll_fn(|context| text.poll_keep_alive(context));
    let early = tokio::time::timeout(PULSE / 2, waiting).await;
    assert!(early.is_err());
    let chunk = "data: {\"id\":\"c\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"a\"}}]}\n\n";
    assert!(!text.push(Bytes::from(chunk)).unwrap().is_empty());
    let start = Instant::now();
    poll_fn(|context| text.poll_keep_alive(context)).await;
    assert_eq!(start.elapsed(), PULSE);
}

#[tokio::test(start_paused = true)]
async fn bytes_that_pass_as_they_are_get_no_company() {
    let mut text = Text::new(Change::None);
    let waiting = poll_fn(|context| text.poll_keep_alive(context));
    let long = tokio::time::timeout(Duration::from_hours(1), waiting).await;
    assert!(long.is_err());
}
