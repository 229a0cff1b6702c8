//! A whole answer, put together from its events.

use super::{Event, Opening, Stop};
use crate::Usage;
use crate::conversation::{Hit, Token, ToolName};
use crate::failure::Failure;

/// A whole answer.
#[derive(Default)]
pub struct Answer {
    /// The upstream's id of it.
    pub id: String,
    /// The model that answered.
    pub model: String,
    /// Its blocks, in the order they opened.
    pub blocks: Vec<Block>,
    /// What it consumed.
    pub usage: Usage,
    /// Why the model stopped.
    pub stop: Option<Stop<'static>>,
    /// The upstream's own error, if it ended in one.
    pub failure: Option<Failure<'static>>,
    /// It reached its proper end.
    pub ended: bool,
    /// The place in `blocks` of each numbered block: searches stand among them without a number.
    places: Vec<usize>,
}

/// One block.
pub struct Block {
    /// What it is.
    pub content: Content,
    /// Its text, or a call's input (`""` where none came; encoders write `{}`).
    pub text: String,
    /// A thought's token.
    pub token: Option<Token<'static>>,
    /// The sources of a text.
    pub sources: Vec<Hit<'static>>,
}

/// What a block is.
pub enum Content {
    /// Text.
    Text,
    /// A thought.
    Thought,
    /// A refusal.
    Refusal,
    /// A call.
    Call {
        /// Ties it to its result.
        id: String,
        /// What is called.
        tool: ToolName<'static>,
    },
    /// A web search of the vendor's; the block's text is the query, its sources what was found.
    Search {
        /// The upstream's id of it.
        id: String,
    },
}

impl Answer {
    /// Takes the next event.
    pub fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start { id, model, usage } => {
                self.id = id.into_owned();
                self.model = model.into_owned();
                self.usage.update(&usage);
            }
            Event::Open { content, .. } => self.open(content),
            Event::Delta { block, text } => {
                if let Some(block) = self.block(block) {
                    block.text.push_str(&text);
                }
            }
            Event::Seal { block, token } => {
                if let Some(block) = self.block(block) {
                    block.token = Some(token.into_owned());
                }
            }
            Event::Cite { block, source } => {
                if let Some(block) = self.block(block) {
                    block.sources.push(source.into_owned());
                }
            }
            Event::Searched { id, query, hits } => self.blocks.push(Block {
                content: Content::Search {
                    id: id.into_owned(),
                },
                text: query.into_owned(),
                token: None,
                sources: hits.into_iter().map(Hit::into_owned).collect(),
            }),
            Event::Usage(usage) => self.usage.update(&usage),
            Event::Stop(stop) => self.stop = Some(stop.into_owned()),
            Event::End => self.ended = true,
            Event::Failed(failure) => self.failure = Some(failure.into_owned()),
            Event::Close { .. } | Event::Alive => {}
        }
    }

    fn open(&mut self, opening: Opening<'_>) {
        let content = match opening {
            Opening::Text => Content::Text,
            Opening::Thought => Content::Thought,
            Opening::Refusal => Content::Refusal,
            Opening::Call { id, tool } => Content::Call {
                id: id.into_owned(),
                tool: tool.into_owned(),
            },
        };
        self.places.push(self.blocks.len());
        self.blocks.push(Block {
            content,
            text: String::new(),
            token: None,
            sources: Vec::new(),
        });
    }

    fn block(&mut self, number: usize) -> Option<&mut Block> {
        let place = *self.places.get(number)?;
        self.blocks.get_mut(place)
    }
}

macro_rules! opaque {
    ($($name:ty),+) => {
        $(impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        })+
    };
}

opaque!(Answer, Block, Content, Event<'_>, Opening<'_>, Stop<'_>);
