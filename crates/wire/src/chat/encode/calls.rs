//! The calls of the model in the history.

use serde::Serialize;

use crate::conversation::{Call, Kind};

/// A call.
#[derive(Serialize)]
pub(super) struct ToolCall<'a> {
    id: &'a str,
    #[serde(flatten)]
    called: Called<'a>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Called<'a> {
    Function { function: FunctionCall<'a> },
    Custom { custom: CustomCall<'a> },
}

#[derive(Serialize)]
struct FunctionCall<'a> {
    name: &'a str,
    arguments: &'a str,
}

#[derive(Serialize)]
struct CustomCall<'a> {
    name: &'a str,
    input: &'a str,
}

/// Writes a call.
pub(super) fn tool_call<'a>(call: &'a Call<'_>) -> ToolCall<'a> {
    let name = &*call.tool.name;
    let input = &*call.input;
    ToolCall {
        id: &call.id,
        called: match call.tool.kind {
            Kind::Freeform => Called::Custom {
                custom: CustomCall { name, input },
            },
            Kind::Function | Kind::ToolSearch => Called::Function {
                function: FunctionCall {
                    name,
                    arguments: if input.is_empty() { "{}" } else { input },
                },
            },
        },
    }
}
