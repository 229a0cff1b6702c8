//! A thought: one block for an item, however many summary parts it has.

use super::items::Blocks;
use super::wire::{Item, Part, read, text};
use crate::answer::{Event, Malformed, Opening, Sink};
use crate::conversation::{Origin, Text, Token};

/// Where the readable part of a thought stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// In the summary.
    Summary,
    /// In the content: the thought itself, from models whose thoughts are open.
    Content,
}

/// A thought.
#[derive(Default)]
pub(super) struct Reasoning {
    block: Option<usize>,
    /// Which of the two speaks. The other would say the same again.
    source: Option<Source>,
    /// The part that was written last.
    place: Option<u64>,
}

impl Reasoning {
    /// A piece of some part.
    pub(super) fn write(
        &mut self,
        source: Source,
        place: u64,
        piece: &str,
        blocks: &mut Blocks,
        sink: Sink<'_>,
    ) {
        if piece.is_empty() || *self.source.get_or_insert(source) != source {
            return;
        }
        let block = self.block(blocks, &mut *sink);
        if self.place.replace(place).is_some_and(|last| last != place) {
            sink(Event::delta(block, "\n\n"));
        }
        sink(Event::delta(block, piece));
    }

    /// The whole of a part, which counts if no piece of it came.
    pub(super) fn supply(
        &mut self,
        source: Source,
        place: u64,
        whole: &str,
        blocks: &mut Blocks,
        sink: Sink<'_>,
    ) {
        if self.place.is_none_or(|last| place > last) {
            self.write(source, place, whole, blocks, sink);
        }
    }

    /// The end of the item: only now is the cipher final.
    pub(super) fn finish(
        &mut self,
        item: &Item<'_>,
        id: Text<'_>,
        blocks: &mut Blocks,
        sink: Sink<'_>,
    ) -> Result<(), Malformed> {
        for (source, parts) in [
            (Source::Content, item.content),
            (Source::Summary, item.summary),
        ] {
            let parts: Vec<Part<'_>> = read(parts)?.unwrap_or_default();
            for (place, part) in (0..).zip(&parts) {
                if let Some(whole) = text(part.text)? {
                    self.supply(source, place, &whole, blocks, &mut *sink);
                }
            }
        }
        let cipher = text(item.encrypted_content)?.filter(|cipher| !cipher.is_empty());
        if let Some(cipher) = cipher {
            let block = self.block(blocks, &mut *sink);
            let token = Token::fresh(Origin::Cipher, id, cipher);
            sink(Event::Seal { block, token });
        }
        self.close(sink);
        Ok(())
    }

    /// Ends it as it is.
    pub(super) fn close(&self, sink: Sink<'_>) {
        if let Some(block) = self.block {
            sink(Event::Close { block });
        }
    }

    fn block(&mut self, blocks: &mut Blocks, sink: Sink<'_>) -> usize {
        *self
            .block
            .get_or_insert_with(|| blocks.open(Opening::Thought, sink))
    }
}
