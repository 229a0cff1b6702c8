//! What a refused call says of the account that it was made with.

use std::time::Duration;

use futures_util::future::{Either, ready};
use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use tollhouse_domain::account::failure::{Failure, classify};
use tollhouse_domain::account::window::Windows;
use tollhouse_domain::health::Signal;
use tollhouse_domain::time::Timestamp;

use super::{Ways, retry_after};
use crate::pools::Seat;
use crate::proxy::arriving::Arriving;
use crate::proxy::inbound;
use crate::proxy::refusal::Refusal;
use crate::proxy::resolve::refusal::busy;
use crate::proxy::target::Target;

/// The most of a refusal that is looked at.
const LIMIT: usize = 64 * 1024;
/// How long a refusal may take to say why: its client waits.
const PATIENCE: Duration = Duration::from_secs(2);

/// A target with a place at its account and a token that has not ended; any other target as it is. Where there
/// is no place left since it was chosen, or no token to be had, its spare serves this call.
pub(in crate::proxy) fn seated(
    ways: Ways<'_>,
    target: Target,
) -> impl Future<Output = Result<(Target, Option<Seat>), Refusal>> {
    if target.credential.is_account() {
        return Either::Left(Box::pin(sit(ways, target)));
    }
    Either::Right(ready(Ok((target, None))))
}

async fn sit(ways: Ways<'_>, mut target: Target) -> Result<(Target, Option<Seat>), Refusal> {
    loop {
        let Some(account) = target.credential.account() else {
            return Ok((target, None));
        };
        let refusal = match ways.pools.sit(account) {
            None => busy(&target.endpoint.provider),
            Some(seat) => match target.clone().fresh(ways.accounts).await {
                Ok(fresh) => return Ok((fresh, Some(seat))),
                Err(refusal) => refusal,
            },
        };
        let spare = target.spare.clone().ok_or(refusal)?;
        target = target.with(spare);
    }
}

/// Looks at a refusal, all of which the client gets all the same.
pub(super) async fn look(response: &mut Response<Arriving>, now: Timestamp) -> Failure {
    let looking = response.body_mut().look_ahead(LIMIT);
    // What has come until then says as much as there is to know.
    let _ = tokio::time::timeout(PATIENCE, looking).await;
    let body = response.body().ahead();
    let decoded = inbound::decoded(response.headers(), body.to_vec(), LIMIT as u64);
    let body = decoded.as_deref().unwrap_or(body);
    let asked = retry_after(response.headers(), now);
    match classify(response.status().as_u16(), asked, body, now) {
        // What is used up says when it begins anew, where nothing else does.
        Failure::Capped(None) => Failure::Capped(windows(response.headers(), now).full_until(now)),
        failure => failure,
    }
}

/// Says in a header when a plan that is used up begins anew, where nothing else does: clients read it there
/// and nowhere else.
pub(super) fn say_when(response: &mut Response<Arriving>, failure: Failure, now: Timestamp) {
    let Failure::Capped(until) = failure else {
        return;
    };
    let open = response.status() == StatusCode::TOO_MANY_REQUESTS
        && retry_after(response.headers(), now).is_none();
    if let Some(until) = until.filter(|until| open && *until > now) {
        let pause = until.since(now);
        let seconds = pause.as_secs() + u64::from(pause.subsec_nanos() > 0);
        let headers = response.headers_mut();
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
}

/// How much of the account's plan is used, as far as an answer's headers say so.
pub(super) fn windows(headers: &HeaderMap, now: Timestamp) -> Windows {
    let get = |name: &str| headers.get(name)?.to_str().ok();
    Windows::from_headers(get, now)
}

/// What an answer says of the endpoint: what is refused to one account may be granted to all others.
pub(super) fn signal(status: StatusCode, failure: Option<Failure>) -> Signal {
    match failure {
        Some(Failure::Other) if status.is_server_error() => Signal::Failed,
        Some(
            Failure::Capped(_)
            | Failure::Limited(_)
            | Failure::Refused
            | Failure::Model
            | Failure::Other,
        )
        | None => Signal::Answered,
    }
}
