//! Signing in on another device: what an authority answers while somebody types a code, and what is
//! done about it.
//!
//! It always ends: with tokens, with a refusal, or when the code does. Not knowing an answer is no
//! reason to ask for ever.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;

use crate::time::Timestamp;

/// How often an authority is asked that does not say how often.
pub const INTERVAL: Duration = Duration::from_secs(5);
/// The longest time between two questions.
pub const LONGEST_INTERVAL: Duration = Duration::from_mins(1);
/// How much slower one that asks for it is asked (RFC 8628 section 3.5).
pub const SLOWER: Duration = Duration::from_secs(5);
/// The longest that a code is waited for, whatever is said of it.
pub const LONGEST: Duration = Duration::from_mins(15);

/// What to show to whoever signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// What they type.
    pub user_code: String,
    /// Where; the catalog's address if the authority names none.
    pub verification_uri: Option<String>,
    /// The same with the code in it.
    pub verification_uri_complete: Option<String>,
    /// How long the code works.
    pub expires_in: Duration,
    /// How often to ask.
    pub interval: Duration,
}

/// An offer and what it is asked about with, which is a secret.
pub struct Offered {
    /// What to show.
    pub offer: Offer,
    /// What the authority knows the attempt by.
    pub handle: String,
}

impl fmt::Debug for Offered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Offered")
            .field("offer", &self.offer)
            .finish_non_exhaustive()
    }
}

/// Reads an offer: of RFC 8628, or with `device_auth_id` and a code that may be called `usercode`.
pub fn offered(body: &[u8]) -> Option<Offered> {
    let raw: RawOffer = serde_json::from_slice(body).ok()?;
    let seconds = |value: Option<Number>| value.and_then(Number::seconds);
    Some(Offered {
        offer: Offer {
            user_code: raw.user_code.filter(|code| !code.is_empty())?,
            verification_uri: raw.verification_uri,
            verification_uri_complete: raw.verification_uri_complete,
            expires_in: seconds(raw.expires_in).unwrap_or(LONGEST).min(LONGEST),
            interval: seconds(raw.interval)
                .unwrap_or(INTERVAL)
                .clamp(Duration::from_secs(1), LONGEST_INTERVAL),
        },
        handle: raw.handle.filter(|handle| !handle.is_empty())?,
    })
}

#[derive(Deserialize)]
struct RawOffer {
    #[serde(alias = "device_auth_id", rename = "device_code")]
    handle: Option<String>,
    #[serde(alias = "usercode")]
    user_code: Option<String>,
    #[serde(alias = "verification_url")]
    verification_uri: Option<String>,
    verification_uri_complete: Option<String>,
    expires_in: Option<Number>,
    interval: Option<Number>,
}

/// A number that may be written as text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Plain(f64),
    Text(String),
}

impl Number {
    fn seconds(self) -> Option<Duration> {
        let value = match self {
            Self::Plain(value) => value,
            Self::Text(text) => text.trim().parse().ok()?,
        };
        Duration::try_from_secs_f64(value).ok()
    }
}

/// What an authority said when it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Somebody approved; what came with it is the caller's to read.
    Approved,
    /// Nobody has typed the code yet.
    Pending,
    /// The same, and it is asked too often.
    SlowDown,
    /// Somebody refused.
    Denied,
    /// The code has ended.
    Expired,
    /// It was not reached, or is broken: it may be asked again.
    Trouble,
    /// It will never say yes.
    Hopeless,
}

/// Reads an answer. `pending` are the statuses that an authority outside the standard has for "not yet".
pub fn answered(status: u16, body: &[u8], pending: &[u16]) -> Answer {
    let code = serde_json::from_slice::<RawError>(body)
        .ok()
        .and_then(|raw| raw.error);
    let code = code.as_ref().map(|error| match error {
        ErrorCode::Flat(code) | ErrorCode::Nested { code } => code.as_str(),
    });
    // GitHub says its errors with 200.
    let not_yet = code == Some("authorization_pending");
    match (status, code) {
        (_, Some("slow_down")) => Answer::SlowDown,
        (_, Some("access_denied" | "authorization_declined")) => Answer::Denied,
        (_, Some("expired_token" | "token_expired")) => Answer::Expired,
        (200..=299, None) => Answer::Approved,
        _ if not_yet || pending.contains(&status) => Answer::Pending,
        (429, _) => Answer::SlowDown,
        (500..=599 | 408, _) => Answer::Trouble,
        _ => Answer::Hopeless,
    }
}

#[derive(Deserialize)]
struct RawError {
    error: Option<ErrorCode>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ErrorCode {
    Flat(String),
    Nested { code: String },
}

/// An attempt to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// When the code ends.
    pub expires_at: Timestamp,
    /// How often is asked.
    pub interval: Duration,
    /// When is asked next.
    pub next: Timestamp,
}

/// What comes next in an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Ask again at its `next`.
    Ask(Attempt),
    /// Tokens can be had.
    Done,
    /// It is over, and why.
    Over(Over),
}

/// Why an attempt came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// Somebody refused.
    Denied,
    /// The code has ended.
    Expired,
    /// The authority will not do it.
    Refused,
}

