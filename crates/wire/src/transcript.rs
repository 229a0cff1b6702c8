//! A conversation as people read it: what each call adds to it.
//!
//! Agents send their whole conversation again with every call. A [`Line`] is one thing said; [`Histories`]
//! remembers what was said so far, as digests, and finds where a call begins to say something new. Bodies are
//! read by the same decoders that translate them, so what they cannot read is not shown here either.

use crate::answer::{Answer, Block, Content, Event, Malformed};
use crate::conversation::{Call, Part, Request, Role, Search, Thought};
use crate::dialect::Speech;
use crate::restore::Restore;
use crate::translate::{Take, Translator, decode_answer};
use crate::{Protocol, translate};

mod cut;
mod history;
#[cfg(test)]
mod tests;

pub use cut::Beginning;
pub use history::{Follows, Histories};

/// One thing said by somebody.
#[derive(Clone, Debug, PartialEq)]
pub struct Line<'a> {
    /// Who says it.
    pub role: Role,
    /// What is said.
    pub part: Part<'a>,
}

/// What a request says, one thing after the other; its instructions stand apart.
pub fn lines<'a>(request: &mut Request<'a>) -> Vec<Line<'a>> {
    let turns = std::mem::take(&mut request.turns);
    let said = |turn: crate::conversation::Turn<'a>| {
        let role = turn.role;
        turn.parts.into_iter().map(move |part| Line { role, part })
    };
    turns.into_iter().flat_map(said).collect()
}

/// What an answer says, as a client repeats it in its next request.
pub fn answered(answer: Answer) -> Vec<Line<'static>> {
    let line = |block: Block| Line {
        role: Role::Assistant,
        part: part(block),
    };
    answer.blocks.into_iter().map(line).collect()
}

fn part(block: Block) -> Part<'static> {
    match block.content {
        Content::Text => Part::text(block.text),
        Content::Thought => Part::Thought(Thought {
            text: block.text.into(),
            token: block.token,
        }),
        Content::Refusal => Part::Refusal(block.text.into()),
        Content::Call { id, tool } => Part::Call(Call {
            id: id.into(),
            tool,
            input: block.text.into(),
            cache: None,
        }),
        Content::Search { id } => Part::Search(Search {
            id: id.into(),
            query: block.text.into(),
            hits: block.sources,
        }),
    }
}

/// Reads an answer as its client got it, and says whether all of it could be read: of one that was cut, what
/// came before.
pub fn read_answer(
    protocol: Protocol,
    body: &[u8],
    stream: bool,
) -> (Answer, Result<(), Malformed>) {
    if !stream {
        let mut answer = Answer::default();
        let read = decode_answer(Speech::Protocol(protocol), body, &mut |event| {
            answer.take(event);
        });
        return (answer, read);
    }
    let mut frames = Translator::new(
        Speech::Protocol(protocol),
        Restore::default(),
        Whole::default(),
    );
    let nowhere = &mut Vec::new();
    let read = frames
        .push(body, nowhere)
        .and_then(|()| frames.finish(nowhere));
    (frames.into_taker().0, read)
}

/// Reads a request in its own protocol.
pub fn read_request(protocol: Protocol, body: &[u8]) -> Result<Request<'_>, translate::Unfit> {
    translate::decode(protocol, body)
}

/// Puts events together.
#[derive(Default)]
struct Whole(Answer);

impl Take for Whole {
    fn take(&mut self, event: Event<'_>, _: &mut Vec<u8>) -> Result<(), Malformed> {
        self.0.take(event);
        Ok(())
    }
}
