//! Calling the targets: at most one retry, and only before the client has seen a byte.

mod account;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, ready};
use http::header::{ACCEPT, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri};
use tollhouse_domain::account::failure::Failure;
use tollhouse_domain::health::Signal;
use tollhouse_domain::pool::Verdict;
use tollhouse_domain::time::Timestamp;
use tollhouse_wire::ErrorKind;
use tollhouse_wire::loss::Losses;
use tollhouse_wire::translate::Answering;

use self::account::seated;
use super::arriving::Arriving;
use super::outbound::{Address, Changed, Outbound};
use super::refusal::Refusal;
use super::resolve::{Credential, Target};
use super::{headers, marks};
use super::{stale, translation};
use crate::accounts::Renewing;
use crate::bridges::Bridges;
use crate::chunks::ChunkBody;
use crate::clock;
use crate::health::HealthBook;
use crate::ledger::open_call::OpenCall;
use crate::pools::{Pools, Seat};
use crate::standings::Standings;
use crate::upstream::{Upstream, UpstreamError};

/// An upstream's answer and who gave it.
pub(crate) struct Answered {
    pub(crate) response: Response<Arriving>,
    pub(crate) target: Target,
    /// Why the first target's answer is not this one.
    pub(crate) fallback: Option<&'static str>,
    /// How the answer becomes the caller's.
    pub(crate) way: Way,
}

impl Answered {
    /// Whether it passes as it comes.
    pub(crate) const fn is_passed_on(&self) -> bool {
        matches!(self.way, Way::AsItComes)
    }
}

/// How an answer becomes the caller's.
pub(crate) enum Way {
    /// As it comes.
    AsItComes,
    /// Put together from a stream of the caller's own protocol.
    Assembled,
    /// Translated.
    Translated(Answering),
}

/// How upstreams are reached, and what is remembered of them.
#[derive(Clone, Copy)]
pub(crate) struct Ways<'a> {
    pub(crate) upstream: &'a Upstream,
    pub(crate) health: &'a HealthBook,
    pub(crate) bridges: &'a Bridges,
    pub(crate) pools: &'a Arc<Pools>,
    pub(crate) accounts: Renewing<'a>,
    pub(crate) standings: &'a Standings,
}

/// Calls the targets in order.
///
/// A failed connection, a 429 or a 5xx leads to one more attempt: after a 429 or a 401 with another
/// credential of the same owner, where there is one; else at the next target, if there is one. A
/// request that may have been carried out is never sent again, and neither is one that has nowhere
/// else to go: the clients retry by themselves.
pub(crate) async fn dispatch(
    ways: Ways<'_>,
    targets: Vec<Target>,
    outbound: Outbound,
    call: &mut OpenCall,
) -> Result<Answered, Refusal> {
    let mut queue = Queue::new(targets, outbound, ways);
    let first = queue.next().await?;
    first.check(ways, call)?;
    let first = attempt(ways, first, call).await;
    let reason = match &first.answer {
        Ok(response) => worth_another(response.status(), &first),
        Err(UpstreamError::Unreachable(_)) => Some("unreachable"),
        Err(_) => None,
    };
    let Some(reason) = reason else {
        return first.answered(ways, None);
    };
    // Its place may be needed by the next attempt.
    call.sit(None);
    let Ok(second) = Box::pin(queue.after(&first)).await else {
        return first.answered(ways, None);
    };
    if let Some(row) = call.row() {
        row.fallback = Some(reason.to_owned());
    }
    // Rare, so that not every call's future has to have room for it.
    let second = Box::pin(attempt(ways, second, call)).await;
    second.answered(ways, Some(reason))
}

/// The targets not called yet, and what to send them.
struct Queue<'a> {
    targets: VecDeque<Target>,
    outbound: Outbound,
    ways: Ways<'a>,
}

/// A request about to be sent.
pub(super) struct Sending {
    target: Target,
    request: Request<ChunkBody>,
    losses: Losses,
    way: Way,
    /// Whether the answer's status says anything of the credential and of the endpoint: where the client
    /// chooses the path, it may be the path's, and a key's holder could put a shared credential out of
    /// everybody's use.
    judges: bool,
    /// A place at the account that it is made with, if it is one.
    seat: Option<Seat>,
}

/// A request that was sent.
pub(super) struct Sent {
    target: Target,
    /// What a refusal says of the account that was drawn on, if one was.
    failure: Option<Failure>,
    pub(super) answer: Result<Response<Arriving>, UpstreamError>,
    way: Way,
}

impl Sending {
    /// A request whose answer is read by whoever sends it.
    pub(super) fn new(target: Target, request: Request<ChunkBody>, losses: Losses) -> Self {
        Self {
            target,
            request,
            losses,
            way: Way::AsItComes,
            judges: true,
            seat: None,
        }
    }

