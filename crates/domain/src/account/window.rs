//! Usage windows: how much of what a plan includes is used, as the provider says it in headers, in
//! events of a stream and in answers of its own.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// One window of an account's plan.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Window {
    /// How much is used, in percent; may exceed a hundred.
    pub used_percent: f64,
    /// How long the window is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u64>,
    /// When it begins anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resets_at: Option<Timestamp>,
}

impl Window {
    /// Whether nothing is left of it at `now`.
    pub fn is_full(&self, now: Timestamp) -> bool {
        self.used_percent >= 100.0 && self.resets_at.is_none_or(|at| at > now)
    }
}

/// The two windows of a plan: a short one within a long one.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Windows {
    /// The short one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary: Option<Window>,
    /// The long one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secondary: Option<Window>,
}

impl Windows {
    /// Whether anything was said.
    pub const fn is_empty(&self) -> bool {
        self.primary.is_none() && self.secondary.is_none()
    }

    /// What is newer of each.
    #[must_use]
    pub fn updated(self, newer: Self) -> Self {
        Self {
            primary: newer.primary.or(self.primary),
            secondary: newer.secondary.or(self.secondary),
        }
    }

    /// When an account with a full window can be used again: when the last of its full windows begins
    /// anew.
    pub fn full_until(&self, now: Timestamp) -> Option<Timestamp> {
        let full = [self.primary, self.secondary].into_iter().flatten();
        let full = full.filter(|window| window.is_full(now));
        full.filter_map(|window| window.resets_at).max()
    }

    /// Reads `x-codex-{primary,secondary}-{used-percent,window-minutes,reset-after-seconds,reset-at}`.
    /// A value that is not a number is as good as none.
    pub fn from_headers<'a>(get: impl Fn(&str) -> Option<&'a str>, now: Timestamp) -> Self {
        let window = |name: &str| {
            let read = |what: &str| get(&format!("x-codex-{name}-{what}"))?.trim().parse().ok();
            Said {
                used_percent: read("used-percent"),
                window_minutes: read("window-minutes"),
                reset_after_seconds: read("reset-after-seconds"),
                reset_at: read("reset-at"),
                ..Said::default()
            }
            .window(now)
        };
        Self {
            primary: window("primary"),
            secondary: window("secondary"),
        }
    }

    /// Reads a `codex.rate_limits` event, or the answer of the usage endpoint; what has no windows in
    /// it, or is no JSON, has none.
    pub fn from_json(json: &[u8], now: Timestamp) -> Self {
        let Ok(read) = serde_json::from_slice::<Report>(json) else {
            return Self::default();
        };
        let Some(limits) = read.rate_limits.or(read.rate_limit) else {
            return Self::default();
        };
        let window = |said: Option<Said>| said.and_then(|said| said.window(now));
        Self {
            primary: window(limits.primary),
            secondary: window(limits.secondary),
        }
    }
}

#[derive(Deserialize)]
struct Report {
    rate_limits: Option<Limits>,
    rate_limit: Option<Limits>,
}

#[derive(Deserialize)]
struct Limits {
    #[serde(alias = "primary_window")]
    primary: Option<Said>,
    #[serde(alias = "secondary_window")]
    secondary: Option<Said>,
}

/// A window in any of the forms it is said in.
#[derive(Deserialize, Default)]
struct Said {
    used_percent: Option<f64>,
    window_minutes: Option<f64>,
    limit_window_seconds: Option<f64>,
    #[serde(alias = "resets_in_seconds")]
    reset_after_seconds: Option<f64>,
    #[serde(alias = "resets_at")]
    reset_at: Option<f64>,
}

impl Said {
    fn window(self, now: Timestamp) -> Option<Window> {
        let used_percent = self.used_percent.filter(|used| used.is_finite())?.max(0.0);
        let minutes = self
            .window_minutes
            .or(self.limit_window_seconds.map(|seconds| seconds / 60.0));
        let at = self.reset_at.and_then(seconds);
        let after = self.reset_after_seconds.and_then(seconds);
        let resets_at = at.map(|at| Timestamp::default().plus(at));
        Some(Window {
            used_percent,
            minutes: minutes.and_then(seconds).map(|minutes| minutes.as_secs()),
            resets_at: resets_at.or(after.map(|after| now.plus(after))),
        })
    }
}

/// What can be a number of seconds; `None` for what cannot.
fn seconds(value: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_795_000_000);

    fn in_seconds(seconds: i64) -> Timestamp {
        Timestamp::from_secs(NOW.as_secs() + seconds)
    }

    #[test]
    fn reads_every_form_that_is_seen() {
        let window = |used_percent, minutes, resets_at| Window {
            used_percent,
            minutes,
            resets_at,
        };
        let cases = [
            (
                r#"{"type":"codex.rate_limits","rate_limits":{"primary":{"used_percent":42.5,"window_minutes":300,"reset_after_seconds":60}}}"#,
                Some(window(42.5, Some(300), Some(in_seconds(60)))),
                None,
            ),
            (
                r#"{"rate_limit":{"primary_window":{"used_percent":7,"limit_window_seconds":18000,"reset_at":1795000090},"secondary_window":{"used_percent":100,"limit_window_seconds":604800,"reset_after_seconds":30}}}"#,
                Some(window(7.0, Some(300), Some(in_seconds(90)))),
                Some(window(100.0, Some(10_080), Some(in_seconds(30)))),
            ),
            (
                r#"{"rate_limits":{"primary":{"used_percent":-3},"secondary":{"window_minutes":5}}}"#,
                Some(window(0.0, None, None)),
                None,
            ),
            (
                r#"{"rate_limits":{"primary":{"used_percent":1,"reset_at":-5,"window_minutes":1e300}}}"#,
                Some(window(1.0, None, None)),
                None,
            ),
            (r#"{"rate_limits":null}"#, None, None),
            ("not json", None, None),
        ];
        for (json, primary, secondary) in cases {
            let read = Windows::from_json(json.as_bytes(), NOW);
            assert_eq!(read, Windows { primary, secondary }, "{json}");
        }
    }

    #[test]
    fn reads_headers_and_ignores_what_is_no_number() {
        let headers = [
            ("x-codex-primary-used-percent", " 99.5 "),
            ("x-codex-primary-window-minutes", "300"),
            ("x-codex-primary-reset-after-seconds", "soon"),
            ("x-codex-secondary-window-minutes", "10080"),
        ];
        let get = |name: &str| headers.iter().find(|(n, _)| *n == name).map(|(_, v)| *v);
        let read = Windows::from_headers(get, NOW);
        assert_eq!(
            read.primary,
            Some(Window {
                used_percent: 99.5,
                minutes: Some(300),
                resets_at: None
            })
        );
        assert_eq!(read.secondary, None);
    }

    #[test]
    fn is_full_until_the_last_full_window_begins_anew() {
        let windows = |said: &[(f64, i64)]| {
            let window = |(used_percent, after): &(f64, i64)| Window {
                used_percent: *used_percent,
                minutes: None,
                resets_at: Some(in_seconds(*after)),
            };
            Windows {
                primary: said.first().map(window),
                secondary: said.get(1).map(window),
            }
        };
        let cases = [
            (windows(&[]), None),
            (windows(&[(99.9, 60)]), None),
            (windows(&[(100.0, 60)]), Some(in_seconds(60))),
            (windows(&[(100.0, 60), (120.0, 900)]), Some(in_seconds(900))),
            // A window that has begun anew since is not full.
            (windows(&[(100.0, -1)]), None),
        ];
        for (windows, expected) in cases {
            assert_eq!(windows.full_until(NOW), expected, "{windows:?}");
        }
    }
}
