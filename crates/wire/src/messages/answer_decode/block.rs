//! One block of an answer, from its start to its end.

use serde_json::value::RawValue;

use super::search::{Query, Searches, hit};
use super::shape::{Content, Delta, Kind, Str, read};
use crate::answer::{CallIds, Event, Malformed, Opening, Sink};
use crate::conversation::{Origin, Token, ToolName};

/// A block under the upstream's index.
pub(super) struct Numbered {
    pub(super) index: u64,
    pub(super) block: Block,
}

/// A block that has begun. `number`: the hub's.
pub(super) enum Block {
    Text {
        number: usize,
    },
    Thought {
        number: usize,
        /// What was issued for it so far; final when the block ends.
        token: Option<Token<'static>>,
    },
    Call {
        number: usize,
        /// The input as the start gave it, until pieces of it come.
        given: Option<String>,
    },
    /// What a web search is for.
    Query(Query),
    /// Nothing the hub has a word for.
    Skipped,
}

/// What blocks share.
#[derive(Default)]
pub(super) struct Blocks {
    /// The hub's next number.
    next: usize,
    ids: CallIds,
    searches: Searches,
}

impl Blocks {
    /// A block begins.
    pub(super) fn open(&mut self, raw: &RawValue, sink: Sink<'_>) -> Result<Block, Malformed> {
        let raw = raw.get().as_bytes();
        let kind: Kind<'_> = read(raw, "a block that is no JSON object")?;
        let kind = Str::text(kind.kind.as_ref());
        let known = ["text", "thinking", "redacted_thinking", "tool_use"];
        let search = ["server_tool_use", "web_search_tool_result"];
        if !known.contains(&kind) && !search.contains(&kind) {
            return Ok(Block::Skipped);
        }
        let content: Content<'_> = read(raw, "a block with members of wrong types")?;
        match kind {
            "text" => Ok(self.text(&content, sink)),
            "thinking" => Ok(self.thinking(content, sink)),
            "redacted_thinking" => Ok(self.redacted(content, sink)),
            "tool_use" => self.call(&content, sink),
            "server_tool_use" if Str::text(content.name.as_ref()) == "web_search" => {
                Ok(Block::Query(Query::new(&content)))
            }
            "web_search_tool_result" => {
                self.searches.found(&content, sink);
                Ok(Block::Skipped)
            }
            _ => Ok(Block::Skipped),
        }
    }

    /// A block ends.
    pub(super) fn close(&mut self, block: Block, sink: Sink<'_>) {
        let number = match block {
            Block::Skipped => return,
            Block::Query(query) => {
                self.searches.asked(query);
                return;
            }
            Block::Text { number } => number,
            Block::Thought { number, token } => {
                if let Some(token) = token {
                    sink(Event::Seal {
                        block: number,
                        token,
                    });
                }
                number
            }
            Block::Call { number, given } => {
                if let Some(given) = given {
                    sink(Event::delta(number, given));
                }
                number
            }
        };
        sink(Event::Close { block: number });
    }

    fn begin(&mut self, content: Opening<'_>, sink: Sink<'_>) -> usize {
        let number = self.next;
        self.next += 1;
        sink(Event::Open {
            block: number,
            content,
        });
        number
    }

    fn text(&mut self, content: &Content<'_>, sink: Sink<'_>) -> Block {
        let number = self.begin(Opening::Text, sink);
        add(number, content.text.as_ref(), sink);
        for citation in content.citations.iter().flatten() {
            cite(number, citation, sink);
        }
        Block::Text { number }
    }

    fn thinking(&mut self, content: Content<'_>, sink: Sink<'_>) -> Block {
        let number = self.begin(Opening::Thought, sink);
        add(number, content.thinking.as_ref(), sink);
        Block::Thought {
            number,
            token: token(Origin::Signature, content.signature),
        }
    }

    fn redacted(&mut self, content: Content<'_>, sink: Sink<'_>) -> Block {
        Block::Thought {
            number: self.begin(Opening::Thought, sink),
            token: token(Origin::Redacted, content.data),
        }
    }

    fn call(&mut self, content: &Content<'_>, sink: Sink<'_>) -> Result<Block, Malformed> {
        let name = content.name.as_ref();
        let name = name.ok_or(Malformed("a call without its name"))?;
        let opening = Opening::Call {
            id: self.ids.pass(Str::text(content.id.as_ref()).into()),
            tool: ToolName::function(&*name.0),
        };
        Ok(Block::Call {
            number: self.begin(opening, sink),
            given: content.input.and_then(filled_object).map(str::to_owned),
        })
    }
}

impl Block {
    /// A block goes on.
    pub(super) fn delta(&mut self, raw: &RawValue, sink: Sink<'_>) -> Result<(), Malformed> {
        if matches!(self, Self::Skipped) {
            return Ok(());
        }
        let raw = raw.get().as_bytes();
        let delta: Delta<'_> = read(raw, "a delta with members of wrong types")?;
        match (Str::text(delta.kind.as_ref()), self) {
            ("text_delta", Self::Text { number }) => add(*number, delta.text.as_ref(), sink),
            ("citations_delta", Self::Text { number }) => {
                if let Some(citation) = delta.citation {
                    cite(*number, citation, sink);
                }
            }
            ("thinking_delta", Self::Thought { number, .. }) => {
                add(*number, delta.thinking.as_ref(), sink);
            }
            ("signature_delta", Self::Thought { token: issued, .. }) => {
                *issued = token(Origin::Signature, delta.signature).or(issued.take());
            }
            ("input_json_delta", Self::Call { number, given }) => {
                let piece = delta.partial_json.as_ref();
                if !Str::text(piece).is_empty() {
                    *given = None;
                }
                add(*number, piece, sink);
            }
            ("input_json_delta", Self::Query(query)) => {
                query.add(Str::text(delta.partial_json.as_ref()));
            }
            (
                "text_delta" | "citations_delta" | "thinking_delta" | "signature_delta"
                | "input_json_delta",
                _,
            ) => return Err(Malformed("a delta that does not fit its block")),
            _ => {}
        }
        Ok(())
    }
}

fn add(number: usize, text: Option<&Str<'_>>, sink: Sink<'_>) {
    let text = Str::text(text);
    if !text.is_empty() {
        sink(Event::delta(number, text));
    }
}

/// Only sources with an address can be told elsewhere; places in the caller's own documents cannot.
fn cite(number: usize, citation: &RawValue, sink: Sink<'_>) {
    if let Some(source) = hit(citation) {
        sink(Event::Cite {
            block: number,
            source,
        });
    }
}

fn token(origin: Origin, value: Option<Str<'_>>) -> Option<Token<'static>> {
    let value = value?.0.into_owned();
    (!value.is_empty()).then(|| Token::fresh(origin, "", value))
}

/// The text of an object that is not empty: some servers send the input of a call whole, with its start.
fn filled_object(input: &RawValue) -> Option<&str> {
    let text = input.get();
    let inner = text.strip_prefix('{')?.strip_suffix('}')?;
    (!inner.trim_ascii().is_empty()).then_some(text)
}