    /// Keeps a request back whose credential is the client's own and was refused a moment ago.
    pub(super) fn check(&self, ways: Ways<'_>, call: &mut OpenCall) -> Result<(), Refusal> {
        if !self.judges || !self.target.credential.is_clients() {
            return Ok(());
        }
        stale::check(ways.standings, &self.target, call, clock::now())
    }
}

impl Sent {
    /// Whether another credential of the same owner may do better.
    fn is_the_credentials(&self) -> bool {
        match self.failure {
            Some(failure) => failure.is_the_accounts(),
            None => {
                let status = self.answer.as_ref().map(|answer| answer.status().as_u16());
                matches!(status, Ok(401 | 429))
            }
        }
    }

    fn answered(self, ways: Ways<'_>, fallback: Option<&'static str>) -> Result<Answered, Refusal> {
        let endpoint = &self.target.endpoint;
        let response = self.answer.map_err(|error| {
            let away = matches!(error, UpstreamError::Unreachable(_)) && endpoint.bridge;
            let mut refusal = Refusal::from(error);
            if let Some(how) = away
                .then(|| ways.bridges.away(&endpoint.provider))
                .flatten()
            {
                refusal.message = how.into();
            }
            refusal
        })?;
        Ok(Answered {
            response,
            target: self.target,
            fallback,
            way: self.way,
        })
    }
}

impl<'a> Queue<'a> {
    fn new(targets: Vec<Target>, outbound: Outbound, ways: Ways<'a>) -> Self {
        Self {
            targets: targets.into(),
            outbound,
            ways,
        }
    }

    /// The request for the next target that the call can be carried to; else why it cannot be carried
    /// to the first that was left.
    async fn next(&mut self) -> Result<Sending, Refusal> {
        let mut unfit = None;
        while let Some(target) = self.targets.pop_front() {
            match self.request(target).await {
                Ok(sending) => return Ok(sending),
                Err(refusal) => unfit = unfit.or(Some(refusal)),
            }
        }
        Err(unfit
            .unwrap_or_else(|| Refusal::new(ErrorKind::Internal, "There was no target to call.")))
    }

    /// The request for the second attempt. An account whose token is refused is refreshed first, if that
    /// helps; only then is another one turned to.
    async fn after(&mut self, first: &Sent) -> Result<Sending, Refusal> {
        let target = &first.target;
        let status = first.answer.as_ref().map(|answer| answer.status().as_u16());
        if let (Some(kept), Ok(401)) = (target.credential.kept(), status)
            && let Some(renewed) = self.ways.accounts.after_refusal(kept).await
        {
            return self.request(target.with(Credential::Kept(renewed))).await;
        }
        match &target.spare {
            Some(spare) if first.is_the_credentials() => {
                self.request(target.with(spare.clone())).await
            }
            Some(_) | None => self.next().await,
        }
    }

    async fn request(&mut self, target: Target) -> Result<Sending, Refusal> {
        let (target, seat) = seated(self.ways, target).await?;
        let sending = self.prepare(target)?;
        let seat = seat.map(|seat| seat.judging(sending.judges));
        Ok(Sending { seat, ..sending })
    }

    fn prepare(&mut self, target: Target) -> Result<Sending, Refusal> {
        if let Some(dialect) = &target.dialect {
            if self.outbound.is_count() {
                let message = "Another model counts differently.";
                return Err(Refusal::new(ErrorKind::Internal, message));
            }
            let carried = translation::request(&self.outbound, &target, dialect)?;
            return Ok(Sending {
                request: carried.request,
                losses: carried.losses,
                way: Way::Translated(carried.answering),
                judges: true,
                seat: None,
                target,
            });
        }
        let own = target.credential.is_clients();
        let uri = uri(&target, &self.outbound.address)?;
        // Headers are copied only if another attempt may need them.
        let once = target.spare.is_none() && !target.credential.is_account();
        let headers = if self.targets.is_empty() && once {
            std::mem::take(&mut self.outbound.headers)
        } else {
            self.outbound.headers.clone()
        };
        let mut headers = headers::upstream(headers, self.outbound.metered, own);
        let Changed {
            body: changed,
            losses,
            session,
        } = self.outbound.changed(&target)?;
        let source = &self.outbound.body;
        if changed.is_some() && source.decoded.is_some() {
            // What is sent is no longer what was compressed.
            headers.remove(http::header::CONTENT_ENCODING);
        }
        let way = if self.outbound.is_to_be_assembled(&target) {
            headers.insert(ACCEPT, HeaderValue::from_static("text/event-stream"));
            Way::Assembled
        } else {
            Way::AsItComes
        };
        headers::name_session(&mut headers, session.as_deref());
        let body = changed.unwrap_or_else(|| source.raw.clone());
        target.credential.apply(&target.endpoint, &mut headers);
        let plain = self.outbound.body.plain();
        let call = self.outbound.origin.as_ref().map(|origin| origin.call);
        marks::put(&target, plain.slices(), call, &mut headers);
        let mut request = Request::new(ChunkBody::from(body));
        *request.method_mut() = self.outbound.method.clone();
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        let judges = is_named(&target, request.uri(), &self.outbound.address);
        Ok(Sending {
            way,
            judges,
            ..Sending::new(target, request, losses)
        })
    }
}

