//! The hub: what the three request formats mean, in words of its own.
//!
//! A caller's request is decoded into a [`Request`], fitted to its target (`fit`), and encoded in the
//! target's protocol. Close to the Messages blocks on purpose: the richest of the three. Texts borrow
//! from the body they were read from; schemas and call arguments stay the JSON text they came as.
//! Nothing in here prints what it holds.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::loss::Losses;

mod debug;
mod options;
mod owned;
mod place;
mod token;
mod tools;

pub use options::{Effort, Format, Reasoning, Sampling, Thinking, Verbosity};
pub use place::Place;
pub use token::{Origin, Token};
pub use tools::{Choice, ClientTool, Grammar, Kind, Location, Tool, ToolName, WebSearch};

/// A text of the body: borrowed where it stands there without escapes.
pub type Text<'a> = Cow<'a, str>;

/// One request for an answer.
#[derive(Clone, Default)]
pub struct Request<'a> {
    /// The model asked for.
    pub model: Text<'a>,
    /// Instructions that precede the first turn, in order.
    pub system: Vec<Passage<'a>>,
    /// The conversation. As decoded: in the caller's order. As fitted: see `fit::arrange`.
    pub turns: Vec<Turn<'a>>,
    /// What the model may call.
    pub tools: Vec<Tool<'a>>,
    /// Whether and what it must call.
    pub choice: Option<Choice<'a>>,
    /// Whether several calls may come in one turn; absent means the protocol's default, yes.
    pub parallel_calls: Option<bool>,
    /// The most tokens to generate, reasoning included.
    pub max_output: Option<u64>,
    /// Texts that end the answer.
    pub stop: Vec<Text<'a>>,
    /// How tokens are drawn.
    pub sampling: Sampling,
    /// The form of the answer.
    pub format: Option<Format<'a>>,
    /// How much to think, and what of it to show.
    pub reasoning: Reasoning,
    /// How wordy to be.
    pub verbosity: Option<Verbosity>,
    /// Who the end user is: `metadata.user_id`, `safety_identifier` or `user`.
    pub user: Option<Text<'a>>,
    /// What keeps similar prompts on the same cache.
    pub cache_key: Option<Text<'a>>,
    /// How long a prompt stays cached, in the OpenAI protocols' words (`in_memory`, `24h`).
    pub cache_retention: Option<Text<'a>>,
    /// The service tier, in the OpenAI protocols' words.
    pub service_tier: Option<Text<'a>>,
    /// The OpenAI protocols' `metadata` map, as it came.
    pub metadata: Option<&'a RawValue>,
    /// Whether the vendor is asked to keep the answer.
    pub store: Option<bool>,
    /// Whether the answer is streamed to the caller.
    pub stream: bool,
    /// A Chat caller asked for a usage chunk.
    pub usage_in_stream: bool,
    /// The caller asked for a summary of the conversation in a form that only it reads back
    /// (a Responses `compaction_trigger`).
    pub compact: bool,
    /// What could not be taken over so far.
    pub losses: Losses,
}

/// A piece of instructions.
#[derive(Clone, PartialEq)]
pub struct Passage<'a> {
    /// What it says.
    pub text: Text<'a>,
    /// A cache mark after it.
    pub cache: Option<CacheMark>,
}

/// Where a prompt may be cached up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheMark {
    /// For five minutes.
    Short,
    /// For an hour.
    Hour,
}

/// One speaker's turn.
#[derive(Clone, PartialEq)]
pub struct Turn<'a> {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub parts: Vec<Part<'a>>,
}

/// Who speaks. Results of calls are said by the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Instructions in the middle of a conversation.
    System,
    /// The user, or the user's program.
    User,
    /// The model.
    Assistant,
}

