//! An admitted call on its way through: its row opened, its targets called, its answer relayed.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderValue, Response};
use tollhouse_domain::call::{Call, Mode, Outcome};
use tollhouse_wire::{ErrorKind, Meter, Peek, Protocol};

use super::Arrival;
use super::authenticate::Principal;
use super::dispatch::{self, Address, Outbound, Reply};
use super::headers;
use super::identify::Identity;
use super::inbound::Inbound;
use super::operation::Inference;
use super::refusal::{Refusal, sign};
use super::relay::{Answer, Relay};
use super::resolve::Target;
use crate::body::Body;
use crate::ledger::open_call::{Books, OpenCall};
use crate::names;
use crate::snapshot::Snapshot;
use crate::state::Gateway;

/// A call about to be admitted.
pub(crate) struct Admission<'a> {
    gateway: &'a Gateway,
    row: Call,
    started: Instant,
    books: Books,
    protocol: Protocol,
    metered: bool,
    billed: bool,
}

/// A call that has a row.
pub(crate) struct Passage<'a> {
    gateway: &'a Gateway,
    call: OpenCall,
    id: String,
    protocol: Protocol,
    metered: bool,
}

impl<'a> Passage<'a> {
    /// Begins the row of a call.
    pub(crate) fn admit(
        gateway: &'a Gateway,
        snapshot: &Snapshot,
        arrival: Arrival,
        protocol: Protocol,
        principal: &Principal,
        identity: Identity,
    ) -> Admission<'a> {
        let key = &principal.key;
        let row = Call {
            user: key.owner,
            org: key.org,
            agent: identity.agent,
            caller: identity.caller,
            session_name: identity.session_name,
            subagent: identity.subagent,
            tags: identity.tags,
            protocol: Some(protocol),
            snapshot_revision: snapshot.revision,
            ..Call::opened(arrival.id, arrival.at, key.id, identity.session)
        };
        gateway.used(key.id, arrival.at);
        let books = gateway.books(Arc::clone(&snapshot.prices));
        Admission {
            gateway,
            row,
            started: arrival.started,
            books,
            protocol,
            metered: false,
            billed: false,
        }
    }

    /// Calls the targets and relays the answer; whatever goes wrong is on the row.
    pub(crate) async fn carry(
        mut self,
        targets: Result<Vec<Target>, Refusal>,
        outbound: Outbound,
    ) -> Result<Response<Body>, Refusal> {
        let targets = match targets {
            Ok(targets) => targets,
            Err(refusal) => return Err(self.refuse(refusal)),
        };
        let (upstream, health) = (self.gateway.upstream(), self.gateway.health());
        match dispatch::dispatch(upstream, health, targets, outbound, &mut self.call).await {
            Ok(reply) => Ok(self.relay(reply)),
            Err(refusal) => Err(self.refuse(refusal)),
        }
    }

    /// Ends the row with a refusal.
    pub(crate) fn refuse(self, refusal: Refusal) -> Refusal {
        let status = refusal.kind.status(self.protocol);
        self.call.refuse(&refusal, status);
        refusal
    }

    /// Calls the targets and hands the reply over, for answers that are not relayed as they are.
    pub(crate) async fn fetch(
        mut self,
        targets: Vec<Target>,
        outbound: Outbound,
    ) -> Result<(Self, Reply), Refusal> {
        let (upstream, health) = (self.gateway.upstream(), self.gateway.health());
        match dispatch::dispatch(upstream, health, targets, outbound, &mut self.call).await {
            Ok(reply) => Ok((self, reply)),
            Err(refusal) => Err(self.refuse(refusal)),
        }
    }

    /// The answer, on its way to the client.
    pub(crate) fn relay(mut self, reply: Reply) -> Response<Body> {
        let (mut parts, upstream) = reply.response.into_parts();
        let status = parts.status;
        let events = is_event_stream(&parts).then_some(self.protocol);
        let readable = self.metered && headers::is_plain(&parts.headers);
        let meter = readable.then(|| match events {
            Some(protocol) => Meter::stream(protocol),
            None => Meter::whole(self.protocol),
        });
        parts.headers = self.answer_headers(parts.headers, &reply.target, reply.fallback);
        let relay = Relay::new(Answer {
            upstream,
            call: self.call,
            meter,
            events: events.filter(|_| readable),
            id: self.id,
            failed: !status.is_success(),
            idle_timeout: self.gateway.upstream().idle_timeout(),
        });
        Response::from_parts(parts, Body::Relay(Box::new(relay)))
    }

    /// A small answer that was changed on its way, whole.
    pub(crate) fn whole(
        mut self,
        mut parts: http::response::Parts,
        target: &Target,
        body: Vec<u8>,
    ) -> Response<Body> {
        parts.headers = self.answer_headers(parts.headers, target, None);
        parts.headers.remove(http::header::CONTENT_LENGTH);
        self.call.passed(body.len());
        let outcome = if parts.status.is_success() {
            Outcome::Success
        } else {
            Outcome::UpstreamError
        };
        self.call.close(outcome, None);
        Response::from_parts(parts, Body::from(body))
    }

    fn answer_headers(
        &mut self,
        upstream: http::HeaderMap,
        target: &Target,
        fallback: Option<&'static str>,
    ) -> http::HeaderMap {
        let credential = &target.credential;
        let mut headers = headers::downstream(upstream, credential.is_clients());
        headers.insert(
            names::MODE,
            HeaderValue::from_static(Mode::Passthrough.as_str()),
        );
        if let Ok(provider) = HeaderValue::from_str(&target.endpoint.provider) {
            headers.insert(names::PROVIDER, provider);
        }
        let model = self.call.row().and_then(|row| row.model_sent.as_deref());
        if let Some(Ok(model)) = model.map(HeaderValue::from_str) {
            headers.insert(names::MODEL, model);
        }
        if let Some(source) = credential.source() {
            headers.insert(names::CREDENTIAL, HeaderValue::from_static(source.as_str()));
        }
        if let Some(reason) = fallback {
            headers.insert(names::FALLBACK, HeaderValue::from_static(reason));
        }
        sign(&mut headers, self.protocol, &self.id);
        headers
    }
}

