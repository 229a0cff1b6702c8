//! Answers as chat completions, whole and in pieces.

use std::io;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full};
use serde::Serialize;
use tollhouse_domain::bridge::output::Done;
use tollhouse_gateway::{clock, ids};
use tollhouse_wire::usage::Usage;

pub(super) type Body = UnsyncBoxBody<Bytes, io::Error>;

/// An answer in JSON, for whoever asked and nobody's cache.
pub(super) fn json(status: StatusCode, body: impl Into<Bytes>) -> Response<Body> {
    let body = Full::new(body.into()).map_err(|never| match never {});
    let mut response = Response::new(body.boxed_unsync());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// What every piece of an answer says of it.
pub(super) struct Answer {
    id: String,
    created: i64,
    model: String,
}

#[derive(Serialize)]
struct Completion<'a> {
    id: &'a str,
    object: &'static str,
    created: i64,
    model: &'a str,
    choices: Vec<Choice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Used>,
}

#[derive(Serialize)]
struct Choice<'a> {
    index: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delta: Option<Message<'a>>,
    finish_reason: Option<&'static str>,
}

#[derive(Serialize, Default)]
struct Message<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
}

/// As far as it is known; a bridge that does not know says nothing.
#[derive(Serialize)]
struct Used {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_tokens_details: Option<Prompt>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completion_tokens_details: Option<Output>,
}

#[derive(Serialize)]
struct Prompt {
    cached_tokens: u64,
}

#[derive(Serialize)]
struct Output {
    reasoning_tokens: u64,
}

impl Used {
    /// The form has no place for one without the other.
    fn new(usage: &Usage) -> Option<Self> {
        let (input, output) = (usage.total_input()?, usage.output?);
        Some(Self {
            prompt_tokens: input,
            completion_tokens: output,
            total_tokens: input.saturating_add(output),
            prompt_tokens_details: usage
                .cache_read
                .map(|cached_tokens| Prompt { cached_tokens }),
            completion_tokens_details: usage
                .reasoning
                .map(|reasoning_tokens| Output { reasoning_tokens }),
        })
    }
}

const fn finish(done: &Done) -> &'static str {
    if done.cut { "length" } else { "stop" }
}

impl Answer {
    pub(super) fn new(model: &str) -> Self {
        let now = clock::now();
        Self {
            id: format!("chatcmpl-{}", ids::uuid(now).simple()),
            created: now.as_secs(),
            model: model.to_owned(),
        }
    }

    fn print(
        &self,
        object: &'static str,
        choices: Vec<Choice<'_>>,
        usage: Option<Used>,
    ) -> Vec<u8> {
        let completion = Completion {
            id: &self.id,
            object,
            created: self.created,
            model: &self.model,
            choices,
            usage,
        };
        // Nothing in it can fail to be printed.
        serde_json::to_vec(&completion).unwrap_or_default()
    }

    /// The whole answer.
    pub(super) fn whole(&self, text: &str, done: &Done) -> Bytes {
        let choice = Choice {
            index: 0,
            message: Some(Message {
                role: Some("assistant"),
                content: Some(text),
            }),
            delta: None,
            finish_reason: Some(finish(done)),
        };
        let usage = Used::new(&done.usage);
        self.print("chat.completion", vec![choice], usage).into()
    }

    fn chunk(&self, delta: Message<'_>, finish_reason: Option<&'static str>) -> Bytes {
        let choice = Choice {
            index: 0,
            message: None,
            delta: Some(delta),
            finish_reason,
        };
        event(&self.print("chat.completion.chunk", vec![choice], None))
    }

    /// A piece of a streamed answer.
    pub(super) fn piece(&self, text: &str, first: bool) -> Bytes {
        let role = first.then_some("assistant");
        let content = Some(text);
        self.chunk(Message { role, content }, None)
    }

    /// The end of a streamed answer, with what it took where that is asked for.
    pub(super) fn end(&self, done: &Done, usage: bool) -> Bytes {
        let mut all = self.chunk(Message::default(), Some(finish(done))).to_vec();
        if let Some(tokens) = Used::new(&done.usage).filter(|_| usage) {
            let chunk = self.print("chat.completion.chunk", Vec::new(), Some(tokens));
            all.extend_from_slice(&event(&chunk));
        }
        all.extend_from_slice(b"data: [DONE]\n\n");
        all.into()
    }
}

/// One event of a stream.
pub(super) fn event(data: &[u8]) -> Bytes {
    [b"data: ", data, b"\n\n"].concat().into()
}
