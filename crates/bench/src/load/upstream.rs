//! What the generator says to the mock itself, past the target.

use std::net::SocketAddr;

use anyhow::ensure;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, header::HOST};
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_util::task::TaskTracker;

use crate::mock::Stats;

/// What the mock has counted.
pub(super) async fn stats(mock: SocketAddr) -> anyhow::Result<Stats> {
    let mut request = Request::new(Empty::new());
    *request.uri_mut() = Uri::from_static("/stats");
    Ok(serde_json::from_slice(&ask(mock, request).await?)?)
}

/// Tells the mock how to answer requests that do not say it themselves.
pub(super) async fn tell(mock: SocketAddr, plan: HeaderMap) -> anyhow::Result<()> {
    let mut request = Request::new(Empty::new());
    *request.method_mut() = Method::PUT;
    *request.uri_mut() = Uri::from_static("/plan");
    *request.headers_mut() = plan;
    ask(mock, request).await.map(|_| ())
}

async fn ask(mock: SocketAddr, mut request: Request<Empty<Bytes>>) -> anyhow::Result<Bytes> {
    let socket = TcpStream::connect(mock).await?;
    let (mut sender, driver) = http1::handshake(TokioIo::new(socket)).await?;
    let tasks = TaskTracker::new();
    tasks.spawn(async move {
        let _ = driver.await;
    });
    let host = HeaderValue::from_str(&mock.to_string())?;
    request.headers_mut().insert(HOST, host);
    let answer = sender.send_request(request).await?;
    ensure!(
        answer.status() == StatusCode::OK,
        "the mock answered {}",
        answer.status()
    );
    Ok(answer.into_body().collect().await?.to_bytes())
}
