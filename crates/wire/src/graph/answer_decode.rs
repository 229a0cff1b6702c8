//! An answer, read into the hub's events.
//!
//! Each event of a stream is the conversation anew: first without a message, then with the answer as far as it
//! has come, and at last with the prompt and the whole answer behind it. A whole answer is that last event.

use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::Usage;
use crate::answer::{Event, Malformed, Opening, Sink, Stop, StopReason};
use crate::conversation::Hit;
use crate::failure;
use crate::read::Str;
use crate::sse::Frame;

/// Who answers, since the answer does not say: there is no choice of models.
const MODEL: &str = "microsoft-365-copilot";

/// The state of a conversation that the vendor does not go on with.
const DISENGAGED: &str = "disengagedForRai";

/// The kind of an attribution that is the source of something said.
const CITATION: &str = "citation";

/// The one block of an answer.
const BLOCK: usize = 0;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Conversation<'a> {
    #[serde(borrow)]
    id: Option<Str<'a>>,
    #[serde(borrow)]
    state: Option<Str<'a>>,
    #[serde(borrow)]
    messages: Option<Vec<Message<'a>>>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    text: Option<Str<'a>>,
    #[serde(borrow)]
    attributions: Option<Vec<Attribution<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attribution<'a> {
    #[serde(borrow, rename = "attributionType")]
    kind: Option<Str<'a>>,
    #[serde(borrow)]
    provider_display_name: Option<Str<'a>>,
    #[serde(borrow)]
    see_more_web_url: Option<Str<'a>>,
}

/// How far a stream has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Progress {
    #[default]
    Silent,
    Started,
    Ended,
}

/// Reads a stream.
#[derive(Default)]
pub struct StreamDecoder {
    progress: Progress,
    /// What was told of the answer.
    told: String,
    /// The pages that it names as its sources.
    sources: Vec<Hit<'static>>,
    /// The prompt came back with its whole answer.
    complete: bool,
    disengaged: bool,
}

impl fmt::Debug for StreamDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamDecoder")
            .field("progress", &self.progress)
            .field("complete", &self.complete)
            .finish_non_exhaustive()
    }
}

impl StreamDecoder {
    /// Takes the next event of the stream.
    pub fn frame(&mut self, frame: Frame<'_>, sink: Sink<'_>) -> Result<(), Malformed> {
        let data = frame.data.trim_ascii();
        if self.progress == Progress::Ended || data.is_empty() {
            return Ok(());
        }
        let conversation = read(data)?;
        if conversation.error.is_some() || frame.event == Some(b"error") {
            self.fail(data, sink);
            return Ok(());
        }
        self.conversation(conversation, sink)
    }

    /// The stream is over: ends the answer, or says that it was cut. Nothing in it says that an event is the
    /// last, and one that seems to be may be followed by a better one.
    pub fn finish(&mut self, sink: Sink<'_>) -> Result<(), Malformed> {
        if self.progress == Progress::Ended {
            return Ok(());
        }
        // A conversation that the vendor does not go on with has no more of an answer.
        if !self.complete && !self.disengaged {
            return Err(Malformed::TRUNCATED);
        }
        self.progress = Progress::Ended;
        if !self.told.is_empty() {
            for source in self.sources.drain(..) {
                sink(Event::Cite {
                    block: BLOCK,
                    source,
                });
            }
            sink(Event::Close { block: BLOCK });
        }
        sink(Event::Stop(Stop::because(if self.disengaged {
            StopReason::Refusal
        } else {
            StopReason::EndTurn
        })));
        sink(Event::End);
        Ok(())
    }

    fn conversation(
        &mut self,
        conversation: Conversation<'_>,
        sink: Sink<'_>,
    ) -> Result<(), Malformed> {
        if self.progress == Progress::Silent {
            self.progress = Progress::Started;
            sink(Event::Start {
                id: conversation.id.unwrap_or_default().0,
                model: MODEL.into(),
                usage: Usage::default(),
            });
        }
        if let Some(state) = conversation.state {
            self.disengaged = state.as_str() == DISENGAGED;
        }
        let mut messages = conversation.messages.unwrap_or_default();
        let whole = messages.len() > 1;
        let Some(answer) = messages.pop() else {
            sink(Event::Alive);
            return Ok(());
        };
        let text = answer.text.unwrap_or_default();
        if self.disengaged && !text.as_str().starts_with(self.told.as_str()) {
            // What the vendor says in the place of what was told comes too late: it is a refusal all the same.
            return Ok(());
        }
        let attributions = answer.attributions.unwrap_or_default().into_iter();
        self.sources = attributions.filter_map(Attribution::source).collect();
        let before = self.told.len();
        self.say(text.as_str(), sink)?;
        // What goes on behind a whole answer is not whole until it comes back so.
        self.complete = whole || (self.complete && self.told.len() == before);
        Ok(())
    }

    /// Tells what `text` has beyond what was told. What was told cannot be taken back.
    fn say(&mut self, text: &str, sink: Sink<'_>) -> Result<(), Malformed> {
        let more = text
            .strip_prefix(self.told.as_str())
            .ok_or(Malformed("the answer takes back what it said"))?;
        if more.is_empty() {
            return Ok(());
        }
        if self.told.is_empty() {
            sink(Event::Open {
                block: BLOCK,
                content: Opening::Text,
            });
        }
        sink(Event::delta(BLOCK, more));
        self.told.push_str(more);
        Ok(())
    }

    fn fail(&mut self, data: &[u8], sink: Sink<'_>) {
        self.progress = Progress::Ended;
        sink(Event::Failed(failure::in_band(data)));
    }
}

impl Attribution<'_> {
    /// A page that the answer names as a source. What only explains a word in it is none.
    fn source(self) -> Option<Hit<'static>> {
        let cites = self.kind.unwrap_or_default().as_str() == CITATION;
        let url = self.see_more_web_url.unwrap_or_default().0;
        let title = self.provider_display_name.unwrap_or_default().0;
        (cites && !url.is_empty()).then(|| Hit { url, title }.into_owned())
    }
}

/// Reads a whole answer.
pub fn decode_whole(body: &[u8], sink: Sink<'_>) -> Result<(), Malformed> {
    let conversation = read(body)?;
    let mut decoder = StreamDecoder::default();
    if conversation.error.is_some() {
        decoder.fail(body, sink);
        return Ok(());
    }
    let silent = conversation.messages.as_ref().is_none_or(Vec::is_empty);
    decoder.conversation(conversation, sink)?;
    if silent && !decoder.disengaged {
        return Err(Malformed("the answer has no messages"));
    }
    decoder.complete = true;
    decoder.finish(sink)
}

fn read(data: &[u8]) -> Result<Conversation<'_>, Malformed> {
    serde_json::from_slice(data).map_err(|error| {
        if error.is_data() {
            Malformed("a conversation has a member of the wrong type")
        } else {
            Malformed("a conversation is not JSON")
        }
    })
}
