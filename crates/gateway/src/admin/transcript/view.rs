//! A transcript as it is shown: texts, and of images and documents how large they are.

use serde::Serialize;
use tollhouse_domain::call::{Call, Outcome};
use tollhouse_domain::id::CallId;
use tollhouse_domain::time::Timestamp;
use tollhouse_wire::conversation::{Part, Role, Source};
use tollhouse_wire::transcript::{Beginning, Follows, Line};
use utoipa::ToSchema;

use crate::capture::Side;

/// A call and what it adds to its conversation.
#[derive(Serialize, ToSchema)]
#[schema(as = TranscriptCall)]
pub(super) struct CallView {
    #[schema(value_type = String, example = "call_01890a5d7c4e7d1f8a3b000000000000")]
    call: CallId,
    /// When it was admitted.
    #[schema(value_type = String)]
    at: Timestamp,
    /// The client's sub-agent that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    subagent: Option<String>,
    /// What kind of sub-agent it is, in the client's word.
    #[serde(skip_serializing_if = "Option::is_none")]
    subagent_type: Option<String>,
    /// The model that answered, or failing that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    endpoint: String,
    /// `success`, `upstream_error`, `stream_error`, `client_disconnect`, `refused` or `interrupted`.
    #[schema(value_type = String)]
    outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// Why the model stopped, in the provider's word.
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_reason: Option<String>,
    /// What can be shown of it.
    state: State,
    /// Why it is not all, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    /// Whether what looked like a secret was taken out of it.
    redacted: bool,
    /// How it goes on from what was said before; absent where its request does not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    follows: Option<FollowsView>,
    /// How many things it repeats that were said before.
    repeats: usize,
    /// Instructions that were not given before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    instructions: Vec<String>,
    /// What its request adds.
    asked: Vec<LineView>,
    /// Where its request was cut, if it was too long to be kept whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    cut: Option<CutView>,
    /// What it was answered.
    answered: Vec<LineView>,
}

/// Where a request was cut that was too long to be kept whole.
#[derive(Serialize, ToSchema)]
#[schema(as = TranscriptCut)]
pub(super) struct CutView {
    /// How many of its turns could be read: messages, or items of the input.
    turns: usize,
    /// Whether there were more of them: then what the call adds may be among those.
    more: bool,
    /// How many of its bytes are kept.
    kept: u64,
    /// How many it had; absent where it came compressed, and nobody counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
}

/// What can be shown of a call.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TranscriptState)]
pub(super) enum State {
    /// All that it said.
    Whole,
    /// A part: one of its bodies was too long to be kept whole, broke off, or does not read.
    Partial,
    /// Nothing: none of its bodies reads.
    Unreadable,
    /// Nothing: it was not to be kept, there was no room for it, or it is gone.
    NotKept,
    /// Nothing: it is no turn of a conversation.
    NoTurn,
}

/// How a call goes on from what was said before.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TranscriptFollows)]
pub(super) enum FollowsView {
    /// Nothing was said before.
    First,
    /// It repeats all that was said, and goes on.
    Continues,
    /// It repeats what was asked, and not the answer as it was.
    Again,
    /// From some point on, its history is another than it was.
    Rewritten,
    /// Nothing of it was said before: a conversation beside, or one whose history was replaced.
    Apart,
}

impl From<Follows> for FollowsView {
    fn from(follows: Follows) -> Self {
        match follows {
            Follows::First => Self::First,
            Follows::Continues => Self::Continues,
            Follows::Again => Self::Again,
            Follows::Rewritten => Self::Rewritten,
            Follows::Apart => Self::Apart,
        }
    }
}

/// One thing said.
#[derive(Serialize, ToSchema)]
#[schema(as = TranscriptLine)]
pub(super) struct LineView {
    /// `system`, `user` or `assistant`.
    role: &'static str,
    #[serde(flatten)]
    said: SaidView,
}

/// What is said.
#[derive(Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[schema(as = TranscriptSaid)]
pub(super) enum SaidView {
    /// Text.
    Text { text: String },
    /// What the model thought; empty where the provider keeps that to itself.
    Thought { text: String },
    /// An image.
    Image(MediaView),
    /// A document.
    Document(MediaView),
    /// A call of a tool.
    ToolCall {
        /// Ties it to its result; empty where there is none.
        id: String,
        name: String,
        /// What it is called with: JSON, or any text.
        input: String,
    },
    /// What a call came to.
    ToolResult {
        id: String,
        /// The client says that it failed.
        error: bool,
        #[schema(no_recursion)]
        parts: Vec<SaidView>,
    },
    /// The model's refusal.
    Refusal { text: String },
    /// A web search of the provider's.
    Search { query: String, found: Vec<HitView> },
}

/// An image or a document: how large it is, and not its bytes.
#[derive(Serialize, ToSchema)]
#[schema(as = TranscriptMedia)]
pub(super) struct MediaView {
    #[serde(skip_serializing_if = "Option::is_none")]
    media_type: Option<String>,
    /// Absent where it stands elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
}

/// A page that was found.
#[derive(Serialize, ToSchema)]
#[schema(as = TranscriptHit)]
pub(super) struct HitView {
    url: String,
    title: String,
}

