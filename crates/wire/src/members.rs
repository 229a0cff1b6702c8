//! The members of a JSON object, read one level deep and in their order.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::json;

/// The members of a JSON object in their order.
pub(crate) struct Members<'s>(pub(crate) Vec<(Cow<'s, str>, &'s RawValue)>);

impl<'s> Members<'s> {
    /// The value of `name`.
    pub(crate) fn get(&self, name: &str) -> Option<&'s RawValue> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| *value)
    }

    /// Appends all members but some to an object that has one already.
    pub(crate) fn write_without(&self, names: &[&str], out: &mut Vec<u8>) {
        for (key, value) in self.0.iter().filter(|(key, _)| !names.contains(&&**key)) {
            out.push(b',');
            json::string(out, key);
            out.push(b':');
            out.extend_from_slice(value.get().as_bytes());
        }
    }
}

impl<'de: 's, 's> Deserialize<'de> for Members<'s> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'s> Visitor<'s> for MembersVisitor {
    type Value = Members<'s>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'s>>(self, mut members: A) -> Result<Members<'s>, A::Error> {
        let mut all = Vec::new();
        while let Some((key, value)) = members.next_entry::<Key<'s>, &'s RawValue>()? {
            all.push((key.0, value));
        }
        Ok(Members(all))
    }
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Key<'s>(#[serde(borrow)] Cow<'s, str>);
