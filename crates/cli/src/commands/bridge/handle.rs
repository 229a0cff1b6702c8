//! Requests to a bridge: who may knock, what is asked, and what is answered.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HOST, ORIGIN, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Body as HttpBody, Frame, Incoming};
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tollhouse_domain::bridge::ask::{self, Ask};
use tollhouse_domain::bridge::door::{self, Barred};
use tollhouse_domain::bridge::output::{Done, Why};
use tollhouse_domain::bridge::{Bridge, proof, told};
use tollhouse_vault::{Secret, constant_time_eq};
use tollhouse_wire::{ErrorKind, Protocol, error_body};

use super::answer::{Answer, event};
use super::program::{Failed, Run, Step};
use super::watch::Standing;

/// The most bytes of a request.
const LONGEST_REQUEST: usize = 8 << 20;
/// How long a request may take to arrive.
const ARRIVAL: Duration = Duration::from_mins(1);
/// Pieces of an answer that wait for a slow client.
const WAITING: usize = 16;
/// When to come back where all are at work.
const BUSY_SECONDS: u32 = 5;

pub(super) type Body = UnsyncBoxBody<Bytes, Infallible>;

/// A bridge at work.
pub(super) struct Served {
    known: Arc<Bridge>,
    pub(super) standing: Arc<Standing>,
    secret: Secret,
    bearer: Secret,
    port: u16,
    room: Arc<Semaphore>,
    limit: Duration,
    stop: CancellationToken,
}

/// Why a request is not answered.
struct Refusal {
    kind: ErrorKind,
    message: String,
    field: Option<&'static str>,
    retry_after: Option<u32>,
}

