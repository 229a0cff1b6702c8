//! Which answer a model gives; the model's name decides.

use std::collections::BTreeMap;

use serde::Deserialize;

use http::StatusCode;

use crate::{
    answer::{Answer, Input, Part, Stop, ToolCall, Usage, words},
    ask::{Ask, Tool, ToolInput},
    coder,
    refusal::{self, Refusal},
    reply::Dialect,
    script::Script,
    sse,
};

pub(crate) fn answer(ask: &Ask, script: &Script, dialect: Dialect) -> Result<Answer, Refusal> {
    // Gateways and clients put a vendor's name before the model's.
    let model = script.model.as_deref().unwrap_or(&ask.model);
    let name = model.rsplit('/').next().unwrap_or_default();
    if let Some(refusal) = failing(name, dialect) {
        return Err(refusal);
    }
    let mut parts = match name {
        "sim-coder" => coder::small_task(ask),
        "sim-coder-2" => coder::large_task(ask),
        "sim-look" => vec![Part::Text(coder::findings(ask))],
        "sim-tool" => tool(ask),
        "sim-think" => think(ask),
        _ => vec![Part::Text(echo(ask))],
    };
    let mut stop = Stop::End;
    if parts.iter().any(|part| matches!(part, Part::Call(_))) {
        stop = Stop::Tools;
    }
    for part in &mut parts {
        let Part::Text(text) = part else { continue };
        if let Some(size) = script.size {
            *text = filler(size);
        } else if let Some(events) = script.events {
            // A delta needs at least a character.
            while text.chars().count() < events {
                *text = format!("{text} {text}");
            }
        } else if let Some(limit) = ask.limit
            && words(text) > limit
        {
            *text = text
                .split_whitespace()
                .take(limit)
                .collect::<Vec<_>>()
                .join(" ");
            stop = Stop::Length;
        }
    }
    let usage = Usage::new(ask.bytes, ask.history.turns, &parts);
    Ok(Answer {
        parts,
        usage,
        stop,
        deltas: script.events,
    })
}

/// Models that never answer, for clients that cannot send a script: `sim-status-429` and
/// `sim-overflow`, whose window is always too small.
fn failing(name: &str, dialect: Dialect) -> Option<Refusal> {
    if name == "sim-overflow" {
        return Some(refusal::overflow(dialect));
    }
    let status: StatusCode = name.strip_prefix("sim-status-")?.parse().ok()?;
    Some(Refusal::new(
        status,
        "simulated: the model's name asks for this error",
    ))
}

fn echo(ask: &Ask) -> String {
    let text = ask.history.last_user.trim();
    if text.is_empty() {
        "(nothing was said)".to_owned()
    } else {
        text.to_owned()
    }
}

fn think(ask: &Ask) -> Vec<Part> {
    let text = echo(ask);
    let thought = format!("The user wrote {} words. I will repeat them.", words(&text));
    vec![Part::Reasoning(thought), Part::Text(text)]
}

/// Calls the first tool once; its result ends the matter, or an agent would loop for ever.
fn tool(ask: &Ask) -> Vec<Part> {
    if ask.history.rounds > 0 {
        return vec![Part::Text(format!(
            "The tool answered: {}",
            ask.history.last_result
        ))];
    }
    match ask.tools.first() {
        None => vec![Part::Text("There is no tool to call.".to_owned())],
        Some(tool) => {
            let input = match &tool.input {
                ToolInput::Object(schema) => {
                    Input::Json(arguments(schema.as_ref().map_or("{}", |raw| raw.get())))
                }
                ToolInput::Freeform => Input::Freeform("simulated input".to_owned()),
            };
            vec![
                Part::Text("I will call a tool.".to_owned()),
                Part::Call(call(tool, input)),
            ]
        }
    }
}

pub(crate) fn call(tool: &Tool, input: Input) -> ToolCall {
    ToolCall {
        name: tool.name.clone(),
        namespace: tool.namespace.clone(),
        input,
    }
}

#[derive(Deserialize, Default)]
struct Schema {
    #[serde(default)]
    properties: BTreeMap<String, Property>,
    #[serde(default)]
    required: Vec<String>,
}

#[derive(Deserialize)]
struct Property {
    #[serde(rename = "type")]
    kind: Option<String>,
}

/// An object with a plausible value for each required property.
fn arguments(schema: &str) -> String {
    let schema: Schema = serde_json::from_str(schema).unwrap_or_default();
    let kind = |name| {
        schema
            .properties
            .get(name)
            .and_then(|property| property.kind.as_deref())
    };
    let fields: Vec<String> = schema
        .required
        .iter()
        .map(|name| {
            let value = match kind(name).unwrap_or("string") {
                "integer" | "number" => "1",
                "boolean" => "true",
                "array" => "[]",
                "object" => "{}",
                _ => "\"simulated\"",
            };
            format!("{}:{value}", sse::json(name))
        })
        .collect();
    format!("{{{}}}", fields.join(","))
}

/// Words of that many bytes altogether.
fn filler(size: usize) -> String {
    let mut text = "the quick brown fox jumps over the lazy dog ".repeat(size / 44 + 1);
    text.truncate(size);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_satisfy_the_schema() {
        let schema = r#"{"type":"object","properties":{"n":{"type":"integer"},
            "s":{"type":"string"},"o":{"type":"object"}},"required":["n","s"]}"#;
        assert_eq!(arguments(schema), r#"{"n":1,"s":"simulated"}"#);
        assert_eq!(arguments("{}"), "{}");
    }

    #[test]
    fn filler_has_the_size() {
        for size in [0, 1, 44, 45, 1000] {
            assert_eq!(filler(size).len(), size);
        }
    }
}
