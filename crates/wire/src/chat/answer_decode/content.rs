//! What stands in `content`: a text, or the parts that some servers send instead.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::blocks::Prose;
use super::chunk::{Words, string};
use crate::answer::Malformed;

/// A part. Types that are not known are skipped.
#[derive(Deserialize)]
struct Part<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<Words<'a>>,
    #[serde(borrow)]
    text: Option<Words<'a>>,
    #[serde(borrow)]
    refusal: Option<Words<'a>>,
    #[serde(borrow)]
    thinking: Option<&'a RawValue>,
}

/// Reads it, piece by piece.
pub(super) fn read<'a>(
    raw: &'a RawValue,
    mut say: impl FnMut(Prose, Cow<'a, str>),
) -> Result<(), Malformed> {
    match raw.get().as_bytes().first() {
        Some(b'"') => match string(raw) {
            Some(text) => say(Prose::Text, text),
            None => return Err(Malformed("a text has a broken escape")),
        },
        Some(b'[') => {
            for part in parts(raw)? {
                part.say(&mut say)?;
            }
        }
        Some(b'n') => {}
        _ => return Err(Malformed("`content` is neither a text nor a list of parts")),
    }
    Ok(())
}

fn parts(raw: &RawValue) -> Result<Vec<Part<'_>>, Malformed> {
    serde_json::from_str(raw.get()).map_err(|_| Malformed("a part of `content` cannot be read"))
}

impl<'a> Part<'a> {
    fn say(self, say: &mut impl FnMut(Prose, Cow<'a, str>)) -> Result<(), Malformed> {
        let (prose, words) = match self.kind.as_ref().map(|kind| &*kind.0) {
            Some("text" | "output_text") => (Prose::Text, self.text),
            Some("refusal") => (Prose::Refusal, self.refusal),
            Some("thinking") => return think(self.thinking, say),
            _ => return Ok(()),
        };
        if let Some(Words(text)) = words {
            say(prose, text);
        }
        Ok(())
    }
}

/// A thought is a text, or parts with the text in them.
fn think<'a>(
    thinking: Option<&'a RawValue>,
    say: &mut impl FnMut(Prose, Cow<'a, str>),
) -> Result<(), Malformed> {
    let Some(raw) = thinking else { return Ok(()) };
    if let Some(text) = string(raw) {
        say(Prose::Thought, text);
        return Ok(());
    }
    for Words(text) in parts(raw)?.into_iter().filter_map(|part| part.text) {
        say(Prose::Thought, text);
    }
    Ok(())
}
