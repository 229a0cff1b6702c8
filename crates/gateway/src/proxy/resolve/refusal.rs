//! Why there is no credential for a call.

use std::borrow::Cow;
use std::time::Duration;

use tollhouse_domain::time::Timestamp;
use tollhouse_wire::ErrorKind;

use crate::limits::minute;
use crate::proxy::refusal::Refusal;

/// How long somebody is asked to wait for a place at an account.
const BUSY: Duration = Duration::from_secs(2);
/// The longest rest that a client may wait out by itself. Longer than the one after too many calls, shorter
/// than the patience of whoever watches an agent say nothing.
const WAITED_OUT: Duration = Duration::from_mins(10);

/// Every account that could be drawn on has as many calls under way as it may have. Such calls end at any
/// moment, so that it is soon worth another try.
pub(in crate::proxy) fn busy(provider: &str) -> Refusal {
    let message = format!(
        "Every account for the provider `{provider}` is busy with other calls; try again in a moment."
    );
    let mut refusal = Refusal::new(ErrorKind::RateLimited, message);
    refusal.retry_after = Some(BUSY);
    refusal
}

/// Calls with an account of this provider's say what program makes them, which is the operator's to say.
pub(crate) fn anonymous(provider: &str, headers: &str) -> Refusal {
    missing(format!(
        "The provider `{provider}` is not set up: its calls have to say what program makes them, in the \
         headers {headers}, which the operator writes in `headers` of its `[[provider]]`, or under Providers in \
         the dashboard."
    ))
}

/// All that could be drawn on rests until then.
pub(super) fn resting(what: &str, now: Timestamp, until: Timestamp) -> Refusal {
    let pause = until.since(now);
    let message = format!("{what} is resting after a limit until {}.", minute(until));
    let mut refusal = Refusal::new(ErrorKind::AccountsCooling, message);
    refusal.retry_after = Some(pause);
    refusal.resets_at = (pause > WAITED_OUT).then_some(until);
    refusal
}

pub(crate) fn missing(message: impl Into<Cow<'static, str>>) -> Refusal {
    Refusal::new(ErrorKind::CredentialMissing, message)
}
