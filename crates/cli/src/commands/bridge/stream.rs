//! A streamed answer, from the program to the client.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::{Instant, timeout_at};
use tollhouse_domain::bridge::Bridge;
use tollhouse_vault::Secret;

use super::answer::{Answer, event};
use super::program::{Run, Step};
use super::refusal::refusal;
use super::watch::Standing;

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
    pub(super) async fn pump(mut self, first: Step, sender: mpsc::Sender<Bytes>) {
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
            if !hand_on(&sender, bytes, self.run.until()).await {
                return;
            }
            if last {
                drop(sender);
                self.run.settle().await;
                return;
            }
            step = tokio::select! {
                step = self.run.next() => step,
                () = sender.closed() => return,
            };
        }
    }
}

/// Whether a piece found room before `until`: whoever stops reading does not keep a place for ever.
async fn hand_on(sender: &mpsc::Sender<Bytes>, bytes: Bytes, until: Instant) -> bool {
    matches!(timeout_at(until, sender.send(bytes)).await, Ok(Ok(())))
}

/// The pieces of an answer as they come.
pub(super) struct Pieces(pub(super) mpsc::Receiver<Bytes>);

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let next = self.0.poll_recv(context);
        next.map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_client_that_stops_reading_is_waited_for_no_longer_than_the_run_may_take() {
        let (sender, mut pieces) = mpsc::channel(1);
        let piece = || Bytes::from_static(b"piece");
        let until = Instant::now() + Duration::from_mins(5);
        assert!(hand_on(&sender, piece(), until).await);
        assert!(!hand_on(&sender, piece(), until).await, "there is no room");
        assert_eq!(Instant::now(), until);
        assert_eq!(pieces.recv().await, Some(piece()));
        let later = until + Duration::from_mins(5);
        assert!(hand_on(&sender, piece(), later).await);
        drop(pieces);
        assert!(!hand_on(&sender, piece(), later).await, "nobody wants it");
    }
}
