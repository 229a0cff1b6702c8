//! The request as it stands on the wire: every member that is known, nothing understood yet.
//!
//! Members of several shapes stay raw and are read in a second step.

mod message;

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

pub(super) use self::message::{Call, CustomCall, File, FunctionCall, ImageUrl, Message, Part};
use super::read::{ObjectText, Str};
use crate::conversation::{Location, Text};
use crate::read::CacheControl;

/// Members that only inform: nobody misses them.
const HARMLESS: [&str; 2] = ["client_metadata", "usage"];

macro_rules! body {
    ($a:lifetime; $($name:ident: $type:ty,)+) => {
        /// The members of the request; `null` counts as absent.
        #[derive(Default)]
        pub(super) struct Body<$a> {
            $(pub(super) $name: Option<$type>,)+
            /// The first member that is not known.
            pub(super) unknown: Option<Text<$a>>,
        }

        impl<$a> Body<$a> {
            /// Reads the value of one member.
            fn member<A: MapAccess<$a>>(&mut self, key: Text<$a>, map: &mut A) -> Result<(), A::Error> {
                match &*key {
                    $(stringify!($name) => {
                        if self.$name.is_some() {
                            return Err(A::Error::duplicate_field(stringify!($name)));
                        }
                        self.$name = map.next_value()?;
                    })+
                    _ => {
                        let value: &RawValue = map.next_value()?;
                        let null = value.get() == "null" || HARMLESS.contains(&&*key);
                        if !null && self.unknown.is_none() {
                            self.unknown = Some(key);
                        }
                    }
                }
                Ok(())
            }
        }
    };
}

body! { 'a;
    model: Str<'a>,
    messages: Vec<Message<'a>>,
    tools: Vec<Tool<'a>>,
    functions: Vec<Function<'a>>,
    tool_choice: &'a RawValue,
    function_call: &'a RawValue,
    parallel_tool_calls: bool,
    max_completion_tokens: u64,
    max_tokens: u64,
    stop: &'a RawValue,
    temperature: f64,
    top_p: f64,
    top_k: u64,
    frequency_penalty: f64,
    presence_penalty: f64,
    seed: i64,
    n: u64,
    logit_bias: ObjectText<'a>,
    logprobs: bool,
    top_logprobs: u8,
    response_format: Format<'a>,
    reasoning_effort: Str<'a>,
    reasoning: Reasoning<'a>,
    thinking: Thinking<'a>,
    verbosity: Str<'a>,
    user: Str<'a>,
    safety_identifier: Str<'a>,
    metadata: ObjectText<'a>,
    store: bool,
    service_tier: Str<'a>,
    prompt_cache_key: Str<'a>,
    prompt_cache_retention: Str<'a>,
    prompt_cache_options: &'a RawValue,
    prediction: &'a RawValue,
    moderation: &'a RawValue,
    modalities: Vec<Str<'a>>,
    audio: &'a RawValue,
    web_search_options: SearchOptions<'a>,
    stream: bool,
    stream_options: StreamOptions,
}

// By hand: a derived reader can skip unknown members or refuse them all, but not name one.
impl<'de> Deserialize<'de> for Body<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl<'de> Visitor<'de> for Visit {
            type Value = Body<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Body<'de>, A::Error> {
                let mut body = Body::default();
                while let Some(Str(key)) = map.next_key()? {
                    body.member(key, &mut map)?;
                }
                Ok(body)
            }
        }
        deserializer.deserialize_map(Visit)
    }
}

/// A tool of any type; also how `tool_choice` names one.
#[derive(Deserialize)]
#[serde(expecting = "a tool object")]
pub(super) struct Tool<'a> {
    #[serde(rename = "type", borrow)]
    pub(super) kind: Option<Str<'a>>,
    pub(super) function: Option<Function<'a>>,
    pub(super) custom: Option<Custom<'a>>,
    pub(super) allowed_tools: Option<AllowedTools<'a>>,
    pub(super) cache_control: Option<CacheControl<'a>>,
}

