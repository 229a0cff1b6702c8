//! What an authority grants: tokens, and what they say of themselves.

use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;
use tollhouse_domain::account::token::{self, Claims};
use tollhouse_domain::time::Timestamp;
use tollhouse_store::Renewed;
use tollhouse_vault::{Context, Vault};

use super::tokens::Tokens;

/// How long a token is taken to live of which nothing says how long.
const UNKNOWN_LIFE: Duration = Duration::from_hours(1);
/// The longest life that is believed.
const LONGEST_LIFE: Duration = Duration::from_hours(24 * 400);
/// What may be left of a granted token's life by its own words before our clock is taken to be wrong.
const BARELY: Duration = Duration::from_mins(1);

/// Tokens, granted at `at`.
pub(crate) struct Grant {
    pub(crate) tokens: Tokens,
    pub(crate) holder: Option<String>,
    pub(crate) plan: Option<String>,
    pub(crate) issued_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) at: Timestamp,
}

/// Whether a token can stand in a header.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The answer of a token endpoint. What was asked with is used up when it comes: that something beside the
/// tokens does not read is no reason to lose them.
#[derive(Deserialize)]
struct Answer {
    access_token: String,
    refresh_token: Option<String>,
    #[serde(default)]
    id_token: Loose<String>,
    #[serde(default)]
    expires_in: Loose<Seconds>,
}

/// The answer of an exchange of a login for a short token.
#[derive(Deserialize)]
struct Exchanged {
    token: String,
    #[serde(default)]
    expires_at: Loose<Seconds>,
    #[serde(default)]
    refresh_in: Loose<Seconds>,
    #[serde(default)]
    endpoints: Loose<Endpoints>,
}

#[derive(Deserialize)]
struct Endpoints {
    api: Option<String>,
}

/// What is taken if it reads.
#[derive(Deserialize)]
#[serde(untagged)]
enum Loose<T> {
    Said(T),
    Other(IgnoredAny),
}

impl<T> Default for Loose<T> {
    fn default() -> Self {
        Self::Other(IgnoredAny)
    }
}

impl<T> Loose<T> {
    fn said(self) -> Option<T> {
        match self {
            Self::Said(said) => Some(said),
            Self::Other(_) => None,
        }
    }
}

/// A number that may be written as text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Seconds {
    Plain(f64),
    Text(String),
}

impl Loose<Seconds> {
    /// More than none: nothing is granted that has ended.
    fn positive(self) -> Option<Duration> {
        let value = match self.said()? {
            Seconds::Plain(value) => value,
            Seconds::Text(text) => text.trim().parse().ok()?,
        };
        let read = Duration::try_from_secs_f64(value).ok();
        read.filter(|read| !read.is_zero())
    }
}

impl Grant {
    /// Reads the answer of a token endpoint; what it does not say again is as `before` had it. `None` for what
    /// is no such answer, or holds what no header may.
    pub(crate) fn read(body: &[u8], before: &Tokens, at: Timestamp) -> Option<Self> {
        let answer: Answer = serde_json::from_slice(body).ok()?;
        let mut tokens = before.clone();
        tokens.access = answer.access_token;
        tokens.refresh = answer.refresh_token.or(tokens.refresh.take());
        let id = answer.id_token.said().filter(|id| is_plain(id));
        tokens.id = id.or(tokens.id.take());
        let lives = answer.expires_in.positive();
        Some(Self::of(tokens, lives, at)?.begun(lives))
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
        let said = answer.endpoints.said().and_then(|endpoints| endpoints.api);
        tokens.base_url = said.or_else(|| elsewhere.map(str::to_owned));
        let ends = answer.expires_at.positive();
        let lives = ends.map(|ends| Timestamp::default().plus(ends).since(at));
        let lives = lives.filter(|lives| !lives.is_zero());
        let lives = lives.or(answer.refresh_in.positive());
        Some(Self::of(tokens, lives, at)?.begun(lives))
    }

