//! Asking the identity provider: a bounded time, a bounded answer, and nowhere else than where it is.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Limited};

use crate::chunks::{ChunkBody, Chunks};
use crate::upstream::{Upstream, UpstreamError};

/// The longest that somebody in front of a browser is kept waiting for one answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// The largest answer. Key sets are the largest there are, and have a few keys of 2 KiB.
const LARGEST: usize = 256 << 10;

/// Why there is no answer to go by.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    /// The address is none.
    #[error("the address cannot be called")]
    Address,
    /// Nobody answers there.
    #[error("no answer")]
    Upstream(#[from] UpstreamError),
    /// It takes too long.
    #[error("no answer within {} seconds", PATIENCE.as_secs())]
    Slow,
    /// It says something else than yes. Redirects are not followed: nobody but the operator says where
    /// the provider is.
    #[error("the answer has status {0}")]
    Status(StatusCode),
    /// It is too large, or breaks off.
    #[error("the answer broke off, or is larger than {LARGEST} bytes")]
    Body,
}

/// Fetches a document.
pub(super) async fn get(upstream: &Upstream, address: &str) -> Result<Bytes, FetchError> {
    let mut request = Request::new(ChunkBody::from(Chunks::default()));
    *request.uri_mut() = uri(address)?;
    answer(upstream, request).await
}

/// Sends a form, and with it `proof` of who we are.
pub(super) async fn post(
    upstream: &Upstream,
    address: &str,
    form: String,
    proof: Option<HeaderValue>,
) -> Result<Bytes, FetchError> {
    let form = Chunks::from(Bytes::from(form));
    let mut request = Request::new(ChunkBody::from(form));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri(address)?;
    let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
    request.headers_mut().insert(CONTENT_TYPE, kind);
    if let Some(proof) = proof {
        request.headers_mut().insert(AUTHORIZATION, proof);
    }
    answer(upstream, request).await
}

fn uri(address: &str) -> Result<Uri, FetchError> {
    address.parse().map_err(|_| FetchError::Address)
}

async fn answer(upstream: &Upstream, mut request: Request<ChunkBody>) -> Result<Bytes, FetchError> {
    let agent = concat!("tollhouse/", env!("CARGO_PKG_VERSION"));
    let headers = request.headers_mut();
    headers.insert(USER_AGENT, HeaderValue::from_static(agent));
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    let asking = async {
        let response = upstream.send(request).await?;
        if response.status() != StatusCode::OK {
            return Err(FetchError::Status(response.status()));
        }
        let body = Limited::new(response.into_body(), LARGEST).collect().await;
        Ok(body.map_err(|_| FetchError::Body)?.to_bytes())
    };
    let answered = tokio::time::timeout(PATIENCE, asking).await;
    answered.unwrap_or(Err(FetchError::Slow))
}
