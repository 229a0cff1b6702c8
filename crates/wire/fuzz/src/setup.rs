//! Callers, targets and requests, by the first bytes of an input.

use serde_json::{Value, json};
use tollhouse_wire::Protocol;
use tollhouse_wire::dialect::{Dialect, Quirk};
use tollhouse_wire::translate::{Answering, Occasion, prepare};

/// Name of the provider: tokens in the seeds are sealed for it.
const VENDOR: &str = "lab";

/// A caller and a target that speak different protocols.
pub fn pair(pick: u8) -> (Protocol, Protocol) {
    let [messages, chat, responses] = Protocol::ALL;
    match pick % 6 {
        0 => (messages, chat),
        1 => (messages, responses),
        2 => (chat, messages),
        3 => (chat, responses),
        4 => (responses, messages),
        _ => (responses, chat),
    }
}

/// A target with any of the quirks: one bit each.
pub fn dialect(protocol: Protocol, quirks: u32) -> Dialect {
    let chosen = Quirk::ALL.iter().enumerate();
    let chosen = chosen.filter(|(bit, _)| quirks.checked_shr(*bit as u32).unwrap_or(0) & 1 == 1);
    Dialect::new(protocol, VENDOR).with(chosen.map(|(_, quirk)| *quirk))
}

/// A call like any other.
pub fn occasion() -> Occasion<'static> {
    Occasion {
        model: None,
        session: "session",
        id: "0198c0de",
        request: "req_0198",
        now: 1_760_000_000,
    }
}

/// How the answer to a request of `caller` is turned back; `options` says what the request was like.
pub fn answering(caller: Protocol, upstream: Protocol, options: u8, stream: bool) -> Answering {
    let bare = options & 1 != 0;
    let hidden = options & 2 != 0;
    let usage = options & 4 != 0;
    let compact = options & 8 != 0;
    let mut body = match caller {
        Protocol::Messages => messages(bare, hidden),
        Protocol::Chat => chat(bare, usage),
        Protocol::Responses => responses(bare, hidden, compact),
    };
    body["model"] = json!("m");
    body["stream"] = json!(stream);
    // Free text that the target takes as such is not wrapped, which is the simpler case.
    let target = Dialect::new(upstream, VENDOR);
    prepare(caller, body.to_string().as_bytes(), &target, &occasion())
        .unwrap_or_else(|unfit| panic!("{}", unfit.sentence()))
        .answering
}

fn messages(bare: bool, hidden: bool) -> Value {
    let mut body = json!({"max_tokens": 4096, "messages": [{"role": "user", "content": "hi"}]});
    if !bare {
        let long = "get_".repeat(25);
        body["stop_sequences"] = json!(["wide", "\n\nH", "aab"]);
        body["tools"] = json!([
            {"name": "get", "input_schema": {"type": "object"}},
            {"name": long, "input_schema": {"type": "object"}},
        ]);
    }
    if hidden {
        body["thinking"] = json!({"type": "adaptive", "display": "omitted"});
    }
    body
}

fn chat(bare: bool, usage: bool) -> Value {
    let mut body = json!({"messages": [{"role": "user", "content": "hi"}]});
    if !bare {
        body["stop"] = json!(["wide", "\n\nH", "aab"]);
        body["tools"] = json!([
            {"type": "function", "function": {"name": "get"}},
            {"type": "custom", "custom": {"name": "edit"}},
        ]);
    }
    if usage {
        body["stream_options"] = json!({"include_usage": true});
    }
    body
}

fn responses(bare: bool, hidden: bool, compact: bool) -> Value {
    let mut body = json!({"input": [{"type": "message", "role": "user", "content": "hi"}]});
    if !bare {
        body["tools"] = json!([
            {"type": "function", "name": "get", "parameters": {"type": "object"}, "strict": false},
            {"type": "custom", "name": "edit"},
            {"type": "namespace", "name": "files", "description": "", "tools": [
                {"type": "function", "name": "get", "parameters": {"type": "object"}, "strict": false},
            ]},
        ]);
    }
    if hidden {
        body["reasoning"] = json!({"summary": "none"});
    }
    if compact {
        let input = body["input"].as_array_mut().expect("a list");
        input.push(json!({"type": "compaction_trigger"}));
    }
    body
}
