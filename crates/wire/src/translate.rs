//! From one protocol to another: a request on its way up, its answer on its way back.
//!
//! ```text
//! request:  decode (caller) ─► fit (to the target's dialect) ─► encode (target)
//! answer:   decode (target) ─► restore (what fit changed)    ─► encode (caller)
//! ```
//! No I/O, no clock, no log. Whoever calls passes the time and a fresh id in.

use std::borrow::Cow;
use std::fmt;

use crate::conversation::Request;
use crate::dialect::{Dialect, Quirk, Speech, Streams};
use crate::loss::Losses;
use crate::{Protocol, chat, fit, graph, messages, responses};

mod answering;
mod decoder;
mod encoder;
mod mend;
mod stream;
#[cfg(test)]
mod tests;

pub(crate) use answering::decode_answer;
pub use answering::{Answering, Finished};
pub use encoder::Encoder;
pub use stream::{Gather, Take, Translator};

/// Why a request cannot be carried to a target: a field and what to write instead.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Unfit {
    /// The path of the field in the caller's body (`messages[3].content[1].source.type`); empty for the body.
    pub path: String,
    /// What is wrong and what is allowed, without quoting content.
    pub message: String,
}

impl Unfit {
    /// A field that cannot be carried.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            message: message.into(),
        }
    }

    /// The same, with the path in front of the message, as clients show it.
    pub fn sentence(&self) -> String {
        if self.path.is_empty() {
            self.message.clone()
        } else {
            format!("`{}`: {}", self.path, self.message)
        }
    }
}

impl fmt::Debug for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unfit")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// What an answer needs to know of the request it answers.
#[derive(Clone)]
pub struct Reply {
    /// What the ids of the answer are made of: unique, letters, digits and `-`.
    pub id: String,
    /// What the caller can name the call by to whoever looks after the gateway.
    pub request_id: String,
    /// Seconds since 1970.
    pub created: u64,
    /// The provider that answers: its reasoning tokens are sealed under this name.
    pub vendor: String,
    /// A Chat caller asked for a usage chunk.
    pub usage_in_stream: bool,
    /// The caller wants to read the thoughts.
    pub show_thoughts: bool,
    /// The answer is a summary that a Responses caller gets as a `compaction` item.
    pub compact: bool,
    /// The fields of the request that a Responses answer repeats: JSON members ready to be written,
    /// `"instructions":…,"tools":…`, without braces.
    pub echo: String,
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// A request ready to be sent.
#[derive(Debug)]
pub struct Prepared {
    /// The body in the target's protocol.
    pub body: Vec<u8>,
    /// Whether the target was asked for a stream.
    pub streams: bool,
    /// What could not be carried.
    pub losses: Losses,
    /// What the target knows the session by, where it wants that said in a header too.
    pub session: Option<String>,
    /// How to read the answer.
    pub answering: Answering,
}

/// Who answers and how the answer is to be named.
#[derive(Debug, Clone, Copy)]
pub struct Occasion<'a> {
    /// The model to ask for instead of the caller's.
    pub model: Option<&'a str>,
    /// What the caller's session is known by: similar prompts share a cache under it.
    pub session: &'a str,
    /// Unique to the call: letters, digits and `-`.
    pub id: &'a str,
    /// The name that the log knows the call by: errors inside a stream carry it.
    pub request: &'a str,
    /// Seconds since 1970.
    pub now: u64,
}

/// Translates a request of a `caller` for a `target`.
pub fn prepare(
    caller: Protocol,
    body: &[u8],
    target: &Dialect,
    occasion: &Occasion<'_>,
) -> Result<Prepared, Unfit> {
    let mut request = decode(caller, body)?;
    if let Some(model) = occasion.model {
        request.model = model.into();
    }
    let stream = request.stream;
    let reply = Reply {
        id: occasion.id.to_owned(),
        request_id: occasion.request.to_owned(),
        created: occasion.now,
        vendor: target.vendor.clone(),
        usage_in_stream: request.usage_in_stream,
        show_thoughts: request.reasoning.shown.unwrap_or(true),
        compact: request.compact,
        echo: match caller {
            Protocol::Responses => responses::echo(body)?,
            Protocol::Messages | Protocol::Chat => String::new(),
        },
    };
    let restore = fit::fit(&mut request, target, occasion.session)?;
    // Chat takes instructions alone; the others want something said.
    let instructed = target.protocol == Protocol::Chat && !request.system.is_empty();
    if request.turns.is_empty() && !instructed {
        let path = match caller {
            Protocol::Responses => "input",
            Protocol::Messages | Protocol::Chat => "messages",
        };
        return Err(Unfit::new(
            path,
            "expected at least one message with something in it",
        ));
    }
    request.stream = match target.streams(!request.tools.is_empty()) {
        Streams::Both => stream,
        Streams::Only => true,
        Streams::Never => false,
    };
    let mut losses = request.losses;
    let body = match target.speech() {
        Speech::Protocol(Protocol::Messages) => messages::encode(&request, target, &mut losses)?,
        Speech::Protocol(Protocol::Chat) => chat::encode(&request, target, &mut losses)?,
        Speech::Protocol(Protocol::Responses) => responses::encode(&request, target, &mut losses)?,
        Speech::Graph => graph::encode(&request, &mut losses)?,
    };
    let session = request.cache_key.filter(|_| target.names_sessions());
    Ok(Prepared {
        body,
        streams: request.stream,
        losses,
        session: session.map(Cow::into_owned),
        answering: Answering {
            caller,
            upstream: target.speech(),
            restore,
            reply,
            stream,
        },
    })
}

/// A Messages `count_tokens` request for a target of another protocol.
#[derive(Debug)]
pub struct Counting {
    /// What to ask the target's own counter, where its protocol has one.
    pub ask: Option<Vec<u8>>,
    /// An estimate, for targets that have none.
    pub estimate: u64,
    /// What could not be carried.
    pub losses: Losses,
}

/// Prepares the counting of a Messages request's tokens by a `target` of another protocol.
pub fn prepare_count(
    body: &[u8],
    target: &Dialect,
    occasion: &Occasion<'_>,
) -> Result<Counting, Unfit> {
    let mut request = messages::decode_count(body)?;
    if let Some(model) = occasion.model {
        request.model = model.into();
    }
    fit::fit(&mut request, target, occasion.session)?;
    let mut losses = request.losses;
    let estimate = fit::estimate_tokens(&request);
    let ask = match target.protocol {
        Protocol::Responses if target.has(Quirk::NoCount) => None,
        Protocol::Responses => Some(responses::encode_count(&request, target, &mut losses)?),
        Protocol::Messages | Protocol::Chat => None,
    };
    Ok(Counting {
        ask,
        estimate,
        losses,
    })
}

/// Reads a request in its own protocol.
pub fn decode(protocol: Protocol, body: &[u8]) -> Result<Request<'_>, Unfit> {
    match protocol {
        Protocol::Messages => messages::decode(body),
        Protocol::Chat => chat::decode(body),
        Protocol::Responses => responses::decode(body),
    }
}
