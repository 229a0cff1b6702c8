//! How many tokens a request may have, for targets that do not count.
//!
//! An estimate and nothing more: no vendor's tokenizer is known here. It is meant to err on the high side
//! for prose and code in Latin script; its answer carries [`crate::loss::Loss::TokenCount`].

use crate::conversation::{ClientTool, Format, Part, Request, Search, Source, Tool};

/// Bytes of text to a token.
const BYTES: usize = 4;

/// Tokens of an image: vendors scale what is larger down to about this.
const IMAGE: u64 = 1_600;

/// Bytes of a document file to a token: a page has about 50 KB and 2,000 tokens.
const FILE_BYTES: usize = 25;

/// Tokens of a document that is somewhere else.
const FAR_DOCUMENT: u64 = 2_000;

/// Tokens around each turn, tool and call.
const FRAME: u64 = 4;

/// An estimate of the input tokens of `request`: a token for every four bytes of each text, schema and
/// call, 1,600 for an image, documents by their size.
pub fn estimate_tokens(request: &Request<'_>) -> u64 {
    let system = request.system.iter().map(|passage| text(&passage.text));
    let tools = request.tools.iter().map(|tool| match tool {
        Tool::Client(tool) => FRAME + client_tool(tool),
        // The vendor's own description of it.
        Tool::WebSearch(_) => 100,
    });
    let turns = request.turns.iter().map(|turn| FRAME + parts(&turn.parts));
    let format = request.format.iter().map(|format| match format {
        Format::Text | Format::JsonObject => 0,
        Format::JsonSchema { schema, .. } => text(schema.get()),
    });
    system.chain(tools).chain(turns).chain(format).sum()
}

fn client_tool(tool: &ClientTool<'_>) -> u64 {
    let schema = tool.schema.as_ref().map_or(0, |schema| text(schema.get()));
    let grammar = tool
        .grammar
        .as_ref()
        .map_or(0, |grammar| text(&grammar.definition));
    text(&tool.name.name)
        + tool.name.namespace.as_deref().map_or(0, text)
        + tool.description.as_deref().map_or(0, text)
        + schema
        + grammar
}

fn parts(parts: &[Part<'_>]) -> u64 {
    parts.iter().map(part).sum()
}

fn part(part: &Part<'_>) -> u64 {
    match part {
        Part::Text(said) => text(&said.text),
        Part::Image(_) => IMAGE,
        Part::Document(document) => {
            let title = document.title.as_deref().map_or(0, text);
            let context = document.context.as_deref().map_or(0, text);
            title + context + source(&document.source)
        }
        Part::Thought(thought) => text(&thought.text),
        Part::Call(call) => FRAME + text(&call.tool.name) + text(&call.input),
        Part::Outcome(outcome) => FRAME + parts(&outcome.parts),
        Part::Refusal(refusal) => text(refusal),
        Part::Search(search) => searched(search),
    }
}

fn searched(search: &Search<'_>) -> u64 {
    let hits = search
        .hits
        .iter()
        .map(|hit| text(&hit.url) + text(&hit.title));
    text(&search.query) + hits.sum::<u64>()
}

fn source(source: &Source<'_>) -> u64 {
    match source {
        Source::Plain(plain) => text(plain),
        Source::Url(_) => FAR_DOCUMENT,
        Source::Base64 { media_type, data } => {
            let bytes = data.len() / 4 * 3;
            let each = if media_type.starts_with("text/") {
                BYTES
            } else {
                FILE_BYTES
            };
            count(bytes.div_ceil(each))
        }
    }
}

fn text(text: &str) -> u64 {
    count(text.len().div_ceil(BYTES))
}

fn count(tokens: usize) -> u64 {
    u64::try_from(tokens).unwrap_or(u64::MAX)
}
