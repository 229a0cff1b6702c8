//! How a bridge is, by what it answers on `/health`.
//!
//! Nobody logged in is a state and no error, and a bridge that is away says nothing of anything else.
//! What is not understood counts as nobody being there, and so does whoever does not know the secret
//! ([`super::proof`]): their word is not believed.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How long an answer may take.
pub const PATIENCE: Duration = Duration::from_millis(1200);
/// The most bytes of an answer.
pub const LONGEST: usize = 16 << 10;
/// The most characters of what a bridge says of itself.
const LONGEST_DETAIL: usize = 200;

/// What a bridge says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// How it is, in its own word.
    pub status: String,
    /// What it is a bridge to.
    pub provider: String,
    /// Whether somebody is logged in; absent where it cannot tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configured: Option<bool>,
    /// Whether it works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub healthy: Option<bool>,
    /// What there is to say about that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// What came of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Probe<'a> {
    /// An answer: its status and its whole body.
    Answered(u16, &'a [u8]),
    /// An answer of more than [`LONGEST`] bytes.
    TooLong,
    /// No whole answer within [`PATIENCE`].
    TooSlow,
    /// Nobody to ask, or no answer.
    Nobody,
    /// An answer without a proof that whoever gives it knows the secret.
    Unproven,
    /// An answer with a proof that is wrong.
    Disproven,
}

/// How a bridge is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It takes calls.
    Ready,
    /// It will in a moment.
    Starting,
    /// It would if somebody logged in.
    AuthRequired,
    /// It does not.
    Unreachable,
}

impl State {
    /// As printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Starting => "starting",
            Self::AuthRequired => "auth_required",
            Self::Unreachable => "unreachable",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        let all = [
            Self::Ready,
            Self::Starting,
            Self::AuthRequired,
            Self::Unreachable,
        ];
        all.into_iter().find(|state| state.as_str() == word)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a bridge is, and what there is to say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// How it is.
    pub state: State,
    /// What there is to say; the bridge's own words where it has any.
    pub detail: Option<String>,
}

/// How a bridge is, by what came of asking it.
pub fn judge(probe: Probe<'_>) -> Health {
    let (status, body) = match probe {
        Probe::Answered(300..=399, _) => return away("a redirect, which is not followed"),
        Probe::Answered(status, body) => (status, body),
        Probe::TooLong => return away("an answer that is too long for a bridge's"),
        Probe::TooSlow => return away("no answer in time"),
        Probe::Nobody => return away("nobody answers"),
        Probe::Unproven => {
            return away(
                "what answers does not prove that it knows the secret: it is not the bridge, or one of an \
                 older version",
            );
        }
        Probe::Disproven => {
            return away(
                "what answers has another secret, or is a bridge at another address: it was sent nothing",
            );
        }
    };
    let Ok(report) = serde_json::from_slice::<Report>(body) else {
        return away("an answer that no bridge gives");
    };
    let word = State::parse(&report.status);
    let up = (200..=299).contains(&status);
    let well = report.configured != Some(false) && report.healthy != Some(false);
    let state = match word {
        Some(State::Ready) | None if up && well => State::Ready,
        Some(word @ (State::Starting | State::AuthRequired | State::Unreachable)) => word,
        Some(State::Ready) | None if report.configured == Some(false) => State::AuthRequired,
        Some(State::Ready) | None => State::Unreachable,
    };
    // Its own word is the better one where it is none of ours.
    let own = || (state != State::Ready && word.is_none()).then(|| report.status.clone());
    let detail = report.detail.clone().filter(|text| !text.is_empty());
    Health {
        state,
        detail: detail.or_else(own).map(|text| short(&text)),
    }
}

fn away(detail: &str) -> Health {
    Health {
        state: State::Unreachable,
        detail: Some(detail.to_owned()),
    }
}

fn short(text: &str) -> String {
    let told = super::told(text, &[]);
    told.chars().take(LONGEST_DETAIL).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bridge_is_what_it_answers() {
        use State::{AuthRequired, Ready, Starting, Unreachable};
        // Status; what is reported beside the provider's name; what it comes to.
        let cases = [
            (200, r#""status":"ok""#, Ready, None),
            (
                200,
                r#""status":"ready","configured":true,"healthy":true,"detail":"v1""#,
                Ready,
                Some("v1"),
            ),
            (200, r#""status":"ready","extra":[1,{}]"#, Ready, None),
            (204, r#""status":"ok","configured":null"#, Ready, None),
            // What it says of itself outweighs its status line.
            (200, r#""status":"auth_required""#, AuthRequired, None),
            (200, r#""status":"starting""#, Starting, None),
            (
                503,
                r#""status":"starting","detail":"inner""#,
                Starting,
                Some("inner"),
            ),
            (401, r#""status":"auth_required""#, AuthRequired, None),
            (
                200,
                r#""status":"ok","configured":false"#,
                AuthRequired,
                Some("ok"),
            ),
            (
                503,
                r#""status":"ready","configured":false"#,
                AuthRequired,
                None,
            ),
            (
                200,
                r#""status":"ok","healthy":false"#,
                Unreachable,
                Some("ok"),
            ),
            (500, r#""status":"broken""#, Unreachable, Some("broken")),
            (503, r#""status":"ready""#, Unreachable, None),
            (200, r#""status":"unreachable""#, Unreachable, None),
        ];
        check(&cases);
    }

    fn check(cases: &[(u16, &str, State, Option<&str>)]) {
        for (status, members, state, detail) in cases {
            let body = format!(r#"{{"provider":"p",{members}}}"#);
            let health = judge(Probe::Answered(*status, body.as_bytes()));
            let found = (health.state, health.detail.as_deref());
            assert_eq!(found, (*state, *detail), "{status} {body}");
        }
    }

    #[test]
    fn what_is_not_a_bridges_answer_is_nobody() {
        let garbage: &[&[u8]] = &[
            b"",
            b"ok",
            b"null",
            b"[]",
            b"{}",
            b"<html>",
            b"\xff\xfe",
            br#"{"status":1,"provider":"p"}"#,
            br#"{"status":"ok"}"#,
            br#"{"status":"ok","provider":"p","configured":"yes"}"#,
            br#"{"status":"ok","provider":"p""#,
        ];
        for body in garbage {
            assert_eq!(judge(Probe::Answered(200, body)).state, State::Unreachable);
        }
        let ready = br#"{"status":"ok","provider":"p"}"#;
        let away = [
            Probe::Answered(301, ready),
            Probe::Answered(307, ready),
            Probe::Answered(302, br#"{"status":"auth_required","provider":"p"}"#),
            Probe::TooLong,
            Probe::TooSlow,
            Probe::Nobody,
            Probe::Unproven,
            Probe::Disproven,
        ];
        for probe in away {
            let health = judge(probe);
            assert_eq!(health.state, State::Unreachable, "{probe:?}");
            assert!(health.detail.is_some(), "{probe:?}");
        }
    }

    #[test]
    fn what_it_says_is_short_and_moves_no_cursor() {
        let body = format!(
            r#"{{"status":"\u001b[2J","provider":"p","healthy":false,"detail":"{}"}}"#,
            "é".repeat(900)
        );
        let detail = judge(Probe::Answered(200, body.as_bytes())).detail.unwrap();
        assert_eq!(detail.chars().count(), LONGEST_DETAIL);
        let odd = br#"{"status":"\u001b[2J\n","provider":"p","healthy":false}"#;
        let detail = judge(Probe::Answered(200, odd)).detail.unwrap();
        assert!(!detail.chars().any(char::is_control), "{detail:?}");
    }
}
