//! Random events: whatever an upstream says, the hub's grammar is kept and nothing panics.

use proptest::prelude::*;

use super::*;
use crate::testing;

/// Events that are mostly right, so that the wrong ones come late.
fn event() -> impl Strategy<Value = Value> {
    let index = 0_u64..3;
    let block = prop_oneof![
        Just(json!({"type": "text", "text": "a"})),
        Just(json!({"type": "thinking", "thinking": "b", "signature": "c"})),
        Just(json!({"type": "redacted_thinking", "data": "d"})),
        Just(json!({"type": "tool_use", "id": "e", "name": "f", "input": {"g": 1}})),
        Just(json!({"type": "server_tool_use", "id": "h", "name": "web_search", "input": {}})),
        Just(json!({"type": "web_search_tool_result", "tool_use_id": "h", "content": []})),
        testing::value(),
    ];
    let piece = prop_oneof![
        Just(json!({"type": "text_delta", "text": "a"})),
        Just(json!({"type": "thinking_delta", "thinking": "b"})),
        Just(json!({"type": "signature_delta", "signature": "c"})),
        Just(json!({"type": "input_json_delta", "partial_json": "{}"})),
        Just(json!({"type": "brand_new"})),
        testing::value(),
    ];
    prop_oneof![
        1 => Just(start()),
        8 => (index.clone(), block).prop_map(|(index, block)| begin(index, &block)),
        8 => (index.clone(), piece).prop_map(|(index, piece)| delta(index, &piece)),
        8 => index.prop_map(stop),
        1 => Just(finish("tool_use", 3)[0].clone()),
        1 => Just(json!({"type": "message_stop"})),
        1 => Just(json!({"type": "ping"})),
        1 => testing::value(),
        1 => testing::value().prop_map(|error| json!({"type": "error", "error": error})),
    ]
}

proptest! {
    #[test]
    fn whatever_comes_the_events_keep_the_grammar(events in prop::collection::vec(event(), 0..30)) {
        let mut all = vec![start()];
        all.extend(events);
        // The law is checked on the way.
        let _ = stream(&all);
    }

    #[test]
    fn any_whole_body_is_read_or_refused(body in testing::value(), content in testing::value()) {
        for body in [body, json!({"content": content, "usage": content}), json!({"content": [content]})] {
            let mut law = Law::default();
            let _ = decode_whole(body.to_string().as_bytes(), &mut |event| law.take(&event));
        }
    }
}
