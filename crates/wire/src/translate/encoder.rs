//! The stream encoder of some protocol.

use super::{Reply, Take};
use crate::answer::{Event, Malformed};
use crate::failure::Class;
use crate::{Protocol, chat, messages, responses};

/// The stream encoder of some protocol.
#[derive(Debug)]
pub struct Encoder(Encoding);

#[derive(Debug)]
enum Encoding {
    Messages(Box<messages::StreamEncoder>),
    Chat(Box<chat::StreamEncoder>),
    Responses(Box<responses::StreamEncoder>),
}

impl Encoder {
    pub(super) fn new(protocol: Protocol, reply: Reply) -> Self {
        Self(match protocol {
            Protocol::Messages => Encoding::Messages(Box::new(messages::StreamEncoder::new(reply))),
            Protocol::Chat => Encoding::Chat(Box::new(chat::StreamEncoder::new(reply))),
            Protocol::Responses => {
                Encoding::Responses(Box::new(responses::StreamEncoder::new(reply)))
            }
        })
    }

    /// Appends what `event` is to the caller; an error if the caller's protocol cannot say it, in which
    /// case the only thing left to say is that the answer failed.
    pub(super) fn event(&mut self, event: &Event<'_>, out: &mut Vec<u8>) -> Result<(), Malformed> {
        match &mut self.0 {
            Encoding::Messages(encoder) => encoder.event(event, out)?,
            Encoding::Chat(encoder) => encoder.event(event, out),
            Encoding::Responses(encoder) => encoder.event(event, out),
        }
        Ok(())
    }
}

impl Take for Encoder {
    fn failed(&self) -> Option<Class> {
        match &self.0 {
            Encoding::Messages(_) | Encoding::Chat(_) => None,
            Encoding::Responses(encoder) => encoder.failed(),
        }
    }

    fn take(&mut self, event: Event<'_>, out: &mut Vec<u8>) -> Result<(), Malformed> {
        self.event(&event, out)
    }
}
