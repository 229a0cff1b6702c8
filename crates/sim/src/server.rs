//! The listener: accepts, records, asks [`crate::route`] for the answer, delivers it.

use std::{io, net::SocketAddr, sync::Arc};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Limited};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{rt::TokioIo, server::conn::auto};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    authority::Authority,
    delivery::{Broken, Delivery},
    progress::Stats,
    recorded::Recorded,
    route::{self, Planned},
    script::Script,
    shared::Shared,
};

/// Larger request bodies break the connection: no test of a 32 MiB limit needs more.
const MAX_BODY: usize = 64 << 20;

/// How a server is set up.
#[derive(Debug, Clone)]
pub struct SimConfig {
    /// When set, requests with any other credential are answered 401.
    pub api_key: Option<String>,
    /// How many requests [`Sim::requests`] and how many calls [`Authority::calls`] remembers.
    pub keep: usize,
    /// For requests without an `x-sim` header.
    pub script: Script,
}

impl Default for SimConfig {
    fn default() -> Self {
        Self {
            api_key: None,
            keep: 256,
            script: Script::default(),
        }
    }
}

/// A running server. Dropping it closes the listener and all connections without waiting.
#[derive(Debug)]
pub struct Sim {
    shared: Arc<Shared>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Sim {
    /// Serves on a free loopback port.
    ///
    /// # Errors
    /// When the port cannot be bound.
    pub async fn start(config: SimConfig) -> io::Result<Self> {
        Self::start_on(SocketAddr::from(([127, 0, 0, 1], 0)), config).await
    }

    /// Serves on the given address.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start_on(addr: SocketAddr, config: SimConfig) -> io::Result<Self> {
        let listener = TcpListener::bind(addr).await?;
        let SimConfig {
            api_key,
            keep,
            script,
        } = config;
        let shared = Arc::new(Shared::new(listener.local_addr()?, api_key, keep, script));
        let sim = Self {
            shared,
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
        let accept = accept(listener, Arc::clone(&sim.shared), sim.executor());
        sim.executor().spawn(accept);
        Ok(sim)
    }

    pub fn addr(&self) -> SocketAddr {
        self.shared.addr
    }

    /// `http://ADDRESS`, without a path.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.shared.addr)
    }

    /// The last requests whose body arrived, oldest first.
    pub fn requests(&self) -> Vec<Recorded> {
        self.shared.log.all()
    }

    /// Forgets the requests so far. Counters stay.
    pub fn forget(&self) {
        self.shared.log.clear();
    }

    pub fn stats(&self) -> Stats {
        self.shared.progress.stats()
    }

    /// Waits until the counters satisfy a condition; returns them.
    pub async fn wait_for(&self, condition: impl FnMut(&Stats) -> bool) -> Stats {
        self.shared.progress.wait_for(condition).await
    }

    /// The authorities that sign accounts in, and which account made which call.
    pub fn authority(&self) -> &Authority {
        &self.shared.authority
    }

    /// Replaces the script for requests without an `x-sim` header.
    pub fn script(&self, script: Script) {
        self.shared.scripts.set(script);
    }

    /// Queues a script for one request without an `x-sim` header, ahead of [`Sim::script`]:
    /// "fail once, then work", for clients that cannot change their headers between attempts.
    pub fn script_next(&self, script: Script) {
        self.shared.scripts.queue(script);
    }

    /// Closes the listener and every connection, and waits for their tasks.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    fn executor(&self) -> Executor {
        Executor {
            stop: self.stop.clone(),
            tasks: self.tasks.clone(),
        }
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Runs tasks that end, at the latest, when the server stops.
#[derive(Debug, Clone)]
struct Executor {
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Executor {
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = task => {}
            }
        });
    }
}

impl<F> hyper::rt::Executor<F> for Executor
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn execute(&self, task: F) {
        self.spawn(async move {
            task.await;
        });
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, executor: Executor) {
    loop {
        // A failed accept concerns a connection that is already gone.
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        shared.progress.connected();
        executor.spawn(serve(stream, Arc::clone(&shared), executor.clone()));
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>, executor: Executor) {
    // Events are small; without this the kernel would hold them back to merge them.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| handle(Arc::clone(&shared), request));
    let mut builder = auto::Builder::new(executor);
    builder.http1().max_buf_size(1 << 20);
    // An error here is a client that left or a break the script asked for; the counters know.
    let _ = builder
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn handle(
    shared: Arc<Shared>,
    request: Request<Incoming>,
) -> Result<Response<Delivery>, Broken> {
    let open = shared.progress.begin();
    let (head, body) = request.into_parts();
    let body: Bytes = match Limited::new(body, MAX_BODY).collect().await {
        Ok(body) => body.to_bytes(),
        // Dropping `open` counts it as aborted.
        Err(_) => return Err(Broken),
    };
    // What drives the simulation is not what it is asked.
    if !head.uri.path().starts_with("/sim/") {
        shared.log.push(Recorded::new(&head, body.clone()));
    }
    let Planned {
        reply,
        script,
        held,
    } = route::answer(&shared, &head, &body);
    if held {
        shared.authority.released().await;
    }
    if script.silence {
        std::future::pending::<()>().await;
    }
    if !script.pause.is_zero() {
        tokio::time::sleep(script.pause).await;
    }
    if script.reset_after == Some(0) {
        open.finish();
        return Err(Broken);
    }
    let mut response = Response::new(Delivery::new(reply.content, &script, open));
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    Ok(response)
}
