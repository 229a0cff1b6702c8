//! Reading JSON into structs that borrow from it, and saying where it could not be read.
//!
//! Texts of the body never reach an error: they may be what somebody said.

use std::borrow::Cow;
use std::fmt::{self, Display};

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;

use super::shape::Body;
pub(super) use crate::read::Str;
use crate::translate::Unfit;

/// Whether `citations` holds any, or asks for some.
pub(super) struct Cited(pub(super) bool);

impl<'de> Deserialize<'de> for Cited {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CitedVisitor)
    }
}

struct CitedVisitor;

impl<'de> Visitor<'de> for CitedVisitor {
    type Value = Cited;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of citations or an object with `enabled`")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Cited, A::Error> {
        let mut any = false;
        while list.next_element::<IgnoredAny>()?.is_some() {
            any = true;
        }
        Ok(Cited(any))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Cited, A::Error> {
        let mut enabled = false;
        while let Some(Str(key)) = members.next_key()? {
            if key == "enabled" {
                enabled = members.next_value::<Option<bool>>()?.unwrap_or_default();
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Cited(enabled))
    }
}

/// Reads the body; where it cannot be read, a second reading finds out where.
pub(super) fn body(bytes: &[u8]) -> Result<Body<'_>, Unfit> {
    let text =
        std::str::from_utf8(bytes).map_err(|_| Unfit::new("", "the body is not valid UTF-8"))?;
    serde_json::from_str(text).map_err(|_| unreadable(text))
}

#[cold]
fn unreadable(text: &str) -> Unfit {
    let mut json = serde_json::Deserializer::from_str(text);
    match serde_path_to_error::deserialize::<_, Body<'_>>(&mut json) {
        Ok(_) => Unfit::new("", "the body goes on after its end"),
        Err(error) => {
            let path = error.path().to_string();
            let error = error.into_inner();
            match error.classify() {
                Category::Data if path == "." => Unfit::new("", expected(&error.to_string())),
                Category::Data => Unfit::new(path, expected(&error.to_string())),
                Category::Io | Category::Syntax | Category::Eof => {
                    Unfit::new("", format!("the body is not valid JSON: {error}"))
                }
            }
        }
    }
}

/// What was expected, without what was found: that may be content.
fn expected(error: &str) -> String {
    let error = error.rfind(" at line ").map_or(error, |end| &error[..end]);
    if let Some((_, allowed)) = error.rsplit_once(", expected ") {
        let allowed = match allowed {
            "u64" => "a whole number, not negative",
            "f64" => "a number",
            "a boolean" => "`true` or `false`",
            "a sequence" => "a list",
            allowed if allowed.starts_with("struct ") => "an object",
            allowed => allowed,
        };
        return format!("must be {allowed}");
    }
    if error.starts_with("duplicate field ") {
        return "a member stands in it twice".to_owned();
    }
    "cannot be read".to_owned()
}

/// `unfit` as seen from the outside of `name`.
pub(super) fn under(name: &str, place: impl Display, mut unfit: Unfit) -> Unfit {
    let dot = if unfit.path.is_empty() || unfit.path.starts_with('[') {
        ""
    } else {
        "."
    };
    unfit.path = format!("{name}{place}{dot}{}", unfit.path);
    unfit
}

/// A place in a list, as paths write it.
pub(super) fn index(place: usize) -> impl Display {
    fmt::from_fn(move |f| write!(f, "[{place}]"))
}

/// A required member that is absent.
pub(super) fn missing(path: &str) -> Unfit {
    Unfit::new(path, "is required")
}

/// A name of the caller's for a message: only if it is one, and not something that somebody said.
pub(super) fn name(text: &str) -> Cow<'_, str> {
    if is_name(text) {
        Cow::Owned(format!("`{text}`"))
    } else {
        Cow::Borrowed("this")
    }
}

fn is_name(text: &str) -> bool {
    let named = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:".contains(&byte);
    (1..=64).contains(&text.len()) && text.bytes().all(named)
}

/// Refuses the first member that is not known: nobody can tell what leaving it out would change.
pub(super) fn refuse_unknown(unknown: Option<&Str<'_>>) -> Result<(), Unfit> {
    let Some(Str(key)) = unknown else {
        return Ok(());
    };
    let path = if is_name(key) { &**key } else { "" };
    Err(Unfit::new(
        path,
        "this member is not known on this route; leave it out",
    ))
}
