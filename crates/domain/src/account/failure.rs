//! What an answer says of the account that made the call, and what it does not.
//!
//! A request that was wrong, a model that is full and a vendor that is down say nothing of the account.
//! Only what does moves conversations away from it.

use std::time::Duration;

use serde::Deserialize;

use super::Event;
use crate::time::Timestamp;

/// What a refused call says of the account that it drew on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// What its plan includes is used up, until then if that is said.
    Capped(Option<Timestamp>),
    /// Too many requests in a short time.
    Limited(Option<Duration>),
    /// Its token was refused.
    Refused,
    /// Only this model cannot be had now: the account is as good as before.
    Model,
    /// Nothing of the account.
    Other,
}

impl Failure {
    /// Whether another account may be served where this one was not.
    pub const fn is_the_accounts(self) -> bool {
        match self {
            Self::Capped(_) | Self::Limited(_) | Self::Refused => true,
            Self::Model | Self::Other => false,
        }
    }

    /// What it means for the account; a refused token first for its refresh.
    pub const fn event(self) -> Option<Event> {
        match self {
            Self::Capped(until) => Some(Event::Capped(until)),
            Self::Limited(asked) => Some(Event::Limited(asked)),
            Self::Refused | Self::Model | Self::Other => None,
        }
    }
}

/// Error codes that mean the plan is used up.
const CAPS: [&str; 3] = [
    "usage_limit_reached",
    "usage_not_included",
    "insufficient_quota",
];
/// Error codes that mean only that the model cannot be had.
const MODELS: [&str; 4] = [
    "model_at_capacity",
    "server_is_overloaded",
    "slow_down",
    "overloaded_error",
];

/// Error codes that mean what 429 does, where there is no status to say so.
const RATES: [&str; 2] = ["rate_limit_exceeded", "rate_limit_error"];

/// Reads a refusal. `retry_after` is the header's; `body` is what there is of the answer, in any of the
/// forms `{"error":{"type",…}}`, `{"error":"…"}`, `{"detail":…}` and the error inside a failed response
/// of a stream.
pub fn classify(
    status: u16,
    retry_after: Option<Duration>,
    body: &[u8],
    now: Timestamp,
) -> Failure {
    let said = serde_json::from_slice::<Body>(body)
        .map(Body::error)
        .unwrap_or_default();
    judge(status, retry_after, &said, now)
}

/// The same of an error inside of a stream whose status said that all was well.
pub fn in_stream(said: &Said, now: Timestamp) -> Failure {
    let status = if said.is_one_of(&RATES) { 429 } else { 200 };
    judge(status, None, said, now)
}

fn judge(status: u16, retry_after: Option<Duration>, said: &Said, now: Timestamp) -> Failure {
    if said.is_one_of(&CAPS) {
        let at = said.resets_at.and_then(|at| u64::try_from(at).ok());
        let at = at.map(|at| Timestamp::default().plus(Duration::from_secs(at)));
        let after = said.resets_in_seconds.and_then(|s| u64::try_from(s).ok());
        let after = after.map(|after| now.plus(Duration::from_secs(after)));
        let by_header = retry_after.map(|after| now.plus(after));
        // By a clock that is wrong, a moment may be over that another way of saying it puts right.
        let said = [at, after, by_header].into_iter().flatten();
        return Failure::Capped(said.into_iter().find(|until| *until > now));
    }
    if said.is_one_of(&MODELS) || said.model_only() {
        return Failure::Model;
    }
    match status {
        401 => Failure::Refused,
        429 => Failure::Limited(retry_after),
        _ => Failure::Other,
    }
}

#[derive(Deserialize, Default)]
struct Body {
    #[serde(default)]
    error: Option<Shape>,
    #[serde(default)]
    detail: Option<Shape>,
    #[serde(default)]
    response: Option<Box<Body>>,
}

