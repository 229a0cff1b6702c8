//! Tools and the choice among them.

use std::sync::LazyLock;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::conversation::{self, ClientTool, Grammar, Kind, Location, ToolName, WebSearch};
use crate::loss::{Loss, Losses};

/// The schema of a function that takes nothing.
static NOTHING: LazyLock<Option<Box<RawValue>>> =
    LazyLock::new(|| RawValue::from_string(r#"{"type":"object","properties":{}}"#.to_owned()).ok());

/// What the model may call.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Tool<'r> {
    Function {
        name: &'r str,
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<&'r str>,
        parameters: Option<&'r RawValue>,
        strict: bool,
    },
    Custom {
        name: &'r str,
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<&'r str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        format: Option<GrammarFormat<'r>>,
    },
    WebSearch {
        #[serde(skip_serializing_if = "Option::is_none")]
        filters: Option<Filters<'r>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        user_location: Option<UserLocation<'r>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        search_context_size: Option<&'r str>,
    },
}

#[derive(Serialize)]
pub(super) struct GrammarFormat<'r> {
    r#type: &'static str,
    syntax: &'r str,
    definition: &'r str,
}

#[derive(Serialize)]
pub(super) struct Filters<'r> {
    allowed_domains: Vec<&'r str>,
}

/// Where the user is.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum UserLocation<'r> {
    Approximate {
        #[serde(skip_serializing_if = "Option::is_none")]
        city: Option<&'r str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        region: Option<&'r str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        country: Option<&'r str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        timezone: Option<&'r str>,
    },
}

impl<'r> Tool<'r> {
    pub(super) fn of(tool: &'r conversation::Tool<'_>, losses: &mut Losses) -> Self {
        match tool {
            conversation::Tool::Client(client) => Self::client(client),
            conversation::Tool::WebSearch(search) => Self::search(search, losses),
        }
    }

    fn client(tool: &'r ClientTool<'_>) -> Self {
        let description = tool.description.as_deref();
        match tool.name.kind {
            Kind::Freeform => Self::Custom {
                name: &tool.name.name,
                description,
                format: tool.grammar.as_ref().map(grammar),
            },
            Kind::Function | Kind::ToolSearch => Self::Function {
                name: &tool.name.name,
                description,
                parameters: tool.schema.as_deref().or(NOTHING.as_deref()),
                // Left out it means true, and optional parameters become required.
                strict: tool.strict.unwrap_or(false),
            },
        }
    }

    fn search(search: &'r WebSearch<'_>, losses: &mut Losses) -> Self {
        let unsaid = !search.blocked_domains.is_empty() || search.max_uses.is_some();
        losses.add_if(unsaid, Loss::SearchOptions);
        let allowed = &search.allowed_domains;
        Self::WebSearch {
            filters: (!allowed.is_empty()).then(|| Filters {
                allowed_domains: allowed.iter().map(|domain| &**domain).collect(),
            }),
            user_location: search.user_location.as_ref().map(located),
            search_context_size: search.context_size.as_deref(),
        }
    }
}

fn located<'r>(location: &'r Location<'_>) -> UserLocation<'r> {
    UserLocation::Approximate {
        city: location.city.as_deref(),
        region: location.region.as_deref(),
        country: location.country.as_deref(),
        timezone: location.timezone.as_deref(),
    }
}

fn grammar<'r>(grammar: &'r Grammar<'_>) -> GrammarFormat<'r> {
    GrammarFormat {
        r#type: "grammar",
        syntax: &grammar.syntax,
        definition: &grammar.definition,
    }
}

/// Whether and what the model must call.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Choice<'r> {
    Word(&'static str),
    Tool(Named<'r>),
    Search {
        r#type: &'static str,
    },
    Among {
        r#type: &'static str,
        mode: &'static str,
        tools: Vec<Named<'r>>,
    },
}

/// A tool by its name.
#[derive(Serialize)]
pub(super) struct Named<'r> {
    r#type: &'static str,
    name: &'r str,
}

impl<'r> Choice<'r> {
    pub(super) fn of(choice: &'r conversation::Choice<'_>) -> Self {
        match choice {
            conversation::Choice::Auto => Self::Word("auto"),
            conversation::Choice::Required => Self::Word("required"),
            conversation::Choice::None => Self::Word("none"),
            conversation::Choice::One(tool) => Self::Tool(named(tool)),
            conversation::Choice::WebSearch => Self::Search {
                r#type: "web_search",
            },
            conversation::Choice::Among { required, tools } => Self::Among {
                r#type: "allowed_tools",
                mode: if *required { "required" } else { "auto" },
                tools: tools.iter().map(named).collect(),
            },
        }
    }
}

fn named<'r>(tool: &'r ToolName<'_>) -> Named<'r> {
    Named {
        r#type: match tool.kind {
            Kind::Function | Kind::ToolSearch => "function",
            Kind::Freeform => "custom",
        },
        name: &tool.name,
    }
}
