//! What to do with the answer to a request that was sent.

use super::mend::mend;
use super::{Encoder, Gather, Reply, Translator};
use crate::answer::{Answer, Event, Malformed, Sink};
use crate::dialect::Speech;
use crate::failure::Failure;
use crate::restore::Restore;
use crate::{Protocol, chat, graph, messages, responses};

/// How to turn a target's answer into the caller's.
#[derive(Debug, Clone)]
pub struct Answering {
    pub(super) caller: Protocol,
    pub(super) upstream: Speech,
    pub(super) restore: Restore,
    pub(super) reply: Reply,
    pub(super) stream: bool,
}

impl Answering {
    /// Whether the caller wants a stream.
    pub fn wants_stream(&self) -> bool {
        self.stream
    }

    /// Translates a stream event by event.
    pub fn stream(self) -> Translator {
        let encoder = Encoder::new(self.caller, self.reply);
        Translator::new(self.upstream, self.restore, encoder)
    }

    /// Puts a stream together to a whole answer.
    pub fn gather(self) -> Translator<Gather> {
        let gather = Gather::new(self.caller, self.reply);
        Translator::new(self.upstream, self.restore, gather)
    }

    /// Reads a whole answer of the upstream's, for a caller of either kind.
    pub fn whole(self, body: &[u8]) -> Result<Finished, Malformed> {
        let wants_stream = self.stream;
        let mut restore = self.restore;
        let mut answer = Answer::default();
        let mut encoder = Encoder::new(self.caller, self.reply.clone());
        let mut out = Vec::new();
        let mut told = Ok(());
        let mut take = |event: Event<'_>| {
            if wants_stream && told.is_ok() {
                told = encoder.event(&event, &mut out);
            }
            answer.take(event);
        };
        let mut sink = |event: Event<'_>| restore.event(event, &mut take);
        decode_answer(self.upstream, body, &mut sink)?;
        told?;
        if let Some(failure) = failure_of(self.caller, &answer, &self.reply) {
            return Ok(Finished::Failed(failure));
        }
        Ok(Finished::Answer(if wants_stream {
            out
        } else {
            encode_whole(self.caller, &answer, &self.reply)
        }))
    }
}

/// Reads a whole answer in what its upstream speaks.
pub(crate) fn decode_answer(speech: Speech, body: &[u8], sink: Sink<'_>) -> Result<(), Malformed> {
    let body = &mend(body);
    match speech {
        Speech::Protocol(Protocol::Messages) => messages::decode_whole(body, sink),
        Speech::Protocol(Protocol::Chat) => chat::decode_whole(body, sink),
        Speech::Protocol(Protocol::Responses) => responses::decode_whole(body, sink),
        Speech::Graph => graph::decode_whole(body, sink),
    }
}

/// How a whole answer turned out.
#[derive(Debug)]
pub enum Finished {
    /// The body to send: JSON, or the events of a stream if the caller wants one.
    Answer(Vec<u8>),
    /// The upstream reported an error inside a successful answer, or the answer is of no use.
    Failed(Failure<'static>),
}

/// Why an answer is a failure, if it is one: the upstream says so, or nobody can do anything with it.
pub(super) fn failure_of(
    caller: Protocol,
    answer: &Answer,
    reply: &Reply,
) -> Option<Failure<'static>> {
    answer.failure.clone().or_else(|| match caller {
        Protocol::Messages | Protocol::Chat => None,
        Protocol::Responses => responses::failure(answer, reply),
    })
}

pub(super) fn encode_whole(caller: Protocol, answer: &Answer, reply: &Reply) -> Vec<u8> {
    match caller {
        Protocol::Messages => messages::encode_whole(answer, reply),
        Protocol::Chat => chat::encode_whole(answer, reply),
        Protocol::Responses => responses::encode_whole(answer, reply),
    }
}
