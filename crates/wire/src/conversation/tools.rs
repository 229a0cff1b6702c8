//! What the model may call, and whether it must.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::{CacheMark, Place, Text};

/// What kind of thing is called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A function with a JSON object as input.
    #[default]
    Function,
    /// A Responses or Chat `custom` tool: any text as input.
    Freeform,
    /// The Responses `tool_search` that the client carries out.
    ToolSearch,
}

/// How a tool is called by name.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct ToolName<'a> {
    /// Its own name.
    pub name: Text<'a>,
    /// The Responses `namespace` it stands in.
    pub namespace: Option<Text<'a>>,
    /// What kind it is.
    pub kind: Kind,
}

/// What the model may call.
#[derive(Clone)]
pub enum Tool<'a> {
    /// Something that the client carries out.
    Client(ClientTool<'a>),
    /// A web search that the vendor carries out.
    WebSearch(WebSearch<'a>),
}

/// A tool that the client carries out.
#[derive(Clone, Default)]
pub struct ClientTool<'a> {
    /// How it is called by name.
    pub name: ToolName<'a>,
    /// What it is for.
    pub description: Option<Text<'a>>,
    /// The JSON schema of its input, as it came; absent for freeform tools and where none was given.
    pub schema: Option<Cow<'a, RawValue>>,
    /// Whether the input must match the schema exactly; absent means what the protocol assumes.
    pub strict: Option<bool>,
    /// The grammar of a freeform tool's input.
    pub grammar: Option<Grammar<'a>>,
    /// The model is to find it by searching, not to be told of it up front.
    pub deferred: bool,
    /// A cache mark after it.
    pub cache: Option<CacheMark>,
}

/// The grammar of a freeform tool.
#[derive(Clone, PartialEq)]
pub struct Grammar<'a> {
    /// `lark` or `regex`.
    pub syntax: Text<'a>,
    /// The grammar itself.
    pub definition: Text<'a>,
}

/// A web search that the vendor carries out.
#[derive(Clone, Default)]
pub struct WebSearch<'a> {
    /// Only these domains.
    pub allowed_domains: Vec<Text<'a>>,
    /// Not these domains.
    pub blocked_domains: Vec<Text<'a>>,
    /// Where the user is.
    pub user_location: Option<Location<'a>>,
    /// How many searches at most.
    pub max_uses: Option<u64>,
    /// How much of what is found to read (`low`, `medium`, `high`).
    pub context_size: Option<Text<'a>>,
    /// Where it stands.
    pub place: Place,
}

/// About where the user is.
#[derive(Clone, Default, PartialEq)]
pub struct Location<'a> {
    /// The city.
    pub city: Option<Text<'a>>,
    /// The region.
    pub region: Option<Text<'a>>,
    /// The country, in two letters.
    pub country: Option<Text<'a>>,
    /// The time zone, by its IANA name.
    pub timezone: Option<Text<'a>>,
}

/// Whether and what the model must call.
#[derive(Clone, PartialEq)]
pub enum Choice<'a> {
    /// As it likes.
    Auto,
    /// Something.
    Required,
    /// Nothing.
    None,
    /// This tool.
    One(ToolName<'a>),
    /// The web search.
    WebSearch,
    /// Only some of the tools; `required`: one of them.
    Among {
        /// Whether it must call one.
        required: bool,
        /// Which it may call.
        tools: Vec<ToolName<'a>>,
    },
}

impl<'a> ToolName<'a> {
    /// A function outside any namespace.
    pub fn function(name: impl Into<Text<'a>>) -> Self {
        Self {
            name: name.into(),
            namespace: None,
            kind: Kind::Function,
        }
    }
}
