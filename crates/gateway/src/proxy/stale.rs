//! A client's own credential that its provider refused a moment ago is not shown to it again: the client
//! is told whose credential it is and what to do.

use http::StatusCode;
use tollhouse_domain::own::{AGAIN, Refusal as Refused, Said, Stale};
use tollhouse_domain::time::Timestamp;
use tollhouse_wire::ErrorKind;
use tracing::info;

use super::refusal::Refusal;
use super::target::Target;
use crate::ledger::open_call::OpenCall;
use crate::standings::{About, Standings};

/// Keeps back a credential of the client's own that was refused.
pub(super) fn check(
    standings: &Standings,
    target: &Target,
    call: &mut OpenCall,
    now: Timestamp,
) -> Result<(), Refusal> {
    let Some(about) = about(target, call) else {
        return Ok(());
    };
    standings.check(about, now).map_err(|stale| {
        if let Some(row) = call.row() {
            let credential = &target.credential;
            row.provider = Some(target.endpoint.provider.to_string());
            row.credential_source = credential.source();
            row.credential_fingerprint = credential.fingerprint().map(str::to_owned);
        }
        told(target, stale)
    })
}

/// Takes note of what a provider said of a credential of the client's own.
pub(super) fn learn(
    standings: &Standings,
    target: &Target,
    status: StatusCode,
    call: &mut OpenCall,
    now: Timestamp,
) {
    let said = match status.as_u16() {
        401 => Said::Refused(Refused::Unauthorized),
        403 => Said::Refused(Refused::Forbidden),
        // Whatever failed may have failed before it looked.
        500..=599 => return,
        _ => Said::Known,
    };
    let Some(about) = about(target, call) else {
        return;
    };
    if standings.on(about, said, now)
        && let Some(row) = call.row()
    {
        let (provider, fingerprint) = (&*target.endpoint.provider, target.credential.fingerprint());
        let status = status.as_u16();
        info!(call = %row.id, provider, fingerprint, status, "a client's own credential is refused");
    }
}

fn about(target: &Target, call: &mut OpenCall) -> Option<About> {
    let fingerprint = target.credential.fingerprint()?;
    let row = call.row()?;
    Some(About::new(row, &target.endpoint.provider, fingerprint))
}

fn told(target: &Target, stale: Stale) -> Refusal {
    let provider = &target.endpoint.provider;
    let header = target.credential.clients().map(|own| own.header().as_str());
    let header = header.unwrap_or("authorization");
    let Stale { how, since, until } = stale;
    let pause = AGAIN.as_secs();
    match how {
        Refused::Unauthorized => Refusal::new(
            ErrorKind::OwnCredentialRefused,
            format!(
                "The provider `{provider}` refuses your own credential, the one in `{header}`, since \
                 {since}; it is none of this gateway's. Sign in to the provider again, or send another \
                 one. This one is tried once in {pause} seconds, next at {until}."
            ),
        ),
        Refused::Forbidden => Refusal::new(
            ErrorKind::PermissionDenied,
            format!(
                "The provider `{provider}` forbids this to your own credential, the one in `{header}`, \
                 since {since}; it is none of this gateway's. Ask for another model, or send another \
                 one. This is tried once in {pause} seconds, next at {until}."
            ),
        ),
    }
}
