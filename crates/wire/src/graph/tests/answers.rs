//! What the Graph answers.

use super::*;

const ID: &str = "d0f6bffa-49d4-43c6-b93b-e7183f92b765";

fn said(text: &str) -> Value {
    json!({
        "@odata.type": "#microsoft.graph.copilotConversationResponseMessage", "id": "x", "text": text,
        "createdDateTime": "2025-09-30T22:00:49Z", "adaptiveCards": [], "attributions": [],
        "sensitivityLabel": {"displayName": null},
    })
}

/// The conversation as an event has it.
fn update(messages: &[Value]) -> Value {
    json!({
        "id": ID, "agentId": null, "createdDateTime": "2025-09-30T22:00:45Z",
        "displayName": "Intermediate Conversation Update", "state": "active", "turnCount": 0,
        "messages": messages,
    })
}

fn stream(events: &[Value]) -> String {
    let event = |(number, event): (usize, &Value)| format!("data: {event}\nid:{number}\n\n");
    events.iter().enumerate().map(event).collect()
}

/// A stream as the documentation has it.
fn documented() -> Vec<Value> {
    vec![
        update(&[]),
        update(&[said("Hel")]),
        update(&[said("Hello, w")]),
        update(&[said("Hello, world")]),
        update(&[]),
        update(&[said("hi"), said("Hello, world")]),
    ]
}

fn hi(caller: Protocol, stream: bool) -> Value {
    match caller {
        Protocol::Messages => {
            json!({"model": "m", "max_tokens": 9, "stream": stream, "messages": [{"role": "user", "content": "hi"}]})
        }
        Protocol::Chat => {
            let options = json!({"include_usage": true});
            let messages = json!([{"role": "user", "content": "hi"}]);
            if stream {
                json!({"model": "m", "stream": true, "stream_options": options, "messages": messages})
            } else {
                json!({"model": "m", "messages": messages})
            }
        }
        Protocol::Responses => json!({"model": "m", "stream": stream, "input": "hi"}),
    }
}

/// What a caller gets for a stream, cut into pieces of `size` bytes.
fn streamed(caller: Protocol, events: &str, size: usize) -> Result<String, Malformed> {
    let answering = prepared(caller, &hi(caller, true)).unwrap().answering;
    let mut translator = answering.stream();
    let mut out = Vec::new();
    for piece in events.as_bytes().chunks(size) {
        translator.push(piece, &mut out)?;
    }
    translator.finish(&mut out)?;
    Ok(String::from_utf8(out).unwrap())
}

fn read(body: &Value) -> Result<Answer, Malformed> {
    let mut answer = Answer::default();
    crate::graph::decode_whole(body.to_string().as_bytes(), &mut |event| answer.take(event))?;
    Ok(answer)
}

#[test]
fn a_growing_text_becomes_the_pieces_it_grows_by() {
    for caller in Protocol::ALL {
        let whole = streamed(caller, &stream(&documented()), usize::MAX).unwrap();
        for piece in ["Hel", "lo, w", "orld"] {
            assert_eq!(
                whole.matches(&format!(":\"{piece}\"")).count(),
                1,
                "{whole}"
            );
        }
        assert!(whole.contains("microsoft-365-copilot"), "{whole}");
        for size in [1, 7, 100] {
            let cut = streamed(caller, &stream(&documented()), size).unwrap();
            assert_eq!(cut, whole, "{caller}");
        }
    }
}

#[test]
fn whole_and_streamed_answers_are_the_same() {
    for caller in Protocol::ALL {
        let answering = || prepared(caller, &hi(caller, false)).unwrap().answering;
        let whole = update(&[said("hi"), said("Hello, world")]).to_string();
        let Finished::Answer(whole) = answering().whole(whole.as_bytes()).unwrap() else {
            panic!("it has not failed");
        };
        let mut gathering = answering().gather();
        let mut none = Vec::new();
        gathering
            .push(stream(&documented()).as_bytes(), &mut none)
            .unwrap();
        gathering.finish(&mut none).unwrap();
        let Finished::Answer(gathered) = gathering.gathered() else {
            panic!("it has not failed");
        };
        assert_eq!(whole, gathered, "{caller}");
        let whole = String::from_utf8(whole).unwrap();
        assert!(whole.contains("Hello, world"), "{whole}");
    }
}

#[test]
fn tokens_nobody_counted_are_not_told_as_none() {
    let answering = prepared(Protocol::Chat, &hi(Protocol::Chat, false))
        .unwrap()
        .answering;
    let body = update(&[said("hi"), said("x")]).to_string();
    let Finished::Answer(body) = answering.whole(body.as_bytes()).unwrap() else {
        panic!("it has not failed");
    };
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert!(body.get("usage").is_none_or(Value::is_null), "{body}");
    let streamed = streamed(Protocol::Chat, &stream(&documented()), 64).unwrap();
    assert!(!streamed.contains("prompt_tokens"), "{streamed}");
}

