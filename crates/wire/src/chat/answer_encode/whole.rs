//! A whole answer: one message that says all that the stream would have said.

use super::pieces;
use crate::answer::{Answer, Block, Content};
use crate::json;
use crate::translate::Reply;

/// The members of a message.
#[derive(Default)]
struct Message {
    content: Option<String>,
    /// Characters in `content`.
    written: usize,
    refusal: Option<String>,
    reasoning: String,
    /// How many calls there are.
    called: usize,
    /// JSON, separated by commas.
    calls: Vec<u8>,
    annotations: Vec<u8>,
}

/// Writes a whole answer.
pub fn encode_whole(answer: &Answer, reply: &Reply) -> Vec<u8> {
    let mut message = Message::default();
    for block in &answer.blocks {
        message.add(block, reply);
    }
    let mut out = Vec::new();
    pieces::head(&mut out, "chat.completion", &answer.model, reply);
    out.extend_from_slice(br#""choices":[{"index":0,"message":"#);
    message.write(&mut out, reply.show_thoughts);
    out.extend_from_slice(br#","logprobs":null,"finish_reason":"#);
    let reason = answer.stop.as_ref().map(|stop| stop.reason);
    json::string(&mut out, pieces::finish_reason(reason, message.called > 0));
    out.extend_from_slice(b"}]");
    if !answer.usage.is_empty() {
        out.extend_from_slice(br#","usage":"#);
        pieces::usage(&mut out, &answer.usage);
    }
    out.push(b'}');
    out
}

impl Message {
    fn add(&mut self, block: &Block, reply: &Reply) {
        match &block.content {
            Content::Text => {
                let start = self.written;
                self.written += block.text.chars().count();
                if !block.text.is_empty() {
                    self.content.get_or_insert_default().push_str(&block.text);
                }
                let end = self.written;
                pieces::annotations(&mut self.annotations, &block.sources, start, end);
            }
            Content::Thought => self.reasoning.push_str(&block.text),
            Content::Refusal if block.text.is_empty() => {}
            Content::Refusal => self.refusal.get_or_insert_default().push_str(&block.text),
            Content::Call { id, tool } => {
                self.calls
                    .extend_from_slice(if self.calls.is_empty() { b"{" } else { b",{" });
                let input = pieces::input_or_default(tool.kind, &block.text);
                let id = pieces::call_id(id, reply, self.called);
                self.called += 1;
                pieces::call(&mut self.calls, &id, tool, input);
                self.calls.push(b'}');
            }
            Content::Search { .. } => {}
        }
    }

    fn write(&self, out: &mut Vec<u8>, show_thoughts: bool) {
        out.extend_from_slice(br#"{"role":"assistant","content":"#);
        json::string_or_null(out, self.content.as_deref());
        out.extend_from_slice(br#","refusal":"#);
        json::string_or_null(out, self.refusal.as_deref());
        if show_thoughts && !self.reasoning.is_empty() {
            out.extend_from_slice(br#","reasoning_content":"#);
            json::string(out, &self.reasoning);
        }
        for (name, list) in [
            ("tool_calls", &self.calls),
            ("annotations", &self.annotations),
        ] {
            if !list.is_empty() {
                out.push(b',');
                json::string(out, name);
                out.extend_from_slice(b":[");
                out.extend_from_slice(list);
                out.push(b']');
            }
        }
        out.push(b'}');
    }
}
