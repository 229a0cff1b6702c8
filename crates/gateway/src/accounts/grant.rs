//! What an authority grants: tokens, and what they say of themselves.

use std::time::Duration;

use serde::Deserialize;
use tollhouse_domain::account::token::{self, Claims};
use tollhouse_domain::time::Timestamp;
use tollhouse_store::Renewed;
use tollhouse_vault::{Context, Vault};

use super::tokens::Tokens;

/// How long a token is taken to live of which nothing says how long.
const UNKNOWN_LIFE: Duration = Duration::from_hours(1);
/// The longest life that is believed.
const LONGEST_LIFE: Duration = Duration::from_hours(24 * 400);

/// Tokens, granted at `at`.
pub(crate) struct Grant {
    pub(crate) tokens: Tokens,
    pub(crate) holder: Option<String>,
    pub(crate) plan: Option<String>,
    pub(crate) issued_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) at: Timestamp,
}

/// The answer of a token endpoint.
#[derive(Deserialize)]
struct Answer {
    access_token: String,
    refresh_token: Option<String>,
    id_token: Option<String>,
    expires_in: Option<f64>,
}

/// The answer of an exchange of a login for a short token.
#[derive(Deserialize)]
struct Exchanged {
    token: String,
    expires_at: Option<i64>,
    refresh_in: Option<f64>,
    endpoints: Option<Endpoints>,
}

#[derive(Deserialize)]
struct Endpoints {
    api: Option<String>,
}

impl Grant {
    /// Reads the answer of a token endpoint; what it does not say again is as `before` had it. `None` for what
    /// is no such answer, or holds what no header may.
    pub(crate) fn read(body: &[u8], before: &Tokens, at: Timestamp) -> Option<Self> {
        let answer: Answer = serde_json::from_slice(body).ok()?;
        let mut tokens = before.clone();
        tokens.access = answer.access_token;
        tokens.refresh = answer.refresh_token.or(tokens.refresh.take());
        tokens.id = answer.id_token.or(tokens.id.take());
        Self::of(tokens, answer.expires_in, at)
    }

    /// Reads the answer of an exchange: what it was got with stays what the next one is got with. Calls go
    /// `elsewhere`, if anywhere, where it does not say.
    pub(crate) fn exchanged(
        body: &[u8],
        before: &Tokens,
        elsewhere: Option<&str>,
        at: Timestamp,
    ) -> Option<Self> {
        let answer: Exchanged = serde_json::from_slice(body).ok()?;
        let mut tokens = before.clone();
        tokens.access = answer.token;
        let said = answer.endpoints.and_then(|endpoints| endpoints.api);
        tokens.base_url = said.or_else(|| elsewhere.map(str::to_owned));
        let ends = answer.expires_at.map(Timestamp::from_secs);
        let lives = ends.map(|ends| ends.since(at).as_secs_f64());
        Self::of(tokens, lives.or(answer.refresh_in), at)
    }

    /// Tokens that came with nothing else: what they say of themselves is all there is.
    pub(crate) fn of(mut tokens: Tokens, expires_in: Option<f64>, at: Timestamp) -> Option<Self> {
        let plain = |text: &String| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
        let optional = |text: &Option<String>| text.as_ref().is_none_or(plain);
        if !plain(&tokens.access) || !optional(&tokens.refresh) || !optional(&tokens.id) {
            return None;
        }
        let access = token::claims(&tokens.access);
        let id = tokens.id.as_deref().map(token::claims).unwrap_or_default();
        let said =
            |of: fn(&Claims) -> &Option<String>| of(&id).clone().or_else(|| of(&access).clone());
        tokens.account = tokens
            .account
            .take()
            .or_else(|| said(|claims| &claims.account));
        let lives = expires_in.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let expires_at = access
            .expires_at
            .or(lives.map(|lives| at.plus(lives.min(LONGEST_LIFE))));
        Some(Self {
            holder: said(|claims| &claims.email),
            plan: said(|claims| &claims.plan),
            issued_at: access.issued_at.filter(|issued| *issued < at).unwrap_or(at),
            expires_at: expires_at.unwrap_or(at.plus(UNKNOWN_LIFE)),
            tokens,
            at,
        })
    }

    /// As it is stored, sealed for its place.
    pub(crate) fn sealed(&self, vault: &Vault, place: &Context<'_>) -> Renewed {
        Renewed {
            sealed: vault.seal(&self.tokens.secret(), place).into_bytes(),
            fingerprint: self.tokens.fingerprint(),
            holder: self.holder.clone(),
            plan: self.plan.clone(),
            renewable: self.tokens.refresh.is_some(),
            issued_at: self.issued_at,
            expires_at: self.expires_at,
            at: self.at,
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_795_000_000);

    fn token(payload: &str) -> String {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.sig", part("{}"), part(payload))
    }

    fn before() -> Tokens {
        let mut tokens = Tokens::default();
        tokens.refresh = Some("old".to_owned());
        tokens.account = Some("acc".to_owned());
        tokens
    }

    #[test]
    fn a_token_says_when_it_ends_and_what_is_not_said_again_stays() {
        let access = token(r#"{"iat":1794999000,"exp":1795003600,"email":"a@b.c"}"#);
        let body = format!(r#"{{"access_token":"{access}","expires_in":9}}"#);
        let grant = Grant::read(body.as_bytes(), &before(), NOW).unwrap();
        assert_eq!(grant.expires_at, Timestamp::from_secs(1_795_003_600));
        assert_eq!(grant.issued_at, Timestamp::from_secs(1_794_999_000));
        assert_eq!(grant.tokens.refresh.as_deref(), Some("old"));
        assert_eq!(grant.tokens.account.as_deref(), Some("acc"));
        assert_eq!(grant.holder.as_deref(), Some("a@b.c"));

        let body = r#"{"access_token":"opaque","refresh_token":"new","expires_in":"#;
        for (rest, lives) in [("60}", 60), ("null}", 3600)] {
            let grant = Grant::read(format!("{body}{rest}").as_bytes(), &before(), NOW).unwrap();
            assert_eq!(grant.expires_at.since(NOW).as_secs(), lives);
            assert_eq!(grant.tokens.refresh.as_deref(), Some("new"));
        }
    }

    #[test]
    fn what_is_no_grant_is_none() {
        for body in [
            "",
            "{}",
            r#"{"access_token":""}"#,
            r#"{"access_token":"a\r\nb"}"#,
            r#"{"access_token":"a","refresh_token":"b c"}"#,
            r#"{"error":"invalid_grant"}"#,
        ] {
            assert!(
                Grant::read(body.as_bytes(), &before(), NOW).is_none(),
                "{body}"
            );
        }
    }

    #[test]
    fn an_exchange_keeps_what_it_was_got_with() {
        let body = br#"{"token":"short","expires_at":1795001500,"refresh_in":1200,"endpoints":{"api":"https://x"}}"#;
        let grant = Grant::exchanged(body, &before(), Some("https://tenant"), NOW).unwrap();
        assert_eq!(grant.tokens.access, "short");
        assert_eq!(grant.tokens.refresh.as_deref(), Some("old"));
        assert_eq!(grant.tokens.base_url.as_deref(), Some("https://x"));
        assert_eq!(grant.expires_at.since(NOW).as_secs(), 1500);
        let silent = br#"{"token":"short","refresh_in":1200}"#;
        let grant = Grant::exchanged(silent, &before(), Some("https://tenant"), NOW).unwrap();
        assert_eq!(grant.tokens.base_url.as_deref(), Some("https://tenant"));
    }
}
