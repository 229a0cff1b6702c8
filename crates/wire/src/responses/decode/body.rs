//! The members of a request's body, each put aside or read where its form is plain.

use std::fmt;

use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::read::{Place, Str};
use crate::translate::Unfit;

macro_rules! body {
    ($($name:ident: $type:ty,)+) => {
        /// A request's body. `null` counts as absent.
        #[derive(Default)]
        pub(super) struct Body<'a> {
            $(pub(super) $name: Option<$type>,)+
            /// The first member that is not known here.
            unknown: Option<Str<'a>>,
        }

        impl<'a> Body<'a> {
            fn set<M: MapAccess<'a>>(&mut self, key: Str<'a>, map: &mut M) -> Result<(), M::Error> {
                match key.as_str() {
                    $(stringify!($name) => {
                        let value: Option<$type> = map.next_value()?;
                        if self.$name.is_some() {
                            return Err(M::Error::duplicate_field(stringify!($name)));
                        }
                        self.$name = value;
                    })+
                    _ => {
                        let value: Option<IgnoredAny> = map.next_value()?;
                        if value.is_some() && self.unknown.is_none() {
                            self.unknown = Some(key);
                        }
                    }
                }
                Ok(())
            }
        }
    };
}

body! {
    background: bool,
    client_metadata: IgnoredAny,
    context_management: &'a RawValue,
    conversation: IgnoredAny,
    frequency_penalty: f64,
    include: Vec<Str<'a>>,
    input: &'a RawValue,
    instructions: Str<'a>,
    max_output_tokens: u64,
    max_tool_calls: u64,
    metadata: &'a RawValue,
    model: Str<'a>,
    moderation: IgnoredAny,
    parallel_tool_calls: bool,
    presence_penalty: f64,
    previous_response_id: IgnoredAny,
    prompt: IgnoredAny,
    prompt_cache_key: Str<'a>,
    prompt_cache_options: IgnoredAny,
    prompt_cache_retention: Str<'a>,
    reasoning: &'a RawValue,
    safety_identifier: Str<'a>,
    service_tier: Str<'a>,
    store: bool,
    stream: bool,
    stream_options: &'a RawValue,
    temperature: f64,
    text: &'a RawValue,
    tool_choice: &'a RawValue,
    tools: &'a RawValue,
    top_logprobs: u64,
    top_p: f64,
    truncation: Str<'a>,
    user: Str<'a>,
}

/// Longest name of an unknown member that is repeated to the caller.
const NAME_LIMIT: usize = 64;

/// Why what is stored elsewhere is refused.
pub(crate) const STORED: &str = "refers to what another vendor stores and cannot be carried to this model; \
                                 send the conversation itself in `input`";
/// The same of a stored prompt.
pub(crate) const STORED_PROMPT: &str = "refers to a stored prompt and cannot be carried to this model; \
                                        send the text itself in `instructions` and `input`";

impl Body<'_> {
    /// Refuses members that only the protocol's own vendor can honor, and those nobody knows.
    pub(super) fn refuse(&self) -> Result<(), Unfit> {
        if self.previous_response_id.is_some() {
            return Err(Place::top("previous_response_id").unfit(STORED));
        }
        if self.conversation.is_some() {
            return Err(Place::top("conversation").unfit(STORED));
        }
        if self.prompt.is_some() {
            return Err(Place::top("prompt").unfit(STORED_PROMPT));
        }
        if self.background == Some(true) {
            return Err(Place::top("background").unfit(
                "answers of this model cannot be fetched later; leave it out or send false",
            ));
        }
        match &self.unknown {
            Some(name) => Err(Unfit::new(
                name.as_str().chars().take(NAME_LIMIT).collect::<String>(),
                "is not a field that can be carried to this model; leave it out",
            )),
            None => Ok(()),
        }
    }
}

impl<'de> Deserialize<'de> for Body<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Body<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Body<'de>, M::Error> {
                let mut body = Body::default();
                while let Some(key) = map.next_key::<Str<'de>>()? {
                    body.set(key, &mut map)?;
                }
                Ok(body)
            }
        }

        deserializer.deserialize_map(Members)
    }
}
