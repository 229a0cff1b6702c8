//! The strings of a JSON text, each read as what it says. What is no string is not touched, and neither
//! is a string that holds nothing: every other byte stays what it was.

use std::borrow::Cow;

use super::find::{is_secret, secret_name};
use super::{Kind, find, plain, replaced};

/// The text with its strings redacted; one that is cut short is redacted as far as it goes.
pub(super) fn redact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    // The name that the next string is the value of.
    let mut name = None;
    while let Some(start) = rest.find('"') {
        let (between, from) = rest.split_at(start);
        out.push_str(&plain(between));
        if between.trim() != ":" {
            name = None;
        }
        let Some(end) = end(from) else {
            out.push_str(&cut(from));
            return out;
        };
        let (literal, after) = from.split_at(end);
        out.push_str(&string(literal, name.take()));
        if after.trim_start().starts_with(':') {
            name = said(literal);
        }
        rest = after;
    }
    out.push_str(&plain(rest));
    out
}

/// Where the string that a text begins with ends.
fn end(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// What a string says.
fn said(literal: &str) -> Option<Cow<'_, str>> {
    let inner = literal.strip_prefix('"')?.strip_suffix('"')?;
    if !inner.contains('\\') {
        return Some(Cow::Borrowed(inner));
    }
    serde_json::from_str(literal).ok().map(Cow::Owned)
}

/// A string, redacted.
fn string<'a>(literal: &'a str, name: Option<Cow<'_, str>>) -> Cow<'a, str> {
    let Some(text) = said(literal) else {
        return Cow::Owned(plain(literal));
    };
    let named = name.and_then(|name| secret_name(&name));
    if named.is_some_and(|named| is_secret(named, &text)) {
        let label = format!("\"[redacted:{}]\"", Kind::Secret.as_str());
        return Cow::Owned(label);
    }
    match replaced(&text, &find(&text)) {
        None => Cow::Borrowed(literal),
        Some(text) => Cow::Owned(written(&text)),
    }
}

/// A text as a JSON string.
pub(super) fn written(text: &str) -> String {
    // A string is always JSON.
    serde_json::to_string(text).unwrap_or_default()
}

/// A string that has no end: read as far as it does.
fn cut(literal: &str) -> String {
    // An escape that was cut in two is at most a pair of `\uXXXX`, less one character.
    for short in 0..12 {
        let Some(head) = literal.len().checked_sub(short) else {
            break;
        };
        let Some(head) = literal.get(..head) else {
            continue;
        };
        if let Ok(text) = serde_json::from_str::<String>(&format!("{head}\"")) {
            let found = find(&text);
            return match replaced(&text, &found) {
                None => head.to_owned(),
                Some(text) => {
                    let mut whole = written(&text);
                    whole.pop();
                    whole
                }
            };
        }
    }
    plain(literal)
}
