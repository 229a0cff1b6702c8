//! Requests that are not answered: why, and what is said of it.

use http::header::RETRY_AFTER;
use http::{HeaderValue, Response, StatusCode};
use tollhouse_domain::bridge::door::Barred;
use tollhouse_domain::bridge::output::Why;
use tollhouse_domain::bridge::{Bridge, told};
use tollhouse_vault::Secret;
use tollhouse_wire::{ErrorKind, Protocol, error_body};

use super::answer::{Body, json};
use super::program::Failed;
use super::watch::Standing;

/// Why a request is not answered.
pub(super) struct Refusal {
    kind: ErrorKind,
    message: String,
    field: Option<&'static str>,
    retry_after: Option<u32>,
}

impl Refusal {
    pub(super) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            field: None,
            retry_after: None,
        }
    }

    /// The field that is to blame.
    pub(super) fn about(mut self, field: Option<&'static str>) -> Self {
        self.field = field;
        self
    }

    /// When to come back, in seconds.
    pub(super) fn after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    pub(super) fn body(&self) -> Vec<u8> {
        error_body(Protocol::Chat, self.kind, &self.message, "", self.field)
    }

    pub(super) fn response(&self) -> Response<Body> {
        let status = StatusCode::from_u16(self.kind.status(Protocol::Chat));
        let mut response = json(
            status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            self.body(),
        );
        if let Some(seconds) = self.retry_after {
            response
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// What is said to whom the door is shut. Nothing of it is for web pages, which could not read it anyway.
pub(super) fn shut(barred: Barred) -> Response<Body> {
    let (status, message) = match barred {
        Barred::Host => (
            StatusCode::MISDIRECTED_REQUEST,
            "This is a bridge of this machine, which is not what the request names as its host.",
        ),
        Barred::Origin => (StatusCode::FORBIDDEN, "Web pages are not answered here."),
    };
    json(
        status,
        error_body(
            Protocol::Chat,
            ErrorKind::PermissionDenied,
            message,
            "",
            None,
        ),
    )
}

/// What a failure is to whoever asked.
pub(super) fn refusal(
    known: &Bridge,
    standing: &Standing,
    secret: &Secret,
    failed: Failed,
) -> Refusal {
    let secret = secret.expose();
    let label = &known.label;
    match failed {
        Failed::Said(failure) => {
            let said = told(&failure.text, &[secret]);
            match failure.why {
                Why::Auth => {
                    standing.doubt();
                    let message = format!(
                        "{label} is not logged in: {}. It says: {said}",
                        known.remedy()
                    );
                    Refusal::new(ErrorKind::CredentialMissing, message)
                }
                Why::Limited => Refusal::new(
                    ErrorKind::RateLimited,
                    format!("{label} is limited: {said}"),
                ),
                Why::Request => Refusal::new(
                    ErrorKind::InvalidRequest,
                    format!("{label} refuses: {said}"),
                ),
                Why::Other => {
                    Refusal::new(ErrorKind::UpstreamBroken, format!("{label} failed: {said}"))
                }
            }
        }
        Failed::TimedOut => Refusal::new(
            ErrorKind::UpstreamTimeout,
            format!("{label} did not answer in time."),
        ),
        Failed::TooLong => Refusal::new(
            ErrorKind::UpstreamBroken,
            format!("{label} answers with more than 10 MiB."),
        ),
        Failed::NotStarted(error) => {
            standing.doubt();
            let said = told(&error.to_string(), &[secret]);
            let message = format!("{label} cannot be started: {said}");
            Refusal::new(ErrorKind::UpstreamUnreachable, message)
        }
    }
}
