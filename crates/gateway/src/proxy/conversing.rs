//! Calls that are made in two requests: a conversation is begun, and what is asked is said in it.
//!
//! Both are one attempt, made with one credential. Where no conversation is begun, why not is the call's answer.

use http::header::ACCEPT;
use http::{HeaderValue, Request, Response, Uri};
use tollhouse_domain::call::Call;
use tollhouse_wire::answer::Malformed;
use tollhouse_wire::graph;

use super::arriving::Arriving;
use super::dispatch::send;
use super::inbound;
use super::outbound::Outbound;
use super::refusal::Refusal;
use super::target::Target;
use super::translation::post;
use crate::chunks::ChunkBody;
use crate::upstream::{Upstream, UpstreamError};

/// The longest answer that a conversation is begun with.
const LIMIT: usize = 64 * 1024;

/// What begins a conversation.
pub(super) struct Opening {
    request: Request<ChunkBody>,
    /// Whether what is said in it is answered as a stream.
    streams: bool,
}

impl Opening {
    pub(super) fn new(
        outbound: &Outbound,
        target: &Target,
        streams: bool,
    ) -> Result<Self, Refusal> {
        let body = graph::BEGINNING.to_vec();
        let mut request = post(outbound, target, graph::CONVERSATIONS, body)?;
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(ACCEPT, json);
        Ok(Self { request, streams })
    }

    /// Begins the conversation and sends `request` there.
    pub(super) async fn then(
        self,
        upstream: &Upstream,
        target: &Target,
        row: Option<&Call>,
        mut request: Request<ChunkBody>,
    ) -> Result<Response<Arriving>, UpstreamError> {
        let begun = send(upstream, target, row, self.request).await?;
        if !begun.status().is_success() {
            return Ok(begun);
        }
        let reading = place(begun, self.streams);
        let place = tokio::time::timeout(upstream.idle_timeout(), reading)
            .await
            .map_err(|_| UpstreamError::Silent)?;
        *request.uri_mut() = place
            .and_then(|place| below(request.uri(), &place))
            .map_err(UpstreamError::Unreadable)?;
        send(upstream, target, row, request).await
    }
}

/// Where something is said in a conversation that was begun.
async fn place(begun: Response<Arriving>, streams: bool) -> Result<String, Malformed> {
    let (parts, mut body) = begun.into_parts();
    body.look_ahead(LIMIT).await;
    let plain = inbound::decoded(&parts.headers, body.ahead().to_vec(), LIMIT as u64);
    let plain =
        plain.map_err(|_| Malformed("the conversation that was begun cannot be decoded"))?;
    graph::place(&plain, streams)
}

fn below(uri: &Uri, place: &str) -> Result<Uri, Malformed> {
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = format!("{}{place}", uri.path()).parse().ok();
    Uri::from_parts(parts).map_err(|_| Malformed("the conversation that was begun has no address"))
}
