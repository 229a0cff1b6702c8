//! What one JSON document (a whole answer, or the data of one event) says that is worth metering.
//!
//! One set of paths serves the three protocols, streamed and whole: their documents differ in where the
//! answer object sits (at the root, in `message`, in `response`), not in what its fields are called.

use super::{InBandError, event::Event};
use crate::json;
use crate::walk::{Raw, Step, Visitor};

/// Longest usage object that is read.
pub(super) const USAGE_LIMIT: usize = 4096;
/// Longest raw text of an id, a model name, a reason.
const NAME_LIMIT: usize = 1024;
/// Longest raw error message that is decoded, and how much of it is kept.
const MESSAGE_LIMIT: usize = 4096;
const MESSAGE_KEPT: usize = 512;

/// The fields found so far. `null` counts as absent.
#[derive(Default)]
pub(super) struct Reading {
    pub(super) event: Option<Event>,
    pub(super) id: Option<String>,
    pub(super) model: Option<String>,
    pub(super) usage: Option<Vec<u8>>,
    /// A usage object was too long to be read.
    pub(super) usage_lost: bool,
    pub(super) stop_reason: Option<String>,
    pub(super) status: Option<String>,
    pub(super) incomplete_reason: Option<String>,
    pub(super) sequence_number: Option<u64>,
    /// An `error` (or `detail`) that is not null was there.
    failed: bool,
    error: InBandError,
    /// `code` and `message` beside a `type`, as in the flat form of a Responses `error` event.
    flat: InBandError,
}

impl Reading {
    /// The error in the document, from its own object or the flat fields beside the type.
    pub(super) fn error(&mut self) -> Option<InBandError> {
        if !self.failed && self.event != Some(Event::Error) {
            return None;
        }
        let mut error = std::mem::take(&mut self.error);
        error.code = error.code.or_else(|| self.flat.code.take());
        error.message = error.message.or_else(|| self.flat.message.take());
        Some(error)
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    Root,
    Message,
    Response,
    Delta,
    Choices,
    Choice,
    Incomplete,
    Error,
    /// `detail`: an error or a list of them.
    Errors,
    /// A holder of nothing but a usage object.
    Extension,
    Type,
    Id,
    Model,
    Usage,
    StopReason,
    Status,
    IncompleteReason,
    SequenceNumber,
    ErrorKind,
    ErrorCode,
    ErrorMessage,
    ResetsAt,
    ResetsIn,
    FlatCode,
}

impl Visitor for Reading {
    type Place = Place;

    fn member(&mut self, parent: Place, key: &[u8]) -> Step<Place> {
        match parent {
            Place::Root => root_member(key),
            Place::Message | Place::Response => answer_member(key),
            Place::Delta => match key {
                b"stop_reason" => Step::Keep(Place::StopReason, NAME_LIMIT),
                _ => Step::Skip,
            },
            Place::Choice => match key {
                b"finish_reason" => Step::Keep(Place::StopReason, NAME_LIMIT),
                b"usage" => Step::Keep(Place::Usage, USAGE_LIMIT),
                _ => Step::Skip,
            },
            Place::Extension => match key {
                b"usage" => Step::Keep(Place::Usage, USAGE_LIMIT),
                _ => Step::Skip,
            },
            Place::Incomplete => match key {
                b"reason" => Step::Keep(Place::IncompleteReason, NAME_LIMIT),
                _ => Step::Skip,
            },
            Place::Error | Place::Errors => match key {
                b"type" => Step::Keep(Place::ErrorKind, NAME_LIMIT),
                b"code" => Step::Keep(Place::ErrorCode, NAME_LIMIT),
                b"message" | b"msg" => Step::Keep(Place::ErrorMessage, MESSAGE_LIMIT),
                b"resets_at" => Step::Keep(Place::ResetsAt, NAME_LIMIT),
                b"resets_in_seconds" => Step::Keep(Place::ResetsIn, NAME_LIMIT),
                _ => Step::Skip,
            },
            _ => Step::Skip,
        }
    }

    fn element(&mut self, parent: Place, index: usize) -> Step<Place> {
        match (parent, index) {
            (Place::Choices, 0) => Step::Enter(Place::Choice, 0),
            (Place::Errors, 0) => Step::Enter(Place::Error, MESSAGE_LIMIT),
            _ => Step::Skip,
        }
    }

