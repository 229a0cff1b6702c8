//! Counting the tokens of a Messages request whose model lives behind another protocol: by the target's own
//! counter where it has one, by an estimate that says so where it has not.

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response};
use tollhouse_domain::call::Outcome;
use tollhouse_wire::ErrorKind;
use tollhouse_wire::dialect::Dialect;
use tollhouse_wire::loss::Loss;
use tollhouse_wire::responses;
use tollhouse_wire::translate::{Counting, prepare_count};

use super::dispatch::{self, Sending};
use super::operation::Inference;
use super::outbound::Outbound;
use super::passage::Passage;
use super::reading::Reading;
use super::refusal::Refusal;
use super::target::Target;
use super::translated::Head;
use super::translation;
use crate::body::Body;

/// The most of a counter's answer that is read.
const ANSWER_LIMIT: u64 = 64 * 1024;

/// Counts by `target` and by nobody else: another model counts differently.
pub(super) async fn count(
    mut passage: Passage<'_>,
    target: Target,
    dialect: &Dialect,
    outbound: &Outbound,
) -> Result<Response<Body>, Refusal> {
    match tokens(&mut passage, &target, dialect, outbound).await {
        Ok(tokens) => {
            let mut parts = Response::new(()).into_parts().0;
            let json = HeaderValue::from_static("application/json");
            parts.headers.insert(CONTENT_TYPE, json);
            let head = Head {
                parts,
                target,
                fallback: None,
            };
            let body = format!(r#"{{"input_tokens":{tokens}}}"#).into_bytes();
            Ok(passage.complete(head, Outcome::Success, body).await)
        }
        Err(refusal) => Err(passage.refuse(refusal)),
    }
}

/// What is to be counted by a target of another protocol, and what of it is lost.
pub(super) fn prepare(
    outbound: &Outbound,
    target: &Target,
    dialect: &Dialect,
) -> Result<Counting, Refusal> {
    let origin = outbound.origin()?;
    let body = outbound.body.plain().contiguous();
    let counting = origin.on(target, |occasion| prepare_count(&body, dialect, occasion))?;
    origin.allow(counting.losses)?;
    Ok(counting)
}

async fn tokens(
    passage: &mut Passage<'_>,
    target: &Target,
    dialect: &Dialect,
    outbound: &Outbound,
) -> Result<u64, Refusal> {
    let origin = outbound.origin()?;
    let counting = prepare(outbound, target, dialect)?;
    let mut losses = counting.losses;
    passage.note(target, losses);
    if let Some(ask) = counting.ask {
        match dispatch::seated(passage.ways(), target.clone()).await {
            Ok((target, seat)) => {
                let path = Inference::InputTokens.suffix();
                let request = translation::post(outbound, &target, path, ask)?;
                let sending = Sending::new(target, request, losses).on(seat);
                if let Some(tokens) = ask_target(passage, sending).await {
                    return Ok(tokens);
                }
            }
            // An account that is busy with calls is not asked besides.
            Err(busy) if busy.kind == ErrorKind::RateLimited => {}
            Err(refusal) => return Err(refusal),
        }
    }
    losses.add(Loss::TokenCount);
    origin.allow(losses)?;
    passage.note(target, losses);
    Ok(counting.estimate)
}

/// What the target's counter says. One that fails, or is not there, is no reason to leave the client
/// without a number: it only wants to know how full its window is.
async fn ask_target(passage: &mut Passage<'_>, sending: Sending) -> Option<u64> {
    let response = passage.send(sending).await?;
    if !response.status().is_success() {
        return None;
    }
    let answer = Reading::new(passage, response.into_body());
    responses::decode_count_answer(&answer.all(ANSWER_LIMIT).await.ok()?)
}
