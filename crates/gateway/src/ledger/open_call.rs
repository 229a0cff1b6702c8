//! A call from admission to its end: exactly one row, whichever way it ends.

mod charge;

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::HeaderMap;
use tollhouse_domain::call::{Attempt, Call, Mode, Outcome};
use tollhouse_domain::catalog::PriceBook;
use tollhouse_domain::credential::CredentialSource;
use tollhouse_domain::estimate;
use tollhouse_domain::limits::Real;
use tollhouse_domain::price::Paid;
use tollhouse_journal::{JournalError, Position};
use tollhouse_wire::failure::Class;
use tollhouse_wire::loss::Losses;
use tollhouse_wire::{Meter, Metered, Protocol};
use tracing::error;

use self::charge::Sent;
use super::running::Place;
use super::{Ledger, record};
use crate::capture::Recording;
use crate::clock;
use crate::limits::{Reservation, Warning};
use crate::names;
use crate::pools::Seat;
use crate::proxy::refusal::Refusal;
use crate::telemetry::metrics::Metrics;

/// The error of a call whose usage cannot be believed.
const IMPOSSIBLE: &str = "impossible_usage";

/// The longest name of a model told of an attempt, in characters: an attempt is one field of the journal, and
/// would not read if it were cut.
const LONGEST_MODEL: usize = 2000;

/// What a call needs besides its row to be recorded.
#[derive(Clone)]
pub(crate) struct Books {
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) prices: Arc<PriceBook>,
}

/// A call that has been admitted and has not ended. Dropping it ends it: its client left, or its task
/// died.
pub(crate) struct OpenCall {
    row: Option<Box<Call>>,
    started: Instant,
    books: Books,
    /// Whether tokens were generated for money, so that a cut answer still costs something.
    billed: bool,
    /// The upstream said that it would answer, and so it charges for what it said.
    accepted: bool,
    /// Bytes of the request as they read: what stands for the prompt where nothing else does.
    prompt: u64,
    /// What went wrong, where the upstream's own words for it are not to be had.
    failure: Option<Class>,
    /// Listens to an answer that is read before it is passed on.
    meter: Option<Meter>,
    /// How the call is paid for.
    paid: Paid,
    /// A request is out, and nobody knows what came of it.
    in_flight: bool,
    /// What limits hold for the call.
    reservation: Option<Reservation>,
    /// What is said, where that is to be kept.
    recording: Option<Box<Recording>>,
    /// A place at the account that the call is made with.
    seat: Option<Box<Seat>>,
    /// Its place among the calls that run.
    place: Option<Place>,
}

impl OpenCall {
    /// Admits a call: from here on it leaves a row.
    pub(crate) fn admit(
        row: Call,
        started: Instant,
        billed: bool,
        prompt: u64,
        books: Books,
    ) -> Result<Self, JournalError> {
        let began = record::encode(&row);
        books.ledger.begin(&began)?;
        let place = books.ledger.running().enter(&row, began);
        books.metrics.open_calls.inc();
        Ok(Self {
            row: Some(Box::new(row)),
            started,
            books,
            billed,
            accepted: false,
            prompt,
            failure: None,
            meter: None,
            paid: Paid::ByUse,
            in_flight: false,
            reservation: None,
            recording: None,
            seat: None,
            place: Some(place),
        })
    }

    /// Lets it count from here on, whether or not anybody is asked.
    pub(crate) const fn count_in(&mut self) {
        if let Some(held) = &mut self.reservation {
            held.count_in();
        }
    }

    /// What is said from here on goes there too.
    pub(crate) fn keep(&mut self, recording: Option<Box<Recording>>) {
        self.recording = recording;
    }

    /// Where what is said is noted, if it is to be kept.
    pub(crate) fn recording(&mut self) -> Option<&mut Recording> {
        self.recording.as_deref_mut()
    }

    /// Takes over what limits hold for the call. Money is journaled before it can be spent, so that it
    /// counts even if the process dies.
    pub(crate) fn hold(&mut self, reservation: Reservation) -> Result<(), JournalError> {
        let worst = reservation.worst().filter(|_| reservation.is_budgeted());
        self.reservation = Some(reservation);
        if let (Some(row), Some(worst)) = (&mut self.row, worst) {
            row.charged_usd = Some(worst);
            self.books.ledger.begin(&record::encode(row))?;
        }
        Ok(())
    }

    /// How much of the call's budgets is used up, if it has any.
    pub(crate) fn warning(&self) -> Option<Warning> {
        self.reservation.as_ref().and_then(Reservation::warning)
    }