/// One thing said.
#[derive(Clone, PartialEq)]
pub enum Part<'a> {
    /// Text, by anyone.
    Text(Said<'a>),
    /// An image, by the user.
    Image(Image<'a>),
    /// A document, by the user.
    Document(Document<'a>),
    /// What the model thought.
    Thought(Thought<'a>),
    /// A call by the model.
    Call(Call<'a>),
    /// The result of a call.
    Outcome(Outcome<'a>),
    /// The model's refusal, in its words.
    Refusal(Text<'a>),
    /// A web search that the vendor carried out in the model's turn.
    Search(Search<'a>),
}

/// Text.
#[derive(Clone, Default, PartialEq)]
pub struct Said<'a> {
    /// What it says.
    pub text: Text<'a>,
    /// A cache mark after it.
    pub cache: Option<CacheMark>,
}

/// An image.
#[derive(Clone, PartialEq)]
pub struct Image<'a> {
    /// Its bytes or where they are.
    pub source: Source<'a>,
    /// How closely to look (`low`, `high`, `auto`, `original`).
    pub detail: Option<Text<'a>>,
    /// A cache mark after it.
    pub cache: Option<CacheMark>,
    /// Where it stands.
    pub place: Place,
}

/// A document.
#[derive(Clone, PartialEq)]
pub struct Document<'a> {
    /// Its bytes, its text, or where they are.
    pub source: Source<'a>,
    /// Its title or file name.
    pub title: Option<Text<'a>>,
    /// What the user says about it.
    pub context: Option<Text<'a>>,
    /// A cache mark after it.
    pub cache: Option<CacheMark>,
    /// Where it stands.
    pub place: Place,
}

/// Where the bytes of an image or document are.
#[derive(Clone, PartialEq)]
pub enum Source<'a> {
    /// Here, in base64 without a `data:` prefix.
    Base64 {
        /// Their media type, such as `image/png` or `application/pdf`.
        media_type: Text<'a>,
        /// The base64 text.
        data: Text<'a>,
    },
    /// At a URL that the vendor fetches.
    Url(Text<'a>),
    /// Plain text (documents only).
    Plain(Text<'a>),
}

/// What the model thought.
#[derive(Clone, Default, PartialEq)]
pub struct Thought<'a> {
    /// The readable part; may be empty.
    pub text: Text<'a>,
    /// The vendor's proof or cipher of it.
    pub token: Option<Token<'a>>,
}

/// A call by the model.
#[derive(Clone, PartialEq)]
pub struct Call<'a> {
    /// Ties it to its result.
    pub id: Text<'a>,
    /// What is called.
    pub tool: ToolName<'a>,
    /// With what: the JSON text of an object for [`Kind::Function`] and [`Kind::ToolSearch`], any text
    /// for [`Kind::Freeform`].
    pub input: Text<'a>,
    /// A cache mark after it.
    pub cache: Option<CacheMark>,
}

/// The result of a call.
#[derive(Clone, PartialEq)]
pub struct Outcome<'a> {
    /// The call it answers.
    pub id: Text<'a>,
    /// What kind of tool was called.
    pub kind: Kind,
    /// Texts, images and documents; nothing else.
    pub parts: Vec<Part<'a>>,
    /// The call failed.
    pub is_error: bool,
    /// A cache mark after it.
    pub cache: Option<CacheMark>,
}

/// A web search that a vendor carried out.
#[derive(Clone, Default, PartialEq)]
pub struct Search<'a> {
    /// Its id, if it has one.
    pub id: Text<'a>,
    /// What was searched for.
    pub query: Text<'a>,
    /// What was found, best first.
    pub hits: Vec<Hit<'a>>,
}

/// A page that was found.
#[derive(Clone, Default, PartialEq)]
pub struct Hit<'a> {
    /// Its address.
    pub url: Text<'a>,
    /// Its title.
    pub title: Text<'a>,
}

impl<'a> Part<'a> {
    /// Plain text without a cache mark.
    pub fn text(text: impl Into<Text<'a>>) -> Self {
        Self::Text(Said {
            text: text.into(),
            cache: None,
        })
    }
}

impl Search<'_> {
    /// What was searched for and found, in words. As what it was it would have to carry what only the vendor
    /// that searched can issue.
    pub(crate) fn in_words(&self) -> String {
        let mut text = format!("[Web search: {}]", self.query);
        for hit in &self.hits {
            text.push_str("\n- ");
            if !hit.title.is_empty() {
                text.push_str(&hit.title);
                text.push_str(": ");
            }
            text.push_str(&hit.url);
        }
        text
    }
}
