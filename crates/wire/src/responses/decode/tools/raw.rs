//! One tool of a list, before its type has been looked at, and what is inside it.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::conversation::{Grammar, Location, WebSearch};
use crate::loss::{Loss, Losses};
use crate::responses::decode::read::{Place, Str, read, text, word};
use crate::translate::Unfit;

/// All that a tool of any type may hold.
#[derive(Deserialize)]
pub(super) struct RawTool<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) name: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) description: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) parameters: Option<&'a RawValue>,
    pub(super) strict: Option<bool>,
    pub(super) defer_loading: Option<bool>,
    #[serde(borrow)]
    pub(super) allowed_callers: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) format: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) tools: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) execution: Option<Str<'a>>,
    #[serde(borrow)]
    filters: Option<Filters<'a>>,
    #[serde(borrow)]
    user_location: Option<UserLocation<'a>>,
    #[serde(borrow)]
    pub(super) search_context_size: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) search_content_types: Option<Vec<Str<'a>>>,
    pub(super) external_web_access: Option<bool>,
}

#[derive(Deserialize)]
struct Filters<'a> {
    #[serde(borrow)]
    allowed_domains: Option<Vec<Str<'a>>>,
    #[serde(borrow)]
    blocked_domains: Option<Vec<Str<'a>>>,
}

/// About where the user is.
#[derive(Deserialize)]
struct UserLocation<'a> {
    #[serde(borrow)]
    city: Option<Str<'a>>,
    #[serde(borrow)]
    region: Option<Str<'a>>,
    #[serde(borrow)]
    country: Option<Str<'a>>,
    #[serde(borrow)]
    timezone: Option<Str<'a>>,
}

impl<'a> From<UserLocation<'a>> for Location<'a> {
    fn from(given: UserLocation<'a>) -> Self {
        Self {
            city: text(given.city),
            region: text(given.region),
            country: text(given.country),
            timezone: text(given.timezone),
        }
    }
}

#[derive(Deserialize)]
struct RawFormat<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Str<'a>>,
    #[serde(borrow)]
    syntax: Option<Str<'a>>,
    #[serde(borrow)]
    definition: Option<Str<'a>>,
}

/// The grammar in a freeform tool's `format`.
pub(super) fn grammar<'a>(
    format: Option<&'a RawValue>,
    place: &Place<'_>,
) -> Result<Option<Grammar<'a>>, Unfit> {
    let Some(raw) = format else { return Ok(None) };
    let format: RawFormat<'a> = read(raw, place)?;
    match word(format.kind.as_ref()) {
        Some("text") => Ok(None),
        Some("grammar") => Ok(Some(Grammar {
            syntax: text(format.syntax).ok_or_else(|| place.member("syntax").missing())?,
            definition: text(format.definition)
                .ok_or_else(|| place.member("definition").missing())?,
        })),
        _ => Err(place
            .member("type")
            .unfit("allowed are `text` and `grammar`")),
    }
}

/// A web search of the vendor's.
pub(super) fn web_search<'a>(
    tool: RawTool<'a>,
    place: &Place<'_>,
    losses: &mut Losses,
) -> WebSearch<'a> {
    let only_text = |types: Vec<Str<'_>>| types.iter().all(|kind| kind.as_str() == "text");
    // Where the vendor has to search its own copies of pages, others search the web.
    let offline = tool.external_web_access == Some(false);
    let images = !tool.search_content_types.is_none_or(only_text);
    losses.add_if(offline || images, Loss::SearchOptions);
    let domains = |found: Option<Vec<Str<'a>>>| {
        found
            .into_iter()
            .flatten()
            .map(|Str(domain)| domain)
            .collect()
    };
    let (allowed, blocked) = match tool.filters {
        Some(filters) => (filters.allowed_domains, filters.blocked_domains),
        None => (None, None),
    };
    WebSearch {
        allowed_domains: domains(allowed),
        blocked_domains: domains(blocked),
        user_location: tool.user_location.map(Into::into),
        max_uses: None,
        context_size: text(tool.search_context_size),
        place: place.noted(""),
    }
}
