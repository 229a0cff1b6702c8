//! An admitted call on its way through: its row opened, its targets called, its answer relayed.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use tollhouse_domain::call::Outcome;
use tollhouse_journal::JournalError;
use tollhouse_wire::loss::Losses;
use tollhouse_wire::translate::Translator;
use tollhouse_wire::{ErrorKind, Meter, Protocol};

use super::arriving::Arriving;
use super::assembled;
use super::count;
use super::dispatch::{self, Answered, Sending, Way, Ways};
use super::headers;
use super::outbound::Outbound;
use super::refusal::{Refusal, request_id, sign};
use super::relay::{Answer, Change, Relay};
use super::target::Target;
use super::translated::{self, Head};
use crate::body::Body;
use crate::ledger::open_call::OpenCall;
use crate::limits::admit::Granted;
use crate::names;
use crate::state::Gateway;

/// A call that has a row.
pub(crate) struct Passage<'a> {
    gateway: &'a Gateway,
    call: OpenCall,
    id: String,
    protocol: Protocol,
    metered: bool,
}

impl<'a> Passage<'a> {
    /// A call that has just been admitted.
    pub(super) fn new(
        gateway: &'a Gateway,
        call: OpenCall,
        id: String,
        protocol: Protocol,
        metered: bool,
    ) -> Self {
        Self {
            gateway,
            call,
            id,
            protocol,
            metered,
        }
    }

    /// Calls the targets and relays the answer; whatever goes wrong is on the row.
    pub(crate) async fn carry(
        mut self,
        granted: Result<Granted, Refusal>,
        outbound: Outbound,
    ) -> Result<Response<Body>, Refusal> {
        let targets = match granted.and_then(|granted| self.hold(granted)) {
            Ok(targets) => targets,
            Err(refusal) => return Err(self.refuse(refusal)),
        };
        if let [target, ..] = targets.as_slice()
            && let Some(dialect) = &target.dialect
            && outbound.is_count()
        {
            let count = count::count(self, target.clone(), dialect, &outbound);
            // As with translations: few calls need the room, and every call would have it.
            return Box::pin(count).await;
        }
        let ways = self.gateway.ways();
        match dispatch::dispatch(ways, targets, outbound, &mut self.call).await {
            Ok(answered) if answered.is_passed_on() => Ok(self.relay(answered)),
            Ok(answered) => Box::pin(self.answer(answered)).await,
            Err(refusal) => Err(self.refuse(refusal)),
        }
    }

    /// Hands an answer over that is not passed on as it comes.
    async fn answer(self, mut answered: Answered) -> Result<Response<Body>, Refusal> {
        match std::mem::replace(&mut answered.way, Way::AsItComes) {
            Way::Translated(answering) => translated::answer(self, answered, answering).await,
            Way::Assembled => assembled::answer(self, answered).await,
            Way::AsItComes => Ok(self.relay(answered)),
        }
    }

    /// Takes over what is held for a call that has to look something up first. It counts from here on,
    /// whatever is found: looking is what it came for.
    pub(crate) fn counted(mut self, granted: Result<Granted, Refusal>) -> Result<Self, Refusal> {
        match granted.and_then(|granted| self.hold(granted)) {
            Ok(_) => {
                self.call.count_in();
                Ok(self)
            }
            Err(refusal) => Err(self.refuse(refusal)),
        }
    }

    /// Takes over what is held for the call.
    fn hold(&mut self, granted: Granted) -> Result<Vec<Target>, Refusal> {
        if let Some(reservation) = granted.reservation {
            let held = self.call.hold(reservation);
            held.map_err(not_recorded)?;
        }
        Ok(granted.targets)
    }

    /// Ends the row with a refusal.
    pub(crate) fn refuse(mut self, refusal: Refusal) -> Refusal {
        let status = refusal.kind.status(self.protocol);
        if let Some(recording) = self.call.recording() {
            refusal.note(recording, self.protocol, &self.id);
        }
        self.call.refuse(&refusal, status);
        refusal
    }

    /// Notes how the call is carried to `target`, and what does not arrive there.
    pub(super) fn note(&mut self, target: &Target, losses: Losses) {
        self.call
            .carried(target.mode(), target.translated_to(), losses);
    }

