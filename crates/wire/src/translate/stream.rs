//! A stream on its way from one protocol to another.

use std::fmt;

use super::answering::{encode_whole, failure_of};
use super::decoder::Decoder;
use super::{Encoder, Finished, Reply};
use crate::answer::{Answer, Event, MOST_BLOCKS, Malformed, Opening, Sink};
use crate::conversation::Text;
use crate::dialect::Speech;
use crate::failure::{Class, Failure};
use crate::restore::Restore;
use crate::{Protocol, sse};

/// Where the events of an answer go.
pub trait Take {
    /// Takes the next event; whatever can be sent at once is appended to `out`.
    fn take(&mut self, event: Event<'_>, out: &mut Vec<u8>) -> Result<(), Malformed>;

    /// A failure that an answer ended in though its upstream told none.
    fn failed(&self) -> Option<Class> {
        None
    }
}

/// Longest event that is read.
const EVENT_LIMIT: usize = 16 * 1024 * 1024;

/// The longest answer, in bytes of text and so much for each block. Some of it may have to be kept until the
/// end: what a protocol cannot say yet, and everything where the last event repeats it all.
const ANSWER_LIMIT: usize = 64 * 1024 * 1024;

/// The longest name of a model that is told: some protocols repeat it in every event.
const MODEL_LIMIT: usize = 256;

/// What a block costs beside its text.
const BLOCK: usize = 256;

/// Translates a stream as it comes. Holds one event, and what a protocol cannot say yet.
#[derive(Debug)]
pub struct Translator<T = Encoder> {
    frames: sse::Decoder,
    decoder: Decoder,
    flow: Flow<T>,
    /// Bytes since the last event: what never becomes an event must not come for ever.
    since: usize,
}

/// What comes out of the decoder, on its way to the caller.
#[derive(Debug)]
struct Flow<T> {
    restore: Restore,
    taker: T,
    /// The caller has got the end of its answer.
    ended: bool,
    /// The failure that it ended in.
    failed: Option<Class>,
    /// Why the translation cannot go on.
    broken: Option<Malformed>,
    /// What has been said, as [`ANSWER_LIMIT`] counts it.
    said: usize,
    /// How many blocks there were.
    blocks: usize,
}

fn shortened(model: Text<'_>) -> Text<'_> {
    if model.len() <= MODEL_LIMIT {
        return model;
    }
    let end = model.floor_char_boundary(MODEL_LIMIT);
    model[..end].to_owned().into()
}

impl<T: Take> Flow<T> {
    fn event(&mut self, event: Event<'_>, out: &mut Vec<u8>) {
        self.said = self.said.saturating_add(size(&event));
        if self.said > ANSWER_LIMIT {
            self.broken
                .get_or_insert(Malformed("the answer is too long"));
        }
        if matches!(event, Event::Open { .. } | Event::Searched { .. }) {
            self.blocks += 1;
            if self.blocks > MOST_BLOCKS {
                self.broken.get_or_insert(Malformed::TOO_MANY);
            }
        }
        let event = match event {
            Event::Start { id, model, usage } => Event::Start {
                id,
                model: shortened(model),
                usage,
            },
            other => other,
        };
        self.pass(out, |restore, sink| restore.event(event, sink));
    }

    /// Passes on what comes out of `restore`.
    fn pass<R>(&mut self, out: &mut Vec<u8>, act: impl FnOnce(&mut Restore, Sink<'_>) -> R) -> R {
        let Self {
            restore,
            taker,
            ended,
            failed,
            broken,
            ..
        } = self;
        act(restore, &mut |event| {
            if *ended || broken.is_some() {
                return;
            }
            *ended = matches!(event, Event::End | Event::Failed(_));
            if let Event::Failed(failure) = &event {
                *failed = Some(failure.class);
            }
            *broken = taker.take(event, out).err();
            if *ended {
                *failed = failed.or(taker.failed());
            }
        })
    }

    fn is_over(&self) -> bool {
        self.ended || self.broken.is_some()
    }

    /// How reading went. What breaks off after all that the caller is to see has come to its end.
    fn note(&mut self, read: Result<(), Malformed>, out: &mut Vec<u8>) {
        if let Err(broken) = read
            && !self.is_over()
            && !self.pass(out, |restore, sink| restore.conclude(sink))
        {
            self.broken = Some(broken);
        }
    }
}

impl<T: Take> Translator<T> {
    pub(crate) fn new(upstream: Speech, restore: Restore, taker: T) -> Self {
        Self {
            frames: sse::Decoder::new(EVENT_LIMIT),
            decoder: Decoder::new(upstream),
            flow: Flow {
                restore,
                taker,
                ended: false,
                failed: None,
                broken: None,
                said: 0,
                blocks: 0,
            },
            since: 0,
        }
    }

    /// Takes the next bytes of the upstream's stream, however it is cut, and appends the caller's. After an
    /// error nothing more is appended, except by [`Translator::fail`].
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Malformed> {
        let Self {
            frames,
            decoder,
            flow,
            since,
        } = self;
        *since += bytes.len();
        frames.push(bytes, |frame| {
            *since = 0;
            if !flow.is_over() {
                let read = decoder.frame(frame, &mut |event| flow.event(event, out));
                flow.note(read, out);
            }
        });
        if frames.oversized() > 0 || *since > 2 * EVENT_LIMIT {
            flow.note(Err(Malformed("an event is too long")), out);
        }
        flow.broken.map_or(Ok(()), Err)
    }

    /// The upstream's stream is over.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Malformed> {
        let Self {
            frames,
            decoder,
            flow,
            ..
        } = self;
        frames.finish(|frame| {
            if !flow.is_over() {
                let read = decoder.frame(frame, &mut |event| flow.event(event, out));
                flow.note(read, out);
            }
        });
        if !flow.is_over() {
            let read = decoder.finish(&mut |event| flow.event(event, out));
            flow.note(read, out);
        }
        if !flow.is_over() {
            flow.note(Err(Malformed::TRUNCATED), out);
        }
        flow.broken.map_or(Ok(()), Err)
    }

    /// What took the events.
    pub(crate) fn into_taker(self) -> T {
        self.flow.taker
    }

    /// Whether the caller has got the end of its answer, good or bad.
    pub fn ended(&self) -> bool {
        self.flow.ended
    }

    /// The failure that the answer ended in: the upstream's, or that of an answer nobody can do anything with.
    pub fn failed(&self) -> Option<Class> {
        self.flow.failed
    }
}

impl Translator {
    /// Appends what tells the caller that the upstream is still at it.
    pub fn keep_alive(&mut self, out: &mut Vec<u8>) {
        self.say(&Event::Alive, out);
    }

    /// Ends the caller's stream with an error of ours.
    pub fn fail(&mut self, failure: Failure<'_>, out: &mut Vec<u8>) {
        if !self.flow.ended {
            self.flow.ended = true;
            self.flow.failed = Some(failure.class);
            self.say(&Event::Failed(failure), out);
        }
    }

    /// Says something that every protocol can say at any time.
    fn say(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        let said = self.flow.taker.event(event, out);
        self.flow.broken = self.flow.broken.or(said.err());
    }
}

/// A stream on its way to becoming a whole answer.
pub struct Gather {
    caller: Protocol,
    reply: Reply,
    answer: Answer,
}

impl Gather {
    pub(super) fn new(caller: Protocol, reply: Reply) -> Self {
        Self {
            caller,
            reply,
            answer: Answer::default(),
        }
    }
}

impl fmt::Debug for Gather {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gather").finish_non_exhaustive()
    }
}

impl Take for Gather {
    fn take(&mut self, event: Event<'_>, _: &mut Vec<u8>) -> Result<(), Malformed> {
        self.answer.take(event);
        Ok(())
    }

