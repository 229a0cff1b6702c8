//! Calls, their outputs, and searches.

use std::borrow::Cow;

use serde::Deserialize;

use super::input::Input;
use super::item::RawItem;
use super::parts::{self, Speaker};
use super::read::{Place, Str, read, text, word};
use super::tools::{TOOL_SEARCH, Toolbox};
use crate::conversation::{Call, Hit, Kind, Outcome, Part, Role, Search, Text, ToolName};
use crate::json;
use crate::loss::Loss;
use crate::translate::Unfit;

/// The input of a call without arguments.
const NOTHING: &str = "{}";

/// A `function_call`.
pub(super) fn function<'a>(
    input: &mut Input<'_, 'a>,
    item: RawItem<'a>,
    place: &Place<'_>,
) -> Result<(), Unfit> {
    let place_of_arguments = place.member("arguments");
    let arguments = match item.arguments {
        Some(raw) => read::<Str<'a>>(raw, &place_of_arguments)?.0,
        None => Cow::Borrowed(NOTHING),
    };
    call(
        input,
        item,
        Kind::Function,
        json::arguments(arguments),
        place,
    )
}

/// A `custom_tool_call`.
pub(super) fn freeform<'a>(
    input: &mut Input<'_, 'a>,
    item: RawItem<'a>,
    place: &Place<'_>,
) -> Result<(), Unfit> {
    let place_of_input = place.member("input");
    let raw = item.input.ok_or_else(|| place_of_input.missing())?;
    let Str(words) = read(raw, &place_of_input)?;
    call(input, item, Kind::Freeform, words, place)
}

/// A `tool_search_call`. One that the vendor carried out needs no answer and has no meaning elsewhere.
pub(super) fn tool_search<'a>(
    input: &mut Input<'_, 'a>,
    mut item: RawItem<'a>,
    place: &Place<'_>,
) -> Result<(), Unfit> {
    if item.by_vendor() {
        input.request.losses.add(Loss::ToolSearch);
        return Ok(());
    }
    let place_of_arguments = place.member("arguments");
    let arguments = match item.arguments {
        Some(raw) if raw.get().starts_with('"') => read::<Str<'a>>(raw, &place_of_arguments)?.0,
        Some(raw) => Cow::Borrowed(raw.get()),
        None => Cow::Borrowed(NOTHING),
    };
    item.name = Some(Str(Cow::Borrowed(TOOL_SEARCH)));
    call(
        input,
        item,
        Kind::ToolSearch,
        json::arguments(arguments),
        place,
    )
}

/// A `function_call_output`.
pub(super) fn function_output<'a>(
    input: &mut Input<'_, 'a>,
    item: RawItem<'a>,
    place: &Place<'_>,
) -> Result<(), Unfit> {
    output(input, item, Kind::Function, place)
}

/// A `custom_tool_call_output`.
pub(super) fn freeform_output<'a>(
    input: &mut Input<'_, 'a>,
    item: RawItem<'a>,
    place: &Place<'_>,
) -> Result<(), Unfit> {
    output(input, item, Kind::Freeform, place)
}

/// A `tool_search_output`: from here on the tools in it are known.
pub(super) fn tool_search_output<'a>(
    input: &mut Input<'_, 'a>,
    item: RawItem<'a>,
    place: &Place<'_>,
) -> Result<(), Unfit> {
    let mut found = Toolbox::default();
    if let Some(raw) = item.tools {
        found.read(raw, &place.member("tools"))?;
        found.uncover();
    }
    let words = found.found();
    input.tools.adopt(found);
    if item.by_vendor() {
        return Ok(());
    }
    let id = call_id(item, place)?;
    answer(input, id, Kind::ToolSearch, vec![Part::text(words)]);
    Ok(())
}

impl RawItem<'_> {
    fn by_vendor(&self) -> bool {
        word(self.execution.as_ref()) == Some("server")
            || (self.call_id.is_none() && self.execution.is_none())
    }
}

fn call_id<'a>(item: RawItem<'a>, place: &Place<'_>) -> Result<Text<'a>, Unfit> {
    text(item.call_id).ok_or_else(|| place.member("call_id").missing())
}

fn call<'a>(
    input: &mut Input<'_, 'a>,
    mut item: RawItem<'a>,
    kind: Kind,
    words: Text<'a>,
    place: &Place<'_>,
) -> Result<(), Unfit> {
    let tool = ToolName {
        name: text(item.name.take()).ok_or_else(|| place.member("name").missing())?,
        namespace: text(item.namespace.take()),
        kind,
    };
    let id = call_id(item, place)?;
    let call = Call {
        id,
        tool,
        input: words,
        cache: None,
    };
    input.say(Role::Assistant, [Part::Call(call)]);
    Ok(())
}

fn output<'a>(
    input: &mut Input<'_, 'a>,
    item: RawItem<'a>,
    kind: Kind,
    place: &Place<'_>,
) -> Result<(), Unfit> {
    let mut said = Vec::new();
    if let Some(raw) = item.output {
        let place = place.member("output");
        said = parts::content(raw, Speaker::User, &place, &mut input.request.losses)?;
    }
    let id = call_id(item, place)?;
    answer(input, id, kind, said);
    Ok(())
}

fn answer<'a>(input: &mut Input<'_, 'a>, id: Text<'a>, kind: Kind, parts: Vec<Part<'a>>) {
    let outcome = Outcome {
        id,
        kind,
        parts,
        is_error: false,
        cache: None,
    };
    input.say(Role::User, [Part::Outcome(outcome)]);
}

#[derive(Deserialize)]
struct Action<'a> {
    #[serde(borrow)]
    query: Option<Str<'a>>,
    #[serde(borrow)]
    queries: Option<Vec<Str<'a>>>,
    #[serde(borrow)]
    pattern: Option<Str<'a>>,
    #[serde(borrow)]
    url: Option<Str<'a>>,
    #[serde(borrow)]
    sources: Option<Vec<SourceUrl<'a>>>,
}

#[derive(Deserialize)]
struct SourceUrl<'a> {
    #[serde(borrow)]
    url: Option<Str<'a>>,
}

/// A `web_search_call`: a search, a page opened, or a text looked for in a page.
pub(super) fn web_search<'a>(
    input: &mut Input<'_, 'a>,
    item: RawItem<'a>,
    place: &Place<'_>,
) -> Result<(), Unfit> {
    let mut search = Search {
        id: text(item.id).unwrap_or_default(),
        ..Search::default()
    };
    if let Some(raw) = item.action {
        let action: Action<'a> = read(raw, &place.member("action"))?;
        let first = |queries: Option<Vec<Str<'a>>>| queries.into_iter().flatten().next();
        let query = action
            .query
            .or_else(|| first(action.queries))
            .or(action.pattern);
        search.query = text(query).unwrap_or_default();
        let sources = action
            .sources
            .into_iter()
            .flatten()
            .filter_map(|source| source.url);
        search.hits = action.url.into_iter().chain(sources).map(hit).collect();
    }
    input.say(Role::Assistant, [Part::Search(search)]);
    Ok(())
}

fn hit(Str(url): Str<'_>) -> Hit<'_> {
    Hit {
        url,
        title: Cow::Borrowed(""),
    }
}
