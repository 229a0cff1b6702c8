//! The gateway's own errors, written in the caller's protocol.
//!
//! Upstream errors never come through here: they are passed on as they are. Which headers go with an error
//! (`retry-after`, `x-should-retry`) is the caller's business; the envelope and the status are this module's.

use crate::meter::StreamTail;
use crate::sse::encode;
use crate::{Protocol, json};

/// Every situation in which the gateway itself refuses or fails a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ErrorKind {
    /// No key, an unknown one, a revoked one, or two different ones.
    InvalidKey,
    /// The key was good once; a key helper may renew it.
    ExpiredKey,
    /// The key may not use this model, provider or route.
    PermissionDenied,
    /// No route leads anywhere for this model.
    ModelNotFound,
    /// The path, or the thing it names, does not exist.
    NotFound,
    /// Malformed JSON, a second `model`, a bad path, a field that cannot be carried.
    InvalidRequest,
    /// The body is over the limit.
    RequestTooLarge,
    /// The budget is spent.
    BudgetSpent,
    /// A rate, token or concurrency limit of ours.
    RateLimited,
    /// No credential is configured for this principal.
    CredentialMissing,
    /// The provider refused the client's own credential a moment ago.
    OwnCredentialRefused,
    /// Every account is cooling down.
    AccountsCooling,
    /// The upstream could not be reached.
    UpstreamUnreachable,
    /// The upstream answered, but not with something that can be passed on, or broke off.
    UpstreamBroken,
    /// The upstream kept silent too long.
    UpstreamTimeout,
    /// Load is being shed, or the process is draining.
    Overloaded,
    /// A fault of our own.
    Internal,
}

impl ErrorKind {
    /// Every kind, for tables and tests.
    pub const ALL: [Self; 17] = [
        Self::InvalidKey,
        Self::ExpiredKey,
        Self::PermissionDenied,
        Self::ModelNotFound,
        Self::NotFound,
        Self::InvalidRequest,
        Self::RequestTooLarge,
        Self::BudgetSpent,
        Self::RateLimited,
        Self::CredentialMissing,
        Self::OwnCredentialRefused,
        Self::AccountsCooling,
        Self::UpstreamUnreachable,
        Self::UpstreamBroken,
        Self::UpstreamTimeout,
        Self::Overloaded,
        Self::Internal,
    ];

    /// The HTTP status. Only overload differs by protocol: 529 is a Messages invention.
    pub const fn status(self, protocol: Protocol) -> u16 {
        match self {
            Self::InvalidKey | Self::ExpiredKey | Self::OwnCredentialRefused => 401,
            Self::PermissionDenied => 403,
            Self::ModelNotFound | Self::NotFound => 404,
            Self::InvalidRequest => 400,
            Self::RequestTooLarge => 413,
            Self::BudgetSpent | Self::RateLimited | Self::AccountsCooling => 429,
            Self::CredentialMissing => 424,
            Self::UpstreamUnreachable | Self::UpstreamBroken => 502,
            Self::UpstreamTimeout => 504,
            Self::Overloaded => match protocol {
                Protocol::Messages => 529,
                Protocol::Chat | Protocol::Responses => 503,
            },
            Self::Internal => 500,
        }
    }

    /// `error.type` in the Messages envelope.
    pub const fn messages_type(self) -> &'static str {
        match self {
            Self::InvalidKey | Self::ExpiredKey | Self::OwnCredentialRefused => {
                "authentication_error"
            }
            Self::PermissionDenied => "permission_error",
            Self::ModelNotFound | Self::NotFound => "not_found_error",
            Self::InvalidRequest => "invalid_request_error",
            Self::RequestTooLarge => "request_too_large",
            Self::BudgetSpent => "billing_error",
            Self::RateLimited | Self::AccountsCooling => "rate_limit_error",
            Self::CredentialMissing
            | Self::UpstreamUnreachable
            | Self::UpstreamBroken
            | Self::Internal => "api_error",
            Self::UpstreamTimeout => "timeout_error",
            Self::Overloaded => "overloaded_error",
        }
    }

    /// `error.code` in the Chat and Responses envelope.
    pub const fn openai_code(self) -> &'static str {
        match self {
            Self::InvalidKey | Self::ExpiredKey | Self::OwnCredentialRefused => "invalid_api_key",
            Self::PermissionDenied => "permission_denied",
            Self::ModelNotFound => "model_not_found",
            Self::NotFound => "not_found",
            Self::InvalidRequest => "invalid_request",
            Self::RequestTooLarge => "request_too_large",
            Self::BudgetSpent => "insufficient_quota",
            Self::RateLimited | Self::AccountsCooling => "rate_limit_exceeded",
            Self::CredentialMissing => "credential_missing",
            Self::UpstreamUnreachable => "upstream_unreachable",
            Self::UpstreamBroken => "upstream_broken",
            Self::UpstreamTimeout => "upstream_timeout",
            Self::Overloaded => "overloaded",
            Self::Internal => "internal_error",
        }
    }

    /// `error.type` in the Chat and Responses envelope.
    pub const fn openai_type(self) -> &'static str {
        match self {
            Self::InvalidKey
            | Self::ExpiredKey
            | Self::OwnCredentialRefused
            | Self::ModelNotFound
            | Self::NotFound
            | Self::InvalidRequest
            | Self::RequestTooLarge => "invalid_request_error",
            Self::PermissionDenied => "permission_error",
            Self::BudgetSpent => "insufficient_quota",
            Self::RateLimited | Self::AccountsCooling => "rate_limit_error",
            Self::CredentialMissing
            | Self::UpstreamUnreachable
            | Self::UpstreamBroken
            | Self::UpstreamTimeout
            | Self::Overloaded
            | Self::Internal => "server_error",
        }
    }

    /// The metric label: one per kind, stable.
    pub const fn label(self) -> &'static str {
        match self {
            Self::InvalidKey => "invalid_key",
            Self::ExpiredKey => "expired_key",
            Self::PermissionDenied => "permission_denied",
            Self::ModelNotFound => "model_not_found",
            Self::NotFound => "not_found",
            Self::InvalidRequest => "invalid_request",
            Self::RequestTooLarge => "request_too_large",
            Self::BudgetSpent => "budget_spent",
            Self::RateLimited => "rate_limited",
            Self::CredentialMissing => "credential_missing",
            Self::OwnCredentialRefused => "own_credential_refused",
            Self::AccountsCooling => "accounts_cooling",
            Self::UpstreamUnreachable => "upstream_unreachable",
            Self::UpstreamBroken => "upstream_broken",
            Self::UpstreamTimeout => "upstream_timeout",
            Self::Overloaded => "overloaded",
            Self::Internal => "internal",
        }
    }
}

