//! The headers of a call: what the real clients send, and what the mock shall do.

use http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderName};
use http::{HeaderMap, HeaderValue};

use super::{Plan, Verify};
use crate::mock::headers;
use crate::payload::Api;

/// The headers a real client sends, the credential and, unless the target is one that keeps them to
/// itself, what the mock shall do.
pub(super) fn client(plan: &Plan, length: usize) -> anyhow::Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    headers.insert(HOST, HeaderValue::from_str(&plan.target.to_string())?);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    let named: &[(&'static str, &'static str)] = match plan.api {
        Api::Messages => &MESSAGES_HEADERS,
        Api::Chat => &CHAT_HEADERS,
        Api::Responses => &RESPONSES_HEADERS,
    };
    for (name, value) in named {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    let (name, value) = match plan.api {
        Api::Messages => (HeaderName::from_static("x-api-key"), plan.key.clone()),
        Api::Chat | Api::Responses => (AUTHORIZATION, format!("Bearer {}", plan.key)),
    };
    let mut value = HeaderValue::from_str(&value)?;
    value.set_sensitive(true);
    headers.insert(name, value);
    if plan.verify == Verify::Text {
        // These answers are read here, and a peer may compress them.
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    } else {
        ask(plan, &mut headers);
        headers.insert(headers::BODY, HeaderValue::from(length));
    }
    Ok(headers)
}

/// What the mock is told beforehand, for requests that do not say it.
pub(super) fn told(plan: &Plan) -> HeaderMap {
    let mut headers = HeaderMap::new();
    ask(plan, &mut headers);
    // In another protocol a request is about as long; what is much shorter has lost something.
    headers.insert(headers::LEAST, HeaderValue::from(plan.request / 2));
    headers
}

fn ask(plan: &Plan, headers: &mut HeaderMap) {
    if plan.events > 0 {
        headers.insert(headers::EVENTS, HeaderValue::from(plan.events));
        headers.insert(headers::GAP_US, HeaderValue::from(plan.gap_us));
        headers.insert(headers::FIRST_US, HeaderValue::from(plan.first_us));
        headers.insert(headers::STAMP, HeaderValue::from(u32::from(plan.stamp)));
    } else {
        headers.insert(headers::SIZE, HeaderValue::from(plan.answer));
    }
}

const MESSAGES_HEADERS: [(&str, &str); 14] = [
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("user-agent", "claude-cli/2.1.330 (external, cli)"),
    ("anthropic-version", "2023-06-01"),
    (
        "anthropic-beta",
        "claude-code-20250219,interleaved-thinking-2025-05-14,context-management-2025-06-27",
    ),
    ("anthropic-dangerous-direct-browser-access", "true"),
    ("x-app", "cli"),
    (
        "x-claude-code-session-id",
        "6f0a3b52-9d1c-4c7e-8a55-1f2e3d4c5b6a",
    ),
    ("x-stainless-arch", "x64"),
    ("x-stainless-lang", "js"),
    ("x-stainless-os", "Linux"),
    ("x-stainless-package-version", "0.128.0"),
    ("x-stainless-retry-count", "0"),
    ("x-stainless-runtime", "node"),
    ("x-stainless-timeout", "600"),
];

const CHAT_HEADERS: [(&str, &str); 4] = [
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("user-agent", "opencode/1.18.33 ai-sdk/provider-utils"),
    ("x-session-id", "ses_bench0000000000000000000"),
    ("x-session-affinity", "ses_bench0000000000000000000"),
];

const RESPONSES_HEADERS: [(&str, &str); 5] = [
    (
        "user-agent",
        "codex_exec/0.169.0 (Debian 13.0.0; x86_64) xterm (codex_exec; 0.169.0)",
    ),
    ("originator", "codex_exec"),
    ("session-id", "6f0a3b52-9d1c-4c7e-8a55-1f2e3d4c5b6a"),
    ("thread-id", "6f0a3b52-9d1c-4c7e-8a55-1f2e3d4c5b6a"),
    (
        "x-client-request-id",
        "6f0a3b52-9d1c-4c7e-8a55-1f2e3d4c5b6a",
    ),
];
