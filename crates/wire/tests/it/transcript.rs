//! Real clients' conversations, call after call: each is found to go on where the one before ended.

use tollhouse_wire::Protocol;
use tollhouse_wire::transcript::{Beginning, Follows, Histories, lines, read_request};

use crate::fixtures;

/// The recorded steps of a conversation, in order.
const STEPS: [&str; 5] = [
    "first",
    "parallel-results",
    "media-results",
    "edit-result",
    "compaction",
];

#[test]
fn recorded_conversations_go_on() {
    for (protocol, client, recorded) in [
        (Protocol::Messages, "claude-code", 5),
        (Protocol::Messages, "opencode", 4),
        (Protocol::Chat, "opencode", 4),
        (Protocol::Responses, "opencode", 4),
        (Protocol::Responses, "codex", 5),
        (Protocol::Responses, "codex-lite", 4),
    ] {
        let cases = fixtures::requests(protocol);
        let (mut histories, mut known, mut found) = (Histories::default(), 0, 0);
        for step in STEPS {
            let name = format!("{client}-{step}");
            let Some(case) = cases.iter().find(|case| case.name == name) else {
                continue;
            };
            let mut request = read_request(protocol, &case.bytes).unwrap();
            let said = lines(&mut request);
            let (new, follows) = histories.take(None, &said, &[]);
            let expected = match (client, step) {
                (_, "first") => (0, Follows::First),
                // It was recorded of a history that ends earlier.
                ("codex", "compaction") => (7, Follows::Rewritten),
                _ => (known, Follows::Continues),
            };
            assert_eq!((new, follows), expected, "{protocol:?} {name}");
            assert!(new < said.len(), "{protocol:?} {name}: it adds something");
            known = said.len();
            found += 1;
        }
        assert_eq!(found, recorded, "{protocol:?} {client}");
    }
}

/// Every how many bytes a recorded request is cut: not at the same place of every turn.
const STRIDE: usize = 61;

#[test]
fn of_a_request_that_was_cut_the_turns_before_are_read() {
    let (mut requests, mut partly) = (0, 0);
    for protocol in Protocol::ALL {
        for case in fixtures::requests(protocol) {
            let Ok(mut request) = read_request(protocol, &case.bytes) else {
                continue;
            };
            requests += 1;
            let whole = lines(&mut request);
            let mut before = 0;
            for at in (0..case.bytes.len()).step_by(STRIDE) {
                let Some(beginning) = Beginning::of(protocol, &case.bytes[..at]) else {
                    assert_eq!(before, 0, "{protocol:?} {}, cut at {at}", case.name);
                    continue;
                };
                let mut request = beginning.request().unwrap();
                let said = lines(&mut request);
                let start = &whole[..said.len().min(whole.len())];
                assert!(said == start, "{protocol:?} {} {at}", case.name);
                assert!(beginning.turns >= before, "{protocol:?} {} {at}", case.name);
                assert!(beginning.turns > 0);
                if beginning.all {
                    assert_eq!(said.len(), whole.len(), "{protocol:?} {}", case.name);
                } else {
                    partly += 1;
                }
                before = beginning.turns;
            }
        }
    }
    assert!(requests > 30, "{requests}");
    assert!(partly > 1_000, "{partly}");
}
