//! Which fields of a request are read, and what they must look like.

use super::{Model, Peek, PeekError, STRING_LIMIT};
use crate::json;
use crate::walk::{Raw, Step, Visitor};

#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    Root,
    Model,
    Stream,
    Tools,
    MaxTokens,
    Answers,
    PromptCacheKey,
    Metadata,
    UserId,
    PreviousResponseId,
    StreamOptions,
    IncludeUsage,
    Background,
    Session,
    SessionModel,
}

#[derive(Debug, Default)]
pub(super) struct Fields {
    pub(super) peek: Peek,
    seen_model: bool,
    seen_stream: bool,
    pub(super) error: Option<PeekError>,
}

impl Visitor for Fields {
    type Place = Place;

    fn member(&mut self, parent: Place, key: &[u8]) -> Step<Place> {
        match (parent, key) {
            (Place::Root, b"model") => Step::Keep(Place::Model, STRING_LIMIT),
            (Place::Root, b"stream") => Step::Keep(Place::Stream, 8),
            (Place::Root, b"tools") => Step::Enter(Place::Tools, 0),
            (Place::Root, b"max_tokens" | b"max_completion_tokens" | b"max_output_tokens") => {
                Step::Keep(Place::MaxTokens, 0)
            }
            (Place::Root, b"n") => Step::Keep(Place::Answers, 0),
            (Place::Root, b"prompt_cache_key") => Step::Keep(Place::PromptCacheKey, STRING_LIMIT),
            (Place::Root, b"metadata") => Step::Enter(Place::Metadata, 0),
            (Place::Root, b"previous_response_id") => {
                Step::Keep(Place::PreviousResponseId, STRING_LIMIT)
            }
            (Place::Root, b"stream_options") => Step::Enter(Place::StreamOptions, 0),
            (Place::Root, b"background") => Step::Keep(Place::Background, 0),
            (Place::Root, b"session") => Step::Enter(Place::Session, 0),
            (Place::Session, b"model") => Step::Keep(Place::SessionModel, STRING_LIMIT),
            (Place::Metadata, b"user_id") => Step::Keep(Place::UserId, STRING_LIMIT),
            (Place::StreamOptions, b"include_usage") => Step::Keep(Place::IncludeUsage, 0),
            _ => Step::Skip,
        }
    }

    fn element(&mut self, parent: Place, _index: usize) -> Step<Place> {
        if let Place::Tools = parent {
            self.peek.has_tools = true;
        }
        Step::Skip
    }

    fn value(&mut self, place: Place, raw: Raw<'_>) {
        match place {
            Place::Model => {
                let again = std::mem::replace(&mut self.seen_model, true);
                let result = once("model", again, &raw).and_then(|()| model(&raw));
                self.peek.model = self.noted(result);
            }
            Place::Stream => {
                let again = std::mem::replace(&mut self.seen_stream, true);
                let result = once("stream", again, &raw).and_then(|()| stream(&raw));
                self.peek.stream = self.noted(result);
            }
            Place::MaxTokens => self.peek.max_tokens = self.peek.max_tokens.max(most(raw.bytes)),
            Place::Answers => self.peek.answers = self.peek.answers.max(most(raw.bytes)),
            Place::PromptCacheKey => self.peek.prompt_cache_key = hint(&raw),
            Place::UserId => self.peek.metadata_user_id = hint(&raw),
            Place::PreviousResponseId => self.peek.previous_response_id = hint(&raw),
            Place::IncludeUsage => self.peek.include_usage = boolean(raw.bytes),
            Place::Background => self.peek.background = boolean(raw.bytes),
            Place::SessionModel if raw.bytes == b"null" => {}
            Place::SessionModel => {
                let named = hint(&raw).unwrap_or_default();
                self.peek.session_models.push(named);
            }
            Place::Root
            | Place::Tools
            | Place::Metadata
            | Place::StreamOptions
            | Place::Session => {}
        }
    }

    fn stopped(&self) -> bool {
        self.error.is_some()
    }
}

impl Fields {
    fn noted<T>(&mut self, result: Result<Option<T>, PeekError>) -> Option<T> {
        result.unwrap_or_else(|error| {
            self.error.get_or_insert(error);
            None
        })
    }
}

fn once(field: &'static str, again: bool, raw: &Raw<'_>) -> Result<(), PeekError> {
    if again {
        Err(PeekError::Duplicate {
            field,
            offset: raw.span.start,
        })
    } else {
        Ok(())
    }
}

fn model(raw: &Raw<'_>) -> Result<Option<Model>, PeekError> {
    let offset = raw.span.start;
    match raw.bytes {
        b"null" => Ok(None),
        [b'"', ..] if raw.truncated => Err(PeekError::WrongType {
            field: "model",
            expected: "a string of at most 4096 bytes",
            offset,
        }),
        bytes @ [b'"', ..] => match json::decode_string(bytes) {
            Some(name) => Ok(Some(Model {
                name,
                span: raw.span.clone(),
            })),
            None => Err(PeekError::Malformed {
                offset,
                what: "a valid string",
            }),
        },
        _ => Err(PeekError::WrongType {
            field: "model",
            expected: "a string",
            offset,
        }),
    }
}

/// A bound on a count. Whatever is not plainly one bounds nothing; `null` is not there.
fn most(bytes: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(bytes).ok();
    (bytes != b"null").then(|| text.and_then(|t| t.parse().ok()).unwrap_or(u64::MAX))
}

fn stream(raw: &Raw<'_>) -> Result<Option<bool>, PeekError> {
    match (boolean(raw.bytes), raw.bytes) {
        (Some(flag), _) => Ok(Some(flag)),
        (None, b"null") => Ok(None),
        (None, _) => Err(PeekError::WrongType {
            field: "stream",
            expected: "`true` or `false`",
            offset: raw.span.start,
        }),
    }
}

fn boolean(raw: &[u8]) -> Option<bool> {
    match raw {
        b"true" => Some(true),
        b"false" => Some(false),
        _ => None,
    }
}

fn hint(raw: &Raw<'_>) -> Option<String> {
    if raw.truncated {
        None
    } else {
        json::decode_string(raw.bytes)
    }
}
