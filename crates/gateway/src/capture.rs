//! What calls say, on its way to being kept: noted where it passes by, sealed and stored by a task of its
//! own ([`writer`]).
//!
//! No call waits for any of it. What is noted is references to bytes that pass anyway; what all of them
//! take together is bounded ([`room`]), and a call that there is no room for goes on without, which its row
//! and a metric say. Where nothing is to be kept, a call has no [`Recording`] at all.

mod content;
mod room;
mod tape;
pub(crate) mod writer;

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use tokio::sync::mpsc;
use tollhouse_domain::capture::{Capture, Kept};
use tollhouse_domain::id::CallId;
use tollhouse_domain::key::VirtualKey;
use tollhouse_domain::time::Timestamp;
use tollhouse_vault::Context;

pub(crate) use self::content::{ContentError, Said, Side, open};
use self::room::{Room, Share};
use self::tape::Tape;
use crate::chunks::Chunks;
use crate::config::CaptureConfig;
use crate::telemetry::metrics::Metrics;

/// How many calls that ended may wait to be sealed. What they take is bounded elsewhere; this bounds those
/// that take next to nothing.
const QUEUE: usize = 1024;

/// What is kept of calls, and where it goes.
pub(crate) struct Captures {
    bodies: Capture,
    max_body: u64,
    room: Arc<Room>,
    queue: mpsc::Sender<Finished>,
    metrics: Arc<Metrics>,
}

/// Both bodies of a call that ended.
pub(crate) struct Finished {
    call: CallId,
    at: Timestamp,
    mode: Capture,
    request: Tape,
    answer: Tape,
    share: Share,
}

impl Captures {
    /// And the other end of the queue, for the writer.
    pub(crate) fn new(
        config: &CaptureConfig,
        metrics: Arc<Metrics>,
    ) -> (Self, mpsc::Receiver<Finished>) {
        let (queue, finished) = mpsc::channel(QUEUE);
        let captures = Self {
            bodies: config.bodies,
            max_body: config.max_body,
            room: Arc::new(Room::new(config.max_memory)),
            queue,
            metrics,
        };
        (captures, finished)
    }

    /// What is kept of a key's calls.
    pub(crate) fn of(&self, key: &VirtualKey) -> Capture {
        key.capture.unwrap_or(self.bodies)
    }

    /// What is kept of calls whose keys say nothing else.
    pub(crate) fn bodies(&self) -> Capture {
        self.bodies
    }

    /// Begins to note what a call of this key says, if that is to be kept.
    pub(crate) fn start(self: &Arc<Self>, key: &VirtualKey) -> Option<Box<Recording>> {
        let mode = self.of(key);
        if mode == Capture::Off {
            return None;
        }
        Some(Box::new(Recording {
            mode,
            request: Tape::new(self.max_body),
            answer: Tape::new(self.max_body),
            share: Share::of(&self.room),
            dropped: false,
            captures: Arc::clone(self),
        }))
    }
}

/// What a call says, as far as it has got.
pub(crate) struct Recording {
    captures: Arc<Captures>,
    mode: Capture,
    request: Tape,
    answer: Tape,
    share: Share,
    /// There was no room.
    dropped: bool,
}

impl Recording {
    /// Notes the request's body, with its compression undone if `plain`.
    pub(crate) fn asked(&mut self, headers: &HeaderMap, body: &Chunks, plain: bool) {
        self.request.headed(headers);
        if plain {
            self.request.plain();
        }
        for piece in body.pieces() {
            self.request.add(piece);
        }
        self.fit();
    }

    /// Notes the head of the answer as the client gets it.
    pub(crate) fn answered(&mut self, headers: &HeaderMap) {
        self.answer.headed(headers);
    }

    /// Notes bytes of the answer on their way to the client.
    pub(crate) fn passed(&mut self, bytes: &Bytes) {
        if !self.dropped {
            self.answer.add(bytes);
            self.fit();
        }
    }

    /// Lets go of everything if there is no room for it.
    fn fit(&mut self) {
        if !self.share.cover(self.request.held() + self.answer.held()) {
            self.dropped = true;
            self.request.clear();
            self.answer.clear();
        }
    }

    /// Hands everything over to be kept, and says whether that went well.
    pub(crate) fn finish(self, call: CallId, at: Timestamp) -> Kept {
        let kept = match self.mode {
            Capture::Full => Kept::Full,
            Capture::Redacted | Capture::Off => Kept::Redacted,
        };
        let finished = Finished {
            call,
            at,
            mode: self.mode,
            request: self.request,
            answer: self.answer,
            share: self.share,
        };
        if self.dropped || self.captures.queue.try_send(finished).is_err() {
            self.captures.metrics.captures_dropped.inc();
            return Kept::Dropped;
        }
        kept
    }
}

/// Where what a call said belongs.
pub(crate) fn place(call: CallId) -> Context<'static> {
    Context {
        table: "captures",
        row: call.0,
        column: "sealed",
    }
}

#[cfg(test)]
pub(crate) mod tests;
