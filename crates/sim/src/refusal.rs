//! Errors, in the envelope of the protocol that was called.

use http::StatusCode;
use serde::Serialize;

use crate::chatgpt::Detail;
use crate::reply::{Dialect, Reply};

/// A request the provider turns down.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    /// Overrides the `type` (Messages) or `code` (Chat, Responses) that goes with the status.
    pub(crate) kind: Option<String>,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            kind: None,
            message: message.into(),
        }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("{what} was not found"))
    }

    pub(crate) fn kind(mut self, kind: &str) -> Self {
        self.kind = Some(kind.to_owned());
        self
    }

    pub(crate) fn into_reply(self, dialect: Dialect, request_id: &str) -> Reply {
        let body = match dialect {
            Dialect::Messages => crate::sse::json(&self.messages(request_id)),
            Dialect::Graph => crate::sse::json(&self.graph(request_id)),
            Dialect::ChatGpt if self.kind.is_none() => crate::sse::json(&Detail {
                detail: &self.message,
            }),
            Dialect::Chat | Dialect::Responses | Dialect::ChatGpt => {
                crate::sse::json(&self.openai())
            }
        };
        Reply::json(self.status, body)
    }

    /// The Messages form, also the data of its `error` event.
    pub(crate) fn messages<'a>(&'a self, request_id: &'a str) -> MessagesError<'a> {
        let kind = self.kind.as_deref().unwrap_or(messages_type(self.status));
        MessagesError {
            kind: "error",
            error: Cause {
                kind,
                message: &self.message,
            },
            request_id,
        }
    }

    /// The Graph's form.
    pub(crate) fn graph<'a>(&'a self, request_id: &'a str) -> GraphError<'a> {
        GraphError {
            error: GraphCause {
                code: self.kind.as_deref().unwrap_or(graph_code(self.status)),
                message: &self.message,
                inner_error: Inner {
                    date: "2026-11-22T12:00:00",
                    request_id,
                },
            },
        }
    }

    /// The form of Chat Completions and Responses, also the data of their error chunk.
    pub(crate) fn openai(&self) -> OpenAiError<'_> {
        let (kind, code) = openai_type(self.status);
        OpenAiError {
            error: OpenAiCause {
                message: &self.message,
                kind,
                param: None,
                code: self.kind.as_deref().or(code),
            },
        }
    }
}

/// A request that does not fit into the model's window, in each vendor's words: clients know them.
pub(crate) fn overflow(dialect: Dialect) -> Refusal {
    match dialect {
        Dialect::Messages => Refusal::invalid("prompt is too long: 212345 tokens > 200000 maximum"),
        Dialect::Graph => Refusal::invalid("The message is too long."),
        Dialect::Chat => Refusal::invalid(
            "This model's maximum context length is 200000 tokens. However, your messages resulted \
             in 212345 tokens. Please reduce the length of the messages.",
        )
        .kind("context_length_exceeded"),
        Dialect::Responses | Dialect::ChatGpt => Refusal::invalid(
            "Your input exceeds the context window of this model. Please adjust your input and try \
             again.",
        )
        .kind("context_length_exceeded"),
    }
}

#[derive(Serialize)]
pub(crate) struct MessagesError<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    pub(crate) error: Cause<'a>,
    request_id: &'a str,
}

#[derive(Serialize)]
pub(crate) struct Cause<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    message: &'a str,
}

#[derive(Serialize)]
pub(crate) struct OpenAiError<'a> {
    pub(crate) error: OpenAiCause<'a>,
}

#[derive(Serialize)]
pub(crate) struct OpenAiCause<'a> {
    message: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    param: Option<&'a str>,
    pub(crate) code: Option<&'a str>,
}

#[derive(Serialize)]
pub(crate) struct GraphError<'a> {
    error: GraphCause<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GraphCause<'a> {
    code: &'a str,
    message: &'a str,
    inner_error: Inner<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Inner<'a> {
    date: &'static str,
    request_id: &'a str,
}

fn graph_code(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "InvalidAuthenticationToken",
        403 => "Forbidden",
        404 => "NotFound",
        429 => "TooManyRequests",
        400..500 => "BadRequest",
        503 => "ServiceUnavailable",
        _ => "InternalServerError",
    }
}

fn messages_type(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        409 => "conflict_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        529 => "overloaded_error",
        400..500 => "invalid_request_error",
        _ => "api_error",
    }
}

/// `type` and `code`.
fn openai_type(status: StatusCode) -> (&'static str, Option<&'static str>) {
    match status.as_u16() {
        401 => ("invalid_request_error", Some("invalid_api_key")),
        403 => ("permission_error", None),
        404 => ("invalid_request_error", Some("model_not_found")),
        429 => ("rate_limit_error", Some("rate_limit_exceeded")),
        400..500 => ("invalid_request_error", None),
        503 => ("server_error", Some("overloaded")),
        _ => ("server_error", None),
    }
}

/// The status that goes with an error's name when a script gives only the name.
pub(crate) fn status_of(kind: &str) -> StatusCode {
    let code = match kind {
        "authentication_error" | "invalid_api_key" => 401,
        "billing_error" => 402,
        "permission_error" => 403,
        "not_found_error" | "model_not_found" => 404,
        "request_too_large" => 413,
        "rate_limit_error" | "rate_limit_exceeded" | "insufficient_quota" => 429,
        "timeout_error" => 504,
        "overloaded_error" => 529,
        "overloaded" => 503,
        "api_error" | "server_error" => 500,
        _ => 400,
    };
    StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_REQUEST)
}