    fn failed(&self) -> Option<Class> {
        failure_of(self.caller, &self.answer, &self.reply).map(|failure| failure.class)
    }
}

impl Translator<Gather> {
    /// The whole answer, once the stream is over.
    pub fn gathered(self) -> Finished {
        let Gather {
            caller,
            reply,
            answer,
        } = self.into_taker();
        match failure_of(caller, &answer, &reply) {
            Some(failure) => Finished::Failed(failure),
            None => Finished::Answer(encode_whole(caller, &answer, &reply)),
        }
    }
}

/// What an event adds to the length of an answer.
fn size(event: &Event<'_>) -> usize {
    let text = match event {
        Event::Delta { text, .. } => return text.len(),
        Event::Open {
            content: Opening::Call { id, tool },
            ..
        } => id.len() + tool.name.len(),
        Event::Seal { token, .. } => token.item.len() + token.value.len(),
        Event::Cite { source, .. } => source.url.len() + source.title.len(),
        Event::Searched { id, query, hits } => {
            let hits = hits.iter();
            let pages = hits.map(|hit| BLOCK + hit.url.len() + hit.title.len());
            id.len() + query.len() + pages.sum::<usize>()
        }
        Event::Open { .. }
        | Event::Start { .. }
        | Event::Close { .. }
        | Event::Usage(_)
        | Event::Stop(_)
        | Event::End
        | Event::Failed(_)
        | Event::Alive => 0,
    };
    text.saturating_add(BLOCK)
}
