//! `OpenAI` chat completions.

use super::{Draft, MODEL, StampKind};

const USAGE: &str = r#""usage":{"prompt_tokens":1187,"completion_tokens":164,"total_tokens":1351,"prompt_tokens_details":{"cached_tokens":1024},"completion_tokens_details":{"reasoning_tokens":0}}"#;

pub(super) fn answer(text: &str) -> String {
    format!(
        r#"{{"id":"chatcmpl-BenchAnswer","object":"chat.completion","created":1767225600,"model":"{MODEL}","choices":[{{"index":0,"message":{{"role":"assistant","content":"{text}","refusal":null}},"logprobs":null,"finish_reason":"stop"}}],{USAGE},"system_fingerprint":"fp_bench"}}"#
    )
}

pub(super) fn stream(draft: &mut Draft, events: u32) {
    draft.push(r#"data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1767225600,"system_fingerprint":"fp_"#);
    draft.stamp(StampKind::Sent);
    draft.push("_");
    draft.stamp(StampKind::Received);
    draft.push(&format!(
        r#"","model":"{MODEL}","choices":[{{"index":0,"delta":{{"role":"assistant","content":""}},"finish_reason":null}}]}}"#
    ));
    draft.end();
    for number in 0..events.saturating_sub(4) {
        draft.push(&format!(
            r#"data: {{"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1767225600,"model":"{MODEL}","choices":[{{"index":0,"delta":{{"content":""#
        ));
        draft.say(number, 40);
        draft.push(r#""},"finish_reason":null}]}"#);
        draft.end();
    }
    draft.push(&format!(
        r#"data: {{"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1767225600,"model":"{MODEL}","choices":[{{"index":0,"delta":{{}},"finish_reason":"stop"}}]}}"#
    ));
    draft.end();
    draft.push(&format!(
        r#"data: {{"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1767225600,"model":"{MODEL}","choices":[],{USAGE}}}"#
    ));
    draft.end();
    draft.push("data: [DONE]");
    draft.end();
}

pub(super) fn request(turns: &str, stream: bool) -> String {
    // A stream asks for its usage chunk, as the real clients do.
    let options = if stream {
        r#","stream_options":{"include_usage":true}"#
    } else {
        ""
    };
    format!(
        r#"{{"model":"{MODEL}","messages":[{turns}],"max_tokens":32000{options},"stream":{stream}}}"#
    )
}
