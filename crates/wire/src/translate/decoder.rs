//! The stream decoder of some protocol.

use super::mend::mend;
use crate::answer::{Malformed, Sink};
use crate::{Protocol, chat, messages, responses, sse};

/// The stream decoder of some protocol.
#[derive(Debug)]
pub(super) enum Decoder {
    Messages(messages::StreamDecoder),
    Chat(chat::StreamDecoder),
    Responses(responses::StreamDecoder),
}

impl Decoder {
    pub(super) fn new(protocol: Protocol) -> Self {
        match protocol {
            Protocol::Messages => Self::Messages(messages::StreamDecoder::default()),
            Protocol::Chat => Self::Chat(chat::StreamDecoder::default()),
            Protocol::Responses => Self::Responses(responses::StreamDecoder::default()),
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
        }
    }

    pub(super) fn finish(&mut self, sink: Sink<'_>) -> Result<(), Malformed> {
        match self {
            Self::Messages(decoder) => decoder.finish(sink),
            Self::Chat(decoder) => decoder.finish(sink),
            Self::Responses(decoder) => decoder.finish(sink),
        }
    }
}
