//! Takes out of a body what looks like a secret: best effort, and the same JSON shape as before.
//!
//! What a secret looks like is in `find`. Where to look differs: the strings of a JSON body are read as
//! what they say, not as they are escaped (`json`); a stream of events says a word in pieces, which are
//! read together (`events`); anything else is plain text.

mod events;
mod find;
mod json;

use self::find::{Found, find};
pub use self::find::{Kind, LONGEST_BASE64};

/// A body without what looks like a secret. What is JSON stays JSON of the same shape, and what is a
/// stream of events stays one. A text that is cut short is taken as far as it goes.
pub fn redact(text: &str) -> String {
    match text.trim_start().as_bytes().first() {
        Some(b'{' | b'[' | b'"') => json::redact(text),
        Some(_) if events::is_stream(text) => events::redact(text),
        Some(_) | None => plain(text),
    }
}

/// Text that is no JSON.
fn plain(text: &str) -> String {
    replaced(text, &find(text)).unwrap_or_else(|| text.to_owned())
}

/// The text with what was found replaced; `None` if that is nothing.
fn replaced(text: &str, found: &[Found]) -> Option<String> {
    if found.is_empty() {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for found in found {
        out.push_str(&text[from..found.span.start]);
        out.push_str(&found.label(text));
        from = found.span.end;
    }
    out.push_str(&text[from..]);
    Some(out)
}

#[cfg(test)]
mod tests;
