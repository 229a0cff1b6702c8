//! Real clients' conversations, call after call: each is found to go on where the one before ended.

use tollhouse_wire::Protocol;
use tollhouse_wire::transcript::{Follows, Histories, lines, read_request};

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
