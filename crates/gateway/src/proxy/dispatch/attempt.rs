//! One attempt at one target.

use http::{Request, Response, StatusCode};
use tollhouse_domain::call::Call;

use super::Ways;
use super::account;
use super::learn::learn;
use super::sending::{Sending, Sent};
use crate::chunks::ChunkBody;
use crate::clock;
use crate::ledger::open_call::OpenCall;
use crate::proxy::arriving::Arriving;
use crate::proxy::stale;
use crate::proxy::target::Target;
use crate::upstream::{Upstream, UpstreamError};

/// Sends a request and takes note of what comes of it.
pub(in crate::proxy) async fn attempt(
    ways: Ways<'_>,
    sending: Sending,
    call: &mut OpenCall,
) -> Sent {
    let Sending {
        target,
        request,
        opening,
        losses,
        way,
        judges,
        seat,
    } = sending;
    // The place of an attempt before is free from here on.
    call.sit(seat);
    let credential = &target.credential;
    call.sent_to(
        &target.endpoint.provider,
        target.model.as_deref(),
        credential.source(),
        target.endpoint.paid,
    );
    if let Some(row) = call.row() {
        row.credential_id = credential.id();
        row.credential_kind = credential.kind(target.endpoint.auth);
        row.credential_fingerprint = credential.fingerprint().map(str::to_owned);
    }
    call.carried(target.mode(), target.translated_to(), losses);
    let row = call.row().map(|row| &*row);
    let mut answer = match opening {
        None => send(ways.upstream, &target, row, request).await,
        // As with retries: few calls need the room.
        Some(opening) => Box::pin(opening.then(ways.upstream, &target, row, request)).await,
    };
    if let Err(
        UpstreamError::Unreachable(_) | UpstreamError::Untold(_) | UpstreamError::Forbidden(_),
    ) = answer
    {
        call.unreached();
    }
    let now = clock::now();
    if let (Some(account), Ok(response), true) = (target.credential.account(), &answer, judges) {
        let windows = account::windows(response.headers(), now);
        ways.pools.heard(account, windows, now);
    }
    let of_plan = target.credential.account().is_some() || target.endpoint.tells_windows();
    let failure = match &mut answer {
        Ok(response) if of_plan && is_refusal(response.status()) => {
            // As with retries: few calls need the room.
            let failure = Box::pin(account::look(response, now)).await;
            account::say_when(response, failure, now);
            Some(failure)
        }
        Ok(_) | Err(_) => None,
    };
    learn(ways, &target, &answer, failure, judges, now);
    if let Ok(response) = &answer {
        let status = response.status();
        if judges && target.credential.is_clients() {
            stale::learn(ways.standings, &target, status, call, now);
        }
        call.answered(status.as_u16(), response.headers());
    }
    Sent {
        target,
        failure,
        answer,
        way,
        judges,
    }
}

/// Sends one request, with what the operator has the endpoint told besides.
pub(in crate::proxy) async fn send(
    upstream: &Upstream,
    target: &Target,
    row: Option<&Call>,
    mut request: Request<ChunkBody>,
) -> Result<Response<Arriving>, UpstreamError> {
    if !target.endpoint.guarded {
        upstream.tell(&target.endpoint.provider, row, &mut request);
    }
    let answer = upstream.call(&target.endpoint, request).await;
    answer.map(|response| response.map(Arriving::from))
}

fn is_refusal(status: StatusCode) -> bool {
    status.is_client_error() || status.is_server_error()
}
