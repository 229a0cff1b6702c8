//! What a client is told when a limit stops it, and when a budget soon will.
//!
//! The form is the one on which the real clients stop instead of trying again for ever.

use http::{HeaderMap, HeaderName, HeaderValue};
use tollhouse_domain::limits::{BudgetWindow, Denied, Lack, RateLimit};
use tollhouse_domain::money::Money;
use tollhouse_domain::time::Timestamp;
use tollhouse_wire::ErrorKind;

use super::{HELD_FOR, Standing};
use crate::proxy::refusal::Refusal;

/// A budget that a call was refused by, as the headers of a Messages client tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SpendCap {
    window: BudgetWindow,
    reset_at: Option<Timestamp>,
    hundredths: u32,
}

/// How much of a budget is used up, in the same form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Warning {
    window: BudgetWindow,
    reset_at: Option<Timestamp>,
    pub(super) hundredths: u32,
}

const STATUS: HeaderName = HeaderName::from_static("anthropic-ratelimit-unified-status");
const RESET: HeaderName = HeaderName::from_static("anthropic-ratelimit-unified-reset");
const CLAIM: HeaderName =
    HeaderName::from_static("anthropic-ratelimit-unified-representative-claim");
const OVERAGE_STATUS: HeaderName =
    HeaderName::from_static("anthropic-ratelimit-unified-overage-status");
const OVERAGE_RESET: HeaderName =
    HeaderName::from_static("anthropic-ratelimit-unified-overage-reset");
const UTILIZATION: HeaderName =
    HeaderName::from_static("anthropic-ratelimit-unified-overage-utilization");
const SURPASSED: HeaderName =
    HeaderName::from_static("anthropic-ratelimit-unified-overage-surpassed-threshold");
const PERIOD: HeaderName = HeaderName::from_static("anthropic-ratelimit-unified-overage-period");
const DISABLED: HeaderName =
    HeaderName::from_static("anthropic-ratelimit-unified-overage-disabled-reason");

impl SpendCap {
    /// The headers of the refusal. It never carries `representative-claim` or `overage-status`: with
    /// either of them the client hides the message.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        headers.insert(STATUS, HeaderValue::from_static("rejected"));
        write_reset(self.reset_at, headers);
        headers.insert(UTILIZATION, hundredths(self.hundredths));
        headers.insert(SURPASSED, HeaderValue::from_static("1"));
        write_period(self.window, headers);
        let reason = HeaderValue::from_static("org_spend_cap_reached");
        headers.insert(DISABLED, reason);
    }
}

impl Warning {
    /// How much of a budget is used up; `None` for one of nothing.
    pub(super) fn of(standing: &Standing) -> Option<Self> {
        Some(Self {
            window: standing.window,
            reset_at: standing.reset_at,
            // Under a cap the client expects less than one.
            hundredths: used(standing.spent, standing.usd)?.min(99),
        })
    }

    /// The headers of an answer.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        let (status, surpassed) = match self.hundredths {
            0..75 => ("allowed", None),
            75..95 => ("allowed_warning", Some("0.75")),
            95.. => ("allowed_warning", Some("0.95")),
        };
        headers.insert(STATUS, HeaderValue::from_static(status));
        headers.insert(CLAIM, HeaderValue::from_static("overage"));
        headers.insert(OVERAGE_STATUS, HeaderValue::from_static(status));
        headers.insert(UTILIZATION, hundredths(self.hundredths));
        if let Some(threshold) = surpassed {
            headers.insert(SURPASSED, HeaderValue::from_static(threshold));
        }
        write_reset(self.reset_at, headers);
    }
}

fn write_reset(reset_at: Option<Timestamp>, headers: &mut HeaderMap) {
    if let Some(at) = reset_at {
        headers.insert(RESET, HeaderValue::from(at.as_secs()));
        headers.insert(OVERAGE_RESET, HeaderValue::from(at.as_secs()));
    }
}

fn write_period(window: BudgetWindow, headers: &mut HeaderMap) {
    let period = match window {
        BudgetWindow::Day => "daily",
        BudgetWindow::Week => "weekly",
        BudgetWindow::Month => "monthly",
        // The client knows no other periods, and none is better than a wrong one.
        BudgetWindow::Total | BudgetWindow::Session => return,
    };
    headers.insert(PERIOD, HeaderValue::from_static(period));
}

/// How much of a budget, in hundredths, rounded down.
fn used(spent: Money, usd: Money) -> Option<u32> {
    if usd <= Money::ZERO {
        return None;
    }
    let part = i128::from(spent.0.max(0)) * 100 / i128::from(usd.0);
    Some(u32::try_from(part).unwrap_or(u32::MAX))
}