    /// What the call may need on its way.
    pub(super) fn ways(&self) -> Ways<'_> {
        self.gateway.ways()
    }

    /// Calls one target once; `None` if there was no answer.
    pub(super) async fn send(&mut self, sending: Sending) -> Option<Response<Arriving>> {
        let ways = self.gateway.ways();
        sending.check(ways, &mut self.call).ok()?;
        let sent = dispatch::attempt(ways, sending, &mut self.call).await;
        sent.answer.ok()
    }

    /// Calls the targets and hands the reply over, for answers that are not relayed as they are.
    pub(crate) async fn fetch(
        mut self,
        granted: Result<Granted, Refusal>,
        outbound: Outbound,
    ) -> Result<(Self, Answered), Refusal> {
        let targets = match granted.and_then(|granted| self.hold(granted)) {
            Ok(targets) => targets,
            Err(refusal) => return Err(self.refuse(refusal)),
        };
        let ways = self.gateway.ways();
        match dispatch::dispatch(ways, targets, outbound, &mut self.call).await {
            Ok(answered) => Ok((self, answered)),
            Err(refusal) => Err(self.refuse(refusal)),
        }
    }

    /// The answer, on its way to the client as it comes.
    pub(crate) fn relay(self, answered: Answered) -> Response<Body> {
        let (mut parts, upstream) = answered.response.into_parts();
        let protocol = answered.target.endpoint.protocol;
        let readable = self.metered && headers::is_plain(&parts.headers);
        let events = is_event_stream(&parts);
        let meter = readable.then(|| {
            if events {
                Meter::stream(protocol)
            } else {
                Meter::whole(protocol)
            }
        });
        let events = (events && readable).then_some(self.protocol);
        let target = &answered.target;
        let anothers = target.endpoint.tells_windows() && !target.credential.is_callers();
        let change = if anothers && is_event_stream(&parts) && headers::is_plain(&parts.headers) {
            parts.headers.remove(http::header::CONTENT_LENGTH);
            Change::Sieved
        } else {
            Change::None
        };
        let head = Head {
            parts,
            target: answered.target,
            fallback: answered.fallback,
        };
        self.pass_on(head, upstream, meter, events, change)
    }

    /// A stream of another protocol, translated on its way to the client.
    pub(super) fn relay_translated(
        self,
        head: Head,
        upstream: Arriving,
        translator: Translator,
    ) -> Response<Body> {
        let meter = head.target.meter(true);
        let events = Some(self.protocol);
        let change = Change::Translated(Box::new(translator));
        self.pass_on(head, upstream, meter, events, change)
    }

    fn pass_on(
        mut self,
        head: Head,
        upstream: Arriving,
        meter: Option<Meter>,
        events: Option<Protocol>,
        change: Change,
    ) -> Response<Body> {
        let parts = self.answer_head(head);
        let relay = Relay::new(Answer {
            upstream,
            call: self.call,
            meter,
            events,
            change,
            id: self.id,
            failed: !parts.status.is_success(),
            idle_timeout: self.gateway.upstream().idle_timeout(),
        });
        Response::from_parts(parts, Body::Relay(Box::new(relay)))
    }

    /// An answer that was read whole and is now sent on, changed.
    pub(crate) async fn complete(
        mut self,
        head: Head,
        outcome: Outcome,
        body: Vec<u8>,
    ) -> Response<Body> {
        let mut parts = self.answer_head(head);
        parts.headers.remove(http::header::CONTENT_LENGTH);
        if let Some(row) = self.call.row() {
            row.status = Some(parts.status.as_u16());
        }
        let body = Bytes::from(body);
        self.call.passed(&body);
        let ledger = Arc::clone(self.call.ledger());
        if let Some(position) = self.call.close(outcome, None)
            && ledger.is_strict()
        {
            ledger.durable(position).await;
        }
        Response::from_parts(parts, Body::from(body))
    }

    /// The protocol of the caller.
    pub(super) const fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// The id of the call.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// How long an upstream may be silent.
    pub(super) fn idle_timeout(&self) -> Duration {
        self.gateway.upstream().idle_timeout()
    }

    /// The most bytes of a body that are held at once.
    pub(super) fn max_body(&self) -> u64 {
        self.gateway.max_body()
    }

    /// The call's row and what listens to its answer.
    pub(super) fn call(&mut self) -> &mut OpenCall {
        &mut self.call
    }

    /// What a translated answer says of where it comes from.
    fn translation_headers(&mut self, headers: &mut http::HeaderMap, protocol: Option<Protocol>) {
        if let Some(protocol) = protocol {
            headers.insert(names::PROTOCOL, HeaderValue::from_static(protocol.as_str()));
        }
        // The client's errors name the provider's request, as they would without us.
        let row = self.call.row();
        let id = row.and_then(|row| row.upstream_request_id.as_deref());
        if let Some(Ok(id)) = id.map(HeaderValue::from_str) {
            headers.insert(request_id(self.protocol), id);
        }
    }

    /// The head that the client gets: the upstream's, with what we say about the call.
    fn answer_head(&mut self, head: Head) -> http::response::Parts {
        let Head {
            mut parts,
            target,
            fallback,
        } = head;
        let credential = &target.credential;
        let mut headers = headers::downstream(
            parts.headers,
            credential.is_clients(),
            credential.is_callers(),
        );
        if self.protocol == Protocol::Messages
            && parts.status.is_success()
            && !credential.is_clients()
            && let Some(warning) = self.call.warning()
        {
            warning.write(&mut headers);
        }
        let mode = target.mode().as_str();
        headers.insert(names::MODE, HeaderValue::from_static(mode));
        if target.dialect.is_some() {
            self.translation_headers(&mut headers, target.translated_to());
        }
        let row = self.call.row().filter(|row| !row.losses.is_empty());
        if let Some(Ok(losses)) = row.map(|row| HeaderValue::try_from(row.losses.join(","))) {
            headers.insert(names::LOSS, losses);
        }
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
        if let Some(recording) = self.call.recording() {
            recording.answered(&headers);
        }
        parts.headers = headers;
        parts
    }
}

/// Why a call is not taken that the journal does not.
pub(super) fn not_recorded(error: JournalError) -> Refusal {
    let message = "Calls cannot be recorded at the moment, so none is taken.";
    Refusal::new(ErrorKind::Overloaded, message).because(error)
}

/// Whether an answer is a stream of events; one without a body is none.
pub(super) fn is_event_stream(parts: &http::response::Parts) -> bool {
    if parts.status == StatusCode::NO_CONTENT {
        return false;
    }
    let content_type = parts.headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    content_type.is_some_and(|value| {
        value
            .get(..17)
            .is_some_and(|start| start.eq_ignore_ascii_case(b"text/event-stream"))
    })
}
