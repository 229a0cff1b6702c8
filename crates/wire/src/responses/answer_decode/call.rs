//! A call of a function or of a custom tool.

use super::items::Blocks;
use super::wire::{Item, text};
use crate::answer::{Event, Malformed, Opening, Sink};
use crate::conversation::{Kind, ToolName};

/// A call.
pub(super) struct Call {
    block: usize,
    freeform: bool,
    wrote: bool,
}

impl Call {
    /// Begins a call: who is called stands in the item from the start.
    pub(super) fn open(
        item: &Item<'_>,
        freeform: bool,
        blocks: &mut Blocks,
        sink: Sink<'_>,
    ) -> Result<Self, Malformed> {
        let id = text(item.call_id)?.filter(|id| !id.is_empty());
        let id = blocks
            .ids
            .pass(id.or_else(|| item.id()).unwrap_or_default());
        let name = text(item.name)?.filter(|name| !name.is_empty());
        let tool = ToolName {
            name: name.ok_or(Malformed("a call has no name"))?,
            namespace: text(item.namespace)?.filter(|namespace| !namespace.is_empty()),
            kind: if freeform {
                Kind::Freeform
            } else {
                Kind::Function
            },
        };
        Ok(Self {
            block: blocks.open(Opening::Call { id, tool }, sink),
            freeform,
            wrote: false,
        })
    }

    /// A piece of its input.
    pub(super) fn write(&mut self, piece: &str, sink: Sink<'_>) {
        if !piece.is_empty() {
            self.wrote = true;
            sink(Event::delta(self.block, piece));
        }
    }

    /// The whole input, which counts if no piece of it came.
    pub(super) fn supply(&mut self, whole: &str, sink: Sink<'_>) {
        if !self.wrote {
            self.write(whole, sink);
        }
    }

    /// The end of the item.
    pub(super) fn finish(&mut self, item: &Item<'_>, sink: Sink<'_>) -> Result<(), Malformed> {
        let input = if self.freeform {
            item.input
        } else {
            item.arguments
        };
        self.supply(&text(input)?.unwrap_or_default(), &mut *sink);
        self.close(sink);
        Ok(())
    }

    /// Ends it as it is.
    pub(super) fn close(&self, sink: Sink<'_>) {
        sink(Event::Close { block: self.block });
    }
}
