//! An answer before it is put on the wire.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

/// Which protocol a route belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Messages,
    Chat,
    Responses,
    /// The Responses of a subscription, whose errors are `{"detail":…}`.
    ChatGpt,
    /// Microsoft's Graph.
    Graph,
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) content: Content,
}

#[derive(Debug)]
pub(crate) enum Content {
    Whole(Bytes),
    /// One entry per event.
    Events(Vec<Bytes>),
}

impl Reply {
    pub(crate) fn whole(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Self {
        Self::new(status, kind, Content::Whole(body.into()))
    }

    pub(crate) fn json(status: StatusCode, body: impl Into<Bytes>) -> Self {
        Self::whole(status, "application/json", body)
    }

    pub(crate) fn ok(body: impl Into<Bytes>) -> Self {
        Self::json(StatusCode::OK, body)
    }

    pub(crate) fn events(events: Vec<Bytes>) -> Self {
        let mut reply = Self::new(
            StatusCode::OK,
            "text/event-stream; charset=utf-8",
            Content::Events(events),
        );
        reply.header("cache-control", "no-cache");
        reply
    }

    fn new(status: StatusCode, kind: &'static str, content: Content) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        Self {
            status,
            headers,
            content,
        }
    }

    /// Sets a header; a value that HTTP does not allow is left out.
    pub(crate) fn header(&mut self, name: &'static str, value: &str) {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
    }

    /// The headers every answer of this protocol's vendor has.
    pub(crate) fn stamp(&mut self, dialect: Dialect, request_id: &str) {
        match dialect {
            Dialect::Messages => {
                self.header("request-id", request_id);
                self.header(
                    "anthropic-organization-id",
                    "5f0e6a52-0000-4000-8000-000000000001",
                );
            }
            Dialect::Graph => self.header("request-id", request_id),
            Dialect::ChatGpt => {
                self.header("x-request-id", request_id);
                self.header("cf-ray", "9a2f000000000000-SIM");
            }
            Dialect::Chat | Dialect::Responses => {
                self.header("x-request-id", request_id);
                self.header("openai-organization", "org-sim");
                self.header("openai-processing-ms", "12");
                self.header("openai-version", "2020-10-01");
            }
        }
    }

    /// The vendor's rate-limit headers.
    pub(crate) fn rate_limits(&mut self, dialect: Dialect) {
        let reset = "2026-11-22T12:00:30Z";
        match dialect {
            Dialect::Messages => {
                for (name, value) in [
                    ("anthropic-ratelimit-requests-limit", "4000"),
                    ("anthropic-ratelimit-requests-remaining", "3999"),
                    ("anthropic-ratelimit-requests-reset", reset),
                    ("anthropic-ratelimit-tokens-limit", "480000"),
                    ("anthropic-ratelimit-tokens-remaining", "479000"),
                    ("anthropic-ratelimit-tokens-reset", reset),
                    ("anthropic-ratelimit-input-tokens-limit", "400000"),
                    ("anthropic-ratelimit-input-tokens-remaining", "399000"),
                    ("anthropic-ratelimit-input-tokens-reset", reset),
                    ("anthropic-ratelimit-output-tokens-limit", "80000"),
                    ("anthropic-ratelimit-output-tokens-remaining", "80000"),
                    ("anthropic-ratelimit-output-tokens-reset", reset),
                ] {
                    self.header(name, value);
                }
            }
            // One always says what is used, in headers of its own; the other never does.
            Dialect::ChatGpt | Dialect::Graph => {}
            Dialect::Chat | Dialect::Responses => {
                for (name, value) in [
                    ("x-ratelimit-limit-requests", "10000"),
                    ("x-ratelimit-remaining-requests", "9999"),
                    ("x-ratelimit-reset-requests", "6ms"),
                    ("x-ratelimit-limit-tokens", "2000000"),
                    ("x-ratelimit-remaining-tokens", "1999000"),
                    ("x-ratelimit-reset-tokens", "6m0s"),
                ] {
                    self.header(name, value);
                }
            }
        }
    }
}
