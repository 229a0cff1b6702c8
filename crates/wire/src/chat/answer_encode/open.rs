//! The blocks that are open, and whose turn it is to speak.

use std::borrow::Cow;

use crate::conversation::{Hit, Kind};

/// Where a block is written to. Calls have places of their own; of the others, each is one long text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Channel {
    /// `content`.
    Content,
    /// `reasoning_content`.
    Reasoning,
    /// `refusal`.
    Refusal,
    /// An entry of `tool_calls`.
    Call {
        /// Its place among the calls.
        index: usize,
        /// What kind of tool is called.
        kind: Kind,
    },
}

/// A block that is open, or has to wait for its turn.
pub(super) struct Block {
    number: usize,
    /// Where it is written to.
    pub channel: Channel,
    /// Characters written.
    pub written: usize,
    /// Where it is from, so far.
    pub sources: Vec<Hit<'static>>,
    /// What is to be written when its turn comes.
    held: String,
    closed: bool,
}

/// The blocks, in the order they opened.
#[derive(Default)]
pub(super) struct Open(Vec<Block>);

/// What a block's turn has come for.
pub(super) enum Turn {
    /// To say what was held back.
    Say(Channel, String),
    /// To end.
    End(Block),
}

impl Open {
    /// Opens a block.
    pub(super) fn push(&mut self, number: usize, channel: Channel) {
        self.0.push(Block {
            number,
            channel,
            written: 0,
            sources: Vec::new(),
            held: String::new(),
            closed: false,
        });
    }

    /// The place to write a block's text to, or `None` if it was held back: texts that are written side by
    /// side would be mixed up.
    pub(super) fn say(&mut self, number: usize, text: &str) -> Option<Channel> {
        let place = self.place(number)?;
        let behind = self.is_behind(place);
        let block = self.0.get_mut(place)?;
        if behind {
            block.held.push_str(text);
            return None;
        }
        block.written += text.chars().count();
        Some(block.channel)
    }

    /// Adds a source.
    pub(super) fn cite(&mut self, number: usize, source: &Hit<'_>) {
        let place = self.place(number);
        if let Some(block) = place.and_then(|place| self.0.get_mut(place)) {
            block.sources.push(Hit {
                url: Cow::Owned(source.url.clone().into_owned()),
                title: Cow::Owned(source.title.clone().into_owned()),
            });
        }
    }

    /// Closes a block. It ends when its turn comes.
    pub(super) fn close(&mut self, number: usize) {
        let place = self.place(number);
        if let Some(block) = place.and_then(|place| self.0.get_mut(place)) {
            block.closed = true;
        }
    }

    /// Closes all that are still open.
    pub(super) fn close_all(&mut self) {
        for block in &mut self.0 {
            block.closed = true;
        }
    }

    /// The next block whose turn has come.
    pub(super) fn turn(&mut self) -> Option<Turn> {
        let mut taken = Vec::new();
        let place = self.0.iter().position(|block| {
            let behind = match block.channel {
                Channel::Call { .. } => false,
                prose if taken.contains(&prose) => true,
                prose => {
                    taken.push(prose);
                    false
                }
            };
            !behind && (block.closed || !block.held.is_empty())
        })?;
        let block = self.0.get_mut(place)?;
        if block.held.is_empty() {
            return Some(Turn::End(self.0.remove(place)));
        }
        let text = std::mem::take(&mut block.held);
        block.written += text.chars().count();
        Some(Turn::Say(block.channel, text))
    }

    fn place(&self, number: usize) -> Option<usize> {
        self.0
            .iter()
            .rposition(|block| block.number == number && !block.closed)
    }

    /// Whether an earlier block is still being written to the same place.
    fn is_behind(&self, place: usize) -> bool {
        let mut earlier = self.0.iter().take(place);
        let channel = self.0.get(place).map(|block| block.channel);
        earlier.any(|block| Some(block.channel) == channel)
    }
}
