//! The items of a stream: which blocks they are made of, and how far each has come.
//!
//! An item is announced with the first thing it says, so that what says nothing takes no place in the output.
//! Only if another block begins before that it is announced at once, to keep its place before the other.
//! The last item so far is not reported as done until another begins or the answer stops: a message may get
//! another part, and whether an item was cut short is known no earlier.

use std::collections::BTreeMap;

use super::Tape;
use super::item::{self, Item, Part, Status};
use crate::answer::Opening;
use crate::translate::Reply;

mod content;
mod said;

/// The items of a stream.
pub(super) struct Slots {
    reply: String,
    vendor: String,
    show_thoughts: bool,
    list: Vec<Slot>,
    /// Where the blocks are that are open.
    places: BTreeMap<usize, Place>,
    /// The open block that has said nothing so far.
    silent: Option<(usize, Silent)>,
}

enum Slot {
    Open {
        id: String,
        item: Item,
        /// How many blocks of it are open.
        blocks: usize,
    },
    /// Done: its JSON text.
    Done(Vec<u8>),
}

#[derive(Clone, Copy)]
struct Place {
    slot: usize,
    /// Which part of a message.
    part: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Silent {
    Text,
    Refusal,
    Thought,
}

impl Slots {
    pub(super) fn new(reply: &Reply) -> Self {
        Self {
            reply: reply.id.clone(),
            vendor: reply.vendor.clone(),
            show_thoughts: reply.show_thoughts,
            list: Vec::new(),
            places: BTreeMap::new(),
            silent: None,
        }
    }

    /// The items that are done, as JSON text.
    pub(super) fn done(&self) -> impl Iterator<Item = &[u8]> {
        self.list.iter().filter_map(|slot| match slot {
            Slot::Done(json) => Some(json.as_slice()),
            Slot::Open { .. } => None,
        })
    }

    /// A block begins.
    pub(super) fn open(&mut self, block: usize, content: &Opening<'_>, tape: &mut Tape<'_>) {
        self.announce(tape);
        let silent = match content {
            Opening::Text => Silent::Text,
            Opening::Refusal => Silent::Refusal,
            Opening::Thought => Silent::Thought,
            Opening::Call { id, tool } => {
                let item = Item::Call {
                    id: item::call_id(id, &self.reply, self.list.len()),
                    tool: tool.clone().into_owned(),
                    input: String::new(),
                };
                let slot = self.begin(item, tape);
                self.attach(block, slot, 0);
                return;
            }
        };
        self.silent = Some((block, silent));
    }

    /// The sealed summary of a conversation.
    pub(super) fn summary(&mut self, sealed: String, tape: &mut Tape<'_>) {
        self.begin(Item::Summary(sealed), tape);
    }

    /// The answer stops: what is not done is done now, the last item with the status `last`.
    pub(super) fn settle(&mut self, last: Status, tape: &mut Tape<'_>) {
        self.silent = None;
        self.places.clear();
        let count = self.list.len();
        for slot in 0..count {
            let status = if slot + 1 == count {
                last
            } else {
                Status::Completed
            };
            self.finish(slot, status, tape);
        }
    }

    fn announce_if(&mut self, block: usize, tape: &mut Tape<'_>) {
        if self.silent.is_some_and(|(silent, _)| silent == block) {
            self.announce(tape);
        }
    }

    /// Gives the silent block its item or part.
    fn announce(&mut self, tape: &mut Tape<'_>) {
        let Some((block, silent)) = self.silent.take() else {
            return;
        };
        if silent == Silent::Thought {
            let item = Item::Thought {
                text: String::new(),
                hidden: String::new(),
                token: None,
            };
            let slot = self.begin(item, tape);
            self.attach(block, slot, 0);
            return;
        }
        let slot = match self.list.last() {
            Some(Slot::Open {
                item: Item::Message(_),
                ..
            }) => self.list.len() - 1,
            _ => self.begin(Item::Message(Vec::new()), tape),
        };
        let Some(Slot::Open {
            id,
            item: Item::Message(parts),
            ..
        }) = self.list.get_mut(slot)
        else {
            return;
        };
        let part = Part {
            refusal: silent == Silent::Refusal,
            ..Part::default()
        };
        let place = Place {
            slot,
            part: parts.len(),
        };
        said::part_added(tape, &part, id, place);
        parts.push(part);
        self.attach(block, slot, place.part);
    }

    /// Begins an item, which ends the one before it if nothing of that is open.
    fn begin(&mut self, item: Item, tape: &mut Tape<'_>) -> usize {
        if let Some(Slot::Open { blocks: 0, .. }) = self.list.last() {
            self.finish(self.list.len() - 1, Status::Completed, tape);
        }
        let slot = self.list.len();
        let id = item.id(&self.reply, slot);
        let mut json = Vec::new();
        item.write(&mut json, &id, Status::InProgress);
        said::item(tape, "response.output_item.added", slot, &json);
        self.list.push(Slot::Open {
            id,
            item,
            blocks: 0,
        });
        slot
    }

    fn attach(&mut self, block: usize, slot: usize, part: usize) {
        self.places.insert(block, Place { slot, part });
        if let Some(Slot::Open { blocks, .. }) = self.list.get_mut(slot) {
            *blocks += 1;
        }
    }

    fn finish(&mut self, slot: usize, status: Status, tape: &mut Tape<'_>) {
        let Some(Slot::Open { id, item, .. }) = self.list.get(slot) else {
            return;
        };
        let mut json = Vec::new();
        item.write(&mut json, id, status);
        said::item(tape, "response.output_item.done", slot, &json);
        self.list[slot] = Slot::Done(json);
    }
}
