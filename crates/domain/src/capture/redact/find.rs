//! What a secret looks like.

mod assigned;

use std::fmt::Write;
use std::ops::Range;
use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};

pub(super) use self::assigned::{is_secret, secret_name};
use crate::catalog;

/// The longest run of base64 that is kept; images and files are longer.
pub const LONGEST_BASE64: usize = 1024;

/// The fewest characters that follow the prefix of a vendor's key.
const SHORTEST_KEY: usize = 16;

/// The longest first line of a key in PEM.
const LONGEST_TITLE: usize = 64;

/// What something looked like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A key of a model provider.
    ProviderKey,
    /// A virtual key or a personal token of a gateway like this one.
    TollhouseKey,
    /// What follows `Bearer`.
    BearerToken,
    /// A signed token with its claims.
    Jwt,
    /// A private key in PEM.
    PrivateKey,
    /// The id of an AWS access key.
    AwsKey,
    /// A GitHub token.
    GithubToken,
    /// A Slack token.
    SlackToken,
    /// The password in an address.
    Password,
    /// What is assigned to a name such as `api_key`.
    Secret,
    /// A long run of base64, such as an image.
    Base64,
}

impl Kind {
    /// As it is written in the place of what was there.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ProviderKey => "provider_key",
            Self::TollhouseKey => "tollhouse_key",
            Self::BearerToken => "bearer_token",
            Self::Jwt => "jwt",
            Self::PrivateKey => "private_key",
            Self::AwsKey => "aws_key",
            Self::GithubToken => "github_token",
            Self::SlackToken => "slack_token",
            Self::Password => "password",
            Self::Secret => "secret",
            Self::Base64 => "base64",
        }
    }
}

/// Something that looks like a secret, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) span: Range<usize>,
    kind: Kind,
}

impl Found {
    /// What stands there instead. Of base64 the length and the digest stay, so that one can tell whether
    /// two are the same.
    pub(super) fn label(&self, text: &str) -> String {
        let kind = self.kind.as_str();
        if self.kind != Kind::Base64 {
            return format!("[redacted:{kind}]");
        }
        let blob = &text[self.span.clone()];
        let digest = digest(&SHA256, blob.as_bytes());
        let mut label = format!("[redacted:{kind}:{}:sha256:", blob.len());
        for byte in digest.as_ref() {
            // Writing into a string does not fail.
            let _ = write!(label, "{byte:02x}");
        }
        label.push(']');
        label
    }
}

/// Everything in a text that looks like a secret, in order, nothing twice.
pub(super) fn find(text: &str) -> Vec<Found> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        match look(bytes, at) {
            Look::Secret(kind, span) => {
                at = span.end;
                found.push(Found { span, kind });
            }
            Look::Skip(to) => at = to,
        }
    }
    found
}

/// What begins at a place.
enum Look {
    Secret(Kind, Range<usize>),
    /// Nothing before this place.
    Skip(usize),
}

fn look(bytes: &[u8], at: usize) -> Look {
    let byte = bytes[at];
    if byte == b'-' && bytes[at..].starts_with(b"-----BEGIN ") {
        return private_key(bytes, at).map_or(Look::Skip(at + 1), |end| {
            Look::Secret(Kind::PrivateKey, at..end)
        });
    }
    if byte == b':' && bytes[at..].starts_with(b"://") {
        return password(bytes, at + 3).map_or(Look::Skip(at + 1), |span| {
            Look::Secret(Kind::Password, span)
        });
    }
    if !is_word(byte) {
        return Look::Skip(at + 1);
    }
    let before = at.checked_sub(1).map(|before| bytes[before]);
    if before.is_some_and(is_word) {
        return Look::Skip(at + 1);
    }
    if let Some((kind, end)) = token(bytes, at) {
        return Look::Secret(kind, at..end);
    }
    let blob = run(bytes, at, is_base64);
    if blob - at > LONGEST_BASE64 {
        return Look::Secret(Kind::Base64, at..blob);
    }
    if let Some(span) = bearer(bytes, at) {
        return Look::Secret(Kind::BearerToken, span);
    }
    let name = run(bytes, at, is_safe);
    match assigned::value(bytes, at..name) {
        Some(span) => Look::Secret(Kind::Secret, span),
        None => Look::Skip(run(bytes, at, is_word)),
    }
}

/// Where a run of such bytes that begins at a place ends.
fn run(bytes: &[u8], at: usize, is: fn(u8) -> bool) -> usize {
    let length = bytes[at..].iter().take_while(|&&byte| is(byte)).count();
    at + length
}

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

