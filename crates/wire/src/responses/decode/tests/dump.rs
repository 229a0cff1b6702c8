//! A request as lines that tests compare.

use crate::conversation::{
    Document, Image, Kind, Part, Request, Role, Source, Token, Tool, ToolName,
};

/// One line for each passage of the instructions and each part of the turns.
pub(in crate::responses) fn turns(request: &Request<'_>) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for passage in &request.system {
        lines.push(format!("instructions: {}", passage.text));
    }
    for turn in &request.turns {
        let role = match turn.role {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        lines.extend(
            turn.parts
                .iter()
                .map(|part| format!("{role}: {}", line(part))),
        );
    }
    lines
}

fn line(part: &Part<'_>) -> String {
    match part {
        Part::Text(said) => format!("text {}", said.text),
        Part::Image(Image { source, detail, .. }) => {
            format!("image {} detail {detail:?}", place(source))
        }
        Part::Document(Document { source, title, .. }) => {
            format!("document {} title {title:?}", place(source))
        }
        Part::Thought(thought) => {
            let token = thought.token.as_ref().map(token);
            format!("thought {:?} {}", thought.text, token.unwrap_or_default())
        }
        Part::Call(call) => format!("call {} {} {}", call.id, name(&call.tool), call.input),
        Part::Outcome(outcome) => {
            let parts: Vec<String> = outcome.parts.iter().map(line).collect();
            let error = if outcome.is_error { " failed" } else { "" };
            format!(
                "outcome {} {:?}{error} [{}]",
                outcome.id,
                outcome.kind,
                parts.join(" | ")
            )
        }
        Part::Refusal(refusal) => format!("refusal {refusal}"),
        Part::Search(search) => {
            let hits: Vec<&str> = search.hits.iter().map(|hit| &*hit.url).collect();
            format!("search {:?} -> [{}]", search.query, hits.join(" "))
        }
    }
}

fn place(source: &Source<'_>) -> String {
    match source {
        Source::Base64 { media_type, data } => format!("{media_type} {data}"),
        Source::Url(url) => url.to_string(),
        Source::Plain(text) => format!("plain {text}"),
    }
}

fn token(token: &Token<'_>) -> String {
    let vendor = token.vendor.as_deref().unwrap_or("?");
    format!(
        "{:?} of {vendor} item {} value {}",
        token.origin, token.item, token.value
    )
}

fn name(name: &ToolName<'_>) -> String {
    let kind = match name.kind {
        Kind::Function => "function",
        Kind::Freeform => "freeform",
        Kind::ToolSearch => "tool_search",
    };
    match &name.namespace {
        Some(namespace) => format!("{kind} {namespace}/{}", name.name),
        None => format!("{kind} {}", name.name),
    }
}

/// One line for each tool.
pub(in crate::responses) fn tools(request: &Request<'_>) -> Vec<String> {
    let line = |tool: &Tool<'_>| match tool {
        Tool::Client(tool) => {
            let grammar = tool.grammar.as_ref().map_or("", |grammar| &grammar.syntax);
            let schema = if tool.schema.is_some() { " schema" } else { "" };
            let deferred = if tool.deferred { " deferred" } else { "" };
            let strict = match tool.strict {
                Some(true) => " strict",
                Some(false) => " loose",
                None => "",
            };
            format!("{}{schema}{strict}{deferred} {grammar}", name(&tool.name))
                .trim_end()
                .to_owned()
        }
        Tool::WebSearch(search) => format!(
            "web search +{} -{} {}",
            search.allowed_domains.join(","),
            search.blocked_domains.join(","),
            search.context_size.as_deref().unwrap_or_default()
        )
        .trim_end()
        .to_owned(),
    };
    request.tools.iter().map(line).collect()
}

/// The names of the losses.
pub(in crate::responses) fn losses(request: &Request<'_>) -> String {
    request.losses.to_string()
}
