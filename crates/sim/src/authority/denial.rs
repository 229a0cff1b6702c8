//! Why an authority says no; each vendor words it in its own way.

use http::StatusCode;
use serde::Serialize;

use super::answers::Shape;
use crate::{reply::Reply, sse};

/// A request that an authority turns down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Denial {
    /// Neither a form nor JSON, or not what the endpoint takes.
    Unreadable,
    /// A parameter is not there.
    Missing(&'static str),
    /// A grant it does not know.
    Grant,
    /// Issued to another client.
    Client,
    /// An authorization code that is unknown, used or too old.
    Code,
    /// The verifier is not the one of the challenge.
    Verifier,
    /// Not the address that the code was issued for.
    Redirect,
    /// A refresh token it never issued.
    UnknownRefresh,
    /// A refresh token that was used before: its family has ended.
    Reused,
    /// Somebody signed the account out.
    Revoked,
    /// A refresh token that is too old.
    Expired,
    /// The account is closed.
    Closed,
}

impl Denial {
    /// The status and the code of OpenAI's authority, and a sentence about it.
    pub(super) fn openai(self) -> (u16, &'static str, String) {
        let (status, code, message) = match self {
            Self::Unreadable => (400, "invalid_request", "The request body cannot be read."),
            Self::Missing(name) => {
                let message = format!("Missing required parameter: '{name}'.");
                return (400, "invalid_request", message);
            }
            Self::Grant => (
                400,
                "unsupported_grant_type",
                "The grant type is not supported.",
            ),
            Self::Client => (401, "invalid_client", "The client is not the right one."),
            Self::Code => (400, "invalid_grant", "The authorization code is not valid."),
            Self::Verifier => (400, "invalid_grant", "The code verifier does not match."),
            Self::Redirect => (400, "invalid_grant", "The redirect URI does not match."),
            Self::UnknownRefresh => (400, "invalid_grant", "The refresh token is not valid."),
            Self::Reused => (
                401,
                "refresh_token_reused",
                "Your refresh token has already been used to generate a new access token. Please \
                 try signing in again.",
            ),
            Self::Revoked => (
                401,
                "refresh_token_invalidated",
                "Your session has ended. Please try signing in again.",
            ),
            Self::Expired => (
                401,
                "refresh_token_expired",
                "Your refresh token has expired. Please try signing in again.",
            ),
            Self::Closed => (
                403,
                "account_deactivated",
                "This account has been deactivated.",
            ),
        };
        (status, code, message.to_owned())
    }
}

#[derive(Serialize)]
struct Nested<'a> {
    error: Inner<'a>,
}

#[derive(Serialize)]
struct Inner<'a> {
    message: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    param: Option<()>,
    code: &'a str,
}

#[derive(Serialize)]
struct Flat<'a> {
    error: &'a str,
    error_description: &'a str,
}

/// A refusal of OpenAI's authority.
pub(super) fn refuse(shape: Shape, denial: Denial) -> Reply {
    let (status, code, message) = denial.openai();
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    error(shape, status, code, &message)
}

/// An error of OpenAI's authority.
pub(super) fn error(shape: Shape, status: StatusCode, code: &str, message: &str) -> Reply {
    let body = match shape {
        Shape::Flat => sse::json(&Flat {
            error: code,
            error_description: message,
        }),
        Shape::Nested => sse::json(&Nested {
            error: Inner {
                message,
                kind: "invalid_request_error",
                param: None,
                code,
            },
        }),
    };
    Reply::json(status, body)
}
