//! Taking connections: HTTP/1.1 and HTTP/2, with or without TLS, until told to stop.

mod tls;

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;
use tracing::{debug, info, warn};

use crate::body::Body;
use crate::client::Client;
use crate::config::Config;
use crate::patience::PATIENCE;
use crate::proxy::operation;
use crate::state::Gateway;
use crate::{admin, proxy};

/// How long a client may take to send a request's head, or to agree on TLS.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// A pause after an accept that failed for want of something, such as file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Why the server does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The TLS files cannot be used.
    #[error("server.tls: {0}")]
    Tls(String),
}

/// An address that is taken, where nobody is served yet. It comes before the gateway: where it cannot be had,
/// nothing else has begun.
#[expect(missing_debug_implementations, reason = "holds a key")]
pub struct Listening {
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    permits: Arc<Semaphore>,
    drain: Duration,
}

impl Listening {
    /// Takes the configured address.
    pub async fn bind(config: &Config) -> Result<Self, ServeError> {
        let listener = listen(config.listen).await?;
        Self::on(listener, config)
    }

    /// On an address that the caller has taken, which stands in for the configured one.
    pub fn on(listener: TcpListener, config: &Config) -> Result<Self, ServeError> {
        let tls = config.tls.as_ref().map(tls::acceptor).transpose()?;
        let most = usize::try_from(config.max_connections).unwrap_or(usize::MAX);
        let permits = Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
        Ok(Self {
            listener,
            tls,
            permits,
            drain: config.drain,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// A server of this gateway.
    pub fn serve(self, gateway: Gateway) -> Server {
        Server {
            gateway,
            listening: self,
        }
    }
}

/// Takes an address.
pub async fn listen(address: SocketAddr) -> Result<TcpListener, ServeError> {
    let listener = TcpListener::bind(address).await;
    listener.map_err(|source| ServeError::Listen { address, source })
}

/// A gateway and where it listens.
#[expect(missing_debug_implementations, reason = "holds the gateway")]
pub struct Server {
    gateway: Gateway,
    listening: Listening,
}

impl Server {
    /// Where it listens.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listening.address()
    }

    /// Serves until `stop`, then lets open calls end, then ends everything. A cancelled `now` cuts
    /// the waiting short.
    pub async fn run(self, stop: CancellationToken, now: CancellationToken) {
        let Self { gateway, listening } = self;
        let Listening {
            listener,
            tls,
            permits,
            drain,
        } = listening;
        let connections = TaskTracker::new();
        let (closing, killing) = (CancellationToken::new(), CancellationToken::new());
        let router = admin::router(gateway.clone(), closing.clone());
        let shared = Arc::new(Shared {
            gateway: gateway.clone(),
            router,
            closing: closing.clone(),
            killing: killing.clone(),
        });
        loop {
            let permit = tokio::select! {
                permit = Arc::clone(&permits).acquire_owned() => permit,
                () = stop.cancelled() => break,
            };
            let Ok(permit) = permit else { break };
            let stream = tokio::select! {
                accepted = listener.accept() => accepted,
                () = stop.cancelled() => break,
            };
            match stream {
                Ok((stream, peer)) => {
                    let (shared, tls) = (Arc::clone(&shared), tls.clone());
                    connections.spawn(async move {
                        shared.gateway.metrics().connections.inc();
                        shared.connection(stream, peer.ip(), tls).await;
                        shared.gateway.metrics().connections.dec();
                        drop(permit);
                    });
                }
                Err(error) => {
                    warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        // Nobody can connect any more; those who are connected finish what they began.
        drop(listener);
        gateway.0.draining.store(true, Ordering::Relaxed);
        closing.cancel();
        connections.close();
        let seconds = drain.as_secs();
        info!(seconds, "stopping: open calls may end");
        tokio::select! {
            () = connections.wait() => {}
            () = tokio::time::sleep(drain) => warn!("open calls did not end in time; they are cut off"),
            () = now.cancelled() => warn!("asked again: open calls are cut off"),
        }
        gateway.ledger().cut();
        killing.cancel();
        connections.wait().await;
        gateway.shut_down().await;
    }
}

impl Gateway {
    /// Ends the background work; the journal keeps what the store has not taken.
    async fn shut_down(&self) {
        self.0.stop.cancel();
        self.0.tasks.close();
        self.0.tasks.wait().await;
        self.0.upstream.close().await;
        let closing = self.0.store.clone().close();
        if tokio::time::timeout(PATIENCE, closing).await.is_err() {
            warn!("the store does not answer; its connections are dropped");
        }
    }
}

struct Shared {
    gateway: Gateway,
    router: axum::Router,
    closing: CancellationToken,
    killing: CancellationToken,
}

impl Shared {
    async fn connection(
        self: &Arc<Self>,
        stream: TcpStream,
        peer: IpAddr,
        tls: Option<TlsAcceptor>,
    ) {
        if let Err(error) = stream.set_nodelay(true) {
            debug!(%error, "a connection was lost at once");
            return;
        }
        let Some(tls) = tls else {
            return self.serve(stream, peer).await;
        };
        match tokio::time::timeout(HEAD_TIMEOUT, tls.accept(stream)).await {
            // On the heap: a plain connection needs no room for TLS.
            Ok(Ok(stream)) => Box::pin(self.serve(stream, peer)).await,
            Ok(Err(error)) => debug!(%error, "no TLS was agreed on"),
            Err(_) => debug!("TLS took too long"),
        }
    }

    async fn serve(
        self: &Arc<Self>,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        peer: IpAddr,
    ) {
        let asked = AtomicBool::new(false);
        let service = service_fn(|request| {
            asked.store(true, Ordering::Relaxed);
            let shared = Arc::clone(self);
            async move { Ok::<_, Infallible>(shared.answer(request, peer).await) }
        });
        let mut builder = Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT);
        builder
            .http2()
            .timer(TokioTimer::new())
            .adaptive_window(true);
        let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
        // hyper's own limit begins only once it can tell which version is spoken.
        let mut patience = pin!(tokio::time::sleep(HEAD_TIMEOUT));
        let mut patient = true;
        let mut closing = false;
        loop {
            tokio::select! {
                ended = connection.as_mut() => {
                    if let Err(error) = ended {
                        debug!(error = %error, "a connection ended early");
                    }
                    return;
                }
                () = self.closing.cancelled(), if !closing => {
                    closing = true;
                    connection.as_mut().graceful_shutdown();
                }
                () = patience.as_mut(), if patient => {
                    patient = false;
                    if !asked.load(Ordering::Relaxed) {
                        return;
                    }
                }
                () = self.killing.cancelled() => return,
            }
        }
    }

    async fn answer(&self, request: Request<Incoming>, peer: IpAddr) -> Response<Body> {
        let from = self.gateway.0.proxies.client(peer, request.headers());
        match operation::parse(request.method(), request.uri().path()) {
            // On the heap, so that a connection does not keep room for it while its answer streams.
            Some(operation) => {
                Box::pin(proxy::handle(&self.gateway, operation, request, from)).await
            }
            None => {
                let mut request = request.map(axum::body::Body::new);
                request.extensions_mut().insert(Client(from));
                let Ok(response) = Box::pin(self.router.clone().oneshot(request)).await;
                response.map(Body::Control)
            }
        }
    }
}