    /// The same as just granted: what says that half of its life is over is a wrong clock or an answer out of
    /// a store, and who believed it would have it renewed at every look, or with every call.
    fn begun(self, lives: Option<Duration>) -> Self {
        let life = self.expires_at.since(self.issued_at);
        if self.issued_at.plus(life / 2) > self.at {
            return self;
        }
        let expires_at = if self.expires_at > self.at.plus(BARELY) {
            self.expires_at
        } else {
            let lives = lives.or((!life.is_zero()).then_some(life));
            self.at
                .plus(lives.unwrap_or(UNKNOWN_LIFE).min(LONGEST_LIFE))
        };
        Self {
            issued_at: self.at,
            expires_at,
            ..self
        }
    }

    /// Tokens that came with nothing else: what they say of themselves is all there is.
    pub(crate) fn of(mut tokens: Tokens, lives: Option<Duration>, at: Timestamp) -> Option<Self> {
        let optional = |text: &Option<String>| text.as_deref().is_none_or(is_plain);
        if !is_plain(&tokens.access) || !optional(&tokens.refresh) || !optional(&tokens.id) {
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
        let lives = lives.map(|lives| lives.min(LONGEST_LIFE));
        let expires_at = access.expires_at.or(lives.map(|lives| at.plus(lives)));
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
    fn a_rotation_is_kept_whatever_else_is_said_with_it() {
        for rest in [
            r#""expires_in":"3600""#,
            r#""expires_in":{},"id_token":7"#,
            r#""id_token":"no header\n takes it""#,
            r#""id_token":null,"expires_in":-1"#,
        ] {
            let body = format!(r#"{{"access_token":"a","refresh_token":"new",{rest}}}"#);
            let grant = Grant::read(body.as_bytes(), &before(), NOW);
            let grant = grant.unwrap_or_else(|| panic!("{rest}"));
            assert_eq!(grant.tokens.refresh.as_deref(), Some("new"), "{rest}");
            assert_eq!(grant.expires_at.since(NOW).as_secs(), 3600, "{rest}");
            assert_eq!(grant.tokens.id, None, "{rest}");
        }
        let body = br#"{"token":"short","expires_at":"soon","refresh_in":"1200"}"#;
        let grant = Grant::exchanged(body, &before(), None, NOW).unwrap();
        assert_eq!(grant.expires_at.since(NOW).as_secs(), 1200);
    }

    #[test]
    fn what_was_just_granted_has_not_ended_whatever_the_clocks_say() {
        let access = token(r#"{"iat":1794990000,"exp":1794993600}"#);
        let body = format!(r#"{{"access_token":"{access}","expires_in":3000}}"#);
        let grant = Grant::read(body.as_bytes(), &before(), NOW).unwrap();
        assert_eq!(grant.expires_at.since(NOW).as_secs(), 3000);
        assert!(grant.issued_at < grant.expires_at);
        let body = br#"{"token":"short","expires_at":1794993600,"refresh_in":1200}"#;
        let grant = Grant::exchanged(body, &before(), None, NOW).unwrap();
        assert_eq!(grant.expires_at.since(NOW).as_secs(), 1200);
        // Of an hour by a clock that is 59 minutes and a half behind, or 45: nothing says how long it lives.
        for (late, left) in [(3570, 3600), (2700, 900)] {
            let issued = 1_795_000_000 - late;
            let access = token(&format!(r#"{{"iat":{issued},"exp":{}}}"#, issued + 3600));
            let body = format!(r#"{{"access_token":"{access}"}}"#);
            let grant = Grant::read(body.as_bytes(), &before(), NOW).unwrap();
            assert_eq!(grant.issued_at, NOW, "{late}");
            assert_eq!(grant.expires_at.since(NOW).as_secs(), left, "{late}");
        }
        // What somebody brings may well have ended.
        let mut tokens = before();
        tokens.access = access;
        let brought = Grant::of(tokens, None, NOW).unwrap();
        assert_eq!(brought.expires_at, Timestamp::from_secs(1_794_993_600));
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
