//! What a schema consists of beyond its own members: definitions and unions.

use serde_json::value::RawValue;

use crate::json;
use crate::members::Members;

impl<'s> Members<'s> {
    /// The same where all of it stands in a definition that it refers to.
    pub(super) fn hoisted(&self, definitions: &Definitions<'s>) -> Option<Self> {
        let target = definitions.find(self)?;
        let Self(mut all) = serde_json::from_str(target.get()).ok()?;
        for (key, value) in &self.0 {
            if key != "$ref" && all.iter().all(|(known, _)| known != key) {
                all.push((key.clone(), value));
            }
        }
        Some(Self(all))
    }

    /// What the unions among the members consist of.
    pub(super) fn branches(&self) -> impl Iterator<Item = &'s RawValue> {
        ["anyOf", "oneOf", "allOf"]
            .into_iter()
            .filter_map(|union| self.get(union))
            .filter_map(|union| serde_json::from_str::<Vec<&'s RawValue>>(union.get()).ok())
            .flatten()
    }
}

/// What a schema keeps apart for references to it.
pub(super) struct Definitions<'s>([Option<Members<'s>>; 2]);

impl<'s> Definitions<'s> {
    const PLACES: [&'static str; 2] = ["$defs", "definitions"];

    pub(super) fn of(root: &Members<'s>) -> Self {
        Self(Self::PLACES.map(|place| serde_json::from_str(root.get(place)?.get()).ok()))
    }

    /// What `schema` refers to within its document.
    pub(super) fn find(&self, schema: &Members<'s>) -> Option<&'s RawValue> {
        let target = json::decode_string(schema.get("$ref")?.get().as_bytes())?;
        let (place, name) = target.strip_prefix("#/")?.split_once('/')?;
        let place = Self::PLACES.iter().position(|known| *known == place)?;
        self.0[place].as_ref()?.get(name)
    }
}
