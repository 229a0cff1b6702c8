//! A streamed answer, from the program to the client.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
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
    /// Hands pieces on until the answer is whole, or nobody wants it any more: then the program is ended.
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
            if sender.send(bytes).await.is_err() {
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
