//! Undoing in the answer what `fit` did to the request.
//!
//! Three things: tools get their own names back, the input of a freeform tool that was sent as a function
//! is unwrapped as it streams, and an answer ends at a stop text that the target could not be told of.
//! Knows nothing of protocols: events of the target's go in, events for the caller come out, in the
//! grammar of [`crate::answer`] on both sides. Without anything to undo, events pass untouched.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::answer::{Event, Opening, Sink, Stop, StopReason};
use crate::conversation::{Kind, Text, ToolName};

mod cut;
mod unwrap;

use cut::{Held, Stops};
use unwrap::Unwrap;

/// What there is to undo, and how far the answer has come.
#[derive(Clone, Default)]
pub struct Restore {
    /// The tools whose names or kinds changed, by the name they were sent under.
    names: Option<Arc<HashMap<String, Original>>>,
    /// The texts to end the answer at.
    stops: Option<Arc<Stops>>,
    /// The open blocks that need more than passing on.
    blocks: Vec<(usize, Block)>,
    /// How many blocks are open that the caller sees.
    open: usize,
    /// Which of `stops` has ended the answer.
    cut: Option<usize>,
}

/// A tool as the caller knows it.
#[derive(Clone)]
pub(crate) struct Original {
    /// How the caller calls it.
    pub(crate) tool: ToolName<'static>,
    /// Its free text was asked for as the `input` member of a JSON object.
    pub(crate) wrapped: bool,
}

/// An open block.
#[derive(Clone)]
enum Block {
    /// Text in which a stop may come up.
    Text(Held),
    /// A call whose input has to be unwrapped.
    Wrapped(Unwrap),
    /// Beyond the cut: for nobody to see.
    Hidden,
}

impl fmt::Debug for Restore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Restore(..)")
    }
}

impl Restore {
    /// Tools to rename, by the name they were sent under, and texts to end the answer at.
    pub(crate) fn new(names: HashMap<String, Original>, stops: &[Text<'_>]) -> Self {
        let stops = Stops::new(stops);
        Self {
            names: (!names.is_empty()).then(|| Arc::new(names)),
            stops: (!stops.is_empty()).then(|| Arc::new(stops)),
            blocks: Vec::new(),
            open: 0,
            cut: None,
        }
    }

    /// Takes the next event of the target's and passes on what the caller is to see of it.
    pub fn event(&mut self, event: Event<'_>, sink: Sink<'_>) {
        if self.names.is_none() && self.stops.is_none() {
            return sink(event);
        }
        match event {
            Event::Open { block, content } => self.open(block, content, sink),
            Event::Delta { block, text } => self.delta(block, text, sink),
            Event::Close { block } => self.close(block, sink),
            event @ (Event::Seal { block, .. } | Event::Cite { block, .. }) => {
                if !matches!(self.block(block), Some(Block::Hidden)) {
                    sink(event);
                }
            }
            event @ Event::Searched { .. } => {
                if self.cut.is_none() {
                    sink(event);
                }
            }
            Event::Stop(stop) => sink(Event::Stop(self.stop(stop))),
            event @ Event::Failed(_) => {
                if !self.conclude(sink) {
                    sink(event);
                }
            }
            event @ (Event::Start { .. } | Event::Usage(_) | Event::End | Event::Alive) => {
                sink(event);
            }
        }
    }

    /// The answer breaks off: ends it properly if the caller has got all that it is to see of it.
    pub(crate) fn conclude(&self, sink: Sink<'_>) -> bool {
        let complete = self.cut.is_some() && self.open == 0;
        if complete {
            sink(Event::Stop(self.stop(Stop::because(StopReason::EndTurn))));
            sink(Event::End);
        }
        complete
    }

    fn open(&mut self, block: usize, content: Opening<'_>, sink: Sink<'_>) {
        if self.cut.is_some() {
            self.blocks.push((block, Block::Hidden));
            return;
        }
        self.open += 1;
        match content {
            Opening::Call { id, tool } => {
                let original = self.names.as_ref().and_then(|names| names.get(&*tool.name));
                let tool = original.map_or(tool, |original| borrowed(&original.tool));
                if original.is_some_and(|original| original.wrapped) {
                    let wrapped = Block::Wrapped(Unwrap::default());
                    self.blocks.push((block, wrapped));
                }
                let content = Opening::Call { id, tool };
                sink(Event::Open { block, content });
            }
            content @ (Opening::Text | Opening::Thought | Opening::Refusal) => {
                if let (Some(stops), Opening::Text) = (&self.stops, &content) {
                    let held = Block::Text(stops.begin());
                    self.blocks.push((block, held));
                }
                sink(Event::Open { block, content });
            }
        }
    }

    fn delta(&mut self, block: usize, text: Text<'_>, sink: Sink<'_>) {
        let stops = self.stops.clone();
        let (text, found) = match (self.block(block), stops) {
            (Some(Block::Hidden), _) => return,
            (Some(Block::Wrapped(unwrap)), _) => {
                (Cow::Owned(unwrap.feed(&text).into_owned()), None)
            }
            (Some(Block::Text(held)), Some(stops)) => stops.feed(held, text),
            (Some(Block::Text(_)), None) | (None, _) => (text, None),
        };
        if !text.is_empty() {
            sink(Event::Delta { block, text });
        }
        if let Some(stop) = found {
            self.cut(stop, sink);
        }
    }

    /// Ends every text; calls and thoughts that are already on their way go on to their own ends.
    fn cut(&mut self, stop: usize, sink: Sink<'_>) {
        self.cut = Some(stop);
        for (number, block) in &mut self.blocks {
            if matches!(block, Block::Text(_)) {
                *block = Block::Hidden;
                self.open = self.open.saturating_sub(1);
                sink(Event::Close { block: *number });
            }
        }
    }

    fn close(&mut self, block: usize, sink: Sink<'_>) {
        let place = self.blocks.iter().position(|(number, _)| *number == block);
        let rest = match place.map(|place| self.blocks.swap_remove(place).1) {
            Some(Block::Hidden) => return,
            Some(Block::Text(held)) => held.rest(),
            Some(Block::Wrapped(unwrap)) => unwrap.rest(),
            None => String::new(),
        };
        if !rest.is_empty() {
            sink(Event::delta(block, rest));
        }
        self.open = self.open.saturating_sub(1);
        sink(Event::Close { block });
    }

    /// The model stopped by itself, but the caller's text came up before.
    fn stop<'a>(&'a self, stop: Stop<'a>) -> Stop<'a> {
        match (self.cut, &self.stops) {
            (Some(cut), Some(stops)) => Stop {
                reason: StopReason::StopSequence,
                sequence: stops.text(cut).map(Cow::Borrowed),
            },
            (Some(_) | None, _) => stop,
        }
    }

    fn block(&mut self, block: usize) -> Option<&mut Block> {
        let found = self.blocks.iter_mut().find(|(number, _)| *number == block);
        found.map(|(_, block)| block)
    }
}

fn borrowed<'a>(tool: &'a ToolName<'static>) -> ToolName<'a> {
    let kind: Kind = tool.kind;
    ToolName {
        name: Cow::Borrowed(&tool.name),
        namespace: tool.namespace.as_deref().map(Cow::Borrowed),
        kind,
    }
}

#[cfg(test)]
mod tests;