#[test]
fn sources_are_those_that_are_cited() {
    let mut answer = said("It is on Monday.[^1^]");
    answer["attributions"] = json!([
        {"attributionType": "annotation", "providerDisplayName": "", "seeMoreWebUrl": "https://a/person"},
        {"attributionType": "citation", "providerDisplayName": "Standup", "seeMoreWebUrl": "https://a/event"},
        {"attributionType": "citation", "providerDisplayName": "nowhere", "seeMoreWebUrl": ""},
    ]);
    let read = read(&update(&[said("hi"), answer.clone()])).unwrap();
    let [block] = read.blocks.as_slice() else {
        panic!("one block")
    };
    assert!(matches!(block.content, Content::Text));
    let sources: Vec<_> = block
        .sources
        .iter()
        .map(|hit| (&*hit.url, &*hit.title))
        .collect();
    assert_eq!(sources, [("https://a/event", "Standup")]);
    // Told once, however often they come.
    let mut events = documented();
    let last = update(&[said("hi"), answer.clone()]);
    events.splice(1.., [update(&[answer]), last.clone(), last]);
    let streamed = streamed(Protocol::Responses, &stream(&events), 64).unwrap();
    assert_eq!(
        streamed
            .matches("response.output_text.annotation.added\"")
            .count(),
        1,
        "{streamed}"
    );
}

#[test]
fn an_answer_has_an_end_or_is_broken() {
    let mut events = documented();
    events.pop();
    for (events, why) in [
        (events, Malformed::TRUNCATED),
        (vec![], Malformed::TRUNCATED),
        (
            vec![
                update(&[said("Hello")]),
                update(&[said("hi"), said("Help")]),
            ],
            Malformed("the answer takes back what it said"),
        ),
        // It seemed to be whole, went on, and was cut there.
        (
            vec![
                update(&[said("hi"), said("Hello")]),
                update(&[said("Hello, w")]),
            ],
            Malformed::TRUNCATED,
        ),
        (
            vec![json!([])],
            Malformed("a conversation has a member of the wrong type"),
        ),
        (
            vec![json!({"messages": [{"text": 3}]})],
            Malformed("a conversation has a member of the wrong type"),
        ),
    ] {
        for caller in Protocol::ALL {
            assert_eq!(streamed(caller, &stream(&events), 64).unwrap_err(), why);
        }
    }
    for body in [
        json!({}),
        json!({"messages": []}),
        json!({"messages": null}),
        json!([]),
    ] {
        read(&body).unwrap_err();
    }
}

#[test]
fn what_the_vendor_does_not_go_on_with_is_refused() {
    let mut body = update(&[said("hi"), said("")]);
    body["state"] = "disengagedForRai".into();
    let refused = read(&body).unwrap();
    assert!(refused.blocks.is_empty());
    assert_eq!(refused.stop.unwrap().reason, StopReason::Refusal);
    body["state"] = "active".into();
    assert_eq!(
        read(&body).unwrap().stop.unwrap().reason,
        StopReason::EndTurn
    );
}

/// It may end a conversation before it has said anything, in the middle, or by saying something else.
#[test]
fn a_refusal_needs_no_answer() {
    let ended = |messages: &[Value]| {
        let mut event = update(messages);
        event["state"] = "disengagedForRai".into();
        event
    };
    for body in [ended(&[]), json!({"id": ID, "state": "disengagedForRai"})] {
        let refused = read(&body).unwrap();
        assert_eq!(refused.stop.unwrap().reason, StopReason::Refusal, "{body}");
    }
    let mut stateless = update(&[]);
    stateless.as_object_mut().unwrap().remove("state");
    for last in [
        ended(&[]),
        ended(&[said("Hello")]),
        ended(&[said("Let us talk of something else.")]),
        ended(&[said("hi"), said("Let us talk of something else.")]),
    ] {
        let events = [update(&[said("Hello")]), last, stateless.clone()];
        let out = streamed(Protocol::Messages, &stream(&events), 64).unwrap();
        assert!(out.contains(r#""stop_reason":"refusal""#), "{out}");
        assert!(!out.contains("something else"), "{out}");
    }
    let out = streamed(Protocol::Messages, &stream(&[ended(&[])]), 64).unwrap();
    assert!(out.contains(r#""stop_reason":"refusal""#), "{out}");
}

#[test]
fn an_error_in_a_stream_ends_it() {
    let error = json!({"error": {"code": "TooManyRequests", "message": "Slow down."}});
    let events = [
        update(&[said("Hel")]),
        error.clone(),
        update(&[said("Hello")]),
    ];
    for caller in Protocol::ALL {
        let out = streamed(caller, &stream(&events), 64).unwrap();
        assert!(out.contains("Slow down."), "{out}");
        assert!(!out.contains(":\"lo\""), "{out}");
    }
    assert_eq!(
        read(&error).unwrap().failure.unwrap().class,
        Class::RateLimited
    );
}

/// Half a character is no reason to lose the answer, and a text that was asked to end it does.
#[test]
fn what_every_answer_goes_through_is_done_to_this_one() {
    let broken = stream(&documented()).replace("Hel", "\\ud83d");
    let out = streamed(Protocol::Chat, &broken, 64).unwrap();
    assert!(out.contains('\u{fffd}'), "{out}");
    let mut body = hi(Protocol::Messages, true);
    body["stop_sequences"] = json!(["wor"]);
    let answering = prepared(Protocol::Messages, &body).unwrap().answering;
    let mut translator = answering.stream();
    let mut out = Vec::new();
    translator
        .push(stream(&documented()).as_bytes(), &mut out)
        .unwrap();
    translator.finish(&mut out).unwrap();
    let out = String::from_utf8(out).unwrap();
    assert!(
        out.contains(r#""stop_sequence":"wor""#) && !out.contains("orld"),
        "{out}"
    );
}
