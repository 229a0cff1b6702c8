//! Tools that come and go in the middle of a conversation: declared up front, and told as text where they
//! changed.

use std::fmt::Display;

use super::blocks::kind;
use super::read::{Str, missing, under};
use super::shape::{Block, Changed};
use super::tools;
use crate::conversation::{Request, Said, Text, Tool};
use crate::loss::Loss;
use crate::translate::Unfit;

/// A `tool_addition` or `tool_removal` block at `path`.
pub(super) fn change<'a>(
    block: Block<'a>,
    path: &impl Display,
    request: &mut Request<'a>,
) -> Result<Said<'a>, Unfit> {
    let added = kind(&block)? == "tool_addition";
    let tool = block.tool.ok_or_else(|| missing("tool"))?;
    let name = name(*tool, added, path, request).map_err(|unfit| under("tool", "", unfit))?;
    // The model knows of all tools from the start.
    request.losses.add(Loss::ToolSearch);
    let told = if added { "now" } else { "no longer" };
    Ok(Said {
        text: format!("Tool {told} available: {name}").into(),
        cache: block.cache_control.map(|mark| mark.mark()),
    })
}

/// What the tool is called; one that is defined here is declared.
fn name<'a>(
    tool: Changed<'a>,
    added: bool,
    path: &impl Display,
    request: &mut Request<'a>,
) -> Result<Text<'a>, Unfit> {
    match tool.kind.as_ref().map(|Str(kind)| &**kind) {
        Some("tool_reference") => {
            let Str(name) = tool.name.ok_or_else(|| missing("name"))?;
            Ok(name)
        }
        Some("tool_definition") if added => {
            let given = tool.definition.ok_or_else(|| missing("definition"))?;
            let name = given.name.as_ref().map(|Str(name)| name.clone());
            let path = format_args!("{path}.tool.definition");
            let defined = tools::read(given, &path, &mut request.losses)
                .map_err(|unfit| under("definition", "", unfit))?;
            if let Some(defined) = defined {
                declare(defined, request);
            }
            name.ok_or_else(|| missing("definition.name"))
        }
        Some(_) => Err(Unfit::new(
            "type",
            if added {
                "must be `tool_reference` or `tool_definition`"
            } else {
                "must be `tool_reference`"
            },
        )),
        None => Err(missing("type")),
    }
}

/// Declares a tool, in place of one of the same name.
fn declare<'a>(defined: Tool<'a>, request: &mut Request<'a>) {
    let same = request
        .tools
        .iter_mut()
        .find(|tool| match (tool, &defined) {
            (Tool::Client(tool), Tool::Client(defined)) => tool.name == defined.name,
            (Tool::WebSearch(_), Tool::WebSearch(_)) => true,
            (Tool::Client(_), Tool::WebSearch(_)) | (Tool::WebSearch(_), Tool::Client(_)) => false,
        });
    match same {
        Some(tool) => *tool = defined,
        None => request.tools.push(defined),
    }
}
