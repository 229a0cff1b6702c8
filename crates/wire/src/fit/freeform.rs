//! Tools that are no functions, for targets that know only functions.
//!
//! A freeform tool becomes a function with one text argument, in the tools and in the calls of the
//! conversation; the answer is unwrapped again by `restore`. A tool search that the client carries out is
//! a function in all but name.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::conversation::{ClientTool, Grammar, Kind, Part, Request, Text, Tool};
use crate::dialect::Dialect;
use crate::json;
use crate::loss::{Loss, Losses};

/// What a freeform tool takes in a function's clothes.
const FREEFORM: &str = r#"{"type":"object","properties":{"input":{"type":"string","description":"The whole input of the tool, as plain text."}},"required":["input"],"additionalProperties":false}"#;

/// What a tool search takes where its caller did not say.
const TOOL_SEARCH: &str = r#"{"type":"object","properties":{"query":{"type":"string"},"limit":{"type":"integer"}},"required":["query"]}"#;

/// Rewrites tools, calls and outcomes. Their names and kinds are left to `names`.
pub(super) fn fit(request: &mut Request<'_>, target: &Dialect) {
    let wraps = !target.takes_freeform();
    for tool in &mut request.tools {
        let Tool::Client(tool) = tool else { continue };
        match tool.name.kind {
            Kind::Freeform if wraps => emulate(tool, &mut request.losses),
            Kind::ToolSearch => {
                tool.schema = tool.schema.take().or_else(|| schema(TOOL_SEARCH));
            }
            Kind::Freeform | Kind::Function => {}
        }
    }
    for part in request.turns.iter_mut().flat_map(|turn| &mut turn.parts) {
        match part {
            Part::Call(call) if call.tool.kind == Kind::Freeform && wraps => {
                call.input = wrap(&call.input);
            }
            Part::Outcome(outcome) => outcome.kind = kind(outcome.kind, target),
            _ => {}
        }
    }
}

/// What kind of thing the target takes a tool of `kind` for.
pub(super) fn kind(kind: Kind, target: &Dialect) -> Kind {
    match kind {
        Kind::Freeform if target.takes_freeform() => Kind::Freeform,
        Kind::Freeform | Kind::ToolSearch | Kind::Function => Kind::Function,
    }
}

fn emulate(tool: &mut ClientTool<'_>, losses: &mut Losses) {
    tool.schema = schema(FREEFORM);
    tool.strict = None;
    if let Some(grammar) = tool.grammar.take() {
        losses.add(Loss::Grammar);
        tool.description = Some(describe(tool.description.take(), &grammar));
    }
}

fn describe<'a>(description: Option<Text<'a>>, grammar: &Grammar<'a>) -> Text<'a> {
    let mut text = description.unwrap_or_default().into_owned();
    if !text.is_empty() {
        text.push_str("\n\n");
    }
    text.push_str("`input` is plain text that matches this ");
    text.push_str(&grammar.syntax);
    text.push_str(" grammar:\n");
    text.push_str(&grammar.definition);
    Cow::Owned(text)
}

fn wrap<'a>(input: &str) -> Text<'a> {
    let mut out = b"{\"input\":".to_vec();
    json::string(&mut out, input);
    out.push(b'}');
    // Only text was written.
    Cow::Owned(String::from_utf8(out).unwrap_or_default())
}

fn schema(text: &'static str) -> Option<Cow<'static, RawValue>> {
    serde_json::from_str::<&RawValue>(text)
        .ok()
        .map(Cow::Borrowed)
}
