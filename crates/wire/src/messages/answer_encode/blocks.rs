//! The events of one block after the other.

use super::hold::{Kind, Piece};
use super::write::{call_head, call_id, search_id, search_input, search_result, unsigned};
use super::{Open, StreamEncoder};
use crate::conversation::Hit;
use crate::json;
use crate::sse::encode;

impl StreamEncoder {
    /// Begins a block.
    pub(super) fn begin(&mut self, number: usize, kind: Kind, out: &mut Vec<u8>) {
        let mut open = Open {
            number,
            kind,
            index: None,
            filled: false,
            hidden: String::new(),
            signature: None,
        };
        match &open.kind {
            Kind::Text | Kind::Search { .. } => {}
            Kind::Thought => {
                let block = br#"{"type":"thinking","thinking":"","signature":""}"#;
                open.index = Some(self.block_start(block, out));
            }
            Kind::Call { id, name } => {
                let mut block = Vec::new();
                let id = call_id(id, &self.reply.id, self.next);
                call_head(&mut block, "tool_use", &id, name);
                block.extend_from_slice(b"{}}");
                open.index = Some(self.block_start(&block, out));
            }
        }
        self.open = Some(open);
    }

    /// Writes a piece of the open block.
    pub(super) fn write(&mut self, piece: &Piece<'_>, out: &mut Vec<u8>) {
        match piece {
            Piece::Text(text) => self.write_text(text, out),
            Piece::Signature(signature) => {
                if let Some(open) = &mut self.open {
                    open.signature = Some(signature.clone());
                }
            }
            Piece::Close => self.write_close(out),
        }
    }

    fn write_text(&mut self, text: &str, out: &mut Vec<u8>) {
        let Some(mut open) = self.open.take() else {
            return;
        };
        if !text.is_empty() {
            let index = match open.index {
                Some(index) => index,
                None => self.block_start(br#"{"type":"text","text":""}"#, out),
            };
            open.index = Some(index);
            open.filled = true;
            match open.kind {
                Kind::Thought if !self.reply.show_thoughts => open.hidden.push_str(text),
                Kind::Thought => delta(out, index, "thinking_delta", "thinking", text),
                Kind::Call { .. } => delta(out, index, "input_json_delta", "partial_json", text),
                Kind::Text | Kind::Search { .. } => delta(out, index, "text_delta", "text", text),
            }
        }
        self.open = Some(open);
    }

    fn write_close(&mut self, out: &mut Vec<u8>) {
        let Some(open) = self.open.take() else {
            return;
        };
        let Some(index) = open.index else {
            return;
        };
        match open.kind {
            Kind::Thought => {
                let signature = open
                    .signature
                    .unwrap_or_else(|| unsigned(&self.reply.vendor, &open.hidden));
                delta(out, index, "signature_delta", "signature", &signature);
            }
            Kind::Call { .. } if !open.filled => {
                delta(out, index, "input_json_delta", "partial_json", "{}");
            }
            Kind::Call { .. } | Kind::Text | Kind::Search { .. } => {}
        }
        block_stop(out, index);
    }

    /// Writes a whole web search: the call and its result.
    pub(super) fn write_search(
        &mut self,
        id: &str,
        query: &str,
        hits: &[Hit<'_>],
        out: &mut Vec<u8>,
    ) {
        let id = search_id(id, &self.reply.id, self.next);
        let mut block = Vec::new();
        call_head(&mut block, "server_tool_use", &id, "web_search");
        block.extend_from_slice(b"{}}");
        let index = self.block_start(&block, out);
        let input = String::from_utf8(search_input(query)).unwrap_or_default();
        delta(out, index, "input_json_delta", "partial_json", &input);
        block_stop(out, index);
        block.clear();
        search_result(&mut block, &id, hits);
        let index = self.block_start(&block, out);
        block_stop(out, index);
    }

    fn block_start(&mut self, block: &[u8], out: &mut Vec<u8>) -> u64 {
        let index = self.next;
        self.next += 1;
        let mut data = br#"{"type":"content_block_start","index":"#.to_vec();
        json::number(&mut data, index);
        data.extend_from_slice(br#","content_block":"#);
        data.extend_from_slice(block);
        data.push(b'}');
        encode::event(out, Some("content_block_start"), &data);
        index
    }
}

fn delta(out: &mut Vec<u8>, index: u64, kind: &str, member: &str, text: &str) {
    let mut data = Vec::with_capacity(96 + text.len());
    data.extend_from_slice(br#"{"type":"content_block_delta","index":"#);
    json::number(&mut data, index);
    data.extend_from_slice(br#","delta":{"type":"#);
    json::string(&mut data, kind);
    data.push(b',');
    json::string(&mut data, member);
    data.push(b':');
    json::string(&mut data, text);
    data.extend_from_slice(b"}}");
    encode::event(out, Some("content_block_delta"), &data);
}

fn block_stop(out: &mut Vec<u8>, index: u64) {
    let mut data = br#"{"type":"content_block_stop","index":"#.to_vec();
    json::number(&mut data, index);
    data.push(b'}');
    encode::event(out, Some("content_block_stop"), &data);
}
