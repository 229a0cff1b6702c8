//! One request for an answer: read, put to the program, and answered whole or in pieces.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Incoming;
use tokio_util::task::TaskTracker;
use tollhouse_domain::bridge::ask::{self, Ask};
use tollhouse_domain::bridge::output::Done;
use tollhouse_wire::ErrorKind;

use super::answer::{Answer, Body, json};
use super::handle::Served;
use super::program::{Failed, Run, Step};
use super::refusal::{Refusal, refusal};
use super::stream::{Streaming, pieces};

/// The most bytes of a request.
const LONGEST_REQUEST: usize = 8 << 20;
/// How long a request may take to arrive.
const ARRIVAL: Duration = Duration::from_mins(1);
/// When to come back where all are at work.
const BUSY_SECONDS: u32 = 5;

impl Served {
    pub(super) async fn complete(
        &self,
        request: Request<Incoming>,
        tasks: &TaskTracker,
    ) -> Result<Response<Body>, Refusal> {
        let body = body(request.into_body()).await?;
        let Some(serve) = &self.known.serve else {
            return Err(Refusal::new(
                ErrorKind::Internal,
                "This bridge is not served here.",
            ));
        };
        let ask = ask::read(&body, serve.takes_system()).map_err(|unfit| {
            Refusal::new(ErrorKind::InvalidRequest, unfit.message).about(unfit.field)
        })?;
        let permit = Arc::clone(&self.room).try_acquire_owned().map_err(|_| {
            let message = "The bridge is busy with other requests.";
            Refusal::new(ErrorKind::Overloaded, message).after(BUSY_SECONDS)
        })?;
        let run = Run::start(&self.known, serve, &ask, self.limit);
        let mut run = run.map_err(|error| self.refusal(Failed::NotStarted(error)))?;
        if !ask.stream {
            let answer = self.whole(&mut run, &ask).await?;
            let settling = async move {
                run.settle().await;
                drop(permit);
            };
            tasks.spawn(self.stop.clone().run_until_cancelled_owned(settling));
            return Ok(answer);
        }
        // Until the first piece is there, whatever goes wrong can still be said in the status.
        let first = match run.next().await {
            Step::Failed(failed) => return Err(self.refusal(failed)),
            step => step,
        };
        let (sender, pieces) = pieces();
        let streaming = Streaming {
            answer: Answer::new(model(&run, &ask)),
            run,
            usage: ask.usage,
            known: Arc::clone(&self.known),
            standing: Arc::clone(&self.standing),
            secret: self.secret.duplicate(),
            _permit: permit,
        };
        tasks.spawn(
            self.stop
                .clone()
                .run_until_cancelled_owned(streaming.pump(first, sender)),
        );
        let mut response = Response::new(pieces.boxed_unsync());
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok(response)
    }

    async fn whole(&self, run: &mut Run, ask: &Ask) -> Result<Response<Body>, Refusal> {
        let mut text = String::new();
        let done: Done = loop {
            match run.next().await {
                Step::Text(piece) => text.push_str(&piece),
                Step::Done(done) => break done,
                Step::Failed(failed) => return Err(self.refusal(failed)),
            }
        };
        let answer = Answer::new(model(run, ask));
        Ok(json(StatusCode::OK, answer.whole(&text, &done)))
    }

    fn refusal(&self, failed: Failed) -> Refusal {
        refusal(&self.known, &self.standing, &self.secret, failed)
    }
}

fn model<'a>(run: &'a Run, ask: &'a Ask) -> &'a str {
    let asked = ask.model.as_deref().unwrap_or(ask::DEFAULT_MODEL);
    run.model().unwrap_or(asked)
}

async fn body(incoming: Incoming) -> Result<Bytes, Refusal> {
    let read = Limited::new(incoming, LONGEST_REQUEST).collect();
    match tokio::time::timeout(ARRIVAL, read).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Refusal::new(
            ErrorKind::RequestTooLarge,
            "A request to a bridge has at most 8 MiB.",
        )),
        Ok(Err(_)) | Err(_) => Err(Refusal::new(
            ErrorKind::InvalidRequest,
            "The request did not arrive whole.",
        )),
    }
}
