//! Reading a piece of JSON, and saying where it is wrong.
//!
//! The way to a piece is kept on the stack and becomes a path only when something is refused. Messages say
//! what is allowed, never what was found.

use std::fmt::Write as _;

use serde::Deserialize;
use serde_json::error::Category;
use serde_json::value::RawValue;

use crate::conversation::{self, Text};
pub(super) use crate::read::Str;
use crate::translate::Unfit;

/// The text of an optional string.
pub(super) fn text(found: Option<Str<'_>>) -> Option<Text<'_>> {
    found.map(|Str(text)| text)
}

/// An optional string for looking at.
pub(super) fn word<'s>(found: Option<&'s Str<'_>>) -> Option<&'s str> {
    found.map(Str::as_str)
}

/// Where a piece stands in the caller's body.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    parent: Option<&'p Place<'p>>,
    step: Step,
}

#[derive(Clone, Copy)]
enum Step {
    Body,
    Member(&'static str),
    Element(usize),
}

impl<'p> Place<'p> {
    /// The whole body.
    pub(super) const BODY: Self = Self {
        parent: None,
        step: Step::Body,
    };

    /// A member of the body.
    pub(super) const fn top(name: &'static str) -> Self {
        Self {
            parent: None,
            step: Step::Member(name),
        }
    }

    /// A member of the piece here.
    pub(super) const fn member(&'p self, name: &'static str) -> Self {
        Self {
            parent: Some(self),
            step: Step::Member(name),
        }
    }

    /// An element of the piece here.
    pub(super) const fn element(&'p self, index: usize) -> Self {
        Self {
            parent: Some(self),
            step: Step::Element(index),
        }
    }

    fn path(&self) -> String {
        let mut path = self.parent.map(Place::path).unwrap_or_default();
        match self.step {
            Step::Body => {}
            Step::Member(name) => join(&mut path, name),
            Step::Element(index) => {
                // Writing to a string cannot fail.
                let _ = write!(path, "[{index}]");
            }
        }
        path
    }

    /// The same for the hub, of a part that has its bytes at `source`.
    pub(super) fn noted(&self, source: &'static str) -> conversation::Place {
        conversation::Place::new(self.path(), source)
    }

    /// What stands here cannot be carried.
    pub(super) fn unfit(&self, message: impl Into<String>) -> Unfit {
        Unfit::new(self.path(), message)
    }

    /// What must stand here does not.
    pub(super) fn missing(&self) -> Unfit {
        self.unfit("is required")
    }
}

fn join(path: &mut String, rest: &str) {
    if !path.is_empty() && !rest.is_empty() && !rest.starts_with('[') {
        path.push('.');
    }
    path.push_str(rest);
}

/// Reads `json`, which stands at `place`.
pub(super) fn parse<'a, T: Deserialize<'a>>(json: &'a str, place: &Place<'_>) -> Result<T, Unfit> {
    serde_json::from_str(json).map_err(|_| explain::<T>(json, place))
}

/// The same for a piece that was put aside.
pub(super) fn read<'a, T: Deserialize<'a>>(
    raw: &'a RawValue,
    place: &Place<'_>,
) -> Result<T, Unfit> {
    parse(raw.get(), place)
}

/// Reads again, for the path and the message.
#[cold]
fn explain<'a, T: Deserialize<'a>>(json: &'a str, place: &Place<'_>) -> Unfit {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let mut path = place.path();
    let error = match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
        Err(error) => {
            let inside = error.path().to_string();
            if inside != "." {
                join(&mut path, &inside);
            }
            error.into_inner()
        }
        Ok(_) => match deserializer.end() {
            Err(error) => error,
            Ok(()) => return Unfit::new(path, "is not valid"),
        },
    };
    Unfit::new(path, complaint(&error))
}

fn complaint(error: &serde_json::Error) -> String {
    let message = error.to_string();
    match error.classify() {
        Category::Data => {
            let message = message
                .rsplit_once(" at line ")
                .map_or(&*message, |(text, _)| text);
            // In front of it stands what was found.
            match message.rsplit_once("expected ") {
                Some((_, allowed)) => format!("expected {}", in_words(allowed)),
                None => message.to_owned(),
            }
        }
        Category::Syntax | Category::Eof | Category::Io => format!("not valid JSON: {message}"),
    }
}

fn in_words(allowed: &str) -> &str {
    match allowed {
        "u64" => "a whole number, 0 or more",
        "f64" => "a number",
        other => other,
    }
}