/// The body of a refused call. `param` names the offending field where the protocol has a place for it.
pub fn error_body(
    protocol: Protocol,
    kind: ErrorKind,
    message: &str,
    request_id: &str,
    param: Option<&str>,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(160 + message.len());
    match protocol {
        Protocol::Messages => messages_envelope(&mut out, kind, message, request_id),
        Protocol::Chat | Protocol::Responses => {
            let error_type = kind.openai_type();
            openai_envelope(&mut out, error_type, kind, message, (param, None));
        }
    }
    out
}

/// The body of a Responses call that may be made again only long from now, in seconds since the epoch.
///
/// Codex waits out any other 429 for as long as `retry-after` says, without a word. On this type, which is
/// its own vendor's, it stops and tells when to come back.
pub fn resting_body(kind: ErrorKind, message: &str, resets_at: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(200 + message.len());
    let rest = (None, Some(resets_at));
    openai_envelope(&mut out, "usage_limit_reached", kind, message, rest);
    out
}

/// The event that ends a stream which has already begun: never a success, never a silent end.
///
/// Shorthand for [`error_event_after`] when nothing but the sequence number is known of the stream.
pub fn error_event(
    protocol: Protocol,
    kind: ErrorKind,
    message: &str,
    request_id: &str,
    sequence_number: Option<u64>,
) -> Vec<u8> {
    let tail = StreamTail {
        next_sequence_number: sequence_number,
        ..StreamTail::default()
    };
    error_event_after(protocol, kind, message, request_id, &tail)
}

/// The event that ends the stream `tail` describes. A Responses stream gets a `response.failed` that carries
/// the response's own id (its readers check it) and the next sequence number; 0 if the stream had none.
pub fn error_event_after(
    protocol: Protocol,
    kind: ErrorKind,
    message: &str,
    request_id: &str,
    tail: &StreamTail,
) -> Vec<u8> {
    let mut data = Vec::with_capacity(256 + message.len());
    let name = match protocol {
        Protocol::Messages => {
            messages_envelope(&mut data, kind, message, request_id);
            Some("error")
        }
        Protocol::Chat => {
            openai_envelope(&mut data, kind.openai_type(), kind, message, (None, None));
            None
        }
        Protocol::Responses => {
            response_failed(&mut data, kind, message, request_id, tail);
            Some("response.failed")
        }
    };
    let mut out = Vec::with_capacity(data.len() + 40);
    encode::event(&mut out, name, &data);
    out
}

fn messages_envelope(out: &mut Vec<u8>, kind: ErrorKind, message: &str, request_id: &str) {
    out.extend_from_slice(br#"{"type":"error","error":{"type":"#);
    json::string(out, kind.messages_type());
    out.extend_from_slice(br#","message":"#);
    json::string(out, message);
    out.extend_from_slice(br#"},"request_id":"#);
    json::string(out, request_id);
    out.push(b'}');
}

fn openai_envelope(
    out: &mut Vec<u8>,
    error_type: &str,
    kind: ErrorKind,
    message: &str,
    (param, resets_at): (Option<&str>, Option<u64>),
) {
    out.extend_from_slice(br#"{"error":{"message":"#);
    json::string(out, message);
    out.extend_from_slice(br#","type":"#);
    json::string(out, error_type);
    out.extend_from_slice(br#","param":"#);
    json::string_or_null(out, param);
    out.extend_from_slice(br#","code":"#);
    json::string(out, kind.openai_code());
    if let Some(at) = resets_at {
        out.extend_from_slice(br#","resets_at":"#);
        json::number(out, at);
    }
    out.extend_from_slice(b"}}");
}

fn response_failed(
    out: &mut Vec<u8>,
    kind: ErrorKind,
    message: &str,
    request_id: &str,
    tail: &StreamTail,
) {
    out.extend_from_slice(br#"{"type":"response.failed","sequence_number":"#);
    json::number(out, tail.next_sequence_number.unwrap_or(0));
    out.extend_from_slice(br#","response":{"id":"#);
    // Before `response.created` the upstream's id is unknown; ours at least leads to the log.
    json::string(out, tail.upstream_id.as_deref().unwrap_or(request_id));
    out.extend_from_slice(br#","object":"response","status":"failed","error":{"code":"#);
    json::string(out, kind.openai_code());
    out.extend_from_slice(br#","message":"#);
    json::string(out, message);
    out.extend_from_slice(br#"},"incomplete_details":null,"model":"#);
    json::string_or_null(out, tail.model.as_deref());
    out.extend_from_slice(br#","output":[],"usage":null}}"#);
}

#[cfg(test)]
mod tests;
