//! The bound: the least a gateway built on hyper can do. Copies method, path, end-to-end
//! headers and body to one upstream over a keep-alive pool, and the answer back, both bodies as
//! streams. No key, no routing, no metering.

use std::net::SocketAddr;

use http::header::{
    CONNECTION, HOST, HeaderMap, HeaderName, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE,
};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Request, Response, StatusCode, Uri};
use http_body_util::{Either, Empty};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpListener;

use crate::net;

type Reply = Response<Either<Incoming, Empty<bytes::Bytes>>>;

const HOP_BY_HOP: [HeaderName; 8] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Serves until the process is ended.
pub(crate) async fn run(listener: TcpListener, upstream: SocketAddr) -> anyhow::Result<()> {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client: Client<_, Incoming> = Client::builder(TokioExecutor::new()).build(connector);
    let authority: Authority = upstream.to_string().parse()?;
    net::serve(listener, move |request| {
        let client = client.clone();
        let authority = authority.clone();
        async move { forward(&client, authority, request).await }
    })
    .await
}

async fn forward(
    client: &Client<HttpConnector, Incoming>,
    authority: Authority,
    mut request: Request<Incoming>,
) -> Reply {
    let mut target = http::uri::Parts::default();
    target.scheme = Some(Scheme::HTTP);
    target.authority = Some(authority);
    target.path_and_query = request
        .uri()
        .path_and_query()
        .cloned()
        .or(Some(PathAndQuery::from_static("/")));
    let Ok(target) = Uri::from_parts(target) else {
        return refuse(StatusCode::BAD_REQUEST);
    };
    *request.uri_mut() = target;
    strip(request.headers_mut());
    request.headers_mut().remove(HOST);
    match client.request(request).await {
        Ok(mut answer) => {
            strip(answer.headers_mut());
            answer.map(Either::Left)
        }
        Err(_) => refuse(StatusCode::BAD_GATEWAY),
    }
}

fn strip(headers: &mut HeaderMap) {
    for name in &HOP_BY_HOP {
        headers.remove(name);
    }
}

fn refuse(status: StatusCode) -> Reply {
    let mut reply = Response::new(Either::Right(Empty::new()));
    *reply.status_mut() = status;
    reply
}
