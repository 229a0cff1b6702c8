//! Conversations, as the Graph shows them.

use bytes::Bytes;
use serde::Serialize;

use crate::{shared::CREATED_RFC3339, sse};

/// What a conversation is called while its answer comes.
const UPDATE: &str = "Intermediate Conversation Update";

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
    #[serde(rename = "@odata.context", skip_serializing_if = "Option::is_none")]
    context: Option<&'static str>,
    id: &'a str,
    /// Of an event, where no agent is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_id: Option<()>,
    created_date_time: &'static str,
    display_name: &'a str,
    /// Of an answer to something said.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    /// Of a conversation that has just begun, where the vendor calls it so.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    turn_count: u32,
    /// None of a conversation that has just begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    messages: Option<Vec<Message<'a>>>,
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
    sensitivity_label: SensitivityLabel,
}

/// That of an answer for which nothing was read that has one.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct SensitivityLabel {
    #[serde(rename = "sensitivityLabelId")]
    id: (),
    display_name: (),
    tooltip: (),
    priority: (),
    color: (),
    is_encrypted: (),
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

    /// As it has just begun.
    pub(super) fn view<'a>(&'a self, id: &'a str) -> View<'a> {
        View {
            context: Some(CONTEXT),
            id,
            agent_id: None,
            created_date_time: CREATED_RFC3339,
            display_name: &self.name,
            state: None,
            status: Some("active"),
            turn_count: self.turns,
            messages: None,
        }
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
        View {
            context: Some(CONTEXT),
            agent_id: None,
            display_name: &self.name,
            turn_count: self.number,
            ..self.update(messages)
        }
    }

    /// Events without a message at first and before the last one, between them the whole text so far, and at
    /// last the answer as it is when it is not streamed.
    pub(super) fn events(&self) -> Vec<Bytes> {
        let step = |end: &usize| self.update(vec![self.message("answer", &self.answer[..*end])]);
        let nothing = || [self.update(Vec::new())];
        let last = View {
            context: None,
            agent_id: Some(()),
            ..self.whole()
        };
        let steps = self.cuts.iter().map(step);
        let views = nothing().into_iter().chain(steps).chain(nothing());
        // The id stands after the data, as the vendor writes it.
        let event = |(index, view): (usize, View<'_>)| {
            let json = sse::json(&view);
            format!("data: {json}\nid:{index}\n\n").into()
        };
        views.chain([last]).enumerate().map(event).collect()
    }

    /// What is told while an answer comes.
    fn update<'a>(&'a self, messages: Vec<Message<'a>>) -> View<'a> {
        View {
            context: None,
            id: &self.id,
            agent_id: Some(()),
            created_date_time: CREATED_RFC3339,
            display_name: UPDATE,
            state: Some("active"),
            status: None,
            turn_count: 0,
            messages: Some(messages),
        }
    }

    fn message<'a>(&self, role: &str, text: &'a str) -> Message<'a> {
        Message {
            kind: "#microsoft.graph.copilotConversationResponseMessage",
            id: format!("{}-{role}-{}", self.id, self.number),
            text,
            created_date_time: CREATED_RFC3339,
            adaptive_cards: [],
            attributions: [],
            sensitivity_label: SensitivityLabel::default(),
        }
    }
}