impl Body {
    fn error(self) -> Said {
        let inner = || self.response.map(|body| body.error());
        match self.error.or(self.detail) {
            Some(Shape::Said(said)) => said,
            Some(Shape::Text(text)) => Said {
                code: Some(text),
                ..Said::default()
            },
            Some(Shape::Other(_)) => Said::default(),
            None => inner().unwrap_or_default(),
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Shape {
    Said(Said),
    Text(String),
    Other(serde::de::IgnoredAny),
}

/// What an error says of itself.
#[derive(Deserialize, Default)]
#[expect(missing_debug_implementations, reason = "may quote the request")]
pub struct Said {
    /// Its type.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    /// Its code.
    #[serde(default)]
    pub code: Option<String>,
    /// Its words for people.
    #[serde(default)]
    pub message: Option<String>,
    /// When what is used up begins anew, in seconds.
    #[serde(default)]
    pub resets_at: Option<i64>,
    /// The same, from now.
    #[serde(default)]
    pub resets_in_seconds: Option<i64>,
}

impl Said {
    fn is_one_of(&self, codes: &[&str]) -> bool {
        let said = [self.kind.as_deref(), self.code.as_deref()];
        said.into_iter().flatten().any(|code| codes.contains(&code))
    }

    /// The vendor's words where it has no code for it; they are looked at nowhere else.
    fn model_only(&self) -> bool {
        let message = self.message.as_deref().unwrap_or_default();
        message
            .to_ascii_lowercase()
            .contains("model is at capacity")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_795_000_000);

    const AFTER: Option<Duration> = Some(Duration::from_secs(20));

    const fn at(seconds: i64) -> Timestamp {
        Timestamp::from_secs(NOW.as_secs() + seconds)
    }

    /// Status, `retry-after`, body, and what that says.
    const CASES: [(u16, Option<Duration>, &str, Failure); 18] = [
        (
            429,
            AFTER,
            r#"{"error":{"type":"usage_limit_reached","resets_at":1794999999,"resets_in_seconds":90}}"#,
            Failure::Capped(Some(at(90))),
        ),
        (
            429,
            None,
            r#"{"error":{"type":"usage_limit_reached","resets_at":1794999999}}"#,
            Failure::Capped(None),
        ),
        (
            429,
            None,
            r#"{"error":{"type":"usage_limit_reached","resets_at":1795000060}}"#,
            Failure::Capped(Some(at(60))),
        ),
        (
            429,
            AFTER,
            r#"{"error":{"type":"usage_limit_reached","resets_in_seconds":90}}"#,
            Failure::Capped(Some(at(90))),
        ),
        (
            429,
            AFTER,
            r#"{"error":{"code":"insufficient_quota"}}"#,
            Failure::Capped(Some(at(20))),
        ),
        (
            429,
            None,
            r#"{"error":{"type":"usage_limit_reached","resets_at":-4}}"#,
            Failure::Capped(None),
        ),
        (
            200,
            None,
            r#"{"type":"response.failed","response":{"error":{"code":"usage_limit_reached"}}}"#,
            Failure::Capped(None),
        ),
        (
            403,
            None,
            r#"{"detail":{"code":"usage_not_included"}}"#,
            Failure::Capped(None),
        ),
        (
            429,
            AFTER,
            r#"{"error":{"type":"rate_limit_error"}}"#,
            Failure::Limited(AFTER),
        ),
        (429, None, "", Failure::Limited(None)),
        (
            429,
            None,
            r#"{"detail":"Too many requests"}"#,
            Failure::Limited(None),
        ),
        (
            429,
            None,
            r#"{"error":{"code":"model_at_capacity"}}"#,
            Failure::Model,
        ),
        (
            503,
            None,
            r#"{"error":{"message":"Selected model is at capacity. Please try a different model."}}"#,
            Failure::Model,
        ),
        (
            200,
            None,
            r#"{"response":{"error":{"code":"server_is_overloaded"}}}"#,
            Failure::Model,
        ),
        (401, None, r#"{"detail":"Unauthorized"}"#, Failure::Refused),
        (
            400,
            None,
            r#"{"detail":"Instructions are required"}"#,
            Failure::Other,
        ),
        (500, AFTER, "<html>", Failure::Other),
        (404, None, r#"{"error":7,"detail":[1]}"#, Failure::Other),
    ];

    #[test]
    fn tells_the_account_from_the_model_and_the_request() {
        for (status, retry_after, body, expected) in CASES {
            let read = classify(status, retry_after, body.as_bytes(), NOW);
            assert_eq!(read, expected, "{status} {body}");
        }
    }

    #[test]
    fn an_error_inside_a_stream_says_the_same() {
        let code = |code: &str| Said {
            code: Some(code.to_owned()),
            resets_in_seconds: Some(90),
            ..Said::default()
        };
        for (said, expected) in [
            ("usage_limit_reached", Failure::Capped(Some(at(90)))),
            ("rate_limit_exceeded", Failure::Limited(None)),
            ("server_is_overloaded", Failure::Model),
            ("server_error", Failure::Other),
        ] {
            assert_eq!(in_stream(&code(said), NOW), expected, "{said}");
        }
    }
}
