//! Reading pieces of JSON, and saying where one is wrong and what would be right.
//!
//! Knows nothing of the fields. Never repeats what the body holds.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use serde_json::error::Category;
use serde_json::value::RawValue;

pub(super) use crate::read::Str;
use crate::translate::Unfit;

/// Where a value stands in the body. Written out only if it has to be named.
#[derive(Clone, Copy)]
pub(super) struct At<'p> {
    up: Option<&'p At<'p>>,
    step: Step,
}

#[derive(Clone, Copy)]
enum Step {
    Field(&'static str),
    Index(usize),
}

impl<'p> At<'p> {
    /// A member of the body.
    pub(super) const fn top(field: &'static str) -> Self {
        Self {
            up: None,
            step: Step::Field(field),
        }
    }

    /// A member of the object here.
    pub(super) const fn field(&'p self, field: &'static str) -> Self {
        Self {
            up: Some(self),
            step: Step::Field(field),
        }
    }

    /// An element of the array here.
    pub(super) const fn index(&'p self, index: usize) -> Self {
        Self {
            up: Some(self),
            step: Step::Index(index),
        }
    }

    /// What stands here cannot be carried.
    pub(super) fn unfit(&self, message: impl Into<String>) -> Unfit {
        Unfit::new(self.to_string(), message)
    }

    /// The value, which has to be there.
    pub(super) fn required<T>(&self, value: Option<T>) -> Result<T, Unfit> {
        value.ok_or_else(|| self.unfit("this field is required"))
    }

    /// Reads what stands here.
    pub(super) fn read<'a, T: Deserialize<'a>>(&self, raw: &'a RawValue) -> Result<T, Unfit> {
        serde_json::from_str(raw.get()).map_err(|_| explain::<T>(raw.get(), &self.to_string()))
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(up) = self.up {
            up.fmt(f)?;
        }
        match self.step {
            Step::Field(name) if self.up.is_none() => f.write_str(name),
            Step::Field(name) => write!(f, ".{name}"),
            Step::Index(index) => write!(f, "[{index}]"),
        }
    }
}

/// Reads a whole body.
pub(super) fn whole<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Unfit> {
    let text = std::str::from_utf8(body)
        .map_err(|_| Unfit::new("", "the body is not valid UTF-8: encode it as UTF-8"))?;
    serde_json::from_str(text).map_err(|_| explain::<T>(text, ""))
}

/// Reads once more what could not be read, to find where and why.
#[cold]
fn explain<'a, T: Deserialize<'a>>(text: &'a str, at: &str) -> Unfit {
    let mut reader = serde_json::Deserializer::from_str(text);
    let (inner, error) = match serde_path_to_error::deserialize::<_, T>(&mut reader) {
        Err(error) => (error.path().to_string(), error.into_inner()),
        Ok(_) => match reader.end() {
            Err(error) => (String::new(), error),
            Ok(()) => return Unfit::new(at, "it cannot be read"),
        },
    };
    let inner = inner.trim_end_matches('?').trim_end_matches('.');
    let path = match inner {
        "" => at.to_owned(),
        _ if at.is_empty() || inner.starts_with('[') => format!("{at}{inner}"),
        _ => format!("{at}.{inner}"),
    };
    Unfit::new(path, reason(&error))
}

fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match error.classify() {
        Category::Data => {
            let text = text
                .split_once(" at line ")
                .map_or(&*text, |(head, _)| head);
            match error_expects(&error.to_string()) {
                Some(expected) => format!("expected {expected}"),
                // Only field names of ours are quoted by these.
                None if text.starts_with("duplicate field") => text.to_owned(),
                None => "it cannot be read".to_owned(),
            }
        }
        Category::Syntax | Category::Eof | Category::Io => format!("malformed JSON: {text}"),
    }
}

/// What the reader would have taken: the end of its sentence, since the middle quotes the body.
fn error_expects(text: &str) -> Option<String> {
    let (_, tail) = text.rsplit_once(", expected ")?;
    let expected = tail.split_once(" at line ").map_or(tail, |(head, _)| head);
    Some(match expected {
        "u64" | "u8" => "a whole number of 0 or more".to_owned(),
        "i64" => "a whole number".to_owned(),
        "f64" => "a number".to_owned(),
        "a sequence" => "an array".to_owned(),
        "any valid JSON value" => "JSON".to_owned(),
        other => other.to_owned(),
    })
}

/// The JSON text of an object, as it came.
pub(super) struct ObjectText<'a>(pub(super) &'a RawValue);

impl ObjectText<'_> {
    /// Whether it has no members.
    pub(super) fn is_empty(&self) -> bool {
        let members = self.0.get().trim_start_matches('{').trim_end_matches('}');
        members.trim_ascii().is_empty()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for ObjectText<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'a RawValue>::deserialize(deserializer)?;
        if raw.get().starts_with('{') {
            Ok(Self(raw))
        } else {
            Err(D::Error::custom("wrong, expected an object"))
        }
    }
}

/// Several words as they are told to people: `` `a`, `b` or `c` ``.
pub(super) fn either(words: impl IntoIterator<Item = &'static str>) -> Cow<'static, str> {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match words.split_last() {
        Some((last, [])) => last.clone().into(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")).into(),
        None => Cow::Borrowed(""),
    }
}
