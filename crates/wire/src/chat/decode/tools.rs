//! Tools, and whether and which the model must call.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::body::{
    AllowedTools, Body, Custom, Function, Grammar as GrammarIn, SearchOptions, Tool as ToolIn,
};
use super::read::{At, ObjectText, Str};
use crate::conversation::{
    Choice, ClientTool, Grammar, Kind, Place, Request, Tool, ToolName, WebSearch,
};
use crate::translate::Unfit;

/// Reads everything about tools, the older way to say it included.
pub(super) fn tools<'a>(body: &mut Body<'a>, request: &mut Request<'a>) -> Result<(), Unfit> {
    let at = At::top("tools");
    for (index, found) in body.tools.take().into_iter().flatten().enumerate() {
        request
            .tools
            .push(Tool::Client(tool(found, at.index(index))?));
    }
    let at = At::top("functions");
    for (index, found) in body.functions.take().into_iter().flatten().enumerate() {
        request
            .tools
            .push(Tool::Client(function(found, at.index(index))?));
    }
    let at = At::top("web_search_options");
    if let Some(SearchOptions {
        search_context_size,
        user_location,
    }) = body.web_search_options.take()
    {
        let location = user_location.and_then(|location| location.approximate);
        request.tools.push(Tool::WebSearch(WebSearch {
            context_size: search_context_size.map(|Str(size)| size),
            user_location: location.map(Into::into),
            place: Place::new(at.to_string(), ""),
            ..WebSearch::default()
        }));
    }
    request.choice = match (body.tool_choice, body.function_call) {
        (Some(raw), _) => Some(choice(raw, At::top("tool_choice"))?),
        (None, Some(raw)) => Some(legacy_choice(raw, At::top("function_call"))?),
        (None, None) => None,
    };
    request.parallel_calls = body.parallel_tool_calls;
    Ok(())
}

fn tool<'a>(tool: ToolIn<'a>, at: At<'_>) -> Result<ClientTool<'a>, Unfit> {
    let Str(kind) = at.field("type").required(tool.kind)?;
    let mut read = match &*kind {
        "function" => {
            let at = at.field("function");
            function(at.required(tool.function)?, at)?
        }
        "custom" => {
            let at = at.field("custom");
            custom(at.required(tool.custom)?, at)?
        }
        _ => return Err(at.field("type").unfit("expected `function` or `custom`")),
    };
    // Written on the tool by some, and inside of the function by others.
    read.cache = tool.cache_control.map(|mark| mark.mark()).or(read.cache);
    Ok(read)
}

fn function<'a>(function: Function<'a>, at: At<'_>) -> Result<ClientTool<'a>, Unfit> {
    let Str(name) = at.field("name").required(function.name)?;
    Ok(ClientTool {
        name: ToolName::function(name),
        description: function.description.map(|Str(text)| text),
        schema: function
            .parameters
            .map(|ObjectText(raw)| Cow::Borrowed(raw)),
        strict: function.strict,
        cache: function.cache_control.map(|mark| mark.mark()),
        ..ClientTool::default()
    })
}

fn custom<'a>(custom: Custom<'a>, at: At<'_>) -> Result<ClientTool<'a>, Unfit> {
    let Str(name) = at.field("name").required(custom.name)?;
    let grammar = match custom.format {
        Some(format) => {
            let at = at.field("format");
            let kind = at.field("type").required(format.kind)?;
            match &*kind.0 {
                "text" => None,
                "grammar" => {
                    let at = at.field("grammar");
                    let GrammarIn { syntax, definition } = at.required(format.grammar)?;
                    Some(Grammar {
                        syntax: at.field("syntax").required(syntax)?.0,
                        definition: at.field("definition").required(definition)?.0,
                    })
                }
                _ => return Err(at.field("type").unfit("expected `text` or `grammar`")),
            }
        }
        None => None,
    };
    Ok(ClientTool {
        name: freeform(name),
        description: custom.description.map(|Str(text)| text),
        grammar,
        ..ClientTool::default()
    })
}

const fn freeform(name: Cow<'_, str>) -> ToolName<'_> {
    ToolName {
        name,
        namespace: None,
        kind: Kind::Freeform,
    }
}

fn choice<'a>(raw: &'a RawValue, at: At<'_>) -> Result<Choice<'a>, Unfit> {
    if raw.get().starts_with('"') {
        let Str(word) = at.read(raw)?;
        return match &*word {
            "auto" => Ok(Choice::Auto),
            "required" => Ok(Choice::Required),
            "none" => Ok(Choice::None),
            _ => Err(at.unfit("expected `auto`, `required`, `none` or an object")),
        };
    }
    let found: ToolIn<'a> = at.read(raw)?;
    let kind = at.field("type").required(found.kind.as_ref())?;
    match &*kind.0 {
        "allowed_tools" => {}
        "function" | "custom" => return name(found, at).map(Choice::One),
        _ => {
            return Err(at
                .field("type")
                .unfit("expected `function`, `custom` or `allowed_tools`"));
        }
    }
    let at = at.field("allowed_tools");
    let AllowedTools { mode, tools } = at.required(found.allowed_tools)?;
    let required = match &*at.field("mode").required(mode)?.0 {
        "auto" => false,
        "required" => true,
        _ => return Err(at.field("mode").unfit("expected `auto` or `required`")),
    };
    let at = at.field("tools");
    let tools = at.required(tools)?.into_iter().enumerate();
    Ok(Choice::Among {
        required,
        tools: tools
            .map(|(index, found)| name(found, at.index(index)))
            .collect::<Result<_, _>>()?,
    })
}

/// How a choice names a tool.
fn name<'a>(tool: ToolIn<'a>, at: At<'_>) -> Result<ToolName<'a>, Unfit> {
    let Str(kind) = at.field("type").required(tool.kind)?;
    match &*kind {
        "function" => {
            let at = at.field("function");
            let Str(name) = at
                .field("name")
                .required(at.required(tool.function)?.name)?;
            Ok(ToolName::function(name))
        }
        "custom" => {
            let at = at.field("custom");
            let Str(name) = at.field("name").required(at.required(tool.custom)?.name)?;
            Ok(freeform(name))
        }
        _ => Err(at.field("type").unfit("expected `function` or `custom`")),
    }
}

/// Reads the older `function_call`.
fn legacy_choice<'a>(raw: &'a RawValue, at: At<'_>) -> Result<Choice<'a>, Unfit> {
    if raw.get().starts_with('"') {
        let Str(word) = at.read(raw)?;
        return match &*word {
            "auto" => Ok(Choice::Auto),
            "none" => Ok(Choice::None),
            _ => Err(at.unfit("expected `auto`, `none` or an object with `name`")),
        };
    }
    let found: Function<'a> = at.read(raw)?;
    let Str(name) = at.field("name").required(found.name)?;
    Ok(Choice::One(ToolName::function(name)))
}
