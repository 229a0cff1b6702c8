//! Turns as items.

use serde::Serialize;

use super::parts::{self, Content, Output};
use crate::conversation::{Call, Kind, Outcome, Part, Role, Search, Thought, Turn};
use crate::dialect::Dialect;
use crate::loss::{Loss, Losses};

/// Arguments of a call that came without any.
const NOTHING: &str = "{}";

/// What an id of a reasoning item begins with.
const REASONING_ID: &str = "rs_";

/// An item of the input.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Item<'r> {
    Message {
        role: &'static str,
        content: Vec<Content<'r>>,
    },
    Reasoning {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'r str>,
        summary: Vec<Summary<'r>>,
        encrypted_content: &'r str,
    },
    FunctionCall {
        call_id: &'r str,
        name: &'r str,
        arguments: &'r str,
    },
    FunctionCallOutput {
        call_id: &'r str,
        output: Output<'r>,
    },
    CustomToolCall {
        call_id: &'r str,
        name: &'r str,
        input: &'r str,
    },
    CustomToolCallOutput {
        call_id: &'r str,
        output: Output<'r>,
    },
    WebSearchCall {
        status: &'static str,
        action: Action<'r>,
    },
}

/// A part of what is told of a thought.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Summary<'r> {
    SummaryText { text: &'r str },
}

/// What a web search did.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Action<'r> {
    Search {
        query: &'r str,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        sources: Vec<Page<'r>>,
    },
    OpenPage {
        url: &'r str,
    },
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Page<'r> {
    Url { url: &'r str },
}

/// Writes the turns as items, in order.
pub(super) fn items<'r>(
    turns: &'r [Turn<'_>],
    target: &Dialect,
    losses: &mut Losses,
) -> Vec<Item<'r>> {
    let mut items = Vec::with_capacity(turns.len());
    for turn in turns {
        write(turn, target, losses, &mut items);
    }
    items
}

fn write<'r>(turn: &'r Turn<'_>, target: &Dialect, losses: &mut Losses, items: &mut Vec<Item<'r>>) {
    let role = match turn.role {
        Role::System => "developer",
        Role::User => "user",
        Role::Assistant => "assistant",
    };
    // Neighboring parts make one message.
    let mut content = Vec::new();
    for (index, part) in turn.parts.iter().enumerate() {
        let before = content.len();
        parts::push(part, turn.role, losses, &mut content);
        if content.len() > before {
            continue;
        }
        let item = match part {
            Part::Thought(thought) => {
                // A thought without what it led to is refused.
                let leads = turn
                    .parts
                    .iter()
                    .skip(index)
                    .any(|part| !matches!(part, Part::Thought(_)));
                let item = reasoning(thought, target).filter(|_| leads);
                losses.add_if(item.is_none(), Loss::ReasoningHistory);
                item
            }
            Part::Call(call) => Some(called(call)),
            Part::Outcome(outcome) => Some(answered(outcome, losses)),
            Part::Search(search) => Some(searched(search)),
            Part::Text(_) | Part::Refusal(_) | Part::Image(_) | Part::Document(_) => None,
        };
        if let Some(item) = item {
            flush(role, &mut content, items);
            items.push(item);
        }
    }
    flush(role, &mut content, items);
}

fn flush<'r>(role: &'static str, content: &mut Vec<Content<'r>>, items: &mut Vec<Item<'r>>) {
    if !content.is_empty() {
        let content = std::mem::take(content);
        items.push(Item::Message { role, content });
    }
}

/// A thought, if the target issued it: nobody else can read it.
fn reasoning<'r>(thought: &'r Thought<'_>, target: &Dialect) -> Option<Item<'r>> {
    let token = thought.token.as_ref()?;
    if !token.belongs_to(target.protocol, &target.vendor) {
        return None;
    }
    let text = Some(&*thought.text).filter(|text| !text.is_empty());
    Some(Item::Reasoning {
        id: Some(&*token.item).filter(|id| id.starts_with(REASONING_ID)),
        summary: text
            .into_iter()
            .map(|text| Summary::SummaryText { text })
            .collect(),
        encrypted_content: &token.value,
    })
}

fn called<'r>(call: &'r Call<'_>) -> Item<'r> {
    let (call_id, name, input) = (&*call.id, &*call.tool.name, &*call.input);
    match call.tool.kind {
        Kind::Freeform => Item::CustomToolCall {
            call_id,
            name,
            input,
        },
        Kind::Function | Kind::ToolSearch => Item::FunctionCall {
            call_id,
            name,
            arguments: if input.is_empty() { NOTHING } else { input },
        },
    }
}

fn answered<'r>(outcome: &'r Outcome<'_>, losses: &mut Losses) -> Item<'r> {
    let call_id = &*outcome.id;
    let output = Output::of(outcome, losses);
    match outcome.kind {
        Kind::Freeform => Item::CustomToolCallOutput { call_id, output },
        Kind::Function | Kind::ToolSearch => Item::FunctionCallOutput { call_id, output },
    }
}

fn searched<'r>(search: &'r Search<'_>) -> Item<'r> {
    let action = match search.hits.as_slice() {
        [page] if search.query.is_empty() => Action::OpenPage { url: &page.url },
        hits => Action::Search {
            query: &search.query,
            sources: hits.iter().map(|hit| Page::Url { url: &hit.url }).collect(),
        },
    };
    Item::WebSearchCall {
        status: "completed",
        action,
    }
}
