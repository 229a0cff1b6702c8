//! What blocks say, and the items that it becomes part of.

use super::said;
use super::{Place, Slot, Slots};
use crate::conversation::{Hit, Token};
use crate::responses::answer_encode::Tape;
use crate::responses::answer_encode::item::{self, Item, Status};

impl Slots {
    /// A block goes on.
    pub(in super::super) fn delta(&mut self, block: usize, piece: &str, tape: &mut Tape<'_>) {
        if piece.is_empty() {
            return;
        }
        self.announce_if(block, tape);
        let show_thoughts = self.show_thoughts;
        let Some((place, id, item)) = self.find(block) else {
            return;
        };
        match item {
            Item::Message(parts) => {
                let Some(part) = parts.get_mut(place.part) else {
                    return;
                };
                part.text.push_str(piece);
                said::part_delta(tape, part, id, place, piece);
            }
            Item::Thought { text, .. } if show_thoughts => {
                said::thought_delta(tape, text.is_empty(), id, place, piece);
                text.push_str(piece);
            }
            Item::Thought { hidden, .. } => hidden.push_str(piece),
            Item::Call { tool, input, .. } => {
                input.push_str(piece);
                said::input_delta(tape, tool.kind, id, place, piece);
            }
            Item::Search { .. } | Item::Summary(_) => {}
        }
    }

    /// A thought's token.
    pub(in super::super) fn seal(&mut self, block: usize, token: &Token<'_>, tape: &mut Tape<'_>) {
        self.announce_if(block, tape);
        let blank = token.is_blank();
        let mut sealed = token.seal(&self.vendor);
        if let Some((_, _, Item::Thought { token, hidden, .. })) = self.find(block) {
            if blank {
                sealed.push_str(hidden);
            }
            *token = Some(sealed);
        }
    }

    /// A source. It is told when its block ends, for only then is known what it is a source of.
    pub(in super::super) fn cite(&mut self, block: usize, source: &Hit<'_>, tape: &mut Tape<'_>) {
        self.announce_if(block, tape);
        if let Some((place, _, Item::Message(parts))) = self.find(block)
            && let Some(part) = parts.get_mut(place.part)
            && !part.refusal
        {
            part.sources.push(source.clone().into_owned());
        }
    }

    /// A block ends; whether it was a refusal.
    pub(in super::super) fn close(&mut self, block: usize, tape: &mut Tape<'_>) -> bool {
        if self.silent.is_some_and(|(silent, _)| silent == block) {
            self.silent = None;
            return false;
        }
        let vendor = self.vendor.clone();
        let Some((place, id, item)) = self.find(block) else {
            return false;
        };
        let mut refused = false;
        let mut at_once = false;
        match item {
            Item::Message(parts) => {
                if let Some(part) = parts.get(place.part) {
                    refused = part.refusal && !part.text.is_empty();
                    said::part_done(tape, part, id, place);
                }
            }
            Item::Thought {
                text,
                token,
                hidden,
            } => {
                at_once = true;
                if token.is_none() {
                    *token = item::unsigned(&vendor, hidden);
                }
                if !text.is_empty() {
                    said::thought_done(tape, text, id, place);
                }
            }
            Item::Call { tool, input, .. } => {
                let told = input.len();
                item::complete(tool.kind, input);
                if let Some(rest) = input.get(told..).filter(|rest| !rest.is_empty()) {
                    said::input_delta(tape, tool.kind, id, place, rest);
                }
                said::input_done(tape, tool.kind, &tool.name, input, id, place);
            }
            Item::Search { .. } | Item::Summary(_) => {}
        }
        self.places.remove(&block);
        let is_last = place.slot + 1 == self.list.len();
        if let Some(Slot::Open { blocks, .. }) = self.list.get_mut(place.slot) {
            *blocks = blocks.saturating_sub(1);
            if *blocks == 0 && (at_once || !is_last) {
                self.finish(place.slot, Status::Completed, tape);
            }
        }
        refused
    }

    /// A web search, which comes whole.
    pub(in super::super) fn searched(
        &mut self,
        query: &str,
        hits: &[Hit<'_>],
        tape: &mut Tape<'_>,
    ) {
        self.announce(tape);
        let item = Item::Search {
            query: query.to_owned(),
            hits: hits.iter().map(|hit| hit.clone().into_owned()).collect(),
        };
        let slot = self.begin(item, tape);
        if let Some(Slot::Open { id, .. }) = self.list.get(slot) {
            said::searched(tape, id, Place { slot, part: 0 });
        }
    }

    fn find(&mut self, block: usize) -> Option<(Place, &str, &mut Item)> {
        let place = *self.places.get(&block)?;
        match self.list.get_mut(place.slot)? {
            Slot::Open { id, item, .. } => Some((place, id, item)),
            Slot::Done(_) => None,
        }
    }
}
