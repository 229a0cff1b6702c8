//! The stream decoder of whatever an upstream speaks.

use super::mend::mend;
use crate::answer::{Malformed, Sink};
use crate::dialect::Speech;
use crate::{Protocol, chat, graph, messages, responses, sse};

/// The stream decoder of whatever an upstream speaks.
#[derive(Debug)]
pub(super) enum Decoder {
    Messages(messages::StreamDecoder),
    Chat(chat::StreamDecoder),
    Responses(responses::StreamDecoder),
    Graph(graph::StreamDecoder),
}

impl Decoder {
    pub(super) fn new(speech: Speech) -> Self {
        match speech {
            Speech::Protocol(Protocol::Messages) => {
                Self::Messages(messages::StreamDecoder::default())
            }
            Speech::Protocol(Protocol::Chat) => Self::Chat(chat::StreamDecoder::default()),
            Speech::Protocol(Protocol::Responses) => {
                Self::Responses(responses::StreamDecoder::default())
            }
            Speech::Graph => Self::Graph(graph::StreamDecoder::default()),
        }
    }

    pub(super) fn frame(&mut self, frame: sse::Frame<'_>, sink: Sink<'_>) -> Result<(), Malformed> {
        let data = mend(frame.data);
        let frame = sse::Frame {
            data: &data,
            ..frame
        };
        match self {
            Self::Messages(decoder) => decoder.frame(frame, sink),
            Self::Chat(decoder) => decoder.frame(frame, sink),
            Self::Responses(decoder) => decoder.frame(frame, sink),
            Self::Graph(decoder) => decoder.frame(frame, sink),
        }
    }

    pub(super) fn finish(&mut self, sink: Sink<'_>) -> Result<(), Malformed> {
        match self {
            Self::Messages(decoder) => decoder.finish(sink),
            Self::Chat(decoder) => decoder.finish(sink),
            Self::Responses(decoder) => decoder.finish(sink),
            Self::Graph(decoder) => decoder.finish(sink),
        }
    }
}
