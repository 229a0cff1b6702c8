//! Anthropic Messages.

use super::{Draft, MODEL, StampKind};

const USAGE: &str = r#""cache_creation_input_tokens":0,"cache_read_input_tokens":18432,"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":0},"service_tier":"standard""#;

pub(super) fn answer(text: &str) -> String {
    format!(
        r#"{{"id":"msg_01BenchAnswer0000000000","type":"message","role":"assistant","model":"{MODEL}","content":[{{"type":"text","text":"{text}"}}],"stop_reason":"end_turn","stop_sequence":null,"usage":{{"input_tokens":1187,{USAGE},"output_tokens":164}}}}"#
    )
}

pub(super) fn stream(draft: &mut Draft, events: u32) {
    draft.push(
        r#"event: message_start
data: {"type":"message_start","message":{"id":"msg_"#,
    );
    draft.stamp(StampKind::Sent);
    draft.push("_");
    draft.stamp(StampKind::Received);
    draft.push(&format!(
        r#"","type":"message","role":"assistant","model":"{MODEL}","content":[],"stop_reason":null,"stop_sequence":null,"usage":{{"input_tokens":1187,{USAGE},"output_tokens":1}}}}}}"#
    ));
    draft.end();
    draft.push(
        r#"event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
    );
    draft.end();
    for number in 0..events.saturating_sub(5) {
        draft.push(
            r#"event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":""#,
        );
        draft.say(number, 96);
        draft.push(r#""}}"#);
        draft.end();
    }
    draft.push(
        r#"event: content_block_stop
data: {"type":"content_block_stop","index":0}"#,
    );
    draft.end();
    draft.push(&format!(
        r#"event: message_delta
data: {{"type":"message_delta","delta":{{"stop_reason":"end_turn","stop_sequence":null}},"usage":{{"input_tokens":1187,"cache_creation_input_tokens":0,"cache_read_input_tokens":18432,"output_tokens":{}}}}}"#,
        events * 28
    ));
    draft.end();
    draft.push(
        r#"event: message_stop
data: {"type":"message_stop"}"#,
    );
    draft.end();
}

pub(super) fn request(turns: &str, stream: bool) -> String {
    const SESSION: &str = "6f0a3b52-9d1c-4c7e-8a55-1f2e3d4c5b6a";
    format!(
        r#"{{"model":"{MODEL}","messages":[{turns}],"system":[{{"type":"text","text":"You are a coding agent.","cache_control":{{"type":"ephemeral"}}}}],"tools":[],"metadata":{{"user_id":"{{\"device_id\":\"bench\",\"session_id\":\"{SESSION}\"}}"}},"max_tokens":32000,"stream":{stream}}}"#
    )
}
