//! Asking an authority: a bounded time, a bounded answer, nowhere else than where it is, and nothing of
//! what was said in any log.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request};
use http_body_util::{BodyExt, Limited};

use crate::chunks::{ChunkBody, Chunks};
use crate::clock;
use crate::proxy::dispatch::retry_after;
use crate::upstream::{Upstream, UpstreamError};

/// The longest that an authority is waited for. A claim on an account outlives it.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);
/// The largest answer: tokens have a few KiB each.
const LARGEST: usize = 64 << 10;

/// Why there is no answer. It says nothing of what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AskError {
    /// The address is none.
    #[error("the address cannot be called")]
    Address,
    /// Nobody answers there.
    #[error("no answer")]
    Upstream(#[from] UpstreamError),
    /// It takes too long.
    #[error("no answer within {} seconds", PATIENCE.as_secs())]
    Slow,
    /// It is too large, or breaks off.
    #[error("the answer broke off, or is larger than {LARGEST} bytes")]
    Body,
}

/// What an authority said. The body holds tokens: it is read and not printed.
pub(crate) struct Said {
    pub(crate) status: u16,
    /// How long it asks to be left alone.
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Bytes,
}

/// What an authority is asked with.
pub(crate) enum Question<'a> {
    /// A form of these fields.
    Form(&'a [(&'a str, &'a str)]),
    /// A JSON document.
    Json(Vec<u8>),
    /// Nothing but who asks: `authorization`, whole, and what program does.
    Get(HeaderValue, HeaderMap),
}

/// Asks once. Redirects are not followed: nobody but the operator says where an authority is.
pub(crate) async fn ask(
    upstream: &Upstream,
    address: &str,
    question: Question<'_>,
) -> Result<Said, AskError> {
    let uri = address.parse().map_err(|_| AskError::Address)?;
    let mut identity = HeaderMap::new();
    let (method, kind, body, proof) = match question {
        Question::Form(fields) => {
            let mut form = form_urlencoded::Serializer::new(String::new());
            form.extend_pairs(fields);
            let kind = "application/x-www-form-urlencoded";
            (Method::POST, Some(kind), form.finish().into_bytes(), None)
        }
        Question::Json(body) => (Method::POST, Some("application/json"), body, None),
        Question::Get(proof, said) => {
            identity = said;
            (Method::GET, None, Vec::new(), Some(proof))
        }
    };
    let mut request = Request::new(ChunkBody::from(Chunks::from(Bytes::from(body))));
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    let agent = concat!("tollhouse/", env!("CARGO_PKG_VERSION"));
    let headers = request.headers_mut();
    headers.extend(identity);
    headers.insert(USER_AGENT, HeaderValue::from_static(agent));
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    if let Some(kind) = kind {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    if let Some(mut proof) = proof {
        proof.set_sensitive(true);
        headers.insert(AUTHORIZATION, proof);
    }
    let asking = async {
        let response = upstream.send(request).await?;
        let status = response.status().as_u16();
        let retry_after = retry_after(response.headers(), clock::now());
        let body = Limited::new(response.into_body(), LARGEST).collect().await;
        Ok(Said {
            status,
            retry_after,
            body: body.map_err(|_| AskError::Body)?.to_bytes(),
        })
    };
    let answered = tokio::time::timeout(PATIENCE, asking).await;
    answered.unwrap_or(Err(AskError::Slow))
}
