//! Free text out of `{"input":"…"}`, as it streams in.
//!
//! A model that was asked for an object with one text member mostly writes just that, and then the text
//! goes out as it comes. If it writes something else, nothing is lost: the whole is looked at again at the
//! end, and is the text itself if it has no `input`.

use std::borrow::Cow;

use serde::Deserialize;

use crate::json::is_blank;

/// Most bytes before the text begins: a model does not write more blanks than this.
const LONGEST_HEAD: usize = 256;

/// Most bytes held for a second look; beyond it the object goes out as it is.
const LONGEST_OTHER: usize = 16 * 1024 * 1024;

/// How far the unwrapping has come.
#[derive(Clone)]
pub(super) enum Unwrap {
    /// Before the text: what has come so far.
    Head(String),
    /// Inside the text: the part of an escape that has come so far.
    Inside(String),
    /// Behind the text. What else the object holds is no part of the input.
    Behind,
    /// Not the expected object: all of it so far.
    Other(String),
    /// Not the expected object, and too long to hold.
    Passing,
}

impl Default for Unwrap {
    fn default() -> Self {
        Self::Head(String::new())
    }
}

/// An object with the text somewhere inside.
#[derive(Deserialize)]
struct Wrapped<'a> {
    #[serde(borrow)]
    input: Cow<'a, str>,
}

impl Unwrap {
    /// Takes the next piece of the JSON text; what it adds to the free text.
    pub(super) fn feed<'t>(&mut self, text: &'t str) -> Cow<'t, str> {
        match self {
            Self::Head(head) => {
                head.push_str(text);
                let head = std::mem::take(head);
                self.begin(head)
            }
            Self::Inside(escape) if escape.is_empty() => self.inside(text),
            Self::Inside(escape) => {
                escape.push_str(text);
                let text = std::mem::take(escape);
                Cow::Owned(self.inside(&text).into_owned())
            }
            Self::Behind => Cow::Borrowed(""),
            Self::Other(all) => {
                all.push_str(text);
                if all.len() <= LONGEST_OTHER {
                    return Cow::Borrowed("");
                }
                let all = std::mem::take(all);
                *self = Self::Passing;
                Cow::Owned(all)
            }
            Self::Passing => Cow::Borrowed(text),
        }
    }

    /// What is still to be said when the object is over.
    pub(super) fn rest(self) -> String {
        match self {
            Self::Head(all) | Self::Other(all) => whole(all),
            // Only an answer that was cut short ends inside the text.
            Self::Inside(escape) => escape,
            Self::Behind | Self::Passing => String::new(),
        }
    }

    fn begin<'t>(&mut self, head: String) -> Cow<'t, str> {
        match read_head(&head) {
            Head::Text(start) => {
                *self = Self::Inside(String::new());
                return Cow::Owned(self.inside(&head[start..]).into_owned());
            }
            Head::More if head.len() <= LONGEST_HEAD => *self = Self::Head(head),
            Head::More | Head::Other => *self = Self::Other(head),
        }
        Cow::Borrowed("")
    }

    /// Decodes up to the closing quote, or to an escape that is not complete.
    fn inside<'t>(&mut self, text: &'t str) -> Cow<'t, str> {
        let mut decoded: Cow<'t, str> = Cow::Borrowed("");
        let mut rest = text;
        loop {
            let Some(place) = memchr::memchr2(b'"', b'\\', rest.as_bytes()) else {
                decoded += rest;
                return decoded;
            };
            decoded += &rest[..place];
            rest = &rest[place..];
            if rest.starts_with('"') {
                *self = Self::Behind;
                return decoded;
            }
            let Some((character, length)) = escape(rest) else {
                *self = Self::Inside(rest.to_owned());
                return decoded;
            };
            decoded.to_mut().push(character);
            rest = &rest[length..];
        }
    }
}

enum Head {
    /// The text begins here.
    Text(usize),
    /// So far it may be the expected object.
    More,
    /// It is something else.
    Other,
}

fn read_head(text: &str) -> Head {
    let skip = |text: &'_ str| {
        let blanks = text.bytes().take_while(|&byte| is_blank(byte));
        blanks.count()
    };
    let mut rest = text;
    for token in ["{", "\"input\"", ":", "\""] {
        rest = &rest[skip(rest)..];
        match rest.strip_prefix(token) {
            Some(after) => rest = after,
            None if token.starts_with(rest) => return Head::More,
            None => return Head::Other,
        }
    }
    Head::Text(text.len() - rest.len())
}

/// The character that the escape at the beginning of `text` stands for, and the escape's length. `None`:
/// it is not complete. What is no escape is taken literally, and half a surrogate pair is replaced.
fn escape(text: &str) -> Option<(char, usize)> {
    let literal = Some(('\\', 1));
    let simple = |character| Some((character, 2));
    match text.as_bytes().get(1)? {
        b'"' => simple('"'),
        b'\\' => simple('\\'),
        b'/' => simple('/'),
        b'b' => simple('\u{8}'),
        b'f' => simple('\u{c}'),
        b'n' => simple('\n'),
        b'r' => simple('\r'),
        b't' => simple('\t'),
        b'u' => match unit(text) {
            Unit::More => None,
            Unit::None => literal,
            Unit::Is(high @ 0xd800..0xdc00) => match unit(&text[6..]) {
                Unit::More => None,
                Unit::Is(low @ 0xdc00..0xe000) => {
                    let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                    Some((
                        char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER),
                        12,
                    ))
                }
                Unit::Is(_) | Unit::None => Some((char::REPLACEMENT_CHARACTER, 6)),
            },
            Unit::Is(code) => {
                let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                Some((character, 6))
            }
        },
        _ => literal,
    }
}

enum Unit {
    Is(u32),
    More,
    None,
}

/// Reads `\uXXXX` at the beginning of `text`.
fn unit(text: &str) -> Unit {
    let mut code = 0;
    for (place, expected) in [(0, b'\\'), (1, b'u')] {
        match text.as_bytes().get(place) {
            Some(&byte) if byte == expected => {}
            Some(_) => return Unit::None,
            None => return Unit::More,
        }
    }
    for place in 2..6 {
        let Some(&byte) = text.as_bytes().get(place) else {
            return Unit::More;
        };
        let Some(digit) = char::from(byte).to_digit(16) else {
            return Unit::None;
        };
        code = code * 16 + digit;
    }
    Unit::Is(code)
}

/// The text in an object that was not written as expected.
fn whole(all: String) -> String {
    if let Ok(wrapped) = serde_json::from_str::<Wrapped<'_>>(&all) {
        return wrapped.input.into_owned();
    }
    let inner = all
        .trim()
        .strip_prefix('{')
        .and_then(|inner| inner.strip_suffix('}'));
    if inner.is_some_and(|inner| inner.trim().is_empty()) {
        return String::new();
    }
    all
}
