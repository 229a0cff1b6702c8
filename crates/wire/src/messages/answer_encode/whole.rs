//! A whole answer, written from what its events add up to.

use serde_json::value::RawValue;

use super::write::{
    Ending, call_head, call_id, head, search_id, search_input, search_result, unsigned, write_usage,
};
use crate::answer::{Answer, Block, Content};
use crate::json;
use crate::translate::Reply;

/// Writes a whole answer.
pub fn encode_whole(answer: &Answer, reply: &Reply) -> Vec<u8> {
    let mut ending = Ending {
        stop: answer.stop.clone(),
        ..Ending::default()
    };
    let mut out = Vec::new();
    head(&mut out, &reply.id, &answer.model);
    out.extend_from_slice(br#""content":["#);
    let mut index = 0;
    for block in &answer.blocks {
        match block.content {
            Content::Call { .. } => ending.calls = true,
            Content::Refusal => ending.refused = true,
            Content::Search { .. } => ending.searches += 1,
            Content::Text | Content::Thought => {}
        }
        write_block(&mut out, block, reply, &mut index);
    }
    out.extend_from_slice(b"],");
    ending.write(&mut out);
    out.extend_from_slice(br#","usage":"#);
    write_usage(&mut out, &answer.usage, ending.searches);
    out.push(b'}');
    out
}

/// Appends what a block becomes, with a comma before it unless it is the first: nothing for an empty text,
/// which would be refused when it comes back. `index`: how many blocks have been written.
fn write_block(out: &mut Vec<u8>, block: &Block, reply: &Reply, index: &mut u64) {
    let is_text = matches!(block.content, Content::Text | Content::Refusal);
    if is_text && block.text.is_empty() {
        return;
    }
    if *index > 0 {
        out.push(b',');
    }
    match &block.content {
        Content::Text | Content::Refusal => {
            out.extend_from_slice(br#"{"type":"text","text":"#);
            json::string(out, &block.text);
            out.push(b'}');
        }
        Content::Thought => write_thought(out, block, reply),
        Content::Call { id, tool } => {
            call_head(out, "tool_use", &call_id(id, &reply.id, *index), &tool.name);
            write_input(out, &block.text);
            out.push(b'}');
        }
        Content::Search { id } => {
            let id = search_id(id, &reply.id, *index);
            call_head(out, "server_tool_use", &id, "web_search");
            out.extend_from_slice(&search_input(&block.text));
            out.extend_from_slice(b"},");
            search_result(out, &id, &block.sources);
            *index += 1;
        }
    }
    *index += 1;
}

fn write_thought(out: &mut Vec<u8>, block: &Block, reply: &Reply) {
    let (shown, hidden) = if reply.show_thoughts {
        (&*block.text, "")
    } else {
        ("", &*block.text)
    };
    let signature = match &block.token {
        Some(token) if !token.is_blank() => token.seal(&reply.vendor),
        Some(_) | None => unsigned(&reply.vendor, hidden),
    };
    out.extend_from_slice(br#"{"type":"thinking","thinking":"#);
    json::string(out, shown);
    out.extend_from_slice(br#","signature":"#);
    json::string(out, &signature);
    out.push(b'}');
}

/// Appends the input of a call, which has to be an object here. What the model wrote instead (it may have been
/// cut off) goes into a member that no tool has, so that the client refuses the call and says why.
fn write_input(out: &mut Vec<u8>, input: &str) {
    let input = input.trim_ascii();
    if input.is_empty() {
        out.extend_from_slice(b"{}");
    } else if input.starts_with('{') && serde_json::from_str::<&RawValue>(input).is_ok() {
        out.extend_from_slice(input.as_bytes());
    } else {
        out.extend_from_slice(br#"{"unreadable_input":"#);
        json::string(out, input);
        out.push(b'}');
    }
}
