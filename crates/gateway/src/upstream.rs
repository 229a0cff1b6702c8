//! The HTTP client: pooled, HTTP/1.1 and HTTP/2, no redirects, no decompression, no retries of
//! its own beyond a pooled connection that was closed before it was used.

mod bridge;
mod connect;
pub(crate) mod extras;
mod guard;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::GaiResolver;
use hyper_util::client::legacy::{Client, ResponseFuture};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tollhouse_domain::bridge::health::Health;
use tollhouse_domain::call::Call;
use tollhouse_wire::answer::Malformed;

use self::bridge::Lent;
pub(crate) use self::bridge::Untold;
use self::connect::{BoxError, Timed};
use self::extras::Extras;
use self::guard::{Forbidden, Guard, Rules};
use crate::chunks::ChunkBody;
use crate::config::{ConfiguredBridge, UpstreamConfig};
use crate::snapshot::Endpoint;

/// Idle connections kept per upstream; more than one burst of an agent needs.
const IDLE_PER_HOST: usize = 1024;
const IDLE_CONNECTION: Duration = Duration::from_secs(90);

/// Sends requests to providers.
pub(crate) struct Upstream {
    /// For the operator's endpoints.
    client: Pool<HttpConnector>,
    /// For addresses that users named. Its connections are its own: what the other one has open may lead
    /// inside.
    guarded: Pool<Guard>,
    lent: Lent,
    idle_timeout: Duration,
    extras: Extras,
    tasks: Tracked,
}

type Pool<C> = Client<Timed<HttpsConnector<C>>, ChunkBody>;

/// Why there is no answer at all.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UpstreamError {
    /// No connection: nothing was sent.
    #[error("no connection")]
    Unreachable(#[source] BoxError),
    /// A bridge that is away, or did not prove that it is the one: nothing was sent.
    #[error("the bridge was told nothing")]
    Untold(#[from] Untold),
    /// The address may not be called for whoever named it: nothing was sent.
    #[error("an address that a user named may not be called")]
    Forbidden(#[source] Forbidden),
    /// The connection ended before the answer began; the request may have been carried out.
    #[error("the connection ended before an answer")]
    Broken(#[source] BoxError),
    /// The answer to a first request, which the call itself depends on, says nothing that can be used.
    #[error("the answer that the call depends on cannot be read")]
    Unreadable(#[source] Malformed),
    /// Nothing came within the idle limit.
    #[error("no answer within the idle limit")]
    Silent,
}

impl Upstream {
    pub(crate) fn new(
        config: &UpstreamConfig,
        extras: Extras,
        bridges: &[ConfiguredBridge],
    ) -> Result<Self, rustls::Error> {
        let lent = Lent::new(bridges);
        Self::within(Rules::internet(), config, extras, lent)
    }

    fn within(
        rules: Rules,
        config: &UpstreamConfig,
        extras: Extras,
        lent: Lent,
    ) -> Result<Self, rustls::Error> {
        let tasks = Tracked {
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        };
        let mut builder = Client::builder(tasks.clone());
        builder
            .pool_idle_timeout(IDLE_CONNECTION)
            .pool_timer(hyper_util::rt::TokioTimer::new())
            .pool_max_idle_per_host(IDLE_PER_HOST)
            .http2_adaptive_window(true);
        let tcp = connect::tcp(GaiResolver::new());
        Ok(Self {
            client: builder.build(connect::connector(config, tcp)?),
            guarded: builder.build(connect::connector(config, Guard::new(rules))?),
            lent,
            idle_timeout: config.idle_timeout,
            extras,
            tasks,
        })
    }

    /// Adds what the operator has `provider`'s endpoints told besides the call itself.
    pub(crate) fn tell<B>(&self, provider: &str, call: Option<&Call>, request: &mut Request<B>) {
        self.extras.add(provider, call, request);
    }

    /// Sends one request to `endpoint`, as far as that may be called, and waits for the head of its answer.
    pub(crate) async fn call(
        &self,
        endpoint: &Endpoint,
        request: Request<ChunkBody>,
    ) -> Result<Response<Incoming>, UpstreamError> {
        if endpoint.guarded {
            return self.send_guarded(request).await;
        }
        if endpoint.bridge {
            // As with retries: few calls need the room.
            let calling = self.lent.call(request, &self.tasks, self.idle_timeout);
            return Box::pin(calling).await;
        }
        self.send(request).await
    }

    /// How the bridge at an address is.
    pub(crate) async fn look(&self, address: SocketAddr) -> Health {
        self.lent.look(address, &self.tasks).await
    }

    /// Sends one request to an endpoint of the operator's and waits for the head of its answer.
    pub(crate) async fn send(
        &self,
        request: Request<ChunkBody>,
    ) -> Result<Response<Incoming>, UpstreamError> {
        self.answer(self.client.request(request)).await
    }

    /// The same, to an address that a user named.
    async fn send_guarded(
        &self,
        request: Request<ChunkBody>,
    ) -> Result<Response<Incoming>, UpstreamError> {
        self.answer(self.guarded.request(request)).await
    }

    async fn answer(&self, pending: ResponseFuture) -> Result<Response<Incoming>, UpstreamError> {
        match tokio::time::timeout(self.idle_timeout, pending).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) if error.is_connect() => Err(match Forbidden::within(&error) {
                Some(forbidden) => UpstreamError::Forbidden(forbidden.clone()),
                None => UpstreamError::Unreachable(error.into()),
            }),
            Ok(Err(error)) => Err(UpstreamError::Broken(error.into())),
            Err(_) => Err(UpstreamError::Silent),
        }
    }

    pub(crate) fn idle_timeout(&self) -> Duration {
        self.idle_timeout
    }

    /// Ends every connection and waits for their tasks.
    pub(crate) async fn close(&self) {
        self.tasks.stop.cancel();
        self.tasks.tasks.close();
        self.tasks.tasks.wait().await;
    }
}

/// Runs hyper's connection tasks where shutdown can see them.
#[derive(Clone)]
struct Tracked {
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl<F> hyper::rt::Executor<F> for Tracked
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn execute(&self, future: F) {
        let stop = self.stop.clone();
        self.tasks
            .spawn(async move { stop.run_until_cancelled_owned(future).await.is_some() });
    }
}

/// The roots that upstream certificates are checked against.
pub(crate) fn crypto() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}
