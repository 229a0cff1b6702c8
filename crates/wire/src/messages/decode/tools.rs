//! Tools, and what the model must do with them.

use std::borrow::Cow;
use std::fmt::Display;

use super::read::{Str, index, missing, name, under};
use super::shape::{Tool as Given, ToolChoice};
use crate::conversation::{Choice, ClientTool, Place, Text, Tool, ToolName, WebSearch};
use crate::loss::{Loss, Losses};
use crate::translate::Unfit;

/// What the vendor's web search is called.
const WEB_SEARCH: &str = "web_search";

/// All tools but those that only find others.
pub(super) fn tools<'a>(
    given: Vec<Given<'a>>,
    losses: &mut Losses,
) -> Result<Vec<Tool<'a>>, Unfit> {
    let mut tools = Vec::with_capacity(given.len());
    for (place, tool) in given.into_iter().enumerate() {
        let read = read(tool, &format_args!("tools{}", index(place)), losses);
        tools.extend(read.map_err(|unfit| under("tools", index(place), unfit))?);
    }
    Ok(tools)
}

/// One tool, unless it only finds others. `place` is its path.
pub(super) fn read<'a>(
    tool: Given<'a>,
    place: &impl Display,
    losses: &mut Losses,
) -> Result<Option<Tool<'a>>, Unfit> {
    let options = [
        &tool.input_examples,
        &tool.allowed_callers,
        &tool.eager_input_streaming,
    ];
    losses.add_if(
        options.iter().any(|option| option.is_some()),
        Loss::ToolOptions,
    );
    match tool.kind.as_ref().map_or("custom", |Str(kind)| kind) {
        "custom" => client(tool).map(|tool| Some(Tool::Client(tool))),
        kind if kind.starts_with("web_search_20") => {
            losses.add_if(tool.cache_control.is_some(), Loss::CacheControl);
            losses.add_if(tool.defer_loading == Some(true), Loss::ToolSearch);
            Ok(Some(Tool::WebSearch(web_search(tool, place))))
        }
        kind if kind.starts_with("tool_search_tool_") => {
            losses.add(Loss::ToolSearch);
            Ok(None)
        }
        kind => Err(Unfit::new("type", refusal(kind))),
    }
}

/// Why a tool whose definition only one vendor's models know is refused.
fn refusal(kind: &str) -> String {
    let client_run = ["bash_", "text_editor_", "memory_", "computer_"];
    let quoted = name(kind);
    if client_run.iter().any(|prefix| kind.starts_with(prefix)) {
        format!(
            "{quoted} is a tool that only models of this protocol's vendor know; declare it with \
             `name`, `description` and `input_schema` instead"
        )
    } else {
        format!(
            "{quoted} is a tool that only this protocol's vendor runs; leave it out or declare a tool \
             with `name`, `description` and `input_schema` that the client runs"
        )
    }
}

fn client(tool: Given<'_>) -> Result<ClientTool<'_>, Unfit> {
    let Str(name) = tool.name.ok_or_else(|| missing("name"))?;
    if tool
        .input_schema
        .is_some_and(|schema| !schema.get().starts_with('{'))
    {
        return Err(Unfit::new("input_schema", "must be an object"));
    }
    Ok(ClientTool {
        name: ToolName::function(name),
        description: tool.description.map(|Str(description)| description),
        schema: tool.input_schema.map(Cow::Borrowed),
        strict: tool.strict,
        grammar: None,
        deferred: tool.defer_loading.unwrap_or_default(),
        cache: tool.cache_control.map(|mark| mark.mark()),
    })
}

fn web_search<'a>(tool: Given<'a>, place: &impl Display) -> WebSearch<'a> {
    WebSearch {
        allowed_domains: domains(tool.allowed_domains),
        blocked_domains: domains(tool.blocked_domains),
        user_location: tool.user_location.map(Into::into),
        max_uses: tool.max_uses,
        context_size: None,
        place: Place::new(place.to_string(), ""),
    }
}

fn domains(list: Option<Vec<Str<'_>>>) -> Vec<Text<'_>> {
    list.unwrap_or_default()
        .into_iter()
        .map(|Str(domain)| domain)
        .collect()
}

/// What the model must call of `tools`, and whether several calls may come at once.
pub(super) fn choice<'a>(
    given: Option<ToolChoice<'a>>,
    tools: &[Tool<'a>],
) -> Result<(Option<Choice<'a>>, Option<bool>), Unfit> {
    let Some(given) = given else {
        return Ok((None, None));
    };
    let choice = match given.kind.as_ref().map(|Str(kind)| &**kind) {
        Some("auto") => Choice::Auto,
        Some("any") => Choice::Required,
        Some("none") => Choice::None,
        Some("tool") => {
            let Str(name) = given.name.ok_or_else(|| missing("tool_choice.name"))?;
            one(name, tools)
        }
        Some(_) => {
            let message = "must be `auto`, `any`, `tool` or `none`";
            return Err(Unfit::new("tool_choice.type", message));
        }
        None => return Err(missing("tool_choice.type")),
    };
    // `false` is what every protocol assumes anyway.
    let one_at_a_time = given.disable_parallel_tool_use == Some(true);
    Ok((Some(choice), one_at_a_time.then_some(false)))
}

/// A name that no tool of the client's has means the web search, if there is one.
fn one<'a>(name: Text<'a>, tools: &[Tool<'a>]) -> Choice<'a> {
    let mut searches = false;
    for tool in tools {
        match tool {
            Tool::Client(tool) if tool.name.name == name => {
                return Choice::One(ToolName::function(name));
            }
            Tool::Client(_) => {}
            Tool::WebSearch(_) => searches |= name == WEB_SEARCH,
        }
    }
    if searches {
        Choice::WebSearch
    } else {
        Choice::One(ToolName::function(name))
    }
}