fn hundredths(part: u32) -> HeaderValue {
    let text = format!("{}.{:02}", part / 100, part % 100);
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("1"))
}

/// What a call that was denied is told.
pub(super) fn refusal(
    denied: Denied,
    tokens: u64,
    cost: Money,
    max_tokens: bool,
    now: Timestamp,
) -> Refusal {
    match denied {
        Denied::Rate {
            scope,
            limit,
            most,
            retry_after,
        } => {
            let what = match limit {
                RateLimit::Requests => "calls",
                RateLimit::Tokens => "tokens",
            };
            let message = format!(
                "The limit of {most} {what} a minute of {} is reached; try again in a moment.",
                scope.noun()
            );
            let mut refusal = Refusal::new(ErrorKind::RateLimited, message);
            refusal.retry_after = Some(retry_after);
            refusal
        }
        Denied::Concurrency { scope, most } => {
            let message = format!(
                "The limit of {most} calls at a time of {} is reached; try again in a moment.",
                scope.noun()
            );
            let mut refusal = Refusal::new(ErrorKind::RateLimited, message);
            refusal.retry_after = Some(HELD_FOR);
            refusal
        }
        Denied::Budget {
            scope,
            window,
            usd,
            lack,
            reset_at,
        } => {
            let budget = format!("The {} of {}", named(window, usd), scope.noun());
            match lack {
                Lack::Held => {
                    let message = format!(
                        "{budget} is held by calls that are still open; try again in a moment."
                    );
                    let mut refusal = Refusal::new(ErrorKind::RateLimited, message);
                    refusal.retry_after = Some(HELD_FOR);
                    refusal
                }
                Lack::Spent => {
                    let next = match reset_at {
                        Some(at) => format!("it begins anew at {}", minute(at)),
                        None => "it does not begin anew".to_owned(),
                    };
                    let message =
                        format!("{budget} is spent: {next}; ask an administrator to raise it.");
                    capped(message, window, reset_at, 100, now)
                }
                Lack::TooDear { left } => {
                    let ask = if max_tokens {
                        "lower max_tokens"
                    } else {
                        "set or lower max_tokens"
                    };
                    let until = reset_at
                        .map(|at| format!(", or wait until {}", minute(at)))
                        .unwrap_or_default();
                    let message = format!(
                        "{budget} has {left} USD left, and this call could cost {cost} USD \
                         ({tokens} tokens): {ask}{until}."
                    );
                    let spent = usd.saturating_sub(left);
                    capped(
                        message,
                        window,
                        reset_at,
                        used(spent, usd).unwrap_or(100),
                        now,
                    )
                }
            }
        }
    }
}

fn capped(
    message: String,
    window: BudgetWindow,
    reset_at: Option<Timestamp>,
    hundredths: u32,
    now: Timestamp,
) -> Refusal {
    let mut refusal = Refusal::new(ErrorKind::BudgetSpent, message);
    refusal.retry_after = reset_at.map(|at| at.since(now));
    refusal.spend_cap = Some(Box::new(SpendCap {
        window,
        reset_at,
        hundredths,
    }));
    refusal
}

fn named(window: BudgetWindow, usd: Money) -> String {
    let every = match window {
        BudgetWindow::Day => " a day",
        BudgetWindow::Week => " a week",
        BudgetWindow::Month => " a month",
        BudgetWindow::Total | BudgetWindow::Session => "",
    };
    format!("budget of {usd} USD{every}")
}

/// A moment as people read it: `2026-12-01 00:00 UTC`.
pub(crate) fn minute(at: Timestamp) -> String {
    let text = at.to_string();
    let (date, time) = (text.get(..10), text.get(11..16));
    match (date, time) {
        (Some(date), Some(time)) => format!("{date} {time} UTC"),
        _ => text,
    }
}

/// A call under a budget whose price nobody knows.
pub(super) fn unpriced() -> Refusal {
    let message = "This key has a budget, and the price of this model is not known: an administrator \
         can set it with `tollhouse prices import` or PUT /api/v1/prices (0 is a price).";
    Refusal::new(ErrorKind::PermissionDenied, message).about("model")
}

/// A call under a budget that cannot be metered.
pub(super) fn unmetered(what: &'static str) -> Refusal {
    let message = format!("This key has a budget, and {what} cannot be metered here.");
    Refusal::new(ErrorKind::PermissionDenied, message)
}
