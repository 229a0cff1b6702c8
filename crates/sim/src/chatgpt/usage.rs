//! How much of a plan is used, in each of the forms in which the backend says it.

use bytes::Bytes;
use http::StatusCode;
use serde::Serialize;

use super::plan::{Limit, Plan, Window};
use crate::{authority::Account, reply::Reply, sse};

#[derive(Serialize)]
struct Event<'a> {
    plan_type: &'a str,
    rate_limits: EventLimits,
}

#[derive(Serialize)]
struct EventLimits {
    allowed: bool,
    limit_reached: bool,
    primary: EventWindow,
    secondary: EventWindow,
}

#[derive(Serialize)]
struct EventWindow {
    used_percent: f64,
    window_minutes: u64,
    reset_after_seconds: u64,
    reset_at: u64,
}

#[derive(Serialize)]
struct Report<'a> {
    plan_type: &'a str,
    rate_limit: ReportLimits,
}

#[derive(Serialize)]
struct ReportLimits {
    allowed: bool,
    limit_reached: bool,
    primary_window: ReportWindow,
    secondary_window: ReportWindow,
}

#[derive(Serialize)]
struct ReportWindow {
    used_percent: f64,
    limit_window_seconds: u64,
    reset_after_seconds: u64,
    reset_at: u64,
}

#[derive(Serialize)]
struct Refused<'a> {
    error: RefusedInner<'a>,
}

#[derive(Serialize)]
struct RefusedInner<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    message: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    plan_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resets_at: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resets_in_seconds: Option<u64>,
}

/// The event inside a stream.
pub(super) fn event(account: &Account, now: u64) -> Bytes {
    let window = |window: Window| EventWindow {
        used_percent: window.used_percent,
        window_minutes: window.window_minutes,
        reset_after_seconds: window.reset_after_seconds,
        reset_at: now + window.reset_after_seconds,
    };
    let Plan {
        primary, secondary, ..
    } = account.usage;
    let event = Event {
        plan_type: &account.plan,
        rate_limits: EventLimits {
            allowed: account.usage.limit.is_none(),
            limit_reached: account.usage.limit.is_some(),
            primary: window(primary),
            secondary: window(secondary),
        },
    };
    sse::named("codex.rate_limits", &event, 0)
}

/// `GET /backend-api/wham/usage`.
pub(super) fn report(account: &Account, now: u64) -> Reply {
    let window = |window: Window| ReportWindow {
        used_percent: window.used_percent,
        limit_window_seconds: window.window_minutes * 60,
        reset_after_seconds: window.reset_after_seconds,
        reset_at: now + window.reset_after_seconds,
    };
    Reply::ok(sse::json(&Report {
        plan_type: &account.plan,
        rate_limit: ReportLimits {
            allowed: account.usage.limit.is_none(),
            limit_reached: account.usage.limit.is_some(),
            primary_window: window(account.usage.primary),
            secondary_window: window(account.usage.secondary),
        },
    }))
}

/// The headers of every answer to a call.
pub(super) fn headers(reply: &mut Reply, plan: &Plan) {
    let Window {
        used_percent,
        window_minutes,
        reset_after_seconds,
    } = plan.primary;
    reply.header("x-codex-primary-used-percent", &used_percent.to_string());
    reply.header(
        "x-codex-primary-window-minutes",
        &window_minutes.to_string(),
    );
    let after = reset_after_seconds.to_string();
    reply.header("x-codex-primary-reset-after-seconds", &after);
    let Window {
        used_percent,
        window_minutes,
        reset_after_seconds,
    } = plan.secondary;
    reply.header("x-codex-secondary-used-percent", &used_percent.to_string());
    reply.header(
        "x-codex-secondary-window-minutes",
        &window_minutes.to_string(),
    );
    let after = reset_after_seconds.to_string();
    reply.header("x-codex-secondary-reset-after-seconds", &after);
}

/// The answer of an account that may not call now.
pub(super) fn refused(account: &Account, limit: Limit) -> Reply {
    let status = StatusCode::TOO_MANY_REQUESTS;
    let (error, retry_after) = match limit {
        Limit::Plan {
            resets_at,
            resets_in_seconds,
        } => (
            RefusedInner {
                kind: "usage_limit_reached",
                message: "The usage limit has been reached",
                plan_type: Some(&account.plan),
                resets_at,
                resets_in_seconds,
            },
            None,
        ),
        Limit::Rate { retry_after } => (
            RefusedInner {
                kind: "rate_limit_exceeded",
                message: "Rate limit reached. Please try again later.",
                plan_type: None,
                resets_at: None,
                resets_in_seconds: None,
            },
            retry_after,
        ),
    };
    let mut reply = Reply::json(status, sse::json(&Refused { error }));
    if let Some(seconds) = retry_after {
        reply.header("retry-after", &seconds.to_string());
    }
    reply
}
