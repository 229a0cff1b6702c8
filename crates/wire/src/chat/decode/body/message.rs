//! Messages, their parts and calls.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::read::{CacheControl, Str};

/// A message of any role.
#[derive(Deserialize)]
#[serde(expecting = "a message object")]
pub(in crate::chat::decode) struct Message<'a> {
    #[serde(borrow)]
    pub(in crate::chat::decode) role: Option<Str<'a>>,
    pub(in crate::chat::decode) content: Option<&'a RawValue>,
    pub(in crate::chat::decode) name: Option<Str<'a>>,
    pub(in crate::chat::decode) refusal: Option<Str<'a>>,
    pub(in crate::chat::decode) reasoning_content: Option<Str<'a>>,
    pub(in crate::chat::decode) reasoning: Option<Str<'a>>,
    pub(in crate::chat::decode) tool_calls: Option<Vec<Call<'a>>>,
    pub(in crate::chat::decode) function_call: Option<FunctionCall<'a>>,
    pub(in crate::chat::decode) tool_call_id: Option<Str<'a>>,
    pub(in crate::chat::decode) audio: Option<&'a RawValue>,
    pub(in crate::chat::decode) annotations: Option<&'a RawValue>,
}

/// A part of a message, of any type.
#[derive(Deserialize)]
#[serde(expecting = "a part object")]
pub(in crate::chat::decode) struct Part<'a> {
    #[serde(rename = "type", borrow)]
    pub(in crate::chat::decode) kind: Option<Str<'a>>,
    pub(in crate::chat::decode) text: Option<Str<'a>>,
    pub(in crate::chat::decode) refusal: Option<Str<'a>>,
    pub(in crate::chat::decode) image_url: Option<ImageUrl<'a>>,
    pub(in crate::chat::decode) file: Option<File<'a>>,
    pub(in crate::chat::decode) prompt_cache_breakpoint: Option<&'a RawValue>,
    pub(in crate::chat::decode) cache_control: Option<CacheControl<'a>>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with `url`")]
pub(in crate::chat::decode) struct ImageUrl<'a> {
    #[serde(borrow)]
    pub(in crate::chat::decode) url: Option<Str<'a>>,
    pub(in crate::chat::decode) detail: Option<Str<'a>>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with `file_data` and `filename`")]
#[expect(clippy::struct_field_names, reason = "the names of the wire")]
pub(in crate::chat::decode) struct File<'a> {
    #[serde(borrow)]
    pub(in crate::chat::decode) file_data: Option<Str<'a>>,
    pub(in crate::chat::decode) file_id: Option<Str<'a>>,
    pub(in crate::chat::decode) filename: Option<Str<'a>>,
}

/// A call in the history.
#[derive(Deserialize)]
#[serde(expecting = "a call object")]
pub(in crate::chat::decode) struct Call<'a> {
    #[serde(borrow)]
    pub(in crate::chat::decode) id: Option<Str<'a>>,
    #[serde(rename = "type")]
    pub(in crate::chat::decode) kind: Option<Str<'a>>,
    pub(in crate::chat::decode) function: Option<FunctionCall<'a>>,
    pub(in crate::chat::decode) custom: Option<CustomCall<'a>>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with `name` and `arguments`")]
pub(in crate::chat::decode) struct FunctionCall<'a> {
    #[serde(borrow)]
    pub(in crate::chat::decode) name: Option<Str<'a>>,
    pub(in crate::chat::decode) arguments: Option<Str<'a>>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with `name` and `input`")]
pub(in crate::chat::decode) struct CustomCall<'a> {
    #[serde(borrow)]
    pub(in crate::chat::decode) name: Option<Str<'a>>,
    pub(in crate::chat::decode) input: Option<Str<'a>>,
}
