//! A streamed answer, from the program to the client.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use tokio::time::{Instant, timeout_at};
use tollhouse_domain::bridge::Bridge;
use tollhouse_vault::Secret;

use super::answer::{Answer, event};
use super::program::{Run, Step};
use super::refusal::refusal;
use super::watch::Standing;

/// Pieces of an answer that wait for a slow client.
const WAITING: usize = 16;
/// How long the last piece waits at least: nothing of the program is held up by it.
const LAST: Duration = Duration::from_secs(10);

/// A streamed answer being made.
pub(super) struct Streaming {
    pub(super) run: Run,
    pub(super) answer: Answer,
    pub(super) usage: bool,
    pub(super) known: Arc<Bridge>,
    pub(super) standing: Arc<Standing>,
    pub(super) secret: Secret,
    pub(super) _permit: OwnedSemaphorePermit,
}

impl Streaming {
    /// Hands pieces on until the answer is whole, or nobody wants it any more or takes it in time: then the
    /// program is ended.
    pub(super) async fn pump(mut self, first: Step, sender: Sender) {
        let (mut step, mut begun) = (first, false);
        loop {
            let (bytes, last) = match step {
                Step::Text(text) => (self.answer.piece(&text, !begun), false),
                Step::Done(done) => (self.answer.end(&done, self.usage), true),
                Step::Failed(failed) => {
                    let refusal = refusal(&self.known, &self.standing, &self.secret, failed);
                    (event(&refusal.body()), true)
                }
            };
            begun = true;
            if last {
                sender.end(bytes, self.run.until()).await;
                self.run.settle().await;
                return;
            }
            if !sender.hand_on(bytes, self.run.until()).await {
                return;
            }
            step = tokio::select! {
                step = self.run.next() => step,
                () = sender.pieces.closed() => return,
            };
        }
    }
}

/// Where pieces go in, and where they come out.
pub(super) fn pieces() -> (Sender, Pieces) {
    let (sender, pieces) = mpsc::channel(WAITING);
    let (whole, is_whole) = oneshot::channel();
    let sender = Sender {
        pieces: sender,
        whole,
    };
    (sender, Pieces { pieces, is_whole })
}

/// Where the pieces of an answer go in. What is not brought to its end is cut off.
pub(super) struct Sender {
    pieces: mpsc::Sender<Bytes>,
    whole: oneshot::Sender<()>,
}

impl Sender {
    /// Whether a piece found room before `until`: whoever stops reading does not keep a place for ever.
    async fn hand_on(&self, bytes: Bytes, until: Instant) -> bool {
        matches!(timeout_at(until, self.pieces.send(bytes)).await, Ok(Ok(())))
    }

    /// Hands on the last piece.
    async fn end(self, bytes: Bytes, until: Instant) {
        if self.hand_on(bytes, until.max(Instant::now() + LAST)).await {
            // Who has left does not ask.
            let _left = self.whole.send(());
        }
    }
}

/// The pieces of an answer as they come.
pub(super) struct Pieces {
    pieces: mpsc::Receiver<Bytes>,
    is_whole: oneshot::Receiver<()>,
}

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let next = self.pieces.poll_recv(context);
        next.map(|bytes| match bytes {
            Some(bytes) => Some(Ok(Frame::data(bytes))),
            // A body that ended here would look whole.
            None if self.is_whole.try_recv().is_err() => {
                Some(Err(io::Error::other("the answer was not taken in time")))
            }
            None => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    const PIECE: Bytes = Bytes::from_static(b"piece");

    /// A sender that has no room left, and what it has sent.
    async fn full(until: Instant) -> (Sender, Pieces) {
        let (sender, pieces) = pieces();
        for _ in 0..WAITING {
            assert!(sender.hand_on(PIECE, until).await);
        }
        (sender, pieces)
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_stops_reading_is_waited_for_no_longer_than_the_run_may_take() {
        let until = Instant::now() + Duration::from_mins(5);
        let (sender, mut pieces) = full(until).await;
        assert!(!sender.hand_on(PIECE, until).await, "there is no room");
        assert_eq!(Instant::now(), until);
        assert!(pieces.frame().await.is_some_and(|frame| frame.is_ok()));
        let later = until + Duration::from_mins(5);
        assert!(sender.hand_on(PIECE, later).await);
        drop(pieces);
        assert!(!sender.hand_on(PIECE, later).await, "nobody wants it");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_given_up_is_cut_off_and_does_not_look_whole() {
        let until = Instant::now() + Duration::from_mins(5);
        let (sender, pieces) = full(until).await;
        assert!(!sender.hand_on(PIECE, until).await);
        drop(sender);
        assert!(pieces.collect().await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_piece_has_a_moment_though_the_time_of_the_run_is_over() {
        let until = Instant::now();
        let (sender, pieces) = full(until + LAST).await;
        let read = async {
            tokio::time::sleep(LAST / 2).await;
            pieces.collect().await
        };
        let ((), read) = tokio::join!(sender.end(PIECE, until), read);
        let read = read.map(|read| read.to_bytes().len());
        assert_eq!(read.ok(), Some((WAITING + 1) * PIECE.len()));

        let (sender, pieces) = full(until + LAST * 2).await;
        sender.end(PIECE, until).await;
        assert!(pieces.collect().await.is_err(), "it waited long enough");
    }
}
