//! When tokens are refreshed, and what the authority's answer to that means.
//!
//! A refresh token works once. So there is one refresh at a time, what comes back is kept before
//! anybody judges it, and a token that was refused is only refreshed if it is still the one that is
//! held: the other may have been renewed meanwhile.

use std::time::Duration;

use serde::Deserialize;

use super::Lost;
use crate::time::Timestamp;

/// A token is never left to its last moments: calls that begin then would outlive it.
pub const MARGIN: Duration = Duration::from_mins(5);
/// The first wait after a refresh that failed for a reason that passes; each further one twice as long.
pub const FIRST_WAIT: Duration = Duration::from_secs(5);
/// The longest wait between two tries.
pub const LONGEST_WAIT: Duration = Duration::from_mins(5);
/// The longest wait that an authority may ask for.
pub const LONGEST_ASKED: Duration = Duration::from_hours(1);

/// When to refresh a token that was issued and ends then: at a point between half and nine tenths of
/// its life that `chance` (0 to 1) picks, so that accounts signed in together are not refreshed
/// together; but [`MARGIN`] before its end at the latest, where its life is long enough for that.
pub fn due(issued_at: Timestamp, expires_at: Timestamp, chance: f64) -> Timestamp {
    let life = expires_at.since(issued_at);
    let share = 0.5 + 0.4 * chance.clamp(0.0, 1.0);
    let point = issued_at.plus(life.mul_f64(share));
    let latest = expires_at.minus(MARGIN).max(issued_at.plus(life / 2));
    point.min(latest)
}

/// How long to wait after `failures` refreshes in a row that failed for a reason that passes. Half of it
/// is left to `chance`, so that replicas and accounts do not come back at once; what the authority asks
/// for is honoured.
pub fn wait(failures: u32, asked: Option<Duration>, chance: f64) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    let full = FIRST_WAIT.saturating_mul(1 << doublings).min(LONGEST_WAIT);
    let own = full.mul_f64(0.5 + 0.5 * chance.clamp(0.0, 1.0));
    own.max(asked.unwrap_or_default().min(LONGEST_ASKED))
}

/// What is to be done about a token that its provider refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterRefusal {
    /// It is not the one that is held any more: use that.
    UseCurrent,
    /// Refresh it.
    Refresh,
    /// It has just been refreshed and is refused all the same.
    GiveUp,
}

/// Judges a refusal. `rejected` and `current` tell tokens apart; `refreshed_at` is when the current one
/// came, unless it came with the sign-in.
pub fn after_refusal<T: PartialEq>(
    rejected: &T,
    current: &T,
    refreshed_at: Option<Timestamp>,
    now: Timestamp,
) -> AfterRefusal {
    if rejected != current {
        return AfterRefusal::UseCurrent;
    }
    match refreshed_at {
        Some(at) if now.since(at) < Duration::from_mins(1) => AfterRefusal::GiveUp,
        Some(_) | None => AfterRefusal::Refresh,
    }
}

/// Why a refresh did not bring a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failed {
    /// It never will: nobody tries again.
    For(Lost),
    /// It may later, after that long if the authority says so.
    ForNow(Option<Duration>),
}

/// Reads the refusal of an authority, flat (`{"error":"invalid_grant"}`) or nested
/// (`{"error":{"code":"refresh_token_reused"}}`). What is not known to be the end is not taken for it:
/// a login thrown away by mistake costs a person's time.
pub fn refusal(status: u16, retry_after: Option<Duration>, body: &[u8]) -> Failed {
    let said = serde_json::from_slice::<Refusal>(body).unwrap_or_default();
    let lost = said.codes().find_map(|code| match code {
        "refresh_token_expired" | "expired_token" | "invalid_grant" => Some(Lost::Expired),
        "refresh_token_reused" => Some(Lost::Reused),
        "refresh_token_invalidated" | "token_revoked" | "token_invalidated" => Some(Lost::Revoked),
        "account_deactivated" | "account_disabled" | "account_deleted" => Some(Lost::Closed),
        _ => None,
    });
    match lost {
        // A server that is broken says many things.
        Some(lost) if status < 500 => Failed::For(lost),
        Some(_) | None => Failed::ForNow(retry_after),
    }
}

