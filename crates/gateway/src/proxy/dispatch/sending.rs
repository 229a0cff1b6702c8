//! A request that goes out, and what came of it.

use http::{Request, Response, StatusCode};
use tollhouse_domain::account::failure::Failure;
use tollhouse_wire::loss::Losses;

use super::{Answered, Way, Ways};
use crate::chunks::ChunkBody;
use crate::clock;
use crate::ledger::open_call::OpenCall;
use crate::pools::Seat;
use crate::proxy::arriving::Arriving;
use crate::proxy::conversing::Opening;
use crate::proxy::refusal::Refusal;
use crate::proxy::stale;
use crate::proxy::target::Target;
use crate::snapshot::OpenCredential;
use crate::upstream::UpstreamError;

/// A request about to be sent.
pub(in crate::proxy) struct Sending {
    pub(super) target: Target,
    pub(super) request: Request<ChunkBody>,
    /// What has to be sent first, if the call is made in two requests.
    pub(super) opening: Option<Box<Opening>>,
    pub(super) losses: Losses,
    pub(super) way: Way,
    /// Whether the answer's status says anything of the credential and of the endpoint: where the client
    /// chooses the path, it may be the path's, and a key's holder could put a shared credential out of
    /// everybody's use.
    pub(super) judges: bool,
    /// A place at the account that it is made with, if it is one.
    pub(super) seat: Option<Seat>,
}

/// A request that was sent.
pub(in crate::proxy) struct Sent {
    pub(super) target: Target,
    /// What a refusal says of the account that was drawn on, if one was.
    pub(super) failure: Option<Failure>,
    pub(in crate::proxy) answer: Result<Response<Arriving>, UpstreamError>,
    pub(super) way: Way,
    /// As of [`Sending`].
    pub(super) judges: bool,
}

impl Sending {
    /// A request whose answer is read by whoever sends it.
    pub(in crate::proxy) fn new(
        target: Target,
        request: Request<ChunkBody>,
        losses: Losses,
    ) -> Self {
        Self {
            target,
            request,
            opening: None,
            losses,
            way: Way::AsItComes,
            judges: true,
            seat: None,
        }
    }

    /// The same with a place at the account that it is made with.
    pub(in crate::proxy) fn on(self, seat: Option<Seat>) -> Self {
        Self { seat, ..self }
    }

    /// Keeps a request back whose credential is the client's own and was refused a moment ago.
    pub(in crate::proxy) fn check(
        &self,
        ways: Ways<'_>,
        call: &mut OpenCall,
    ) -> Result<(), Refusal> {
        if !self.judges || !self.target.credential.is_clients() {
            return Ok(());
        }
        stale::check(ways.standings, &self.target, call, clock::now())
    }
}

impl Sent {
    /// What it drew on that is kept here, if its provider refused that.
    pub(super) fn refused(&self) -> Option<&OpenCredential> {
        let status = self.answer.as_ref().ok()?.status();
        let refused = self.judges && status == StatusCode::UNAUTHORIZED;
        self.target.credential.kept().filter(|_| refused)
    }

    /// Whether another credential of the same owner may do better.
    pub(super) fn is_the_credentials(&self) -> bool {
        match self.failure {
            Some(failure) => failure.is_the_accounts(),
            None => {
                let status = self.answer.as_ref().map(|answer| answer.status().as_u16());
                matches!(status, Ok(401 | 429))
            }
        }
    }

    pub(super) fn answered(
        self,
        ways: Ways<'_>,
        fallback: Option<&'static str>,
    ) -> Result<Answered, Refusal> {
        let endpoint = &self.target.endpoint;
        let response = self.answer.map_err(|error| {
            let told = match &error {
                UpstreamError::Untold(why) => ways.bridges.untold(&endpoint.provider, why),
                UpstreamError::Unreachable(_)
                | UpstreamError::Forbidden(_)
                | UpstreamError::Broken(_)
                | UpstreamError::Unreadable(_)
                | UpstreamError::Silent => None,
            };
            let mut refusal = Refusal::from(error);
            if let Some(told) = told {
                refusal.message = told.into();
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
