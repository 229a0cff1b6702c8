//! A message: its parts are the hub's text and refusal blocks.

use std::collections::BTreeMap;

use super::items::Blocks;
use super::wire::{Annotation, Part as Written, read, text};
use crate::answer::{Event, Malformed, Opening, Sink};

/// What a part of a message is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Voice {
    /// The answer.
    Text,
    /// The refusal to give one.
    Refusal,
}

/// A message, by its parts. A part becomes a block with the first thing it says: empty ones never do.
#[derive(Default)]
pub(super) struct Message {
    parts: BTreeMap<u64, Part>,
}

struct Part {
    voice: Voice,
    block: Option<usize>,
    /// It has said some of its text.
    wrote: bool,
    /// How many of its annotations are told.
    annotated: usize,
    closed: bool,
}

impl Part {
    fn block(&mut self, blocks: &mut Blocks, sink: Sink<'_>) -> usize {
        *self.block.get_or_insert_with(|| {
            blocks.open(
                match self.voice {
                    Voice::Text => Opening::Text,
                    Voice::Refusal => Opening::Refusal,
                },
                sink,
            )
        })
    }

    fn write(&mut self, piece: &str, blocks: &mut Blocks, sink: Sink<'_>) {
        if !piece.is_empty() {
            let block = self.block(blocks, &mut *sink);
            self.wrote = true;
            sink(Event::delta(block, piece));
        }
    }

    fn cite(
        &mut self,
        annotation: &Annotation<'_>,
        blocks: &mut Blocks,
        sink: Sink<'_>,
    ) -> Result<(), Malformed> {
        self.annotated += 1;
        if let Some(source) = annotation.source()? {
            let block = self.block(blocks, &mut *sink);
            sink(Event::Cite { block, source });
        }
        Ok(())
    }

    fn close(&mut self, sink: Sink<'_>) {
        if !std::mem::replace(&mut self.closed, true)
            && let Some(block) = self.block
        {
            sink(Event::Close { block });
        }
    }
}

impl Message {
    fn part(&mut self, place: u64, voice: Voice) -> Result<&mut Part, Malformed> {
        let part = self.parts.entry(place).or_insert(Part {
            voice,
            block: None,
            wrote: false,
            annotated: 0,
            closed: false,
        });
        if part.voice == voice {
            Ok(part)
        } else {
            Err(Malformed("a part of a message changes its type"))
        }
    }

    /// A piece of a part.
    pub(super) fn write(
        &mut self,
        place: u64,
        voice: Voice,
        piece: &str,
        blocks: &mut Blocks,
        sink: Sink<'_>,
    ) -> Result<(), Malformed> {
        let part = self.part(place, voice)?;
        if part.closed {
            return Err(Malformed("a part of a message goes on after its end"));
        }
        part.write(piece, blocks, sink);
        Ok(())
    }

    /// The whole of a part, which counts if no piece of it came.
    pub(super) fn supply(
        &mut self,
        place: u64,
        voice: Voice,
        whole: &str,
        blocks: &mut Blocks,
        sink: Sink<'_>,
    ) -> Result<(), Malformed> {
        let part = self.part(place, voice)?;
        if !part.wrote && !part.closed {
            part.write(whole, blocks, sink);
        }
        Ok(())
    }

    /// A source of what a part says.
    pub(super) fn cite(
        &mut self,
        place: u64,
        annotation: &Annotation<'_>,
        blocks: &mut Blocks,
        sink: Sink<'_>,
    ) -> Result<(), Malformed> {
        let part = self.part(place, Voice::Text)?;
        if part.closed {
            return Err(Malformed("a part of a message goes on after its end"));
        }
        part.cite(annotation, blocks, sink)
    }

    /// The end of a part, with all that was said of it; whether it is a refusal in so many words.
    pub(super) fn finish_part(
        &mut self,
        place: u64,
        written: &Written<'_>,
        blocks: &mut Blocks,
        sink: Sink<'_>,
    ) -> Result<bool, Malformed> {
        let (voice, whole) = match written.kind.as_ref().map(|kind| &*kind.0) {
            Some("output_text" | "text") => (Voice::Text, text(written.text)?),
            Some("refusal") => (Voice::Refusal, text(written.refusal)?),
            _ => return Ok(false),
        };
        self.supply(
            place,
            voice,
            whole.as_deref().unwrap_or_default(),
            blocks,
            &mut *sink,
        )?;
        let part = self.part(place, voice)?;
        if !part.closed {
            let annotations: Vec<Annotation<'_>> = read(written.annotations)?.unwrap_or_default();
            for annotation in annotations.iter().skip(part.annotated) {
                part.cite(annotation, blocks, &mut *sink)?;
            }
            part.close(sink);
        }
        Ok(voice == Voice::Refusal && part.block.is_some())
    }

    /// Ends what has not ended.
    pub(super) fn close(mut self, sink: Sink<'_>) {
        for part in self.parts.values_mut() {
            part.close(&mut *sink);
        }
    }
}
