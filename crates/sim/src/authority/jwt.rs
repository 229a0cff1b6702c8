//! Tokens that look like JSON web tokens: three parts, readable claims, a signature nobody checks.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;

use super::state::Account;
use crate::sse;

/// What an access or identity token says.
#[derive(Serialize)]
pub(super) struct Claims<'a> {
    pub(super) iss: &'static str,
    pub(super) aud: &'a str,
    pub(super) sub: String,
    pub(super) jti: &'a str,
    pub(super) iat: u64,
    pub(super) exp: u64,
    pub(super) email: &'a str,
    pub(super) scp: Vec<&'a str>,
    #[serde(
        rename = "https://api.openai.com/auth",
        skip_serializing_if = "Option::is_none"
    )]
    pub(super) auth: Option<Auth<'a>>,
    #[serde(
        rename = "https://api.openai.com/profile",
        skip_serializing_if = "Option::is_none"
    )]
    pub(super) profile: Option<Profile<'a>>,
}

#[derive(Serialize)]
pub(super) struct Auth<'a> {
    chatgpt_account_id: &'a str,
    chatgpt_plan_type: &'a str,
    chatgpt_user_id: String,
    organizations: Vec<Organization<'a>>,
}

#[derive(Serialize)]
struct Organization<'a> {
    id: String,
    is_default: bool,
    role: &'static str,
    title: &'a str,
}

#[derive(Serialize)]
pub(super) struct Profile<'a> {
    email: &'a str,
    email_verified: bool,
}

impl<'a> Auth<'a> {
    pub(super) fn of(account: &'a Account) -> Self {
        Self {
            chatgpt_account_id: &account.id,
            chatgpt_plan_type: &account.plan,
            chatgpt_user_id: format!("user-{}", account.name),
            organizations: vec![Organization {
                id: format!("org-{}", account.name),
                is_default: true,
                role: "owner",
                title: "Personal",
            }],
        }
    }
}

impl<'a> Profile<'a> {
    pub(super) fn of(account: &'a Account) -> Self {
        Self {
            email: &account.email,
            email_verified: true,
        }
    }
}

/// Claims as a token. `jti` makes every one different.
pub(super) fn written(claims: &Claims<'_>) -> String {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let head = part(r#"{"alg":"none","typ":"JWT"}"#);
    let payload = part(&sse::json(claims));
    format!("{head}.{payload}.{}", part(claims.jti))
}

/// The challenge of a verifier (RFC 7636, S256).
pub(super) fn challenge(verifier: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes());
    URL_SAFE_NO_PAD.encode(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_as_the_standard_does() {
        // RFC 7636, appendix B.
        assert_eq!(
            challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }
}
