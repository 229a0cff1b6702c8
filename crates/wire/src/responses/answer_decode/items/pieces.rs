//! What items say, piece by piece.

use std::collections::BTreeMap;

use super::{Item, Items, State};
use crate::answer::{Malformed, Sink};
use crate::responses::answer_decode::channel::Channel;
use crate::responses::answer_decode::message::Voice;
use crate::responses::answer_decode::reasoning::Source;
use crate::responses::answer_decode::wire::{Annotation, Event, Part, read, text};

impl Items {
    /// A piece of some item's content, or the whole of it once more.
    pub(in super::super) fn piece(
        &mut self,
        event: &Event<'_>,
        channel: Channel,
        whole: bool,
        sink: Sink<'_>,
    ) -> Result<(), Malformed> {
        let index = self.find(event)?;
        let Self {
            known,
            blocks,
            refused,
            ..
        } = self;
        let state = state_of(known, index)?;
        let piece = if whole {
            match channel.whole(event)? {
                Some(piece) => piece,
                None => return Ok(()),
            }
        } else {
            text(event.delta)?.ok_or(Malformed("a delta lacks its text"))?
        };
        let place = channel.place(event)?;
        match (state, channel) {
            (State::Skipped, _) => Ok(()),
            (State::Done, _) if whole => Ok(()),
            (State::Done, _) => Err(Malformed("an item goes on after its end")),
            (State::Message(message), Channel::Voice(voice)) => {
                *refused |= matches!(voice, Voice::Refusal) && !piece.is_empty();
                if whole {
                    message.supply(place, voice, &piece, blocks, sink)
                } else {
                    message.write(place, voice, &piece, blocks, sink)
                }
            }
            (State::Reasoning(thought), Channel::Thought(source)) => {
                if whole {
                    thought.supply(source, place, &piece, blocks, sink);
                } else {
                    thought.write(source, place, &piece, blocks, sink);
                }
                Ok(())
            }
            (State::Call(call), Channel::Arguments | Channel::Input) => {
                if whole {
                    call.supply(&piece, sink);
                } else {
                    call.write(&piece, sink);
                }
                Ok(())
            }
            _ => Err(Malformed("an event does not belong to this type of item")),
        }
    }

    /// `response.content_part.done`: a part of a message or, which says nothing new, of a thought.
    pub(in super::super) fn part_done(
        &mut self,
        event: &Event<'_>,
        sink: Sink<'_>,
    ) -> Result<(), Malformed> {
        let index = self.find(event)?;
        let place = read(event.content_index)?.unwrap_or(0);
        if let State::Message(message) = state_of(&mut self.known, index)? {
            let part: Part<'_> = read(event.part)?.ok_or(Malformed("an event lacks its part"))?;
            self.refused |= message.finish_part(place, &part, &mut self.blocks, sink)?;
        }
        Ok(())
    }

    /// `response.reasoning_summary_part.done`.
    pub(in super::super) fn summary_done(
        &mut self,
        event: &Event<'_>,
        sink: Sink<'_>,
    ) -> Result<(), Malformed> {
        let index = self.find(event)?;
        let place = read(event.summary_index)?.unwrap_or(0);
        if let State::Reasoning(thought) = state_of(&mut self.known, index)?
            && let Some(part) = read::<Part<'_>>(event.part)?
            && let Some(piece) = text(part.text)?
        {
            thought.supply(Source::Summary, place, &piece, &mut self.blocks, sink);
        }
        Ok(())
    }

    /// `response.output_text.annotation.added`.
    pub(in super::super) fn annotation(
        &mut self,
        event: &Event<'_>,
        sink: Sink<'_>,
    ) -> Result<(), Malformed> {
        let index = self.find(event)?;
        let place = read(event.content_index)?.unwrap_or(0);
        if let State::Message(message) = state_of(&mut self.known, index)?
            && let Some(annotation) = read::<Annotation<'_>>(event.annotation)?
        {
            return message.cite(place, &annotation, &mut self.blocks, sink);
        }
        Ok(())
    }

    /// The item an event is about. Its place decides: there are servers whose ids change from event to event.
    /// Only if the item there is done its id does, for there are servers that give every item the same place.
    fn find(&self, event: &Event<'_>) -> Result<u64, Malformed> {
        let index = read(event.output_index)?;
        if let Some(index) = index.filter(|index| !self.is_done(*index)) {
            return Ok(index);
        }
        self.by_id(text(event.item_id)?.as_deref())
            .or(index)
            .ok_or(UNKNOWN)
    }
}

const UNKNOWN: Malformed = Malformed("an event is about an item that was not added");

fn state_of(known: &mut BTreeMap<u64, Item>, index: u64) -> Result<&mut State, Malformed> {
    known
        .get_mut(&index)
        .map(|item| &mut item.state)
        .ok_or(UNKNOWN)
}
