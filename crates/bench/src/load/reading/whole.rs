//! What a whole answer says, in each protocol.

use serde::Deserialize;

use crate::payload::Api;

#[derive(Deserialize)]
struct Message {
    content: Vec<Part>,
    stop_reason: String,
}

#[derive(Deserialize)]
struct Part {
    text: Option<String>,
}

#[derive(Deserialize)]
struct Completion {
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    message: Spoken,
    finish_reason: String,
}

#[derive(Deserialize)]
struct Spoken {
    content: String,
}

#[derive(Deserialize)]
struct Response {
    output: Vec<Item>,
    status: String,
}

#[derive(Deserialize)]
struct Item {
    #[serde(default)]
    content: Vec<Part>,
}

/// The text, if it has come to its natural end.
pub(super) fn says(api: Api, body: &[u8]) -> Option<String> {
    match api {
        Api::Messages => {
            let message: Message = serde_json::from_slice(body).ok()?;
            (message.stop_reason == "end_turn").then(|| text(message.content))
        }
        Api::Chat => {
            let completion: Completion = serde_json::from_slice(body).ok()?;
            let choice = completion.choices.into_iter().next()?;
            (choice.finish_reason == "stop").then_some(choice.message.content)
        }
        Api::Responses => {
            let response: Response = serde_json::from_slice(body).ok()?;
            let parts = response.output.into_iter().flat_map(|item| item.content);
            (response.status == "completed").then(|| text(parts))
        }
    }
}

fn text(parts: impl IntoIterator<Item = Part>) -> String {
    parts.into_iter().filter_map(|part| part.text).collect()
}
