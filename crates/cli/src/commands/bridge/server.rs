//! Connections to a bridge, and their end.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::handle::Served;

/// Connections at once; a gateway keeps few.
const CONNECTIONS: usize = 64;
/// How long a connection may take to say what it wants.
const HEAD: Duration = Duration::from_secs(10);

pub(super) async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address).await
}

/// Serves until asked to stop. What runs then is ended.
pub(super) async fn run(listener: TcpListener, served: Served, stop: CancellationToken) {
    let (served, tasks) = (Arc::new(served), TaskTracker::new());
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let watching = Arc::clone(&served.standing).watch();
    tasks.spawn(stop.clone().run_until_cancelled_owned(watching));
    loop {
        let next = async {
            let permit = Arc::clone(&room).acquire_owned().await;
            (listener.accept().await, permit)
        };
        let Some((accepted, permit)) = stop.run_until_cancelled(next).await else {
            break;
        };
        let Ok((stream, _)) = accepted else {
            // Too many open files: it passes.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        // The address that the other side called, which is what is proven to it.
        let Ok(address) = stream.local_addr() else {
            continue;
        };
        let (served, tasks_of_it) = (Arc::clone(&served), tasks.clone());
        let service = service_fn(move |request| {
            let (served, tasks) = (Arc::clone(&served), tasks_of_it.clone());
            async move { Ok::<_, Infallible>(served.answer(request, address, &tasks).await) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD)
            .serve_connection(TokioIo::new(stream), service);
        let stop = stop.clone();
        tasks.spawn(async move {
            // A client that broke off is no news.
            let _ = stop.run_until_cancelled(connection).await;
            drop(permit);
        });
    }
    tasks.close();
    tasks.wait().await;
}
