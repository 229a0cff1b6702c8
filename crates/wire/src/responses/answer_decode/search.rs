//! A web search of the vendor's.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::wire::{Action, Item, Source, Str, read, text};
use crate::answer::{Event as Said, Malformed, Sink};
use crate::conversation::{Hit, Text};

/// A web search that is over. Pages that were opened or searched themselves are no searches.
pub(super) fn searched(item: &Item<'_>, id: &str, sink: Sink<'_>) -> Result<(), Malformed> {
    let Some(action) = read::<Action<'_>>(item.action)? else {
        return Ok(());
    };
    if action.kind.as_ref().is_some_and(|kind| kind.0 != "search") {
        return Ok(());
    }
    let query = match text(action.query)? {
        Some(query) => query,
        None => first(action.queries)?,
    };
    let mut hits = Vec::new();
    for source in read::<Vec<Source<'_>>>(action.sources)?.unwrap_or_default() {
        if let Some(url) = text(source.url)? {
            let title = text(source.title)?.unwrap_or_default();
            hits.push(Hit { url, title });
        }
    }
    let id = item.id().unwrap_or_else(|| id.into());
    sink(Said::Searched { id, query, hits });
    Ok(())
}

/// The first of several texts.
fn first(raw: Option<&RawValue>) -> Result<Text<'_>, Malformed> {
    #[derive(Deserialize)]
    #[serde(transparent)]
    struct Texts<'a>(#[serde(borrow)] Vec<Str<'a>>);
    let texts: Option<Texts<'_>> = read(raw)?;
    Ok(texts
        .and_then(|texts| texts.0.into_iter().next())
        .map(|text| text.0)
        .unwrap_or_default())
}
