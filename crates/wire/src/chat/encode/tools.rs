//! Tools, and whether and which the model must call.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::conversation::{
    Choice, ClientTool, Grammar as GrammarIn, Kind, Location, Request, Tool as ToolIn, ToolName,
    WebSearch,
};
use crate::loss::{Loss, Losses};

/// A tool that the client carries out.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Tool<'a> {
    /// A JSON object is its input.
    Function {
        /// What it is.
        function: Function<'a>,
    },
    /// Any text is its input.
    Custom {
        /// What it is.
        custom: Custom<'a>,
    },
}

#[derive(Serialize)]
pub(super) struct Function<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
}

#[derive(Serialize)]
pub(super) struct Custom<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<CustomFormat<'a>>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum CustomFormat<'a> {
    Grammar { grammar: Grammar<'a> },
}

#[derive(Serialize)]
struct Grammar<'a> {
    syntax: &'a str,
    definition: &'a str,
}

/// Whether and which tool the model must call.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum ToolChoice<'a> {
    /// `auto`, `required` or `none`.
    Word(&'static str),
    /// This tool.
    One(Named<'a>),
    /// Some of the tools.
    Among(Among<'a>),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Named<'a> {
    Function { function: Name<'a> },
    Custom { custom: Name<'a> },
}

#[derive(Serialize)]
pub(super) struct Name<'a> {
    name: &'a str,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Among<'a> {
    AllowedTools { allowed_tools: AllowedTools<'a> },
}

#[derive(Serialize)]
pub(super) struct AllowedTools<'a> {
    mode: &'static str,
    tools: Vec<Named<'a>>,
}

/// Options of the vendor's web search.
#[derive(Default, Serialize)]
pub(super) struct SearchOptions<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    search_context_size: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_location: Option<UserLocation<'a>>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum UserLocation<'a> {
    Approximate { approximate: Approximate<'a> },
}

#[derive(Serialize)]
struct Approximate<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timezone: Option<&'a str>,
}

/// Writes the tools, and apart from them the vendor's web search: in this protocol it is no tool.
pub(super) fn tools<'a>(
    request: &'a Request<'_>,
    losses: &mut Losses,
) -> (Vec<Tool<'a>>, Option<SearchOptions<'a>>) {
    let mut tools = Vec::with_capacity(request.tools.len());
    let mut search = None;
    for tool in &request.tools {
        match tool {
            ToolIn::Client(tool) => tools.push(client(tool)),
            ToolIn::WebSearch(options) => search = Some(web_search(options, losses)),
        }
    }
    (tools, search)
}

fn client<'a>(tool: &'a ClientTool<'_>) -> Tool<'a> {
    let name = &*tool.name.name;
    let description = tool.description.as_deref();
    match tool.name.kind {
        Kind::Freeform => Tool::Custom {
            custom: Custom {
                name,
                description,
                format: tool.grammar.as_ref().map(grammar),
            },
        },
        Kind::Function | Kind::ToolSearch => Tool::Function {
            function: Function {
                name,
                description,
                parameters: tool.schema.as_deref(),
                strict: tool.strict.filter(|&strict| strict),
            },
        },
    }
}

fn grammar<'a>(grammar: &'a GrammarIn<'_>) -> CustomFormat<'a> {
    CustomFormat::Grammar {
        grammar: Grammar {
            syntax: &grammar.syntax,
            definition: &grammar.definition,
        },
    }
}

fn web_search<'a>(search: &'a WebSearch<'_>, losses: &mut Losses) -> SearchOptions<'a> {
    let unheard = !search.allowed_domains.is_empty()
        || !search.blocked_domains.is_empty()
        || search.max_uses.is_some();
    losses.add_if(unheard, Loss::SearchOptions);
    SearchOptions {
        search_context_size: search.context_size.as_deref(),
        user_location: search.user_location.as_ref().map(located),
    }
}

fn located<'a>(location: &'a Location<'_>) -> UserLocation<'a> {
    UserLocation::Approximate {
        approximate: Approximate {
            city: location.city.as_deref(),
            region: location.region.as_deref(),
            country: location.country.as_deref(),
            timezone: location.timezone.as_deref(),
        },
    }
}

/// Writes whether and which tool the model must call. The web search is none that could be called.
pub(super) fn choice<'a>(choice: &'a Choice<'_>) -> ToolChoice<'a> {
    match choice {
        Choice::Auto | Choice::WebSearch => ToolChoice::Word("auto"),
        Choice::Required => ToolChoice::Word("required"),
        Choice::None => ToolChoice::Word("none"),
        Choice::One(tool) => ToolChoice::One(named(tool)),
        Choice::Among { required, tools } => ToolChoice::Among(Among::AllowedTools {
            allowed_tools: AllowedTools {
                mode: if *required { "required" } else { "auto" },
                tools: tools.iter().map(named).collect(),
            },
        }),
    }
}

fn named<'a>(tool: &'a ToolName<'_>) -> Named<'a> {
    let name = Name { name: &tool.name };
    match tool.kind {
        Kind::Freeform => Named::Custom { custom: name },
        Kind::Function | Kind::ToolSearch => Named::Function { function: name },
    }
}
