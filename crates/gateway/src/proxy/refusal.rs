//! A call we do not carry out: what the client is told, what the log is told.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use tollhouse_domain::id::CallId;
use tollhouse_domain::route::NoRoute;
use tollhouse_domain::time::Timestamp;
use tollhouse_wire::{ErrorKind, PeekError, Protocol, error_body, resting_body};

use crate::body::Body;
use crate::capture::Recording;
use crate::limits::SpendCap;
use crate::names;
use crate::upstream::UpstreamError;

/// What a refusal is written in.
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Why a call is refused. The message is safe to send; the source is for the log only.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) kind: ErrorKind,
    pub(crate) message: Cow<'static, str>,
    pub(crate) param: Option<Cow<'static, str>>,
    pub(crate) retry_after: Option<Duration>,
    /// When what rests returns, if that is too far off to wait for.
    pub(crate) resets_at: Option<Timestamp>,
    /// The budget it was refused by, for clients that are told in headers.
    pub(crate) spend_cap: Option<Box<SpendCap>>,
    pub(crate) source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Refusal {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            message: message.into(),
            param: None,
            retry_after: None,
            resets_at: None,
            spend_cap: None,
            source: None,
        }
    }

    pub(crate) fn about(mut self, param: impl Into<Cow<'static, str>>) -> Self {
        self.param = Some(param.into());
        self
    }

    pub(crate) fn because(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What the answer says, in `protocol`'s envelope.
    pub(crate) fn body(&self, protocol: Protocol, id: &str) -> Vec<u8> {
        let (kind, message) = (self.kind, &self.message);
        match (protocol, self.resets_at) {
            (Protocol::Responses, Some(at)) => {
                resting_body(kind, message, at.as_secs().try_into().unwrap_or(0))
            }
            _ => error_body(protocol, kind, message, id, self.param.as_deref()),
        }
    }

    /// Notes what the client is about to be told.
    pub(crate) fn note(&self, recording: &mut Recording, protocol: Protocol, id: &str) {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, JSON)]);
        recording.answered(&headers);
        recording.passed(&Bytes::from(self.body(protocol, id)));
    }

    /// The answer, in `protocol`'s envelope.
    pub(crate) fn response(&self, protocol: Protocol, call: CallId) -> Response<Body> {
        let id = call.to_string();
        let mut response = Response::new(Body::from(self.body(protocol, &id)));
        let status = StatusCode::from_u16(self.kind.status(protocol));
        *response.status_mut() = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, JSON);
        if let Some(pause) = self.retry_after {
            // Clients read whole seconds only; rounding down would bring them back too early.
            let seconds = pause.as_secs() + u64::from(pause.subsec_nanos() > 0);
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        if matches!(self.kind, ErrorKind::InvalidKey | ErrorKind::BudgetSpent) {
            headers.insert("x-should-retry", HeaderValue::from_static("false"));
        }
        if let Some(cap) = self
            .spend_cap
            .as_ref()
            .filter(|_| protocol == Protocol::Messages)
        {
            cap.write(headers);
        }
        sign(headers, protocol, &id);
        response
    }
}

/// The header in which clients of a protocol look for the id of their request.
pub(crate) const fn request_id(protocol: Protocol) -> HeaderName {
    match protocol {
        Protocol::Messages => names::REQUEST_ID,
        Protocol::Chat | Protocol::Responses => names::X_REQUEST_ID,
    }
}

/// Gives an answer the ids that our log knows it by.
pub(crate) fn sign(headers: &mut HeaderMap, protocol: Protocol, id: &str) {
    let Ok(value) = HeaderValue::from_str(id) else {
        return;
    };
    let request_id = request_id(protocol);
    if !headers.contains_key(&request_id) {
        headers.insert(request_id, value.clone());
    }
    headers.insert(names::CALL, value);
}

impl From<PeekError> for Refusal {
    fn from(error: PeekError) -> Self {
        Self::new(ErrorKind::InvalidRequest, error.to_string())
    }
}

impl From<NoRoute> for Refusal {
    fn from(reason: NoRoute) -> Self {
        match reason {
            NoRoute::ModelForbidden => Self::new(
                ErrorKind::PermissionDenied,
                "This key may not use this model.",
            )
            .about("model"),
            NoRoute::RouteForbidden => Self::new(
                ErrorKind::PermissionDenied,
                "This key may not use the route that leads to this model.",
            )
            .about("model"),
            NoRoute::ProviderForbidden => Self::new(
                ErrorKind::PermissionDenied,
                "This key may not use the provider that serves this model.",
            ),
            NoRoute::UnknownModel => Self::new(
                ErrorKind::ModelNotFound,
                "No route leads to this model. GET /v1/models lists those that this key may use.",
            )
            .about("model"),
            NoRoute::OtherProtocol(other) => Self::new(
                ErrorKind::InvalidRequest,
                format!(
                    "This model is served in the {} protocol only, and this kind of call cannot \
                     be translated: use that protocol's path.",
                    other.as_str()
                ),
            )
            .about("model"),
            NoRoute::Untranslatable => Self::new(
                ErrorKind::InvalidRequest,
                "This model holds conversations and nothing else: this kind of call cannot be \
                 translated for it.",
            )
            .about("model"),
        }
    }
}

impl From<UpstreamError> for Refusal {
    fn from(error: UpstreamError) -> Self {
        let (kind, message) = match &error {
            UpstreamError::Unreachable(_) => (
                ErrorKind::UpstreamUnreachable,
                "The provider could not be reached.",
            ),
            UpstreamError::Untold(_) => (
                ErrorKind::UpstreamUnreachable,
                "The bridge could not be reached.",
            ),
            UpstreamError::Forbidden(_) => (
                ErrorKind::UpstreamUnreachable,
                "The address that the credential names may not be called.",
            ),
            UpstreamError::Broken(_) => (
                ErrorKind::UpstreamUnreachable,
                "The provider ended the connection without an answer.",
            ),
            UpstreamError::Unreadable(_) => (
                ErrorKind::UpstreamBroken,
                "The provider's answer could not be understood.",
            ),
            UpstreamError::Silent => (
                ErrorKind::UpstreamTimeout,
                "The provider did not answer in time.",
            ),
        };
        Self::new(kind, message).because(error)
    }
}
