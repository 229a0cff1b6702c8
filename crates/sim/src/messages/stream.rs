//! A message as a stream of events.

use bytes::Bytes;
use http::StatusCode;
use serde::Serialize;
use serde_json::value::RawValue;

use super::{Block, Finished, Message, Usage};
use crate::{
    answer::deltas,
    refusal::{Refusal, status_of},
    route::Call,
    sse,
};

#[derive(Serialize)]
struct Start<'a> {
    message: Message<'a>,
}

#[derive(Serialize)]
struct BlockStart<'a> {
    index: usize,
    content_block: &'a Block,
}

#[derive(Serialize)]
struct BlockDelta<'a> {
    index: usize,
    delta: Delta<'a>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(clippy::enum_variant_names, reason = "the names are the protocol's")]
enum Delta<'a> {
    TextDelta { text: &'a str },
    ThinkingDelta { thinking: &'a str },
    SignatureDelta { signature: &'a str },
    InputJsonDelta { partial_json: &'a str },
}

#[derive(Serialize)]
struct BlockStop {
    index: usize,
}

#[derive(Serialize)]
struct MessageDelta {
    delta: End,
    usage: Usage,
}

#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are the protocol's")]
struct End {
    stop_reason: &'static str,
    stop_sequence: Option<&'static str>,
    stop_details: Option<&'static str>,
}

#[derive(Serialize)]
struct Nothing {}

pub(super) fn events(finished: &Finished, call: &Call<'_>) -> Vec<Bytes> {
    let mut out = Writer { events: Vec::new() };
    let usage = Usage::whole(&finished.answer);
    // The first count of the output is a provisional one.
    let started = Usage {
        output_tokens: 1,
        output_tokens_details: None,
        ..usage.clone()
    };
    let message = Message {
        content: &[],
        stop_reason: None,
        usage: started,
        ..finished.whole()
    };
    out.push("message_start", &Start { message });
    for (index, block) in finished.blocks.iter().enumerate() {
        out.block(index, block, finished.answer.deltas);
    }
    let end = End {
        stop_reason: finished.stop,
        stop_sequence: None,
        stop_details: None,
    };
    let usage = Usage {
        cache_creation: None,
        service_tier: None,
        ..usage
    };
    out.push("message_delta", &MessageDelta { delta: end, usage });
    out.push("message_stop", &Nothing {});
    if let Some(after) = call.script.inband_error {
        out.events.truncate(after);
        out.push_plain("error", &failure(call).messages(call.request_id));
    }
    out.events
}

fn failure(call: &Call<'_>) -> Refusal {
    let kind = call.script.error.as_deref();
    let status = kind.map_or(StatusCode::from_u16(529).unwrap_or_default(), status_of);
    let refusal = Refusal::new(status, "simulated: the stream fails here");
    match kind {
        Some(kind) => refusal.kind(kind),
        None => refusal,
    }
}

struct Writer {
    events: Vec<Bytes>,
}

impl Writer {
    /// Real streams pad their JSON with varying blanks.
    fn push(&mut self, name: &str, body: &impl Serialize) {
        let padding = self.events.len() * 7 % 13;
        self.events.push(sse::named(name, body, padding));
    }

    /// `error` already has its `type` inside.
    fn push_plain(&mut self, name: &str, body: &impl Serialize) {
        self.events
            .push(format!("event: {name}\ndata: {}\n\n", sse::json(body)).into());
    }

    fn block(&mut self, index: usize, block: &Block, count: Option<usize>) {
        self.push(
            "content_block_start",
            &BlockStart {
                index,
                content_block: &empty(block),
            },
        );
        if index == 0 {
            self.push("ping", &Nothing {});
        }
        match block {
            Block::Thinking {
                thinking,
                signature,
            } => {
                for thinking in deltas(thinking, None) {
                    self.delta(index, Delta::ThinkingDelta { thinking });
                }
                self.delta(index, Delta::SignatureDelta { signature });
            }
            Block::Text { text } => {
                for text in deltas(text, count) {
                    self.delta(index, Delta::TextDelta { text });
                }
            }
            Block::ToolUse { input, .. } => {
                self.delta(index, Delta::InputJsonDelta { partial_json: "" });
                // A call without arguments streams no JSON at all.
                let json = if input.get() == "{}" { "" } else { input.get() };
                for partial_json in deltas(json, Some(4)) {
                    self.delta(index, Delta::InputJsonDelta { partial_json });
                }
            }
        }
        self.push("content_block_stop", &BlockStop { index });
    }

    fn delta(&mut self, index: usize, delta: Delta<'_>) {
        self.push("content_block_delta", &BlockDelta { index, delta });
    }
}

fn empty(block: &Block) -> Block {
    match block {
        Block::Thinking { .. } => Block::Thinking {
            thinking: String::new(),
            signature: String::new(),
        },
        Block::Text { .. } => Block::Text {
            text: String::new(),
        },
        Block::ToolUse { id, name, .. } => {
            let input = RawValue::from_string("{}".to_owned()).unwrap_or_default();
            Block::ToolUse {
                id: id.clone(),
                name: name.clone(),
                input,
            }
        }
    }
}
