//! Results: of the client's tools, and of searches that the vendor carried out.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::blocks::{self, Found, each, kind, unknown};
use super::document;
use super::read::{Str, missing, under};
use super::shape::{Block, Content};
use crate::conversation::{Hit, Kind, Outcome, Part, Search, Text};
use crate::loss::{Loss, Losses};
use crate::translate::Unfit;

/// A `tool_result` block.
pub(super) fn outcome<'a>(block: Block<'a>, losses: &mut Losses) -> Result<Outcome<'a>, Unfit> {
    let Str(id) = block.tool_use_id.ok_or_else(|| missing("tool_use_id"))?;
    let mut parts = Vec::new();
    match block.content {
        None => {}
        Some(Content::Text(text)) if text.is_empty() => {}
        Some(content) => each(content, |place, found| match found {
            Found::Text(text) => {
                parts.push(Part::text(text));
                Ok(())
            }
            Found::Block(block) => {
                let before = parts.len();
                piece(*block, &mut parts, losses)?;
                let shown = parts.get_mut(before..).unwrap_or_default();
                document::locate(shown, ".content", place, "");
                Ok(())
            }
        })
        .map_err(|unfit| under("content", "", unfit))?,
    }
    Ok(Outcome {
        id,
        kind: Kind::Function,
        parts,
        is_error: block.is_error.unwrap_or_default(),
        cache: block.cache_control.map(|mark| mark.mark()),
    })
}

/// A block inside a result.
fn piece<'a>(
    block: Block<'a>,
    parts: &mut Vec<Part<'a>>,
    losses: &mut Losses,
) -> Result<(), Unfit> {
    match kind(&block)? {
        "text" => parts.push(Part::Text(blocks::text(block, losses)?)),
        "image" | "document" | "search_result" => document::piece(block, parts, losses)?,
        "tool_reference" => {
            // The vendor would put the tool's definition here; the model has it from the start.
            let Str(tool) = block.tool_name.ok_or_else(|| missing("tool_name"))?;
            losses.add(Loss::ToolSearch);
            parts.push(Part::text(format!("Tool found: {tool}")));
        }
        other => return Err(unknown(other)),
    }
    Ok(())
}

/// What a search was for.
pub(super) fn query(input: &RawValue) -> Option<Text<'_>> {
    #[derive(Deserialize)]
    struct Input<'a> {
        #[serde(borrow)]
        query: Option<Str<'a>>,
    }
    let input: Input<'_> = serde_json::from_str(input.get()).ok()?;
    input.query.map(|Str(query)| query)
}

/// A `web_search_tool_result` block: belongs to the search that was asked for before it.
pub(super) fn searched<'a>(block: Block<'a>, parts: &mut Vec<Part<'a>>) -> Result<(), Unfit> {
    let Str(id) = block.tool_use_id.ok_or_else(|| missing("tool_use_id"))?;
    let hits = match block.content {
        Some(Content::Blocks(pages)) => pages.into_iter().filter_map(hit).collect(),
        // An error: nothing was found.
        Some(Content::Object) => Vec::new(),
        Some(Content::Text(_)) => {
            return Err(Unfit::new(
                "content",
                "must be a list of search results or an error",
            ));
        }
        None => return Err(missing("content")),
    };
    let asked = parts.iter_mut().rev().find_map(|part| match part {
        Part::Search(search) if search.id == id => Some(search),
        _ => None,
    });
    match asked {
        Some(search) => search.hits = hits,
        None => parts.push(Part::Search(Search {
            id,
            query: Text::default(),
            hits,
        })),
    }
    Ok(())
}

fn hit(page: Block<'_>) -> Option<Hit<'_>> {
    let Str(url) = page.url?;
    Some(Hit {
        url,
        title: page.title.unwrap_or_default().0,
    })
}
