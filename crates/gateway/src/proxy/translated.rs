//! The answer of a target of another protocol, on its way to becoming the caller's.

use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use tollhouse_domain::call::Outcome;
use tollhouse_wire::answer::Malformed;
use tollhouse_wire::failure::{self, Failure};
use tollhouse_wire::sse;
use tollhouse_wire::translate::{Answering, Finished};
use tollhouse_wire::{ErrorKind, Meter, Protocol};

use super::arriving::Arriving;
use super::dispatch::{Answered, retry_after};
use super::inbound;
use super::passage::{Passage, is_event_stream};
use super::reading::{self, Reading};
use super::refusal::Refusal;
use super::target::Target;
use crate::body::Body;
use crate::clock;

const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What of an upstream's headers means the same in every protocol, beside `retry-after`.
const KEPT: [HeaderName; 2] = [
    HeaderName::from_static("retry-after-ms"),
    HeaderName::from_static("x-should-retry"),
];

/// The most of an error's body that is read.
const ERROR_LIMIT: u64 = 256 * 1024;

/// The head of an answer and who gave it.
pub(crate) struct Head {
    pub(super) parts: http::response::Parts,
    pub(super) target: Target,
    pub(super) fallback: Option<&'static str>,
}

impl Head {
    fn upstream(&self) -> Protocol {
        self.target.endpoint.protocol
    }
}

/// Turns a target's answer into the caller's: as it comes where both stream, put together or taken
/// apart where only one of them does.
pub(super) async fn answer(
    passage: Passage<'_>,
    answered: Answered,
    answering: Answering,
) -> Result<Response<Body>, Refusal> {
    let (mut parts, upstream) = answered.response.into_parts();
    let source = Source {
        events: is_event_stream(&parts),
        headers: std::mem::take(&mut parts.headers),
        body: upstream,
    };
    parts.headers = kept(&source.headers);
    let head = Head {
        parts,
        target: answered.target,
        fallback: answered.fallback,
    };
    if head.parts.status.is_redirection() {
        let message = "The provider sent the call elsewhere, which is not followed.";
        return Err(passage.refuse(Refusal::new(ErrorKind::UpstreamBroken, message)));
    }
    if !head.parts.status.is_success() {
        return Ok(failed(passage, head, source).await);
    }
    match (source.events, answering.wants_stream()) {
        (false, _) => whole(passage, head, source, answering).await,
        (true, _) if !inbound::is_identity(&source.headers) => {
            let message = "The provider compressed its stream although it was asked not to.";
            Err(passage.refuse(Refusal::new(ErrorKind::UpstreamBroken, message)))
        }
        (true, true) => Ok(stream(passage, head, source, answering)),
        (true, false) => gather(passage, head, source, answering).await,
    }
}

/// An upstream's answer as it came.
struct Source {
    events: bool,
    headers: HeaderMap,
    body: Arriving,
}

/// The headers that cross. Clients read `retry-after` as whole seconds only.
fn kept(upstream: &HeaderMap) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for name in KEPT {
        if let Some(value) = upstream.get(&name) {
            headers.insert(name, value.clone());
        }
    }
    if let Some(pause) = retry_after(upstream, clock::now()) {
        headers.insert(
            http::header::RETRY_AFTER,
            HeaderValue::from(pause.as_secs()),
        );
    }
    headers
}

/// Both stream.
fn stream(
    passage: Passage<'_>,
    mut head: Head,
    source: Source,
    answering: Answering,
) -> Response<Body> {
    head.parts.headers.insert(CONTENT_TYPE, EVENT_STREAM);
    head.parts
        .headers
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    passage.relay_translated(head, source.body, answering.stream())
}

/// The target streams, the caller wants it whole.
async fn gather(
    mut passage: Passage<'_>,
    head: Head,
    source: Source,
    answering: Answering,
) -> Result<Response<Body>, Refusal> {
    passage.call().listen(head.target.meter(true));
    let mut translator = answering.gather();
    let mut none = Vec::new();
    let read = reading::until(&mut passage, source.body, |bytes| {
        match bytes {
            Some(bytes) => translator.push(bytes, &mut none)?,
            None => translator.finish(&mut none)?,
        }
        Ok(translator.ended())
    });
    match read.await {
        Ok(()) => Ok(finished(passage, head, translator.gathered(), false).await),
        Err(refusal) => Err(passage.refuse(refusal)),
    }
}

/// The target answers whole.
async fn whole(
    mut passage: Passage<'_>,
    head: Head,
    source: Source,
    answering: Answering,
) -> Result<Response<Body>, Refusal> {
    passage.call().listen(head.target.meter(false));
    let limit = passage.max_body();
    let read = Reading::new(&passage, source.body).all(limit).await;
    let body = match read.and_then(|body| inbound::decoded(&source.headers, body, limit)) {
        Ok(body) => body,
        Err(refusal) => return Err(passage.refuse(refusal)),
    };
    passage.call().heard(&body);
    let stream = answering.wants_stream();
    match answering.whole(&body) {
        Ok(turned_out) => Ok(finished(passage, head, turned_out, stream).await),
        Err(malformed) => Err(passage.refuse(broken(malformed))),
    }
}

async fn finished(
    passage: Passage<'_>,
    mut head: Head,
    turned_out: Finished,
    stream: bool,
) -> Response<Body> {
    match turned_out {
        Finished::Answer(body) => {
            let content = if stream { EVENT_STREAM } else { JSON };
            head.parts.headers.insert(CONTENT_TYPE, content);
            passage.complete(head, Outcome::Success, body).await
        }
        Finished::Failed(failure) => refused(passage, head, &failure, None).await,
    }
}

/// The target answered with an error.
async fn failed(mut passage: Passage<'_>, head: Head, source: Source) -> Response<Body> {
    let protocol = head.upstream();
    passage.call().listen(Meter::whole(protocol));
    let mut body = Reading::new(&passage, source.body).some(ERROR_LIMIT).await;
    if let Ok(plain) = inbound::decoded(&source.headers, body.clone(), ERROR_LIMIT) {
        body = plain;
    }
    if source.events {
        body = first_event(&body);
    }
    passage.call().heard(&body);
    let status = head.parts.status.as_u16();
    let failure = failure::read(protocol, status, &body);
    refused(passage, head, &failure, Some(status)).await
}

/// Some servers put an error into the stream that was asked for, whatever the status.
fn first_event(body: &[u8]) -> Vec<u8> {
    let mut first = None;
    let mut decoder = sse::Decoder::new(body.len());
    let mut take = |frame: sse::Frame<'_>| {
        first.get_or_insert_with(|| frame.data.to_vec());
    };
    decoder.push(body, &mut take);
    decoder.finish(&mut take);
    first.unwrap_or_default()
}

pub(super) async fn refused(
    mut passage: Passage<'_>,
    mut head: Head,
    failure: &Failure<'_>,
    upstream: Option<u16>,
) -> Response<Body> {
    passage.call().failed(failure.class);
    let caller = passage.protocol();
    let status = StatusCode::from_u16(failure::status(failure, caller, upstream));
    head.parts.status = status.unwrap_or(StatusCode::BAD_GATEWAY);
    head.parts.headers.insert(CONTENT_TYPE, JSON);
    let body = failure::body(caller, failure, passage.id());
    passage.complete(head, Outcome::UpstreamError, body).await
}

pub(super) fn broken(malformed: Malformed) -> Refusal {
    let message = "The provider's answer could not be understood.";
    Refusal::new(ErrorKind::UpstreamBroken, message).because(malformed)
}
