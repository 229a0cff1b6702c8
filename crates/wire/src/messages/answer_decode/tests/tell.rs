//! Events as lines, and the grammar they keep.

use serde_json::Value;

use super::super::*;
use crate::Usage;
use crate::answer::Opening;
use crate::conversation::Hit;

/// An event in one line.
pub(super) fn line(event: &Event<'_>) -> String {
    let hits = |hits: &[Hit<'_>]| -> String {
        hits.iter()
            .flat_map(|hit| [" ", &hit.title, "=", &hit.url])
            .collect()
    };
    match event {
        Event::Start { id, model, usage } => format!("start {id} {model} {}", counts(usage)),
        Event::Open { block, content } => match content {
            Opening::Text => format!("open {block} text"),
            Opening::Thought => format!("open {block} thought"),
            Opening::Refusal => format!("open {block} refusal"),
            Opening::Call { id, tool } => format!("open {block} call {id} {}", tool.name),
        },
        Event::Delta { block, text } => format!("delta {block} {text}"),
        Event::Seal { block, token } => format!("seal {block} {:?} {}", token.origin, token.value),
        Event::Cite { block, source } => {
            format!("cite {block}{}", hits(std::slice::from_ref(source)))
        }
        Event::Close { block } => format!("close {block}"),
        Event::Searched {
            id,
            query,
            hits: found,
        } => format!("searched {id} {query}{}", hits(found)),
        Event::Usage(usage) => format!("usage {}", counts(usage)),
        Event::Stop(Stop { reason, sequence }) => format!("stop {reason:?} {sequence:?}"),
        Event::End => "end".into(),
        Event::Failed(failure) => format!("failed {:?} {}", failure.class, failure.message),
        Event::Alive => "alive".into(),
    }
}

/// Input, cache read, cache write, output.
fn counts(usage: &Usage) -> String {
    [
        usage.input,
        usage.cache_read,
        usage.cache_write_5m,
        usage.output,
    ]
    .map(|count| count.map_or("-".into(), |count| count.to_string()))
    .join("/")
}

pub(super) fn stream(events: &[Value]) -> (Vec<String>, Result<(), Malformed>) {
    let mut decoder = StreamDecoder::default();
    let mut lines = Vec::new();
    let mut law = Law::default();
    let mut sink = |event: Event<'_>| {
        law.take(&event);
        lines.push(line(&event));
    };
    for event in events {
        let data = event.to_string();
        let name = event["type"].as_str().map(str::as_bytes);
        let frame = Frame {
            event: name,
            data: data.as_bytes(),
        };
        if let Err(malformed) = decoder.frame(frame, &mut sink) {
            return (lines, Err(malformed));
        }
    }
    let end = decoder.finish(&mut sink);
    (lines, end)
}

pub(super) fn whole(body: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    let mut law = Law::default();
    let body = body.to_string();
    decode_whole(body.as_bytes(), &mut |event| {
        law.take(&event);
        lines.push(line(&event));
    })
    .unwrap();
    lines
}

/// The grammar of the hub's events.
#[derive(Default)]
pub(super) struct Law {
    started: bool,
    next: usize,
    open: Vec<usize>,
    sealed: Vec<usize>,
    stopped: bool,
    over: bool,
}

impl Law {
    pub(super) fn take(&mut self, event: &Event<'_>) {
        assert!(!self.over, "after the end: {}", line(event));
        let inside = self.started && !self.stopped;
        match event {
            Event::Start { .. } => assert!(!std::mem::replace(&mut self.started, true)),
            Event::Open { block, .. } => {
                assert!(inside && *block == self.next);
                self.next += 1;
                self.open.push(*block);
            }
            Event::Delta { block, .. } | Event::Cite { block, .. } => {
                assert!(inside && self.open.contains(block));
            }
            Event::Seal { block, .. } => {
                assert!(inside && self.open.contains(block) && !self.sealed.contains(block));
                self.sealed.push(*block);
            }
            Event::Close { block } => {
                assert!(inside && self.open.contains(block));
                self.open.retain(|open| open != block);
            }
            Event::Searched { .. } | Event::Usage(_) => assert!(inside),
            Event::Stop(_) => {
                assert!(inside && self.open.is_empty());
                self.stopped = true;
            }
            Event::End => {
                assert!(self.started && self.open.is_empty());
                self.over = true;
            }
            Event::Failed(_) => self.over = true,
            Event::Alive => {}
        }
    }
}
