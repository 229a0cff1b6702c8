//! What both servers share: accept connections on loopback and serve them with hyper until the
//! process ends.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;

use anyhow::Context as _;
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpSocket};
use tokio_util::task::TaskTracker;

/// Longest queue of connections not yet accepted: thousands of streams open at once.
const BACKLOG: u32 = 4_096;

/// Listens with a queue long enough for thousands of simultaneous connections.
pub(crate) fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket
        .bind(address)
        .with_context(|| format!("cannot listen on {address}"))?;
    Ok(socket.listen(BACKLOG)?)
}

/// Answers every request with `handler`, for ever.
pub(crate) async fn serve<H, F, B>(listener: TcpListener, handler: H) -> anyhow::Result<()>
where
    H: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
    F: Future<Output = Response<B>> + Send,
    B: Body<Data = bytes::Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let tasks = TaskTracker::new();
    loop {
        let (socket, _) = listener.accept().await?;
        // Fails only when the client has already gone.
        let _ = socket.set_nodelay(true);
        let handler = handler.clone();
        tasks.spawn(async move {
            let service = service_fn(move |request| {
                let answer = handler(request);
                async move { Ok::<_, Infallible>(answer.await) }
            });
            // An error here is a client that left; the generator counts what it misses.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(socket), service)
                .await;
        });
    }
}
