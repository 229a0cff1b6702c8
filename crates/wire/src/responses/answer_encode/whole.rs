//! A whole answer, which is what the last event of its stream would carry.

use super::item::{self, Item, Part, Status, last};
use super::no_summary;
use super::response::{End, Head, end};
use crate::answer::{Answer, Block, Content};
use crate::failure::Failure;
use crate::responses::compaction;
use crate::translate::Reply;

/// Writes a whole answer.
pub fn encode_whole(answer: &Answer, reply: &Reply) -> Vec<u8> {
    let stop = answer.stop.as_ref().map(|stop| stop.reason);
    let missing = no_summary();
    let mut failure = answer.failure.as_ref();
    let items = if reply.compact {
        let summary = summary(answer).map(Item::Summary);
        if summary.is_none() {
            failure = failure.or(Some(&missing));
        }
        Vec::from_iter(summary)
    } else {
        items(answer, reply)
    };
    let refused = !reply.compact && answer.blocks.iter().any(is_refusal);
    let end = match failure {
        Some(failure) => End::Failed(failure),
        None => end(stop, refused),
    };
    let count = items.len();
    let output: Vec<Vec<u8>> = items
        .iter()
        .enumerate()
        .map(|(place, item)| {
            let status = if place + 1 == count {
                last(stop)
            } else {
                Status::Completed
            };
            let mut out = Vec::new();
            item.write(&mut out, &item.id(&reply.id, place), status);
            out
        })
        .collect();
    let mut head = Head::new(reply.clone());
    head.model.clone_from(&answer.model);
    let mut out = Vec::new();
    head.write(
        &mut out,
        end,
        &answer.usage,
        output.iter().map(Vec::as_slice),
    );
    out
}

/// Why an answer is a failure that was to be a summary: it says nothing.
pub fn failure(answer: &Answer, reply: &Reply) -> Option<Failure<'static>> {
    (reply.compact && summary(answer).is_none()).then(no_summary)
}

/// The summary that an answer is, sealed; `None` if it has none.
pub(super) fn summary(answer: &Answer) -> Option<String> {
    let text: String = answer
        .blocks
        .iter()
        .filter(|block| matches!(block.content, Content::Text))
        .map(|block| block.text.as_str())
        .collect();
    (!text.trim().is_empty()).then(|| compaction::seal_summary(&text))
}

fn is_refusal(block: &Block) -> bool {
    matches!(block.content, Content::Refusal) && !block.text.is_empty()
}

/// The items of an answer. Texts and refusals in a row are one message; what says nothing is left out.
fn items(answer: &Answer, reply: &Reply) -> Vec<Item> {
    let mut items = Vec::new();
    for block in &answer.blocks {
        let item = match &block.content {
            Content::Text | Content::Refusal => {
                speak(&mut items, block);
                continue;
            }
            Content::Thought => match thought(block, reply) {
                Some(thought) => thought,
                None => continue,
            },
            Content::Call { id, tool } => {
                let mut input = block.text.clone();
                item::complete(tool.kind, &mut input);
                Item::Call {
                    id: item::call_id(id, &reply.id, items.len()),
                    tool: tool.clone(),
                    input,
                }
            }
            Content::Search { .. } => Item::Search {
                query: block.text.clone(),
                hits: block.sources.clone(),
            },
        };
        items.push(item);
    }
    items
}

fn speak(items: &mut Vec<Item>, block: &Block) {
    let refusal = matches!(block.content, Content::Refusal);
    let part = Part {
        refusal,
        text: block.text.clone(),
        sources: if refusal {
            Vec::new()
        } else {
            block.sources.clone()
        },
    };
    if part.text.is_empty() && part.sources.is_empty() {
        return;
    }
    match items.last_mut() {
        Some(Item::Message(parts)) => parts.push(part),
        _ => items.push(Item::Message(vec![part])),
    }
}

/// A thought that has something to show or to bring back.
fn thought(block: &Block, reply: &Reply) -> Option<Item> {
    let (text, hidden) = if reply.show_thoughts {
        (block.text.clone(), String::new())
    } else {
        (String::new(), block.text.clone())
    };
    let token = match &block.token {
        Some(token) if !token.is_blank() => Some(token.seal(&reply.vendor)),
        Some(token) => Some(token.seal(&reply.vendor) + &hidden),
        None => item::unsigned(&reply.vendor, &hidden),
    };
    (!text.is_empty() || token.is_some()).then_some(Item::Thought {
        text,
        hidden,
        token,
    })
}
