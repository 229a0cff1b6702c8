//! A plain HTTP client that shows everything it gets.

use std::convert::Infallible;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::KEY;

/// A whole answer.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.to_vec()).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// Sends requests.
#[derive(Clone)]
pub(crate) struct Client {
    pool: Pool<HttpConnector, BoxBody<Bytes, Infallible>>,
    base: String,
}

impl Client {
    pub(crate) fn new(base: &str) -> Self {
        let pool = Pool::builder(TokioExecutor::new()).build_http();
        Self {
            pool,
            base: base.to_owned(),
        }
    }

    /// The same, speaking HTTP/2 without having asked first.
    pub(crate) fn http2(base: &str) -> Self {
        let pool = Pool::builder(TokioExecutor::new())
            .http2_only(true)
            .build_http();
        Self {
            pool,
            base: base.to_owned(),
        }
    }

    /// A request to `path`, with the test's key unless `headers` say who asks.
    pub(crate) fn request(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Request<Full<Bytes>> {
        let mut builder = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base));
        let credentials = ["x-api-key", "authorization", "x-tollhouse-key"];
        if !headers.iter().any(|(name, _)| credentials.contains(name)) {
            builder = builder.header("x-api-key", KEY);
        }
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        builder.body(Full::new(body.into())).unwrap()
    }

    /// Sends a request and returns the head of the answer.
    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Response<Incoming> {
        self.pool
            .request(request.map(BodyExt::boxed))
            .await
            .unwrap()
    }

    /// The same, where there may be nobody to answer.
    pub(crate) async fn try_send(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, hyper_util::client::legacy::Error> {
        self.pool.request(request.map(BodyExt::boxed)).await
    }

    /// Posts a body in the given pieces, its length announced or not.
    pub(crate) async fn post_pieces(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        pieces: Vec<Vec<u8>>,
        announced: bool,
    ) -> Answer {
        let mut request = self.request(Method::POST, path, headers, Bytes::new());
        if announced {
            let length: usize = pieces.iter().map(Vec::len).sum();
            request
                .headers_mut()
                .insert("content-length", length.into());
        }
        let frames = pieces
            .into_iter()
            .map(|piece| Ok(Frame::data(Bytes::from(piece))));
        let body = BoxBody::new(StreamBody::new(futures_util::stream::iter(frames)));
        let answer = self.pool.request(request.map(|_| body)).await.unwrap();
        let (answer, cut) = read(answer).await;
        assert!(!cut, "the answer broke off");
        answer
    }

    /// Sends a request and reads the answer to its end, proper or not.
    pub(crate) async fn seen(&self, request: Request<Full<Bytes>>) -> (Answer, bool) {
        read(self.send(request).await).await
    }

    /// Sends a request and reads the whole answer.
    pub(crate) async fn whole(&self, request: Request<Full<Bytes>>) -> Answer {
        let (parts, body) = self.send(request).await.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    pub(crate) async fn post(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Answer {
        self.whole(self.request(Method::POST, path, headers, body))
            .await
    }

    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.whole(self.request(Method::GET, path, headers, Bytes::new()))
            .await
    }
}

/// What came, and whether it broke off.
pub(crate) async fn read(response: Response<Incoming>) -> (Answer, bool) {
    let (parts, mut incoming) = response.into_parts();
    let (mut body, mut cut) = (Vec::new(), false);
    while let Some(frame) = incoming.frame().await {
        match frame {
            Ok(frame) => body.extend_from_slice(&frame.into_data().unwrap_or_default()),
            Err(_) => {
                cut = true;
                break;
            }
        }
    }
    (
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: body.into(),
        },
        cut,
    )
}
