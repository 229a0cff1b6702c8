//! The cookie of a session, and whether a request that brings one was meant by whoever sent it.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};
use tollhouse_domain::id::WebSessionId;
use tollhouse_domain::sign_in::LONGEST;
use tollhouse_vault::{KeyDigester, Secret, constant_time_eq};

use crate::admin::error::ApiError;

/// The header that a program in the browser proves with that it may read our answers.
const CSRF: &str = "x-csrf-token";

/// A cookie, by what it is called without TLS and with it.
pub(in crate::admin) struct Jar {
    pub(in crate::admin) plain: &'static str,
    /// Begins with `__Host-`, which keeps other hosts of the domain from setting it, and works with TLS
    /// alone.
    pub(in crate::admin) secure: &'static str,
}

/// The session's.
const SESSION: Jar = Jar {
    plain: "tollhouse",
    secure: "__Host-tollhouse",
};

fn secure(public_url: &str) -> bool {
    public_url.starts_with("https://")
}

impl Jar {
    fn name(&self, public_url: &str) -> &'static str {
        if secure(public_url) {
            self.secure
        } else {
            self.plain
        }
    }

    /// The cookie that a request brings; two of one name are none at all.
    pub(in crate::admin) fn read<'a>(
        &self,
        headers: &'a HeaderMap,
        public_url: &str,
    ) -> Option<&'a str> {
        let name = self.name(public_url);
        let lines = headers.get_all(header::COOKIE).iter();
        let mut given = lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(key, _)| *key == name);
        let (only, None) = (given.next()?, given.next()) else {
            return None;
        };
        (!only.1.is_empty()).then_some(only.1)
    }

    /// The header that gives the browser a cookie for so long, or takes it away.
    pub(in crate::admin) fn set(
        &self,
        secret: Option<&Secret>,
        lasts: Duration,
        public_url: &str,
    ) -> Result<HeaderValue, ApiError> {
        let (value, age) = secret.map_or(("", 0), |secret| (secret.expose(), lasts.as_secs()));
        let secure = if secure(public_url) { "; Secure" } else { "" };
        let name = self.name(public_url);
        let text = format!("{name}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}");
        let mut header = HeaderValue::try_from(text).map_err(ApiError::internal)?;
        header.set_sensitive(true);
        Ok(header)
    }
}

/// The session's cookie that a request brings.
pub(in crate::admin) fn read<'a>(headers: &'a HeaderMap, public_url: &str) -> Option<&'a str> {
    SESSION.read(headers, public_url)
}

/// The header that gives the browser a session's cookie, or takes it away.
pub(in crate::admin) fn set(
    secret: Option<&Secret>,
    public_url: &str,
) -> Result<HeaderValue, ApiError> {
    SESSION.set(secret, LONGEST, public_url)
}

/// What a session's requests prove themselves with. It follows from the session, so that every
/// replica knows it, and outlives the rotation of the session's secret.
pub(in crate::admin) fn csrf(digester: &KeyDigester, session: WebSessionId) -> String {
    let digest = digester.digest(&format!("csrf/v1/{session}"));
    digest.iter().fold(String::new(), |mut text, byte| {
        text.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
        text.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
        text
    })
}

/// Only a request that our own pages or programs sent goes on. The browser adds the cookie whoever
/// made it ask.
pub(in crate::admin) fn meant(
    headers: &HeaderMap,
    public_url: &str,
    csrf: &str,
) -> Result<(), ApiError> {
    if !same_origin(headers, public_url) {
        let message = "With a cookie, only pages of this gateway may ask for this.";
        return Err(ApiError::Forbidden(message.into()));
    }
    let given = headers.get(CSRF).map(HeaderValue::as_bytes);
    if !constant_time_eq(given.unwrap_or_default(), csrf.as_bytes()) {
        let message = "With a cookie, this takes the header x-csrf-token as signing in gave it.";
        return Err(ApiError::Forbidden(message.into()));
    }
    Ok(())
}