#[derive(Deserialize, Default)]
struct Refusal {
    #[serde(default)]
    error: Option<Code>,
    #[serde(default)]
    code: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Code {
    Flat(String),
    Nested {
        #[serde(default)]
        code: Option<String>,
        #[serde(default, rename = "type")]
        kind: Option<String>,
    },
    Other(serde::de::IgnoredAny),
}

impl Refusal {
    /// The codes in it, the most telling first: `invalid_grant` is what many of them are called in
    /// common.
    fn codes(&self) -> impl Iterator<Item = &str> {
        let (nested, kind, flat) = match &self.error {
            Some(Code::Nested { code, kind }) => (code.as_deref(), kind.as_deref(), None),
            Some(Code::Flat(flat)) => (None, None, Some(flat.as_str())),
            Some(Code::Other(_)) | None => (None, None, None),
        };
        [nested, self.code.as_deref(), kind, flat]
            .into_iter()
            .flatten()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_secs(1_795_000_000 + seconds)
    }

    #[test]
    fn reads_the_end_of_a_login_in_both_forms_and_nothing_else_as_one() {
        let asked = Some(Duration::from_secs(30));
        let cases = [
            (
                400,
                r#"{"error":"invalid_grant"}"#,
                Failed::For(Lost::Expired),
            ),
            (
                401,
                r#"{"error":{"code":"refresh_token_reused","type":"invalid_request_error"}}"#,
                Failed::For(Lost::Reused),
            ),
            (
                401,
                r#"{"error":"invalid_grant","code":"refresh_token_invalidated"}"#,
                Failed::For(Lost::Revoked),
            ),
            (
                400,
                r#"{"error":{"type":"refresh_token_expired"}}"#,
                Failed::For(Lost::Expired),
            ),
            (
                403,
                r#"{"error":{"code":"account_deactivated"}}"#,
                Failed::For(Lost::Closed),
            ),
            (500, r#"{"error":"invalid_grant"}"#, Failed::ForNow(asked)),
            (429, r#"{"error":"slow_down"}"#, Failed::ForNow(asked)),
            (
                400,
                r#"{"error":"temporarily_unavailable"}"#,
                Failed::ForNow(asked),
            ),
            (401, r#"{"error":[1]}"#, Failed::ForNow(asked)),
            (403, "<html>challenge</html>", Failed::ForNow(asked)),
        ];
        for (status, body, expected) in cases {
            assert_eq!(refusal(status, asked, body.as_bytes()), expected, "{body}");
        }
    }

    #[test]
    fn a_refused_token_is_refreshed_only_while_it_is_the_one_that_is_held() {
        let cases = [
            ("old", "new", None, AfterRefusal::UseCurrent),
            ("now", "now", None, AfterRefusal::Refresh),
            ("now", "now", Some(at(-600)), AfterRefusal::Refresh),
            ("now", "now", Some(at(-10)), AfterRefusal::GiveUp),
            ("old", "now", Some(at(-10)), AfterRefusal::UseCurrent),
        ];
        for (rejected, current, refreshed_at, expected) in cases {
            let judged = after_refusal(&rejected, &current, refreshed_at, at(0));
            assert_eq!(judged, expected, "{rejected} {current} {refreshed_at:?}");
        }
    }

    #[test]
    fn waits_longer_each_time_and_as_long_as_it_is_asked() {
        let waits: Vec<u64> = (1..=9).map(|n| wait(n, None, 1.0).as_secs()).collect();
        assert_eq!(waits, [5, 10, 20, 40, 80, 160, 300, 300, 300]);
        assert_eq!(wait(1, Some(Duration::from_secs(77)), 0.0).as_secs(), 77);
        assert_eq!(wait(1, Some(Duration::from_hours(900)), 0.0), LONGEST_ASKED);
    }

    proptest! {
        #[test]
        fn is_due_within_its_life_and_before_its_end(life in 2i64..10_000_000, chance in 0.0f64..=1.0) {
            let (issued, ends) = (at(0), at(life));
            let due = due(issued, ends, chance);
            prop_assert!(due >= issued.plus(Duration::from_secs(life.unsigned_abs()) / 2).minus(Duration::from_millis(1)));
            prop_assert!(due < ends);
            if life > 2 * 300 {
                prop_assert!(due <= ends.minus(MARGIN));
            }
        }

        #[test]
        fn waits_within_its_bounds(failures in 0u32.., chance in -1.0f64..2.0) {
            let wait = wait(failures, None, chance);
            prop_assert!(wait >= FIRST_WAIT / 2 && wait <= LONGEST_WAIT);
        }
    }
}
