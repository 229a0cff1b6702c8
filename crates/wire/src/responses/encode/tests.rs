use std::borrow::Cow;

use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::*;
use crate::Protocol;
use crate::conversation::{
    Call, Choice, ClientTool, Document, Effort, Format, Grammar, Hit, Image, Kind, Origin, Outcome,
    Part, Passage, Place, Reasoning, Role, Search, Source, Thought, Token, Tool, ToolName, Turn,
    Verbosity, WebSearch,
};

mod body;
mod identity;
mod items;

fn target() -> Dialect {
    Dialect::new(Protocol::Responses, "openai")
}

/// What a request is written as, and what that lost.
fn written(request: &Request<'_>) -> (Value, String) {
    let mut losses = Losses::default();
    let body = encode(request, &target(), &mut losses).unwrap();
    (serde_json::from_slice(&body).unwrap(), losses.to_string())
}

/// The items that turns are written as.
fn items(turns: Vec<Turn<'_>>) -> (Value, String) {
    let request = Request {
        turns,
        ..Request::default()
    };
    let (mut body, losses) = written(&request);
    (body["input"].take(), losses)
}

fn turn(role: Role, parts: Vec<Part<'_>>) -> Turn<'_> {
    Turn { role, parts }
}

fn raw(json: &str) -> &RawValue {
    serde_json::from_str(json).unwrap()
}

fn call<'a>(id: &'a str, kind: Kind, input: &'a str) -> Part<'a> {
    Part::Call(Call {
        id: id.into(),
        tool: ToolName {
            kind,
            ..ToolName::function("f")
        },
        input: input.into(),
        cache: None,
    })
}

fn outcome<'a>(id: &'a str, kind: Kind, is_error: bool, parts: Vec<Part<'a>>) -> Part<'a> {
    Part::Outcome(Outcome {
        id: id.into(),
        kind,
        parts,
        is_error,
        cache: None,
    })
}

fn thought<'a>(text: &'a str, origin: Origin, vendor: &'a str, item: &'a str) -> Part<'a> {
    let mut token = Token::fresh(origin, item, "cipher");
    token.vendor = Some(vendor.into());
    Part::Thought(Thought {
        text: text.into(),
        token: Some(token),
    })
}

fn image(detail: Option<&'static str>) -> Part<'static> {
    Part::Image(Image {
        source: Source::Base64 {
            media_type: "image/png".into(),
            data: "iVBO".into(),
        },
        detail: detail.map(Cow::Borrowed),
        cache: None,
        place: Place::default(),
    })
}

fn document<'a>(source: Source<'a>, title: Option<&'a str>) -> Document<'a> {
    Document {
        source,
        title: title.map(Cow::Borrowed),
        context: None,
        cache: None,
        place: Place::default(),
    }
}

fn pdf() -> Source<'static> {
    Source::Base64 {
        media_type: "application/pdf".into(),
        data: "JVBE".into(),
    }
}