    fn value(&mut self, place: Place, raw: Raw<'_>) {
        if raw.bytes == b"null" {
            return;
        }
        match place {
            Place::Type => self.event = text(&raw).map(|name| Event::of(name.as_bytes())),
            Place::Id => replace(&mut self.id, &raw),
            Place::Model => replace(&mut self.model, &raw),
            Place::Usage if raw.truncated => self.usage_lost = true,
            Place::Usage => self.usage = Some(raw.bytes.to_vec()),
            Place::StopReason => replace(&mut self.stop_reason, &raw),
            Place::Status => replace(&mut self.status, &raw),
            Place::IncompleteReason => replace(&mut self.incomplete_reason, &raw),
            Place::SequenceNumber => self.sequence_number = number(&raw),
            Place::ErrorKind => self.error.kind = text(&raw),
            Place::ErrorCode => self.error.code = text(&raw),
            Place::ErrorMessage => self.error.message = text(&raw).map(shortened),
            Place::ResetsAt => self.error.resets_at = number(&raw),
            Place::ResetsIn => self.error.resets_in_seconds = number(&raw),
            // Where an object was expected, a bare string is the message itself.
            Place::Error | Place::Errors => {
                self.failed = true;
                self.error.message = text(&raw).map(shortened);
            }
            Place::Message => self.flat.message = text(&raw).map(shortened),
            Place::FlatCode => self.flat.code = text(&raw),
            Place::Root
            | Place::Response
            | Place::Delta
            | Place::Choices
            | Place::Choice
            | Place::Incomplete
            | Place::Extension => {}
        }
    }

    fn leave(&mut self, place: Place, _span: std::ops::Range<usize>) {
        if let Place::Error | Place::Errors = place {
            self.failed = true;
        }
    }
}

fn root_member(key: &[u8]) -> Step<Place> {
    match key {
        b"type" => Step::Keep(Place::Type, NAME_LIMIT),
        b"message" => Step::Enter(Place::Message, MESSAGE_LIMIT),
        b"response" => Step::Enter(Place::Response, 0),
        b"delta" => Step::Enter(Place::Delta, 0),
        b"detail" => Step::Enter(Place::Errors, MESSAGE_LIMIT),
        b"code" => Step::Keep(Place::FlatCode, NAME_LIMIT),
        b"x_groq" => Step::Enter(Place::Extension, 0),
        b"sequence_number" => Step::Keep(Place::SequenceNumber, 0),
        _ => answer_member(key),
    }
}

/// The members of the answer object of any protocol.
fn answer_member(key: &[u8]) -> Step<Place> {
    match key {
        b"id" => Step::Keep(Place::Id, NAME_LIMIT),
        b"model" => Step::Keep(Place::Model, NAME_LIMIT),
        b"usage" => Step::Keep(Place::Usage, USAGE_LIMIT),
        b"stop_reason" => Step::Keep(Place::StopReason, NAME_LIMIT),
        b"status" => Step::Keep(Place::Status, NAME_LIMIT),
        b"incomplete_details" => Step::Enter(Place::Incomplete, 0),
        b"choices" => Step::Enter(Place::Choices, 0),
        b"error" => Step::Enter(Place::Error, MESSAGE_LIMIT),
        _ => Step::Skip,
    }
}

/// A string's text, or a number's digits.
fn text(raw: &Raw<'_>) -> Option<String> {
    match raw.bytes {
        _ if raw.truncated => None,
        [b'"', ..] => json::decode_string(raw.bytes),
        [b'-' | b'0'..=b'9', ..] => String::from_utf8(raw.bytes.to_vec()).ok(),
        _ => None,
    }
}

fn number<N: std::str::FromStr>(raw: &Raw<'_>) -> Option<N> {
    std::str::from_utf8(raw.bytes).ok()?.parse().ok()
}

/// Some servers send `""` before they know better; that is no value.
fn replace(slot: &mut Option<String>, raw: &Raw<'_>) {
    if let Some(text) = text(raw)
        && !text.is_empty()
    {
        *slot = Some(text);
    }
}

fn shortened(mut message: String) -> String {
    message.truncate(message.floor_char_boundary(MESSAGE_KEPT));
    message
}
