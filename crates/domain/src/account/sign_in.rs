//! Signing in with an account, as far as it has to be known again: which way, how it stands, and what a
//! browser brings back.
//!
//! Several replicas read and write one attempt, so each step follows from what is stored of it.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use form_urlencoded::Serializer;
use serde::{Deserialize, Serialize};

use super::authority::Authority;
use super::device::Over;

/// Attempts that may wait at the same time, of all together.
pub const MOST_OPEN: u32 = 1000;
/// Attempts that one caller may begin while the first of them could still be waiting: an authority that is
/// asked for many codes turns away everybody who comes from here.
pub const MOST_EACH: u32 = 10;
/// The longest address or code that is read of what somebody pastes.
pub const MAX_PASTED: usize = 8 * 1024;

/// In which way somebody signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// They type a code on a page of the authority's.
    #[default]
    Device,
    /// A browser is sent there, and comes back with a code.
    Browser,
}

impl Way {
    /// As printed and stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Browser => "browser",
        }
    }
}

/// What has become of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It waits for somebody, or for the authority.
    Pending,
    /// The account is there.
    Done,
    /// Somebody refused.
    Denied,
    /// Nobody did anything in time.
    Expired,
    /// The authority will not do it, or the account cannot be kept here.
    Refused,
    /// Whoever began it gave it up.
    Cancelled,
}

impl Status {
    /// As printed and stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Done => "done",
            Self::Denied => "denied",
            Self::Expired => "expired",
            Self::Refused => "refused",
            Self::Cancelled => "cancelled",
        }
    }
}

impl From<Over> for Status {
    fn from(over: Over) -> Self {
        match over {
            Over::Denied => Self::Denied,
            Over::Expired => Self::Expired,
            Over::Refused => Self::Refused,
        }
    }
}

/// A secret of a browser's attempt: 32 random bytes as text.
pub fn random_text(random: &[u8; 32]) -> String {
    URL_SAFE_NO_PAD.encode(random)
}

/// Where a browser is sent. `None` where the authority takes none, or does not know us.
pub fn authorize_url(authority: &Authority, state: &str, verifier: &str) -> Option<String> {
    let endpoint = authority.at(authority.authorize.as_deref()?);
    let redirect = authority.browser_redirect.as_deref()?;
    let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
    let mut query = Serializer::new(String::new());
    query
        .append_pair("response_type", "code")
        .append_pair("client_id", authority.client_id.as_deref()?)
        .append_pair("redirect_uri", redirect)
        .append_pair("scope", &authority.scope)
        .append_pair("state", state)
        .append_pair("code_challenge", &challenge)
        .append_pair("code_challenge_method", "S256")
        .extend_pairs(&authority.parameters);
    Some(format!("{endpoint}?{}", query.finish()))
}

/// What a browser brought back, as somebody pasted it.
#[derive(PartialEq, Eq)]
#[expect(missing_debug_implementations, reason = "holds secrets")]
pub enum Pasted {
    /// A code, and the state that ties it to an attempt.
    Code {
        /// What tokens are got with.
        code: String,
        /// What it was sent with.
        state: String,
    },
    /// Somebody said no.
    Denied,
}

/// Reads an address that a browser came back to, its query, or `code#state`. `None` for what is none of
/// these.
pub fn pasted(text: &str) -> Option<Pasted> {
    let text = text.trim();
    if text.len() > MAX_PASTED {
        return None;
    }
    if let Some((code, state)) = text.split_once('#')
        && !text.contains(['=', '?', '/'])
    {
        return code_with(code, state);
    }
    let query = text.split_once('?').map_or(text, |(_, query)| query);
    let query = query.split('#').next().unwrap_or_default();
    let (mut code, mut state, mut denied) = (None, None, false);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "code" => code = Some(value.into_owned()),
            "state" => state = Some(value.into_owned()),
            "error" => denied = true,
            _ => {}
        }
    }
    if denied {
        return Some(Pasted::Denied);
    }
    code_with(&code?, &state?)
}

fn code_with(code: &str, state: &str) -> Option<Pasted> {
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    (plain(code) && plain(state)).then(|| Pasted::Code {
        code: code.to_owned(),
        state: state.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::authority::authorities;
    use super::*;

    #[test]
    fn reads_what_a_browser_brings_back() {
        let cases = [
            (
                "http://localhost:1455/auth/callback?code=ac_1&scope=openid+email&state=s-1",
                Some("ac_1 s-1"),
            ),
            (
                "  http://localhost:1455/auth/callback?state=s&code=a%2Bb#_=_\n",
                Some("a+b s"),
            ),
            ("?code=a&state=s", Some("a s")),
            ("code=a&state=s", Some("a s")),
            ("ac_1#s-1", Some("ac_1 s-1")),
            (
                "http://localhost:1455/auth/callback?error=access_denied&state=s",
                Some("denied"),
            ),
            ("", None),
            ("ac_1", None),
            ("#", None),
            ("ac_1#", None),
            ("#s", None),
            ("code=a", None),
            ("code=&state=s", None),
            ("code=a%0Ab&state=s", None),
            ("http://localhost:1455/auth/callback", None),
        ];
        for (text, expected) in cases {
            let read = pasted(text).map(|pasted| match pasted {
                Pasted::Code { code, state } => format!("{code} {state}"),
                Pasted::Denied => "denied".to_owned(),
            });
            assert_eq!(read.as_deref(), expected, "{text}");
        }
        let long = format!("code={}&state=s", "a".repeat(MAX_PASTED));
        assert!(pasted(&long).is_none());
    }

    #[test]
    fn a_browser_is_sent_with_a_proof_and_what_the_catalog_says() {
        let mut known = authorities().unwrap();
        // RFC 7636, appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let url = authorize_url(&known["codex"], "st", verifier).unwrap();
        let (at, query) = url.split_once('?').unwrap();
        assert_eq!(at, "https://auth.openai.com/oauth/authorize");
        let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        let value = |name: &str| {
            let pair = pairs.iter().find(|(known, _)| known == name);
            pair.map(|(_, value)| value.as_str())
        };
        for (name, expected) in [
            ("response_type", "code"),
            ("redirect_uri", "http://localhost:1455/auth/callback"),
            ("scope", "openid profile email offline_access"),
            ("state", "st"),
            (
                "code_challenge",
                "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            ),
            ("code_challenge_method", "S256"),
            ("id_token_add_organizations", "true"),
        ] {
            assert_eq!(value(name), Some(expected), "{name}");
        }
        assert_eq!(authorize_url(&known["github"], "st", verifier), None);
        let mut stranger = known.remove("codex").unwrap();
        stranger.client_id = None;
        assert_eq!(authorize_url(&stranger, "st", verifier), None);
    }
}
