//! What a name says of its value: `API_KEY=…`, `"password": "…"`, `Authorization: …`.

use std::ops::Range;

use super::{is_random, is_token, run};

/// The fewest characters of a value that counts.
const SHORTEST: usize = 8;
/// How far into a value is looked for whether it is one, so that names without end cost no time without end.
const LOOKED_AT: usize = 256;

/// How much a name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Name {
    /// Whatever it is given is a secret.
    Surely,
    /// It is given other things too.
    Perhaps,
}

/// Ends of names, in lower case and without `-` and `_`.
const SURE: [&str; 9] = [
    "apikey",
    "authorization",
    "clientsecret",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "secretaccesskey",
    "secretkey",
];
const UNSURE: [&str; 5] = ["accesskey", "credential", "credentials", "secret", "token"];

/// What the name of a field, a variable or a header says of its value.
pub(in super::super) fn secret_name(name: &str) -> Option<Name> {
    let plain = name.chars().filter(|at| !matches!(at, '-' | '_' | ' '));
    let plain: String = plain.collect::<String>().to_ascii_lowercase();
    let ends = |all: &[&str]| all.iter().any(|end| plain.ends_with(end));
    if ends(&SURE) {
        Some(Name::Surely)
    } else {
        ends(&UNSURE).then_some(Name::Perhaps)
    }
}

/// Whether the value of a field with such a name is a secret.
pub(in super::super) fn is_secret(name: Name, value: &str) -> bool {
    match name {
        Name::Surely => !value.is_empty() && !value.starts_with("[redacted:"),
        Name::Perhaps => value.len() >= SHORTEST && is_value(value.as_bytes()),
    }
}

fn is_value(value: &[u8]) -> bool {
    value.iter().all(|&byte| is_token(byte)) && is_random(value)
}

/// The value that is assigned to a name in running text, if it looks like a secret.
pub(super) fn value(bytes: &[u8], name: Range<usize>) -> Option<Range<usize>> {
    let named = secret_name(str::from_utf8(&bytes[name.clone()]).ok()?)?;
    let mut at = quote(bytes, name.end);
    at = run(bytes, at, is_blank);
    if !matches!(bytes.get(at), Some(b'=' | b':')) {
        return None;
    }
    at = run(bytes, at + 1, is_blank);
    let from = quote(bytes, at);
    let quoted = from > at;
    for scheme in [&b"Bearer "[..], b"Basic ", b"Token "] {
        let word = bytes.get(from..from + scheme.len());
        if word.is_some_and(|word| word.eq_ignore_ascii_case(scheme)) {
            let from = from + scheme.len();
            let end = run(bytes, from, is_token);
            return (end - from >= SHORTEST).then_some(from..end);
        }
    }
    let sure = quoted && named == Name::Surely;
    // Passwords that people think of hold any character.
    let is = if sure { is_quoted } else { is_token };
    let near = &bytes[..bytes.len().min(from + LOOKED_AT)];
    let value = &bytes[from..run(near, from, is)];
    let long = value.len() >= SHORTEST;
    (long && (sure || is_value(value))).then(|| from..run(bytes, from, is))
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

const fn is_quoted(byte: u8) -> bool {
    !matches!(byte, b'"' | b'\'' | b'\\' | b'\n' | b'\r' | b'`')
}

/// Past a quotation mark, escaped or not.
fn quote(bytes: &[u8], at: usize) -> usize {
    let mark = run(bytes, at, |byte| byte == b'\\');
    match bytes.get(mark) {
        Some(b'"' | b'\'') => mark + 1,
        Some(_) | None => at,
    }
}
