//! Answers of a target that speaks the caller's own protocol and only streams, for a caller that wants them
//! whole.

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response};
use tollhouse_domain::call::Outcome;
use tollhouse_wire::answer::Malformed;
use tollhouse_wire::responses::Assembler;
use tollhouse_wire::translate::Finished;
use tollhouse_wire::{ErrorKind, Meter};

use super::dispatch::Answered;
use super::inbound;
use super::passage::{Passage, is_event_stream};
use super::reading;
use super::refusal::Refusal;
use super::translated::{Head, broken, refused};
use crate::body::Body;

/// Puts a stream together for a caller that wants the answer whole. What is no stream passes as it comes.
pub(super) async fn answer(
    mut passage: Passage<'_>,
    answered: Answered,
) -> Result<Response<Body>, Refusal> {
    let (mut parts, upstream) = answered.response.into_parts();
    if !is_event_stream(&parts) || !parts.status.is_success() {
        let response = Response::from_parts(parts, upstream);
        return Ok(passage.relay(Answered {
            response,
            ..answered
        }));
    }
    if !inbound::is_identity(&parts.headers) {
        let message = "The provider compressed its stream although it was asked not to.";
        return Err(passage.refuse(Refusal::new(ErrorKind::UpstreamBroken, message)));
    }
    let protocol = answered.target.endpoint.protocol;
    passage.call().listen(Meter::stream(protocol));
    let mut assembler = Assembler::default();
    let read = reading::until(&mut passage, upstream, |bytes| {
        match bytes {
            Some(bytes) => assembler.push(bytes)?,
            None => assembler.finish()?,
        }
        Ok(assembler.ended())
    });
    if let Err(refusal) = read.await {
        return Err(passage.refuse(refusal));
    }
    parts
        .headers
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let head = Head {
        parts,
        target: answered.target,
        fallback: answered.fallback,
    };
    match assembler.assembled() {
        Some(Finished::Answer(body)) => Ok(passage.complete(head, Outcome::Success, body).await),
        Some(Finished::Failed(failure)) => Ok(refused(passage, head, &failure, None).await),
        None => Err(passage.refuse(broken(Malformed::TRUNCATED))),
    }
}
