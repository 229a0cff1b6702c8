//! What a server says to a device that asks whether it was let in.

use http::StatusCode;
use serde::Deserialize;
use serde::de::Deserializer;
use tollhouse_vault::Secret;

use crate::api::{refusal, refusal_code};

/// The token that a device gets.
#[derive(Deserialize)]
pub(super) struct Token {
    #[serde(rename = "access_token", deserialize_with = "secret")]
    pub(super) secret: Secret,
    pub(super) id: String,
    pub(super) scope: String,
    pub(super) expires_in: u64,
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    let text = String::deserialize(deserializer)?;
    Secret::parse(&text).map_err(serde::de::Error::custom)
}

/// What to do next.
pub(super) enum Told {
    /// Go on with this.
    Token(Token),
    /// Ask again after the pause.
    Wait,
    /// Ask again after a longer pause, from now on.
    Slower,
    /// Ask again: the server is in trouble, which passes.
    Trouble(String),
    /// There is nothing to wait for.
    Over(String),
}

/// Reads an answer.
pub(super) fn judge(status: StatusCode, body: &[u8]) -> Told {
    if status.is_success() {
        return match serde_json::from_slice(body) {
            Ok(token) => Told::Token(token),
            Err(_) => Told::Over("the server gave a token that does not read".to_owned()),
        };
    }
    if status == StatusCode::TOO_MANY_REQUESTS {
        return Told::Slower;
    }
    if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT {
        return Told::Trouble(refusal(status, body));
    }
    match refusal_code(body).as_deref() {
        Some("authorization_pending") => Told::Wait,
        Some("slow_down") => Told::Slower,
        Some("access_denied") => Told::Over("somebody turned this machine away".to_owned()),
        Some("expired_token") => {
            Told::Over("nobody typed the code in time; run `tollhouse login` again".to_owned())
        }
        Some(_) | None => Told::Over(refusal(status, body)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_no_ends_the_waiting() {
        let error = |code: &str| format!(r#"{{"error":{{"code":"{code}","message":"Said so."}}}}"#);
        let token =
            r#"{"access_token":"tht_x","id":"tok_1","scope":"write","expires_in":1,"new":2}"#;
        let cases = [
            (200, token.to_owned(), "token tht_x"),
            (
                200,
                "{}".to_owned(),
                "over the server gave a token that does not read",
            ),
            (400, error("authorization_pending"), "wait"),
            (400, error("slow_down"), "slower"),
            (429, error("rate_limited"), "slower"),
            (429, "<html>".to_owned(), "slower"),
            (503, error("unavailable"), "trouble Said so."),
            (
                502,
                "<html>".to_owned(),
                "trouble the server answered 502 Bad Gateway",
            ),
            (
                408,
                String::new(),
                "trouble the server answered 408 Request Timeout",
            ),
            (
                400,
                error("access_denied"),
                "over somebody turned this machine away",
            ),
            (
                400,
                error("expired_token"),
                "over nobody typed the code in time; run `tollhouse login` again",
            ),
            (400, error("invalid_grant"), "over Said so."),
            (409, error("conflict"), "over Said so."),
            (
                404,
                "<html>".to_owned(),
                "over the server answered 404 Not Found",
            ),
        ];
        for (status, body, expected) in cases {
            let status = StatusCode::from_u16(status).unwrap();
            let told = match judge(status, body.as_bytes()) {
                Told::Token(token) => format!("token {}", token.secret.expose()),
                Told::Wait => "wait".to_owned(),
                Told::Slower => "slower".to_owned(),
                Told::Trouble(text) => format!("trouble {text}"),
                Told::Over(text) => format!("over {text}"),
            };
            assert_eq!(told, expected, "{status} {body}");
        }
    }
}