impl Attempt {
    /// An attempt that begins with an offer.
    pub fn begin(offer: &Offer, now: Timestamp) -> Self {
        Self {
            expires_at: now.plus(offer.expires_in),
            interval: offer.interval,
            next: now.plus(offer.interval),
        }
    }

    /// What comes after an answer at `now`.
    pub fn on(self, answer: Answer, now: Timestamp) -> Step {
        let interval = match answer {
            Answer::Approved => return Step::Done,
            Answer::Denied => return Step::Over(Over::Denied),
            Answer::Expired => return Step::Over(Over::Expired),
            Answer::Hopeless => return Step::Over(Over::Refused),
            Answer::Pending | Answer::Trouble => self.interval,
            Answer::SlowDown => (self.interval + SLOWER).min(LONGEST_INTERVAL),
        };
        let next = now.plus(interval);
        if next >= self.expires_at {
            return Step::Over(Over::Expired);
        }
        Step::Ask(Self {
            interval,
            next,
            ..self
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_000);

    #[test]
    fn reads_offers_of_every_authority() {
        let cases = [
            (
                r#"{"device_auth_id":"h","usercode":"ABCD-12345","interval":"7"}"#,
                Some(("ABCD-12345", 900, 7)),
            ),
            (
                r#"{"device_code":"h","user_code":"X-1","verification_uri":"https://e.x","expires_in":600,"interval":5}"#,
                Some(("X-1", 600, 5)),
            ),
            (
                r#"{"device_code":"h","user_code":"X-1","expires_in":1e9,"interval":0}"#,
                Some(("X-1", 900, 1)),
            ),
            (
                r#"{"device_code":"h","user_code":"X-1","interval":"often"}"#,
                Some(("X-1", 900, 5)),
            ),
            (r#"{"device_code":"h","user_code":""}"#, None),
            (r#"{"user_code":"X-1"}"#, None),
            ("[]", None),
        ];
        for (body, expected) in cases {
            let read = offered(body.as_bytes()).map(|offered| offered.offer);
            let read = read.as_ref().map(|offer| {
                let code = offer.user_code.as_str();
                (code, offer.expires_in.as_secs(), offer.interval.as_secs())
            });
            assert_eq!(read, expected, "{body}");
        }
    }

    #[test]
    fn reads_every_answer_of_the_standard_and_of_others() {
        let cases = [
            (200, r#"{"access_token":"x"}"#, Answer::Approved),
            (200, r#"{"error":"authorization_pending"}"#, Answer::Pending),
            (400, r#"{"error":"authorization_pending"}"#, Answer::Pending),
            (400, r#"{"error":"slow_down"}"#, Answer::SlowDown),
            (400, r#"{"error":"access_denied"}"#, Answer::Denied),
            (400, r#"{"error":"authorization_declined"}"#, Answer::Denied),
            (400, r#"{"error":"expired_token"}"#, Answer::Expired),
            (
                200,
                r#"{"error":"incorrect_device_code"}"#,
                Answer::Hopeless,
            ),
            (400, r#"{"error":"invalid_client"}"#, Answer::Hopeless),
            (403, "", Answer::Pending),
            (
                404,
                r#"{"error":{"code":"deviceauth_authorization_unknown"}}"#,
                Answer::Pending,
            ),
            (
                400,
                r#"{"error":{"code":"access_denied","message":"m"}}"#,
                Answer::Denied,
            ),
            (
                403,
                r#"{"error":{"code":"expired_token"}}"#,
                Answer::Expired,
            ),
            (404, r#"{"error":{"code":"slow_down"}}"#, Answer::SlowDown),
            (
                400,
                r#"{"error":{"code":"authorization_pending"}}"#,
                Answer::Pending,
            ),
            (429, "", Answer::SlowDown),
            (502, "<html>", Answer::Trouble),
            (401, "", Answer::Hopeless),
        ];
        for (status, body, expected) in cases {
            let read = answered(status, body.as_bytes(), &[403, 404]);
            assert_eq!(read, expected, "{status} {body}");
        }
    }

    #[test]
    fn always_ends() {
        let offer = offered(br#"{"device_code":"h","user_code":"X","expires_in":60}"#).unwrap();
        for answer in [Answer::Pending, Answer::SlowDown, Answer::Trouble] {
            let (mut attempt, mut asked) = (Attempt::begin(&offer.offer, NOW), 0);
            let end = loop {
                match attempt.on(answer, attempt.next) {
                    Step::Ask(next) => attempt = next,
                    Step::Done => panic!("nobody approved"),
                    Step::Over(why) => break why,
                }
                asked += 1;
                assert!(asked < 60, "{answer:?} goes on for ever");
            };
            assert_eq!(end, Over::Expired);
        }
    }

    #[test]
    fn asks_slower_when_it_is_asked_to() {
        let offer = offered(br#"{"device_code":"h","user_code":"X"}"#).unwrap();
        let attempt = Attempt::begin(&offer.offer, NOW);
        let Step::Ask(slower) = attempt.on(Answer::SlowDown, NOW) else {
            panic!("it goes on");
        };
        assert_eq!(slower.interval, Duration::from_secs(10));
        assert_eq!(slower.next, NOW.plus(Duration::from_secs(10)));
        assert_eq!(attempt.on(Answer::Denied, NOW), Step::Over(Over::Denied));
        assert_eq!(attempt.on(Answer::Approved, NOW), Step::Done);
    }
}
