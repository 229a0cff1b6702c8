use super::*;
use crate::payload::Script;

const APIS: [Api; 3] = [Api::Messages, Api::Chat, Api::Responses];

/// Whether a stream, cut into chunks of `size`, passes.
fn passes(api: Api, said: &str, bytes: &[u8], size: usize) -> bool {
    let mut reading = Reading::new(api, true, said);
    bytes.chunks(size).all(|chunk| reading.feed(chunk)) && reading.finish().is_ok()
}

#[test]
fn a_good_stream_passes_however_it_is_cut() {
    for api in APIS {
        let script = Script::stream(api, 20);
        for size in [1, 7, 300, script.bytes.len()] {
            assert!(passes(api, &script.said, &script.bytes, size), "{api:?}");
        }
    }
}

#[test]
fn an_event_lost_doubled_or_moved_is_noticed() {
    for api in APIS {
        let script = Script::stream(api, 20);
        let starts = std::iter::once(0).chain(script.ends.iter().copied());
        let events: Vec<&[u8]> = starts
            .zip(&script.ends)
            .map(|(start, end)| &script.bytes[start..*end])
            .collect();
        let passes = |events: &[&[u8]]| passes(api, &script.said, &events.concat(), 100);
        assert!(passes(&events));
        let mut lost = events.clone();
        lost.remove(10);
        assert!(!passes(&lost), "{api:?}");
        let mut doubled = events.clone();
        doubled.insert(10, events[10]);
        assert!(!passes(&doubled), "{api:?}");
        let mut moved = events.clone();
        moved.swap(9, 10);
        assert!(!passes(&moved), "{api:?}");
        assert!(!passes(&events[..19]), "{api:?}: no end");
        let mut twice = events.clone();
        twice.push(events[19]);
        assert!(!passes(&twice), "{api:?}: two ends");
        let mut behind = events.clone();
        behind.push(events[10]);
        assert!(!passes(&behind), "{api:?}: text behind the end");
    }
}

#[test]
fn a_whole_answer_must_say_the_same() {
    for api in APIS {
        let script = Script::answer(api, 1_024);
        let passes = |said: &str, bytes: &[u8]| {
            let mut reading = Reading::new(api, false, said);
            bytes.chunks(100).all(|chunk| reading.feed(chunk)) && reading.finish().is_ok()
        };
        assert!(passes(&script.said, &script.bytes));
        assert!(!passes(&script.said[1..], &script.bytes));
        assert!(!passes(&script.said, &script.bytes[..1_000]));
    }
}
