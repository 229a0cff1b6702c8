use serde_json::Value;

use super::*;

const APIS: [Api; 3] = [Api::Messages, Api::Chat, Api::Responses];

fn turns(request: &Value) -> &Vec<Value> {
    let turns = request.get("messages").or(request.get("input"));
    turns.unwrap().as_array().unwrap()
}

#[test]
fn work_is_json_of_the_exact_size_with_every_call_answered() {
    for api in APIS {
        for size in [200_000, 200_001, 1_048_576] {
            let body = request(api, Prompt::Work, size, false);
            assert_eq!(body.len(), size, "{api:?} {size}");
            let value: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(value["tools"].as_array().unwrap().len(), 20);
            let text = serde_json::to_string(turns(&value)).unwrap();
            let ids = match api {
                Api::Messages => [r#""id":"toolu"#, r#""tool_use_id":"toolu"#],
                Api::Chat => [r#""id":"toolu"#, r#""tool_call_id":"toolu"#],
                Api::Responses => [
                    r#""type":"function_call""#,
                    r#""type":"function_call_output""#,
                ],
            };
            let [calls, results] = ids.map(|id| text.matches(id).count());
            assert!(calls > 20, "{api:?} {calls}");
            assert_eq!(calls, results, "{api:?}");
        }
    }
}

/// The text that a client would put together.
fn said(api: Api, value: &Value) -> String {
    let text = match api {
        Api::Messages => &value["content"][0]["text"],
        Api::Chat => &value["choices"][0]["message"]["content"],
        Api::Responses => &value["output"][0]["content"][0]["text"],
    };
    text.as_str().unwrap().to_owned()
}

#[test]
fn what_is_said_is_the_text_that_a_reader_gets() {
    for api in APIS {
        let script = Script::answer(api, 1_024);
        let value: Value = serde_json::from_slice(&script.bytes).unwrap();
        assert!(script.said.len() > 200, "{api:?} {}", script.said.len());
        assert_eq!(script.said, said(api, &value), "{api:?}");
        let script = Script::stream(api, 20);
        let mut text = String::new();
        for data in data(&script) {
            let value: Value = serde_json::from_str(data).unwrap_or_default();
            let delta = match api {
                Api::Messages => &value["delta"]["text"],
                Api::Chat => &value["choices"][0]["delta"]["content"],
                Api::Responses => &value["delta"],
            };
            text.push_str(delta.as_str().unwrap_or_default());
        }
        assert_eq!(script.said, text, "{api:?}");
    }
}

/// The data of each event.
fn data(script: &Script) -> impl Iterator<Item = &str> {
    let starts = std::iter::once(0).chain(script.ends.iter().copied());
    starts.zip(&script.ends).map(|(start, end)| {
        let event = std::str::from_utf8(&script.bytes[start..*end]).unwrap();
        assert!(event.ends_with("\n\n"));
        event.trim_end().split_once("data: ").unwrap().1
    })
}

#[test]
fn responses_events_are_numbered_and_repeat_their_text() {
    let script = Script::stream(Api::Responses, 30);
    let events: Vec<Value> = data(&script)
        .map(|data| serde_json::from_str(data).unwrap())
        .collect();
    for (number, event) in events.iter().enumerate() {
        assert_eq!(event["sequence_number"], number);
    }
    let last = &events[29]["response"];
    assert_eq!(events[0]["response"]["id"], last["id"]);
    assert_eq!(said(Api::Responses, last), script.said);
}

#[test]
fn requests_are_json_of_the_exact_size_and_end_with_the_user() {
    for api in APIS {
        for size in [1_024, 1_025, 5_000, 102_400, 1_048_576] {
            for stream in [false, true] {
                let body = request(api, Prompt::Talk, size, stream);
                assert_eq!(body.len(), size, "{api:?} {size}");
                let value: Value = serde_json::from_slice(&body).unwrap();
                assert_eq!(value["stream"], stream);
                assert_eq!(value["model"], MODEL);
                assert_eq!(turns(&value).last().unwrap()["role"], "user");
            }
        }
    }
}

#[test]
fn answers_are_json_of_the_asked_size_with_usage() {
    for api in APIS {
        for size in [700, 1_024, 50_000] {
            let script = Script::answer(api, size);
            assert_eq!(script.bytes.len(), size);
            assert_eq!(script.ends, [size]);
            let value: Value = serde_json::from_slice(&script.bytes).unwrap();
            assert!(value["usage"].is_object());
        }
    }
}

#[test]
fn streams_have_the_asked_number_of_well_formed_events() {
    for api in APIS {
        for events in [MIN_EVENTS, 20, 100, 200] {
            let script = Script::stream(api, events);
            assert_eq!(script.ends.len(), usize::try_from(events).unwrap());
            assert_eq!(*script.ends.last().unwrap(), script.bytes.len());
            for data in data(&script) {
                if data != "[DONE]" {
                    serde_json::from_str::<Value>(data).unwrap();
                }
            }
        }
    }
}

#[test]
fn text_events_are_of_a_realistic_size_and_all_differ() {
    for api in APIS {
        let script = Script::stream(api, 100);
        let mut seen = std::collections::HashSet::new();
        for pair in script.ends[10..90].windows(2) {
            let event = &script.bytes[pair[0]..pair[1]];
            assert!((200..300).contains(&event.len()), "{} bytes", event.len());
            assert!(seen.insert(event));
        }
    }
}

#[test]
fn stamps_point_at_zeros_in_order_and_the_first_event_has_both() {
    for api in APIS {
        let script = Script::stream(api, 50);
        assert!(script.stamps.len() > 40);
        assert_eq!(script.stamps[0].kind, StampKind::Sent);
        assert_eq!(script.stamps[1].kind, StampKind::Received);
        assert!(script.stamps[1].at < script.ends[0]);
        let mut last = 0;
        for stamp in &script.stamps {
            assert!(stamp.at >= last);
            last = stamp.at + STAMP_DIGITS;
            assert_eq!(&script.bytes[stamp.at..last], NO_STAMP.as_bytes());
        }
    }
}
