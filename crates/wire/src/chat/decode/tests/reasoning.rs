//! How much to think, and other words of other vendors.

use super::*;
use crate::conversation::{Effort, Reasoning, Thinking};

#[test]
fn thinking_is_read_in_the_words_of_others() {
    let all = |effort, thinking, shown| Reasoning {
        effort,
        thinking,
        shown,
    };
    for (given, expected) in [
        (
            json!({"reasoning": {"effort": "high"}}),
            all(Some(Effort::High), None, None),
        ),
        (
            json!({"reasoning": {"max_tokens": 2000, "exclude": true}}),
            all(None, Some(Thinking::Budget(2000)), Some(false)),
        ),
        (
            json!({"reasoning": {"enabled": true, "exclude": false}}),
            all(None, Some(Thinking::Adaptive), Some(true)),
        ),
        (
            json!({"reasoning": {"enabled": true, "effort": "low"}}),
            all(Some(Effort::Low), None, None),
        ),
        (
            json!({"reasoning": {"enabled": false, "max_tokens": 2000}}),
            all(None, Some(Thinking::Disabled), None),
        ),
        (
            json!({"reasoning": {"effort": "low"}, "reasoning_effort": "high"}),
            all(Some(Effort::High), None, None),
        ),
        (json!({"reasoning": {}}), Reasoning::default()),
        (
            json!({"thinking": {"type": "enabled", "budget_tokens": 4000}}),
            all(None, Some(Thinking::Budget(4000)), None),
        ),
        (
            json!({"thinking": {"type": "enabled"}}),
            all(None, Some(Thinking::Adaptive), None),
        ),
        (
            json!({"thinking": {"type": "disabled"}, "reasoning": null}),
            all(None, Some(Thinking::Disabled), None),
        ),
        (
            json!({"thinking": {"type": "disabled"}, "reasoning": {"max_tokens": 2000}}),
            all(None, Some(Thinking::Budget(2000)), None),
        ),
    ] {
        let mut body = saying(json!([{"role": "user", "content": "hi"}]));
        let members = body.as_object_mut().unwrap();
        members.extend(given.as_object().unwrap().clone());
        read(&body, |request| {
            assert_eq!(request.reasoning, expected, "{given}");
            assert!(request.losses.is_empty());
        });
    }
    for (name, value, path) in [
        ("reasoning", json!("high"), "reasoning"),
        ("reasoning", json!({"effort": "huge"}), "reasoning.effort"),
        ("thinking", json!({}), "thinking.type"),
        ("thinking", json!({"type": "deep"}), "thinking.type"),
    ] {
        assert_eq!(refusals::path(&with(name, value)), path);
    }
}

#[test]
fn a_blank_thought_is_none() {
    for field in ["reasoning_content", "reasoning"] {
        let mut message = json!({"role": "assistant", "content": "a"});
        message[field] = json!(" \n");
        read(&saying(json!([message])), |request| {
            assert_eq!(texts(&request.turns[0].parts), ["a"]);
        });
    }
}

#[test]
fn the_other_words_of_others_are_read() {
    read(&with("top_k", json!(40)), |request| {
        assert_eq!(request.sampling.top_k, Some(40));
    });
    read(&with("usage", json!({"include": true})), |request| {
        assert!(request.losses.is_empty());
    });
}

#[test]
fn cache_marks_are_read_on_parts_and_tools() {
    let hour = json!({"type": "ephemeral", "ttl": "1h"});
    let short = json!({"type": "ephemeral"});
    let image = json!({"url": "https://x/y.png"});
    let mut body = saying(json!([
        {"role": "system", "content": [{"type": "text", "text": "s", "cache_control": hour}]},
        {"role": "user", "content": [
            {"type": "text", "text": "a", "cache_control": short},
            {"type": "image_url", "image_url": image, "cache_control": hour},
            {"type": "text", "text": "b", "cache_control": null},
        ]},
    ]));
    body["tools"] = json!([
        {"type": "function", "function": {"name": "f"}, "cache_control": hour},
        {"type": "function", "function": {"name": "g", "cache_control": short}},
        {"type": "function", "function": {"name": "h"}},
    ]);
    read(&body, |request| {
        assert_eq!(request.system[0].cache, Some(CacheMark::Hour));
        let marks = request.turns[0].parts.iter().map(|part| match part {
            Part::Text(said) => said.cache,
            Part::Image(image) => image.cache,
            _ => panic!("another part"),
        });
        assert!(marks.eq([Some(CacheMark::Short), Some(CacheMark::Hour), None]));
        let marks = request.tools.iter().map(|tool| match tool {
            Tool::Client(tool) => tool.cache,
            Tool::WebSearch(_) => panic!("another tool"),
        });
        assert!(marks.eq([Some(CacheMark::Hour), Some(CacheMark::Short), None]));
    });
}