    /// Takes the place of an attempt at an account, and gives back that of the one before.
    pub(crate) fn sit(&mut self, seat: Option<Seat>) {
        self.seat = seat.map(Box::new);
    }

    /// The request did not get out.
    pub(crate) const fn unreached(&mut self) {
        self.in_flight = false;
    }

    /// Notes what went wrong; what the upstream called it is better, if that is to be had.
    pub(crate) fn failed(&mut self, class: Class) {
        self.failure = Some(class);
    }

    /// From here on [`Self::heard`] tells what the upstream says.
    pub(crate) fn listen(&mut self, meter: impl Into<Option<Meter>>) {
        self.meter = meter.into();
    }

    /// Notes bytes of the upstream's answer.
    pub(crate) fn heard(&mut self, bytes: &[u8]) {
        if let Some(meter) = &mut self.meter {
            meter.push(bytes);
        }
    }

    pub(crate) fn row(&mut self) -> Option<&mut Call> {
        self.row.as_deref_mut()
    }

    pub(crate) fn ledger(&self) -> &Arc<Ledger> {
        &self.books.ledger
    }

    /// Notes where the call is about to be sent.
    pub(crate) fn sent_to(
        &mut self,
        provider: &str,
        model: Option<&str>,
        source: Option<CredentialSource>,
        paid: Paid,
    ) {
        self.in_flight = true;
        self.paid = paid;
        if let Some(row) = self.row() {
            row.provider = Some(provider.to_owned());
            row.credential_source = source;
            row.model_sent = model
                .map(str::to_owned)
                .or_else(|| row.model_requested.clone());
            row.attempts += 1;
        }
        if let (Some(place), Some(row)) = (&self.place, &self.row) {
            place.asks(provider, row.model_sent.as_deref());
        }
    }

    /// How long ago it was admitted.
    pub(crate) fn elapsed_ms(&self) -> f64 {
        millis(self.started)
    }

    /// Notes that the attempt so far, which was over at `ended_ms`, is followed by another. What it was
    /// answered is not what the call is answered.
    pub(crate) fn turns_elsewhere(&mut self, reason: &str, ended_ms: f64) {
        let Some(row) = self.row() else { return };
        row.fallback = Some(reason.to_owned());
        row.tried.push(Attempt {
            provider: row.provider.clone().unwrap_or_default(),
            model_sent: row
                .model_sent
                .as_ref()
                .map(|model| model.chars().take(LONGEST_MODEL).collect()),
            credential_id: row.credential_id,
            credential_source: row.credential_source,
            credential_kind: row.credential_kind,
            status: row.status.take(),
            upstream_request_id: row.upstream_request_id.take(),
            reason: reason.to_owned(),
            ended_ms,
        });
    }

    /// Notes how the call is carried, in which protocol if not the caller's, and what is lost.
    pub(crate) fn carried(&mut self, mode: Mode, sent: Option<Protocol>, losses: Losses) {
        if let Some(row) = self.row() {
            row.mode = mode;
            row.protocol_sent = sent;
            row.losses = losses.iter().map(|loss| loss.as_str().to_owned()).collect();
        }
    }

    /// Notes the head of an upstream's answer.
    pub(crate) fn answered(&mut self, status: u16, headers: &HeaderMap) {
        self.in_flight = false;
        self.accepted = (200..300).contains(&status);
        if let Some(row) = self.row() {
            row.status = Some(status);
            let id = headers
                .get(names::REQUEST_ID)
                .or_else(|| headers.get(names::X_REQUEST_ID));
            let text = id.and_then(|value| value.to_str().ok());
            row.upstream_request_id = text.map(|text| text.chars().take(200).collect());
        }
    }

    /// Notes bytes of the answer on their way to the client.
    pub(crate) fn passed(&mut self, bytes: &Bytes) {
        let started = self.started;
        if let Some(row) = self.row() {
            if row.ttft_ms.is_none() {
                row.ttft_ms = Some(millis(started));
            }
            row.bytes_out += bytes.len() as u64;
        }
        if let Some(recording) = &mut self.recording {
            recording.passed(bytes);
        }
    }

    /// Notes bytes of our own that only keep the client waiting.
    pub(crate) fn kept_alive(&mut self, bytes: usize) {
        if let Some(row) = self.row() {
            row.bytes_out += bytes as u64;
        }
    }

    /// Ends the call with a refusal of ours and gives the refusal back to be sent.
    pub(crate) fn refuse(mut self, refusal: &Refusal, status: u16) {
        if let Some(row) = self.row() {
            row.status = Some(status);
            row.error = Some(refusal.kind.label().to_owned());
        }
        let tried = self.row.as_ref().is_some_and(|row| row.attempts > 0);
        let outcome = if tried {
            Outcome::UpstreamError
        } else {
            Outcome::Refused
        };
        self.close(outcome, None);
    }

