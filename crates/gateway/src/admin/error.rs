//! The control plane's errors, in its one envelope: `{"error":{"code","message","field"?}}`.
//!
//! Messages are written for whoever called; causes go to the log.

use std::borrow::Cow;
use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tollhouse_store::StoreError;
use tracing::error;
use utoipa::{IntoResponses, ToSchema};

use crate::start::StartError;

/// Why a request of the control plane is not carried out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// No token, or a wrong one.
    #[error("A token is needed: Authorization: Bearer TOKEN.")]
    Unauthorized,
    /// Not an address and its password. One answer for every reason.
    #[error("This is not an address and its password, or there were too many wrong ones lately.")]
    NotSignedIn,
    /// Not the administrator's token.
    #[error("This is not the administrator's token.")]
    WrongToken,
    /// A device has no token yet, or gets none; the word is RFC 8628's.
    #[error("{0}")]
    Device(DeviceRefusal),
    /// Who asks is known, and may not do this; says what it takes.
    #[error("{0}")]
    Forbidden(Cow<'static, str>),
    /// There is no such thing; says what.
    #[error("{0}")]
    NotFound(Cow<'static, str>),
    /// The path exists, the method does not.
    #[error("This path does not answer this method; GET /api/openapi.json lists what there is.")]
    Method,
    /// What was sent is wrong.
    #[error("{message}")]
    Invalid {
        /// The field or parameter it is about.
        field: Option<String>,
        /// What is wrong and what is expected. Never what was sent.
        message: Cow<'static, str>,
    },
    /// What was sent contradicts what there is.
    #[error("{0}")]
    Conflict(String),
    /// What is there is not what was read before; says what to do.
    #[error("{0}")]
    Changed(&'static str),
    /// The body is over the limit, in bytes.
    #[error("The body is larger than the {0} bytes that are accepted here.")]
    TooLarge(usize),
    /// Asked too often.
    #[error("This was asked a moment ago; ask again after the pause that retry-after names.")]
    TooSoon(Duration),
    /// There are as many of these at once as there may be; says of what.
    #[error("{0}")]
    Full(&'static str),
    /// Somebody else did not do their part; says who.
    #[error("{0}")]
    Elsewhere(Cow<'static, str>),
    /// The store does not answer; the same request may succeed later.
    #[error("The store does not answer at the moment; try again.")]
    Unavailable(#[source] Option<StoreError>),
    /// A fault of ours.
    #[error("Something went wrong here; the log says what.")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Why a device that asks has no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DeviceRefusal {
    /// Nobody answered yet.
    #[error("Nobody has let this device in yet; ask again after the interval.")]
    Pending,
    /// It asked too soon.
    #[error("This was too soon; wait five seconds longer from now on.")]
    SlowDown,
    /// Somebody said no.
    #[error("This device was turned away.")]
    Denied,
    /// Nobody answered in time.
    #[error("The time for this code is over; ask for a new one.")]
    Expired,
    /// There is no such code, or its token was given out.
    #[error("There is no device with this code, or it has its token already.")]
    Unknown,
}

impl DeviceRefusal {
    const fn code(self) -> &'static str {
        match self {
            Self::Pending => "authorization_pending",
            Self::SlowDown => "slow_down",
            Self::Denied => "access_denied",
            Self::Expired => "expired_token",
            Self::Unknown => "invalid_grant",
        }
    }
}

/// What a refused request is answered.
#[derive(Serialize, ToSchema)]
pub(super) struct ErrorBody {
    error: ErrorDetail,
}

/// What went wrong.
#[derive(Serialize, ToSchema)]
struct ErrorDetail {
    /// One of a closed set of words.
    code: &'static str,
    /// A sentence for people.
    message: String,
    /// The field or query parameter it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
}

/// The answers that every route may give.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes answers; they are made from `ApiError`")]
pub(super) enum Refused {
    /// What was sent is wrong; `field` names the part.
    #[response(status = 400)]
    Invalid(ErrorBody),
    /// No token, or a wrong one.
    #[response(status = 401)]
    Unauthorized(ErrorBody),
    /// Not with this token, or not in this role.
    #[response(status = 403)]
    Forbidden(ErrorBody),
    /// The store does not answer.
    #[response(status = 503)]
    Unavailable(ErrorBody),
}

impl ApiError {
    pub(super) fn invalid(field: impl Into<String>, message: impl Into<Cow<'static, str>>) -> Self {
        Self::Invalid {
            field: Some(field.into()),
            message: message.into(),
        }
    }

    pub(super) fn missing(what: impl Into<Cow<'static, str>>) -> Self {
        Self::NotFound(what.into())
    }

    pub(super) fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(source.into())
    }

    /// Tells the log what whoever called is not told.
    pub(super) fn log(&self) {
        match self {
            Self::Unavailable(Some(cause)) => error!(error = ?cause, "the store does not answer"),
            Self::Internal(cause) => {
                error!(error = ?cause, "a request of the control plane failed");
            }
            _ => {}
        }
    }

    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Unauthorized | Self::NotSignedIn | Self::WrongToken => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Invalid { .. } | Self::Device(_) => StatusCode::BAD_REQUEST,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::Changed(_) => StatusCode::PRECONDITION_FAILED,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSoon(_) | Self::Full(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Elsewhere(_) => StatusCode::BAD_GATEWAY,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Unauthorized | Self::NotSignedIn | Self::WrongToken => "unauthorized",
            Self::Device(refusal) => refusal.code(),
            Self::Forbidden(_) => "forbidden",
            Self::NotFound(_) => "not_found",
            Self::Method => "method_not_allowed",
            Self::Invalid { .. } => "invalid_request",
            Self::Conflict(_) => "conflict",
            Self::Changed(_) => "changed",
            Self::TooLarge(_) => "request_too_large",
            Self::TooSoon(_) | Self::Full(_) => "rate_limited",
            Self::Elsewhere(_) => "unreachable",
            Self::Unavailable(_) => "unavailable",
            Self::Internal(_) => "internal",
        }
    }
}

/// What lower layers say, as a sentence.
pub(super) fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(char::to_uppercase);
    format!(
        "{}{}.",
        first.into_iter().flatten().collect::<String>(),
        chars.as_str()
    )
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::missing("There is no such row."),
            StoreError::Conflict { what } => Self::Conflict(sentence(&what)),
            StoreError::Changed => Self::Changed(
                "Somebody changed this since it was read: read it again, and make the change there.",
            ),
            other if other.is_transient() => Self::Unavailable(Some(other)),
            other => Self::internal(other),
        }
    }
}

impl From<StartError> for ApiError {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Store(error) => error.into(),
            other => Self::internal(other),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.log();
        let mut response = self.status().into_response();
        let headers = response.headers_mut();
        match &self {
            Self::Unauthorized => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Self::TooSoon(pause) => {
                // Rounding down would bring the client back too early.
                let seconds = pause.as_secs() + u64::from(pause.subsec_nanos() > 0);
                headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
            }
            _ => {}
        }
        let (code, message) = (self.code(), self.to_string());
        let field = match self {
            Self::Invalid { field, .. } => field,
            _ => None,
        };
        let body = Json(ErrorBody {
            error: ErrorDetail {
                code,
                message,
                field,
            },
        });
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        (status, headers, body).into_response()
    }
}
