//! A call about to be admitted: what its row says before anybody is asked.

use std::sync::Arc;
use std::time::Instant;

use http::HeaderMap;
use tollhouse_domain::call::Call;
use tollhouse_wire::Protocol;

use super::Arrival;
use super::authenticate::Principal;
use super::identify::Identity;
use super::inbound::Inbound;
use super::operation::Inference;
use super::passage::{Passage, not_recorded};
use super::refusal::Refusal;
use crate::capture::Recording;
use crate::chunks::Chunks;
use crate::ledger::open_call::{Books, OpenCall};
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
    /// Bytes of the request as they read.
    prompt: u64,
    recording: Option<Box<Recording>>,
}

impl<'a> Admission<'a> {
    /// Begins the row of a call.
    pub(crate) fn new(
        gateway: &'a Gateway,
        snapshot: &Snapshot,
        arrival: Arrival,
        protocol: Protocol,
        principal: &Principal,
        identity: Identity,
    ) -> Self {
        let key = &principal.key;
        let row = Call {
            user: key.owner,
            org: key.org,
            agent: identity.agent,
            caller: identity.caller,
            session_name: identity.session_name,
            subagent: identity.subagent,
            subagent_type: identity.subagent_type,
            subagent_parent: identity.subagent_parent,
            tags: identity.tags,
            protocol: Some(protocol),
            from: Some(arrival.from),
            snapshot_revision: snapshot.revision,
            ..Call::opened(arrival.id, arrival.at, key.id, identity.session)
        };
        gateway.used(key.id, arrival.at);
        let books = gateway.books(Arc::clone(&snapshot.prices));
        Self {
            gateway,
            row,
            started: arrival.started,
            books,
            protocol,
            metered: false,
            billed: false,
            prompt: 0,
            recording: gateway.captures().start(key),
        }
    }

    /// A call whose body names a model.
    pub(crate) fn inference(mut self, inference: Inference, inbound: &Inbound) -> Self {
        inference.name().clone_into(&mut self.row.endpoint);
        self.row.stream = inbound.peek.stream.unwrap_or(false);
        self.row.model_requested = inbound.peek.model.as_ref().map(|model| model.name.clone());
        self.row.bytes_in = inbound.body.len();
        self.prompt = inbound.plain().len();
        self.metered = true;
        self.billed = inference.is_billed();
        self
    }

    /// A call that is not about a model.
    pub(crate) fn other(mut self, endpoint: &'static str, bytes_in: u64) -> Self {
        endpoint.clone_into(&mut self.row.endpoint);
        self.row.bytes_in = bytes_in;
        self.prompt = bytes_in;
        self
    }

    /// A `/proxy` call: metered when its path belongs to a protocol.
    pub(crate) fn proxied(mut self, inference: Option<Inference>, inbound: &Inbound) -> Self {
        let peek = &inbound.peek;
        "proxy".clone_into(&mut self.row.endpoint);
        self.row.protocol = inference.map(Inference::protocol);
        self.row.model_requested = peek.model.as_ref().map(|model| model.name.clone());
        self.row.stream = inference.is_some() && peek.stream.unwrap_or(false);
        self.row.bytes_in = inbound.body.len();
        self.prompt = inbound.plain().len();
        self.metered = inference.is_some();
        self.billed = inference.is_some_and(Inference::is_billed);
        self
    }

    /// Notes what the client says, where that is to be kept. `plain`: with its compression undone.
    pub(crate) fn saying(mut self, headers: &HeaderMap, body: &Chunks, plain: bool) -> Self {
        if let Some(recording) = &mut self.recording {
            recording.asked(headers, body, plain);
        }
        self
    }

    /// Admits the call: from here on it leaves exactly one row.
    pub(crate) fn open(self) -> Result<Passage<'a>, Refusal> {
        let id = self.row.id.to_string();
        let call = OpenCall::admit(self.row, self.started, self.billed, self.prompt, self.books);
        let mut call = call.map_err(not_recorded)?;
        call.keep(self.recording);
        Ok(Passage::new(
            self.gateway,
            call,
            id,
            self.protocol,
            self.metered,
        ))
    }
}