#[derive(Deserialize)]
#[serde(expecting = "a function object")]
pub(super) struct Function<'a> {
    #[serde(borrow)]
    pub(super) name: Option<Str<'a>>,
    pub(super) description: Option<Str<'a>>,
    pub(super) parameters: Option<ObjectText<'a>>,
    pub(super) strict: Option<bool>,
    pub(super) cache_control: Option<CacheControl<'a>>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with `name`")]
pub(super) struct Custom<'a> {
    #[serde(borrow)]
    pub(super) name: Option<Str<'a>>,
    pub(super) description: Option<Str<'a>>,
    pub(super) format: Option<CustomFormat<'a>>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with `type`")]
pub(super) struct CustomFormat<'a> {
    #[serde(rename = "type", borrow)]
    pub(super) kind: Option<Str<'a>>,
    pub(super) grammar: Option<Grammar<'a>>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with `syntax` and `definition`")]
pub(super) struct Grammar<'a> {
    #[serde(borrow)]
    pub(super) syntax: Option<Str<'a>>,
    pub(super) definition: Option<Str<'a>>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with `mode` and `tools`")]
pub(super) struct AllowedTools<'a> {
    #[serde(borrow)]
    pub(super) mode: Option<Str<'a>>,
    pub(super) tools: Option<Vec<Tool<'a>>>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with `type`")]
pub(super) struct Format<'a> {
    #[serde(rename = "type", borrow)]
    pub(super) kind: Option<Str<'a>>,
    pub(super) json_schema: Option<JsonSchema<'a>>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with `name` and `schema`")]
pub(super) struct JsonSchema<'a> {
    #[serde(borrow)]
    pub(super) name: Option<Str<'a>>,
    pub(super) description: Option<Str<'a>>,
    pub(super) schema: Option<ObjectText<'a>>,
    pub(super) strict: Option<bool>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct SearchOptions<'a> {
    #[serde(borrow)]
    pub(super) search_context_size: Option<Str<'a>>,
    pub(super) user_location: Option<UserLocation<'a>>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with `approximate`")]
pub(super) struct UserLocation<'a> {
    #[serde(borrow)]
    pub(super) approximate: Option<Approximate<'a>>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with `city`, `region`, `country` and `timezone`")]
pub(super) struct Approximate<'a> {
    #[serde(borrow)]
    city: Option<Str<'a>>,
    region: Option<Str<'a>>,
    country: Option<Str<'a>>,
    timezone: Option<Str<'a>>,
}

impl<'a> From<Approximate<'a>> for Location<'a> {
    fn from(place: Approximate<'a>) -> Self {
        Self {
            city: place.city.map(|Str(city)| city),
            region: place.region.map(|Str(region)| region),
            country: place.country.map(|Str(country)| country),
            timezone: place.timezone.map(|Str(timezone)| timezone),
        }
    }
}

/// How much to think, in the words of those who route to several vendors.
#[derive(Deserialize)]
#[serde(expecting = "an object with `effort`, `max_tokens`, `exclude` and `enabled`")]
pub(super) struct Reasoning<'a> {
    #[serde(borrow)]
    pub(super) effort: Option<Str<'a>>,
    pub(super) max_tokens: Option<u64>,
    pub(super) exclude: Option<bool>,
    pub(super) enabled: Option<bool>,
}

/// How much to think, as in Messages.
#[derive(Deserialize)]
#[serde(expecting = "an object with `type` and `budget_tokens`")]
pub(super) struct Thinking<'a> {
    #[serde(rename = "type", borrow)]
    pub(super) kind: Option<Str<'a>>,
    pub(super) budget_tokens: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct StreamOptions {
    pub(super) include_usage: Option<bool>,
    pub(super) include_obfuscation: Option<bool>,
}
