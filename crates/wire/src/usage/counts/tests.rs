use proptest::prelude::*;

use super::*;

fn usage(protocol: Protocol, raw: &str) -> (Usage, bool) {
    Counts::read(raw.as_bytes()).usage(protocol)
}

fn buckets(counts: [Option<u64>; 6]) -> Usage {
    Usage {
        input: counts[0],
        cache_read: counts[1],
        cache_write_5m: counts[2],
        cache_write_1h: counts[3],
        output: counts[4],
        reasoning: counts[5],
    }
}

#[test]
fn messages_counts_stand_beside_each_other() {
    let raw = r#"{"input_tokens":10,"cache_creation_input_tokens":70,"cache_read_input_tokens":300,
        "cache_creation":{"ephemeral_5m_input_tokens":50,"ephemeral_1h_input_tokens":20},"output_tokens":9,
        "output_tokens_details":{"thinking_tokens":4},"service_tier":"standard","server_tool_use":null}"#;
    let expected = buckets([Some(10), Some(300), Some(50), Some(20), Some(9), Some(4)]);
    assert_eq!(usage(Protocol::Messages, raw), (expected, false));
}

#[test]
fn cache_writes_without_a_full_breakdown_are_short_lived() {
    let writes = |raw| {
        let (usage, doubtful) = usage(Protocol::Messages, raw);
        (usage.cache_write_5m, usage.cache_write_1h, doubtful)
    };
    assert_eq!(
        writes(r#"{"cache_creation_input_tokens":7}"#),
        (Some(7), None, false)
    );
    assert_eq!(
        writes(r#"{"cache_creation_input_tokens":0}"#),
        (Some(0), None, false)
    );
    assert_eq!(
        writes(
            r#"{"cache_creation_input_tokens":9,"cache_creation":{"ephemeral_1h_input_tokens":4}}"#
        ),
        (Some(5), Some(4), false)
    );
    assert_eq!(
        writes(
            r#"{"cache_creation":{"ephemeral_5m_input_tokens":3,"ephemeral_1h_input_tokens":4}}"#
        ),
        (Some(3), Some(4), false)
    );
    assert_eq!(
        writes(
            r#"{"cache_creation_input_tokens":1,"cache_creation":{"ephemeral_1h_input_tokens":4}}"#
        ),
        (None, Some(4), true)
    );
}

#[test]
fn openai_counts_lie_inside_each_other() {
    let chat = r#"{"prompt_tokens":100,"prompt_tokens_details":{"cached_tokens":60,"cache_write_tokens":30,"audio_tokens":0},
        "completion_tokens":20,"completion_tokens_details":{"reasoning_tokens":15},"total_tokens":120}"#;
    let responses = r#"{"input_tokens":100,"input_tokens_details":{"cached_tokens":60,"cache_write_tokens":30},
        "output_tokens":20,"output_tokens_details":{"reasoning_tokens":15},"total_tokens":120}"#;
    let expected = buckets([Some(10), Some(60), Some(30), None, Some(20), Some(15)]);
    assert_eq!(usage(Protocol::Chat, chat), (expected, false));
    assert_eq!(usage(Protocol::Responses, responses), (expected, false));
    let hit = r#"{"prompt_tokens":10,"prompt_cache_hit_tokens":8,"prompt_cache_miss_tokens":2}"#;
    assert_eq!(
        usage(Protocol::Chat, hit).0,
        buckets([Some(2), Some(8), None, None, None, None])
    );
}

#[test]
fn embeddings_have_no_output() {
    let expected = buckets([Some(8), None, None, None, None, None]);
    assert_eq!(
        usage(Protocol::Chat, r#"{"prompt_tokens":8,"total_tokens":8}"#),
        (expected, false)
    );
}

#[test]
fn zero_and_absent_differ() {
    let (zero, _) = usage(
        Protocol::Chat,
        r#"{"prompt_tokens":0,"completion_tokens":null}"#,
    );
    assert_eq!(zero, buckets([Some(0), None, None, None, None, None]));
    assert!(!zero.is_empty());
    assert!(usage(Protocol::Chat, "{}").0.is_empty());
    assert_eq!(serde_json::to_string(&zero).unwrap(), r#"{"input":0}"#);
    assert_eq!(
        serde_json::from_str::<Usage>(r#"{"input":0}"#).unwrap(),
        zero
    );
}

#[test]
fn contradictions_are_clamped_and_reported() {
    let cached = r#"{"prompt_tokens":5,"prompt_tokens_details":{"cached_tokens":9}}"#;
    assert_eq!(
        usage(Protocol::Chat, cached),
        (buckets([Some(0), Some(9), None, None, None, None]), true)
    );
    let reasoning = r#"{"output_tokens":5,"output_tokens_details":{"reasoning_tokens":9}}"#;
    let expected = buckets([None, None, None, None, Some(5), Some(5)]);
    assert_eq!(usage(Protocol::Responses, reasoning), (expected, true));
}

#[test]
fn reasoning_counted_outside_is_added_only_if_the_total_proves_it() {
    let with_total = |total: u64| {
        let raw = format!(
            r#"{{"prompt_tokens":10,"completion_tokens":5,"completion_tokens_details":{{"reasoning_tokens":3}},"total_tokens":{total}}}"#
        );
        usage(Protocol::Chat, &raw).0.output
    };
    assert_eq!(with_total(18), Some(8));
    assert_eq!(with_total(15), Some(5));
    assert_eq!(with_total(99), Some(5));
}

#[test]
fn only_whole_numbers_are_counts() {
    assert_eq!(
        usage(Protocol::Chat, r#"{"prompt_tokens":12.0}"#).0.input,
        Some(12)
    );
    for bad in [
        "-1",
        "1.5",
        "1e3",
        "\"7\"",
        "[1]",
        "true",
        "99999999999999999999",
    ] {
        let raw = format!(r#"{{"prompt_tokens":{bad},"completion_tokens":2}}"#);
        let expected = buckets([None, None, None, None, Some(2), None]);
        assert_eq!(usage(Protocol::Chat, &raw), (expected, true), "{bad}");
    }
    assert!(usage(Protocol::Chat, r#"{"prompt_tokens":1"#).1);
}

proptest! {
    #[test]
    fn the_parts_of_a_consistent_prompt_add_up(input: u32, read: u32, write: u32, output: u32, reasoning: u32) {
        let (prompt, completion) = (
            u64::from(input) + u64::from(read) + u64::from(write),
            u64::from(output) + u64::from(reasoning),
        );
        let raw = format!(
            r#"{{"prompt_tokens":{prompt},"prompt_tokens_details":{{"cached_tokens":{read},"cache_write_tokens":{write}}},
            "completion_tokens":{completion},"completion_tokens_details":{{"reasoning_tokens":{reasoning}}}}}"#
        );
        let (usage, doubtful) = usage(Protocol::Chat, &raw);
        prop_assert!(!doubtful);
        prop_assert_eq!(usage.total_input(), Some(prompt));
        prop_assert_eq!(usage.input, Some(u64::from(input)));
        prop_assert_eq!(usage.output, Some(completion));
    }
}
