//! `OpenAI` Responses.

use super::{Draft, MODEL, StampKind};

const ITEM: &str = "msg_BenchItem00000000000000000000000000000000000000";

/// The members of a response that stand behind its output.
const REST: &str = r#""parallel_tool_calls":true,"previous_response_id":null,"reasoning":{"effort":null,"summary":null},"service_tier":"default","store":false,"temperature":1.0,"text":{"format":{"type":"text"},"verbosity":"medium"},"tool_choice":"auto","tools":[],"top_logprobs":0,"top_p":1.0,"truncation":"disabled","#;

const USAGE: &str = r#""usage":{"input_tokens":1187,"input_tokens_details":{"cached_tokens":1024},"output_tokens":164,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":1351},"user":null,"metadata":{}"#;

/// The members of a response up to its output.
fn head(id: &str, status: &str) -> String {
    format!(
        r#""id":"{id}","object":"response","created_at":1767225600,"status":"{status}","background":false,"error":null,"incomplete_details":null,"instructions":null,"max_output_tokens":null,"model":"{MODEL}","#
    )
}

fn part(text: &str) -> String {
    format!(r#"{{"type":"output_text","annotations":[],"logprobs":[],"text":"{text}"}}"#)
}

fn item(status: &str, parts: &str) -> String {
    format!(
        r#"{{"id":"{ITEM}","type":"message","status":"{status}","content":[{parts}],"role":"assistant"}}"#
    )
}

/// Shorter than a vendor's by what it repeats of the request, so that 1 KB holds some text.
pub(super) fn answer(text: &str) -> String {
    let head = head("resp_BenchAnswer", "completed");
    let item = item("completed", &part(text));
    format!(r#"{{{head}"output":[{item}],{USAGE}}}"#)
}

/// Eight events around the text, the last four of which repeat it whole, as the vendor's do.
pub(super) fn stream(draft: &mut Draft, events: u32) {
    let id = opening(draft);
    let pieces = events.saturating_sub(8);
    for number in 0..pieces {
        begin(draft, "response.output_text.delta", number + 4);
        draft.push(&format!(
            r#","item_id":"{ITEM}","output_index":0,"content_index":0,"delta":""#
        ));
        draft.say(number, 40);
        draft.push(r#"","logprobs":[]}"#);
        draft.end();
    }
    let text = draft.said.clone();
    let at = format!(r#","item_id":"{ITEM}","output_index":0,"content_index":0"#);
    let part = part(&text);
    let item = item("completed", &part);
    let head = head(&id, "completed");
    let endings = [
        (
            "response.output_text.done",
            format!(r#"{at},"text":"{text}","logprobs":[]}}"#),
        ),
        (
            "response.content_part.done",
            format!(r#"{at},"part":{part}}}"#),
        ),
        (
            "response.output_item.done",
            format!(r#","output_index":0,"item":{item}}}"#),
        ),
        (
            "response.completed",
            format!(r#","response":{{{head}"output":[{item}],{REST}{USAGE}}}}}"#),
        ),
    ];
    for ((name, rest), number) in endings.into_iter().zip(pieces + 4..) {
        begin(draft, name, number);
        draft.push(&rest);
        draft.end();
    }
}

/// The first four events; returns the response's id, with its stamps as zeros.
fn opening(draft: &mut Draft) -> String {
    let rest = format!(r#""output":[],{REST}"usage":null,"user":null,"metadata":{{}}}}}}"#);
    begin(draft, "response.created", 0);
    draft.push(r#","response":{"id":"resp_"#);
    let start = draft.text.len() - "resp_".len();
    draft.stamp(StampKind::Sent);
    draft.push("_");
    draft.stamp(StampKind::Received);
    let id = draft.text[start..].to_owned();
    let head = head(&id, "in_progress");
    let behind_id = head.split_once(',').map_or("", |(_, rest)| rest);
    draft.push(&format!(r#"",{behind_id}{rest}"#));
    draft.end();
    begin(draft, "response.in_progress", 1);
    draft.push(&format!(r#","response":{{{head}{rest}"#));
    draft.end();
    begin(draft, "response.output_item.added", 2);
    let item = item("in_progress", "");
    draft.push(&format!(r#","output_index":0,"item":{item}}}"#));
    draft.end();
    begin(draft, "response.content_part.added", 3);
    let part = part("");
    draft.push(&format!(
        r#","item_id":"{ITEM}","output_index":0,"content_index":0,"part":{part}}}"#
    ));
    draft.end();
    id
}

fn begin(draft: &mut Draft, name: &str, number: u32) {
    draft.push(&format!(
        "event: {name}\ndata: {{\"type\":\"{name}\",\"sequence_number\":{number}"
    ));
}

pub(super) fn request(turns: &str, stream: bool) -> String {
    format!(
        r#"{{"model":"{MODEL}","input":[{turns}],"tools":[],"store":false,"include":["reasoning.encrypted_content"],"prompt_cache_key":"6f0a3b52-9d1c-4c7e-8a55-1f2e3d4c5b6a","stream":{stream}}}"#
    )
}
