//! A stream of events that leaves on schedule, each event flushed on its own as providers do.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame};
use tokio::time::{Instant, Sleep};

use super::Counters;
use crate::clock;
use crate::payload::{STAMP_DIGITS, Script, StampKind};

/// The body of one stream. Dropped before its last event it counts as aborted.
#[derive(Debug)]
pub(crate) struct EventBody {
    script: Arc<Script>,
    next: usize,
    next_stamp: usize,
    /// When the request had arrived; `Some` asks for stamps.
    received: Option<u64>,
    pace: Pace,
    counters: Arc<Counters>,
}

#[derive(Debug)]
enum Pace {
    /// Give way once before each event: hyper flushes when a body is not ready, and a provider
    /// flushes each event.
    Yield { yielded: bool },
    Timed {
        due: Instant,
        gap: Duration,
        timer: Pin<Box<Sleep>>,
    },
}

impl EventBody {
    pub(super) fn new(
        script: Arc<Script>,
        first: Duration,
        gap: Duration,
        received: Option<u64>,
        counters: Arc<Counters>,
    ) -> Self {
        counters.open.fetch_add(1, Ordering::Relaxed);
        let pace = if first.is_zero() && gap.is_zero() {
            Pace::Yield { yielded: true }
        } else {
            let due = Instant::now() + first;
            Pace::Timed {
                due,
                gap,
                timer: Box::pin(tokio::time::sleep_until(due)),
            }
        };
        Self {
            script,
            next: 0,
            next_stamp: 0,
            received,
            pace,
            counters,
        }
    }

    fn event(&mut self) -> Option<Bytes> {
        let end = *self.script.ends.get(self.next)?;
        let start = self
            .next
            .checked_sub(1)
            .map_or(0, |last| self.script.ends[last]);
        self.next += 1;
        let event = self.script.bytes.slice(start..end);
        let Some(received) = self.received else {
            return Some(event);
        };
        let mut event = BytesMut::from(event);
        while let Some(stamp) = self.script.stamps.get(self.next_stamp) {
            if stamp.at >= end {
                break;
            }
            let time = match stamp.kind {
                StampKind::Sent => clock::now_ns(),
                StampKind::Received => received,
            };
            let at = stamp.at - start;
            event[at..at + STAMP_DIGITS].copy_from_slice(format!("{time:020}").as_bytes());
            self.next_stamp += 1;
        }
        Some(event.freeze())
    }
}

impl Pace {
    fn poll_due(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match self {
            Self::Yield { yielded } => {
                *yielded = !*yielded;
                if *yielded {
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
            }
            Self::Timed { due, gap, timer } => {
                std::task::ready!(timer.as_mut().poll(context));
                *due += *gap;
                timer.as_mut().reset(*due);
            }
        }
        Poll::Ready(())
    }
}

impl Body for EventBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = &mut *self;
        if this.is_end_stream() {
            return Poll::Ready(None);
        }
        std::task::ready!(this.pace.poll_due(context));
        Poll::Ready(this.event().map(|event| Ok(Frame::data(event))))
    }

    fn is_end_stream(&self) -> bool {
        self.next >= self.script.ends.len()
    }
}

impl Drop for EventBody {
    fn drop(&mut self) {
        self.counters.open.fetch_sub(1, Ordering::Relaxed);
        if !self.is_end_stream() {
            self.counters.aborted.fetch_add(1, Ordering::Relaxed);
            self.counters
                .last_abort_ns
                .store(clock::now_ns(), Ordering::Relaxed);
        }
    }
}
