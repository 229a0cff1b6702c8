//! Writing fitted requests, as a strict server of the protocol takes them.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::*;
use crate::Protocol;
use crate::conversation::{
    Call, Document, Image, Kind, Outcome, Part, Passage, Place, Role, Search, Source, Text,
    Thought, ToolName, Turn,
};

mod fields;
mod history;
mod media;
mod roundtrip;
mod tools;

const PLAIN: [Quirk; 0] = [];

fn dialect(quirks: impl IntoIterator<Item = Quirk>) -> Dialect {
    Dialect::new(Protocol::Chat, "vendor").with(quirks)
}

/// What is written for a target, and what is lost on the way.
fn written(request: &Request<'_>, quirks: impl IntoIterator<Item = Quirk>) -> (Value, Vec<Loss>) {
    let mut losses = Losses::default();
    let body = encode(request, &dialect(quirks), &mut losses).unwrap();
    (
        serde_json::from_slice(&body).unwrap(),
        losses.iter().collect(),
    )
}

/// A request with these turns.
fn saying<'a>(turns: impl IntoIterator<Item = (Role, Vec<Part<'a>>)>) -> Request<'a> {
    let turns = turns.into_iter().map(|(role, parts)| Turn { role, parts });
    Request {
        model: "m".into(),
        turns: turns.collect(),
        ..Request::default()
    }
}

/// A request whose user says hi.
fn hi<'a>() -> Request<'a> {
    saying([(Role::User, vec![Part::text("hi")])])
}

fn call<'a>(id: &'a str, name: &'a str, input: &'a str, kind: Kind) -> Part<'a> {
    Part::Call(Call {
        id: id.into(),
        tool: ToolName {
            kind,
            ..ToolName::function(name)
        },
        input: input.into(),
        cache: None,
    })
}

fn outcome<'a>(id: &'a str, parts: Vec<Part<'a>>) -> Outcome<'a> {
    Outcome {
        id: id.into(),
        kind: Kind::Function,
        parts,
        is_error: false,
        cache: None,
    }
}

fn image(source: Source<'_>) -> Part<'_> {
    Part::Image(Image {
        source,
        detail: None,
        cache: None,
        place: Place::default(),
    })
}

fn document<'a>(source: Source<'a>, title: Option<&'a str>, context: Option<&'a str>) -> Part<'a> {
    Part::Document(Document {
        source,
        title: title.map(Text::from),
        context: context.map(Text::from),
        cache: None,
        place: Place::default(),
    })
}

fn base64<'a>(media_type: &'a str, data: &'a str) -> Source<'a> {
    Source::Base64 {
        media_type: media_type.into(),
        data: data.into(),
    }
}

fn raw(text: &str) -> &RawValue {
    serde_json::from_str(text).unwrap()
}

/// What the protocol's vendor refuses: see that none of it is written.
fn strict(body: &Value) {
    assert_ne!(body["tools"], json!([]));
    if body.get("tools").is_none() {
        assert!(body.get("tool_choice").is_none() && body.get("parallel_tool_calls").is_none());
    }
    assert!(body.get("stream_options").is_none() || body["stream"] == true);
    assert!(body.get("metadata").is_none() || body["store"] == true);
    assert!(body.get("max_tokens").is_none() || body.get("max_completion_tokens").is_none());
    for message in body["messages"].as_array().unwrap() {
        assert_ne!(message["tool_calls"], json!([]));
        if message["role"] == "assistant" {
            let says = ["content", "refusal", "tool_calls"]
                .iter()
                .any(|name| !message[name].is_null());
            assert!(says, "{message}");
        } else {
            assert!(
                message["content"].is_string() || message["content"].is_array(),
                "{message}"
            );
        }
    }
}
