//! The answer on its way to the client: forwarded frame by frame, metered by reference, and recorded
//! before its last bytes are released. Where the protocols differ, a translator stands in between.

mod idle;
mod text;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tollhouse_domain::call::Outcome;
use tollhouse_journal::Position;
use tollhouse_wire::answer::Malformed;
use tollhouse_wire::error::error_event_after;
use tollhouse_wire::failure::Class;
use tollhouse_wire::meter::StreamTail;
use tollhouse_wire::{ErrorKind, Meter, Metered, Protocol};

use self::idle::Idle;
pub(crate) use self::text::Change;
use self::text::Text;
use super::arriving::Arriving;
use crate::ledger::open_call::OpenCall;

/// Why a relayed answer has no proper end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Broken {
    /// The upstream's connection failed.
    #[error("the upstream's answer broke off")]
    Cut,
    /// The upstream said it was done, in the middle of a stream.
    #[error("the upstream's stream ended without its last event")]
    Truncated,
    /// The upstream fell silent.
    #[error("the upstream sent nothing for too long")]
    Silent,
    /// The upstream does not keep to its protocol.
    #[error("the upstream's stream cannot be understood: {0}")]
    Malformed(Malformed),
}

impl Broken {
    const fn message(self) -> &'static str {
        match self {
            Self::Cut => "The provider's answer broke off.",
            Self::Truncated => "The provider's stream ended before it was complete.",
            Self::Silent => "The provider sent nothing for too long.",
            Self::Malformed(_) => "The provider's answer could not be understood.",
        }
    }

    const fn kind(self) -> ErrorKind {
        match self {
            Self::Cut | Self::Truncated | Self::Malformed(_) => ErrorKind::UpstreamBroken,
            Self::Silent => ErrorKind::UpstreamTimeout,
        }
    }

    const fn class(self) -> Class {
        match self {
            Self::Cut | Self::Truncated | Self::Malformed(_) => Class::Server,
            Self::Silent => Class::Timeout,
        }
    }
}

/// An answer being relayed.
pub(crate) struct Relay {
    upstream: Arriving,
    call: OpenCall,
    meter: Option<Meter>,
    /// The client's protocol, if this is an event stream; other bodies have no place for an error of ours.
    events: Option<Protocol>,
    text: Text,
    id: String,
    /// Bytes still to come, when the upstream said how many.
    left: Option<u64>,
    failed: bool,
    idle: Idle,
    state: State,
}

enum State {
    /// Bytes come and go.
    Flowing,
    /// The call is recorded; these last bytes wait for the disk.
    Held(Option<Bytes>, Pin<Box<dyn Future<Output = ()> + Send>>),
    /// The error event is out; after a turn for it to be flushed, the connection breaks.
    Breaking(Broken, bool),
    /// The call is recorded; whatever else comes passes.
    Recorded,
    /// Nothing comes any more.
    Ended,
}

/// What the relay has to know of an answer.
pub(crate) struct Answer {
    pub(crate) upstream: Arriving,
    pub(crate) call: OpenCall,
    pub(crate) meter: Option<Meter>,
    pub(crate) events: Option<Protocol>,
    /// What becomes of its bytes.
    pub(crate) change: Change,
    pub(crate) id: String,
    /// The status says that the call failed.
    pub(crate) failed: bool,
    pub(crate) idle_timeout: std::time::Duration,
}

type Polled = Poll<Option<Result<Frame<Bytes>, Broken>>>;

impl Relay {
    pub(crate) fn new(answer: Answer) -> Self {
        let text = Text::new(answer.change);
        // How long what is changed becomes is not known before its end.
        let left = answer
            .upstream
            .size_hint()
            .exact()
            .filter(|_| text.is_verbatim());
        let mut relay = Self {
            upstream: answer.upstream,
            call: answer.call,
            meter: answer.meter,
            events: answer.events,
            text,
            id: answer.id,
            left,
            failed: answer.failed,
            idle: Idle::new(answer.idle_timeout),
            state: State::Flowing,
        };
        if relay.upstream.is_end_stream() && (relay.events.is_none() || relay.failed) {
            // An answer without a body: its end is its head. A stream of events must have said so.
            relay.finish();
            relay.state = State::Ended;
        }
        relay
    }