    /// Ends the call. Only the first ending counts; returns where it is in the journal.
    pub(crate) fn close(&mut self, outcome: Outcome, metered: Option<Metered>) -> Option<Position> {
        let mut row = self.row.take()?;
        row.outcome = outcome;
        row.duration_ms = Some(millis(self.started));
        let heard = || self.meter.take().map(Meter::finish);
        let seat = self.seat.take();
        if let Some(metered) = metered.or_else(heard) {
            if let Some(seat) = &seat {
                seat.metered(&metered, self.accepted, clock::now());
            }
            let charged = (self.billed && self.accepted).then_some(self.prompt);
            fill(&mut row, metered, charged);
        }
        if let Some(class) = self.failure {
            row.error.get_or_insert_with(|| class.label().to_owned());
        }
        price(&mut row, &self.books.prices, self.paid);
        self.settle(&mut row);
        let recording = self.recording.take();
        row.capture = recording.map(|recording| recording.finish(row.id, row.at));
        self.books.metrics.finished(&row);
        // Before anybody hears of its end: whoever looks on never takes it for running again.
        self.place = None;
        match self.books.ledger.end(*row) {
            Ok(position) => Some(position),
            Err(error) => {
                self.books.metrics.ledger_lost.inc();
                error!(%error, "a finished call could not be journaled");
                None
            }
        }
    }
}

impl OpenCall {
    /// Settles what limits hold with what the call used.
    fn settle(&mut self, row: &mut Call) {
        row.charged_usd = None;
        let Some(held) = self.reservation.take() else {
            return;
        };
        if row.attempts == 0 && !held.is_counted() {
            // Nobody was asked: dropping it lets go of everything.
            return;
        }
        let sent = Sent {
            billed: self.billed,
            accepted: self.accepted,
            in_flight: self.in_flight,
            prompt: self.prompt,
        };
        let tokens = charge::charge(row, &held, sent, &self.books.prices);
        let cost = row.charge();
        held.settle(Real { tokens, cost });
    }
}

impl Drop for OpenCall {
    fn drop(&mut self) {
        if self.row.is_none() {
            return;
        }
        let cut = std::thread::panicking() || self.books.ledger.is_cutting();
        self.close(
            if cut {
                Outcome::Interrupted
            } else {
                Outcome::ClientDisconnect
            },
            None,
        );
    }
}

/// Takes over what the meter read, and estimates what a cut answer left unsaid.
///
/// `charged`: the bytes of the prompt, where the upstream generated for money.
fn fill(row: &mut Call, metered: Metered, charged: Option<u64>) {
    row.usage = metered.usage;
    row.usage_raw = metered.usage_raw;
    row.stop_reason = metered.stop_reason;
    row.model_served = metered.model;
    row.upstream_object = metered.upstream_id;
    if row.error.is_none() {
        row.error = metered.error.and_then(|error| error.code.or(error.kind));
    }
    let cut = match row.outcome {
        Outcome::ClientDisconnect
        | Outcome::StreamError
        | Outcome::Interrupted
        | Outcome::UpstreamError => true,
        Outcome::Success | Outcome::Refused => false,
    };
    if let Some(prompt) = charged.filter(|_| cut && !metered.terminal) {
        row.estimated = estimate::fill(&mut row.usage, prompt, metered.output_bytes_hint);
    }
    if metered.quarantined {
        // Counts that contradict each other are kept to be looked at, and not turned into money.
        row.error.get_or_insert_with(|| IMPOSSIBLE.to_owned());
    }
}

/// What the models are called that a call may be priced by, the surest first.
fn names(row: &Call) -> [Option<&str>; 3] {
    [&row.model_served, &row.model_sent, &row.model_requested].map(Option::as_deref)
}

fn models(row: &Call) -> impl Iterator<Item = &str> {
    names(row).into_iter().flatten()
}

fn price(row: &mut Call, prices: &PriceBook, paid: Paid) {
    if row.error.as_deref() == Some(IMPOSSIBLE) {
        return;
    }
    let Some(provider) = row.provider.as_deref() else {
        return;
    };
    let costs = prices.costs(provider, names(row), &row.usage, paid);
    (row.cost_usd, row.list_cost_usd) = (costs.cost, costs.list);
}

fn millis(started: Instant) -> f64 {
    let elapsed = clock::monotonic().saturating_duration_since(started);
    // Whole microseconds: more digits would only be noise.
    (elapsed.as_secs_f64() * 1e6).round() / 1e3
}

#[cfg(test)]
mod tests;
