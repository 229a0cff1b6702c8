use std::borrow::Cow;

use super::*;
use crate::Protocol;
use crate::conversation::{
    Call, Choice, ClientTool, Document, Image, Kind, Outcome, Part, Passage, Place, Role, Source,
    Tool, ToolName, Turn, WebSearch,
};
use crate::dialect::Quirk;
use crate::loss::Loss;

mod around;
mod attribution;
mod cache;
mod freeform;
mod ids;
mod laws;
mod order;
mod sampling;
mod schemas;
mod thinking;
mod tokens;
mod tools;

const ALL: [Protocol; 3] = [Protocol::Messages, Protocol::Chat, Protocol::Responses];

fn messages(quirks: &[Quirk]) -> Dialect {
    Dialect::new(Protocol::Messages, "a").with(quirks.iter().copied())
}

fn chat(quirks: &[Quirk]) -> Dialect {
    Dialect::new(Protocol::Chat, "c").with(quirks.iter().copied())
}

fn responses() -> Dialect {
    Dialect::new(Protocol::Responses, "r")
}

fn system(parts: Vec<Part<'_>>) -> Turn<'_> {
    let role = Role::System;
    Turn { role, parts }
}

fn user(parts: Vec<Part<'_>>) -> Turn<'_> {
    let role = Role::User;
    Turn { role, parts }
}

fn assistant(parts: Vec<Part<'_>>) -> Turn<'_> {
    let role = Role::Assistant;
    Turn { role, parts }
}

fn say(text: &str) -> Part<'_> {
    Part::text(text)
}

fn call<'a>(id: &'a str, name: &'a str) -> Part<'a> {
    Part::Call(Call {
        id: id.into(),
        tool: ToolName::function(name),
        input: "{}".into(),
        cache: None,
    })
}

fn outcome<'a>(id: &'a str, parts: Vec<Part<'a>>) -> Part<'a> {
    Part::Outcome(Outcome {
        id: id.into(),
        kind: Kind::Function,
        parts,
        is_error: false,
        cache: None,
    })
}

fn image(source: Source<'_>) -> Part<'_> {
    Part::Image(Image {
        source,
        detail: None,
        cache: None,
        place: Place::new("here", "source.type"),
    })
}

fn png<'a>() -> Part<'a> {
    image(base64("image/png"))
}

fn base64(media_type: &str) -> Source<'_> {
    Source::Base64 {
        media_type: media_type.into(),
        data: "AAAA".into(),
    }
}

fn document(source: Source<'_>) -> Part<'_> {
    Part::Document(Document {
        source,
        title: None,
        context: None,
        cache: None,
        place: Place::new("here", "source.type"),
    })
}

fn tool(name: &str) -> Tool<'_> {
    Tool::Client(ClientTool {
        name: ToolName::function(name),
        ..ClientTool::default()
    })
}

fn spaced<'a>(space: &'a str, name: &'a str, kind: Kind) -> ToolName<'a> {
    ToolName {
        name: name.into(),
        namespace: Some(space.into()),
        kind,
    }
}

fn with_turns(turns: Vec<Turn<'_>>) -> Request<'_> {
    Request {
        turns,
        ..Request::default()
    }
}

/// Fits, and says what was lost.
fn lost(request: &mut Request<'_>, target: &Dialect) -> String {
    fit(request, target, "session").unwrap();
    request.losses.to_string()
}

fn refused(mut request: Request<'_>, target: &Dialect) -> String {
    fit(&mut request, target, "").unwrap_err().sentence()
}

fn shape(request: &Request<'_>) -> String {
    let turns = request.turns.iter().map(|turn| {
        let role = match turn.role {
            Role::System => 'S',
            Role::User => 'U',
            Role::Assistant => 'A',
        };
        let parts: Vec<_> = turn.parts.iter().map(part_shape).collect();
        format!("{role}[{}]", parts.join(" "))
    });
    turns.collect::<Vec<_>>().join(" ")
}

fn part_shape(part: &Part<'_>) -> String {
    match part {
        Part::Text(said) => said.text.to_string(),
        Part::Image(_) => "<image>".to_owned(),
        Part::Document(_) => "<document>".to_owned(),
        Part::Thought(thought) => {
            let token = if thought.token.is_some() { "!" } else { "" };
            format!("({}{token})", thought.text)
        }
        Part::Call(call) => format!("{}:{}", call.id, call.tool.name),
        Part::Outcome(outcome) => {
            let parts: Vec<_> = outcome.parts.iter().map(part_shape).collect();
            format!("{}={}", outcome.id, parts.join("+"))
        }
        Part::Refusal(text) => format!("no:{text}"),
        Part::Search(_) => "<search>".to_owned(),
    }
}

fn names(request: &Request<'_>) -> Vec<String> {
    let names = request.tools.iter().map(|tool| match tool {
        Tool::Client(tool) => tool.name.name.to_string(),
        Tool::WebSearch(_) => "<web>".to_owned(),
    });
    names.collect()
}