/// A target with a token that has not ended: itself, nearly always.
pub(super) fn fresh(
    target: Target,
    accounts: Renewing<'_>,
) -> impl Future<Output = Result<Target, Refusal>> {
    if target.credential.is_account() {
        return Either::Left(Box::pin(target.fresh(accounts)));
    }
    Either::Right(ready(Ok(target)))
}

/// Whether a request goes where a route of its own would send it.
fn is_named(target: &Target, uri: &Uri, address: &Address) -> bool {
    match address {
        Address::Path { .. } => true,
        Address::Proxied { inference, .. } => inference.is_some_and(|inference| {
            let own = target.endpoint.uri(inference.suffix(), None);
            let speaks = inference.protocol() == target.endpoint.protocol;
            speaks && own.is_some_and(|own| own.path() == uri.path())
        }),
    }
}

/// Why it should be tried another way.
fn worth_another(status: StatusCode, sent: &Sent) -> Option<&'static str> {
    match status.as_u16() {
        401 if sent.target.spare.is_some() || sent.target.credential.is_account() => {
            Some("unauthorized")
        }
        429 => Some("rate_limited"),
        // A plan that is used up or does not include it is not always told by the status.
        _ if sent.target.spare.is_some() && matches!(sent.failure, Some(Failure::Capped(_))) => {
            Some("rate_limited")
        }
        500..=599 => Some("server_error"),
        _ => None,
    }
}

pub(super) async fn attempt(ways: Ways<'_>, sending: Sending, call: &mut OpenCall) -> Sent {
    let Sending {
        target,
        mut request,
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
        row.credential_fingerprint = credential.fingerprint().map(str::to_owned);
    }
    call.carried(target.mode(), target.translated_to(), losses);
    let upstream = ways.upstream;
    let answer = if target.endpoint.guarded {
        upstream.send_guarded(request).await
    } else {
        let row = call.row().map(|row| &*row);
        upstream.tell(&target.endpoint.provider, row, &mut request);
        upstream.send(request).await
    };
    if let Err(UpstreamError::Unreachable(_) | UpstreamError::Forbidden(_)) = answer {
        call.unreached();
    }
    let mut answer = answer.map(|response| response.map(Arriving::from));
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
    }
}

/// Takes note of what an attempt says of the target and of the credential it was made with. A limit is
/// the credential's where it has others to stand in for it or is the client's own, which nobody else is
/// limited by, and the target's too where it has none.
fn learn(
    ways: Ways<'_>,
    target: &Target,
    answer: &Result<Response<Arriving>, UpstreamError>,
    failure: Option<Failure>,
    judges: bool,
    now: Timestamp,
) {
    let (signal, verdict) = match answer {
        // What a path of the client's choice answers is its own affair.
        Ok(_) | Err(UpstreamError::Silent | UpstreamError::Broken(_)) if !judges => return,
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

fn is_refusal(status: StatusCode) -> bool {
    status.is_client_error() || status.is_server_error()
}

/// How long an upstream asks to be left alone: seconds, or until a date.
pub(crate) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    let until = date.duration_since(std::time::UNIX_EPOCH).ok()?;
    let now = Duration::from_secs(now.as_secs().unsigned_abs());
    Some(until.saturating_sub(now))
}

pub(super) fn uri(target: &Target, address: &Address) -> Result<Uri, Refusal> {
    let account = target.credential.account();
    let named = account.and_then(|open| open.account.as_ref()?.base_url.as_deref());
    let elsewhere = named.and_then(|base_url| target.endpoint.at_authoritys(base_url));
    let endpoint = elsewhere.as_ref().unwrap_or(&target.endpoint);
    let uri = match address {
        Address::Path { suffix, query } => endpoint.uri(suffix, query.as_deref()),
        Address::Proxied { path, query, .. } => endpoint.proxied(path, query.as_deref()),
    };
    uri.ok_or_else(|| {
        Refusal::new(
            ErrorKind::InvalidRequest,
            "This path makes no valid address.",
        )
    })
}

impl From<UpstreamError> for Refusal {
    fn from(error: UpstreamError) -> Self {
        let (kind, message) = match &error {
            UpstreamError::Unreachable(_) => (
                ErrorKind::UpstreamUnreachable,
                "The provider could not be reached.",
            ),
            UpstreamError::Forbidden(_) => (
                ErrorKind::UpstreamUnreachable,
                "The address that the credential names may not be called.",
            ),
            UpstreamError::Broken(_) => (
                ErrorKind::UpstreamUnreachable,
                "The provider ended the connection without an answer.",
            ),
            UpstreamError::Silent => (
                ErrorKind::UpstreamTimeout,
                "The provider did not answer in time.",
            ),
        };
        Self::new(kind, message).because(error)
    }
}
