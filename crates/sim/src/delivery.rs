//! Puts an answer on the wire the way its script says: slowly, in odd pieces, or only in part.

use std::{
    collections::VecDeque,
    io::Write as _,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http_body::{Body, Frame, SizeHint};
use tokio::time::Sleep;

use crate::{
    progress::Open,
    reply::Content,
    script::{Chunking, Script},
};

/// What was written must leave before the connection breaks: frames that wait in the server's
/// buffers would be lost with it, and a client would see fewer events than the script says.
const LINGER: Duration = Duration::from_millis(10);

/// The server broke the connection because the script says so.
#[derive(Debug, thiserror::Error)]
#[error("the script breaks the connection here")]
pub(crate) struct Broken;

#[derive(Debug)]
enum Step {
    Send(Bytes),
    /// Gives the server one turn to write out what it has, so that each event leaves by itself.
    Breathe,
    Wait(Duration),
    Break,
}

/// A body that plays steps.
#[derive(Debug)]
pub(crate) struct Delivery {
    steps: VecDeque<Step>,
    waiting: Option<Pin<Box<Sleep>>>,
    /// The length to declare; absent for streams.
    length: Option<u64>,
    open: Option<Open>,
}

impl Delivery {
    pub(crate) fn new(content: Content, script: &Script, open: Open) -> Self {
        let (writes, length, breaks) = plan(content, script);
        let mut steps = VecDeque::with_capacity(writes.len() * 2 + 2);
        for (position, bytes) in writes.into_iter().enumerate() {
            if position > 0 {
                let idle = script.gap.is_zero();
                steps.push_back(if idle {
                    Step::Breathe
                } else {
                    Step::Wait(script.gap)
                });
            }
            steps.push_back(Step::Send(bytes));
        }
        if breaks {
            steps.push_back(Step::Wait(LINGER));
            steps.push_back(Step::Break);
        }
        let mut delivery = Self {
            steps,
            waiting: None,
            length,
            open: Some(open),
        };
        delivery.settle();
        delivery
    }

    /// Nothing left to do: the answer counts as finished, whether or not anyone asks for its end.
    fn settle(&mut self) {
        if self.steps.is_empty()
            && let Some(open) = self.open.take()
        {
            open.finish();
        }
    }
}

/// The writes, the length to declare, and whether the connection breaks after them.
fn plan(content: Content, script: &Script) -> (Vec<Bytes>, Option<u64>, bool) {
    let (mut events, whole) = match content {
        Content::Whole(bytes) if bytes.is_empty() => (Vec::new(), true),
        Content::Whole(bytes) => (vec![bytes], true),
        Content::Events(events) => (events, false),
    };
    let rechunk = |events: Vec<Bytes>| match script.chunk {
        Some(chunk) => cut(&events, chunk),
        None => events,
    };
    if whole {
        if script.gzip {
            events = compress(&events, true);
        }
        events = rechunk(events);
    }
    let length = whole.then(|| events.iter().map(|event| event.len() as u64).sum());
    let full = events.len();
    let limit = script.reset_after.or(script.truncate_after).unwrap_or(full);
    events.truncate(limit);
    if !whole {
        if script.gzip {
            events = compress(&events, limit >= full);
        }
        events = rechunk(events);
    }
    (
        events,
        length,
        script.reset_after.is_some_and(|after| after < full),
    )
}

/// The same bytes in other pieces.
fn cut(events: &[Bytes], chunk: Chunking) -> Vec<Bytes> {
    let mut all = Bytes::from(events.concat());
    let mut sizes = chunk.sizes();
    let mut pieces = Vec::new();
    while !all.is_empty() {
        let size = sizes.next().unwrap_or(1).min(all.len());
        pieces.push(all.split_to(size));
    }
    pieces
}

/// One gzip stream, flushed after every event so that each can be decoded when it arrives.
fn compress(events: &[Bytes], finish: bool) -> Vec<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let mut pieces = Vec::with_capacity(events.len() + 1);
    for event in events {
        // Writing to a Vec does not fail.
        let _ = encoder.write_all(event).and_then(|()| encoder.flush());
        pieces.push(Bytes::from(std::mem::take(encoder.get_mut())));
    }
    if finish && let Ok(tail) = encoder.finish() {
        pieces.push(tail.into());
    }
    pieces
}

impl Body for Delivery {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        loop {
            if let Some(sleep) = self.waiting.as_mut() {
                ready!(sleep.as_mut().poll(cx));
                self.waiting = None;
            }
            match self.steps.pop_front() {
                None => return Poll::Ready(None),
                Some(Step::Send(bytes)) => {
                    self.settle();
                    return Poll::Ready(Some(Ok(Frame::data(bytes))));
                }
                Some(Step::Breathe) => {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Some(Step::Wait(time)) => self.waiting = Some(Box::pin(tokio::time::sleep(time))),
                Some(Step::Break) => {
                    self.settle();
                    return Poll::Ready(Some(Err(Broken)));
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.steps.is_empty() && self.waiting.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.length
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
