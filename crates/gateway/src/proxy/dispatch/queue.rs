//! The targets of a call, and the request for the next of them.

use std::collections::VecDeque;

use http::header::{ACCEPT, CONTENT_ENCODING};
use http::{HeaderValue, Request, Uri};
use tollhouse_wire::ErrorKind;

use super::account::seated;
use super::sending::{Sending, Sent};
use super::{Way, Ways, uri};
use crate::chunks::ChunkBody;
use crate::proxy::outbound::{Address, Changed, Outbound};
use crate::proxy::refusal::Refusal;
use crate::proxy::target::{Credential, Target};
use crate::proxy::{headers, marks, translation};

/// The targets not called yet, and what to send them.
pub(super) struct Queue<'a> {
    targets: VecDeque<Target>,
    outbound: Outbound,
    ways: Ways<'a>,
}

impl<'a> Queue<'a> {
    pub(super) fn new(targets: Vec<Target>, outbound: Outbound, ways: Ways<'a>) -> Self {
        Self {
            targets: targets.into(),
            outbound,
            ways,
        }
    }

    /// The request for the next target that the call can be carried to; else why it cannot be carried
    /// to the first that was left.
    pub(super) async fn next(&mut self) -> Result<Sending, Refusal> {
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
    pub(super) async fn after(&mut self, first: &Sent) -> Result<Sending, Refusal> {
        let target = &first.target;
        if let Some(kept) = first.refused()
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
                opening: carried.opening,
                way: Way::Translated(carried.answering),
                ..Sending::new(target, carried.request, carried.losses)
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
            headers.remove(CONTENT_ENCODING);
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
