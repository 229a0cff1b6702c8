//! What an attempt says of the target and of its credential.

use http::Response;
use tollhouse_domain::account::failure::Failure;
use tollhouse_domain::health::Signal;
use tollhouse_domain::pool::Verdict;
use tollhouse_domain::time::Timestamp;

use super::pause::retry_after;
use super::{Ways, account};
use crate::proxy::arriving::Arriving;
use crate::proxy::target::Target;
use crate::upstream::UpstreamError;

/// Takes note of what an attempt says of the target and of the credential it was made with. A limit is
/// the credential's where it has others to stand in for it or is the client's own, which nobody else is
/// limited by, and the target's too where it has none.
pub(super) fn learn(
    ways: Ways<'_>,
    target: &Target,
    answer: &Result<Response<Arriving>, UpstreamError>,
    failure: Option<Failure>,
    judges: bool,
    now: Timestamp,
) {
    let reached = !matches!(
        answer,
        Err(UpstreamError::Unreachable(_) | UpstreamError::Forbidden(_))
    );
    if reached && !judges {
        // What a path of the client's choice answers is its own affair.
        return;
    }
    let (signal, verdict) = match answer {
        Ok(response) if let Some(account) = target.credential.account() => {
            if let Some(failure) = failure {
                ways.pools.blame(account, failure, now);
            }
            (account::signal(response.status(), failure), None)
        }
        Ok(response) => match response.status().as_u16() {
            401 => (Signal::Answered, Some(Verdict::Refused)),
            // A full model says nothing of the credential, nor of other models.
            429 if failure == Some(Failure::Model) => (Signal::Answered, None),
            429 => {
                let pause = retry_after(response.headers(), now);
                let only_its = target.spare.is_some() || target.credential.is_clients();
                let signal = if only_its {
                    Signal::Answered
                } else {
                    Signal::RateLimited(pause)
                };
                (signal, Some(Verdict::Limited(pause)))
            }
            500..=599 => (Signal::Failed, None),
            _ => (Signal::Answered, Some(Verdict::Taken)),
        },
        Err(_) => (Signal::Failed, None),
    };
    if target.endpoint.bridge {
        let status = answer.as_ref().ok().map(|answer| answer.status().as_u16());
        if matches!(status, None | Some(401 | 424 | 500..=599)) {
            ways.bridges.doubt(&target.endpoint.provider);
        }
    }
    ways.health.on(target, signal, now);
    if let (Some(kept), Some(verdict)) = (target.credential.kept(), verdict) {
        ways.pools.on(kept, verdict, now);
    }
}
