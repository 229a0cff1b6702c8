//! What is read of a token without checking it: when it ends and whose it is.
//!
//! The tokens come from the authority itself over TLS, and nobody is let in because of what they say:
//! so their signatures are the provider's business.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use crate::time::Timestamp;

/// What a token says of itself and of the account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Claims {
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// When it was issued.
    pub issued_at: Option<Timestamp>,
    /// The account at the provider.
    pub account: Option<String>,
    /// The plan.
    pub plan: Option<String>,
    /// Whom it was issued to.
    pub email: Option<String>,
}

/// Reads a JSON web token; what is none says nothing.
pub fn claims(token: &str) -> Claims {
    let mut parts = token.split('.');
    let (Some(_), Some(payload), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Claims::default();
    };
    let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('='));
    let Some(raw) = payload
        .ok()
        .and_then(|json| serde_json::from_slice::<Raw>(&json).ok())
    else {
        return Claims::default();
    };
    let auth = raw.auth.unwrap_or_default();
    Claims {
        expires_at: raw.exp.and_then(whole_seconds),
        issued_at: raw.iat.and_then(whole_seconds),
        account: auth.account,
        plan: auth.plan,
        email: raw.email,
    }
}

/// Times are whole seconds or, of some issuers, fractions.
fn whole_seconds(value: f64) -> Option<Timestamp> {
    let since = std::time::Duration::try_from_secs_f64(value).ok()?;
    Some(Timestamp::default().plus(since))
}

#[derive(Deserialize)]
struct Raw {
    exp: Option<f64>,
    iat: Option<f64>,
    email: Option<String>,
    #[serde(rename = "https://api.openai.com/auth")]
    auth: Option<Auth>,
}

#[derive(Deserialize, Default)]
struct Auth {
    #[serde(rename = "chatgpt_account_id")]
    account: Option<String>,
    #[serde(rename = "chatgpt_plan_type")]
    plan: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(payload: &str) -> String {
        format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(payload))
    }

    #[test]
    fn reads_whose_it_is_and_when_it_ends() {
        let read = claims(&token(
            r#"{"exp":1795000000,"iat":1794996400.5,"email":"a@b.c","https://api.openai.com/auth":{"chatgpt_account_id":"acc","chatgpt_plan_type":"pro","x":1}}"#,
        ));
        let expected = Claims {
            expires_at: Some(Timestamp::from_secs(1_795_000_000)),
            issued_at: Some(Timestamp(1_794_996_400_500_000)),
            account: Some("acc".into()),
            plan: Some("pro".into()),
            email: Some("a@b.c".into()),
        };
        assert_eq!(read, expected);
    }

    #[test]
    fn what_is_no_token_says_nothing() {
        for text in [
            "",
            "opaque",
            "a.b",
            "a.b.c.d",
            "e30.!!!.sig",
            &token("[]"),
            &token("{\"exp\":\"x\"}"),
            &token("{\"exp\":-1e300}"),
        ] {
            assert_eq!(claims(text), Claims::default(), "{text}");
        }
    }
}
