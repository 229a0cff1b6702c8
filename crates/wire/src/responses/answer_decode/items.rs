//! The items of an answer and how far each has come.

use std::collections::BTreeMap;

use super::call::Call;
use super::message::Message;
use super::reasoning::Reasoning;
use super::search::searched;
use super::wire::{self, Event, Part, read};
use crate::answer::{CallIds, Event as Said, MOST_BLOCKS, Malformed, Opening, Sink, StopReason};

mod pieces;

/// Hands out the numbers of blocks.
#[derive(Default)]
pub(super) struct Blocks {
    next: usize,
    /// The ids of the calls so far.
    pub(super) ids: CallIds,
}

impl Blocks {
    /// Opens the next block.
    pub(super) fn open(&mut self, content: Opening<'_>, sink: Sink<'_>) -> usize {
        let block = self.next;
        self.next += 1;
        sink(Said::Open { block, content });
        block
    }
}

/// One item.
struct Item {
    id: String,
    state: State,
}

enum State {
    Message(Message),
    Reasoning(Reasoning),
    Call(Call),
    Search,
    /// Of a kind that means nothing here: whatever is said of it is passed over.
    Skipped,
    Done,
}

/// The items of an answer, by their place in the output.
#[derive(Default)]
pub(super) struct Items {
    known: BTreeMap<u64, Item>,
    blocks: Blocks,
    called: bool,
    refused: bool,
}

impl Items {
    /// Why a completed answer stopped.
    pub(super) fn reason(&self) -> StopReason {
        if self.called {
            StopReason::ToolUse
        } else if self.refused {
            StopReason::Refusal
        } else {
            StopReason::EndTurn
        }
    }

    /// `response.output_item.added`.
    pub(super) fn added(&mut self, event: &Event<'_>, sink: Sink<'_>) -> Result<(), Malformed> {
        let item = item_of(event)?;
        let index = match read(event.output_index)? {
            // Servers are known that count nothing and say 0 of every item.
            Some(index) if !self.is_done(index) => index,
            Some(_) | None => self.next_index(),
        };
        if self.known.contains_key(&index) {
            return Err(Malformed("two items have the same place in the output"));
        }
        self.begin(index, &item, sink)
    }

    /// `response.output_item.done`, with or without an item that was added before.
    pub(super) fn item_done(&mut self, event: &Event<'_>, sink: Sink<'_>) -> Result<(), Malformed> {
        let item = item_of(event)?;
        let index = match read(event.output_index)? {
            Some(index) if !self.is_done(index) => index,
            Some(_) | None => match self.by_id(item.id().as_deref()) {
                Some(index) => index,
                None => self.next_index(),
            },
        };
        self.settle(index, &item, sink)
    }

    /// The end of the answer: what the stream did not say of its items, `output` does, and what is still
    /// open ends.
    pub(super) fn conclude(
        &mut self,
        output: &[wire::Item<'_>],
        sink: Sink<'_>,
    ) -> Result<(), Malformed> {
        // Some servers change ids on the way or count hidden items: only an output that is longer than
        // what was streamed can hold anything new. A call told twice would be carried out twice.
        let has_more = output.len() > self.known.len();
        for (place, item) in output.iter().enumerate() {
            let place = place as u64;
            match self.by_id(item.id().as_deref()) {
                Some(index) => self.settle(index, item, sink)?,
                None if has_more || self.known.contains_key(&place) => {
                    self.settle(place, item, sink)?;
                }
                None => {}
            }
        }
        for item in self.known.values_mut() {
            match std::mem::replace(&mut item.state, State::Done) {
                State::Message(message) => message.close(sink),
                State::Reasoning(thought) => thought.close(sink),
                State::Call(call) => call.close(sink),
                State::Search | State::Skipped | State::Done => {}
            }
        }
        Ok(())
    }

    fn begin(
        &mut self,
        index: u64,
        item: &wire::Item<'_>,
        sink: Sink<'_>,
    ) -> Result<(), Malformed> {
        if self.known.len() == MOST_BLOCKS {
            return Err(Malformed::TOO_MANY);
        }
        let kind = item.kind.as_ref().map_or("", |kind| &*kind.0);
        let state = match kind {
            "message" => State::Message(Message::default()),
            "reasoning" => State::Reasoning(Reasoning::default()),
            "function_call" | "custom_tool_call" => {
                self.called = true;
                let freeform = kind == "custom_tool_call";
                State::Call(Call::open(item, freeform, &mut self.blocks, sink)?)
            }
            "web_search_call" => State::Search,
            _ => State::Skipped,
        };
        let id = item.id().unwrap_or_default().into_owned();
        self.known.insert(index, Item { id, state });
        Ok(())
    }

    /// Ends the item at `index` with all that `item` says of it.
    fn settle(
        &mut self,
        index: u64,
        item: &wire::Item<'_>,
        sink: Sink<'_>,
    ) -> Result<(), Malformed> {
        if !self.known.contains_key(&index) {
            self.begin(index, item, sink)?;
        }
        let Some(known) = self.known.get_mut(&index) else {
            return Ok(());
        };
        match std::mem::replace(&mut known.state, State::Done) {
            State::Message(mut message) => {
                let parts: Vec<Part<'_>> = read(item.content)?.unwrap_or_default();
                for (place, part) in (0..).zip(&parts) {
                    self.refused |= message.finish_part(place, part, &mut self.blocks, sink)?;
                }
                message.close(sink);
            }
            State::Reasoning(mut thought) => {
                let id = item.id().unwrap_or_else(|| known.id.as_str().into());
                thought.finish(item, id, &mut self.blocks, sink)?;
            }
            State::Call(mut call) => {
                call.finish(item, sink)?;
            }
            State::Search => searched(item, &known.id, sink)?,
            State::Skipped | State::Done => {}
        }
        Ok(())
    }

    fn is_done(&self, index: u64) -> bool {
        let item = self.known.get(&index);
        item.is_some_and(|item| matches!(item.state, State::Done))
    }

    fn next_index(&self) -> u64 {
        self.known
            .last_key_value()
            .map_or(0, |(last, _)| last.saturating_add(1))
    }

    fn by_id(&self, id: Option<&str>) -> Option<u64> {
        let id = id.filter(|id| !id.is_empty())?;
        let mut known = self.known.iter();
        known
            .find(|(_, item)| item.id == id)
            .map(|(index, _)| *index)
    }
}

fn item_of<'a>(event: &Event<'a>) -> Result<wire::Item<'a>, Malformed> {
    read(event.item)?.ok_or(Malformed("an event lacks its item"))
}