/// Whether the browser says that our own page asks. One that says neither is too old to be safe.
pub(in crate::admin) fn same_origin(headers: &HeaderMap, public_url: &str) -> bool {
    let text = |name: &str| headers.get(name).map(HeaderValue::as_bytes);
    let (from, site) = (text("origin"), text("sec-fetch-site"));
    let from_us = from.is_none_or(|from| from == origin(public_url).as_bytes());
    let same_site = site.is_none_or(|site| site == b"same-origin");
    (from.is_some() || site.is_some()) && from_us && same_site
}

/// Scheme, host and port, as browsers write them.
fn origin(public_url: &str) -> String {
    let (scheme, rest) = public_url.split_once("://").unwrap_or(("", public_url));
    let host = rest.split('/').next().unwrap_or_default().to_lowercase();
    let usual = if scheme == "https" { ":443" } else { ":80" };
    let host = host.strip_suffix(usual).unwrap_or(&host);
    format!("{scheme}://{host}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter();
        let pairs = pairs.map(|(name, value)| {
            let name = header::HeaderName::from_static(name);
            (name, HeaderValue::from_static(value))
        });
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(name, value);
        }
        map
    }

    #[test]
    fn reads_exactly_one_cookie_of_its_name() {
        let (plain, tls) = ("http://127.0.0.1:7878", "https://gate.example");
        let cases = [
            (plain, &[("cookie", "tollhouse=abc")][..], Some("abc")),
            (plain, &[("cookie", "a=b; tollhouse=abc; c=d")], Some("abc")),
            (plain, &[("cookie", "tollhouse=a; tollhouse=b")], None),
            (
                plain,
                &[("cookie", "tollhouse=a"), ("cookie", "tollhouse=b")],
                None,
            ),
            (plain, &[("cookie", "tollhouse=")], None),
            (plain, &[("cookie", "__Host-tollhouse=abc")], None),
            (plain, &[], None),
            (tls, &[("cookie", "__Host-tollhouse=abc")], Some("abc")),
            (tls, &[("cookie", "tollhouse=abc")], None),
        ];
        for (url, given, expected) in cases {
            assert_eq!(read(&headers(given), url), expected, "{given:?}");
        }
    }

    #[test]
    fn sets_a_cookie_that_only_the_browser_sees() {
        let secret = Secret::new("abc".to_owned());
        let cases = [
            (
                "http://127.0.0.1:7878",
                Some(&secret),
                "tollhouse=abc; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax",
            ),
            (
                "https://gate.example",
                Some(&secret),
                "__Host-tollhouse=abc; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax; Secure",
            ),
            (
                "http://127.0.0.1:7878",
                None,
                "tollhouse=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax",
            ),
        ];
        for (url, secret, expected) in cases {
            let header = set(secret, url).unwrap();
            assert_eq!(header.to_str().unwrap(), expected);
            assert!(header.is_sensitive());
        }
    }

    #[test]
    fn only_our_own_pages_are_meant() {
        let url = "https://Gate.example:443/sub";
        let cases = [
            (&[][..], false),
            (&[("origin", "https://gate.example")], true),
            (&[("origin", "http://gate.example")], false),
            (&[("origin", "https://gate.example:8443")], false),
            (&[("origin", "https://gate.example.evil.example")], false),
            (&[("origin", "null")], false),
            (&[("sec-fetch-site", "same-origin")], true),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "cross-site")], false),
            (&[("sec-fetch-site", "none")], false),
            (
                &[
                    ("origin", "https://gate.example"),
                    ("sec-fetch-site", "cross-site"),
                ],
                false,
            ),
            (
                &[
                    ("origin", "https://evil.example"),
                    ("sec-fetch-site", "same-origin"),
                ],
                false,
            ),
        ];
        for (given, expected) in cases {
            assert_eq!(same_origin(&headers(given), url), expected, "{given:?}");
        }
    }
}
