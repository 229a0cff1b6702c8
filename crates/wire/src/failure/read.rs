//! Reading errors, whatever shape they have.
//!
//! Vendors, their imitators and the proxies before them agree on little: the error stands at the top or under
//! `error`, is an object or a text, is called `message`, `detail` or `msg`, or wraps another vendor's error as a
//! string. All of it is tried; what nothing is found in is told by its status alone, and never quoted.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::{Class, Failure};
use crate::{Protocol, json};

/// The longest message that is passed on.
const LONGEST_MESSAGE: usize = 8 * 1024;
/// The longest plain text that is taken for a message.
const LONGEST_PLAIN: usize = 512;
/// How deep errors are looked for inside errors.
const DEEPEST: u8 = 8;

/// Every member an error has been seen to have, at any level.
#[derive(Deserialize)]
struct Shape<'a> {
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    #[serde(borrow)]
    detail: Option<&'a RawValue>,
    #[serde(borrow)]
    msg: Option<&'a RawValue>,
    #[serde(borrow)]
    error_description: Option<&'a RawValue>,
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    code: Option<&'a RawValue>,
    #[serde(borrow)]
    status: Option<&'a RawValue>,
    #[serde(borrow)]
    param: Option<&'a RawValue>,
    #[serde(borrow)]
    details: Option<&'a RawValue>,
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
}

/// The `details` of a Messages error.
#[derive(Deserialize)]
struct Details<'a> {
    #[serde(borrow)]
    error_code: Option<Cow<'a, str>>,
}

/// The `metadata` in which a router wraps the error of the vendor behind it.
#[derive(Deserialize)]
struct Metadata<'a> {
    #[serde(borrow)]
    raw: Option<&'a RawValue>,
}

/// What was found.
#[derive(Default)]
struct Told {
    message: Option<String>,
    kind: Option<String>,
    code: Option<String>,
    param: Option<String>,
}

/// Reads the body of an error answer (`status` ≥ 400), whatever shape it has.
pub fn read(protocol: Protocol, status: u16, body: &[u8]) -> Failure<'static> {
    let told = told(body, 0).or_else(|| plain(body)).unwrap_or_default();
    // Where the precise word stands: Messages types are precise, the others' are not.
    let words = match protocol {
        Protocol::Messages => [told.kind.as_deref(), told.code.as_deref()],
        Protocol::Chat | Protocol::Responses => [told.code.as_deref(), told.kind.as_deref()],
    };
    let class = Class::of(
        words,
        Some(status),
        told.message.as_deref().unwrap_or_default(),
    );
    told.into_failure(class, || {
        format!("The provider answered with status {status} and no explanation.")
    })
}

/// Reads an error that came inside a successful answer: an error object, or an object that holds one.
pub(crate) fn in_band(error: &[u8]) -> Failure<'static> {
    let told = told(error, 0).unwrap_or_default();
    let words = [told.code.as_deref(), told.kind.as_deref()];
    let class = Class::of(words, None, told.message.as_deref().unwrap_or_default());
    told.into_failure(class, || {
        "The provider reported an error without an explanation.".to_owned()
    })
}

/// An error of which only the code and the message are known.
pub(crate) fn from_code(code: Option<&str>, message: &str) -> Failure<'static> {
    let told = Told {
        message: Some(message.to_owned()).filter(|message| !message.is_empty()),
        code: code.map(str::to_owned),
        ..Told::default()
    };
    let class = Class::of([code, None], None, message);
    told.into_failure(class, || {
        "The provider reported an error without an explanation.".to_owned()
    })
}

impl Told {
    fn into_failure(self, class: Class, otherwise: impl FnOnce() -> String) -> Failure<'static> {
        Failure {
            class,
            message: Cow::Owned(bounded(self.message.unwrap_or_else(otherwise))),
            code: self.code.map(Cow::Owned),
            param: self.param.map(Cow::Owned),
        }
    }

    /// What is missing here is taken from what stands around it.
    fn within(self, outer: Self) -> Self {
        Self {
            message: self.message.or(outer.message),
            kind: self.kind.or(outer.kind),
            code: self.code.or(outer.code),
            param: self.param.or(outer.param),
        }
    }
}

/// Finds an error in a JSON text.
fn told(json: &[u8], depth: u8) -> Option<Told> {
    if depth > DEEPEST {
        return None;
    }
    match json.trim_ascii().first()? {
        b'"' => {
            let text = json::decode_string(json.trim_ascii())?;
            // Some wrap the whole error they got in a string.
            if text.trim_start().starts_with('{')
                && let Some(inner) = told(text.as_bytes(), depth + 1)
            {
                return Some(inner);
            }
            Some(Told {
                message: Some(text).filter(|text| !text.is_empty() && !text.starts_with('<')),
                ..Told::default()
            })
        }
        b'[' => {
            let list: Vec<&RawValue> = serde_json::from_slice(json).ok()?;
            told(list.first()?.get().as_bytes(), depth + 1)
        }
        b'{' => {
            let shape: Shape<'_> = serde_json::from_slice(json).ok()?;
            let told = shape.told(depth);
            (told.message.is_some() || told.kind.is_some() || told.code.is_some()).then_some(told)
        }
        _ => None,
    }
}

impl Shape<'_> {
    fn told(&self, depth: u8) -> Told {
        let here = Told {
            message: None,
            // At the top this only says that what follows is an error.
            kind: word(self.kind)
                .or_else(|| word(self.status))
                .filter(|kind| kind != "error"),
            code: self
                .details
                .and_then(|details| {
                    serde_json::from_str::<Details<'_>>(details.get())
                        .ok()?
                        .error_code
                })
                .map(Cow::into_owned)
                .or_else(|| word(self.code)),
            param: word(self.param),
        };
        let wrapped = self.metadata.and_then(|metadata| {
            serde_json::from_str::<Metadata<'_>>(metadata.get())
                .ok()?
                .raw
        });
        [
            wrapped,
            self.error,
            self.message,
            self.detail,
            self.msg,
            self.error_description,
        ]
        .into_iter()
        .flatten()
        .filter_map(|raw| told(raw.get().as_bytes(), depth + 1))
        .fold(Told::default(), Told::within)
        .within(here)
    }
}

/// A text or a number as a word.
fn word(raw: Option<&RawValue>) -> Option<String> {
    let raw = raw?.get();
    if raw.starts_with(|c: char| c.is_ascii_digit()) {
        return Some(raw.to_owned());
    }
    json::decode_string(raw.as_bytes()).filter(|word| !word.is_empty() && word.len() <= 200)
}

/// A body that is one short sentence. Pages and everything long are not for the caller's eyes.
fn plain(body: &[u8]) -> Option<Told> {
    let text = std::str::from_utf8(body).ok()?.trim();
    let is_sentence = text.starts_with(|c: char| c.is_alphanumeric())
        && text.len() <= LONGEST_PLAIN
        && !text.contains(['<', '\0', '{'])
        && serde_json::from_str::<IgnoredAny>(text).is_err();
    is_sentence.then(|| Told {
        message: Some(text.to_owned()),
        ..Told::default()
    })
}

fn bounded(mut message: String) -> String {
    if message.len() > LONGEST_MESSAGE {
        message.truncate(message.floor_char_boundary(LONGEST_MESSAGE - '…'.len_utf8()));
        message.push('…');
    }
    message
}
