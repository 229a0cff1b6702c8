//! Parts of a turn, written as content blocks.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::shape::{self, Block, mark};
use crate::conversation::{Call, Document, Image, Origin, Outcome, Part, Passage, Source, Thought};
use crate::loss::{Loss, Losses};
use crate::translate::Unfit;

/// A piece of instructions; the protocol takes no empty ones.
pub(super) fn passage<'r>(passage: &'r Passage<'_>) -> Option<Block<'r>> {
    let text = &*passage.text;
    let cache_control = mark(passage.cache);
    (!text.is_empty()).then_some(Block::Text {
        text: text.into(),
        cache_control,
    })
}

/// Appends what `part` becomes.
pub(super) fn push<'r>(
    part: &'r Part<'_>,
    blocks: &mut Vec<Block<'r>>,
    losses: &mut Losses,
) -> Result<(), Unfit> {
    match part {
        Part::Text(said) if said.text.is_empty() => {}
        Part::Text(said) => blocks.push(Block::Text {
            text: Cow::Borrowed(&said.text),
            cache_control: mark(said.cache),
        }),
        Part::Image(image) => blocks.push(picture(image, losses)),
        Part::Document(document) => blocks.push(paper(document)),
        Part::Thought(thought) => match token(thought) {
            Some(block) => blocks.push(block),
            None => losses.add(Loss::ReasoningHistory),
        },
        Part::Call(call) => blocks.push(tool_use(call)?),
        Part::Outcome(outcome) => blocks.push(tool_result(outcome, losses)?),
        Part::Refusal(text) if text.is_empty() => {}
        Part::Refusal(text) => {
            blocks.push(Block::Text {
                text: Cow::Borrowed(text),
                cache_control: None,
            });
        }
        Part::Search(search) => {
            losses.add(Loss::SearchHistory);
            blocks.push(Block::Text {
                text: search.in_words().into(),
                cache_control: None,
            });
        }
    }
    Ok(())
}

fn picture<'r>(image: &'r Image<'_>, losses: &mut Losses) -> Block<'r> {
    let closeness = image.detail.as_deref();
    losses.add_if(
        closeness.is_some_and(|detail| detail != "auto"),
        Loss::ImageDetail,
    );
    Block::Image {
        source: source(&image.source),
        cache_control: mark(image.cache),
    }
}

fn paper<'r>(document: &'r Document<'_>) -> Block<'r> {
    Block::Document {
        source: source(&document.source),
        title: document.title.as_deref(),
        context: document.context.as_deref(),
        cache_control: mark(document.cache),
    }
}

fn source<'r>(source: &'r Source<'_>) -> shape::Source<'r> {
    match source {
        Source::Base64 { media_type, data } => shape::Source::Base64 { media_type, data },
        Source::Url(url) => shape::Source::Url { url },
        Source::Plain(text) => shape::Source::Text {
            media_type: "text/plain",
            data: text,
        },
    }
}

/// The block that the token was taken from, exactly; nothing else would pass for it.
fn token<'r>(thought: &'r Thought<'_>) -> Option<Block<'r>> {
    let token = thought.token.as_ref()?;
    match token.origin {
        Origin::Signature => Some(Block::Thinking {
            thinking: &thought.text,
            signature: &token.value,
        }),
        Origin::Redacted => Some(Block::RedactedThinking { data: &token.value }),
        Origin::Cipher | Origin::Unsigned => None,
    }
}

fn tool_use<'r>(call: &'r Call<'_>) -> Result<Block<'r>, Unfit> {
    let input: &RawValue = serde_json::from_str(&call.input)
        .ok()
        .filter(|input: &&RawValue| input.get().starts_with('{'))
        .ok_or_else(|| Unfit::new("", "the arguments of an earlier call are not a JSON object"))?;
    Ok(Block::ToolUse {
        id: &call.id,
        name: &call.tool.name,
        input,
        cache_control: mark(call.cache),
    })
}

fn tool_result<'r>(outcome: &'r Outcome<'_>, losses: &mut Losses) -> Result<Block<'r>, Unfit> {
    let mut content = Vec::with_capacity(outcome.parts.len());
    for part in &outcome.parts {
        push(part, &mut content, losses)?;
    }
    Ok(Block::ToolResult {
        tool_use_id: &outcome.id,
        content,
        is_error: outcome.is_error,
        cache_control: mark(outcome.cache),
    })
}