const fn is_safe(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

const fn is_base64(byte: u8) -> bool {
    is_safe(byte) || matches!(byte, b'+' | b'/' | b'=')
}

/// A token as headers carry it.
const fn is_token(byte: u8) -> bool {
    is_base64(byte) || matches!(byte, b'.' | b'~')
}

/// Words are in one case and without digits; what a machine drew at random is not.
fn is_random(bytes: &[u8]) -> bool {
    let has = |is: fn(&u8) -> bool| bytes.iter().any(is);
    has(u8::is_ascii_digit) || has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase)
}

/// Prefixes that say what follows, the longer of two that begin alike first.
static PREFIXES: LazyLock<Vec<(String, Kind, usize)>> = LazyLock::new(|| {
    let known = [
        ("th-", Kind::TollhouseKey, 32),
        ("tht_", Kind::TollhouseKey, 32),
        ("AIza", Kind::ProviderKey, 30),
        ("AKIA", Kind::AwsKey, 16),
        ("ASIA", Kind::AwsKey, 16),
        ("ghp_", Kind::GithubToken, 30),
        ("gho_", Kind::GithubToken, 30),
        ("ghu_", Kind::GithubToken, 30),
        ("ghs_", Kind::GithubToken, 30),
        ("ghr_", Kind::GithubToken, 30),
        ("github_pat_", Kind::GithubToken, 22),
        ("xoxa-", Kind::SlackToken, 10),
        ("xoxb-", Kind::SlackToken, 10),
        ("xoxe-", Kind::SlackToken, 10),
        ("xoxp-", Kind::SlackToken, 10),
        ("xoxr-", Kind::SlackToken, 10),
        ("xoxs-", Kind::SlackToken, 10),
        ("xapp-", Kind::SlackToken, 10),
    ];
    let known = known.map(|(prefix, kind, rest)| (prefix.to_owned(), kind, rest));
    let catalog = catalog::providers().unwrap_or_default();
    let providers = catalog.into_values().filter_map(|one| one.key_prefix);
    let providers = providers.map(|prefix| (prefix, Kind::ProviderKey, SHORTEST_KEY));
    let mut all: Vec<_> = known.into_iter().chain(providers).collect();
    all.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.0.cmp(&b.0)));
    all.dedup();
    all
});

/// A token that says by its beginning what it is.
fn token(bytes: &[u8], at: usize) -> Option<(Kind, usize)> {
    let rest = &bytes[at..];
    for (prefix, kind, shortest) in PREFIXES.iter() {
        if rest.starts_with(prefix.as_bytes()) {
            let from = at + prefix.len();
            let end = run(bytes, from, is_safe);
            if end - from >= *shortest && is_random(&bytes[from..end]) {
                return Some((*kind, end));
            }
        }
    }
    jwt(bytes, at).map(|end| (Kind::Jwt, end))
}

/// Three parts in base64, the first of which is a JSON object.
fn jwt(bytes: &[u8], at: usize) -> Option<usize> {
    if !bytes[at..].starts_with(b"eyJ") {
        return None;
    }
    let mut end = run(bytes, at, is_safe);
    for _ in 0..2 {
        bytes.get(end).filter(|&&byte| byte == b'.')?;
        let from = end + 1;
        end = run(bytes, from, is_safe);
        if end == from {
            return None;
        }
    }
    Some(end)
}

/// What follows the word `Bearer`.
fn bearer(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let word = bytes.get(at..at + 6)?;
    if !word.eq_ignore_ascii_case(b"bearer") {
        return None;
    }
    let from = run(bytes, at + 6, |byte| byte == b' ');
    let end = run(bytes, from, is_token);
    let long = from > at + 6 && end - from >= SHORTEST_KEY;
    (long && is_random(&bytes[from..end])).then_some(from..end)
}

/// A private key in PEM, to its last line, or to the end of what is left of it.
fn private_key(bytes: &[u8], at: usize) -> Option<usize> {
    let near = &bytes[..bytes.len().min(at + LONGEST_TITLE)];
    let line = run(near, at, |byte| !matches!(byte, b'\n' | b'\r' | b'\\'));
    let title = str::from_utf8(&bytes[at..line]).ok()?;
    let title = &title[..title.find("PRIVATE KEY-----")?];
    let end = format!("-----END {}PRIVATE KEY-----", &title["-----BEGIN ".len()..]);
    let rest = &bytes[at..];
    let found = rest.windows(end.len()).position(|w| w == end.as_bytes());
    Some(found.map_or(bytes.len(), |found| at + found + end.len()))
}

/// The password of `scheme://name:password@host`.
fn password(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let part = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'/' | b'"' | b'\'' | b'\\');
    let all = &bytes[at..];
    let length = all.iter().take_while(|&&byte| part(byte)).count();
    let host = all[..length].iter().rposition(|&byte| byte == b'@')?;
    let colon = all[..host].iter().position(|&byte| byte == b':')?;
    (colon + 1 < host).then_some(at + colon + 1..at + host)
}
