//! One person's way to the identity provider and back.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use form_urlencoded::Serializer;

use super::SKEW;
use crate::time::Timestamp;

/// How long somebody may take at the identity provider.
pub const ATTEMPT: Duration = Duration::from_mins(10);

/// What has to be known again when the browser comes back: it ties the answer to this browser (state),
/// the token to this attempt (nonce), and the code to us (PKCE, RFC 7636). Secret until then.
#[derive(Clone, PartialEq, Eq)]
#[expect(missing_debug_implementations, reason = "holds secrets")]
pub struct Attempt {
    state: String,
    nonce: String,
    verifier: String,
    began: Timestamp,
}

/// What an authorization request says beside the attempt.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The provider's authorization endpoint.
    pub endpoint: &'a str,
    /// What we are called there.
    pub client_id: &'a str,
    /// Where the browser is to come back to.
    pub redirect_uri: &'a str,
    /// What is asked for; `openid` is among it whether or not it is said.
    pub scopes: &'a [String],
}

impl Attempt {
    /// An attempt that begins at `now`, of three times 32 random bytes.
    pub fn new(random: [[u8; 32]; 3], now: Timestamp) -> Self {
        let [state, nonce, verifier] = random.map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
        Self {
            state,
            nonce,
            verifier,
            began: now,
        }
    }

    /// What the answer has to repeat.
    pub fn state(&self) -> &str {
        &self.state
    }

    /// What the token has to repeat.
    pub fn nonce(&self) -> &str {
        &self.nonce
    }

    /// What the code is redeemed with.
    pub fn verifier(&self) -> &str {
        &self.verifier
    }

    /// The S256 challenge of the verifier.
    pub fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest(&SHA256, self.verifier.as_bytes()))
    }

    /// As it is sealed.
    pub fn write(&self) -> String {
        let Self {
            state,
            nonce,
            verifier,
            began,
        } = self;
        format!("{state}.{nonce}.{verifier}.{}", began.0)
    }

    /// Reads what [`Attempt::write`] wrote, unless it is over or begins later than `now` by more than
    /// the clocks of replicas may differ.
    pub fn read(text: &str, now: Timestamp) -> Option<Self> {
        let mut parts = text.split('.').map(str::to_owned);
        let mut next = || parts.next().filter(|part| !part.is_empty());
        let (state, nonce, verifier, began) = (next()?, next()?, next()?, next()?);
        let began = Timestamp(began.parse().ok()?);
        let has_begun = began <= now.plus(SKEW);
        let running = has_begun && now.since(began) < ATTEMPT && parts.next().is_none();
        running.then_some(Self {
            state,
            nonce,
            verifier,
            began,
        })
    }

    /// Where the browser is sent.
    pub fn url(&self, request: &Request<'_>) -> String {
        let mut scopes = vec!["openid"];
        let others = request.scopes.iter().map(String::as_str);
        scopes.extend(others.filter(|scope| *scope != "openid"));
        let joint = if request.endpoint.contains('?') {
            '&'
        } else {
            '?'
        };
        let query = Serializer::new(String::new())
            .append_pair("response_type", "code")
            .append_pair("client_id", request.client_id)
            .append_pair("redirect_uri", request.redirect_uri)
            .append_pair("scope", &scopes.join(" "))
            .append_pair("state", &self.state)
            .append_pair("nonce", &self.nonce)
            .append_pair("code_challenge", &self.challenge())
            .append_pair("code_challenge_method", "S256")
            .finish();
        format!("{}{joint}{query}", request.endpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt() -> Attempt {
        Attempt::new([[1; 32], [2; 32], [3; 32]], Timestamp::from_secs(1_000))
    }

    #[test]
    fn the_challenge_is_the_one_of_rfc_7636() {
        let mut attempt = attempt();
        "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".clone_into(&mut attempt.verifier);
        let expected = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        assert_eq!(attempt.challenge(), expected);
    }

    #[test]
    fn reads_what_it_wrote_for_ten_minutes() {
        let written = attempt().write();
        for (second, reads) in [
            (939, false),
            // Another replica's clock may be behind.
            (940, true),
            (1_000, true),
            (1_599, true),
            (1_600, false),
            (9_999, false),
        ] {
            let read = Attempt::read(&written, Timestamp::from_secs(second));
            assert!(read.is_some() == reads, "{second}");
            assert!(read.is_none_or(|read| read == attempt()), "{second}");
        }
        for wrong in [
            "",
            "a.b.c",
            "a.b.c.x",
            "a..c.1000000000",
            "a.b.c.1000000000.e",
        ] {
            let read = Attempt::read(wrong, Timestamp::from_secs(1_000));
            assert!(read.is_none(), "{wrong}");
        }
    }

    #[test]
    fn asks_for_a_code_and_names_everything_once() {
        let scopes = ["email".to_owned(), "openid".to_owned(), "a b".to_owned()];
        for (endpoint, begins) in [
            (
                "https://id.example/auth",
                "https://id.example/auth?response_type=code&",
            ),
            (
                "https://id.example/auth?t=1",
                "https://id.example/auth?t=1&response_type=code&",
            ),
        ] {
            let url = attempt().url(&Request {
                endpoint,
                client_id: "toll&house",
                redirect_uri: "https://gw.example/oidc/callback",
                scopes: &scopes,
            });
            assert!(url.starts_with(begins), "{url}");
            let (_, query) = url.split_once('?').unwrap();
            let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
            let value = |name: &str| {
                let mut found = pairs.iter().filter(|(key, _)| key == name);
                let value = found.next().unwrap().1.clone();
                assert!(found.next().is_none(), "{name}");
                value
            };
            let attempt = attempt();
            assert_eq!(value("client_id"), "toll&house");
            assert_eq!(value("redirect_uri"), "https://gw.example/oidc/callback");
            assert_eq!(value("scope"), "openid email a b");
            assert_eq!(value("state"), attempt.state());
            assert_eq!(value("nonce"), attempt.nonce());
            assert_eq!(value("code_challenge"), attempt.challenge());
            assert_eq!(value("code_challenge_method"), "S256");
            assert!(!url.contains(attempt.verifier()), "{url}");
        }
    }
}
