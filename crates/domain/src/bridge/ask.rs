//! What a chat request asks of a program that takes a prompt and gives a text.
//!
//! Such a program has no tools of the caller's and sees no images: a request that needs them is refused by
//! the name of the field, because an agent that is not told goes on as if it had been understood. What
//! only tunes an answer (`temperature`, `max_tokens` and the like) cannot be passed on, and is left out.

use serde::Deserialize;
use serde::de::IgnoredAny;

/// The longest name of a model.
const LONGEST_MODEL: usize = 128;
/// The model that is whatever the program takes by itself.
pub const DEFAULT_MODEL: &str = "default";

/// A request that the program can answer.
#[expect(missing_debug_implementations, reason = "holds what somebody said")]
pub struct Ask {
    /// The model, unless it is the program's to choose.
    pub model: Option<String>,
    /// The system prompt, if there is one.
    pub system: Option<String>,
    /// What is said to the program.
    pub prompt: String,
    /// Whether the answer is to come as it is made.
    pub stream: bool,
    /// Whether such an answer ends with what it took.
    pub usage: bool,
}

/// Why a request cannot be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unfit {
    /// The field that is to blame.
    pub field: Option<&'static str>,
    /// What to tell whoever made the request.
    pub message: &'static str,
}

#[derive(Deserialize)]
struct Request {
    model: String,
    messages: Vec<Message>,
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
    n: Option<u64>,
    tools: Option<Vec<IgnoredAny>>,
    functions: Option<Vec<IgnoredAny>>,
    response_format: Option<Kind>,
    modalities: Option<Vec<String>>,
    audio: Option<IgnoredAny>,
    logprobs: Option<bool>,
    web_search_options: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct StreamOptions {
    include_usage: Option<bool>,
}

#[derive(Deserialize)]
struct Kind {
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct Message {
    role: String,
    content: Option<Content>,
    tool_calls: Option<Vec<IgnoredAny>>,
    function_call: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Deserialize)]
struct Part {
    #[serde(rename = "type")]
    kind: String,
    text: Option<String>,
}

const fn unfit(field: &'static str, message: &'static str) -> Unfit {
    Unfit {
        field: Some(field),
        message,
    }
}

/// Reads a chat request. Where the program takes no system prompt beside the prompt, the prompt has it.
///
/// # Errors
/// Says which field cannot be answered.
pub fn read(body: &[u8], takes_system: bool) -> Result<Ask, Unfit> {
    let request: Request = serde_json::from_slice(body).map_err(|_| Unfit {
        field: None,
        message: "The body is no chat completion request in JSON.",
    })?;
    request.refuse()?;
    let mut system = Vec::new();
    let mut turns = Vec::new();
    for message in request.messages {
        let (role, text) = message.read()?;
        match role {
            Role::System => system.push(text),
            Role::User | Role::Assistant => turns.push((role, text)),
        }
    }
    if turns.last().is_none_or(|(role, _)| *role != Role::User) {
        return Err(unfit("messages", "The last message must be the user's."));
    }
    let system = (!system.is_empty()).then(|| system.join("\n\n"));
    let (system, inline) = if takes_system {
        (system, None)
    } else {
        (None, system)
    };
    Ok(Ask {
        model: (request.model != DEFAULT_MODEL).then_some(request.model),
        system,
        prompt: prompt(inline, turns),
        stream: request.stream == Some(true),
        usage: request
            .stream_options
            .is_some_and(|options| options.include_usage == Some(true)),
    })
}

impl Request {
    fn refuse(&self) -> Result<(), Unfit> {
        const NO_TOOLS: &str = "This bridge answers with text only: it takes no tools.";
        let some =
            |list: &Option<Vec<IgnoredAny>>| list.as_ref().is_some_and(|list| !list.is_empty());
        let text = |format: &Kind| format.kind == "text";
        let spoken = |list: &Vec<String>| list.iter().all(|kind| kind == "text");
        let refusals = [
            (
                !named(&self.model),
                "model",
                "Expected the name of a model, or `default`.",
            ),
            (some(&self.tools), "tools", NO_TOOLS),
            (some(&self.functions), "functions", NO_TOOLS),
            (
                self.n.is_some_and(|n| n != 1),
                "n",
                "This bridge gives one answer.",
            ),
            (
                !self.response_format.as_ref().is_none_or(text),
                "response_format",
                "This bridge answers with text and cannot promise its form.",
            ),
            (
                self.audio.is_some() || !self.modalities.as_ref().is_none_or(spoken),
                "modalities",
                "This bridge answers with text only.",
            ),
            (
                self.logprobs == Some(true),
                "logprobs",
                "This bridge knows no probabilities.",
            ),
            (
                self.web_search_options.is_some(),
                "web_search_options",
                "This bridge does not search the web.",
            ),
        ];
        let refused = refusals.into_iter().find(|(refused, ..)| *refused);
        refused.map_or(Ok(()), |(_, field, message)| Err(unfit(field, message)))
    }
}

/// Whether a text can be handed to a program as the name of a model: it is never one of its options.
fn named(model: &str) -> bool {
    let within = |byte: u8| byte.is_ascii_alphanumeric() || b"._:/@[]-".contains(&byte);
    (1..=LONGEST_MODEL).contains(&model.len())
        && model.bytes().all(within)
        && model.starts_with(|first: char| first.is_ascii_alphanumeric())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    System,
    User,
    Assistant,
}

impl Message {
    fn read(self) -> Result<(Role, String), Unfit> {
        let role = match self.role.as_str() {
            "system" | "developer" => Role::System,
            "user" => Role::User,
            "assistant" => Role::Assistant,
            "tool" | "function" => {
                let message = "This bridge takes no tools, and so no results of tools.";
                return Err(unfit("messages", message));
            }
            _ => return Err(unfit("messages", "A message has a role that is not known.")),
        };
        let calls = self.tool_calls.is_some_and(|calls| !calls.is_empty());
        if calls || self.function_call.is_some() {
            let message = "This bridge takes no tools, and so no calls of tools.";
            return Err(unfit("messages", message));
        }
        let text = match self.content {
            None => String::new(),
            Some(Content::Text(text)) => text,
            Some(Content::Parts(parts)) => {
                let texts = parts
                    .into_iter()
                    .map(|part| match (part.kind.as_str(), part.text) {
                        ("text", Some(text)) => Ok(text),
                        _ => Err(unfit(
                            "messages",
                            "This bridge takes text only: no images, files or audio.",
                        )),
                    });
                texts.collect::<Result<Vec<_>, _>>()?.join("\n")
            }
        };
        Ok((role, text))
    }
}

/// One message is said as it is. Of several, each is told who said it.
fn prompt(system: Option<String>, turns: Vec<(Role, String)>) -> String {
    if system.is_none() && turns.len() == 1 {
        return turns.into_iter().map(|(_, text)| text).collect();
    }
    let system = system.map(|text| (Role::System, text));
    let said = system.into_iter().chain(turns).map(|(role, text)| {
        let who = match role {
            Role::System => "System",
            Role::User => "User",
            Role::Assistant => "Assistant",
        };
        format!("{who}: {text}")
    });
    said.collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests;
