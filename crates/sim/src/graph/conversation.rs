//! Conversations, as the Graph shows them.

use bytes::Bytes;
use serde::Serialize;

use crate::{shared::CREATED_RFC3339, sse};

const CONTEXT: &str =
    "https://graph.microsoft.com/beta/$metadata#microsoft.graph.copilotConversation";

/// A conversation of one account.
#[derive(Debug)]
pub(crate) struct Conversation {
    pub(super) account: String,
    name: String,
    turns: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct View<'a> {
    #[serde(rename = "@odata.context")]
    context: &'static str,
    id: &'a str,
    created_date_time: &'static str,
    display_name: &'a str,
    /// Of an answer to something said.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    /// Of a conversation that has just begun, where the vendor calls it so.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    turn_count: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    messages: Vec<Message<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    #[serde(rename = "@odata.type")]
    kind: &'static str,
    id: String,
    text: &'a str,
    created_date_time: &'static str,
    adaptive_cards: [(); 0],
    attributions: [(); 0],
}

/// What was said and answered last.
#[derive(Debug)]
pub(super) struct Turn {
    id: String,
    name: String,
    number: u32,
    prompt: String,
    answer: String,
    /// Where the answer's steps end.
    cuts: Vec<usize>,
}

impl Conversation {
    pub(super) fn new(account: &str) -> Self {
        Self {
            account: account.to_owned(),
            name: String::new(),
            turns: 0,
        }
    }

    pub(super) fn view<'a>(&'a self, id: &'a str) -> View<'a> {
        view(id, &self.name, self.turns, Vec::new())
    }

    pub(super) fn turn(&mut self, id: &str, prompt: &str, answer: &str, cuts: Vec<usize>) -> Turn {
        if self.turns == 0 {
            prompt.clone_into(&mut self.name);
        }
        self.turns += 1;
        Turn {
            id: id.to_owned(),
            name: self.name.clone(),
            number: self.turns,
            prompt: prompt.to_owned(),
            answer: answer.to_owned(),
            cuts,
        }
    }
}

impl Turn {
    /// The prompt comes back, and then its answer.
    pub(super) fn whole(&self) -> View<'_> {
        let messages = vec![
            self.message("prompt", &self.prompt),
            self.message("answer", &self.answer),
        ];
        view(&self.id, &self.name, self.number, messages)
    }

    /// Each event has the whole text so far; the last is the answer that was not streamed.
    pub(super) fn events(&self) -> Vec<Bytes> {
        let steps = self.cuts.iter().map(|end| {
            let messages = vec![self.message("answer", &self.answer[..*end])];
            sse::json(&view(&self.id, "", self.number, messages))
        });
        let whole = sse::json(&self.whole());
        let events = steps.chain([whole]).enumerate();
        // The id stands after the data, as the vendor writes it.
        events
            .map(|(index, json)| format!("data: {json}\nid:{index}\n\n").into())
            .collect()
    }

    fn message<'a>(&self, role: &str, text: &'a str) -> Message<'a> {
        Message {
            kind: "#microsoft.graph.copilotConversationResponseMessage",
            id: format!("{}-{role}-{}", self.id, self.number),
            text,
            created_date_time: CREATED_RFC3339,
            adaptive_cards: [],
            attributions: [],
        }
    }
}

fn view<'a>(id: &'a str, name: &'a str, turns: u32, messages: Vec<Message<'a>>) -> View<'a> {
    View {
        context: CONTEXT,
        id,
        created_date_time: CREATED_RFC3339,
        display_name: name,
        state: (turns > 0).then_some("active"),
        status: (turns == 0).then_some("active"),
        turn_count: turns,
        messages,
    }
}