impl<'a> Admission<'a> {
    /// A call whose body names a model.
    pub(crate) fn inference(mut self, inference: Inference, inbound: &Inbound) -> Self {
        inference.name().clone_into(&mut self.row.endpoint);
        self.row.stream = inbound.peek.stream.unwrap_or(false);
        self.row.model_requested = inbound.peek.model.as_ref().map(|model| model.name.clone());
        self.row.bytes_in = inbound.body.len();
        self.metered = true;
        self.billed = inference.is_billed();
        self
    }

    /// A call that is not about a model.
    pub(crate) fn other(mut self, endpoint: &'static str, bytes_in: u64) -> Self {
        endpoint.clone_into(&mut self.row.endpoint);
        self.row.bytes_in = bytes_in;
        self
    }

    /// A `/proxy` call: metered when its path belongs to a protocol.
    pub(crate) fn proxied(
        mut self,
        inference: Option<Inference>,
        peek: &Peek,
        bytes_in: u64,
    ) -> Self {
        "proxy".clone_into(&mut self.row.endpoint);
        self.row.protocol = inference.map(Inference::protocol);
        self.row.model_requested = peek.model.as_ref().map(|model| model.name.clone());
        self.row.stream = inference.is_some() && peek.stream.unwrap_or(false);
        self.row.bytes_in = bytes_in;
        self.metered = inference.is_some();
        self.billed = inference.is_some_and(Inference::is_billed);
        self
    }

    /// Admits the call: from here on it leaves exactly one row.
    pub(crate) fn open(self) -> Result<Passage<'a>, Refusal> {
        let id = self.row.id.to_string();
        let call = OpenCall::admit(self.row, self.started, self.billed, self.books);
        let call = call.map_err(|error| {
            let message = "Calls cannot be recorded at the moment, so none is taken.";
            Refusal::new(ErrorKind::Overloaded, message).because(error)
        })?;
        let (gateway, protocol, metered) = (self.gateway, self.protocol, self.metered);
        Ok(Passage {
            gateway,
            call,
            id,
            protocol,
            metered,
        })
    }
}

impl Outbound {
    /// What is sent for a call whose body names a model.
    pub(crate) fn inference(inference: Inference, parts: Parts, inbound: Inbound) -> Self {
        let query = parts.uri.query().map(str::to_owned);
        Self {
            method: parts.method,
            headers: parts.headers,
            metered: true,
            body: dispatch::Body {
                raw: inbound.body,
                decoded: inbound.decoded,
                model: inbound.peek.model.map(|model| model.span),
            },
            address: Address::Path {
                suffix: Cow::Borrowed(inference.suffix()),
                query,
            },
        }
    }
}

fn is_event_stream(parts: &http::response::Parts) -> bool {
    let content_type = parts.headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    content_type.is_some_and(|value| {
        value
            .get(..17)
            .is_some_and(|start| start.eq_ignore_ascii_case(b"text/event-stream"))
    })
}
