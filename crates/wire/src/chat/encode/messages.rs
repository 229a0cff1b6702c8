//! The messages: instructions, turns, calls and their results.

use std::borrow::Cow;

use serde::Serialize;

use super::calls::{ToolCall, tool_call};
use super::parts::{self, Content, Part as PartOut};
use crate::conversation::{Outcome, Part, Request, Role, Turn};
use crate::dialect::{Dialect, Quirk};
use crate::loss::{Loss, Losses};
use crate::translate::Unfit;

/// A message of any role.
#[derive(Serialize)]
#[serde(tag = "role", rename_all = "snake_case")]
pub(super) enum Message<'a> {
    /// Instructions.
    System { content: String },
    /// Instructions, for those who tell them from the system's.
    Developer { content: String },
    /// What the user says.
    User { content: Content<'a> },
    /// What the model said and called.
    Assistant {
        content: Option<Cow<'a, str>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        refusal: Option<Cow<'a, str>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        reasoning_content: Option<Cow<'a, str>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        reasoning: Option<Cow<'a, str>>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        tool_calls: Vec<ToolCall<'a>>,
    },
    /// The result of a call.
    Tool {
        tool_call_id: &'a str,
        content: Cow<'a, str>,
    },
}

/// Writes the instructions and the turns.
pub(super) fn messages<'a>(
    request: &'a Request<'_>,
    target: &Dialect,
    losses: &mut Losses,
) -> Result<Vec<Message<'a>>, Unfit> {
    let mut messages = Vec::with_capacity(request.turns.len() + 1);
    let texts = request.system.iter().map(|passage| &*passage.text);
    instructions(texts, target, &mut messages);
    for turn in &request.turns {
        match turn.role {
            Role::System => {
                let texts = turn.parts.iter().filter_map(|part| match part {
                    Part::Text(said) => Some(&*said.text),
                    _ => None,
                });
                instructions(texts, target, &mut messages);
            }
            Role::User => user(turn, &mut messages, losses)?,
            Role::Assistant => messages.extend(assistant(turn, target, losses)?),
        }
    }
    Ok(messages)
}

fn instructions<'t>(
    texts: impl Iterator<Item = &'t str>,
    target: &Dialect,
    messages: &mut Vec<Message<'_>>,
) {
    let texts: Vec<&str> = texts.filter(|text| !text.is_empty()).collect();
    if texts.is_empty() {
        return;
    }
    let content = texts.join("\n\n");
    messages.push(if target.has(Quirk::DeveloperRole) {
        Message::Developer { content }
    } else {
        Message::System { content }
    });
}

/// Writes the results of calls, each as a message, and then everything else that the user says.
fn user<'a>(
    turn: &'a Turn<'_>,
    messages: &mut Vec<Message<'a>>,
    losses: &mut Losses,
) -> Result<(), Unfit> {
    let mut rest = Vec::new();
    for part in &turn.parts {
        match part {
            Part::Outcome(outcome) => messages.push(tool(outcome, &mut rest, losses)?),
            other => said(other, &mut rest, losses)?,
        }
    }
    if !rest.is_empty() {
        messages.push(Message::User {
            content: Content::simplest(rest),
        });
    }
    Ok(())
}

/// Writes one thing that the user says.
fn said<'a>(
    part: &'a Part<'_>,
    parts: &mut Vec<PartOut<'a>>,
    losses: &mut Losses,
) -> Result<(), Unfit> {
    match part {
        Part::Text(said) if said.text.is_empty() => {}
        Part::Text(said) => parts.push(PartOut::Text {
            text: Cow::Borrowed(&said.text),
        }),
        Part::Image(image) => parts.push(parts::image(image)?),
        Part::Document(document) => parts::document(document, parts, losses)?,
        Part::Thought(_)
        | Part::Call(_)
        | Part::Outcome(_)
        | Part::Refusal(_)
        | Part::Search(_) => {
            return Err(Unfit::new(
                "",
                "the user's turn holds what only the model can say",
            ));
        }
    }
    Ok(())
}

/// Writes the result of a call; what is no text goes to `rest`, since a `tool` message cannot hold it.
fn tool<'a>(
    outcome: &'a Outcome<'_>,
    rest: &mut Vec<PartOut<'a>>,
    losses: &mut Losses,
) -> Result<Message<'a>, Unfit> {
    let mut texts: Vec<Cow<'a, str>> = Vec::new();
    for part in &outcome.parts {
        match part {
            Part::Text(said) => texts.push(Cow::Borrowed(&said.text)),
            Part::Document(document) => match parts::plain(document, losses) {
                Some(text) => texts.push(text),
                None => parts::document(document, rest, losses)?,
            },
            other => said(other, rest, losses)?,
        }
    }
    let text = match &mut *texts {
        [] => Cow::Borrowed(""),
        [text] => std::mem::take(text),
        texts => texts.join("\n").into(),
    };
    Ok(Message::Tool {
        tool_call_id: &outcome.id,
        content: if outcome.is_error {
            format!("Error: {text}").into()
        } else {
            text
        },
    })
}

/// Writes what the model said and called; nothing where neither is left.
fn assistant<'a>(
    turn: &'a Turn<'_>,
    target: &Dialect,
    losses: &mut Losses,
) -> Result<Option<Message<'a>>, Unfit> {
    let mut text = None;
    let mut refused = None;
    let mut thought = None;
    let mut tool_calls = Vec::new();
    for part in &turn.parts {
        match part {
            Part::Text(said) => join(&mut text, Cow::Borrowed(&said.text)),
            Part::Refusal(said) => join(&mut refused, Cow::Borrowed(said)),
            Part::Thought(said) => join(&mut thought, Cow::Borrowed(&said.text)),
            Part::Search(search) => {
                losses.add(Loss::SearchHistory);
                join(&mut text, search.in_words().into());
            }
            Part::Call(call) => tool_calls.push(tool_call(call)),
            Part::Image(_) | Part::Document(_) | Part::Outcome(_) => {
                return Err(Unfit::new(
                    "",
                    "the model's turn holds what only the user can say",
                ));
            }
        }
    }
    if text.is_none() && refused.is_none() && tool_calls.is_empty() {
        losses.add_if(thought.is_some(), Loss::ReasoningHistory);
        return Ok(None);
    }
    let (reasoning_content, reasoning) = if target.has(Quirk::ReasoningContent) {
        (thought, None)
    } else if target.has(Quirk::ReasoningField) {
        (None, thought)
    } else {
        losses.add_if(thought.is_some(), Loss::ReasoningHistory);
        (None, None)
    };
    Ok(Some(Message::Assistant {
        content: text,
        refusal: refused,
        reasoning_content,
        reasoning,
        tool_calls,
    }))
}

/// Appends one text of the model to those before it. A text that was cut in the middle of a sentence, as
/// around citations, is put together again; separate paragraphs stay so.
fn join<'a>(whole: &mut Option<Cow<'a, str>>, text: Cow<'a, str>) {
    if text.is_empty() {
        return;
    }
    match whole {
        None => *whole = Some(text),
        Some(whole) => {
            let runs_on = whole.ends_with(char::is_whitespace)
                || text.starts_with(|c: char| c.is_whitespace() || ".,;:!?)]}%".contains(c));
            let whole = whole.to_mut();
            if !runs_on {
                whole.push_str("\n\n");
            }
            whole.push_str(&text);
        }
    }
}