impl CallView {
    /// A call of which nothing is shown yet.
    pub(super) fn new(call: &Call, state: State) -> Self {
        let model = [&call.model_served, &call.model_sent, &call.model_requested];
        Self {
            call: call.id,
            at: call.at,
            subagent: call.subagent.clone(),
            subagent_type: call.subagent_type.clone(),
            model: model.into_iter().flatten().next().cloned(),
            endpoint: call.endpoint.clone(),
            outcome: call.outcome,
            error: call.error.clone(),
            stop_reason: call.stop_reason.clone(),
            state,
            why: None,
            redacted: false,
            follows: None,
            repeats: 0,
            instructions: Vec::new(),
            asked: Vec::new(),
            cut: None,
            answered: Vec::new(),
        }
    }

    /// The same with what its request adds to `repeats` things that were said before.
    pub(super) fn asked(
        &mut self,
        instructions: Vec<String>,
        (new, follows): (usize, Follows),
        lines: &[Line<'_>],
    ) {
        self.instructions = instructions;
        self.follows = Some(follows.into());
        self.repeats = new;
        self.asked = lines[new..].iter().map(LineView::from).collect();
    }

    /// Says where its request was cut.
    pub(super) fn cut(&mut self, side: &Side, beginning: &Beginning) {
        let kept = side.bytes.len() as u64;
        self.cut = Some(CutView {
            turns: beginning.turns,
            more: !beginning.all,
            kept,
            bytes: Some(side.total).filter(|bytes| *bytes >= kept),
        });
        let turns = match (beginning.turns, beginning.all) {
            (_, true) => "all of its turns were".to_owned(),
            (1, false) => "its first turn was".to_owned(),
            (turns, false) => format!("its first {turns} turns were"),
        };
        let why = format!("The request was too long to be kept whole; {turns}.");
        self.lacks(State::Partial, why);
    }

    pub(super) fn answered(&mut self, lines: &[Line<'_>]) {
        self.answered = lines.iter().map(LineView::from).collect();
    }

    /// Says that it is not all, and why.
    pub(super) fn lacks(&mut self, state: State, why: impl Into<String>) {
        self.state = state;
        let why = why.into();
        self.why = Some(match self.why.take() {
            Some(first) => format!("{first} {why}"),
            None => why,
        });
    }

    pub(super) fn redacted(&mut self, redacted: bool) {
        self.redacted = redacted;
    }

    /// Whether anything of what it said is in here.
    pub(super) fn is_shown(&self) -> bool {
        match self.state {
            State::Whole | State::Partial => true,
            State::Unreadable | State::NotKept | State::NoTurn => false,
        }
    }

    /// Whether something was said that is not in here.
    pub(super) fn is_unknown(&self) -> bool {
        match self.state {
            State::Whole | State::NoTurn => false,
            State::Partial | State::Unreadable | State::NotKept => true,
        }
    }

    /// How many bytes of text are in here.
    pub(super) fn size(&self) -> usize {
        let lines = self.asked.iter().chain(&self.answered);
        let instructions: usize = self.instructions.iter().map(String::len).sum();
        instructions + lines.map(|line| line.said.size()).sum::<usize>()
    }
}

impl From<&Line<'_>> for LineView {
    fn from(line: &Line<'_>) -> Self {
        Self {
            role: match line.role {
                Role::System => "system",
                Role::User => "user",
                Role::Assistant => "assistant",
            },
            said: (&line.part).into(),
        }
    }
}

impl From<&Part<'_>> for SaidView {
    fn from(part: &Part<'_>) -> Self {
        match part {
            Part::Text(said) => Self::Text {
                text: said.text.to_string(),
            },
            Part::Thought(thought) => Self::Thought {
                text: thought.text.to_string(),
            },
            Part::Image(image) => Self::Image(MediaView::new(&image.source, None)),
            Part::Document(document) => {
                let title = document.title.as_ref().map(ToString::to_string);
                Self::Document(MediaView::new(&document.source, title))
            }
            Part::Call(call) => Self::ToolCall {
                id: call.id.to_string(),
                name: call.tool.name.to_string(),
                input: call.input.to_string(),
            },
            Part::Outcome(outcome) => Self::ToolResult {
                id: outcome.id.to_string(),
                error: outcome.is_error,
                parts: outcome.parts.iter().map(Self::from).collect(),
            },
            Part::Refusal(text) => Self::Refusal {
                text: text.to_string(),
            },
            Part::Search(search) => {
                let hits = search.hits.iter();
                let found = hits.map(|hit| HitView {
                    url: hit.url.to_string(),
                    title: hit.title.to_string(),
                });
                Self::Search {
                    query: search.query.to_string(),
                    found: found.collect(),
                }
            }
        }
    }
}

impl SaidView {
    fn size(&self) -> usize {
        match self {
            Self::Text { text } | Self::Thought { text } | Self::Refusal { text } => text.len(),
            Self::ToolCall { input, .. } => input.len(),
            Self::ToolResult { parts, .. } => parts.iter().map(Self::size).sum(),
            Self::Search { found, .. } => {
                let pages = found.iter();
                pages.map(|hit| hit.url.len() + hit.title.len()).sum()
            }
            Self::Image(_) | Self::Document(_) => 0,
        }
    }
}

impl MediaView {
    fn new(source: &Source<'_>, title: Option<String>) -> Self {
        let (media_type, bytes, url) = match source {
            Source::Base64 { media_type, data } => {
                (Some(media_type.to_string()), Some(decoded(data)), None)
            }
            Source::Url(url) => (None, None, Some(url.to_string())),
            Source::Plain(text) => (Some("text/plain".to_owned()), Some(text.len() as u64), None),
        };
        Self {
            media_type,
            bytes,
            url,
            title,
        }
    }
}

/// How many bytes base64 text stands for.
fn decoded(data: &str) -> u64 {
    let digits = data.trim_end_matches('=').len() as u64;
    digits * 3 / 4
}
