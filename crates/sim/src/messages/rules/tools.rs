//! What the API refuses about tools and the choice among them.

use std::collections::HashSet;

use serde::{Deserialize, de::IgnoredAny};

use super::{Checked, LONGEST_NAME, refuse};
use crate::{
    fields,
    messages::body::{Request, ToolDecl},
    refusal::Refusal,
};

pub(super) fn check(request: &Request) -> Checked {
    let mut names = HashSet::new();
    for tool in &request.tools {
        declared(tool)?;
        if !names.insert(tool.name.as_deref()) && tool.name.is_some() {
            return refuse("tools: Tool names must be unique.");
        }
    }
    let Some(choice) = &request.tool_choice else {
        return Ok(());
    };
    if request.tools.is_empty() {
        return refuse("tool_choice may only be specified while providing tools");
    }
    match choice.kind.as_str() {
        "auto" | "any" | "none" => Ok(()),
        "tool" if names.contains(&choice.name.as_deref()) => Ok(()),
        "tool" => refuse("tool_choice: the tool is not among the tools"),
        kind => refuse(format!("tool_choice.type: unknown choice `{kind}`")),
    }
}

#[derive(Deserialize)]
struct Root {
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(rename = "anyOf")]
    any: Option<IgnoredAny>,
    #[serde(rename = "oneOf")]
    one: Option<IgnoredAny>,
    #[serde(rename = "allOf")]
    all: Option<IgnoredAny>,
}

fn declared(tool: &ToolDecl) -> Checked {
    match tool.kind.as_deref() {
        None | Some("custom") => {}
        Some("function" | "namespace") => return refuse("tools: unknown tool type"),
        // The vendor's own tools have names and no schema.
        Some(_) => return Ok(()),
    }
    fields::check_name(tool.name.as_deref().unwrap_or_default(), LONGEST_NAME)?;
    let Some(schema) = &tool.input_schema else {
        return refuse("tools.input_schema: Field required");
    };
    let root: Root = serde_json::from_str(schema.get())
        .map_err(|error| Refusal::invalid(format!("tools.input_schema: {error}")))?;
    if root.kind.as_deref() != Some("object") {
        return refuse("tools.input_schema.type: Input should be 'object'");
    }
    if root.any.or(root.one).or(root.all).is_some() {
        return refuse("input_schema does not support oneOf, allOf, or anyOf at the top level");
    }
    Ok(())
}
