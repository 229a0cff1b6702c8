//! Web searches of the vendor's: two blocks, the question and what was found, become one event.

use serde_json::value::RawValue;

use super::shape::{Content, Page, SearchInput, Str};
use crate::answer::{Event, Sink};
use crate::conversation::Hit;

/// The longest question that is read.
const LONGEST_QUERY: usize = 64 * 1024;

/// The most questions that may wait for their results.
const MOST_OPEN: usize = 64;

/// A question as it comes.
pub(super) struct Query {
    id: String,
    /// A JSON text.
    input: String,
}

impl Query {
    pub(super) fn new(block: &Content<'_>) -> Self {
        Self {
            id: Str::text(block.id.as_ref()).to_owned(),
            input: block
                .input
                .map(|input| input.get().to_owned())
                .unwrap_or_default(),
        }
    }

    /// The input goes on.
    pub(super) fn add(&mut self, piece: &str) {
        // What the start says is empty until the pieces come.
        if self.input == "{}" && !piece.is_empty() {
            self.input.clear();
        }
        if self.input.len() + piece.len() <= LONGEST_QUERY {
            self.input.push_str(piece);
        }
    }
}

/// Searches whose results are still to come. What is never answered was not carried out.
#[derive(Default)]
pub(super) struct Searches(Vec<Query>);

impl Searches {
    pub(super) fn asked(&mut self, query: Query) {
        if self.0.len() < MOST_OPEN {
            self.0.push(query);
        }
    }

    /// A result has come: the search is told.
    pub(super) fn found(&mut self, block: &Content<'_>, sink: Sink<'_>) {
        let id = Str::text(block.tool_use_id.as_ref());
        let place = self.0.iter().position(|query| query.id == id);
        let query = place.map(|place| self.0.swap_remove(place));
        let input = query
            .as_ref()
            .and_then(|query| serde_json::from_str::<SearchInput<'_>>(&query.input).ok());
        // An error stands in the place of the list: then nothing was found.
        let found = block
            .found
            .and_then(|list| serde_json::from_str::<Vec<&RawValue>>(list.get()).ok());
        sink(Event::Searched {
            id: id.into(),
            query: Str::text(input.and_then(|input| input.query).as_ref()).into(),
            hits: found
                .iter()
                .flatten()
                .filter_map(|page| hit(page))
                .collect(),
        });
    }
}

/// A page, if it has an address.
pub(super) fn hit(page: &RawValue) -> Option<Hit<'_>> {
    let page: Page<'_> = serde_json::from_str(page.get()).ok()?;
    Some(Hit {
        url: page.url?.0,
        title: page.title.map(|title| title.0).unwrap_or_default(),
    })
}
