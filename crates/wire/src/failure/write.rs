//! Telling an error in the caller's protocol: status, envelope, type and code.

use std::borrow::Cow;

use super::{Class, Failure, output, overflow};
use crate::{Protocol, json};

/// The HTTP status a failure is told with to a caller of `protocol`; `upstream`: the status it came with,
/// absent where it came inside a successful answer.
///
/// The upstream's status is kept, since clients retry by it. The exceptions: a status that the protocol does
/// not know, and the two errors that clients are to act on instead of trying again.
pub fn status(failure: &Failure<'_>, protocol: Protocol, upstream: Option<u16>) -> u16 {
    let openai = match protocol {
        Protocol::Messages => false,
        Protocol::Chat | Protocol::Responses => true,
    };
    match (failure.class, upstream) {
        (Class::ContextOverflow, _) => 400,
        (Class::Quota, _) if openai => 429,
        (Class::Quota, _) => 402,
        (_, Some(529)) if openai => 503,
        (_, Some(status @ 400..600)) => status,
        (Class::Overloaded, _) if openai => 503,
        (class, _) => class.status(),
    }
}

/// The body of an error answer in the caller's envelope.
pub fn body(protocol: Protocol, failure: &Failure<'_>, request_id: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(160 + failure.message.len());
    match protocol {
        Protocol::Messages => write_messages_error(&mut out, failure, request_id),
        Protocol::Chat | Protocol::Responses => {
            out.extend_from_slice(br#"{"error":"#);
            write_openai_error(&mut out, failure);
            out.push(b'}');
        }
    }
    out
}

/// Appends the Messages envelope: `{"type":"error","error":{…},"request_id":…}`.
pub(crate) fn write_messages_error(out: &mut Vec<u8>, failure: &Failure<'_>, request_id: &str) {
    let message = match failure.class {
        Class::ContextOverflow => overflow::in_messages_wording(&failure.message),
        Class::Invalid => output::in_messages_wording(&failure.message),
        _ => message(failure),
    };
    out.extend_from_slice(br#"{"type":"error","error":{"type":"#);
    json::string(out, failure.class.messages_type());
    out.extend_from_slice(br#","message":"#);
    json::string(out, &message);
    out.extend_from_slice(br#"},"request_id":"#);
    json::string(out, request_id);
    out.push(b'}');
}

/// Appends the error object of Chat and Responses, `{"message":…,"type":…,"param":…,"code":…}`, without
/// the envelope around it.
pub(crate) fn write_openai_error(out: &mut Vec<u8>, failure: &Failure<'_>) {
    out.extend_from_slice(br#"{"message":"#);
    json::string(out, &message(failure));
    out.extend_from_slice(br#","type":"#);
    json::string(out, failure.class.openai_type());
    out.extend_from_slice(br#","param":"#);
    json::string_or_null(out, failure.param.as_deref());
    out.extend_from_slice(br#","code":"#);
    json::string_or_null(out, openai_code(failure));
    out.push(b'}');
}

/// The `error.code` of a `response.failed`, which is never null. Clients repeat the turn on any code they do
/// not know, so what cannot be helped by repeating must have one that they do.
pub(crate) fn responses_code<'f>(failure: &'f Failure<'_>) -> &'f str {
    match failure.class {
        Class::Invalid => own_code(failure, &["cyber_policy"]).unwrap_or("invalid_prompt"),
        Class::Server | Class::Timeout => "server_error",
        Class::Overloaded => own_code(failure, FINAL_OVERLOADS).unwrap_or("server_error"),
        _ => openai_code(failure).unwrap_or("server_error"),
    }
}

/// Codes for an overload after which clients do not try again. An overload elsewhere is not told by them: it
/// passes.
const FINAL_OVERLOADS: &[&str] = &["server_is_overloaded", "slow_down"];

fn openai_code<'f>(failure: &'f Failure<'_>) -> Option<&'f str> {
    let own = failure
        .code
        .as_deref()
        .filter(|code| code.parse::<u64>().is_err());
    match failure.class {
        Class::ContextOverflow => Some("context_length_exceeded"),
        Class::Authentication => Some("invalid_api_key"),
        Class::Quota => own_code(failure, &["usage_not_included"]).or(Some("insufficient_quota")),
        Class::NotFound => Some("model_not_found"),
        Class::TooLarge => Some("request_too_large"),
        Class::RateLimited => Some("rate_limit_exceeded"),
        Class::Overloaded => own_code(failure, FINAL_OVERLOADS).or(Some("overloaded")),
        Class::Timeout => own.or(Some("upstream_timeout")),
        Class::Permission => own.or(Some("permission_denied")),
        Class::Invalid | Class::Conflict | Class::Server => own,
    }
}

/// The upstream's code, if it is one of `kept`.
fn own_code<'f>(failure: &'f Failure<'_>, kept: &[&str]) -> Option<&'f str> {
    failure.code.as_deref().filter(|code| kept.contains(code))
}

/// The upstream's words. A refused credential is never the one the caller sent, which the text must not suggest.
fn message<'f>(failure: &'f Failure<'_>) -> Cow<'f, str> {
    match failure.class {
        Class::Authentication => Cow::Owned(format!(
            "The provider refused the credential that this call was made with: {}",
            failure.message
        )),
        _ => Cow::Borrowed(&*failure.message),
    }
}

impl Class {
    const fn status(self) -> u16 {
        match self {
            Self::Invalid | Self::ContextOverflow => 400,
            Self::Authentication => 401,
            Self::Quota => 402,
            Self::Permission => 403,
            Self::NotFound => 404,
            Self::Conflict => 409,
            Self::TooLarge => 413,
            Self::RateLimited => 429,
            Self::Server => 500,
            Self::Timeout => 504,
            Self::Overloaded => 529,
        }
    }

    const fn messages_type(self) -> &'static str {
        match self {
            Self::Invalid | Self::ContextOverflow => "invalid_request_error",
            Self::Authentication => "authentication_error",
            Self::Quota => "billing_error",
            Self::Permission => "permission_error",
            Self::NotFound => "not_found_error",
            Self::Conflict => "conflict_error",
            Self::TooLarge => "request_too_large",
            Self::RateLimited => "rate_limit_error",
            Self::Server => "api_error",
            Self::Overloaded => "overloaded_error",
            Self::Timeout => "timeout_error",
        }
    }

    const fn openai_type(self) -> &'static str {
        match self {
            Self::Invalid
            | Self::ContextOverflow
            | Self::Authentication
            | Self::NotFound
            | Self::Conflict
            | Self::TooLarge => "invalid_request_error",
            Self::Quota => "insufficient_quota",
            Self::Permission => "permission_error",
            Self::RateLimited => "rate_limit_error",
            Self::Server | Self::Overloaded | Self::Timeout => "server_error",
        }
    }
}