    fn flow(&mut self, context: &mut Context<'_>) -> Polled {
        loop {
            match Pin::new(&mut self.upstream).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => {
                    self.idle.touch();
                    // Trailers belong to the hop.
                    let Ok(bytes) = frame.into_data() else {
                        continue;
                    };
                    if let Some(meter) = &mut self.meter {
                        meter.push(&bytes);
                    }
                    if let Some(left) = &mut self.left {
                        *left = left.saturating_sub(bytes.len() as u64);
                    }
                    match self.text.push(bytes) {
                        // Not every piece of one protocol is one of the other's.
                        Ok(bytes) if bytes.is_empty() && !self.text.is_verbatim() => {}
                        Ok(bytes) => return self.pass(bytes, context),
                        Err(malformed) => return self.fail(Broken::Malformed(malformed), context),
                    }
                }
                Poll::Ready(None) => return self.end(context),
                Poll::Ready(Some(Err(_))) => return self.fail(Broken::Cut, context),
                Poll::Pending => {
                    if self.idle.poll(context).is_ready() {
                        return self.fail(Broken::Silent, context);
                    }
                    let bytes = ready!(self.text.poll_keep_alive(context));
                    self.call.kept_alive(bytes.len());
                    return Poll::Ready(Some(Ok(Frame::data(bytes))));
                }
            }
        }
    }

    /// Passes bytes on; those that complete the answer are released only once it is recorded.
    fn pass(&mut self, bytes: Bytes, context: &mut Context<'_>) -> Polled {
        self.call.passed(&bytes);
        let complete = match (&self.text, self.events) {
            (Text::Translated(text), _) => text.ended(),
            (Text::Verbatim | Text::Sieved(_), Some(_)) => {
                self.meter.as_ref().is_some_and(Meter::terminal)
            }
            (Text::Verbatim | Text::Sieved(_), None) => self.left == Some(0),
        };
        if !complete {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        match self.finish() {
            Some(position) if self.call.ledger().is_strict() => {
                let waiting = Arc::clone(self.call.ledger()).durable(position);
                self.state = State::Held(Some(bytes), Box::pin(waiting));
                self.poll_state(context)
            }
            _ => {
                self.state = State::Recorded;
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
        }
    }

    /// The upstream is done.
    fn end(&mut self, context: &mut Context<'_>) -> Polled {
        if let Some(meter) = &mut self.meter {
            meter.end_of_input();
        }
        let last = match self.text.finish() {
            Ok(last) => last,
            Err(Malformed::TRUNCATED) => return self.fail(Broken::Truncated, context),
            Err(malformed) => return self.fail(Broken::Malformed(malformed), context),
        };
        let tail = self.meter.as_ref().map(Meter::tail);
        let metered = self.meter.take().map(Meter::finish);
        let truncated = !self.text.is_translated()
            && self
                .events
                .is_some_and(|protocol| is_truncated(protocol, metered.as_ref()));
        if truncated && !self.failed {
            return self.break_off(Broken::Truncated, tail, metered, context);
        }
        self.call.passed(&last);
        let last = (!last.is_empty()).then_some(last);
        match self.record(metered) {
            Some(position) if self.call.ledger().is_strict() => {
                let waiting = Arc::clone(self.call.ledger()).durable(position);
                self.state = State::Held(last, Box::pin(waiting));
                self.poll_state(context)
            }
            _ => {
                self.state = State::Ended;
                Poll::Ready(last.map(|bytes| Ok(Frame::data(bytes))))
            }
        }
    }

    /// The upstream failed, or fell silent.
    fn fail(&mut self, broken: Broken, context: &mut Context<'_>) -> Polled {
        let tail = self.meter.as_ref().map(Meter::tail);
        let metered = self.meter.take().map(Meter::finish);
        self.break_off(broken, tail, metered, context)
    }

    /// Records a whole answer.
    fn finish(&mut self) -> Option<Position> {
        let metered = self.meter.take().map(Meter::finish);
        self.record(metered)
    }

    fn record(&mut self, metered: Option<Metered>) -> Option<Position> {
        let in_band = metered
            .as_ref()
            .is_some_and(|metered| metered.error.is_some());
        let translated = self.text.failed();
        if let Some(class) = translated {
            self.call.failed(class);
        }
        let outcome = if self.failed {
            Outcome::UpstreamError
        } else if in_band || translated.is_some() {
            Outcome::StreamError
        } else {
            Outcome::Success
        };
        self.call.close(outcome, metered)
    }

    /// Records a broken answer and tells the client, in its protocol where the stream has a place
    /// for that, and by breaking the connection in any case.
    fn break_off(
        &mut self,
        broken: Broken,
        tail: Option<StreamTail>,
        metered: Option<Metered>,
        context: &mut Context<'_>,
    ) -> Polled {
        // A stream that carried its own error has told the client already, and its row says that one.
        let own = metered
            .as_ref()
            .is_some_and(|metered| metered.error.is_some());
        let told = self.failed || own;
        if let Some(row) = self.call.row().filter(|_| !own) {
            row.error
                .get_or_insert_with(|| broken.kind().label().to_owned());
        }
        let translated = self.text.fail(broken.class(), broken.message());
        self.call
            .passed(translated.as_ref().unwrap_or(&Bytes::new()));
        let event = match (translated, self.events, tail) {
            (Some(event), _, _) => Some(event),
            (None, Some(protocol), Some(tail)) if tail.at_boundary && !told => {
                let event =
                    error_event_after(protocol, broken.kind(), broken.message(), &self.id, &tail);
                let event = Bytes::from(event);
                if let Some(recording) = self.call.recording() {
                    recording.passed(&event);
                }
                Some(event)
            }
            (None, _, _) => None,
        };
        self.call.close(Outcome::StreamError, metered);
        self.state = State::Breaking(broken, false);
        match event {
            Some(event) => Poll::Ready(Some(Ok(Frame::data(event)))),
            None => self.poll_state(context),
        }
    }

    fn poll_state(&mut self, context: &mut Context<'_>) -> Polled {
        match &mut self.state {
            State::Flowing => self.flow(context),
            State::Held(bytes, waiting) => {
                ready!(waiting.as_mut().poll(context));
                let bytes = bytes.take();
                let more = bytes.is_some();
                self.state = if more { State::Recorded } else { State::Ended };
                Poll::Ready(bytes.map(|bytes| Ok(Frame::data(bytes))))
            }
            State::Breaking(broken, flushed) => {
                if !*flushed {
                    // hyper drops what it has not flushed when a body fails; it flushes on Pending.
                    *flushed = true;
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                let broken = *broken;
                self.state = State::Ended;
                Poll::Ready(Some(Err(broken)))
            }
            State::Recorded => loop {
                match Pin::new(&mut self.upstream).poll_frame(context) {
                    // The client has the end of its answer; looking once leaves the connection of an
                    // upstream that is done too to the next call.
                    _ if self.text.is_translated() => {}
                    Poll::Ready(Some(Ok(frame))) => {
                        self.idle.touch();
                        let Ok(bytes) = frame.into_data() else {
                            continue;
                        };
                        let Ok(bytes) = self.text.push(bytes) else {
                            continue;
                        };
                        if bytes.is_empty() && !self.text.is_verbatim() {
                            continue;
                        }
                        return Poll::Ready(Some(Ok(Frame::data(bytes))));
                    }
                    // The answer was complete; how its connection ends, or that it does not, is
                    // nobody's concern.
                    Poll::Ready(Some(Err(_)) | None) => {}
                    Poll::Pending => ready!(self.idle.poll(context)),
                }
                self.state = State::Ended;
                return Poll::Ready(None);
            },
            State::Ended => Poll::Ready(None),
        }
    }
}

/// Whether a stream that ended had not said all it had to. Some Chat servers leave out `[DONE]` after
/// a finish reason, and a stream that ended with its own error has said it.
fn is_truncated(protocol: Protocol, metered: Option<&Metered>) -> bool {
    let Some(metered) = metered else { return false };
    let stopped = protocol == Protocol::Chat && metered.stop_reason.is_some();
    !metered.terminal && !stopped && metered.error.is_none()
}

impl Body for Relay {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Polled {
        self.get_mut().poll_state(context)
    }

    fn is_end_stream(&self) -> bool {
        match self.state {
            State::Ended => true,
            State::Recorded => self.upstream.is_end_stream(),
            State::Flowing | State::Held(..) | State::Breaking(..) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.left
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // The client left, or was cut off by us: what was metered so far is billed.
        if self.call.row().is_some() {
            let cut = self.call.ledger().is_cutting() || std::thread::panicking();
            let outcome = if cut {
                Outcome::Interrupted
            } else {
                Outcome::ClientDisconnect
            };
            let metered = self.meter.take().map(Meter::finish);
            self.call.close(outcome, metered);
        }
    }
}
