use serde_json::Value;

use super::*;

const APIS: [Api; 2] = [Api::Messages, Api::Chat];

#[test]
fn requests_are_json_of_the_exact_size_and_end_with_the_user() {
    for api in APIS {
        for size in [1_024, 1_025, 5_000, 102_400, 1_048_576] {
            for stream in [false, true] {
                let body = request(api, size, stream);
                assert_eq!(body.len(), size, "{api:?} {size}");
                let value: Value = serde_json::from_slice(&body).unwrap();
                assert_eq!(value["stream"], stream);
                assert_eq!(value["model"], MODEL);
                let turns = value["messages"].as_array().unwrap();
                assert_eq!(turns.last().unwrap()["role"], "user");
                assert_eq!(wants_stream(&body[body.len() - 64..]), stream);
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
            let mut start = 0;
            for end in &script.ends {
                let event = std::str::from_utf8(&script.bytes[start..*end]).unwrap();
                assert!(event.ends_with("\n\n"));
                let data = event.trim_end().split_once("data: ").unwrap().1;
                if data != "[DONE]" {
                    serde_json::from_str::<Value>(data).unwrap();
                }
                start = *end;
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

#[test]
fn filler_is_valid_json_at_every_offset_and_length() {
    for offset in 0..FILLER.len() {
        for room in [1, 7, 40, 96] {
            let text = filler(offset, room);
            assert_eq!(text.len(), room);
            let quoted = format!("\"{text}\"");
            serde_json::from_str::<String>(&quoted).expect(&quoted);
        }
    }
}
