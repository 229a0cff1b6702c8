//! The members of a body, as flat structs: one for all kinds of block (`block`), one for all kinds of tool.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::read::Str;
use crate::conversation::Location;
pub(super) use crate::read::CacheControl;

mod block;

pub(super) use block::{Block, Changed, Content, Source, SourceAt};

/// An object all of whose members matter: `unknown` is the first that is none of them and not null.
macro_rules! closed {
    ($($(#[doc = $doc:literal])+ struct $name:ident { $($key:literal $field:ident: $of:ty,)+ })+) => {$(
        $(#[doc = $doc])+
        #[derive(Default)]
        pub(super) struct $name<'a> {
            $(pub(super) $field: Option<$of>,)+
            pub(super) unknown: Option<Str<'a>>,
        }

        impl<'de: 'a, 'a> Deserialize<'de> for $name<'a> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Members;

                impl<'a> Visitor<'a> for Members {
                    type Value = $name<'a>;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: MapAccess<'a>>(
                        self,
                        mut members: A,
                    ) -> Result<$name<'a>, A::Error> {
                        let mut all = $name::default();
                        while let Some(key) = members.next_key::<Str<'a>>()? {
                            match &*key.0 {
                                $($key => all.$field = members.next_value()?,)+
                                _ => if members.next_value::<Option<IgnoredAny>>()?.is_some() {
                                    all.unknown.get_or_insert(key);
                                },
                            }
                        }
                        Ok(all)
                    }
                }

                deserializer.deserialize_map(Members)
            }
        }
    )+};
}

closed! {
    /// The whole body.
    struct Body {
        "model" model: Str<'a>,
        "messages" messages: Vec<Message<'a>>,
        "system" system: Content<'a>,
        "tools" tools: Vec<Tool<'a>>,
        "tool_choice" tool_choice: ToolChoice<'a>,
        "max_tokens" max_tokens: u64,
        "stop_sequences" stop_sequences: Vec<Str<'a>>,
        "temperature" temperature: f64,
        "top_p" top_p: f64,
        "top_k" top_k: u64,
        "thinking" thinking: Thinking<'a>,
        "output_config" output_config: OutputConfig<'a>,
        "output_format" output_format: OutputFormat<'a>,
        "metadata" metadata: Metadata<'a>,
        "cache_control" cache_control: CacheControl<'a>,
        "stream" stream: bool,
        "service_tier" service_tier: IgnoredAny,
        "speed" speed: IgnoredAny,
        "diagnostics" diagnostics: IgnoredAny,
        "inference_geo" inference_geo: IgnoredAny,
        "user_profile_id" user_profile_id: IgnoredAny,
        "tags" tags: IgnoredAny,
        "context_management" context_management: ContextManagement<'a>,
        "container" container: IgnoredAny,
        "mcp_servers" mcp_servers: Vec<IgnoredAny>,
        "safeguards" safeguards: IgnoredAny,
        "fallbacks" fallbacks: IgnoredAny,
        "fallback_credit_token" fallback_credit_token: IgnoredAny,
    }
    /// A message.
    struct Message {
        "role" role: Str<'a>,
        "content" content: Content<'a>,
        "output_config" output_config: OutputConfig<'a>,
        "clear_at" clear_at: Str<'a>,
    }
    /// `output_config`, of the request or of a message.
    struct OutputConfig {
        "effort" effort: Str<'a>,
        "format" format: OutputFormat<'a>,
        "task_budget" task_budget: IgnoredAny,
    }
    /// `metadata`.
    struct Metadata {
        "user_id" user_id: Str<'a>,
    }
}

/// A tool of any kind.
#[derive(Deserialize)]
pub(super) struct Tool<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) name: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) description: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) input_schema: Option<&'a RawValue>,
    pub(super) strict: Option<bool>,
    pub(super) defer_loading: Option<bool>,
    #[serde(borrow)]
    pub(super) cache_control: Option<CacheControl<'a>>,
    pub(super) input_examples: Option<IgnoredAny>,
    pub(super) allowed_callers: Option<IgnoredAny>,
    pub(super) eager_input_streaming: Option<IgnoredAny>,
    pub(super) max_uses: Option<u64>,
    #[serde(borrow)]
    pub(super) allowed_domains: Option<Vec<Str<'a>>>,
    #[serde(borrow)]
    pub(super) blocked_domains: Option<Vec<Str<'a>>>,
    #[serde(borrow)]
    pub(super) user_location: Option<UserLocation<'a>>,
}

/// About where the user is.
#[derive(Deserialize)]
pub(super) struct UserLocation<'a> {
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
            city: given.city.map(|Str(city)| city),
            region: given.region.map(|Str(region)| region),
            country: given.country.map(|Str(country)| country),
            timezone: given.timezone.map(|Str(timezone)| timezone),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct ToolChoice<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) name: Option<Str<'a>>,
    pub(super) disable_parallel_tool_use: Option<bool>,
}

#[derive(Deserialize)]
pub(super) struct Thinking<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Str<'a>>,
    pub(super) budget_tokens: Option<u64>,
    #[serde(borrow)]
    pub(super) display: Option<Str<'a>>,
}

#[derive(Deserialize)]
pub(super) struct OutputFormat<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) schema: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub(super) struct ContextManagement<'a> {
    #[serde(borrow)]
    pub(super) edits: Option<Vec<Edit<'a>>>,
}

#[derive(Deserialize)]
pub(super) struct Edit<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Str<'a>>,
}