impl Refusal {
    fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            field: None,
            retry_after: None,
        }
    }

    fn body(&self) -> Vec<u8> {
        error_body(Protocol::Chat, self.kind, &self.message, "", self.field)
    }

    fn response(&self) -> Response<Body> {
        let status = StatusCode::from_u16(self.kind.status(Protocol::Chat));
        let mut response = json(
            status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            self.body(),
        );
        if let Some(seconds) = self.retry_after {
            response
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

fn json(status: StatusCode, body: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(Full::new(body.into()).boxed_unsync());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[derive(Serialize)]
struct Models<'a> {
    object: &'static str,
    data: Vec<ModelRow<'a>>,
}

#[derive(Serialize)]
struct ModelRow<'a> {
    id: &'a str,
    object: &'static str,
    created: i64,
    owned_by: &'a str,
}

impl Served {
    pub(super) fn new(
        known: Bridge,
        secret: &Secret,
        port: u16,
        concurrency: u32,
        limit: Duration,
        stop: CancellationToken,
    ) -> Self {
        let known = Arc::new(known);
        Self {
            standing: Arc::new(Standing::new(Arc::clone(&known))),
            known,
            secret: secret.duplicate(),
            bearer: Secret::new(format!("Bearer {}", secret.expose())),
            port,
            room: Arc::new(Semaphore::new(concurrency as usize)),
            limit,
            stop,
        }
    }

    /// Answers a request that came to `address`.
    pub(super) async fn answer(
        &self,
        request: Request<Incoming>,
        address: SocketAddr,
        tasks: &TaskTracker,
    ) -> Response<Body> {
        let headers = request.headers();
        let hosts = headers.get_all(HOST).iter().map(HeaderValue::as_bytes);
        let barred = door::check(hosts, headers.contains_key(ORIGIN), self.port);
        if let Err(barred) = barred {
            return shut(barred);
        }
        let (path, method) = (request.uri().path().to_owned(), request.method().clone());
        if path == "/health" && method == Method::GET {
            // It says nothing that a program of this machine could not find out.
            return self.health(headers, address).await;
        }
        let answered = match self.admit(headers) {
            Err(refusal) => Err(refusal),
            Ok(()) => match (method, path.as_str()) {
                (Method::GET, "/v1/models") => Ok(self.models()),
                (Method::POST, "/v1/chat/completions") => self.complete(request, tasks).await,
                _ => Err(Refusal::new(
                    ErrorKind::NotFound,
                    "There is nothing at this path.",
                )),
            },
        };
        answered.unwrap_or_else(|refusal| refusal.response())
    }

    /// Whether whoever asks knows the secret.
    fn admit(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let mut given = headers.get_all(AUTHORIZATION).iter();
        let right = match (given.next(), given.next()) {
            (Some(value), None) => {
                constant_time_eq(value.as_bytes(), self.bearer.expose().as_bytes())
            }
            _ => false,
        };
        if right {
            return Ok(());
        }
        let message = "The secret of the bridge is missing or wrong.";
        Err(Refusal::new(ErrorKind::InvalidKey, message))
    }

    async fn health(&self, headers: &HeaderMap, address: SocketAddr) -> Response<Body> {
        let nonces = headers.get_all(proof::NONCE).iter();
        let Ok(nonce) = proof::wanted(nonces.map(HeaderValue::as_bytes)) else {
            let message = "What is to be proven with is 16 to 128 URL-safe characters.";
            return Refusal::new(ErrorKind::InvalidRequest, message).response();
        };
        let (report, ready) = self.standing.now().await;
        let status = if ready {
            StatusCode::OK
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        };
        let mut response = json(status, serde_json::to_vec(&report).unwrap_or_default());
        if let Some(nonce) = nonce {
            let proof = tollhouse_vault::proof(&self.secret, &proof::said(nonce, address));
            // It is hex digits.
            if let Ok(proof) = HeaderValue::try_from(proof) {
                response.headers_mut().insert(proof::PROOF, proof);
            }
        }
        response
    }

    fn models(&self) -> Response<Body> {
        let names = self.known.models.iter().map(|model| model.name.as_str());
        let rows = names.chain([ask::DEFAULT_MODEL]).map(|id| ModelRow {
            id,
            object: "model",
            created: 0,
            owned_by: &self.known.id,
        });
        let models = Models {
            object: "list",
            data: rows.collect(),
        };
        json(
            StatusCode::OK,
            serde_json::to_vec(&models).unwrap_or_default(),
        )
    }

    async fn complete(
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
        let ask = ask::read(&body, serve.takes_system()).map_err(|unfit| Refusal {
            field: unfit.field,
            ..Refusal::new(ErrorKind::InvalidRequest, unfit.message)
        })?;
        let permit = Arc::clone(&self.room)
            .try_acquire_owned()
            .map_err(|_| Refusal {
                retry_after: Some(BUSY_SECONDS),
                ..Refusal::new(
                    ErrorKind::Overloaded,
                    "The bridge is busy with other requests.",
                )
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
        let (sender, receiver) = mpsc::channel(WAITING);
        let streaming = Streaming {
            answer: Answer::new(model(&run, &ask)),
            run,
            usage: ask.usage,
            known: Arc::clone(&self.known),
            standing: Arc::clone(&self.standing),
            secret: self.bearer.duplicate(),
            _permit: permit,
        };
        tasks.spawn(
            self.stop
                .clone()
                .run_until_cancelled_owned(streaming.pump(first, sender)),
        );
        let mut response = Response::new(Pieces(receiver).boxed_unsync());
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
        refusal(&self.known, &self.standing, &self.bearer, failed)
    }
}

fn model<'a>(run: &'a Run, ask: &'a Ask) -> &'a str {
    let asked = ask.model.as_deref().unwrap_or(ask::DEFAULT_MODEL);
    run.model().unwrap_or(asked)
}

/// What is said to whom the door is shut. Nothing of it is for web pages, which could not read it anyway.
fn shut(barred: Barred) -> Response<Body> {
    let (status, message) = match barred {
        Barred::Host => (
            StatusCode::MISDIRECTED_REQUEST,
            "This is a bridge of this machine, which is not what the request names as its host.",
        ),
        Barred::Origin => (StatusCode::FORBIDDEN, "Web pages are not answered here."),
    };
    json(
        status,
        error_body(
            Protocol::Chat,
            ErrorKind::PermissionDenied,
            message,
            "",
            None,
        ),
    )
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

/// What a failure is to whoever asked.
fn refusal(known: &Bridge, standing: &Standing, bearer: &Secret, failed: Failed) -> Refusal {
    let secret = bearer.expose().trim_start_matches("Bearer ");
    let label = &known.label;
    match failed {
        Failed::Said(failure) => {
            let said = told(&failure.text, &[secret]);
            match failure.why {
                Why::Auth => {
                    standing.doubt();
                    let message = format!(
                        "{label} is not logged in: {}. It says: {said}",
                        known.remedy()
                    );
                    Refusal::new(ErrorKind::CredentialMissing, message)
                }
                Why::Limited => Refusal::new(
                    ErrorKind::RateLimited,
                    format!("{label} is limited: {said}"),
                ),
                Why::Request => Refusal::new(
                    ErrorKind::InvalidRequest,
                    format!("{label} refuses: {said}"),
                ),
                Why::Other => {
                    Refusal::new(ErrorKind::UpstreamBroken, format!("{label} failed: {said}"))
                }
            }
        }
        Failed::TimedOut => Refusal::new(
            ErrorKind::UpstreamTimeout,
            format!("{label} did not answer in time."),
        ),
        Failed::TooLong => Refusal::new(
            ErrorKind::UpstreamBroken,
            format!("{label} answers with more than 10 MiB."),
        ),
        Failed::NotStarted(error) => {
            standing.doubt();
            let said = told(&error.to_string(), &[secret]);
            let message = format!("{label} cannot be started: {said}");
            Refusal::new(ErrorKind::UpstreamUnreachable, message)
        }
    }
}

/// A streamed answer being made.
struct Streaming {
    run: Run,
    answer: Answer,
    usage: bool,
    known: Arc<Bridge>,
    standing: Arc<Standing>,
    secret: Secret,
    _permit: OwnedSemaphorePermit,
}

impl Streaming {
    /// Hands pieces on until the answer is whole, or nobody wants it any more: then the program is ended.
    async fn pump(mut self, first: Step, sender: mpsc::Sender<Bytes>) {
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
struct Pieces(mpsc::Receiver<Bytes>);

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
