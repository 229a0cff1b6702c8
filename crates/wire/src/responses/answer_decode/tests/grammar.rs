//! The grammar of the hub's events, checked event by event.

use std::borrow::Cow;

use crate::answer::{Event, Opening};
use crate::conversation::{Hit, Text};

/// Keeps events and panics where they break the grammar.
#[derive(Default)]
pub(super) struct Keeper {
    pub(super) events: Vec<Event<'static>>,
    started: bool,
    stopped: bool,
    over: bool,
    /// Every block so far.
    blocks: Vec<Block>,
}

#[derive(PartialEq)]
enum What {
    Text,
    Thought,
    Other,
}

struct Block {
    what: What,
    open: bool,
    sealed: bool,
}

impl Keeper {
    pub(super) fn take(&mut self, event: Event<'_>) {
        assert!(!self.over, "nothing follows the end");
        if !matches!(event, Event::Failed(_)) {
            assert_eq!(
                matches!(event, Event::Start { .. }),
                !self.started,
                "one start, first"
            );
            assert!(!self.stopped || matches!(event, Event::End));
        }
        match &event {
            Event::Start { .. } => self.started = true,
            Event::Open { block, content } => {
                assert_eq!(*block, self.blocks.len(), "numbered in order");
                self.blocks.push(Block {
                    what: match content {
                        Opening::Text => What::Text,
                        Opening::Thought => What::Thought,
                        Opening::Refusal | Opening::Call { .. } => What::Other,
                    },
                    open: true,
                    sealed: false,
                });
            }
            Event::Delta { block, .. } => assert!(self.blocks[*block].open),
            Event::Seal { block, .. } => {
                let block = &mut self.blocks[*block];
                assert!(block.open && block.what == What::Thought && !block.sealed);
                block.sealed = true;
            }
            Event::Cite { block, .. } => {
                assert!(self.blocks[*block].open && self.blocks[*block].what == What::Text);
            }
            Event::Close { block } => {
                assert!(std::mem::take(&mut self.blocks[*block].open));
            }
            Event::Stop(_) => {
                assert!(self.blocks.iter().all(|block| !block.open));
                self.stopped = true;
            }
            Event::End => {
                assert!(self.stopped);
                self.over = true;
            }
            Event::Failed(_) => self.over = true,
            Event::Searched { .. } | Event::Usage(_) | Event::Alive => {}
        }
        self.events.push(owned(event));
    }
}

fn own<'b>(text: Text<'_>) -> Text<'b> {
    Cow::Owned(text.into_owned())
}

fn owned(event: Event<'_>) -> Event<'static> {
    match event {
        Event::Start { id, model, usage } => Event::Start {
            id: own(id),
            model: own(model),
            usage,
        },
        Event::Open { block, content } => Event::Open {
            block,
            content: match content {
                Opening::Text => Opening::Text,
                Opening::Thought => Opening::Thought,
                Opening::Refusal => Opening::Refusal,
                Opening::Call { id, tool } => Opening::Call {
                    id: own(id),
                    tool: tool.into_owned(),
                },
            },
        },
        Event::Delta { block, text } => Event::Delta {
            block,
            text: own(text),
        },
        Event::Seal { block, token } => Event::Seal {
            block,
            token: token.into_owned(),
        },
        Event::Cite { block, source } => Event::Cite {
            block,
            source: source.into_owned(),
        },
        Event::Close { block } => Event::Close { block },
        Event::Searched { id, query, hits } => Event::Searched {
            id: own(id),
            query: own(query),
            hits: hits.into_iter().map(Hit::into_owned).collect(),
        },
        Event::Usage(usage) => Event::Usage(usage),
        Event::Stop(stop) => Event::Stop(stop.into_owned()),
        Event::End => Event::End,
        Event::Failed(failure) => Event::Failed(failure.into_owned()),
        Event::Alive => Event::Alive,
    }
}
