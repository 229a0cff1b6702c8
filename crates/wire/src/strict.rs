//! Whether a schema is one that `strict` of the OpenAI protocols takes as it is.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

/// Schemas that nest deeper are not looked through.
const DEPTH: usize = 12;

/// A name, borrowed where it can be.
#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// The parts of a schema that matter here.
#[derive(Deserialize)]
struct Schema<'a> {
    #[serde(borrow, rename = "additionalProperties")]
    additional: Option<&'a RawValue>,
    #[serde(borrow)]
    properties: Option<BTreeMap<Name<'a>, &'a RawValue>>,
    #[serde(borrow)]
    required: Option<Vec<Name<'a>>>,
    #[serde(borrow)]
    items: Option<&'a RawValue>,
    #[serde(borrow, rename = "anyOf")]
    any_of: Option<Vec<&'a RawValue>>,
    #[serde(borrow, rename = "oneOf")]
    one_of: Option<&'a RawValue>,
    #[serde(borrow, rename = "allOf")]
    all_of: Option<&'a RawValue>,
    #[serde(borrow, rename = "$defs")]
    defs: Option<BTreeMap<Name<'a>, &'a RawValue>>,
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
}

/// Whether every object in the schema allows only the properties it names and requires each of them.
pub(crate) fn qualifies(schema: &RawValue) -> bool {
    matches!(read(schema), Some(schema) if schema.is_object() && schema.is_exact(DEPTH))
}

fn read(raw: &RawValue) -> Option<Schema<'_>> {
    serde_json::from_str(raw.get()).ok()
}

impl Schema<'_> {
    fn is_object(&self) -> bool {
        self.properties.is_some()
            || self
                .kind
                .is_some_and(|kind| kind.get().contains("\"object\""))
    }

    fn is_exact(&self, depth: usize) -> bool {
        if depth == 0 || self.one_of.is_some() || self.all_of.is_some() {
            return false;
        }
        if self.is_object() {
            let closed = self.additional.is_some_and(|raw| raw.get() == "false");
            let required = self.required.as_deref().unwrap_or_default();
            let mut names = self.properties.iter().flat_map(BTreeMap::keys);
            if !closed || !names.all(|name| required.contains(name)) {
                return false;
            }
        }
        let properties = self.properties.iter().flat_map(BTreeMap::values);
        let defs = self.defs.iter().flat_map(BTreeMap::values);
        let branches = self.any_of.iter().flatten();
        let mut inner = properties.chain(defs).chain(branches).chain(&self.items);
        inner.all(|raw| read(raw).is_some_and(|schema| schema.is_exact(depth - 1)))
    }
}
